import { type Doc, decode } from '../bson-codec.ts';
import { getOwn, numberOf } from '../bson-values.ts';
import { checkNamespace } from '../catalogue.ts';
import { longestTurnMs } from '../environment.ts';
import {
  collectionToWrite,
  deleteDocuments,
  insertBytes,
  projector,
  type UpdateSpec,
  updateDocuments,
} from '../modify.ts';
import { failedToParse, MongoError } from '../mongo-error.ts';
import {
  type Command,
  type CommandContext,
  collectionName,
  docArgument,
  optionalDoc,
  optionalDocs,
  rawDocuments,
  required,
  truthy,
  updateArgument,
} from './arguments.ts';

/** What a write error looks like in the reply of a write command. */
export function writeError(index: number, error: MongoError): Doc {
  return { index, code: error.code, errmsg: error.message, ...error.extra };
}

function ordered(context: CommandContext): boolean {
  const value = getOwn(context.body, 'ordered');
  return value === undefined || value === null || truthy(value);
}

interface Ran<Outcome> {
  /** Of the statements that were not refused. */
  readonly outcomes: readonly Outcome[];
  readonly errors: readonly Doc[];
}

/** Statements of a write that no page waits for: a harvest's, an import's. */
const mostOfShort = 10;

/**
 * Runs the statements of a write command, in turns of which each is a transaction: between two, those who wait to read are
 * answered. A refused statement becomes a write error, and so does each one that was in a turn that could not be written;
 * when ordered, the following ones are not run.
 */
async function runStatements<Outcome>(
  context: CommandContext,
  statements: readonly Buffer[],
  run: (statement: Buffer, index: number) => Outcome,
): Promise<Ran<Outcome>> {
  const stops = ordered(context);
  const long = statements.length > mostOfShort;
  const outcomes: Outcome[] = [];
  const errors: Doc[] = [];
  for (let next = 0; next < statements.length; ) {
    const first = next;
    try {
      const turn = await context.store.write(() => oneTurn(statements, first, stops, run), { long });
      outcomes.push(...turn.outcomes);
      errors.push(...turn.errors);
      next = turn.next;
    } catch (error) {
      // Before anything was written it is the error of the command.
      if (first === 0 || !(error instanceof MongoError)) throw error;
      const refused = stops ? [first] : [...statements.keys()].slice(first);
      for (const index of refused) errors.push(writeError(index, error));
      break;
    }
  }
  return { outcomes, errors };
}

/** As many statements from `first` on as the time of a turn allows; at least one. */
function oneTurn<Outcome>(
  statements: readonly Buffer[],
  first: number,
  stops: boolean,
  run: (statement: Buffer, index: number) => Outcome,
) {
  const begun = performance.now();
  const outcomes: Outcome[] = [];
  const errors: Doc[] = [];
  let next = first;
  do {
    const index = next++;
    try {
      outcomes.push(run(statements[index] as Buffer, index));
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      errors.push(writeError(index, error));
      if (stops) next = statements.length;
    }
  } while (next < statements.length && performance.now() - begun < longestTurnMs);
  return { outcomes, errors, next };
}

function sumOf<Value>(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0);
}

function writeReply(counts: Doc, errors: readonly Doc[]): Doc {
  return { ...counts, ...(errors.length > 0 ? { writeErrors: errors } : {}), ok: 1 };
}

/** `{insert: collection, documents, ordered}` */
export const insert: Command = async (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const documents = rawDocuments(context, 'documents');
  const { outcomes, errors } = await runStatements(context, documents, (bytes) =>
    insertBytes(store, collectionToWrite(store, database, name), bytes),
  );
  return writeReply({ n: outcomes.length }, errors);
};

/** One statement of an update command, or of the update operations of bulkWrite under other names. */
export function updateSpec(
  statement: Doc,
  names: { filter: string; update: string },
  variables: Doc | undefined,
  where: string,
): UpdateSpec {
  const constants = optionalDoc(getOwn(statement, 'c') ?? getOwn(statement, 'constants'), `${where}.c`);
  return {
    filter: optionalDoc(required(statement, names.filter, where), `${where}.${names.filter}`) ?? {},
    update: updateArgument(required(statement, names.update, where)),
    multi: truthy(getOwn(statement, 'multi')),
    upsert: truthy(getOwn(statement, 'upsert')),
    arrayFilters: optionalDocs(getOwn(statement, 'arrayFilters'), `${where}.arrayFilters`),
    collation: optionalDoc(getOwn(statement, 'collation'), `${where}.collation`),
    hint: getOwn(statement, 'hint'),
    sort: optionalDoc(getOwn(statement, 'sort'), `${where}.sort`),
    variables: constants ? { ...variables, ...constants } : variables,
  };
}

/** `{update: collection, updates: [{q, u, multi, upsert, ...}], ordered, let}` */
export const update: Command = async (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const statements = rawDocuments(context, 'updates');
  const variables = docArgument(context, 'let');
  const { outcomes, errors } = await runStatements(context, statements, (bytes, index) => {
    const spec = updateSpec(decode(bytes), { filter: 'q', update: 'u' }, variables, 'update.updates');
    const { matched, modified, upserted } = updateDocuments(store, database, name, spec);
    return { matched, modified, upserted: upserted ? { index, _id: upserted.id } : undefined };
  });
  const upserted = outcomes.flatMap((outcome) => outcome.upserted ?? []);
  return writeReply(
    {
      n: sumOf(outcomes, ({ matched }) => matched) + upserted.length,
      ...(upserted.length > 0 ? { upserted } : {}),
      nModified: sumOf(outcomes, ({ modified }) => modified),
    },
    errors,
  );
};

/** `{delete: collection, deletes: [{q, limit: 0 | 1}], ordered, let}` */
export const remove: Command = async (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const statements = rawDocuments(context, 'deletes');
  const variables = docArgument(context, 'let');
  const { outcomes, errors } = await runStatements(context, statements, (bytes) => {
    const statement = decode(bytes);
    const limit = numberOf(required(statement, 'limit', 'delete.deletes'));
    if (limit !== 0 && limit !== 1) {
      throw failedToParse(`The limit field in delete objects must be 0 or 1. Got ${String(limit)}`);
    }
    return deleteDocuments(store, database, name, {
      filter: optionalDoc(required(statement, 'q', 'delete.deletes'), 'delete.deletes.q') ?? {},
      single: limit === 1,
      collation: optionalDoc(getOwn(statement, 'collation'), 'delete.deletes.collation'),
      hint: getOwn(statement, 'hint'),
      sort: undefined,
      variables,
    }).deleted;
  });
  return writeReply({ n: sumOf(outcomes, (deleted) => deleted) }, errors);
};

/** `{findAndModify: collection, query, sort, remove | update, new, fields, upsert, ...}` */
export const findAndModify: Command = (context) => {
  const { store, database, body } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const removes = truthy(getOwn(body, 'remove'));
  const wantsNew = truthy(getOwn(body, 'new'));
  const upsert = truthy(getOwn(body, 'upsert'));
  if (removes && Object.hasOwn(body, 'update')) throw failedToParse('Cannot specify both an update and remove=true');
  if (removes && upsert) throw failedToParse('Cannot specify both upsert=true and remove=true');
  if (removes && wantsNew) {
    throw failedToParse("Cannot specify both new=true and remove=true; 'remove' always returns the deleted document");
  }
  if (!removes && !Object.hasOwn(body, 'update'))
    throw failedToParse('Either an update or remove=true must be specified');
  const common = {
    filter: docArgument(context, 'query') ?? {},
    collation: docArgument(context, 'collation'),
    hint: getOwn(body, 'hint'),
    sort: docArgument(context, 'sort'),
    variables: docArgument(context, 'let'),
  };
  const shown = projector(docArgument(context, 'fields'), common);
  return store.write(() => {
    if (removes) {
      const { deleted, last } = deleteDocuments(store, database, name, { ...common, single: true });
      return { lastErrorObject: { n: deleted }, value: shown(last), ok: 1 };
    }
    const result = updateDocuments(store, database, name, {
      ...common,
      update: updateArgument(getOwn(body, 'update')),
      multi: false,
      upsert,
      arrayFilters: optionalDocs(getOwn(body, 'arrayFilters'), 'findAndModify.arrayFilters'),
    });
    const lastErrorObject = {
      n: result.upserted ? 1 : result.matched,
      updatedExisting: result.matched > 0,
      ...(result.upserted ? { upserted: result.upserted.id } : {}),
    };
    return { lastErrorObject, value: shown(wantsNew ? result.after : result.before), ok: 1 };
  });
};
