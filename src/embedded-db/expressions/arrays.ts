import { type Doc, setOwn } from '../bson-codec.ts';
import { compareValues, equalValues, isDoc, numberOf, shown, typeName } from '../bson-values.ts';
import type { Collation } from '../collation.ts';
import { MongoError } from '../mongo-error.ts';
import { compileSort } from '../sort.ts';
import { ValueMap } from '../value-map.ts';
import { isNullish, truthy } from './numbers.ts';
import type { NamedOperator, PositionalOperator } from './operators.ts';

function integer(value: unknown): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number) ? number : undefined;
}

function one(apply: (value: unknown) => unknown): PositionalOperator {
  return { min: 1, max: 1, apply: ([value]) => apply(value) };
}

function elementAt([list, at]: unknown[]): unknown {
  if (isNullish(list) || isNullish(at)) return null;
  if (!Array.isArray(list)) {
    throw new MongoError(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(list)}`);
  }
  if (numberOf(at) === undefined) {
    throw new MongoError(28690, `$arrayElemAt's second argument must be a numeric value, but is ${typeName(at)}`);
  }
  const index = integer(at);
  if (index === undefined) {
    throw new MongoError(28691, "$arrayElemAt's second argument must be representable as a 32-bit integer");
  }
  return list[index < 0 ? list.length + index : index];
}

function edge(operator: '$first' | '$last'): PositionalOperator {
  return one((list) => {
    if (isNullish(list)) return null;
    if (!Array.isArray(list))
      throw new MongoError(28689, `${operator}'s argument must be an array, but is ${typeName(list)}`);
    return operator === '$first' ? list[0] : list[list.length - 1];
  });
}

function concatArrays(args: unknown[]): unknown {
  const result: unknown[] = [];
  for (const list of args) {
    if (isNullish(list)) return null;
    if (!Array.isArray(list)) throw new MongoError(28664, `$concatArrays only supports arrays, not ${typeName(list)}`);
    for (const value of list) result.push(value);
  }
  return result;
}

function slice(args: unknown[]): unknown {
  const [list, a, b] = args;
  if (isNullish(list) || isNullish(a) || (args.length === 3 && isNullish(b))) return null;
  if (!Array.isArray(list))
    throw new MongoError(28724, `First argument to $slice must be an array, but is of type: ${typeName(list)}`);
  const first = integer(a);
  if (first === undefined)
    throw new MongoError(28725, `Second argument to $slice must be a numeric value, but is of type: ${typeName(a)}`);
  if (args.length === 2) return first < 0 ? list.slice(Math.max(0, list.length + first)) : list.slice(0, first);
  const count = integer(b);
  if (count === undefined)
    throw new MongoError(28727, `Third argument to $slice must be numeric, but is of type: ${typeName(b)}`);
  if (count <= 0) throw new MongoError(28729, `Third argument to $slice must be positive: ${count}`);
  const start = first < 0 ? Math.max(0, list.length + first) : first;
  return list.slice(start, start + count);
}

function range([start, end, step = 1]: unknown[]): unknown {
  const [from, to, by] = [start, end, step].map((value, i) => {
    const number = numberOf(value);
    if (number === undefined)
      throw new MongoError([34443, 34445, 34447][i] ?? 2, `$range requires numeric values, found ${typeName(value)}`);
    if (!Number.isInteger(number) || (number | 0) !== number) {
      throw new MongoError(
        [34444, 34446, 34448][i] ?? 2,
        '$range requires values that can be represented as 32-bit integers',
      );
    }
    return number;
  }) as [number, number, number];
  if (by === 0) throw new MongoError(34449, '$range requires a non-zero step value');
  const count = Math.max(0, Math.ceil((to - from) / by));
  if (count > 4_000_000) throw new MongoError(146, '$range would use too much memory');
  return Array.from({ length: count }, (_, i) => from + i * by);
}

function indexOfArray([list, wanted, start, end]: unknown[], collation: Collation | undefined): unknown {
  if (isNullish(list)) return null;
  if (!Array.isArray(list))
    throw new MongoError(40090, `$indexOfArray requires an array as a first argument, found: ${typeName(list)}`);
  const from = position('$indexOfArray', start, 0);
  const to = Math.min(list.length, position('$indexOfArray', end, list.length));
  for (let i = from; i < to; i++) if (equalValues(list[i], wanted, collation)) return i;
  return -1;
}

/** A start or end argument of `$indexOfArray` and its kin. */
export function position(operator: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = integer(value);
  if (number === undefined)
    throw new MongoError(40096, `${operator} requires an integral starting and ending index, found ${typeName(value)}`);
  if (number < 0)
    throw new MongoError(40097, `${operator} requires a nonnegative starting and ending index, found: ${number}`);
  return number;
}

function setOf(operator: string, value: unknown, code: number): unknown[] {
  if (!Array.isArray(value))
    throw new MongoError(
      code,
      `All operands of ${operator} must be arrays. One argument is of type: ${typeName(value)}`,
    );
  return value;
}

function distinct(values: Iterable<unknown>, collation: Collation | undefined): ValueMap<unknown> {
  const set = new ValueMap<unknown>(collation);
  for (const value of values) if (!set.has(value)) set.set(value, value);
  return set;
}

function setUnion(args: unknown[], collation: Collation | undefined): unknown {
  if (args.some(isNullish)) return null;
  const all = args.flatMap((value) => setOf('$setUnion', value, 17043));
  return [...distinct(all, collation).values()].sort((a, b) => compareValues(a, b, collation));
}

function setIntersection(args: unknown[], collation: Collation | undefined): unknown {
  if (args.some(isNullish)) return null;
  const [first = [], ...others] = args.map((value) => setOf('$setIntersection', value, 17047));
  const sets = others.map((values) => distinct(values, collation));
  return [...distinct(first, collation).values()]
    .filter((value) => sets.every((set) => set.has(value)))
    .sort((a, b) => compareValues(a, b, collation));
}

function setDifference([a, b]: unknown[], collation: Collation | undefined): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  const excluded = distinct(setOf('$setDifference', b, 17049), collation);
  return [...distinct(setOf('$setDifference', a, 17048), collation).values()].filter((value) => !excluded.has(value));
}

function setEquals(args: unknown[], collation: Collation | undefined): unknown {
  const sets = args.map((value) => distinct(setOf('$setEquals', value, 17044), collation));
  const [first, ...others] = sets;
  return others.every((set) => set.size === first?.size && [...set.values()].every((value) => first.has(value)));
}

function setIsSubset([a, b]: unknown[], collation: Collation | undefined): unknown {
  const all = distinct(setOf('$setIsSubset', b, 17042), collation);
  return setOf('$setIsSubset', a, 17046).every((value) => all.has(value));
}

function quantifier(operator: string, code: number, method: 'every' | 'some'): PositionalOperator {
  return one((list) => {
    if (!Array.isArray(list))
      throw new MongoError(code, `${operator}'s argument must be an array, but is ${typeName(list)}`);
    return list[method]((value) => truthy(value));
  });
}

function arrayToObject(list: unknown): unknown {
  if (isNullish(list)) return null;
  if (!Array.isArray(list))
    throw new MongoError(40386, `$arrayToObject requires an array input, found: ${typeName(list)}`);
  const result: Doc = {};
  for (const entry of list) {
    let key: unknown;
    let value: unknown;
    if (Array.isArray(entry)) {
      if (entry.length !== 2) throw new MongoError(40397, '$arrayToObject requires an array of size 2 arrays');
      [key, value] = entry;
    } else if (isDoc(entry)) {
      if (Object.keys(entry).length !== 2 || !Object.hasOwn(entry, 'k') || !Object.hasOwn(entry, 'v')) {
        throw new MongoError(40392, "$arrayToObject requires an object with keys of 'k' and 'v'");
      }
      key = entry.k;
      value = entry.v;
    } else throw new MongoError(40398, `Unrecognised input type format for $arrayToObject: ${typeName(entry)}`);
    if (typeof key !== 'string')
      throw new MongoError(40394, `$arrayToObject requires a string key, found: ${typeName(key)}`);
    if (key.includes('\0')) throw new MongoError(4940401, 'Key field cannot contain an embedded null byte');
    setOwn(result, key, value);
  }
  return result;
}

function zip({ inputs, useLongestLength, defaults }: Doc): unknown {
  if (isNullish(inputs)) return null;
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw new MongoError(34461, 'inputs must be an array of expressions');
  const lists: unknown[][] = [];
  for (const list of inputs) {
    if (isNullish(list)) return null;
    if (!Array.isArray(list))
      throw new MongoError(34468, `$zip found a non-array expression in input: ${typeName(list)}`);
    lists.push(list);
  }
  if (useLongestLength !== undefined && typeof useLongestLength !== 'boolean') {
    throw new MongoError(34463, 'useLongestLength must be a bool');
  }
  if (defaults !== undefined && !useLongestLength)
    throw new MongoError(34466, 'cannot specify defaults unless useLongestLength is true');
  if (defaults !== undefined && (!Array.isArray(defaults) || defaults.length !== lists.length)) {
    throw new MongoError(34467, 'defaults and inputs must have the same length');
  }
  const lengths = lists.map((list) => list.length);
  const length = useLongestLength ? Math.max(...lengths) : Math.min(...lengths);
  const missing = (defaults ?? []) as unknown[];
  return Array.from({ length }, (_, row) =>
    lists.map((list, i) => (row < list.length ? list[row] : missing[i]) ?? null),
  );
}

function sortArray({ input, sortBy }: Doc, collation: Collation | undefined): unknown {
  if (isNullish(input)) return null;
  if (!Array.isArray(input))
    throw new MongoError(
      2942504,
      `The input argument to $sortArray must be an array, but was of type: ${typeName(input)}`,
    );
  if (isDoc(sortBy)) {
    const sort = compileSort(sortBy, collation);
    return sort ? [...input].sort((a, b) => sort.compare(isDoc(a) ? a : {}, isDoc(b) ? b : {})) : input;
  }
  const direction = numberOf(sortBy);
  if (direction !== 1 && direction !== -1) throw new MongoError(2942507, 'sortBy must be 1, -1 or an object');
  return [...input].sort((a, b) => direction * compareValues(a, b, collation));
}

function firstValues(
  operator: string,
  pick: (list: unknown[], count: number, collation: Collation | undefined) => unknown[],
): NamedOperator {
  return {
    required: ['n', 'input'],
    optional: [],
    apply: ({ n, input }, { collation }) => {
      if (!Array.isArray(input)) throw new MongoError(5788200, `${operator}: input must be an array`);
      const count = integer(n);
      if (count === undefined || count < 1)
        throw new MongoError(5787908, `'n' must be greater than 0, found ${shown(n)}`);
      return pick(input, count, collation);
    },
  };
}

function inArray([value, list]: unknown[], collation: Collation | undefined): boolean {
  if (!Array.isArray(list))
    throw new MongoError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
  return list.some((item) => equalValues(item, value, collation));
}

function sizeOf(list: unknown): number {
  if (!Array.isArray(list))
    throw new MongoError(17124, `The argument to $size must be an array, but was of type: ${typeName(list)}`);
  return list.length;
}

function reverse(list: unknown): unknown {
  if (isNullish(list)) return null;
  if (!Array.isArray(list))
    throw new MongoError(34435, `The argument to $reverseArray must be an array, but was of type: ${typeName(list)}`);
  return [...list].reverse();
}

const present = (list: unknown[]): unknown[] => list.filter((value) => !isNullish(value));

/** Arrays and sets. */
export const ARRAY_OPERATORS: {
  readonly positional: Readonly<Record<string, PositionalOperator>>;
  readonly named: Readonly<Record<string, NamedOperator>>;
} = {
  positional: {
    $arrayElemAt: { min: 2, max: 2, apply: elementAt },
    $first: edge('$first'),
    $last: edge('$last'),
    $size: one(sizeOf),
    $isArray: one(Array.isArray),
    $in: { min: 2, max: 2, apply: (args, { collation }) => inArray(args, collation) },
    $concatArrays: { min: 0, apply: concatArrays },
    $slice: { min: 2, max: 3, apply: slice },
    $reverseArray: one(reverse),
    $range: { min: 2, max: 3, apply: range },
    $indexOfArray: { min: 2, max: 4, apply: (args, { collation }) => indexOfArray(args, collation) },
    $arrayToObject: one(arrayToObject),
    $setUnion: { min: 0, apply: (args, { collation }) => setUnion(args, collation) },
    $setIntersection: { min: 0, apply: (args, { collation }) => setIntersection(args, collation) },
    $setDifference: { min: 2, max: 2, apply: (args, { collation }) => setDifference(args, collation) },
    $setEquals: { min: 2, apply: (args, { collation }) => setEquals(args, collation) },
    $setIsSubset: { min: 2, max: 2, apply: (args, { collation }) => setIsSubset(args, collation) },
    $allElementsTrue: quantifier('$allElementsTrue', 17040, 'every'),
    $anyElementTrue: quantifier('$anyElementTrue', 17041, 'some'),
  },
  named: {
    $zip: { required: ['inputs'], optional: ['useLongestLength', 'defaults'], apply: zip },
    $sortArray: {
      required: ['input', 'sortBy'],
      optional: [],
      apply: (args, { collation }) => sortArray(args, collation),
    },
    $firstN: firstValues('$firstN', (list, count) => list.slice(0, count)),
    $lastN: firstValues('$lastN', (list, count) => list.slice(-count)),
    $minN: firstValues('$minN', (list, count, order) =>
      present(list)
        .sort((a, b) => compareValues(a, b, order))
        .slice(0, count),
    ),
    $maxN: firstValues('$maxN', (list, count, order) =>
      present(list)
        .sort((a, b) => compareValues(b, a, order))
        .slice(0, count),
    ),
  },
};
