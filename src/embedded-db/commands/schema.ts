import { Binary } from 'bson';
import { type Doc, encode } from '../bson-codec.ts';
import { equalValues, getOwn, isDoc, numberOf } from '../bson-values.ts';
import { type Collection, checkNamespace, defaultIndexName, type Index, makeIndex } from '../catalogue.ts';
import { compileFilter } from '../matcher.ts';
import { collectionToWrite } from '../modify.ts';
import { badValue, MongoError, typeMismatch } from '../mongo-error.ts';
import {
  type Command,
  type CommandContext,
  collectionName,
  docArgument,
  docsArgument,
  flagArgument,
  truthy,
} from './arguments.ts';
import { cursorReply } from './cursor-reply.ts';

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

/** How an index is listed, and what its options are compared by. */
export function describeIndex(index: Index): Doc {
  return {
    v: 2,
    key: index.key,
    name: index.name,
    ...(index.unique && index.name !== '_id_' ? { unique: true } : {}),
    ...(index.sparse ? { sparse: true } : {}),
    ...(index.hidden ? { hidden: true } : {}),
    ...(index.partialFilter === undefined ? {} : { partialFilterExpression: index.partialFilter }),
    ...(index.expireAfterSeconds === undefined ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
  };
}

/** `{listIndexes: collection}`; 26 when there is no such collection. */
export const listIndexes: Command = (context) => {
  const { store, database, engine } = context;
  const name = collectionName(context);
  const collection = store.catalogue.find(database, name);
  if (!collection) throw new MongoError(26, `ns does not exist: ${database}.${name}`);
  const documents = collection.indexes.map((index) => encode(describeIndex(index)));
  const batch = engine.cursors.open(`${database}.${name}`, documents.values(), {
    batchSize: numberOf(getOwn(docArgument(context, 'cursor') ?? {}, 'batchSize')),
  });
  return cursorReply('firstBatch', batch);
};

const LONGEST_TTL = 2 ** 31 - 1;
const INDEX_OPTIONS = new Set([
  'v',
  'key',
  'name',
  'ns',
  'unique',
  'sparse',
  'hidden',
  'background',
  'partialFilterExpression',
  'expireAfterSeconds',
]);

function expiry(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = numberOf(value);
  if (seconds === undefined || Number.isNaN(seconds) || seconds < 0 || seconds > LONGEST_TTL) {
    throw new MongoError(
      67,
      `TTL index 'expireAfterSeconds' option must be within an acceptable range, got ${String(value)}`,
    );
  }
  return Math.trunc(seconds);
}

function checkPartial(filter: Doc): void {
  for (const [name, value] of Object.entries(filter)) {
    if (name === '$and' || name === '$or') {
      if (Array.isArray(value)) for (const part of value) if (isDoc(part)) checkPartial(part);
      continue;
    }
    if (name.startsWith('$')) throw new MongoError(67, `unsupported expression in partial index: ${name}`);
    if (!isDoc(value)) continue;
    for (const [operator, operand] of Object.entries(value)) {
      if (!operator.startsWith('$')) break;
      const known = ['$eq', '$exists', '$gt', '$gte', '$lt', '$lte', '$type', '$in'].includes(operator);
      if (!known || (operator === '$exists' && !truthy(operand))) {
        throw new MongoError(67, `unsupported expression in partial index: ${name}: ${operator}`);
      }
    }
  }
}

/** What a specification of createIndexes asks for; 67 for the kinds this engine has not. */
function readSpecification(spec: Doc): Parameters<typeof makeIndex>[1] {
  const key = getOwn(spec, 'key');
  if (!isDoc(key)) throw new MongoError(9, "The 'key' field is a required property of an index specification");
  for (const option of Object.keys(spec)) {
    if (option === 'collation' && isDoc(spec[option]) && getOwn(spec[option], 'locale') === 'simple') continue;
    if (INDEX_OPTIONS.has(option)) continue;
    throw new MongoError(
      option === 'collation' ? 67 : 197,
      option === 'collation'
        ? 'the embedded database has no collation on an index'
        : `The field '${option}' is not valid for an index specification of the embedded database`,
    );
  }
  const name = getOwn(spec, 'name') ?? defaultIndexName(key);
  if (typeof name !== 'string' || name === '' || name === '*') throw new MongoError(67, 'The index name is not valid');
  const partialFilter = getOwn(spec, 'partialFilterExpression');
  if (partialFilter !== undefined) {
    if (!isDoc(partialFilter)) throw typeMismatch("'partialFilterExpression' for an index must be a document");
    if (truthy(getOwn(spec, 'sparse'))) {
      throw new MongoError(67, 'cannot mix "partialFilterExpression" and "sparse" options');
    }
    checkPartial(partialFilter);
  }
  const expireAfterSeconds = expiry(getOwn(spec, 'expireAfterSeconds'));
  if (expireAfterSeconds !== undefined && Object.keys(key).length > 1) {
    throw new MongoError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL');
  }
  return {
    name,
    key,
    unique: truthy(getOwn(spec, 'unique')),
    sparse: truthy(getOwn(spec, 'sparse')),
    hidden: truthy(getOwn(spec, 'hidden')),
    partialFilter,
    expireAfterSeconds,
  };
}

function sameKey(a: Doc, b: Doc): boolean {
  return equalValues(a, b);
}

/** True when the same index exists already; 85 or 86 when one is in the way. */
function exists(collection: Collection, wanted: Index): boolean {
  for (const index of collection.indexes) {
    const named = index.name === wanted.name;
    const keyed =
      sameKey(index.key, wanted.key) && equalValues(index.partialFilter ?? null, wanted.partialFilter ?? null);
    if (!named && !keyed) continue;
    if (index.name === '_id_' && keyed) return true;
    const options =
      index.unique === wanted.unique &&
      index.sparse === wanted.sparse &&
      index.expireAfterSeconds === wanted.expireAfterSeconds &&
      equalValues(index.partialFilter ?? null, wanted.partialFilter ?? null);
    if (named && keyed && options) return true;
    if (named && !sameKey(index.key, wanted.key)) {
      throw new MongoError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${wanted.name}, existing index: ${index.name}`,
      );
    }
    throw new MongoError(
      85,
      named
        ? `An equivalent index already exists with the same name but different options. Requested index: ${wanted.name}, existing index: ${index.name}`
        : `Index already exists with a different name: ${index.name}`,
    );
  }
  return false;
}

const MOST_INDEXES = 64;

/** `{createIndexes: collection, indexes: [{key, name, ...}]}`; builds at once, inside one transaction. */
export const createIndexes: Command = async (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const specs = docsArgument(context, 'indexes');
  if (!specs || specs.length === 0) throw badValue('Must specify at least one index to create');
  const wanted = specs.map(readSpecification);
  // Refuses what cannot be an index before the collection is created.
  for (const spec of wanted) makeIndex(0, spec);
  const { reply, built } = await store.write(() => {
    const created = !store.catalogue.find(database, name);
    const built: Index[] = [];
    let before = 1;
    store.environment.atomically(() => {
      const collection = collectionToWrite(store, database, name);
      before = collection.indexes.length;
      try {
        for (const spec of wanted) {
          const index = makeIndex(store.catalogue.takeNumber(), spec);
          if (exists(collection, index)) continue;
          if (collection.indexes.length >= MOST_INDEXES)
            throw new MongoError(67, 'too many indexes for this collection');
          store.build(collection, index);
          built.push(index);
        }
      } catch (error) {
        collection.indexes.splice(before);
        throw error;
      }
    });
    const after = before + built.length;
    const note = built.length === 0 ? { note: 'all indexes already exist' } : {};
    return {
      built,
      reply: {
        numIndexesBefore: before,
        numIndexesAfter: after,
        createdCollectionAutomatically: created,
        ...note,
        ok: 1,
      },
    };
  });
  // Its entries are committed: queries may use it from now on.
  for (const index of built) index.ready = true;
  return reply;
};

/** `{dropIndexes: collection, index: '*' | name | [names] | key}` */
export const dropIndexes: Command = async (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  const which = getOwn(context.body, 'index');
  const reply = await store.write((): Doc => {
    const collection = store.catalogue.find(database, name);
    if (!collection) throw new MongoError(26, `ns not found ${database}.${name}`);
    const nIndexesWas = collection.indexes.length;
    const chosen =
      which === '*' ? collection.indexes.filter(({ name }) => name !== '_id_') : chosenIndexes(collection, which);
    for (const index of chosen) store.catalogue.dropIndex(collection, index);
    return { nIndexesWas, ok: 1 };
  });
  store.purge();
  return reply;
};

function chosenIndexes(collection: Collection, which: unknown): Index[] {
  const names = Array.isArray(which) ? which : [which];
  return names.map((item) => {
    const found = collection.indexes.find((index) => (isDoc(item) ? sameKey(index.key, item) : index.name === item));
    if (!found) {
      throw new MongoError(
        27,
        isDoc(item) ? "can't find index with key" : `index not found with name [${String(item)}]`,
      );
    }
    if (found.name === '_id_') throw new MongoError(72, 'cannot drop _id index');
    return found;
  });
}

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
