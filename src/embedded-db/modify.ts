import { BSONRegExp, ObjectId } from 'bson';
import {
  checkReadable,
  type Doc,
  decode,
  decodeFields,
  encode,
  encodeChanged,
  MAX_DOCUMENT_BYTES,
  moveIdFirst,
} from './bson-codec.ts';
import { isDoc } from './bson-values.ts';
import type { Collection, Index } from './catalogue.ts';
import { compileCollation } from './collation.ts';
import { failedToParse, MongoError } from './mongo-error.ts';
import { compileProjection } from './projection.ts';
import { compileQuery, type Found, planOf, search } from './query.ts';
import type { Store } from './store.ts';
import { type CompiledUpdate, compileUpdate, upsertDocument } from './update.ts';

/** The writes on documents. All of them are called inside `store.write`. */

export function collectionToWrite(store: Store, database: string, name: string): Collection {
  return store.catalogue.find(database, name) ?? store.catalogue.create(database, name);
}

/** 53 InvalidIdField for an `_id` that no document may have. */
function checkId(id: unknown): void {
  const kind = Array.isArray(id) ? 'array' : id instanceof BSONRegExp ? 'regex' : id === undefined ? 'undefined' : '';
  if (kind) throw new MongoError(53, `The '_id' value cannot be of type ${kind}`);
  if (!isDoc(id)) return;
  const dollar = Object.keys(id).find((name) => name.startsWith('$'));
  if (dollar)
    throw new MongoError(52, `_id fields may not contain '$'-prefixed fields: ${dollar} is not valid for storage.`);
}

/** The top-level fields that the keys of a document come from; `undefined`: any. Each collection has an index on `_id`. */
function fieldsIndexed({ indexes }: Collection): ReadonlySet<string> | undefined {
  const known = indexed.get(indexes);
  const newest = indexes.at(-1)?.id;
  if (known && known.count === indexes.length && known.newest === newest) return known.fields;
  const isAny = indexes.some(({ reads }) => !reads);
  const fields = isAny ? undefined : new Set(indexes.flatMap(({ reads }) => [...(reads ?? [])]));
  indexed.set(indexes, { count: indexes.length, newest, fields });
  return fields;
}

interface Indexed {
  /** Both change when an index comes or goes: numbers are never given again. */
  readonly count: number;
  readonly newest: number | undefined;
  readonly fields: ReadonlySet<string> | undefined;
}

const indexed = new WeakMap<readonly Index[], Indexed>();

/** Stores a document as received, with `_id` first and one made when it has none; gives its `_id`. */
export function insertBytes(store: Store, collection: Collection, received: Buffer): unknown {
  if (received.length > MAX_DOCUMENT_BYTES) {
    throw new MongoError(
      10334,
      `object to insert too large. size in bytes: ${received.length}, max size: ${MAX_DOCUMENT_BYTES}`,
    );
  }
  checkReadable(received);
  const fields = fieldsIndexed(collection);
  const doc = fields ? decodeFields(received, fields) : decode(received);
  if (Object.hasOwn(doc, '_id')) {
    checkId(doc._id);
    store.insert(collection, doc, moveIdFirst(received));
    return doc._id;
  }
  const id = new ObjectId();
  const withId: Doc = { _id: id, ...doc };
  const head = encode({ _id: id });
  const bytes = Buffer.concat([head.subarray(0, -1), received.subarray(4)]);
  bytes.writeInt32LE(bytes.length, 0);
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new MongoError(10334, 'object to insert too large');
  store.insert(collection, withId, bytes);
  return id;
}

export interface UpdateSpec {
  readonly filter: Doc;
  readonly update: Doc | Doc[];
  readonly multi: boolean;
  readonly upsert: boolean;
  readonly arrayFilters: Doc[] | undefined;
  readonly collation: Doc | undefined;
  readonly hint: unknown;
  readonly sort: Doc | undefined;
  readonly variables: Doc | undefined;
}

export interface UpdateResult {
  readonly matched: number;
  readonly modified: number;
  /** Set when a document was inserted. */
  readonly upserted: { readonly id: unknown } | undefined;
  /** The last document touched, before and after; of a multi update, only the fields that it concerns. */
  readonly before: Doc | undefined;
  readonly after: Doc | undefined;
}

function compile(spec: UpdateSpec): { update: CompiledUpdate; query: ReturnType<typeof compileQuery> } {
  const query = compileQuery({ ...spec, limit: spec.multi ? 0 : 1 });
  const update = compileUpdate(spec.update, {
    ...(spec.arrayFilters ? { arrayFilters: spec.arrayFilters } : {}),
    collation: compileCollation(spec.collation),
    variables: spec.variables,
    filter: query.filter,
  });
  if (spec.multi && update.kind === 'replacement') {
    throw failedToParse('multi update is not supported for replacement-style update');
  }
  if (spec.multi && spec.sort) throw failedToParse('Cannot specify sort with multi=true');
  return { update, query };
}

/** The top-level fields that an update and the indexes on what it changes read; `undefined`: all. */
function fieldsConcerned(collection: Collection, update: CompiledUpdate): ReadonlySet<string> | undefined {
  if (!update.fields) return undefined;
  const fields = new Set(update.fields);
  for (const { reads } of collection.indexes) {
    if (!reads) return undefined;
    if (![...reads].some((field) => update.fields?.has(field))) continue;
    for (const field of reads) fields.add(field);
  }
  return fields;
}

/** Updates the first or all matching documents, or inserts one when asked and none matches. */
export function updateDocuments(store: Store, database: string, name: string, spec: UpdateSpec): UpdateResult {
  const { update, query } = compile(spec);
  const collection = store.catalogue.find(database, name);
  const fields = collection && spec.multi ? fieldsConcerned(collection, update) : undefined;
  let matched = 0;
  let modified = 0;
  let before: Doc | undefined;
  let after: Doc | undefined;
  for (const { record, bytes } of toUpdate(store, collection, query, update)) {
    if (!collection) break;
    const size = bytes.length;
    before = fields ? decodeFields(bytes, fields) : decode(bytes);
    const result = update.apply(before);
    matched++;
    after = result.doc;
    if (!result.changed) continue;
    const changed = fields ? encodeChanged(bytes, fields, before, result.doc) : encode(result.doc);
    store.replace(collection, record, { doc: before, size }, result.doc, changed);
    modified++;
  }
  if (matched > 0 || !spec.upsert) return { matched, modified, upserted: undefined, before, after };
  const doc = upsertDocument(spec.filter, update, () => new ObjectId());
  const id = insertBytes(store, collectionToWrite(store, database, name), encode(doc));
  return { matched: 0, modified: 0, upserted: { id }, before: undefined, after: doc };
}

/** What an update finds. All of it first when the update may move a document in the index that is read: it must not be met again. */
function* toUpdate(
  store: Store,
  collection: Collection | undefined,
  query: ReturnType<typeof compileQuery>,
  update: CompiledUpdate,
): Generator<Found> {
  if (!collection) return;
  const plan = planOf(collection, query);
  const found = search(store, collection, query, undefined, plan);
  if (staysPut(plan.index, update)) {
    yield* found;
    return;
  }
  for (const record of Array.from(found, (each) => each.record)) {
    const bytes = store.peek(collection, record);
    if (bytes) yield { record, bytes };
  }
}

/** Records stay where they are, and so do the entries of an index on fields that the update leaves; an `_id` never changes. */
function staysPut(index: Index | undefined, { fields }: CompiledUpdate): boolean {
  if (!index) return true;
  const { reads } = index;
  return (
    reads !== undefined && fields !== undefined && ![...reads].some((field) => field !== '_id' && fields.has(field))
  );
}

export interface DeleteSpec {
  readonly filter: Doc;
  /** Delete only the first. */
  readonly single: boolean;
  readonly collation: Doc | undefined;
  readonly hint: unknown;
  readonly sort: Doc | undefined;
  readonly variables: Doc | undefined;
}

/** Deletes the first or all matching documents; gives their number and the last of them. */
export function deleteDocuments(
  store: Store,
  database: string,
  name: string,
  spec: DeleteSpec,
): { deleted: number; last: Doc | undefined } {
  const query = compileQuery({ ...spec, limit: spec.single ? 1 : 0 });
  const collection = store.catalogue.find(database, name);
  let deleted = 0;
  let last: Doc | undefined;
  if (!collection) return { deleted, last };
  for (const record of Array.from(search(store, collection, query), (each) => each.record)) {
    const bytes = store.record(collection, record) as Found['bytes'];
    last = decode(bytes);
    store.remove(collection, record, last, bytes.length);
    deleted++;
  }
  return { deleted, last };
}

/** How findAndModify shows a document through its `fields`; compiled before anything is written. */
export function projector(
  fields: Doc | undefined,
  spec: { filter: Doc; collation: Doc | undefined },
): (doc: Doc | undefined) => Doc | null {
  const { filter } = compileQuery(spec);
  const projection = fields && compileProjection(fields, { filter, collation: filter.collation });
  return (doc) => (doc && projection ? projection.project(doc) : (doc ?? null));
}
