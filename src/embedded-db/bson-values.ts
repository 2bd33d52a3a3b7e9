import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  BSONValue,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import type { Doc } from './bson-codec.ts';

/** A string order; `Collation` of collation.ts is one. */
export interface StringOrder {
  compare(a: string, b: string): number;
}

/** MongoDB's order of types; values of one rank are compared with each other. */
export const RANK = {
  minKey: 2,
  undefined: 3,
  null: 4,
  number: 5,
  string: 6,
  object: 7,
  array: 8,
  binData: 9,
  objectId: 10,
  bool: 11,
  date: 12,
  timestamp: 13,
  regex: 14,
  code: 16,
  codeWithScope: 17,
  maxKey: 18,
} as const;

/** An own property; `undefined` for a missing one, whatever the prototype holds. */
export function getOwn(doc: Doc, key: string): unknown {
  return Object.hasOwn(doc, key) ? doc[key] : undefined;
}

/** Whether a value is an embedded document (and not null, an array, a date or another BSON type). */
export function isDoc(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof BSONValue) &&
    !(value instanceof RegExp) &&
    !(value instanceof Uint8Array)
  );
}

function rankOfObject(value: object): number {
  if (Array.isArray(value)) return RANK.array;
  if (value instanceof BSONValue) {
    if (value instanceof ObjectId) return RANK.objectId;
    // Before Long, which it extends.
    if (value instanceof Timestamp) return RANK.timestamp;
    if (value instanceof Double || value instanceof Long || value instanceof Int32 || value instanceof Decimal128) {
      return RANK.number;
    }
    if (value instanceof Binary) return RANK.binData;
    if (value instanceof BSONRegExp) return RANK.regex;
    if (value instanceof BSONSymbol) return RANK.string;
    if (value instanceof MinKey) return RANK.minKey;
    if (value instanceof MaxKey) return RANK.maxKey;
    if (value instanceof Code) return value.scope ? RANK.codeWithScope : RANK.code;
    return RANK.object;
  }
  if (value instanceof Date) return RANK.date;
  if (value instanceof RegExp) return RANK.regex;
  if (value instanceof Uint8Array) return RANK.binData;
  return RANK.object;
}

/** The rank of a value's type in MongoDB's order; a missing value ranks with undefined. */
export function typeOrder(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return RANK.string;
    case 'number':
    case 'bigint':
      return RANK.number;
    case 'boolean':
      return RANK.bool;
    case 'undefined':
      return RANK.undefined;
    default:
      return value === null ? RANK.null : rankOfObject(value as object);
  }
}

/** BSON type numbers by the aliases of `$type`. */
export const TYPE_CODES: ReadonlyMap<string, number> = new Map([
  ['double', 1],
  ['string', 2],
  ['object', 3],
  ['array', 4],
  ['binData', 5],
  ['undefined', 6],
  ['objectId', 7],
  ['bool', 8],
  ['date', 9],
  ['null', 10],
  ['regex', 11],
  ['dbPointer', 12],
  ['javascript', 13],
  ['symbol', 14],
  ['javascriptWithScope', 15],
  ['int', 16],
  ['timestamp', 17],
  ['long', 18],
  ['decimal', 19],
  ['minKey', -1],
  ['maxKey', 127],
]);

function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

/** The name of a value's BSON type as `$type` of aggregation gives it (`missing` for undefined). */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return isInt32(value) ? 'int' : 'double';
    case 'bigint':
      return 'long';
    case 'undefined':
      return 'missing';
  }
  if (value instanceof Double) return 'double';
  if (value instanceof Int32) return 'int';
  if (value instanceof Decimal128) return 'decimal';
  if (value instanceof BSONSymbol) return 'symbol';
  switch (typeOrder(value)) {
    case RANK.number:
      return 'long';
    case RANK.string:
      return 'string';
    case RANK.object:
      return 'object';
    case RANK.array:
      return 'array';
    case RANK.binData:
      return 'binData';
    case RANK.objectId:
      return 'objectId';
    case RANK.bool:
      return 'bool';
    case RANK.date:
      return 'date';
    case RANK.timestamp:
      return 'timestamp';
    case RANK.regex:
      return 'regex';
    case RANK.code:
      return 'javascript';
    case RANK.codeWithScope:
      return 'javascriptWithScope';
    case RANK.minKey:
      return 'minKey';
    case RANK.maxKey:
      return 'maxKey';
    default:
      return 'null';
  }
}

/** A value as an error message names it; a stored object must not decide how it is turned into text. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && !isNumeric(value) && !(value instanceof ObjectId))
    return typeName(value);
  return String(value);
}

/** Whether a value is a BSON number of any type. */
export function isNumeric(value: unknown): boolean {
  return typeOrder(value) === RANK.number;
}

/** The nearest JS number of a BSON number of any type, `undefined` for anything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Double || value instanceof Int32) return value.value;
  if (value instanceof Timestamp) return undefined;
  if (value instanceof Long) return value.toNumber();
  if (value instanceof Decimal128) return Number(value.toString());
  return undefined;
}

/** The exact value of an int64, `undefined` for any other type. */
function longOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof Long && !(value instanceof Timestamp) ? value.toBigInt() : undefined;
}

/** A finite decimal as `coefficient x 10^exponent`. */
function decimalParts(value: Decimal128): { coefficient: bigint; exponent: number } {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(value.toString());
  if (!match) return { coefficient: 0n, exponent: 0 };
  const [, sign = '', whole = '0', fraction = '', power = '0'] = match;
  const coefficient = BigInt(whole + fraction);
  return { coefficient: sign === '-' ? -coefficient : coefficient, exponent: Number(power) - fraction.length };
}

/** A finite double as `coefficient x 2^exponent`, exactly. */
export function binaryParts(value: number): { coefficient: bigint; exponent: number } {
  let exponent = 0;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent--;
  }
  return { coefficient: BigInt(scaled), exponent };
}

/** Exact comparison of two numbers whose nearest doubles are equal and finite, one of them a decimal. */
function compareExactly(a: unknown, b: unknown): number {
  // Both as fractions over a common denominator of powers of 10 and 2.
  const fraction = (value: unknown): { over: bigint; under: bigint } => {
    if (value instanceof Decimal128) {
      const { coefficient, exponent } = decimalParts(value);
      return exponent >= 0
        ? { over: coefficient * 10n ** BigInt(exponent), under: 1n }
        : { over: coefficient, under: 10n ** BigInt(-exponent) };
    }
    const long = longOf(value);
    if (long !== undefined) return { over: long, under: 1n };
    const { coefficient, exponent } = binaryParts(numberOf(value) ?? 0);
    return { over: coefficient, under: 1n << BigInt(-exponent) };
  };
  const left = fraction(a);
  const right = fraction(b);
  const x = left.over * right.under;
  const y = right.over * left.under;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Numeric order across the four number types, exact above 2^53; NaN is below all numbers and equal to itself. */
function compareNumbers(a: unknown, b: unknown): number {
  const x = numberOf(a) ?? 0;
  const y = numberOf(b) ?? 0;
  if (x < y) return -1;
  if (x > y) return 1;
  if (x === y) {
    if (a instanceof Decimal128 || b instanceof Decimal128) {
      return Number.isFinite(x) ? compareExactly(a, b) : compareInfinite(a, b, x);
    }
    if (Math.abs(x) < Number.MAX_SAFE_INTEGER) return 0;
    if (!Number.isFinite(x)) return 0;
    const left = longOf(a) ?? BigInt(x);
    const right = longOf(b) ?? BigInt(y);
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : -1) : 1;
}

/** Finite decimals above the range of doubles read as infinite: they are below the true infinity. */
function compareInfinite(a: unknown, b: unknown, sign: number): number {
  const finite = (value: unknown): boolean => value instanceof Decimal128 && !/Inf/i.test(value.toString());
  const left = finite(a);
  const right = finite(b);
  if (left && right) return compareExactly(a, b);
  if (left === right) return 0;
  return (left ? -1 : 1) * Math.sign(sign);
}

/** Binary order of UTF-8, which differs from the order of UTF-16 units only where surrogates meet U+E000 and above. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const shortest = Math.min(a.length, b.length);
  for (let i = 0; i < shortest; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) {
      const xSurrogate = x < 0xe000;
      if (xSurrogate !== y < 0xe000) return xSurrogate ? 1 : -1;
    }
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : (value as BSONSymbol).value;
}

/** The bytes and subtype of a binary value. */
export function binaryOf(value: unknown): { bytes: Uint8Array; subtype: number } {
  if (value instanceof Binary) return { bytes: value.buffer.subarray(0, value.position), subtype: value.sub_type };
  return { bytes: value as Uint8Array, subtype: 0 };
}

/** The source and the options of a regular expression value. */
export function regexOf(value: unknown): { pattern: string; options: string } {
  if (value instanceof BSONRegExp) return { pattern: value.pattern, options: value.options };
  const { source, flags } = value as RegExp;
  return { pattern: source, options: [...'ims'].filter((flag) => flags.includes(flag)).join('') };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function compareDocs(a: Doc, b: Doc, order?: StringOrder): number {
  const left = Object.keys(a);
  const right = Object.keys(b);
  const shortest = Math.min(left.length, right.length);
  for (let i = 0; i < shortest; i++) {
    const leftKey = left[i] as string;
    const rightKey = right[i] as string;
    const x = a[leftKey];
    const y = b[rightKey];
    const result = typeOrder(x) - typeOrder(y) || compareStrings(leftKey, rightKey) || compareValues(x, y, order);
    if (result !== 0) return result;
  }
  return left.length - right.length;
}

/**
 * MongoDB's total order of values: by type, then by value. Numbers of all types compare by value; the order of the
 * fields of an object counts; arrays compare element by element. Negative, zero or positive.
 */
export function compareValues(a: unknown, b: unknown, order?: StringOrder): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a < b ? -1 : a > b ? 1 : a === b ? 0 : compareNumbers(a, b);
  }
  if (typeof a === 'string' && typeof b === 'string') return order ? order.compare(a, b) : compareStrings(a, b);
  const rank = typeOrder(a);
  const difference = rank - typeOrder(b);
  if (difference !== 0) return difference;
  switch (rank) {
    case RANK.number:
      return compareNumbers(a, b);
    case RANK.string:
      return order ? order.compare(stringOf(a), stringOf(b)) : compareStrings(stringOf(a), stringOf(b));
    case RANK.object:
      return compareDocs(a as Doc, b as Doc, order);
    case RANK.array: {
      const left = a as unknown[];
      const right = b as unknown[];
      const shortest = Math.min(left.length, right.length);
      for (let i = 0; i < shortest; i++) {
        const result = compareValues(left[i], right[i], order);
        if (result !== 0) return result;
      }
      return left.length - right.length;
    }
    case RANK.binData: {
      const left = binaryOf(a);
      const right = binaryOf(b);
      return (
        left.bytes.length - right.bytes.length || left.subtype - right.subtype || compareBytes(left.bytes, right.bytes)
      );
    }
    case RANK.objectId:
      return compareBytes((a as ObjectId).id, (b as ObjectId).id);
    case RANK.bool:
      return Number(a) - Number(b);
    case RANK.date:
      return Math.sign((a as Date).getTime() - (b as Date).getTime());
    case RANK.timestamp: {
      const left = a as Timestamp;
      const right = b as Timestamp;
      return (left.high >>> 0) - (right.high >>> 0) || (left.low >>> 0) - (right.low >>> 0);
    }
    case RANK.regex: {
      const left = regexOf(a);
      const right = regexOf(b);
      return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
    }
    case RANK.code:
      return compareStrings((a as Code).code, (b as Code).code);
    case RANK.codeWithScope:
      return (
        compareStrings((a as Code).code, (b as Code).code) ||
        compareDocs((a as Code).scope as Doc, (b as Code).scope as Doc)
      );
    default:
      return 0;
  }
}

/** Whether two values are the same for MongoDB: 1, 1.0 and NumberLong(1) are, `{a, b}` and `{b, a}` are not. */
export function equalValues(a: unknown, b: unknown, order?: StringOrder): boolean {
  return a === b || compareValues(a, b, order) === 0;
}

/**
 * Whether two values are the same bytes once stored: also of the same number type and, in documents, under the same
 * field names. What an update compares to know whether anything changed.
 */
export function identicalValues(a: unknown, b: unknown): boolean {
  if (a === b) return a !== 0 || Object.is(a, b);
  if (typeName(a) !== typeName(b)) return false;
  if (Array.isArray(a)) {
    const other = b as unknown[];
    return a.length === other.length && a.every((value, i) => identicalValues(value, other[i]));
  }
  if (isDoc(a)) {
    const other = b as Doc;
    const keys = Object.keys(a);
    const otherKeys = Object.keys(other);
    return (
      keys.length === otherKeys.length &&
      keys.every((key, i) => key === otherKeys[i] && identicalValues(a[key], other[key]))
    );
  }
  if (a instanceof Decimal128) return compareBytes(a.bytes, (b as Decimal128).bytes) === 0;
  if (a instanceof Double || typeof a === 'number') return Object.is(numberOf(a), numberOf(b));
  return compareValues(a, b) === 0;
}
