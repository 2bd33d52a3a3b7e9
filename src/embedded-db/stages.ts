import { longFrom } from './arithmetic.ts';
import type { Doc } from './bson-codec.ts';
import { isDoc, numberOf, typeName } from './bson-values.ts';
import { compileExpression, type ExpressionOptions, pathValue } from './expressions/compile.ts';
import { compileFilter } from './matcher.ts';
import { MongoError, typeMismatch } from './mongo-error.ts';
import { type CompiledProjection, compileAddFields, compileProjection, compileUnset } from './projection.ts';
import { addEntry, setFields, type Tree } from './projection-tree.ts';
import { compileSort, sortBy } from './sort.ts';

/** A compiled stage: a lazy transformation of a sequence of documents. */
export interface Stage {
  /** The top-level fields that it reads; `undefined`: all. */
  readonly fields: ReadonlySet<string> | undefined;
  /** Whether later stages see only what this one makes, and no field that it did not read. */
  readonly closed: boolean;
  run(input: Iterable<Doc>): Generator<Doc>;
}

/** The name and the argument of a stage; 40323 unless it has exactly one field. */
export function stageOf(stage: unknown): readonly [string, unknown] {
  if (!isDoc(stage)) throw typeMismatch("Each element of the 'pipeline' array must be an object");
  const [name, other] = Object.keys(stage);
  if (name === undefined || other !== undefined) {
    throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return [name, stage[name]];
}

function compileReplaceRoot(name: string, argument: unknown, options: ExpressionOptions): CompiledProjection {
  let expression = argument;
  if (name === '$replaceRoot') {
    if (!isDoc(argument))
      throw new MongoError(
        40229,
        `expected an object as specification for $replaceRoot stage, got ${typeName(argument)}`,
      );
    if (!Object.hasOwn(argument, 'newRoot'))
      throw new MongoError(40231, 'no newRoot specified for the $replaceRoot stage');
    expression = argument.newRoot;
  }
  const { evaluate, fields } = compileExpression(expression, options);
  return {
    fields,
    project: (doc) => {
      const root = evaluate(doc);
      if (!isDoc(root)) {
        throw new MongoError(
          40228,
          `'newRoot' expression must evaluate to an object, but resulting value was of type: ${typeName(root)}`,
        );
      }
      return root;
    },
  };
}

/** Compiles a stage that makes one document of each: `$project`, `$set`, `$addFields`, `$unset`, `$replaceRoot`, `$replaceWith`. */
export function compileTransform(name: string, argument: unknown, options: ExpressionOptions): CompiledProjection {
  switch (name) {
    case '$addFields':
    case '$set':
      return compileAddFields(argument, name, options);
    case '$unset':
      return compileUnset(argument);
    case '$replaceRoot':
    case '$replaceWith':
      return compileReplaceRoot(name, argument, options);
    default: {
      if (!isDoc(argument)) throw new MongoError(15969, '$project specification must be an object');
      const projection = compileProjection(argument, { ...options, stage: true });
      if (!projection)
        throw new MongoError(
          51272,
          'Invalid $project :: caused by :: projection specification must have at least one field',
        );
      return projection;
    }
  }
}

export function transformStage(name: string, argument: unknown, options: ExpressionOptions): Stage {
  const { project, fields } = compileTransform(name, argument, options);
  return {
    fields: name === '$addFields' || name === '$set' ? (fields ?? undefined) : fields,
    closed: name !== '$addFields' && name !== '$set' && fields !== undefined,
    run: function* (input) {
      for (const doc of input) yield project(doc);
    },
  };
}

export function matchStage(argument: unknown, options: ExpressionOptions): Stage {
  if (!isDoc(argument)) throw new MongoError(15959, 'the match filter must be an expression in an object');
  const filter = compileFilter(argument, options);
  return {
    fields: filter.fields,
    closed: false,
    run: function* (input) {
      for (const doc of input) if (filter.matches(doc)) yield doc;
    },
  };
}

/** `$sort`; with a limit, only that many documents are kept. */
export function sortStage(argument: unknown, limit: number | undefined, options: ExpressionOptions): Stage {
  if (!isDoc(argument)) throw new MongoError(15973, 'the $sort key specification must be an object');
  const sort = compileSort(argument, options.collation);
  if (!sort) throw new MongoError(15976, '$sort stage must have at least one sort key');
  return {
    fields: sort.fields,
    closed: false,
    run: function* (input) {
      yield* sortBy(input, sort.keyOf, sort.compareKeys, limit);
    },
  };
}

/** The number of `$limit` (1 or more) and `$skip` (0 or more). */
export function amountOf(name: '$limit' | '$skip', argument: unknown): number {
  const amount = numberOf(argument);
  if (amount === undefined || !Number.isInteger(amount)) {
    throw new MongoError(
      name === '$limit' ? 2107201 : 5107200,
      `invalid argument to ${name} stage: Expected an integer`,
    );
  }
  if (name === '$limit' && amount === 0) throw new MongoError(15958, 'the limit must be positive');
  if (amount < 0) {
    throw new MongoError(
      name === '$limit' ? 2107201 : 5107200,
      `invalid argument to ${name} stage: Expected a non-negative number`,
    );
  }
  return amount;
}

const NOTHING: ReadonlySet<string> = new Set();

export function limitStage(count: number): Stage {
  return {
    fields: NOTHING,
    closed: false,
    run: function* (input) {
      let left = count;
      if (left <= 0) return;
      for (const doc of input) {
        yield doc;
        if (--left === 0) return;
      }
    },
  };
}

export function skipStage(count: number): Stage {
  return {
    fields: NOTHING,
    closed: false,
    run: function* (input) {
      let left = count;
      for (const doc of input) {
        if (left > 0) left--;
        else yield doc;
      }
    },
  };
}

/** The field that `$count` asks for. */
export function countName(argument: unknown): string {
  if (typeof argument !== 'string') throw new MongoError(40156, 'the count field must be a non-empty string');
  if (argument === '') throw new MongoError(40157, 'the count field must be a non-empty string');
  if (argument.startsWith('$')) throw new MongoError(40158, 'the count field cannot be a $-prefixed path');
  if (argument.includes('\0')) throw new MongoError(40159, 'the count field cannot contain a null byte');
  if (argument.includes('.')) throw new MongoError(40160, "the count field cannot contain '.'");
  if (argument === '_id') throw new MongoError(9039800, "the count field cannot be '_id'");
  return argument;
}

export function countStage(argument: unknown): Stage {
  const name = countName(argument);
  return {
    fields: NOTHING,
    closed: true,
    run: function* (input) {
      let count = 0;
      for (const _ of input) count++;
      if (count > 0) yield { [name]: (count | 0) === count ? count : longFrom(BigInt(count)) };
    },
  };
}

/** `$sample`: a uniform choice by reservoir, in random order. */
export function sampleStage(argument: unknown): Stage {
  if (!isDoc(argument)) throw new MongoError(28745, 'the $sample stage specification must be an object');
  for (const key of Object.keys(argument))
    if (key !== 'size') throw new MongoError(28748, `unrecognized option to $sample: ${key}`);
  const size = numberOf(argument.size);
  if (!Object.hasOwn(argument, 'size')) throw new MongoError(28749, '$sample stage must specify a size');
  if (size === undefined) throw new MongoError(28746, 'size argument to $sample must be a number');
  if (size < 1) throw new MongoError(28747, 'size argument to $sample must be a positive integer');
  return {
    fields: NOTHING,
    closed: false,
    run: function* (input) {
      const chosen: Doc[] = [];
      let seen = 0;
      for (const doc of input) {
        seen++;
        if (chosen.length < size) chosen.push(doc);
        else {
          const at = Math.floor(Math.random() * seen);
          if (at < size) chosen[at] = doc;
        }
      }
      for (let i = chosen.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        const moved = chosen[i] as Doc;
        chosen[i] = chosen[j] as Doc;
        chosen[j] = moved;
      }
      yield* chosen;
    },
  };
}

/** Makes a function that sets one path of a document to a value, or removes it when that is `undefined`. */
export function pathSetter(path: string): (doc: Doc, value: unknown) => Doc {
  const tree: Tree = new Map();
  let current: unknown;
  addEntry(tree, path, { kind: 'compute', compute: () => current });
  return (doc, value) => {
    current = value;
    return setFields(doc, tree, doc);
  };
}

/** `$unwind`: one document per element of an array; a value that is no array counts as one element. */
export function unwindStage(argument: unknown): Stage {
  const spec = typeof argument === 'string' ? { path: argument } : argument;
  if (!isDoc(spec))
    throw new MongoError(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeName(spec)}`,
    );
  const { path, includeArrayIndex, preserveNullAndEmptyArrays } = spec;
  for (const key of Object.keys(spec)) {
    if (!['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays'].includes(key)) {
      throw new MongoError(28811, `unrecognized option to $unwind stage: ${key}`);
    }
  }
  if (path === undefined) throw new MongoError(28812, 'no path specified to $unwind stage');
  if (typeof path !== 'string')
    throw new MongoError(28808, `expected a string as the path for $unwind stage, got ${typeName(path)}`);
  if (!path.startsWith('$') || path === '$')
    throw new MongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  if (preserveNullAndEmptyArrays !== undefined && typeof preserveNullAndEmptyArrays !== 'boolean') {
    throw new MongoError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  }
  let setIndex: ((doc: Doc, value: unknown) => Doc) | undefined;
  if (includeArrayIndex !== undefined) {
    if (typeof includeArrayIndex !== 'string' || includeArrayIndex === '') {
      throw new MongoError(28810, 'expected a non-empty string for the includeArrayIndex option to $unwind stage');
    }
    if (includeArrayIndex.startsWith('$')) {
      throw new MongoError(
        28822,
        `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${includeArrayIndex}`,
      );
    }
    setIndex = pathSetter(includeArrayIndex);
  }
  const target = path.slice(1);
  const parts = target.split('.');
  const setElement = pathSetter(target);
  const index = (doc: Doc, value: unknown): Doc => (setIndex ? setIndex(doc, value) : doc);
  // A path through an array of documents leads to no array of its own.
  const unwound = (doc: Doc): unknown => {
    for (let i = 0; i < parts.length - 1; i++) if (!isDoc(pathValue(doc, parts.slice(0, i + 1), 0))) return undefined;
    return pathValue(doc, parts, 0);
  };
  return {
    fields: new Set([
      parts[0] as string,
      ...(typeof includeArrayIndex === 'string' ? [includeArrayIndex.split('.')[0] as string] : []),
    ]),
    closed: false,
    run: function* (input) {
      for (const doc of input) {
        const value = unwound(doc);
        if (Array.isArray(value) && value.length > 0) {
          for (let i = 0; i < value.length; i++) yield index(setElement(doc, value[i]), longFrom(BigInt(i)));
        } else if (value === undefined || value === null || Array.isArray(value)) {
          if (!preserveNullAndEmptyArrays) continue;
          yield index(Array.isArray(value) ? setElement(doc, undefined) : doc, null);
        } else yield index(doc, null);
      }
    },
  };
}
