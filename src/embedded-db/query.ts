import { type Doc, decode, decodeFields, encode } from './bson-codec.ts';
import type { Collection } from './catalogue.ts';
import { compileCollation } from './collation.ts';
import { countKeys, keysInEach, pairsIn } from './environment.ts';
import { recordOf, wholeTable, within } from './key-bytes.ts';
import { type CompiledFilter, compileFilter } from './matcher.ts';
import { MongoError } from './mongo-error.ts';
import { type Plan, plan, resolveHint } from './planner.ts';
import { type CompiledProjection, compileProjection } from './projection.ts';
import { type CompiledSort, compileSort, sortBy } from './sort.ts';
import type { Store } from './store.ts';

/** What is looked for, compiled once. */
export interface Query {
  readonly filter: CompiledFilter;
  readonly sort: CompiledSort | undefined;
  readonly skip: number;
  /** 0 means no limit. */
  readonly limit: number;
  readonly hint: unknown;
  /** Milliseconds since the epoch after which the query is given up; see `maxTimeMS`. */
  readonly deadline: number | undefined;
}

export interface QuerySpec {
  readonly filter?: Doc | undefined;
  readonly sort?: Doc | undefined;
  readonly skip?: number | undefined;
  readonly limit?: number | undefined;
  readonly hint?: unknown;
  readonly collation?: Doc | undefined;
  readonly variables?: Doc | undefined;
  readonly maxTimeMs?: number | undefined;
}

/** Compiles a query; a sort by `$natural` becomes a hint. */
export function compileQuery(spec: QuerySpec): Query {
  const collation = compileCollation(spec.collation);
  const { $natural: natural, ...sort } = spec.sort ?? {};
  return {
    filter: compileFilter(spec.filter ?? {}, { collation, variables: spec.variables }),
    sort: compileSort(sort, collation),
    skip: spec.skip ?? 0,
    limit: spec.limit ?? 0,
    hint: natural === undefined ? spec.hint : { $natural: natural },
    deadline: spec.maxTimeMs ? Date.now() + spec.maxTimeMs : undefined,
  };
}

/** A record that a query found. */
export interface Found {
  readonly record: number;
  /** Valid until the next record is read: decode them at once, or keep a `copy`. */
  readonly bytes: Buffer;
}

/** Counts the work of a query, for explain. */
export interface Effort {
  keys: number;
  documents: number;
}

export function planOf(collection: Collection, query: Query): Plan {
  return plan(collection, {
    filter: query.filter,
    sort: query.sort,
    hint: resolveHint(collection, query.hint),
  });
}

const CLOCK_INTERVAL = 256;

/** The records that the plan proposes, without duplicates, in the plan's order. */
function* candidates(store: Store, collection: Collection, found: Plan, effort: Effort): Generator<Found> {
  const { index, reverse } = found;
  if (!index) {
    for (const { key, value } of pairsIn(store.environment.records, wholeTable(collection.id), reverse)) {
      effort.documents++;
      yield { record: recordOf(key), bytes: value };
    }
    return;
  }
  const seen = index.multikey.includes(true) ? new Set<number>() : undefined;
  const ranges = found.ranges.map((range) => within(index.id, range));
  for (const entry of keysInEach(store.environment.entries, ranges, reverse)) {
    effort.keys++;
    const record = recordOf(entry);
    if (seen?.has(record)) continue;
    seen?.add(record);
    // Gone since this part of the index was read.
    const bytes = store.peek(collection, record);
    if (!bytes) continue;
    effort.documents++;
    yield { record, bytes };
  }
}

/** The matching records in the order asked, without those skipped and up to the limit. `known`: the plan, made already. */
export function* search(
  store: Store,
  collection: Collection | undefined,
  query: Query,
  effort: Effort = { keys: 0, documents: 0 },
  known?: Plan,
): Generator<Found> {
  if (!collection) return;
  const found = known ?? planOf(collection, query);
  const matching = matches(candidates(store, collection, found, effort), query);
  const ordered = found.sorted || !query.sort ? matching : sorted(store, collection, matching, query, query.sort);
  let skip = query.skip;
  let left = query.limit === 0 ? Number.POSITIVE_INFINITY : query.limit;
  for (const item of ordered) {
    if (skip > 0) {
      skip--;
      continue;
    }
    yield item;
    if (--left === 0) return;
  }
}

function* matches(items: Iterable<Found>, { filter, deadline }: Query): Generator<Found> {
  let sinceClock = 0;
  for (const item of items) {
    if (deadline !== undefined && ++sinceClock === CLOCK_INTERVAL) {
      sinceClock = 0;
      if (Date.now() > deadline) throw new MongoError(50, 'operation exceeded time limit');
    }
    if (filter.isAlwaysTrue || filter.matchesRaw(item.bytes)) yield item;
  }
}

/** Sorts by keys alone: documents are read again when their turn comes, so a large result does not fill the memory. */
function* sorted(
  store: Store,
  collection: Collection,
  items: Iterable<Found>,
  query: Query,
  sort: CompiledSort,
): Generator<Found> {
  function* keyed(): Generator<{ record: number; key: unknown[] }> {
    for (const { record, bytes } of items) yield { record, key: sort.keyOfRaw(bytes) };
  }
  const limit = query.limit === 0 ? undefined : query.limit + query.skip;
  for (const { record } of sortBy(keyed(), ({ key }) => key, sort.compareKeys, limit)) {
    const bytes = store.peek(collection, record);
    if (bytes) yield { record, bytes };
  }
}

function copy(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  bytes.copy(kept, 0, 0, bytes.length);
  return kept;
}

/** How the projection of a find is applied to stored bytes; what it gives may be kept. */
export function projected(projection: CompiledProjection | undefined): (bytes: Buffer) => Buffer {
  if (!projection) return copy;
  const { fields } = projection;
  return (bytes) => encode(projection.project(fields ? decodeFields(bytes, fields) : decode(bytes)));
}

export function compileFindProjection(
  spec: Doc | undefined,
  query: Query,
  variables: Doc | undefined,
): CompiledProjection | undefined {
  if (!spec) return undefined;
  return compileProjection(spec, { filter: query.filter, collation: query.filter.collation, variables });
}

/** How many documents match, reading as little of them as possible. */
export function countMatching(store: Store, collection: Collection | undefined, query: Query): number {
  if (!collection) return 0;
  const unsorted = { ...query, sort: undefined };
  const all = countUnread(store, collection, unsorted);
  if (all !== undefined) {
    const rest = Math.max(0, all - query.skip);
    return query.limit === 0 ? rest : Math.min(rest, query.limit);
  }
  let count = 0;
  for (const _ of search(store, collection, unsorted)) count++;
  return count;
}

/** The number of matches where it is known without looking at a document. */
function countUnread(store: Store, collection: Collection, query: Query): number | undefined {
  if (query.filter.isAlwaysTrue && query.hint === undefined) return collection.count;
  const { index, ranges, covered } = planOf(collection, query);
  return index && covered
    ? ranges.reduce((sum, range) => sum + countKeys(store.environment.entries, within(index.id, range)), 0)
    : undefined;
}
