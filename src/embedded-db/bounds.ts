import { BSONRegExp, Decimal128, MaxKey, MinKey } from 'bson';
import { isDoc, numberOf } from './bson-values.ts';
import { encodeBound, type IndexField, typeBound } from './index-keys.ts';
import { afterPrefix, type ByteRange, prefixRange } from './key-bytes.ts';
import type { Condition } from './matcher.ts';

/** Where the values that one condition accepts are in the encoding of one field; may contain others too. */
export interface Bounds {
  readonly ranges: readonly ByteRange[];
  /** Every range holds the encoding of exactly one value, so that the next field of an index can be bounded too. */
  readonly points: boolean;
}

/** Keys may be cut after so many bytes: no bound may look further. */
const SAFE_BOUND = 3800;
const STRING_SAMPLE = '';
const REGEX_SAMPLE = new BSONRegExp('');

interface Encoded {
  readonly bytes: Buffer;
  /** Equal bytes may belong to other values: a strict bound must include them. */
  readonly loose: boolean;
}

function encodeValue(value: unknown, direction: 1 | -1, inexact: boolean): Encoded {
  const field: IndexField[] = [{ path: '', direction }];
  const { bytes, truncated } = encodeBound([value], field);
  if (bytes.length > SAFE_BOUND) return { bytes: bytes.subarray(0, SAFE_BOUND), loose: true };
  return { bytes, loose: truncated || inexact || value instanceof Decimal128 };
}

function point(value: unknown, direction: 1 | -1, inexact: boolean): { range: ByteRange; point: boolean } {
  const { bytes, loose } = encodeValue(value, direction, inexact);
  return { range: prefixRange(bytes), point: !loose };
}

/** The bounds of a condition on a field with this direction; none when the condition cannot narrow an index. */
export function conditionBounds(
  condition: Condition,
  direction: 1 | -1,
  collated: boolean,
  inexact: boolean,
): Bounds | undefined {
  const { op, value } = condition;
  switch (op) {
    case '$eq':
      return equality([value], direction, collated, inexact);
    case '$in':
      return Array.isArray(value) ? equality(value, direction, collated, inexact) : undefined;
    case '$all': {
      if (!Array.isArray(value)) return undefined;
      // Each of them must be there: one is enough to narrow the search.
      const plain = value.find((item) => item !== null && !Array.isArray(item) && !isDoc(item) && !isRegex(item));
      return plain === undefined ? undefined : equality([plain], direction, collated, inexact);
    }
    case '$regex':
      return collated ? undefined : regexBounds(value as RegexText, direction);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return comparison(op, value, direction, collated, inexact);
    default:
      return undefined;
  }
}

function isRegex(value: unknown): value is BSONRegExp {
  return value instanceof BSONRegExp;
}

/** Whether a collation can make other values equal to this one. */
function collatable(value: unknown): boolean {
  return typeof value === 'string' || Array.isArray(value) || isDoc(value);
}

function equality(
  values: readonly unknown[],
  direction: 1 | -1,
  collated: boolean,
  inexact: boolean,
): Bounds | undefined {
  const ranges: ByteRange[] = [];
  let points = true;
  for (const value of values) {
    // An index holds the elements of an array, not the array.
    if (Array.isArray(value) || (collated && collatable(value))) return undefined;
    if (value === null || value === undefined) {
      for (const nothing of [null, undefined]) ranges.push(point(nothing, direction, false).range);
    } else if (isRegex(value) && values.length > 1) {
      if (collated) return undefined;
      ranges.push(...regexBounds(value, direction).ranges);
      points = false;
    } else {
      const found = point(value, direction, inexact);
      ranges.push(found.range);
      points &&= found.point;
    }
  }
  return { ranges: disjoint(ranges), points };
}

function comparison(
  op: '$gt' | '$gte' | '$lt' | '$lte',
  value: unknown,
  direction: 1 | -1,
  collated: boolean,
  inexact: boolean,
): Bounds | undefined {
  if (value === null || value === undefined) {
    return op === '$gte' || op === '$lte' ? equality([null], direction, collated, inexact) : undefined;
  }
  if (value instanceof MinKey || value instanceof MaxKey || Number.isNaN(numberOf(value) ?? 0)) return undefined;
  if (Array.isArray(value) || isDoc(value) || (collated && collatable(value))) return undefined;
  const { bytes, loose } = encodeValue(value, direction, inexact);
  const type = typeBound(value, direction);
  const included = loose || op === '$gte' || op === '$lte';
  const above = op === '$gt' || op === '$gte';
  const range =
    above === (direction === 1)
      ? { low: included ? bytes : afterPrefix(bytes), high: type.high }
      : { low: type.low, high: included ? afterPrefix(bytes) : bytes };
  return { ranges: [range], points: false };
}

/** How the matcher notes a regular expression, and what a BSON one has too. */
interface RegexText {
  readonly pattern: string;
  readonly options: string;
}

/** The text that everything matched by a case-sensitive `^literal` begins with; empty when nothing is known. */
export function literalPrefix({ pattern, options }: RegexText): string {
  if (!pattern.startsWith('^') || /[imx]/.test(options) || pattern.includes('|')) return '';
  const literal = /^[^\\^$.*+?()[\]{}|]*/.exec(pattern.slice(1))?.[0] ?? '';
  const next = pattern[1 + literal.length];
  // A quantifier makes the last character optional. Only whole code points are compared.
  return next === '*' || next === '?' || next === '{' ? [...literal].slice(0, -1).join('') : literal;
}

function regexBounds(regex: RegexText, direction: 1 | -1): Bounds {
  const strings = typeBound(STRING_SAMPLE, direction);
  const same = typeBound(REGEX_SAMPLE, direction);
  const prefix = literalPrefix(regex);
  let range: ByteRange = strings;
  if (prefix !== '') {
    // The encoding of a text ends with one byte that longer texts do not have there.
    const { bytes } = encodeBound([prefix], [{ path: '', direction }]);
    range = prefixRange(bytes.subarray(0, Math.min(bytes.length - 1, SAFE_BOUND)));
  }
  return { ranges: disjoint([range, same]), points: false };
}

function disjoint(ranges: readonly ByteRange[]): ByteRange[] {
  const sorted = [...ranges].sort((a, b) => Buffer.compare(a.low, b.low));
  return sorted.filter((range, at) => at === 0 || !range.low.equals((sorted[at - 1] as ByteRange).low));
}

/** What lies in both. */
export function intersect(a: Bounds, b: Bounds): Bounds {
  const ranges: ByteRange[] = [];
  for (const left of a.ranges) {
    for (const right of b.ranges) {
      const low = Buffer.compare(left.low, right.low) > 0 ? left.low : right.low;
      const high = Buffer.compare(left.high, right.high) < 0 ? left.high : right.high;
      if (Buffer.compare(low, high) < 0) ranges.push({ low, high });
    }
  }
  return { ranges, points: a.points || b.points };
}

/** Whether a document without the field can never satisfy the condition. */
export function excludesMissing({ op, value }: Condition): boolean {
  switch (op) {
    case '$eq':
    case '$gte':
    case '$lte':
      return value !== null && value !== undefined && !(value instanceof MinKey) && !(value instanceof MaxKey);
    case '$gt':
    case '$lt':
      return !(value instanceof MinKey) && !(value instanceof MaxKey);
    case '$in':
      return Array.isArray(value) && value.every((item) => item !== null && item !== undefined);
    case '$exists':
      return value === true || (typeof value !== 'boolean' && numberOf(value) !== undefined && numberOf(value) !== 0);
    case '$regex':
    case '$size':
    case '$mod':
    case '$elemMatch':
      return true;
    default:
      return false;
  }
}
