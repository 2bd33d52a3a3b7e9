import { type Accumulator, type CompiledAccumulator, compileAccumulator } from './accumulators.ts';
import { type Doc, setOwn } from './bson-codec.ts';
import { compareValues, isDoc, typeName, typeOrder } from './bson-values.ts';
import { compileExpression, type ExpressionOptions } from './expressions/compile.ts';
import { MongoError } from './mongo-error.ts';
import type { Stage } from './stages.ts';
import { ValueMap } from './value-map.ts';

type NamedAccumulator = readonly [string, CompiledAccumulator];

function readAccumulators(spec: Doc, options: ExpressionOptions): NamedAccumulator[] {
  return Object.keys(spec)
    .filter((name) => name !== '_id')
    .map((name) => {
      const value = spec[name];
      if (name.includes('.')) throw new MongoError(40235, `The field name '${name}' cannot contain '.'`);
      if (name.startsWith('$')) throw new MongoError(40236, `The field name '${name}' cannot be an operator name`);
      if (!isDoc(value)) throw new MongoError(40234, `The field '${name}' must be an accumulator object`);
      const [operator, other] = Object.keys(value);
      if (operator === undefined || other !== undefined)
        throw new MongoError(40238, `The field '${name}' must specify one accumulator`);
      if (!operator.startsWith('$')) throw new MongoError(40234, `The field '${name}' must be an accumulator object`);
      return [name, compileAccumulator(operator, value[operator], options)] as const;
    });
}

function union(parts: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const part of parts) {
    if (!part) return undefined;
    for (const field of part) all.add(field);
  }
  return all;
}

interface Group {
  readonly id: unknown;
  readonly states: readonly Accumulator[];
}

function* grouped(
  input: Iterable<Doc>,
  idOf: (doc: Doc) => unknown,
  accumulators: readonly NamedAccumulator[],
  options: ExpressionOptions,
): Generator<Doc> {
  const groups = new ValueMap<Group>(options.collation);
  for (const doc of input) {
    // Missing and null are one group.
    const id = idOf(doc) ?? null;
    let group = groups.get(id);
    if (!group) {
      group = { id, states: accumulators.map(([, accumulator]) => accumulator.start()) };
      groups.set(id, group);
    }
    for (const state of group.states) state.add(doc);
  }
  for (const { id, states } of groups.values()) {
    const result: Doc = { _id: id };
    accumulators.forEach(([name], i) => {
      setOwn(result, name, states[i]?.result());
    });
    yield result;
  }
}

/** `$group`: 15955 without `_id`, 15952 for an unknown accumulator. Groups come in the order of their first document. */
export function compileGroup(spec: unknown, options: ExpressionOptions): Stage {
  if (!isDoc(spec)) throw new MongoError(15947, "a group's fields must be specified in an object");
  if (!Object.hasOwn(spec, '_id')) throw new MongoError(15955, 'a group specification must include an _id');
  const id = compileExpression(spec._id, options);
  const accumulators = readAccumulators(spec, options);
  return {
    fields: union([id.fields, ...accumulators.map(([, { fields }]) => fields)]),
    closed: true,
    run: (input) => grouped(input, id.evaluate, accumulators, options),
  };
}

/** `$sortByCount`: groups by an expression, the largest first. */
export function compileSortByCount(spec: unknown, options: ExpressionOptions): Stage {
  const isPath = typeof spec === 'string' && spec.startsWith('$');
  const isExpression = isDoc(spec) && Object.keys(spec)[0]?.startsWith('$') === true;
  if (isDoc(spec) && !isExpression)
    throw new MongoError(40147, 'the sortByCount field must be defined as a $-prefixed path or an expression');
  if (!isDoc(spec) && !isPath) {
    throw typeof spec === 'string'
      ? new MongoError(40148, 'the sortByCount field must be defined as a $-prefixed path or an expression')
      : new MongoError(40149, 'the sortByCount field must be specified as a string or as an object');
  }
  const group = compileGroup({ _id: spec, count: { $sum: 1 } }, options);
  return {
    ...group,
    run: function* (input) {
      yield* [...group.run(input)].sort((a, b) => compareValues(b.count, a.count));
    },
  };
}

/** The bucket of a value: the last boundary at or below it. */
function bucketOf(boundaries: readonly unknown[], value: unknown, options: ExpressionOptions): unknown {
  let low = 0;
  let high = boundaries.length - 1;
  if (compareValues(value, boundaries[0], options.collation) < 0) return undefined;
  if (compareValues(value, boundaries[high], options.collation) >= 0) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (compareValues(value, boundaries[middle], options.collation) < 0) high = middle;
    else low = middle;
  }
  return boundaries[low];
}

/** `$bucket`: values by the boundaries that they lie between, the others in `default` or, without one, refused. */
export function compileBucket(spec: unknown, options: ExpressionOptions): Stage {
  if (!isDoc(spec))
    throw new MongoError(40201, `Argument to $bucket stage must be an object, but found type: ${typeName(spec)}`);
  for (const key of Object.keys(spec)) {
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(key)) {
      throw new MongoError(40197, `Unrecognized option to $bucket: ${key}.`);
    }
  }
  const { groupBy, boundaries: list, output } = spec;
  if (groupBy === undefined || list === undefined) {
    throw new MongoError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  }
  if (!isDoc(groupBy) && !(typeof groupBy === 'string' && groupBy.startsWith('$'))) {
    throw new MongoError(40202, "The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression");
  }
  if (!Array.isArray(list)) throw new MongoError(40200, "The $bucket 'boundaries' field must be an array");
  if (list.length < 2) throw new MongoError(40192, "The $bucket 'boundaries' field must have at least 2 values");
  const boundaries = list.map((value) => {
    const { evaluate } = compileExpression(value, options);
    return evaluate({});
  });
  boundaries.forEach((value, i) => {
    if (i === 0) return;
    const before = boundaries[i - 1];
    if (typeOrder(before) !== typeOrder(value))
      throw new MongoError(40193, "All values in the 'boundaries' option to $bucket must have the same type");
    if (compareValues(before, value, options.collation) >= 0)
      throw new MongoError(40194, "The 'boundaries' option to $bucket must be sorted");
  });
  const hasDefault = Object.hasOwn(spec, 'default');
  const otherwise = spec.default;
  if (
    hasDefault &&
    compareValues(otherwise, boundaries[0], options.collation) >= 0 &&
    compareValues(otherwise, boundaries.at(-1), options.collation) < 0
  ) {
    throw new MongoError(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    );
  }
  if (output !== undefined && !isDoc(output))
    throw new MongoError(40196, "The $bucket 'output' field must be an object");
  const by = compileExpression(groupBy, options);
  const accumulators = readAccumulators(output ?? { count: { $sum: 1 } }, options);
  const idOf = (doc: Doc): unknown => {
    const bucket = bucketOf(boundaries, by.evaluate(doc) ?? null, options);
    if (bucket !== undefined) return bucket;
    if (hasDefault) return otherwise;
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
  return {
    fields: union([by.fields, ...accumulators.map(([, { fields }]) => fields)]),
    closed: true,
    run: function* (input) {
      const groups = [...grouped(input, idOf, accumulators, options)];
      yield* groups.sort((a, b) => compareValues(a._id, b._id, options.collation));
    },
  };
}
