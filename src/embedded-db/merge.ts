import type { PipelineContext } from './aggregate.ts';
import { type Doc, setOwn } from './bson-codec.ts';
import { equalValues, isDoc, shown, typeName } from './bson-values.ts';
import { compileExpression, pathValue } from './expressions/compile.ts';
import { mergeObjects } from './expressions/objects.ts';
import { failedToParse, MongoError, typeMismatch } from './mongo-error.ts';
import { compilePipelineUpdate } from './update-pipeline.ts';

/** Where `$out` or `$merge` puts the results. */
export type PipelineOutput =
  | { readonly kind: 'out'; readonly database?: string; readonly collection: string }
  | {
      readonly kind: 'merge';
      readonly database?: string;
      readonly collection: string;
      /** The fields by which a result finds the document it goes into. */
      readonly on: readonly string[];
      /** The filter that finds that document; 51132 when the result lacks one of the fields. */
      filterFor(incoming: Doc): Doc;
      /** What to do with one result; `undefined`: nothing. */
      merge(existing: Doc | undefined, incoming: Doc): { insert: Doc } | { replace: Doc } | undefined;
    };

function collectionOf(
  value: unknown,
  stage: string,
  names: readonly [string, string],
): { database?: string; collection: string } {
  if (typeof value === 'string') {
    if (value === '') throw new MongoError(73, `Invalid ${stage} target namespace`);
    return { collection: value };
  }
  if (!isDoc(value))
    throw new MongoError(16990, `${stage} only supports a string or object argument, but found ${typeName(value)}`);
  const { [names[0]]: database, [names[1]]: collection } = value;
  if (typeof collection !== 'string' || (database !== undefined && typeof database !== 'string')) {
    throw new MongoError(
      16994,
      `If an object is passed to ${stage} it must have exactly 2 fields: '${names[0]}' and '${names[1]}'`,
    );
  }
  for (const key of Object.keys(value)) {
    if (!names.includes(key)) throw new MongoError(40415, `BSON field '${stage}.${key}' is an unknown field.`);
  }
  return database === undefined ? { collection } : { database, collection };
}

/** Reads `$out: 'name'` or `{db, coll}`. */
export function readOut(argument: unknown): PipelineOutput {
  return { kind: 'out', ...collectionOf(argument, '$out', ['db', 'coll']) };
}

const OPTIONS = new Set(['into', 'on', 'let', 'whenMatched', 'whenNotMatched']);

/** Reads `$merge`; the returned functions say what becomes of each result, the caller writes. */
export function readMerge(argument: unknown, context: PipelineContext): PipelineOutput {
  const spec = typeof argument === 'string' ? { into: argument } : argument;
  if (!isDoc(spec))
    throw new MongoError(51182, `$merge requires a string or object argument, but found ${typeName(argument)}`);
  for (const key of Object.keys(spec))
    if (!OPTIONS.has(key)) throw new MongoError(40415, `BSON field '$merge.${key}' is an unknown field.`);
  if (!Object.hasOwn(spec, 'into'))
    throw new MongoError(40414, "BSON field '$merge.into' is missing but a required field");
  const onList = spec.on === undefined ? ['_id'] : Array.isArray(spec.on) ? spec.on : [spec.on];
  if (onList.length === 0)
    throw new MongoError(51187, "If explicitly specifying $merge 'on', must include at least one field");
  const on = onList.map((path) => {
    if (typeof path !== 'string')
      throw new MongoError(51186, "$merge 'on' field must be either a string or an array of strings");
    return path;
  });
  const notMatched = spec.whenNotMatched ?? 'insert';
  if (notMatched !== 'insert' && notMatched !== 'discard' && notMatched !== 'fail') {
    throw new MongoError(
      2,
      `Enumeration value '${shown(notMatched)}' for field '$merge.whenNotMatched' is not a valid value.`,
    );
  }
  const onMatch = matchedAction(spec, context);
  return {
    kind: 'merge',
    ...collectionOf(spec.into, '$merge', ['db', 'coll']),
    on,
    filterFor: (incoming) => {
      const filter: Doc = {};
      for (const path of on) {
        const value = pathValue(incoming, path.split('.'), 0);
        if (value === null || value === undefined || Array.isArray(value)) {
          throw new MongoError(
            51132,
            `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`,
          );
        }
        setOwn(filter, path, { $eq: value });
      }
      return filter;
    },
    merge: (existing, incoming) => {
      if (existing) return onMatch(existing, incoming);
      if (notMatched === 'discard') return undefined;
      if (notMatched === 'fail') {
        throw new MongoError(
          13113,
          '$merge could not find a matching document in the target collection for at least one document in the source collection',
        );
      }
      return { insert: incoming };
    },
  };
}

type MatchedAction = (existing: Doc, incoming: Doc) => { replace: Doc } | undefined;

function keepingId(existing: Doc, next: Doc): { replace: Doc } {
  if (Object.hasOwn(next, '_id') && !equalValues(next._id, existing._id)) {
    throw new MongoError(
      66,
      '$merge failed to update the matching document, did you attempt to modify the _id or the shard key?',
    );
  }
  const replace: Doc = { _id: existing._id };
  for (const key of Object.keys(next)) if (key !== '_id') setOwn(replace, key, next[key]);
  return { replace };
}

function matchedAction(spec: Doc, context: PipelineContext): MatchedAction {
  const matched = spec.whenMatched ?? 'merge';
  if (Array.isArray(matched)) {
    const lets = spec.let ?? {};
    if (!isDoc(lets)) throw typeMismatch("$merge 'let' must be an object");
    const variables = Object.keys(lets).map((name) => [name, compileExpression(lets[name], context)] as const);
    const compileFor = (values: Doc): ((doc: Doc) => Doc) =>
      compilePipelineUpdate(matched as Doc[], { ...context, variables: { ...context.variables, ...values } });
    compileFor(Object.fromEntries([['new', {}], ...variables.map(([name]) => [name, null])]));
    return (existing, incoming) => {
      const values: Doc = { new: incoming };
      for (const [name, { evaluate }] of variables) values[name] = evaluate(incoming);
      return keepingId(existing, compileFor(values)(existing));
    };
  }
  if (spec.let !== undefined)
    throw failedToParse("Cannot use 'let' variables with 'whenMatched' other than a pipeline");
  switch (matched) {
    case 'merge':
      return (existing, incoming) => keepingId(existing, mergeObjects([existing, incoming]));
    case 'replace':
      return keepingId;
    case 'keepExisting':
      return () => undefined;
    case 'fail':
      return () => {
        throw new MongoError(11000, '$merge found a document with the same key in the target collection');
      };
    default:
      throw new MongoError(
        2,
        `Enumeration value '${shown(matched)}' for field '$merge.whenMatched' is not a valid value.`,
      );
  }
}
