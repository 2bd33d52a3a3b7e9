import { compilePipeline, type PipelineContext } from './aggregate.ts';
import type { Doc } from './bson-codec.ts';
import { isDoc, typeName } from './bson-values.ts';
import { compileExpression, pathValue } from './expressions/compile.ts';
import { isRegex } from './matcher-operators.ts';
import { failedToParse, MongoError } from './mongo-error.ts';
import { pathSetter, type Stage } from './stages.ts';

const OPTIONS = new Set(['from', 'as', 'let', 'pipeline', 'localField', 'foreignField']);

function text(spec: Doc, name: string): string {
  const value = spec[name];
  if (typeof value !== 'string')
    throw failedToParse(`$lookup argument '${name}' must be a string, is type ${typeName(value)}`);
  if (value.startsWith('$')) throw new MongoError(16410, `FieldPath field names may not start with '$': ${value}`);
  return value;
}

/** The query that finds the documents whose field equals a value, or one of its elements. */
function equalityFilter(field: string, value: unknown): Doc {
  if (!Array.isArray(value)) return { [field]: { $eq: value ?? null } };
  // In `$in` a regular expression would be a pattern; here it is a value like the others.
  if (value.some(isRegex)) return { $or: value.map((one) => ({ [field]: { $eq: one ?? null } })) };
  return { [field]: { $in: value.map((one) => one ?? null) } };
}

/**
 * `$lookup`, with fields, with a pipeline or with both. `context.find` gives the documents of the other collection for
 * a filter, so that it can use its indexes. A pipeline that refers to nothing of the document runs once.
 */
export function lookupStage(argument: unknown, context: PipelineContext): Stage {
  if (!isDoc(argument)) throw failedToParse(`the $lookup specification must be an Object, found ${typeName(argument)}`);
  for (const key of Object.keys(argument))
    if (!OPTIONS.has(key)) throw failedToParse(`unknown argument to $lookup: ${key}`);
  if (!Object.hasOwn(argument, 'from')) throw failedToParse("missing 'from' option to $lookup stage specification");
  if (!Object.hasOwn(argument, 'as')) throw failedToParse("must specify 'as' field for a $lookup");
  const { find } = context;
  if (!find) throw failedToParse('$lookup is not allowed here');
  const from = text(argument, 'from');
  const put = pathSetter(text(argument, 'as'));
  const byField = Object.hasOwn(argument, 'localField') || Object.hasOwn(argument, 'foreignField');
  if (byField && !(Object.hasOwn(argument, 'localField') && Object.hasOwn(argument, 'foreignField'))) {
    throw failedToParse('$lookup requires both or neither of "localField" and "foreignField" to be specified');
  }
  if (!byField && !Object.hasOwn(argument, 'pipeline')) {
    throw failedToParse('$lookup requires either "pipeline" or both "localField" and "foreignField" to be specified');
  }
  const stages = argument.pipeline ?? [];
  if (!Array.isArray(stages)) throw failedToParse("'pipeline' option must be specified as an array");
  const lets = argument.let ?? {};
  if (!isDoc(lets)) throw failedToParse("$lookup argument 'let' must be an object");
  const local = byField ? text(argument, 'localField').split('.') : undefined;
  const foreign = byField ? text(argument, 'foreignField') : '';
  const variables = Object.keys(lets).map((name) => {
    if (!/^[a-z\u0080-\uffff][\w\u0080-\uffff]*$/.test(name)) {
      throw failedToParse(`'${name}' starts with an invalid character for a user variable name`);
    }
    return [name, compileExpression(lets[name], context)] as const;
  });
  const compileFor = (values: Doc): ReturnType<typeof compilePipeline> =>
    compilePipeline(stages as Doc[], { ...context, variables: { ...context.variables, ...values }, inLookup: true });
  // Refuses a bad pipeline before any document is read.
  const fixed = compileFor(Object.fromEntries(variables.map(([name]) => [name, null])));
  const foreignDocs = function* (pipeline: ReturnType<typeof compilePipeline>, own: Doc | undefined): Generator<Doc> {
    const { filter } = pipeline.head;
    const options = { collation: context.collation, variables: pipeline.variables };
    const found = find(from, own ? { $and: [own, filter] } : filter, options);
    yield* pipeline.runAfterMatch(found);
  };
  const whole = variables.some(([, { fields }]) => fields === undefined);
  const fields = new Set(variables.flatMap(([, expression]) => [...(expression.fields ?? [])]));
  if (local) fields.add(local[0] as string);
  return {
    fields: whole ? undefined : fields,
    closed: false,
    run: function* (input) {
      let shared: Doc[] | undefined;
      for (const doc of input) {
        if (!local && variables.length === 0) {
          shared ??= [...foreignDocs(fixed, undefined)];
          yield put(doc, shared);
          continue;
        }
        const own = local ? equalityFilter(foreign, pathValue(doc, local, 0)) : undefined;
        const values: Doc = {};
        for (const [name, { evaluate }] of variables) values[name] = evaluate(doc);
        const pipeline = variables.length === 0 ? fixed : compileFor(values);
        yield put(doc, [...foreignDocs(pipeline, own)]);
      }
    },
  };
}
