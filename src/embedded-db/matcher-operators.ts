import { Binary, Long, MaxKey, MinKey } from 'bson';
import { integerOf } from './arithmetic.ts';
import {
  compareValues,
  equalValues,
  isDoc,
  isNumeric,
  numberOf,
  RANK,
  regexOf,
  type StringOrder,
  shown,
  TYPE_CODES,
  typeName,
  typeOrder,
} from './bson-values.ts';
import { badValue, failedToParse } from './mongo-error.ts';
import { compileRegex } from './regex.ts';
import { ValueMap } from './value-map.ts';

/** Tests a value that is not followed into arrays any more; `undefined` is a missing field. */
export type Test = (value: unknown) => boolean;

export function isRegex(value: unknown): boolean {
  return typeOrder(value) === RANK.regex;
}

/** Equality; null is equal to missing. */
export function equality(wanted: unknown, order: StringOrder | undefined): Test {
  if (wanted === null || wanted === undefined) return (value) => value === null || value === undefined;
  if (typeof wanted === 'string' && !order)
    return (value) => value === wanted || (typeof value === 'object' && equalValues(value, wanted));
  if (typeof wanted === 'boolean') return (value) => value === wanted;
  if (typeof wanted === 'number' && !Number.isNaN(wanted)) {
    return (value) => value === wanted || (typeof value === 'object' && value !== null && equalValues(value, wanted));
  }
  return (value) => value !== undefined && equalValues(value, wanted, order);
}

/** `$gt`, `$gte`, `$lt`, `$lte`: only values of the same type compare, except with MinKey and MaxKey. */
export function inequality(operator: string, bound: unknown, order: StringOrder | undefined, path: string): Test {
  if (isRegex(bound)) throw badValue(`Can't have RegEx as arg to predicate over field '${path}'.`);
  const orEqual = operator === '$gte' || operator === '$lte';
  const sign = operator === '$gt' || operator === '$gte' ? 1 : -1;
  const passes = (result: number): boolean => (result === 0 ? orEqual : result > 0 === sign > 0);
  if (bound === null || bound === undefined)
    return orEqual ? (value) => value === null || value === undefined : () => false;
  if (bound instanceof MinKey || bound instanceof MaxKey) {
    return (value) => value !== undefined && passes(compareValues(value, bound));
  }
  const rank = typeOrder(bound);
  if (rank === RANK.number) {
    const limit = numberOf(bound) as number;
    if (Number.isNaN(limit))
      return orEqual ? (value) => isNumeric(value) && Number.isNaN(numberOf(value)) : () => false;
    return (value) => {
      if (typeof value === 'number' && typeof bound === 'number') {
        if (sign > 0) return orEqual ? value >= bound : value > bound;
        return orEqual ? value <= bound : value < bound;
      }
      return typeOrder(value) === RANK.number && !Number.isNaN(numberOf(value)) && passes(compareValues(value, bound));
    };
  }
  return (value) => value !== undefined && typeOrder(value) === rank && passes(compareValues(value, bound, order));
}

/** A regular expression finds strings that it matches, and is equal to itself stored as a value. */
export function regexTest(pattern: string, options: string): Test {
  const regex = compileRegex(pattern, options);
  return (value) => {
    if (typeof value === 'string') return regex.test(value);
    if (typeof value !== 'object' || value === null) return false;
    if (typeName(value) === 'symbol') return regex.test(String(value));
    if (!isRegex(value)) return false;
    const stored = regexOf(value);
    return stored.pattern === pattern && stored.options === options;
  };
}

/** `$in`, of which a regular expression is a pattern. */
export function inList(list: unknown, order: StringOrder | undefined, operator: string): Test {
  if (!Array.isArray(list)) throw badValue(`${operator} needs an array`);
  const set = new ValueMap<true>(order);
  const patterns: Test[] = [];
  let nullToo = false;
  for (const value of list) {
    if (isRegex(value)) {
      const { pattern, options } = regexOf(value);
      patterns.push(regexTest(pattern, options));
    } else if (isDoc(value) && Object.keys(value)[0]?.startsWith('$') && !isReference(value)) {
      throw badValue(`cannot nest $ under ${operator}`);
    } else if (value === null || value === undefined) nullToo = true;
    else set.set(value, true);
  }
  const [single] = list;
  if (list.length === 1 && patterns.length === 0 && !nullToo) return equality(single, order);
  return (value) => {
    if (value === null || value === undefined) return nullToo;
    return set.has(value) || patterns.some((test) => test(value));
  };
}

/** A database reference, whose `$`-names are data. */
export function isReference(value: object): boolean {
  return Object.hasOwn(value, '$ref') || Object.hasOwn(value, '$id') || Object.hasOwn(value, '$db');
}

function typeSetOf(value: unknown): string[] {
  if (typeof value === 'string') {
    if (value === 'number') return ['int', 'long', 'double', 'decimal'];
    if (!TYPE_CODES.has(value)) throw badValue(`Unknown type name alias: ${value}`);
    return [value];
  }
  const code = numberOf(value);
  if (code === undefined) throw typeMismatchOfType();
  if (code === 0) throw badValue('Invalid numerical type code: 0. Instead use {$exists:false}.');
  const name = [...TYPE_CODES].find(([, number]) => number === code)?.[0];
  if (name === undefined) throw badValue(`Invalid numerical type code: ${code}`);
  return [name];
}

function typeMismatchOfType(): Error {
  return badValue('type must be represented as a number or a string');
}

export function typeTest(argument: unknown): Test {
  const list = Array.isArray(argument) ? argument : [argument];
  if (list.length === 0) throw failedToParse('$type must match at least one type');
  const names = new Set(list.flatMap(typeSetOf));
  return (value) => value !== undefined && names.has(typeName(value));
}

export function modTest(argument: unknown): Test {
  if (!Array.isArray(argument)) throw badValue('malformed mod, needs to be an array');
  if (argument.length < 2) throw badValue('malformed mod, not enough elements');
  if (argument.length > 2) throw badValue('malformed mod, too many elements');
  const [divisor, remainder] = argument.map((value, i) => {
    const number = numberOf(value);
    if (number === undefined) throw badValue(`malformed mod, ${i === 0 ? 'divisor' : 'remainder'} not a number`);
    if (!Number.isFinite(number))
      throw badValue(`malformed mod, ${i === 0 ? 'divisor' : 'remainder'} value is invalid`);
    return integerOf(value) ?? BigInt(Math.trunc(number));
  }) as [bigint, bigint];
  if (divisor === 0n) throw badValue('divisor cannot be 0');
  const small = Number(divisor);
  const rest = Number(remainder);
  return (value) => {
    const number = numberOf(value);
    if (number === undefined || !Number.isFinite(number)) return false;
    if (Math.abs(number) <= Number.MAX_SAFE_INTEGER && Number.isSafeInteger(small))
      return Math.trunc(number) % small === rest;
    if (Math.abs(number) >= 2 ** 63 && integerOf(value) === undefined) return false;
    return (integerOf(value) ?? BigInt(Math.trunc(number))) % divisor === remainder;
  };
}

/** A length that an operator asks for: a whole number of any type, 0 or more. */
export function sizeTest(argument: unknown): Test {
  const size = numberOf(argument);
  if (size === undefined) throw badValue(`Failed to parse $size. Expected a number in: $size: ${typeName(argument)}`);
  if (!Number.isInteger(size)) throw badValue('Failed to parse $size. Expected an integer');
  if (size < 0) throw badValue('Failed to parse $size. Expected a non-negative number');
  return (value) => Array.isArray(value) && value.length === size;
}

function bitPositions(operator: string, argument: unknown): number[] {
  if (Array.isArray(argument)) {
    return argument.map((value) => {
      const position = numberOf(value);
      if (position === undefined || !Number.isInteger(position))
        throw badValue(`bit positions must be an integer but got: ${shown(value)}`);
      if (position < 0) throw badValue(`bit positions must be >= 0 but got: ${position}`);
      return position;
    });
  }
  if (argument instanceof Binary) {
    const positions: number[] = [];
    for (let i = 0; i < argument.position * 8; i++) {
      if (((argument.buffer[i >> 3] as number) >> (i & 7)) & 1) positions.push(i);
    }
    return positions;
  }
  const number = numberOf(argument);
  if (number === undefined)
    throw badValue(`${operator} takes an Array, a number, or a BinData but received: ${typeName(argument)}`);
  if (!Number.isInteger(number) || Math.abs(number) >= 2 ** 63)
    throw failedToParse(`Failed to parse ${operator}. Expected an integer`);
  if (number < 0) throw failedToParse(`Failed to parse ${operator}. Expected a non-negative number`);
  let mask = integerOf(argument) ?? BigInt(number);
  const positions: number[] = [];
  for (let i = 0; mask > 0n; i++, mask >>= 1n) if (mask & 1n) positions.push(i);
  return positions;
}

/** The bit at a position of a number (two's complement, the sign beyond 63) or of binary data; `undefined` when it has none. */
function bitsOf(value: unknown): ((position: number) => boolean) | undefined {
  if (value instanceof Binary) {
    return (position) => {
      const byte = position >> 3;
      return byte < value.position && (((value.buffer[byte] as number) >> (position & 7)) & 1) === 1;
    };
  }
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number)) return undefined;
  if (!(value instanceof Long) && (number >= 2 ** 63 || number < -(2 ** 63))) return undefined;
  const bits = integerOf(value) ?? BigInt(number);
  return (position) => ((bits >> BigInt(Math.min(position, 63))) & 1n) === 1n;
}

export function bitTest(operator: string, argument: unknown): Test {
  const positions = bitPositions(operator, argument);
  const wanted = operator === '$bitsAllSet' || operator === '$bitsAnySet';
  const all = operator === '$bitsAllSet' || operator === '$bitsAllClear';
  return (value) => {
    const bit = bitsOf(value);
    if (!bit) return false;
    return all
      ? positions.every((position) => bit(position) === wanted)
      : positions.some((position) => bit(position) === wanted);
  };
}
