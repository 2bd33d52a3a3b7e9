import { Decimal128, Double, Long, Timestamp } from 'bson';
import { numberOf, typeName } from './bson-values.ts';
import { decimalArithmetic } from './mongo-error.ts';

/** A BSON double; wrapped where JS would take it for an int32. */
export function doubleFrom(value: number): unknown {
  return (value | 0) === value && !Object.is(value, -0) ? new Double(value) : value;
}

/** An int64 from its exact value. */
export function longFrom(value: bigint): Long {
  return Long.fromBigInt(value);
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whether an exact integer fits an int64. */
export function fitsLong(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** The exact value of an int32 or int64, `undefined` for a double or anything else. */
export function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof Long && !(value instanceof Timestamp)) return value.toBigInt();
  if (typeName(value) === 'int') return BigInt(numberOf(value) ?? 0);
  return undefined;
}

/** A whole number as the narrowest of int32 (only when `narrow`), int64 and, beyond, double. */
export function integerFrom(value: bigint, narrow: boolean): unknown {
  if (narrow && value >= -(2n ** 31n) && value < 2n ** 31n) return Number(value);
  return fitsLong(value) ? longFrom(value) : doubleFrom(Number(value));
}

type Operation = 'add' | 'subtract' | 'multiply';

function onNumbers(operation: Operation, a: number, b: number): number {
  return operation === 'add' ? a + b : operation === 'subtract' ? a - b : a * b;
}

function onIntegers(operation: Operation, a: bigint, b: bigint): bigint {
  return operation === 'add' ? a + b : operation === 'subtract' ? a - b : a * b;
}

/**
 * Arithmetic on two BSON numbers with MongoDB's result types: a double wins; int32 with int32 gives int32, or int64 when
 * it does not fit; int64 that does not fit gives what `overflow` makes of it (a double unless told otherwise).
 * 14 TypeMismatch for a Decimal128.
 */
export function arithmetic(
  operation: Operation,
  a: unknown,
  b: unknown,
  operator: string,
  overflow: (exact: bigint) => unknown = (exact) => doubleFrom(Number(exact)),
): unknown {
  if (a instanceof Decimal128 || b instanceof Decimal128) throw decimalArithmetic(operator);
  if (typeof a === 'number' && typeof b === 'number') {
    const result = onNumbers(operation, a, b);
    const ints = (a | 0) === a && (b | 0) === b && !Object.is(a, -0) && !Object.is(b, -0);
    if (!ints) return doubleFrom(result);
    // 0 times a negative int32 is the int32 0, not the double -0.
    if ((result | 0) === result) return result + 0;
    if (Number.isSafeInteger(result)) return Long.fromNumber(result);
  }
  const left = integerOf(a);
  const right = integerOf(b);
  if (left === undefined || right === undefined) {
    return doubleFrom(onNumbers(operation, numberOf(a) ?? Number.NaN, numberOf(b) ?? Number.NaN));
  }
  const exact = onIntegers(operation, left, right);
  const narrow = typeName(a) === 'int' && typeName(b) === 'int';
  return fitsLong(exact) ? integerFrom(exact, narrow) : overflow(exact);
}
