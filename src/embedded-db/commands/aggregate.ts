import { type CompiledPipeline, compilePipeline } from '../aggregate.ts';
import { type Doc, decode, decodeFields, encode } from '../bson-codec.ts';
import { getOwn } from '../bson-values.ts';
import { compileCollation } from '../collation.ts';
import { MongoError } from '../mongo-error.ts';
import { compileQuery, countMatching, type Query, search } from '../query.ts';
import {
  type Command,
  type CommandContext,
  collectionName,
  countArgument,
  docArgument,
  docsArgument,
} from './arguments.ts';
import { cursorReply } from './cursor-reply.ts';
import { writeOutput } from './output.ts';

export interface Aggregation {
  readonly name: string;
  readonly pipeline: CompiledPipeline;
  /** The leading stages, which an index may serve. */
  readonly head: Query;
}

export function readAggregation(context: CommandContext): Aggregation {
  const { store, database, body } = context;
  if (typeof getOwn(body, 'aggregate') !== 'string') {
    const [stage] = docsArgument(context, 'pipeline') ?? [];
    const first = stage && Object.keys(stage)[0];
    throw first === '$changeStream'
      ? new MongoError(40573, 'The $changeStream stage is only supported on replica sets')
      : new MongoError(40324, `Unrecognized pipeline stage name: '${first ?? ''}'`);
  }
  const name = collectionName(context);
  const stages = docsArgument(context, 'pipeline');
  if (!stages) throw new MongoError(40414, "BSON field 'aggregate.pipeline' is missing but a required field");
  const collation = docArgument(context, 'collation');
  const variables = docArgument(context, 'let');
  const maxTimeMs = countArgument(context, 'maxTimeMS');
  const pipeline = compilePipeline(stages, {
    collation: compileCollation(collation),
    variables,
    *find(from, filter, options) {
      const query = compileQuery({ filter, collation, variables: options.variables });
      for (const { bytes } of search(store, store.catalogue.find(database, from), query)) yield decode(bytes);
    },
  });
  const head = compileQuery({
    filter: pipeline.head.filter,
    sort: pipeline.head.sort,
    skip: pipeline.head.skip,
    limit: pipeline.head.limit,
    hint: getOwn(body, 'hint'),
    collation,
    variables,
    maxTimeMs,
  });
  return { name, pipeline, head };
}

/** `{aggregate: collection, pipeline, cursor: {batchSize}, collation, hint, let}` */
export const aggregate: Command = async (context) => {
  const { database, engine, body } = context;
  if (!Object.hasOwn(body, 'cursor') && getOwn(body, 'explain') !== true) {
    throw new MongoError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  }
  const { name, pipeline, head } = readAggregation(context);
  const namespace = `${database}.${name}`;
  if (pipeline.output) {
    await writeOutput(context, pipeline.output, () => results(context, name, pipeline, head));
    return cursorReply('firstBatch', engine.cursors.open(namespace, [].values(), {}));
  }
  function* documents(): Generator<Buffer> {
    for (const doc of results(context, name, pipeline, head)) yield encode(doc);
  }
  const cursor = docArgument(context, 'cursor') ?? {};
  const batch = engine.cursors.open(namespace, documents(), {
    batchSize: countArgument({ ...context, body: cursor }, 'batchSize'),
  });
  return cursorReply('firstBatch', batch);
};

function results(context: CommandContext, name: string, pipeline: CompiledPipeline, head: Query): Iterable<Doc> {
  const { store, database } = context;
  const collection = store.catalogue.find(database, name);
  if (pipeline.counted) return pipeline.counted(countMatching(store, collection, head));
  const { fields } = pipeline;
  function* input(): Generator<Doc> {
    for (const { bytes } of search(store, collection, head)) yield fields ? decodeFields(bytes, fields) : decode(bytes);
  }
  return pipeline.run(input());
}
