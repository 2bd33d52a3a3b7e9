import { type Doc, decode, encode } from '../bson-codec.ts';
import { getOwn, isDoc, numberOf } from '../bson-values.ts';
import { checkNamespace } from '../catalogue.ts';
import { collectionToWrite, deleteDocuments, insertBytes, updateDocuments } from '../modify.ts';
import { badValue, MongoError } from '../mongo-error.ts';
import {
  type Command,
  type CommandContext,
  docArgument,
  flagArgument,
  optionalDoc,
  rawDocuments,
  required,
  truthy,
} from './arguments.ts';
import { cursorReply } from './cursor-reply.ts';
import { updateSpec } from './write.ts';

interface Namespace {
  readonly database: string;
  readonly name: string;
}

function namespaces(context: CommandContext): Namespace[] {
  return rawDocuments(context, 'nsInfo').map((bytes) => {
    const ns = required(decode(bytes), 'ns', 'bulkWrite.nsInfo');
    const dot = typeof ns === 'string' ? ns.indexOf('.') : -1;
    if (typeof ns !== 'string' || dot < 1) throw new MongoError(73, `Invalid namespace specified '${String(ns)}'`);
    const namespace = { database: ns.slice(0, dot), name: ns.slice(dot + 1) };
    checkNamespace(namespace.database, namespace.name);
    return namespace;
  });
}

interface Totals {
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
  nErrors: number;
}

/** Runs one operation and gives the fields of its result. */
function runOperation(
  context: CommandContext,
  operation: Doc,
  spaces: readonly Namespace[],
  totals: Totals,
  variables: Doc | undefined,
): Doc {
  const { store } = context;
  const [kind = ''] = Object.keys(operation);
  const space = spaces[numberOf(operation[kind]) ?? -1];
  if (!space) throw badValue(`BulkWrite ops entry has an invalid nsInfo index`);
  const where = `bulkWrite.ops.${kind}`;
  if (kind === 'insert') {
    const document = required(operation, 'document', where);
    if (!isDoc(document)) throw badValue('the document of an insert must be an object');
    insertBytes(store, collectionToWrite(store, space.database, space.name), encode(document));
    totals.nInserted++;
    return { n: 1 };
  }
  if (kind === 'update') {
    const spec = updateSpec(operation, { filter: 'filter', update: 'updateMods' }, variables, where);
    const result = updateDocuments(store, space.database, space.name, spec);
    totals.nMatched += result.matched;
    totals.nModified += result.modified;
    if (result.upserted) totals.nUpserted++;
    return {
      n: result.matched + (result.upserted ? 1 : 0),
      nModified: result.modified,
      ...(result.upserted ? { upserted: { _id: result.upserted.id } } : {}),
    };
  }
  if (kind === 'delete') {
    const { deleted } = deleteDocuments(store, space.database, space.name, {
      filter: optionalDoc(required(operation, 'filter', where), where) ?? {},
      single: !truthy(getOwn(operation, 'multi')),
      collation: optionalDoc(getOwn(operation, 'collation'), where),
      hint: getOwn(operation, 'hint'),
      sort: undefined,
      variables,
    });
    totals.nDeleted += deleted;
    return { n: deleted };
  }
  throw badValue(`Unrecognized bulkWrite operation '${kind}'`);
}

/** `{bulkWrite: 1, ops, nsInfo, ordered, errorsOnly, let}`, on the admin database: `client.bulkWrite` of the drivers. */
export const bulkWrite: Command = async (context) => {
  if (context.database !== 'admin') throw new MongoError(13, 'bulkWrite may only be run against the admin database.');
  const spaces = namespaces(context);
  const operations = rawDocuments(context, 'ops').map((bytes) => decode(bytes));
  const variables = docArgument(context, 'let');
  const isOrdered = getOwn(context.body, 'ordered') === undefined || flagArgument(context, 'ordered');
  const errorsOnly = flagArgument(context, 'errorsOnly');
  const { results, totals } = await context.store.write(() => {
    const totals: Totals = { nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0, nErrors: 0 };
    const results: Doc[] = [];
    for (const [idx, operation] of operations.entries()) {
      try {
        const result = runOperation(context, operation, spaces, totals, variables);
        if (!errorsOnly) results.push({ ok: 1, idx, ...result });
      } catch (error) {
        if (!(error instanceof MongoError)) throw error;
        totals.nErrors++;
        results.push({ ok: 0, idx, code: error.code, errmsg: error.message, ...error.extra, n: 0 });
        if (isOrdered) break;
      }
    }
    return { results, totals };
  });
  const cursor = docArgument(context, 'cursor');
  const batch = context.engine.cursors.open('admin.$cmd.bulkWrite', results.map((doc) => encode(doc)).values(), {
    batchSize: (cursor && numberOf(getOwn(cursor, 'batchSize'))) ?? operations.length,
  });
  return cursorReply('firstBatch', batch, { ...totals });
};
