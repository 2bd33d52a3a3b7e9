import { type Doc, decode } from '../bson-codec.ts';
import { getOwn, numberOf } from '../bson-values.ts';
import { checkNamespace } from '../catalogue.ts';
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

/**
 * Runs the statements of a write command in one transaction. A refused statement becomes a write error; when ordered,
 * the following ones are not run.
 */
function runStatements(
  context: CommandContext,
  statements: readonly Buffer[],
  run: (statement: Buffer, index: number) => void,
): Doc[] {
  const errors: Doc[] = [];
  const stops = ordered(context);
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index);
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      errors.push(writeError(index, error));
      if (stops) break;
    }
  }
  return errors;
}

function writeReply(counts: Doc, errors: readonly Doc[]): Doc {
  return { ...counts, ...(errors.length > 0 ? { writeErrors: errors } : {}), ok: 1 };
}

/** `{insert: collection, documents, ordered}` */
export const insert: Command = (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const documents = rawDocuments(context, 'documents');
  return store.write(() => {
    const collection = collectionToWrite(store, database, name);
    let n = 0;
    const errors = runStatements(context, documents, (bytes) => {
      insertBytes(store, collection, bytes);
      n++;
    });
    return writeReply({ n }, errors);
  });
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
export const update: Command = (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const statements = rawDocuments(context, 'updates');
  const variables = docArgument(context, 'let');
  return store.write(() => {
    let n = 0;
    let nModified = 0;
    const upserted: Doc[] = [];
    const errors = runStatements(context, statements, (bytes, index) => {
      const spec = updateSpec(decode(bytes), { filter: 'q', update: 'u' }, variables, 'update.updates');
      const result = updateDocuments(store, database, name, spec);
      n += result.matched + (result.upserted ? 1 : 0);
      nModified += result.modified;
      if (result.upserted) upserted.push({ index, _id: result.upserted.id });
    });
    return writeReply({ n, ...(upserted.length > 0 ? { upserted } : {}), nModified }, errors);
  });
};

/** `{delete: collection, deletes: [{q, limit: 0 | 1}], ordered, let}` */
export const remove: Command = (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  checkNamespace(database, name);
  const statements = rawDocuments(context, 'deletes');
  const variables = docArgument(context, 'let');
  return store.write(() => {
    let n = 0;
    const errors = runStatements(context, statements, (bytes) => {
      const statement = decode(bytes);
      const limit = numberOf(required(statement, 'limit', 'delete.deletes'));
      if (limit !== 0 && limit !== 1) {
        throw failedToParse(`The limit field in delete objects must be 0 or 1. Got ${String(limit)}`);
      }
      n += deleteDocuments(store, database, name, {
        filter: optionalDoc(required(statement, 'q', 'delete.deletes'), 'delete.deletes.q') ?? {},
        single: limit === 1,
        collation: optionalDoc(getOwn(statement, 'collation'), 'delete.deletes.collation'),
        hint: getOwn(statement, 'hint'),
        sort: undefined,
        variables,
      }).deleted;
    });
    return writeReply({ n }, errors);
  });
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
