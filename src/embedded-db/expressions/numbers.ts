import { Decimal128 } from 'bson';
import { arithmetic, doubleFrom, integerFrom, integerOf } from '../arithmetic.ts';
import { binaryParts, compareValues, isNumeric, numberOf, typeName } from '../bson-values.ts';
import { badValue, decimalArithmetic, MongoError, typeMismatch } from '../mongo-error.ts';
import type { PositionalOperator } from './operators.ts';

/** MongoDB's truth: false, null, missing and every zero are false; NaN and the empty string are true. */
export function truthy(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !isNumeric(value) || numberOf(value) !== 0;
}

export function isNullish(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function comparison(test: (order: number) => boolean): PositionalOperator {
  return { min: 2, max: 2, apply: ([a, b], { collation }) => test(compareValues(a, b, collation)) };
}

function dateOf(value: unknown): number | undefined {
  return value instanceof Date ? value.getTime() : undefined;
}

function wholeMilliseconds(value: unknown): number {
  return Math.round(numberOf(value) ?? 0);
}

function add(args: unknown[]): unknown {
  let sum: unknown = 0;
  let date = false;
  for (const value of args) if (isNullish(value)) return null;
  for (const value of args) {
    if (value instanceof Date) {
      if (date) throw new MongoError(16612, 'only one date allowed in an $add expression');
      date = true;
      sum = arithmetic('add', sum, doubleFrom(value.getTime()), '$add');
    } else if (isNumeric(value)) sum = arithmetic('add', sum, value, '$add');
    else throw typeMismatch(`$add only supports numeric or date types, not ${typeName(value)}`);
  }
  return date ? new Date(wholeMilliseconds(sum)) : sum;
}

function subtract([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (isNumeric(a) && isNumeric(b)) return arithmetic('subtract', a, b, '$subtract');
  const left = dateOf(a);
  const right = dateOf(b);
  if (left !== undefined && right !== undefined) return integerFrom(BigInt(left - right), false);
  if (left !== undefined && isNumeric(b)) {
    if (b instanceof Decimal128) throw decimalArithmetic('$subtract');
    return new Date(left - wholeMilliseconds(b));
  }
  throw typeMismatch(`can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function multiply(args: unknown[]): unknown {
  let product: unknown = 1;
  for (const value of args) if (isNullish(value)) return null;
  for (const value of args) {
    if (!isNumeric(value)) throw typeMismatch(`$multiply only supports numeric types, not ${typeName(value)}`);
    product = arithmetic('multiply', product, value, '$multiply');
  }
  return product;
}

function divide([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  const x = numberOf(a);
  const y = numberOf(b);
  if (x === undefined || y === undefined) {
    throw typeMismatch(`$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  refuseDecimal('$divide', a, b);
  if (y === 0) throw badValue("can't $divide by zero");
  return doubleFrom(x / y);
}

function modulo([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  const x = numberOf(a);
  const y = numberOf(b);
  if (x === undefined || y === undefined) {
    throw new MongoError(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  refuseDecimal('$mod', a, b);
  if (y === 0) throw new MongoError(16610, "can't $mod by zero");
  const left = integerOf(a);
  const right = integerOf(b);
  if (left === undefined || right === undefined) return doubleFrom(x % y);
  return integerFrom(left % right, typeName(a) === 'int' && typeName(b) === 'int');
}

function refuseDecimal(operator: string, ...values: unknown[]): void {
  if (values.some((value) => value instanceof Decimal128)) throw decimalArithmetic(operator);
}

function unary(operator: string, apply: (value: number, original: unknown) => unknown): PositionalOperator {
  return {
    min: 1,
    max: 1,
    apply: ([value]) => {
      if (isNullish(value)) return null;
      const number = numberOf(value);
      if (number === undefined) {
        throw new MongoError(28765, `${operator} only supports numeric types, not ${typeName(value)}`);
      }
      refuseDecimal(operator, value);
      return apply(number, value);
    },
  };
}

/** A function of a double; `within` is where it is defined. */
function real(
  operator: string,
  apply: (value: number) => number,
  within?: (value: number) => boolean,
  code = 50989,
): PositionalOperator {
  return unary(operator, (value) => {
    if (within && !Number.isNaN(value) && !within(value)) {
      throw new MongoError(code, `cannot apply ${operator} to ${value}`);
    }
    return doubleFrom(apply(value));
  });
}

/** Rounding leaves integers as they are and gives doubles as doubles. */
function rounding(operator: string, apply: (value: number) => number): PositionalOperator {
  return unary(operator, (value, original) =>
    integerOf(original) === undefined ? doubleFrom(apply(value)) : original,
  );
}

type Division = (over: bigint, under: bigint) => bigint;

const towardsZero: Division = (over, under) => over / under;

const halfToEven: Division = (over, under) => {
  const rest = ((over % under) + under) % under;
  const floor = (over - rest) / under;
  const twice = rest * 2n;
  if (twice !== under) return twice < under ? floor : floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
};

/** A finite double rounded to decimal places, from its exact value: 1.015 is a little less than it looks. */
function roundDouble(value: number, digits: number, divide: Division): number {
  const { coefficient, exponent } = binaryParts(value);
  const over = digits > 0 ? coefficient * 10n ** BigInt(digits) : coefficient;
  const under = 2n ** BigInt(-exponent) * (digits < 0 ? 10n ** BigInt(-digits) : 1n);
  const rounded = Number(`${divide(over, under)}e${-digits}`);
  return rounded === 0 && value < 0 ? -0 : rounded;
}

/** `$round` and `$trunc` with their optional number of decimal places. */
function toPlace(operator: string, divide: Division): PositionalOperator {
  return {
    min: 1,
    max: 2,
    apply: (args) => {
      const [value, place] = args;
      if (isNullish(value) || (args.length === 2 && isNullish(place))) return null;
      const number = numberOf(value);
      if (number === undefined)
        throw new MongoError(51081, `${operator} only supports numeric types, not ${typeName(value)}`);
      refuseDecimal(operator, value);
      const digits = args.length === 1 ? 0 : numberOf(place);
      if (digits === undefined || !Number.isInteger(digits)) {
        throw new MongoError(51082, `precision argument to ${operator} must be a integral value`);
      }
      if (digits < -20 || digits > 100) {
        throw new MongoError(
          51083,
          `cannot apply ${operator} with precision value ${digits} value must be in [-20, 100]`,
        );
      }
      const exact = integerOf(value);
      if (exact === undefined)
        return doubleFrom(Number.isFinite(number) ? roundDouble(number, digits, divide) : number);
      if (digits >= 0) return value;
      const size = 10n ** BigInt(-digits);
      return integerFrom(divide(exact, size) * size, typeName(value) === 'int');
    },
  };
}

function power([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  const base = numberOf(a);
  const exponent = numberOf(b);
  if (base === undefined) throw new MongoError(28762, `$pow's base must be numeric, not ${typeName(a)}`);
  if (exponent === undefined) throw new MongoError(28763, `$pow's exponent must be numeric, not ${typeName(b)}`);
  refuseDecimal('$pow', a, b);
  if (base === 0 && exponent < 0) throw new MongoError(28764, '$pow cannot take a base of 0 and a negative exponent');
  const left = integerOf(a);
  const right = integerOf(b);
  if (left === undefined || right === undefined || right < 0n) return doubleFrom(base ** exponent);
  // Beyond 64 bits the result is a double anyway: no need to compute a huge integer.
  if (Math.abs(base) > 1 && exponent > 64) return doubleFrom(base ** exponent);
  const exact = left ** right;
  return integerFrom(exact, typeName(a) === 'int' && typeName(b) === 'int');
}

function logarithm([a, b]: unknown[]): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  const value = numberOf(a);
  const base = numberOf(b);
  if (value === undefined) throw new MongoError(28756, `$log's argument must be numeric, not ${typeName(a)}`);
  if (base === undefined) throw new MongoError(28757, `$log's base must be numeric, not ${typeName(b)}`);
  refuseDecimal('$log', a, b);
  if (value <= 0) throw new MongoError(28758, `$log's argument must be a positive number, but is ${value}`);
  if (base <= 0 || base === 1)
    throw new MongoError(28759, `$log's base must be a positive number not equal to 1, but is ${base}`);
  return doubleFrom(Math.log(value) / Math.log(base));
}

/** One array argument stands for its elements in `$sum`, `$avg`, `$min` and `$max`. */
function spread(args: unknown[]): unknown[] {
  return args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
}

/** The sum of the numbers among the values, the others left out; 14 for a Decimal128. */
export function sumOf(values: Iterable<unknown>): unknown {
  let sum: unknown = 0;
  for (const value of values) if (isNumeric(value)) sum = arithmetic('add', sum, value, '$sum');
  return sum;
}

/** The mean of the numbers among the values as a double, null when there is none; 14 for a Decimal128. */
export function averageOf(values: Iterable<unknown>): unknown {
  let count = 0;
  let sum: unknown = 0;
  for (const value of values) {
    if (!isNumeric(value)) continue;
    sum = arithmetic('add', sum, value, '$avg');
    count++;
  }
  return count === 0 ? null : doubleFrom((numberOf(sum) ?? 0) / count);
}

function extreme(sign: 1 | -1): PositionalOperator {
  return {
    min: 0,
    apply: (args, { collation }) => {
      let best: unknown = null;
      for (const value of spread(args)) {
        if (isNullish(value)) continue;
        if (best === null || compareValues(value, best, collation) * sign > 0) best = value;
      }
      return best;
    },
  };
}

function absolute(value: number, original: unknown): unknown {
  const exact = integerOf(original);
  if (exact === undefined) return doubleFrom(Math.abs(value));
  if (exact === -(2n ** 63n)) throw new MongoError(28680, "can't take $abs of long long min");
  return integerFrom(exact < 0n ? -exact : exact, typeName(original) === 'int');
}

function bitwise(operator: string, start: bigint, combine: (a: bigint, b: bigint) => bigint): PositionalOperator {
  return {
    min: 0,
    apply: (args) => {
      let result = start;
      let narrow = true;
      if (args.some(isNullish)) return null;
      for (const value of args) {
        const integer = integerOf(value);
        if (integer === undefined) throw typeMismatch(`${operator} only supports int and long operands.`);
        narrow &&= typeName(value) === 'int';
        result = combine(result, integer);
      }
      return integerFrom(BigInt.asIntN(64, result), narrow);
    },
  };
}

const finite = (value: number): boolean => Number.isFinite(value);
const unit = (value: number): boolean => value >= -1 && value <= 1;

/** Comparison, logic and numbers. */
export const NUMBER_OPERATORS: Readonly<Record<string, PositionalOperator>> = {
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: { min: 2, max: 2, apply: ([a, b], { collation }) => Math.sign(compareValues(a, b, collation)) },
  $not: { min: 1, max: 1, apply: ([value]) => !truthy(value) },
  $add: { min: 0, apply: add },
  $subtract: { min: 2, max: 2, apply: subtract },
  $multiply: { min: 0, apply: multiply },
  $divide: { min: 2, max: 2, apply: divide },
  $mod: { min: 2, max: 2, apply: modulo },
  $abs: unary('$abs', absolute),
  $ceil: rounding('$ceil', Math.ceil),
  $floor: rounding('$floor', Math.floor),
  $round: toPlace('$round', halfToEven),
  $trunc: toPlace('$trunc', towardsZero),
  $pow: { min: 2, max: 2, apply: power },
  $sqrt: real('$sqrt', Math.sqrt, (value) => value >= 0, 28714),
  $exp: real('$exp', Math.exp),
  $ln: real('$ln', Math.log, (value) => value > 0, 28766),
  $log10: real('$log10', Math.log10, (value) => value > 0, 28761),
  $log: { min: 2, max: 2, apply: logarithm },
  $sum: { min: 0, apply: (args) => sumOf(spread(args)) },
  $avg: { min: 0, apply: (args) => averageOf(spread(args)) },
  $min: extreme(-1),
  $max: extreme(1),
  $bitAnd: bitwise('$bitAnd', -1n, (a, b) => a & b),
  $bitOr: bitwise('$bitOr', 0n, (a, b) => a | b),
  $bitXor: bitwise('$bitXor', 0n, (a, b) => a ^ b),
  $bitNot: {
    min: 1,
    max: 1,
    apply: ([value]) => {
      if (isNullish(value)) return null;
      const integer = integerOf(value);
      if (integer === undefined)
        throw new MongoError(28765, `$bitNot only supports int and long, not ${typeName(value)}`);
      return integerFrom(~integer, typeName(value) === 'int');
    },
  },
  $sin: real('$sin', Math.sin, finite),
  $cos: real('$cos', Math.cos, finite),
  $tan: real('$tan', Math.tan, finite),
  $asin: real('$asin', Math.asin, unit),
  $acos: real('$acos', Math.acos, unit),
  $atan: real('$atan', Math.atan),
  $sinh: real('$sinh', Math.sinh),
  $cosh: real('$cosh', Math.cosh),
  $tanh: real('$tanh', Math.tanh),
  $asinh: real('$asinh', Math.asinh),
  $acosh: real('$acosh', Math.acosh, (value) => value >= 1),
  $atanh: real('$atanh', Math.atanh, unit),
  $degreesToRadians: real('$degreesToRadians', (value) => (value * Math.PI) / 180),
  $radiansToDegrees: real('$radiansToDegrees', (value) => (value * 180) / Math.PI),
  $atan2: {
    min: 2,
    max: 2,
    apply: ([a, b]) => {
      if (isNullish(a) || isNullish(b)) return null;
      const y = numberOf(a);
      const x = numberOf(b);
      if (y === undefined || x === undefined) throw new MongoError(51044, '$atan2 only supports numeric types');
      refuseDecimal('$atan2', a, b);
      return doubleFrom(Math.atan2(y, x));
    },
  },
  $rand: { min: 0, max: 1, apply: () => doubleFrom(Math.random()) },
};
