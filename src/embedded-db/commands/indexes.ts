import { type Doc, encode } from '../bson-codec.ts';
import { equalValues, getOwn, isDoc, numberOf } from '../bson-values.ts';
import { type Collection, checkNamespace, defaultIndexName, type Index, makeIndex } from '../catalogue.ts';
import { collectionToWrite } from '../modify.ts';
import { badValue, MongoError, typeMismatch } from '../mongo-error.ts';
import { type Command, collectionName, docArgument, docsArgument, truthy } from './arguments.ts';
import { cursorReply } from './cursor-reply.ts';

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

/** The seconds of a time to live; 67 when they are none. */
export function expiry(value: unknown): number | undefined {
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

/** Whether two key patterns are the same, the order of the fields included. */
export function sameKey(a: Doc, b: Doc): boolean {
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
