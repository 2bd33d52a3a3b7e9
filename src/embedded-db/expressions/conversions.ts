import { Binary, BSONValue, Decimal128, Long, ObjectId, Timestamp } from 'bson';
import { doubleFrom, fitsLong, integerOf, longFrom } from '../arithmetic.ts';
import type { Doc } from '../bson-codec.ts';
import { isNumeric, numberOf, shown, TYPE_CODES, typeName } from '../bson-values.ts';
import { MongoError } from '../mongo-error.ts';
import { parseIsoDate } from './calendar.ts';
import { isNullish } from './numbers.ts';
import type { NamedOperator, PositionalOperator } from './operators.ts';

/** A number as `$toString` writes it. */
export function numberText(value: unknown): string {
  if (value instanceof Decimal128 || value instanceof Long) return value.toString();
  const number = numberOf(value) ?? 0;
  return Object.is(number, -0) ? '-0' : String(number);
}

function failure(value: unknown, to: string, why = ''): MongoError {
  return new MongoError(
    241,
    `Failed to convert ${typeName(value)} to ${to} in $convert with no onError value${why && `: ${why}`}`,
  );
}

function toDouble(value: unknown): unknown {
  if (isNumeric(value)) return doubleFrom(numberOf(value) ?? Number.NaN);
  if (typeof value === 'boolean') return doubleFrom(value ? 1 : 0);
  if (value instanceof Date) return doubleFrom(value.getTime());
  if (typeof value === 'string') {
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) {
      const number = Number(value);
      if (Number.isFinite(number)) return doubleFrom(number);
      throw failure(value, 'double', 'Out of range');
    }
    if (/^[+-]?(?:inf|infinity)$/i.test(value))
      return value.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    if (/^[+-]?nan$/i.test(value)) return Number.NaN;
  }
  throw failure(value, 'double');
}

/** The whole number of a value that `$toInt` and `$toLong` take: doubles and decimals lose their fraction. */
function wholeNumber(value: unknown, to: string): bigint {
  const integer = integerOf(value);
  if (integer !== undefined) return integer;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) throw failure(value, to, `Failed to parse number '${value}'`);
    return BigInt(value.startsWith('+') ? value.slice(1) : value);
  }
  const number = numberOf(value);
  if (number === undefined) throw failure(value, to);
  if (!Number.isFinite(number)) throw failure(value, to, 'Attempt to convert NaN or infinity value to integer type');
  if (value instanceof Decimal128 && Math.abs(number) >= 2 ** 53) throw failure(value, to, 'the decimal is too large');
  return BigInt(Math.trunc(number));
}

function toInt(value: unknown): unknown {
  const number = wholeNumber(value, 'int');
  if (number < -(2n ** 31n) || number >= 2n ** 31n)
    throw failure(value, 'int', 'Conversion would overflow target type');
  return Number(number);
}

function toLong(value: unknown): unknown {
  if (value instanceof Date) return longFrom(BigInt(value.getTime()));
  const number = wholeNumber(value, 'long');
  if (!fitsLong(number)) throw failure(value, 'long', 'Conversion would overflow target type');
  return longFrom(number);
}

function toDecimal(value: unknown): unknown {
  if (value instanceof Decimal128) return value;
  try {
    const integer = integerOf(value);
    if (integer !== undefined) return Decimal128.fromString(integer.toString());
    if (typeof value === 'boolean') return Decimal128.fromString(value ? '1' : '0');
    if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
    if (typeof value === 'string') return Decimal128.fromString(value);
    const number = numberOf(value);
    // A double has 15 significant decimal digits.
    if (number !== undefined)
      return Decimal128.fromString(Number.isFinite(number) ? number.toPrecision(15) : String(number));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw failure(value, 'decimal', error.message);
  }
  throw failure(value, 'decimal');
}

function toBool(value: unknown): unknown {
  if (typeof value === 'boolean') return value;
  return !isNumeric(value) || numberOf(value) !== 0;
}

function toText(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (isNumeric(value)) return numberText(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Binary && value.sub_type === Binary.SUBTYPE_UUID) return value.toUUID().toString();
  if (value instanceof BSONValue && typeName(value) === 'symbol') return String(value);
  throw failure(value, 'string');
}

function toDate(value: unknown): unknown {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date((value.high >>> 0) * 1000);
  if (typeof value === 'string') {
    const date = parseIsoDate(value);
    if (date === undefined) throw failure(value, 'date', `Error parsing date string '${value}'`);
    return date;
  }
  if (isNumeric(value) && typeName(value) !== 'int') {
    const date = new Date(Math.trunc(numberOf(value) ?? Number.NaN));
    if (Number.isNaN(date.getTime())) throw failure(value, 'date', 'out of range');
    return date;
  }
  throw failure(value, 'date');
}

function toObjectId(value: unknown): unknown {
  if (value instanceof ObjectId) return value;
  if (typeof value === 'string' && /^[0-9a-fA-F]{24}$/.test(value)) return new ObjectId(value);
  throw failure(value, 'objectId');
}

const CONVERTERS: ReadonlyMap<string, (value: unknown) => unknown> = new Map([
  ['double', toDouble],
  ['string', toText],
  ['objectId', toObjectId],
  ['bool', toBool],
  ['date', toDate],
  ['int', toInt],
  ['long', toLong],
  ['decimal', toDecimal],
]);

function converterOf(to: unknown): (value: unknown) => unknown {
  const code = numberOf(to);
  const name = typeof to === 'string' ? to : [...TYPE_CODES].find(([, number]) => number === code)?.[0];
  if (name === undefined || (typeof to === 'string' && !TYPE_CODES.has(to)))
    throw new MongoError(2, `Unknown type name: ${shown(to)}`);
  const convert = CONVERTERS.get(name);
  if (!convert) throw new MongoError(241, `Unsupported conversion to ${name} in $convert`);
  return convert;
}

function convert({ input, to, onError, onNull }: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  if (isNullish(to)) return null;
  if (isNullish(input)) return given.has('onNull') ? onNull : null;
  const apply = converterOf(to);
  try {
    return apply(input);
  } catch (error) {
    if (given.has('onError') && error instanceof MongoError && error.code === 241) return onError;
    throw error;
  }
}

function shorthand(apply: (value: unknown) => unknown): PositionalOperator {
  return { min: 1, max: 1, apply: ([value]) => (isNullish(value) ? null : apply(value)) };
}

function binarySize([value]: unknown[]): unknown {
  if (isNullish(value)) return null;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof Binary) return value.position;
  throw new MongoError(51276, `$binarySize requires a string or BinData argument, found: ${typeName(value)}`);
}

/** Types and conversions. */
export const CONVERSION_OPERATORS: {
  readonly positional: Readonly<Record<string, PositionalOperator>>;
  readonly named: Readonly<Record<string, NamedOperator>>;
} = {
  positional: {
    $type: { min: 1, max: 1, apply: ([value]) => typeName(value) },
    $isNumber: { min: 1, max: 1, apply: ([value]) => isNumeric(value) },
    $toDouble: shorthand(toDouble),
    $toString: shorthand(toText),
    $toObjectId: shorthand(toObjectId),
    $toBool: shorthand(toBool),
    $toDate: shorthand(toDate),
    $toInt: shorthand(toInt),
    $toLong: shorthand(toLong),
    $toDecimal: shorthand(toDecimal),
    $binarySize: { min: 1, max: 1, apply: binarySize },
  },
  named: {
    $convert: { required: ['input', 'to'], optional: ['onError', 'onNull'], apply: convert },
  },
};
