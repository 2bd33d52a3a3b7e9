import { Decimal128 } from 'bson';
import { arithmetic, doubleFrom } from './arithmetic.ts';
import type { Doc } from './bson-codec.ts';
import { compareValues, isDoc, isNumeric, numberOf, typeName } from './bson-values.ts';
import { type CompiledExpression, compileExpression, type ExpressionOptions } from './expressions/compile.ts';
import { mergeObjects } from './expressions/objects.ts';
import { decimalArithmetic, MongoError, typeMismatch } from './mongo-error.ts';
import { compileSort } from './sort.ts';
import { ValueMap } from './value-map.ts';

/** The accumulated value of one group. */
export interface Accumulator {
  add(doc: Doc): void;
  result(): unknown;
}

export interface CompiledAccumulator {
  start(): Accumulator;
  readonly fields: ReadonlySet<string> | undefined;
}

function nullish(value: unknown): boolean {
  return value === null || value === undefined;
}

type Start = (options: ExpressionOptions) => { add(value: unknown): void; result(): unknown };

function sum(): ReturnType<Start> {
  let total: unknown = 0;
  return {
    add: (value) => {
      if (typeof value === 'number' || isNumeric(value)) total = arithmetic('add', total, value, '$sum');
    },
    result: () => total,
  };
}

function average(): ReturnType<Start> {
  let total: unknown = 0;
  let count = 0;
  return {
    add: (value) => {
      if (!isNumeric(value)) return;
      total = arithmetic('add', total, value, '$avg');
      count++;
    },
    result: () => (count === 0 ? null : doubleFrom((numberOf(total) ?? 0) / count)),
  };
}

/** Welford's method: stable for values that are large compared with their spread. */
function deviation(operator: string, lost: 0 | 1): Start {
  return () => {
    let count = 0;
    let mean = 0;
    let squares = 0;
    return {
      add: (value) => {
        if (value instanceof Decimal128) throw decimalArithmetic(operator);
        const number = numberOf(value);
        if (number === undefined) return;
        count++;
        const delta = number - mean;
        mean += delta / count;
        squares += delta * (number - mean);
      },
      result: () => (count - lost <= 0 ? null : doubleFrom(Math.sqrt(squares / (count - lost)))),
    };
  };
}

function extreme(sign: 1 | -1): Start {
  return ({ collation }) => {
    let best: unknown;
    return {
      add: (value) => {
        if (nullish(value)) return;
        if (best === undefined || compareValues(value, best, collation) * sign > 0) best = value;
      },
      result: () => best ?? null,
    };
  };
}

function first(): ReturnType<Start> {
  let seen = false;
  let kept: unknown = null;
  return {
    add: (value) => {
      if (!seen) kept = value ?? null;
      seen = true;
    },
    result: () => kept,
  };
}

function last(): ReturnType<Start> {
  let kept: unknown = null;
  return {
    add: (value) => {
      kept = value ?? null;
    },
    result: () => kept,
  };
}

function push(): ReturnType<Start> {
  const list: unknown[] = [];
  return {
    add: (value) => {
      if (value !== undefined) list.push(value);
    },
    result: () => list,
  };
}

const addToSet: Start = ({ collation }) => {
  const set = new ValueMap<unknown>(collation ?? undefined);
  return {
    add: (value) => {
      if (value !== undefined && !set.has(value)) set.set(value, value);
    },
    result: () => [...set.values()],
  };
};

function merged(): ReturnType<Start> {
  let doc: Doc = {};
  return {
    add: (value) => {
      doc = mergeObjects([doc, value]);
    },
    result: () => doc,
  };
}

const SIMPLE: ReadonlyMap<string, Start> = new Map<string, Start>([
  ['$sum', sum],
  ['$avg', average],
  ['$min', extreme(-1)],
  ['$max', extreme(1)],
  ['$first', first],
  ['$last', last],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$mergeObjects', merged],
  ['$stdDevPop', deviation('$stdDevPop', 0)],
  ['$stdDevSamp', deviation('$stdDevSamp', 1)],
]);

function countOf(expression: unknown, options: ExpressionOptions): number {
  const { evaluate } = compileExpression(expression, options);
  const count = numberOf(evaluate({}));
  if (count === undefined || !Number.isInteger(count) || count < 1) {
    throw new MongoError(5787908, `'n' must be a constant greater than 0, found ${typeName(expression)}`);
  }
  return count;
}

function partsOf(name: string, argument: unknown, names: readonly string[]): Doc {
  if (!isDoc(argument))
    throw new MongoError(5787900, `specification must be an object; found ${name}: ${typeName(argument)}`);
  for (const key of Object.keys(argument)) {
    if (!names.includes(key)) throw new MongoError(5787901, `Unknown argument for '${name}' operator: ${key}`);
  }
  for (const key of names) {
    if (!Object.hasOwn(argument, key)) throw new MongoError(5787906, `Missing value for '${key}' in ${name}`);
  }
  return argument;
}

/** `$firstN` and `$lastN` keep null for a missing value; `$minN` and `$maxN` leave both out. */
function severalValues(name: string, argument: unknown, options: ExpressionOptions): CompiledAccumulator {
  const spec = partsOf(name, argument, ['input', 'n']);
  const count = countOf(spec.n, options);
  const input = compileExpression(spec.input, options);
  const sign = name === '$minN' ? 1 : -1;
  const order = (a: unknown, b: unknown): number => sign * compareValues(a, b, options.collation);
  return {
    fields: input.fields,
    start: () => {
      let kept: unknown[] = [];
      return {
        add: (doc) => {
          const value = input.evaluate(doc);
          if (name === '$firstN') {
            if (kept.length < count) kept.push(value ?? null);
          } else if (name === '$lastN') {
            kept.push(value ?? null);
            if (kept.length > count) kept.shift();
          } else if (!nullish(value)) {
            kept.push(value);
            if (kept.length > 2 * count) kept = kept.sort(order).slice(0, count);
          }
        },
        result: () => (name === '$minN' || name === '$maxN' ? kept.sort(order).slice(0, count) : kept),
      };
    },
  };
}

/** `$top`, `$bottom` and their N forms: outputs of the first or last documents in an order. */
function ranked(name: string, argument: unknown, options: ExpressionOptions): CompiledAccumulator {
  const several = name.endsWith('N');
  const spec = partsOf(name, argument, several ? ['n', 'output', 'sortBy'] : ['output', 'sortBy']);
  const count = several ? countOf(spec.n, options) : 1;
  if (!isDoc(spec.sortBy))
    throw new MongoError(10065, `expected 'sortBy' to already be an object in the arguments to ${name}`);
  const sort = compileSort(spec.sortBy, options.collation);
  if (!sort) throw new MongoError(15976, 'sortBy must have at least one sort key');
  const output = compileExpression(spec.output, options);
  const fields = output.fields && new Set([...output.fields, ...sort.fields]);
  const top = name.startsWith('$top');
  type Kept = { readonly key: readonly unknown[]; readonly value: unknown };
  return {
    fields,
    start: () => {
      let kept: Kept[] = [];
      const cut = (): Kept[] => {
        kept.sort((a, b) => sort.compareKeys(a.key, b.key));
        return top ? kept.slice(0, count) : kept.slice(-count);
      };
      return {
        add: (doc) => {
          kept.push({ key: sort.keyOf(doc), value: output.evaluate(doc) ?? null });
          if (kept.length > 2 * count + 10) kept = cut();
        },
        result: () => {
          const values = cut().map(({ value }) => value);
          return several ? values : (values[0] ?? null);
        },
      };
    },
  };
}

/** Compiles `{$sum: '$price'}`; 15952 for an accumulator that the engine has not. */
export function compileAccumulator(name: string, argument: unknown, options: ExpressionOptions): CompiledAccumulator {
  if (/^\$(?:first|last|min|max)N$/.test(name)) return severalValues(name, argument, options);
  if (/^\$(?:top|bottom)N?$/.test(name)) return ranked(name, argument, options);
  if (name === '$count') {
    if (!isDoc(argument) || Object.keys(argument).length > 0)
      throw typeMismatch('$count takes no arguments, i.e. $count:{}');
    return compileAccumulator('$sum', 1, options);
  }
  const start = SIMPLE.get(name);
  if (!start) throw new MongoError(15952, `unknown group operator '${name}'`);
  if (Array.isArray(argument) && argument.length !== 1) {
    throw new MongoError(40237, `The ${name} accumulator is a unary operator`);
  }
  const input: CompiledExpression = compileExpression(Array.isArray(argument) ? argument[0] : argument, options);
  return {
    fields: input.fields,
    start: () => {
      const state = start(options);
      return { add: (doc) => state.add(input.evaluate(doc)), result: state.result };
    },
  };
}
