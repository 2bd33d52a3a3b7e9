import { decodeFields } from '../bson-codec.ts';
import { getOwn, isDoc, typeName } from '../bson-values.ts';
import { MongoError, typeMismatch } from '../mongo-error.ts';
import { compileFindProjection, compileQuery, countMatching, projected, type Query, search } from '../query.ts';
import { ValueMap } from '../value-map.ts';
import {
  type Command,
  type CommandContext,
  collectionName,
  countArgument,
  docArgument,
  flagArgument,
  longArgument,
  numberArgument,
} from './arguments.ts';
import { cursorReply } from './cursor-reply.ts';

/** The options that find, count and distinct share. */
export function queryOf(context: CommandContext, filterField: 'filter' | 'query'): Query {
  const limit = numberArgument(context, 'limit') ?? 0;
  if (limit < 0 && context.name === 'find') {
    throw new MongoError(51024, `BSON field 'limit' value must be >= 0, actual value '${limit}'`);
  }
  return compileQuery({
    filter: docArgument(context, filterField),
    sort: docArgument(context, 'sort'),
    skip: countArgument(context, 'skip'),
    // Count takes a negative limit as its absolute value.
    limit: Math.abs(limit),
    hint: getOwn(context.body, 'hint'),
    collation: docArgument(context, 'collation'),
    variables: docArgument(context, 'let'),
    maxTimeMs: countArgument(context, 'maxTimeMS'),
  });
}

/** `{find: collection, filter, sort, projection, skip, limit, batchSize, singleBatch, hint, collation, let}` */
export const find: Command = (context) => {
  const { store, database, engine } = context;
  const name = collectionName(context);
  for (const refused of ['min', 'max', 'returnKey', 'showRecordId', 'tailable', 'awaitData']) {
    const value = getOwn(context.body, refused);
    if (value !== undefined && value !== false && !(isDoc(value) && Object.keys(value).length === 0)) {
      throw new MongoError(2, `the embedded database has no '${refused}' option`);
    }
  }
  const query = queryOf(context, 'filter');
  const projection = compileFindProjection(docArgument(context, 'projection'), query, docArgument(context, 'let'));
  const show = projected(projection);
  const collection = store.catalogue.find(database, name);
  function* documents(): Generator<Buffer> {
    for (const { bytes } of search(store, collection, query)) yield show(bytes);
  }
  const batch = engine.cursors.open(`${database}.${name}`, documents(), {
    batchSize: countArgument(context, 'batchSize'),
    single: flagArgument(context, 'singleBatch'),
    keepsAlive: flagArgument(context, 'noCursorTimeout'),
  });
  return cursorReply('firstBatch', batch);
};

/** `{getMore: id, collection, batchSize}` */
export const getMore: Command = (context) => {
  const collection = getOwn(context.body, 'collection');
  if (typeof collection !== 'string') throw typeMismatch(`getMore.collection has the type ${typeName(collection)}`);
  const batch = context.engine.cursors.next(
    longArgument(getOwn(context.body, 'getMore'), 'getMore'),
    `${context.database}.${collection}`,
    countArgument(context, 'batchSize'),
  );
  return cursorReply('nextBatch', batch);
};

/** `{killCursors: collection, cursors: [id]}` */
export const killCursors: Command = (context) => {
  const namespace = `${context.database}.${collectionName(context)}`;
  const cursors = getOwn(context.body, 'cursors');
  if (!Array.isArray(cursors)) throw typeMismatch(`killCursors.cursors has the type ${typeName(cursors)}`);
  const killed: unknown[] = [];
  const missing: unknown[] = [];
  for (const id of cursors) {
    (context.engine.cursors.kill(longArgument(id, 'killCursors.cursors'), namespace) ? killed : missing).push(id);
  }
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
};

/** `{count: collection, query, skip, limit, hint, collation}` */
export const count: Command = (context) => {
  const collection = context.store.catalogue.find(context.database, collectionName(context));
  return { n: countMatching(context.store, collection, queryOf(context, 'query')), ok: 1 };
};

const ARRAY_INDEX = /^(?:0|[1-9]\d*)$/;

/** The values at a path, the elements of a last array one by one. */
function* valuesAt(value: unknown, parts: readonly string[], at: number): Generator<unknown> {
  const part = parts[at];
  if (part === undefined) {
    if (Array.isArray(value)) yield* value;
    else yield value;
  } else if (Array.isArray(value)) {
    if (ARRAY_INDEX.test(part) && Number(part) < value.length) yield* valuesAt(value[Number(part)], parts, at + 1);
    for (const element of value) if (isDoc(element)) yield* valuesAt(element, parts, at);
  } else if (isDoc(value) && Object.hasOwn(value, part)) {
    yield* valuesAt(value[part], parts, at + 1);
  }
}

/** `{distinct: collection, key, query, collation}` */
export const distinct: Command = (context) => {
  const key = getOwn(context.body, 'key');
  if (typeof key !== 'string') {
    throw typeMismatch(`BSON field 'distinct.key' is the wrong type '${typeName(key)}', expected type 'string'`);
  }
  const collection = context.store.catalogue.find(context.database, collectionName(context));
  const query = queryOf(context, 'query');
  const parts = key.split('.');
  const fields = new Set([parts[0] as string]);
  const values = new ValueMap<unknown>(query.filter.collation);
  for (const { bytes } of search(context.store, collection, query)) {
    for (const value of valuesAt(decodeFields(bytes, fields), parts, 0)) {
      if (!values.has(value)) values.set(value, value);
    }
  }
  return { values: [...values.values()], ok: 1 };
};
