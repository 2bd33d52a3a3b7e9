import { BSONRegExp, BSONSymbol, Code } from 'bson';
import type { Doc } from '../bson-codec.ts';
import { compareStrings, isNumeric, numberOf, regexOf, typeName } from '../bson-values.ts';
import { MongoError } from '../mongo-error.ts';
import { compileRegex } from '../regex.ts';
import { position } from './arrays.ts';
import { numberText } from './conversions.ts';
import { isNullish } from './numbers.ts';
import type { NamedOperator, PositionalOperator } from './operators.ts';

/** The text of a value where an operator takes strings, numbers and dates; '' for null and missing. */
function coerced(operator: string, value: unknown): string {
  if (isNullish(value)) return '';
  if (typeof value === 'string') return value;
  if (value instanceof BSONSymbol) return value.value;
  if (value instanceof Code) return value.code;
  if (isNumeric(value)) return numberText(value);
  if (value instanceof Date) return value.toISOString();
  throw new MongoError(16007, `${operator}: can't convert from BSON type ${typeName(value)} to String`);
}

function one(apply: (value: unknown) => unknown): PositionalOperator {
  return { min: 1, max: 1, apply: ([value]) => apply(value) };
}

function concat(args: unknown[]): unknown {
  let result = '';
  for (const value of args) {
    if (isNullish(value)) return null;
    if (typeof value !== 'string') throw new MongoError(16702, `$concat only supports strings, not ${typeName(value)}`);
    result += value;
  }
  return result;
}

/** `$toUpper` and `$toLower` change ASCII letters only, as the server documents. */
function upper(value: unknown): string {
  return coerced('$toUpper', value).replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function lower(value: unknown): string {
  return coerced('$toLower', value).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function integer(operator: string, value: unknown, code: number): number {
  const number = numberOf(value);
  if (number === undefined || !Number.isInteger(number)) {
    throw new MongoError(
      code,
      `${operator}: starting index and length must be integral numbers, found ${typeName(value)}`,
    );
  }
  return number;
}

function substrBytes([value, start, length]: unknown[]): unknown {
  const bytes = Buffer.from(coerced('$substrBytes', value));
  const from = integer('$substrBytes', start, 16034);
  const count = integer('$substrBytes', length, 16035);
  if (from < 0) throw new MongoError(50752, `$substrBytes: starting index must be non-negative (got: ${from})`);
  const to = count < 0 ? bytes.length : Math.min(bytes.length, from + count);
  const inside = (at: number): boolean => at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80;
  if (inside(from))
    throw new MongoError(28656, '$substrBytes: Invalid range, starting index is a UTF-8 continuation byte.');
  if (inside(to))
    throw new MongoError(28657, '$substrBytes: Invalid range, ending index is in the middle of a UTF-8 character.');
  return bytes.toString('utf8', Math.min(from, bytes.length), to);
}

function substrCP([value, start, length]: unknown[]): unknown {
  const from = integer('$substrCP', start, 34451);
  const count = integer('$substrCP', length, 34453);
  if (from < 0) throw new MongoError(34455, `$substrCP: the starting index must be nonnegative integer. Got: ${from}`);
  if (count < 0) throw new MongoError(34454, `$substrCP: length must be a nonnegative integer. Got: ${count}`);
  return [...coerced('$substrCP', value)].slice(from, from + count).join('');
}

function indexOf(operator: string, units: (text: string) => unknown[]): PositionalOperator {
  return {
    min: 2,
    max: 4,
    apply: ([text, wanted, start, end]) => {
      if (isNullish(text)) return null;
      if (typeof text !== 'string')
        throw new MongoError(40091, `${operator} requires a string as the first argument, found: ${typeName(text)}`);
      if (typeof wanted !== 'string')
        throw new MongoError(40092, `${operator} requires a string as the second argument, found: ${typeName(wanted)}`);
      const from = position(operator, start, 0);
      const all = units(text);
      const part = units(wanted);
      const to = Math.min(all.length, position(operator, end, all.length));
      for (let i = from; i + part.length <= to; i++) {
        if (part.every((unit, k) => unit === all[i + k])) return i;
      }
      return -1;
    },
  };
}

function split([text, separator]: unknown[]): unknown {
  if (isNullish(text)) return null;
  if (typeof text !== 'string')
    throw new MongoError(
      40085,
      `$split requires an expression that evaluates to a string as a first argument, found: ${typeName(text)}`,
    );
  if (isNullish(separator)) return null;
  if (separator instanceof BSONRegExp || separator instanceof RegExp) {
    throw new MongoError(40086, '$split: the embedded database splits by strings only');
  }
  if (typeof separator !== 'string')
    throw new MongoError(
      40086,
      `$split requires an expression that evaluates to a string as a second argument, found: ${typeName(separator)}`,
    );
  if (separator === '') throw new MongoError(40087, '$split requires a non-empty separator');
  return text.split(separator);
}

function caseCompare([a, b]: unknown[]): number {
  return compareStrings(upper(a), upper(b));
}

const BLANK = new Set(
  [...'\0 \t\n\v\f\r\u00a0\u1680'].concat(Array.from({ length: 11 }, (_, i) => String.fromCharCode(0x2000 + i))),
);

function trim(operator: string, left: boolean, right: boolean): NamedOperator {
  return {
    required: ['input'],
    optional: ['chars'],
    apply: ({ input, chars }, _context, given) => {
      if (isNullish(input)) return null;
      if (typeof input !== 'string')
        throw new MongoError(50699, `${operator} requires its input to be a string, got ${typeName(input)}`);
      if (given.has('chars') && isNullish(chars)) return null;
      if (chars !== undefined && typeof chars !== 'string') {
        throw new MongoError(50700, `${operator} requires 'chars' to be a string, got ${typeName(chars)}`);
      }
      const set = chars === undefined ? BLANK : new Set(chars);
      const units = [...input];
      let from = 0;
      let to = units.length;
      while (left && from < to && set.has(units[from] as string)) from++;
      while (right && to > from && set.has(units[to - 1] as string)) to--;
      return units.slice(from, to).join('');
    },
  };
}

function replacement(operator: string, apply: (input: string, find: string, by: string) => string): NamedOperator {
  return {
    required: ['input', 'find', 'replacement'],
    optional: [],
    apply: ({ input, find, replacement: by }) => {
      for (const [code, value] of [
        [51746, input],
        [51745, find],
        [51744, by],
      ] as const) {
        if (!isNullish(value) && typeof value !== 'string') {
          throw new MongoError(code, `${operator} requires strings, found: ${typeName(value)}`);
        }
      }
      if (typeof input !== 'string' || typeof find !== 'string' || typeof by !== 'string') return null;
      return apply(input, find, by);
    },
  };
}

function replaceFirst(input: string, find: string, by: string): string {
  const at = input.indexOf(find);
  return at < 0 ? input : input.slice(0, at) + by + input.slice(at + find.length);
}

function searcher(operator: string, { regex, options }: Doc, flags: string): RegExp | null {
  if (!isNullish(options) && typeof options !== 'string')
    throw new MongoError(51106, `${operator} needs 'options' to be of type string`);
  if (isNullish(regex)) return null;
  const own = options ?? '';
  if (typeof regex === 'string') return compileRegex(regex, own, flags);
  if (!(regex instanceof BSONRegExp) && !(regex instanceof RegExp)) {
    throw new MongoError(51105, `${operator} needs 'regex' to be of type string or regex`);
  }
  const found = regexOf(regex);
  if (found.options !== '' && own !== '') {
    throw new MongoError(51107, `${operator}: found regex options specified in both 'regex' and 'options' fields`);
  }
  return compileRegex(found.pattern, found.options || own, flags);
}

function matchDocument(match: RegExpMatchArray, input: string): Doc {
  return {
    match: match[0],
    idx: [...input.slice(0, match.index)].length,
    captures: match.slice(1).map((capture) => capture ?? null),
  };
}

function search(
  operator: string,
  flags: string,
  apply: (regex: RegExp | null, input: string | null) => unknown,
): NamedOperator {
  return {
    required: ['input', 'regex'],
    optional: ['options'],
    apply: (args) => {
      const { input } = args;
      if (!isNullish(input) && typeof input !== 'string')
        throw new MongoError(51104, `${operator} needs 'input' to be of type string`);
      return apply(searcher(operator, args, flags), input ?? null);
    },
  };
}

const length = (code: number, operator: string, count: (text: string) => number): PositionalOperator =>
  one((value) => {
    if (typeof value !== 'string')
      throw new MongoError(code, `${operator} requires a string argument, found: ${typeName(value)}`);
    return count(value);
  });

/** Strings and regular expressions. */
export const TEXT_OPERATORS: {
  readonly positional: Readonly<Record<string, PositionalOperator>>;
  readonly named: Readonly<Record<string, NamedOperator>>;
} = {
  positional: {
    $concat: { min: 0, apply: concat },
    $toUpper: one(upper),
    $toLower: one(lower),
    $strLenCP: length(34471, '$strLenCP', (text) => [...text].length),
    $strLenBytes: length(34473, '$strLenBytes', (text) => Buffer.byteLength(text)),
    $substr: { min: 3, max: 3, apply: substrBytes },
    $substrBytes: { min: 3, max: 3, apply: substrBytes },
    $substrCP: { min: 3, max: 3, apply: substrCP },
    $indexOfBytes: indexOf('$indexOfBytes', (text) => [...Buffer.from(text)]),
    $indexOfCP: indexOf('$indexOfCP', (text) => [...text]),
    $split: { min: 2, max: 2, apply: split },
    $strcasecmp: { min: 2, max: 2, apply: caseCompare },
  },
  named: {
    $trim: trim('$trim', true, true),
    $ltrim: trim('$ltrim', true, false),
    $rtrim: trim('$rtrim', false, true),
    $replaceOne: replacement('$replaceOne', replaceFirst),
    $replaceAll: replacement('$replaceAll', (input, find, by) => input.split(find).join(by)),
    $regexMatch: search('$regexMatch', '', (regex, input) => regex !== null && input !== null && regex.test(input)),
    $regexFind: search('$regexFind', '', (regex, input) => {
      const match = input === null ? null : regex?.exec(input);
      return match && input !== null ? matchDocument(match, input) : null;
    }),
    $regexFindAll: search('$regexFindAll', 'g', (regex, input) =>
      regex && input !== null ? Array.from(input.matchAll(regex), (match) => matchDocument(match, input)) : [],
    ),
  },
};
