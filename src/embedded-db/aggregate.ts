import type { Doc } from './bson-codec.ts';
import { isDoc, numberOf, typeName } from './bson-values.ts';
import type { Collation } from './collation.ts';
import { compileBucket, compileGroup, compileSortByCount } from './group.ts';
import { lookupStage } from './lookup.ts';
import { compileFilter } from './matcher.ts';
import { type PipelineOutput, readMerge, readOut } from './merge.ts';
import { MongoError } from './mongo-error.ts';
import { compileSort, sortBy } from './sort.ts';
import {
  amountOf,
  countName,
  countStage,
  limitStage,
  matchStage,
  type Stage,
  sampleStage,
  skipStage,
  sortStage,
  stageOf,
  transformStage,
  unwindStage,
} from './stages.ts';

export interface PipelineContext {
  readonly collation?: Collation | undefined;
  /** The command's `let`, or the variables of a `$lookup`. */
  readonly variables?: Doc | undefined;
  readonly now?: Date | undefined;
  /** The documents of another collection that match a filter, for `$lookup`. */
  find?(from: string, filter: Doc, options: { collation: Collation | undefined; variables: Doc }): Iterable<Doc>;
  /** Inside `$lookup` and `$facet` nothing may be written; a `$facet` holds no other one. */
  readonly inLookup?: boolean;
  readonly inFacet?: boolean;
}

/** The leading stages, which an index may serve, in the order of a find: filter, sort, skip, limit. */
export interface PipelineHead {
  readonly filter: Doc;
  readonly sort?: Doc;
  readonly skip?: number;
  readonly limit?: number;
}

export interface CompiledPipeline {
  readonly head: PipelineHead;
  /** The top-level fields of a document that the stages after the head read; `undefined`: all. */
  readonly fields: ReadonlySet<string> | undefined;
  readonly variables: Doc;
  /** The stages after the head, on documents that went through it. Lazy. */
  run(input: Iterable<Doc>): Generator<Doc>;
  /** The head's sort, skip and limit and the rest, on documents that match its filter. */
  runAfterMatch(input: Iterable<Doc>): Generator<Doc>;
  /** All stages, on any documents. */
  runAll(input: Iterable<Doc>): Generator<Doc>;
  /** When what follows the head only counts: the result for a number of documents, which an index may know. */
  counted?(documents: number): Doc[];
  /** Where the results go instead of to the client. */
  readonly output?: PipelineOutput;
}

function facetStage(argument: unknown, context: PipelineContext): Stage {
  if (!isDoc(argument) || Object.keys(argument).length === 0) {
    throw new MongoError(40169, 'the $facet specification must be a non-empty object');
  }
  const facets = Object.keys(argument).map((name) => {
    const stages = argument[name];
    if (name === '' || name.startsWith('$') || name.includes('.')) {
      throw new MongoError(name.includes('.') ? 16412 : 16410, `FieldPath field names may not be '${name}'`);
    }
    if (!Array.isArray(stages))
      throw new MongoError(40170, `arguments to $facet must be arrays, ${name} is type ${typeName(stages)}`);
    return [name, compilePipeline(stages as Doc[], { ...context, inFacet: true })] as const;
  });
  const fields = new Set<string>();
  let whole = false;
  for (const [, { head, fields: read, variables }] of facets) {
    const filter = compileFilter(head.filter, { ...context, variables });
    const sort = head.sort ? compileSort(head.sort, context.collation) : undefined;
    for (const part of [read, filter.fields, sort?.fields ?? new Set<string>()]) {
      if (!part) whole = true;
      else for (const field of part) fields.add(field);
    }
  }
  return {
    fields: whole ? undefined : fields,
    closed: true,
    run: function* (input) {
      const docs = [...input];
      const result: Doc = {};
      for (const [name, pipeline] of facets) result[name] = [...pipeline.runAll(docs)];
      yield result;
    },
  };
}

function refuseStage(name: string): MongoError {
  if (name === '$changeStream') {
    return new MongoError(40573, 'The $changeStream stage is only supported on replica sets');
  }
  if (name === '$geoNear') return new MongoError(27, 'unable to find index for $geoNear query');
  return new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

function compileStage(name: string, argument: unknown, limit: number | undefined, context: PipelineContext): Stage {
  switch (name) {
    case '$match':
      return matchStage(argument, context);
    case '$project':
    case '$set':
    case '$addFields':
    case '$unset':
    case '$replaceRoot':
    case '$replaceWith':
      return transformStage(name, argument, context);
    case '$sort':
      return sortStage(argument, limit, context);
    case '$limit':
      return limitStage(amountOf(name, argument));
    case '$skip':
      return skipStage(amountOf(name, argument));
    case '$count':
      return countStage(argument);
    case '$group':
      return compileGroup(argument, context);
    case '$sortByCount':
      return compileSortByCount(argument, context);
    case '$bucket':
      return compileBucket(argument, context);
    case '$unwind':
      return unwindStage(argument);
    case '$sample':
      return sampleStage(argument);
    case '$lookup':
      return lookupStage(argument, context);
    case '$facet':
      if (context.inFacet) throw new MongoError(40600, '$facet is not allowed to be used within a $facet stage');
      return facetStage(argument, context);
    default:
      throw refuseStage(name);
  }
}

interface Split {
  readonly head: { filter: Doc; sort?: Doc; skip?: number; limit?: number };
  readonly rest: readonly (readonly [string, unknown])[];
}

/** Takes the leading stages that a find could do. A `$skip` after the `$limit` is no find's and stays. */
function splitHead(stages: readonly (readonly [string, unknown])[]): Split {
  const filters: Doc[] = [];
  let at = 0;
  for (; at < stages.length; at++) {
    const [name, argument] = stages[at] as readonly [string, unknown];
    if (name !== '$match' || !isDoc(argument)) break;
    if (Object.keys(argument).length > 0) filters.push(argument);
  }
  const head: Split['head'] = { filter: filters.length > 1 ? { $and: filters } : (filters[0] ?? {}) };
  const take = (wanted: string): unknown => {
    const [name, argument] = stages[at] ?? [];
    if (name !== wanted) return undefined;
    at++;
    return argument;
  };
  const sort = stages[at]?.[0] === '$sort' && isDoc(stages[at]?.[1]) ? take('$sort') : undefined;
  if (isDoc(sort)) {
    if (!compileSort(sort)) throw new MongoError(15976, '$sort stage must have at least one sort key');
    head.sort = sort;
  }
  const skip = take('$skip');
  if (skip !== undefined) head.skip = amountOf('$skip', skip);
  const limit = take('$limit');
  if (limit !== undefined) head.limit = amountOf('$limit', limit);
  return { head, rest: stages.slice(at) };
}

/** `[{$count: 'n'}]`, and `[{$group: {_id: 1, n: {$sum: 1}}}]` which the drivers' countDocuments sends. */
function countingResult(rest: Split['rest']): ((documents: number) => Doc[]) | undefined {
  const [stage, other] = rest;
  if (!stage || other) return undefined;
  const [name, argument] = stage;
  if (name === '$count') {
    const field = countName(argument);
    return (documents) => (documents === 0 ? [] : [{ [field]: documents }]);
  }
  if (name !== '$group' || !isDoc(argument)) return undefined;
  const [field, more] = Object.keys(argument).filter((key) => key !== '_id');
  const sum = field === undefined ? undefined : argument[field];
  const id = argument._id;
  const constant = id === null || typeof id === 'boolean' || numberOf(id) !== undefined;
  if (field === undefined || more !== undefined || !constant || !isDoc(sum)) return undefined;
  if (Object.keys(sum).length !== 1 || sum.$sum !== 1) return undefined;
  return (documents) => (documents === 0 ? [] : [{ _id: id, [field]: documents }]);
}

function neededFields(stages: readonly Stage[]): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const { fields, closed } of stages) {
    if (!fields) return undefined;
    for (const field of fields) all.add(field);
    if (closed) return all;
  }
  // The documents themselves come out at the end.
  return undefined;
}

function takeOutput(parts: (readonly [string, unknown])[], context: PipelineContext): PipelineOutput | undefined {
  const at = parts.findIndex(([name]) => name === '$out' || name === '$merge');
  if (at < 0) return undefined;
  const [name, argument] = parts[at] as readonly [string, unknown];
  if (context.inFacet) throw new MongoError(40600, `${name} is not allowed to be used within a $facet stage`);
  if (context.inLookup) throw new MongoError(51047, `${name} is not allowed within a $lookup's sub-pipeline`);
  if (at < parts.length - 1) throw new MongoError(40601, `${name} can only be the final stage in the pipeline`);
  parts.pop();
  return name === '$out' ? readOut(argument) : readMerge(argument, context);
}

/**
 * Compiles an aggregation. Nothing is read before the first document is asked for, and no stage keeps documents unless
 * it has to. Refuses with a server's codes: 40324 for an unknown stage, 168 and 15952 for unknown operators.
 */
export function compilePipeline(stages: readonly Doc[], context: PipelineContext = {}): CompiledPipeline {
  // One clock for the whole command.
  const fixed: PipelineContext = { ...context, now: context.now ?? new Date() };
  const parts = stages.map(stageOf);
  const output = takeOutput(parts, fixed);
  const { head, rest } = splitHead(parts);
  const filter = compileFilter(head.filter, fixed);
  const compiled = rest.map(([name, argument], i) => {
    const following = rest[i + 1];
    const limit = name === '$sort' && following?.[0] === '$limit' ? amountOf('$limit', following[1]) : undefined;
    return compileStage(name, argument, limit, fixed);
  });
  const run = (input: Iterable<Doc>): Generator<Doc> =>
    compiled.reduce<Iterable<Doc>>((docs, stage) => stage.run(docs), input)[Symbol.iterator]() as Generator<Doc>;
  const sort = head.sort ? compileSort(head.sort, fixed.collation) : undefined;
  const runAfterMatch = (input: Iterable<Doc>): Generator<Doc> => {
    const most = head.limit === undefined ? undefined : (head.skip ?? 0) + head.limit;
    let docs: Iterable<Doc> = sort ? lazily(() => sortBy(input, sort.keyOf, sort.compareKeys, most)) : input;
    if (head.skip) docs = skipStage(head.skip).run(docs);
    if (head.limit !== undefined) docs = limitStage(head.limit).run(docs);
    return run(docs);
  };
  const counted = countingResult(rest);
  return {
    head,
    fields: neededFields(compiled),
    variables: fixed.variables ?? {},
    run: (input) => lazily(() => run(input)),
    runAfterMatch: (input) => lazily(() => runAfterMatch(input)),
    runAll: (input) => lazily(() => runAfterMatch(matching(input, filter.matches))),
    ...(counted && { counted }),
    ...(output && { output }),
  };
}

function* matching(input: Iterable<Doc>, matches: (doc: Doc) => boolean): Generator<Doc> {
  for (const doc of input) if (matches(doc)) yield doc;
}

function* lazily(docs: () => Iterable<Doc>): Generator<Doc> {
  yield* docs();
}
