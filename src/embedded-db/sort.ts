import { type Doc, fieldReader } from './bson-codec.ts';
import { isDoc, numberOf, typeName } from './bson-values.ts';
import type { Collation } from './collation.ts';
import { compareTuples, type IndexField, sortValues } from './index-keys.ts';
import { badValue, MongoError } from './mongo-error.ts';

export interface CompiledSort {
  readonly keys: readonly IndexField[];
  /** The top-level fields that it reads. */
  readonly fields: ReadonlySet<string>;
  /** What a document is sorted by: one value per field of the specification. */
  keyOf(doc: Doc): unknown[];
  keyOfRaw(bytes: Uint8Array): unknown[];
  compareKeys(a: readonly unknown[], b: readonly unknown[]): number;
  compare(a: Doc, b: Doc): number;
}

function directionOf(path: string, value: unknown): 1 | -1 {
  if (isDoc(value)) {
    if (Object.hasOwn(value, '$meta')) {
      throw new MongoError(40218, 'query requires text score metadata, but it is not available');
    }
    throw new MongoError(15975, `$sort key ordering must be specified using a number or {$meta: 'textScore'}`);
  }
  const number = numberOf(value);
  if (number === undefined) {
    throw new MongoError(15974, `Illegal key in $sort specification: ${path}: ${typeName(value)}`);
  }
  if (number !== 1 && number !== -1) {
    throw new MongoError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
  }
  return number;
}

/**
 * Compiles `{field: 1, other: -1}`; `undefined` for `{}`. 15975 for another direction, 2 for a bad path or, while
 * sorting, for fields that go through different arrays of a document.
 */
export function compileSort(spec: Doc, collation?: Collation): CompiledSort | undefined {
  const keys = Object.keys(spec).map((path): IndexField => {
    if (path === '') throw new MongoError(40352, 'FieldPath cannot be constructed with empty string');
    const parts = path.split('.');
    if (parts.includes('')) throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
    if (parts.some((part) => part.startsWith('$') && !/^\$(?:id|ref|db)$/.test(part))) {
      throw new MongoError(16410, `FieldPath field names may not start with '$': ${path}`);
    }
    return { path, direction: directionOf(path, spec[path]) };
  });
  if (keys.length === 0) return undefined;
  if (keys.length > 32) throw badValue('too many compound keys');
  const fields = new Set(keys.map(({ path }) => path.split('.')[0] as string));
  const read = fieldReader(fields);
  const single = keys.length === 1 && !keys[0]?.path.includes('.') ? keys[0]?.path : undefined;
  const keyOf = (doc: Doc): unknown[] => {
    if (single !== undefined && Object.hasOwn(doc, single)) {
      const value = doc[single];
      if (!Array.isArray(value)) return [value];
    }
    try {
      return sortValues(doc, keys, collation);
    } catch (error) {
      if (error instanceof MongoError && error.code === 171)
        throw badValue('cannot sort with keys that are parallel arrays');
      throw error;
    }
  };
  const compareKeys = (a: readonly unknown[], b: readonly unknown[]): number => compareTuples(a, b, keys, collation);
  return {
    keys,
    fields,
    keyOf,
    keyOfRaw: (bytes) => keyOf(read(bytes)),
    compareKeys,
    compare: (a, b) => compareKeys(keyOf(a), keyOf(b)),
  };
}

/**
 * Items in the order of their keys, equal ones in the order they came. With a `limit`, only about twice that many are
 * kept at any time.
 */
export function sortBy<T>(
  items: Iterable<T>,
  keyOf: (item: T) => readonly unknown[],
  compareKeys: (a: readonly unknown[], b: readonly unknown[]) => number,
  limit: number = Number.POSITIVE_INFINITY,
): T[] {
  type Entry = { readonly key: readonly unknown[]; readonly item: T };
  // Array.prototype.sort is stable, and the kept entries always precede later arrivals.
  const byKey = (a: Entry, b: Entry): number => compareKeys(a.key, b.key);
  let entries: Entry[] = [];
  let worst: readonly unknown[] | undefined;
  const most = Math.max(2 * limit, limit + 1000);
  for (const item of items) {
    const key = keyOf(item);
    if (worst !== undefined && compareKeys(key, worst) >= 0) continue;
    entries.push({ key, item });
    if (entries.length >= most) {
      entries.sort(byKey);
      entries = entries.slice(0, limit);
      worst = entries.at(-1)?.key;
    }
  }
  entries.sort(byKey);
  if (entries.length > limit) entries.length = limit;
  return entries.map(({ item }) => item);
}
