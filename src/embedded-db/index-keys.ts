import { createHash } from 'node:crypto';
import { BSONSymbol, Decimal128 } from 'bson';
import { type Doc, setOwn } from './bson-codec.ts';
import { compareValues, getOwn, isDoc, numberOf, type StringOrder, typeOrder } from './bson-values.ts';
import type { CompiledFilter } from './matcher.ts';
import { MongoError } from './mongo-error.ts';
import { encodeValues } from './value-encoding.ts';

export interface IndexField {
  readonly path: string;
  readonly direction: 1 | -1;
}

export interface IndexDefinition {
  readonly fields: readonly IndexField[];
  readonly sparse?: boolean;
  /** The filter of a partial index. */
  readonly partial?: CompiledFilter;
  readonly maxKeyLength?: number;
}

/** The bytes of one index key. When not `exact`, equal bytes do not prove equal values: look at the documents. */
export interface EncodedKey {
  readonly bytes: Buffer;
  readonly exact: boolean;
  readonly truncated: boolean;
  /** The values of the fields, for the `keyValue` of a duplicate key error. */
  readonly values: readonly unknown[];
}

/** Leaves room for a record id under lmdb's largest key of 4026 bytes (pages of 8192). */
const MAX_KEY_LENGTH = 3900;
const HASH_LENGTH = 20;

/** The fields of an index specification `{a: 1, b: -1}`; 67 CannotCreateIndex for the kinds the engine has not. */
export function indexFields(key: Doc): IndexField[] {
  const names = Object.keys(key);
  if (names.length === 0) throw new MongoError(67, 'Index keys cannot be an empty object');
  return names.map((path) => {
    const value = key[path];
    if (typeof value === 'string') throw new MongoError(67, `the embedded database has no '${value}' index`);
    const direction = numberOf(value);
    if (direction === undefined || direction === 0 || Number.isNaN(direction)) {
      throw new MongoError(67, 'Values in the index key pattern must be numbers other than 0, or the name of a plugin');
    }
    if (path === '' || path.split('.').includes('')) {
      throw new MongoError(67, 'Index keys cannot contain an empty field name');
    }
    if (path.split('.').some((part) => part === '$**' || (part.startsWith('$') && !/^\$(id|ref|db)$/.test(part)))) {
      throw new MongoError(67, `Index key contains an illegal field name: '${path}'`);
    }
    return { path, direction: direction > 0 ? 1 : -1 };
  });
}

/**
 * The key of the values of the first fields of an index, comparable with memcmp in the order of `compareValues`.
 * A key longer than `maxKeyLength` is cut and ends with a hash of the whole, so that two long keys stay different.
 */
export function encodeKey(
  values: readonly unknown[],
  fields: readonly IndexField[],
  maxKeyLength: number = MAX_KEY_LENGTH,
): EncodedKey {
  const { bytes, exact } = encodeValues(values, fields);
  if (bytes.length <= maxKeyLength) return { bytes: Buffer.from(bytes), exact, truncated: false, values };
  const hash = createHash('sha1').update(bytes).digest();
  const cut = Buffer.concat([bytes.subarray(0, maxKeyLength - HASH_LENGTH), hash]);
  return { bytes: cut, exact: false, truncated: true, values };
}

/** The start that all keys with these values share: a bound of a range. When truncated, nearby keys share it too. */
export function encodeBound(
  values: readonly unknown[],
  fields: readonly IndexField[],
  maxKeyLength: number = MAX_KEY_LENGTH,
): { bytes: Buffer; truncated: boolean } {
  const { bytes } = encodeValues(values, fields);
  const truncated = bytes.length > maxKeyLength;
  return { bytes: Buffer.from(truncated ? bytes.subarray(0, maxKeyLength - HASH_LENGTH) : bytes), truncated };
}

/** The range `[low, high)` in which all values of the type of `value` are, for one field. */
export function typeBound(value: unknown, direction: 1 | -1): { low: Buffer; high: Buffer } {
  const rank = typeOrder(value);
  return direction === 1
    ? { low: Buffer.from([rank]), high: Buffer.from([rank + 1]) }
    : { low: Buffer.from([255 - rank]), high: Buffer.from([256 - rank]) };
}

const ASCENDING: readonly IndexField[] = [{ path: '', direction: 1 }];

/** A string that is equal for equal values (no collation): the key of a Map of values. */
export function valueKey(value: unknown): string {
  if (typeof value === 'string') return `s${value}`;
  if (value instanceof BSONSymbol) return `s${value.value}`;
  const encoded = encodeValues([value], ASCENDING);
  const { bytes } = encoded.exact ? encoded : encodeValues([withCanonicalDecimals(value)], ASCENDING);
  return bytes.toString('latin1');
}

function withCanonicalDecimals(value: unknown): unknown {
  if (value instanceof Decimal128) return canonicalDecimal(value);
  if (Array.isArray(value)) return value.map(withCanonicalDecimals);
  if (!isDoc(value)) return value;
  const copy: Doc = {};
  for (const key of Object.keys(value)) setOwn(copy, key, withCanonicalDecimals(value[key]));
  return copy;
}

/** A decimal that another number type can hold exactly must have the key of that number. */
function canonicalDecimal(value: Decimal128): unknown {
  const double = numberOf(value) as number;
  if (compareValues(value, double) === 0) return double;
  const integer = /^-?\d+$/.test(value.toString()) ? BigInt(value.toString()) : undefined;
  if (integer !== undefined && BigInt.asIntN(64, integer) === integer) return integer;
  // Equal decimals have several spellings (1.10, 1.1): the value without trailing zeros names them all.
  const [digits = '', power = '0'] = value.toString().split('E');
  const [whole = '', fraction = ''] = digits.split('.');
  const coefficient = BigInt(whole + fraction).toString();
  const trimmed = coefficient.replace(/0+$/, '');
  return { decimal: trimmed, power: Number(power) - fraction.length + coefficient.length - trimmed.length };
}

/** Where the extraction of one field of an index has got to. */
interface Cursor {
  readonly value: unknown;
  /** Next part of the path; equal to the number of parts when `value` is the result. */
  readonly part: number;
  /** Set when `value` is an element of the field's array, which is not expanded again. */
  readonly final: boolean;
}

const INDEX_NUMBER = /^(?:0|[1-9]\d*)$/;

/** Follows a path until its end, a missing field or an array that must be expanded. */
function follow(cursor: Cursor, parts: readonly string[]): Cursor {
  let { value, part, final } = cursor;
  while (!final) {
    if (part === parts.length) {
      final = !Array.isArray(value);
      break;
    }
    const name = parts[part] as string;
    if (Array.isArray(value)) {
      if (!INDEX_NUMBER.test(name) || Number(name) >= value.length) break;
      if (value.some((element) => isDoc(element) && Object.hasOwn(element, name))) {
        throw new MongoError(
          16746,
          `Ambiguous field name found in array (do not use numeric field names in embedded elements in an array), field: '${name}'`,
        );
      }
      value = value[Number(name)];
    } else if (isDoc(value)) {
      value = getOwn(value, name);
    } else {
      value = undefined;
    }
    part++;
    if (value === undefined) {
      part = parts.length;
      final = true;
    }
  }
  return { value, part, final };
}

/** One tuple of values per key; a missing field is `undefined`, an empty array is `EMPTY`. */
function expand(
  cursors: readonly Cursor[],
  parts: readonly (readonly string[])[],
  multikey: boolean[],
  emit: (values: unknown[]) => void,
): void {
  const reached = cursors.map((cursor, i) => follow(cursor, parts[i] as readonly string[]));
  let array: unknown[] | undefined;
  for (const cursor of reached) {
    if (cursor.final) continue;
    if (array !== undefined && cursor.value !== array) throw new MongoError(171, 'cannot index parallel arrays');
    array = cursor.value as unknown[];
  }
  if (array === undefined) {
    emit(reached.map((cursor) => cursor.value));
    return;
  }
  reached.forEach((cursor, i) => {
    if (!cursor.final) multikey[i] = true;
  });
  const step = (element: unknown, empty: boolean): void => {
    const next = reached.map((cursor, i): Cursor => {
      if (cursor.final) return cursor;
      const ends = cursor.part === (parts[i] as readonly string[]).length;
      if (ends) return { value: empty ? EMPTY : element, part: cursor.part, final: true };
      if (isDoc(element)) return { value: element, part: cursor.part, final: false };
      return { value: undefined, part: cursor.part, final: true };
    });
    expand(next, parts, multikey, emit);
  };
  if (array.length === 0) step(undefined, true);
  else for (const element of array) step(element, false);
}

const EMPTY = Symbol('an empty array');

/** Turns the marks of `expand` into indexed values: an empty array is undefined, a missing field null. */
function indexed(value: unknown): unknown {
  return value === EMPTY ? undefined : value === undefined ? null : value;
}

const partsOf = new WeakMap<readonly { path: string }[], readonly (readonly string[])[]>();

function pathParts(fields: readonly { readonly path: string }[]): readonly (readonly string[])[] {
  let parts = partsOf.get(fields);
  if (!parts) {
    parts = fields.map(({ path }) => path.split('.'));
    partsOf.set(fields, parts);
  }
  return parts;
}

/**
 * The keys of a document in an index, without duplicates, and which fields went through an array. No key when the
 * index is sparse or partial and leaves the document out. 171 when two fields go through different arrays.
 */
export function keysOf(index: IndexDefinition, doc: Doc): { keys: EncodedKey[]; multikey: boolean[] } {
  const multikey = index.fields.map(() => false);
  if (index.partial && !index.partial.matches(doc)) return { keys: [], multikey };
  const keys: EncodedKey[] = [];
  const start: Cursor = { value: doc, part: 0, final: false };
  expand(
    index.fields.map(() => start),
    pathParts(index.fields),
    multikey,
    (values) => {
      if (index.sparse && values.every((value) => value === undefined)) return;
      keys.push(encodeKey(values.map(indexed), index.fields, index.maxKeyLength));
    },
  );
  if (keys.length < 2) return { keys, multikey };
  const seen = new Set<string>();
  return {
    keys: keys.filter((key) => {
      const id = key.bytes.toString('latin1');
      return !seen.has(id) && seen.add(id);
    }),
    multikey,
  };
}

/**
 * What a document is sorted by: for each field the value itself or, through arrays, the smallest of the tuples in the
 * order asked (so a descending field takes its largest element).
 */
export function sortValues(doc: Doc, fields: readonly IndexField[], order?: StringOrder): unknown[] {
  let best: unknown[] | undefined;
  const start: Cursor = { value: doc, part: 0, final: false };
  expand(
    fields.map(() => start),
    pathParts(fields),
    [],
    (values) => {
      const tuple = values.map(indexed);
      if (best === undefined || compareTuples(tuple, best, fields, order) < 0) best = tuple;
    },
  );
  return best ?? [];
}

/** Order of two tuples of `sortValues`. */
export function compareTuples(
  a: readonly unknown[],
  b: readonly unknown[],
  fields: readonly IndexField[],
  order?: StringOrder,
): number {
  for (let i = 0; i < fields.length; i++) {
    const result = compareValues(a[i], b[i], order);
    if (result !== 0) return fields[i]?.direction === -1 ? -result : result;
  }
  return 0;
}
