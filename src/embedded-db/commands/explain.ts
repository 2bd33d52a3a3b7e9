import type { Doc } from '../bson-codec.ts';
import { getOwn, isDoc } from '../bson-values.ts';
import type { Collection } from '../catalogue.ts';
import { MongoError } from '../mongo-error.ts';
import { compileQuery, type Effort, planOf, type Query, search } from '../query.ts';
import { readAggregation } from './aggregate.ts';
import { type Command, type CommandContext, collectionName, optionalDoc, optionalDocs } from './arguments.ts';
import { queryOf } from './read.ts';

/** What the chosen plan is called: COLLSCAN, IXSCAN + FETCH, with SORT on top when the index does not give the order. */
function winningPlan(collection: Collection, query: Query): Doc {
  const plan = planOf(collection, query);
  const direction = plan.reverse ? 'backward' : 'forward';
  let stage: Doc;
  if (plan.index) {
    const { index } = plan;
    stage = {
      stage: 'FETCH',
      inputStage: {
        stage: 'IXSCAN',
        keyPattern: index.key,
        indexName: index.name,
        isMultiKey: index.multikey.includes(true),
        multiKeyPaths: Object.fromEntries(
          index.definition.fields.map(({ path }, at) => [path, index.multikey[at] ? [path] : []]),
        ),
        isUnique: index.unique,
        isSparse: index.sparse,
        isPartial: index.partialFilter !== undefined,
        indexVersion: 2,
        direction,
        boundedFields: plan.bounded,
        ranges: plan.ranges.length,
      },
    };
  } else {
    stage = { stage: 'COLLSCAN', direction };
  }
  if (!plan.sorted && query.sort) {
    const pattern = Object.fromEntries(query.sort.keys.map(({ path, direction: way }) => [path, way]));
    stage = { stage: 'SORT', sortPattern: pattern, inputStage: stage };
  }
  return stage;
}

function queryOfExplained(context: CommandContext): Query {
  switch (context.name) {
    case 'find':
      return queryOf(context, 'filter');
    case 'count':
    case 'distinct':
      return queryOf(context, 'query');
    case 'aggregate':
      return readAggregation(context).head;
    case 'findAndModify':
      return queryOf(context, 'query');
    case 'update':
    case 'delete': {
      const field = context.name === 'update' ? 'updates' : 'deletes';
      const [statement] = optionalDocs(getOwn(context.body, field), field) ?? [];
      if (!statement) throw new MongoError(9, `explain needs one statement in '${field}'`);
      return compileQuery({
        filter: optionalDoc(getOwn(statement, 'q'), 'q'),
        collation: optionalDoc(getOwn(statement, 'collation'), 'collation'),
        hint: getOwn(statement, 'hint'),
      });
    }
    default:
      throw new MongoError(59, `Explain failed due to unknown command: ${context.name}`);
  }
}

/** `{explain: {find | aggregate | count | distinct | update | delete | findAndModify: ...}, verbosity}` */
export const explain: Command = (context) => {
  const inner = getOwn(context.body, 'explain');
  if (!isDoc(inner)) throw new MongoError(9, 'explain command requires a nested object');
  const explained: CommandContext = { ...context, name: Object.keys(inner)[0] ?? '', body: inner };
  const { store, database } = context;
  const query = queryOfExplained(explained);
  const name = collectionName(explained);
  const collection = store.catalogue.find(database, name);
  const reply: Doc = {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${database}.${name}`,
      indexFilterSet: false,
      winningPlan: collection ? winningPlan(collection, query) : { stage: 'EOF' },
      rejectedPlans: [],
    },
  };
  if (getOwn(context.body, 'verbosity') !== 'queryPlanner') {
    const effort: Effort = { keys: 0, documents: 0 };
    const start = performance.now();
    let nReturned = 0;
    for (const _ of search(store, collection, query, effort)) nReturned++;
    reply.executionStats = {
      executionSuccess: true,
      nReturned,
      executionTimeMillis: Math.round(performance.now() - start),
      totalKeysExamined: effort.keys,
      totalDocsExamined: effort.documents,
    };
  }
  return { ...reply, command: inner, serverInfo: { version: '8.0.0' }, ok: 1 };
};
