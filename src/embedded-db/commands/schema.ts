import { Binary } from 'bson';
import { type Doc, encode } from '../bson-codec.ts';
import { getOwn, isDoc, numberOf } from '../bson-values.ts';
import { type Collection, checkNamespace } from '../catalogue.ts';
import { compileFilter } from '../matcher.ts';
import { badValue, MongoError } from '../mongo-error.ts';
import { type Command, type CommandContext, collectionName, docArgument, flagArgument, truthy } from './arguments.ts';
import { cursorReply } from './cursor-reply.ts';
import { expiry, sameKey } from './indexes.ts';

/** Options of a collection that this engine has not, refused so that nobody counts on them. */
const REFUSED_OPTIONS = [
  'viewOn',
  'pipeline',
  'validator',
  'validationLevel',
  'validationAction',
  'timeseries',
  'clusteredIndex',
  'collation',
  'capped',
  'size',
  'max',
  'expireAfterSeconds',
  'changeStreamPreAndPostImages',
  'encryptedFields',
];

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === false || (isDoc(value) && Object.keys(value).length === 0);
}

function refuseOptions(context: CommandContext): void {
  for (const option of REFUSED_OPTIONS) {
    if (isEmpty(getOwn(context.body, option))) continue;
    throw new MongoError(72, `the embedded database does not support the option '${option}' of a collection`);
  }
}

/** `{create: collection}`; 48 when it exists. */
export const create: Command = (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  refuseOptions(context);
  return store.write(() => {
    // Creating it again with the same options changes nothing, but drivers rely on 48.
    if (store.catalogue.find(database, name)) {
      throw new MongoError(48, `Collection ${database}.${name} already exists.`);
    }
    store.catalogue.create(database, name);
    return { ok: 1 };
  });
};

function closeCursors(context: CommandContext, collection: Collection): void {
  const gone = `${collection.database}.${collection.name}`;
  context.engine.cursors.killAll((namespace) => namespace === gone);
}

/** `{drop: collection}` */
export const drop: Command = async (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  const reply = await store.write((): Doc => {
    const collection = store.catalogue.find(database, name);
    if (!collection) return { ok: 1 };
    const nIndexesWas = collection.indexes.length;
    closeCursors(context, collection);
    store.catalogue.drop(collection);
    return { nIndexesWas, ns: `${database}.${name}`, ok: 1 };
  });
  store.purge();
  return reply;
};

/** `{dropDatabase: 1}` */
export const dropDatabase: Command = async (context) => {
  const { store, database } = context;
  const reply = await store.write((): Doc => {
    const collections = store.catalogue.collections(database);
    for (const collection of collections) {
      closeCursors(context, collection);
      store.catalogue.drop(collection);
    }
    return collections.length > 0 ? { dropped: database, ok: 1 } : { ok: 1 };
  });
  store.purge();
  return reply;
};

/** `{renameCollection: 'db.a', to: 'db.b', dropTarget}`, on the admin database. */
export const renameCollection: Command = async (context) => {
  const { store, body } = context;
  const split = (value: unknown): [string, string] => {
    if (typeof value !== 'string' || !value.includes('.')) throw new MongoError(73, 'Invalid namespace specified');
    return [value.slice(0, value.indexOf('.')), value.slice(value.indexOf('.') + 1)];
  };
  const from = split(getOwn(body, 'renameCollection'));
  const to = split(getOwn(body, 'to'));
  checkNamespace(...to);
  const reply = await store.write((): Doc => {
    const collection = store.catalogue.find(...from);
    if (!collection) throw new MongoError(26, `Source collection ${from.join('.')} does not exist`);
    const target = store.catalogue.find(...to);
    if (target === collection) throw new MongoError(20, "Can't rename a collection to itself");
    if (target && !truthy(getOwn(body, 'dropTarget'))) throw new MongoError(48, 'target namespace exists');
    if (target) {
      closeCursors(context, target);
      store.catalogue.drop(target);
    }
    closeCursors(context, collection);
    store.catalogue.rename(collection, ...to);
    return { ok: 1 };
  });
  store.purge();
  return reply;
};

/** `{listCollections: 1, filter, nameOnly}` */
export const listCollections: Command = (context) => {
  const { store, database, engine } = context;
  const filter = compileFilter(docArgument(context, 'filter') ?? {});
  const nameOnly = flagArgument(context, 'nameOnly');
  const documents = store.catalogue
    .collections(database)
    .map(
      (collection): Doc => ({
        name: collection.name,
        type: 'collection',
        options: {},
        info: { readOnly: false, uuid: new Binary(collection.uuid, 4) },
        idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
      }),
    )
    .filter((doc) => filter.matches(doc))
    .map((doc) => encode(nameOnly ? { name: doc.name, type: doc.type } : doc));
  const batch = engine.cursors.open(`${database}.$cmd.listCollections`, documents.values(), {
    batchSize: numberOf(getOwn(docArgument(context, 'cursor') ?? {}, 'batchSize')),
  });
  return cursorReply('firstBatch', batch);
};

/** `{listDatabases: 1, filter, nameOnly}` */
export const listDatabases: Command = (context) => {
  const { store } = context;
  const filter = compileFilter(docArgument(context, 'filter') ?? {});
  const nameOnly = flagArgument(context, 'nameOnly');
  let totalSize = 0;
  const databases = store.catalogue
    .databases()
    .map((name): Doc => {
      const sizeOnDisk = store.catalogue.collections(name).reduce((sum, { bytes }) => sum + bytes, 0);
      return { name, sizeOnDisk, empty: false };
    })
    .filter((doc) => filter.matches(doc))
    .map((doc) => {
      totalSize += doc.sizeOnDisk as number;
      return nameOnly ? { name: doc.name } : doc;
    });
  return { databases, ...(nameOnly ? {} : { totalSize, totalSizeMb: Math.round(totalSize / 2 ** 20) }), ok: 1 };
};

/** `{collMod: collection, index: {name | keyPattern, expireAfterSeconds, hidden}}`; other changes are refused. */
export const collMod: Command = (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  refuseOptions(context);
  const change = docArgument(context, 'index');
  return store.write((): Doc => {
    const collection = store.catalogue.find(database, name);
    if (!collection) throw new MongoError(26, `ns does not exist: ${database}.${name}`);
    if (!change) return { ok: 1 };
    const pattern = getOwn(change, 'keyPattern');
    const index = collection.indexes.find((one) =>
      isDoc(pattern) ? sameKey(one.key, pattern) : one.name === getOwn(change, 'name'),
    );
    if (!index) throw new MongoError(27, `cannot find index for ns ${database}.${name}`);
    const reply: Doc = { ok: 1 };
    if (Object.hasOwn(change, 'expireAfterSeconds')) {
      const seconds = expiry(change.expireAfterSeconds);
      if (index.expireAfterSeconds !== undefined) reply.expireAfterSeconds_old = index.expireAfterSeconds;
      index.expireAfterSeconds = seconds;
      reply.expireAfterSeconds_new = seconds;
    }
    if (Object.hasOwn(change, 'hidden')) {
      if (index.name === '_id_') throw badValue("can't hide _id index");
      reply.hidden_old = index.hidden;
      index.hidden = truthy(change.hidden);
      reply.hidden_new = index.hidden;
    }
    store.catalogue.save(collection);
    return reply;
  });
};
