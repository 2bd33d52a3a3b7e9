import { type Bounds, conditionBounds, excludesMissing, intersect } from './bounds.ts';
import { isDoc } from './bson-values.ts';
import type { Collection, Index } from './catalogue.ts';
import { implies } from './implication.ts';
import type { IndexField } from './index-keys.ts';
import { afterPrefix, type ByteRange } from './key-bytes.ts';
import type { CompiledFilter } from './matcher.ts';
import { badValue } from './mongo-error.ts';
import type { CompiledSort } from './sort.ts';

/** How the candidates of a query are found; the whole filter is checked on each of them again. */
export interface Plan {
  /** The index to read; none means every record in the order of insertion. */
  readonly index: Index | undefined;
  /** Ranges of encoded values, ascending and disjoint. */
  readonly ranges: readonly ByteRange[];
  readonly reverse: boolean;
  /** Whether candidates come in the order of the sort. */
  readonly sorted: boolean;
  /** Whether the ranges hold one entry for each match and no other: to count them, no document need be read. */
  readonly covered: boolean;
  /** How the ranges came about, for explain: the number of fields with bounds. */
  readonly bounded: number;
}

export interface PlanRequest {
  readonly filter: CompiledFilter;
  readonly sort?: CompiledSort | undefined;
  /** An index chosen by the caller, or a direction of the natural order. */
  readonly hint?: Index | { readonly natural: 1 | -1 } | undefined;
}

/** Above so many ranges further fields are left to the check of the documents. */
const MOST_RANGES = 2000;
const WHOLE: ByteRange = { low: Buffer.alloc(0), high: Buffer.from([0xff, 0xff]) };

interface Candidate extends Plan {
  readonly score: number;
}

/** Chooses an index, or none. Prefers equalities, then the order of the sort, then ranges. */
export function plan(collection: Collection, request: PlanRequest): Plan {
  const { hint, sort } = request;
  const scan: Plan = {
    index: undefined,
    ranges: [],
    reverse: false,
    sorted: sort === undefined,
    covered: false,
    bounded: 0,
  };
  if (hint && 'natural' in hint) return { ...scan, reverse: hint.natural === -1 };
  if (hint) return candidate(hint, request);
  let best: Candidate | undefined;
  for (const index of collection.indexes) {
    if (!index.ready || index.hidden || !usable(index, request.filter)) continue;
    const found = candidate(index, request);
    if (found.score > 0 && (!best || found.score > best.score)) best = found;
  }
  return best ?? scan;
}

/** Whether the index has an entry for every document that the filter can match. */
function usable(index: Index, filter: CompiledFilter): boolean {
  const { conditions } = filter;
  if (index.partialFilter !== undefined && !implies(conditions, index, filter.collation)) return false;
  if (!index.sparse) return true;
  return index.definition.fields.some(({ path }) =>
    conditions.some((condition) => condition.path === path && excludesMissing(condition)),
  );
}

function candidate(index: Index, { filter, sort }: PlanRequest): Candidate {
  const { fields } = index.definition;
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let ranges: ByteRange[] | undefined;
  let points = 0;
  let lists = 0;
  let at = 0;
  const roots = new Set<string>();
  for (; at < fields.length && !ranges; at++) {
    const field = fields[at] as (typeof fields)[number];
    const root = field.path.split('.', 1)[0] as string;
    // Elements of one array may satisfy the two fields apart: only one of them can be bounded.
    if (index.multikey[at] && roots.has(root)) break;
    const found = fieldBounds(index, at, filter);
    if (!found) break;
    if (found.points) {
      if (prefixes.length * found.ranges.length > MOST_RANGES && at > 0) break;
      prefixes = join(prefixes, found.ranges).map(({ low }) => low);
      if (found.ranges.length === 1) points++;
      else lists++;
      if (index.multikey[at]) roots.add(root);
      if (prefixes.length === 0) ranges = [];
    } else {
      ranges = join(prefixes, found.ranges);
    }
  }
  const hasRange = ranges !== undefined;
  const all =
    ranges ?? prefixes.map((prefix) => (prefix.length === 0 ? WHOLE : { low: prefix, high: afterPrefix(prefix) }));
  const collated = filter.collation !== undefined;
  const order = sort && sortOrder(index, sort, collated, lists === 0 ? points : leadingPoints(index, filter));
  // At most one document for each key: better than any index that leaves their number open.
  const perKey = index.unique && points + lists === fields.length;
  const bounded = points + lists + (hasRange ? 1 : 0);
  const score =
    (perKey ? (lists === 0 ? 1000 : 500) : 0) +
    points * 10 +
    lists * 8 +
    (hasRange ? 5 : 0) +
    (order ? 6 : 0) +
    (bounded > 0 ? 1 : 0);
  return {
    index,
    ranges: merged(all),
    reverse: order === -1,
    sorted: sort === undefined || order !== undefined,
    covered: !hasRange && isCovered(index, fields.slice(0, at), filter),
    bounded,
    score,
  };
}

function isCovered(index: Index, points: readonly IndexField[], filter: CompiledFilter): boolean {
  if (!filter.isEqualities || index.multikey.includes(true)) return false;
  return filter.conditions.every((condition) => points.some(({ path }) => path === condition.path));
}

/** How many leading fields have exactly one possible value. */
function leadingPoints(index: Index, filter: CompiledFilter): number {
  let count = 0;
  for (; count < index.definition.fields.length; count++) {
    const found = fieldBounds(index, count, filter);
    if (!found?.points || found.ranges.length !== 1) break;
  }
  return count;
}

/** Every prefix followed by every range of the next field. */
function join(prefixes: readonly Buffer[], ranges: readonly ByteRange[]): ByteRange[] {
  return prefixes.flatMap((prefix) =>
    ranges.map(({ low, high }) => ({ low: Buffer.concat([prefix, low]), high: Buffer.concat([prefix, high]) })),
  );
}

function merged(ranges: readonly ByteRange[]): ByteRange[] {
  const sorted = [...ranges].sort((a, b) => Buffer.compare(a.low, b.low));
  const result: ByteRange[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    if (last && Buffer.compare(range.low, last.high) < 0) {
      if (Buffer.compare(range.high, last.high) > 0) result[result.length - 1] = { low: last.low, high: range.high };
    } else if (Buffer.compare(range.low, range.high) < 0) result.push(range);
  }
  return result;
}

/** What the conditions say about one field of an index; none when they say nothing that an index can use. */
function fieldBounds(index: Index, at: number, filter: CompiledFilter): Bounds | undefined {
  const field = index.definition.fields[at] as Index['definition']['fields'][number];
  const found: Bounds[] = [];
  for (const condition of filter.conditions) {
    if (condition.path !== field.path) continue;
    const bounds = conditionBounds(condition, field.direction, filter.collation !== undefined, index.inexact);
    if (bounds) found.push(bounds);
  }
  const [first, ...others] = found.sort(
    (a, b) => Number(b.points) - Number(a.points) || a.ranges.length - b.ranges.length,
  );
  if (!first) return undefined;
  // Different elements of an array may satisfy the conditions: only one of them narrows the search.
  if (index.multikey[at]) return first;
  return others.reduce(intersect, first);
}

/** 1 when reading the index forwards gives the order of the sort, -1 backwards, nothing when it gives neither. */
function sortOrder(index: Index, sort: CompiledSort, collated: boolean, constant: number): 1 | -1 | undefined {
  if (index.inexact || collated) return undefined;
  const { fields } = index.definition;
  const fixed = new Set(
    fields
      .slice(0, constant)
      .filter((_, i) => !index.multikey[i])
      .map(({ path }) => path),
  );
  let at = 0;
  let order: 1 | -1 | undefined;
  for (const { path, direction } of sort.keys) {
    if (fixed.has(path)) continue;
    while (at < constant && fields[at]?.path !== path) at++;
    const field = fields[at];
    if (!field || field.path !== path || index.multikey[at]) return undefined;
    const needed: 1 | -1 = field.direction === direction ? 1 : -1;
    if (order !== undefined && order !== needed) return undefined;
    order = needed;
    at++;
  }
  return order ?? 1;
}

/** The hint of a command; 2 BadValue when it names no index of the collection. */
export function resolveHint(collection: Collection | undefined, hint: unknown): PlanRequest['hint'] {
  if (hint === undefined || hint === null || hint === '') return undefined;
  if (typeof hint !== 'string' && !isDoc(hint)) throw badValue('Hint must be a string or an object');
  if (isDoc(hint)) {
    if (Object.keys(hint).length === 0) return undefined;
    const natural = Object.hasOwn(hint, '$natural') ? Number(hint.$natural) : undefined;
    if (natural !== undefined) return { natural: natural < 0 ? -1 : 1 };
  }
  if (!collection) return undefined;
  const pattern = (key: object): string =>
    JSON.stringify(Object.entries(key).map(([path, way]) => [path, Number(way)]));
  const found = collection.indexes.find((index) =>
    typeof hint === 'string' ? index.name === hint : pattern(index.key) === pattern(hint),
  );
  if (!found?.ready) {
    throw badValue(
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  }
  return found;
}
