import type { Doc } from '../bson-codec.ts';
import { getOwn, isDoc } from '../bson-values.ts';
import { MongoError } from '../mongo-error.ts';
import type { WireRequest } from '../wire.ts';
import { aggregate } from './aggregate.ts';
import type { Command, CommandContext, Engine } from './arguments.ts';
import { bulkWrite } from './bulk-write.ts';
import { explain } from './explain.ts';
import { createIndexes, dropIndexes, listIndexes } from './indexes.ts';
import { count, distinct, find, getMore, killCursors } from './read.ts';
import { collMod, create, drop, dropDatabase, listCollections, listDatabases, renameCollection } from './schema.ts';
import { buildInfo, collStats, dbStats, endSessions, hello, hostInfo, ping, serverStatus } from './server.ts';
import { validate } from './validate.ts';
import { findAndModify, insert, remove, update } from './write.ts';

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['aggregate', aggregate],
  ['buildInfo', buildInfo],
  ['buildinfo', buildInfo],
  ['bulkWrite', bulkWrite],
  ['collMod', collMod],
  ['collStats', collStats],
  ['count', count],
  ['create', create],
  ['createIndexes', createIndexes],
  ['dbStats', dbStats],
  ['delete', remove],
  ['distinct', distinct],
  ['drop', drop],
  ['dropDatabase', dropDatabase],
  ['dropIndexes', dropIndexes],
  ['endSessions', endSessions],
  ['explain', explain],
  ['find', find],
  ['findAndModify', findAndModify],
  ['findandmodify', findAndModify],
  ['getMore', getMore],
  ['hello', hello],
  ['hostInfo', hostInfo],
  ['insert', insert],
  ['isMaster', hello],
  ['ismaster', hello],
  ['killCursors', killCursors],
  ['listCollections', listCollections],
  ['listDatabases', listDatabases],
  ['listIndexes', listIndexes],
  ['ping', ping],
  ['renameCollection', renameCollection],
  ['serverStatus', serverStatus],
  ['update', update],
  ['validate', validate],
]);

/** What a standalone server refuses: nothing here may look like a transaction or a snapshot that it is not. */
function refuseReplicaSetFeatures(body: Doc): void {
  if (Object.hasOwn(body, 'txnNumber') || Object.hasOwn(body, 'startTransaction')) {
    throw new MongoError(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  }
  const concern = getOwn(body, 'readConcern');
  if (!isDoc(concern)) return;
  const level = getOwn(concern, 'level');
  if (level === 'snapshot' || level === 'linearizable' || Object.hasOwn(concern, 'afterClusterTime')) {
    throw new MongoError(123, `node needs to be a replica set member to use read concern ${JSON.stringify(concern)}`);
  }
  if (level !== undefined && level !== 'local' && level !== 'available' && level !== 'majority') {
    throw new MongoError(2, `Enumeration value '${String(level)}' for field 'readConcern.level' is not a valid value.`);
  }
}

/** Runs one command; 59 CommandNotFound for one that the engine has not. */
export async function dispatch(engine: Engine, request: WireRequest): Promise<Doc | Buffer> {
  const { body, sequences, connectionId } = request;
  const name = Object.keys(body)[0] ?? '';
  const command = COMMANDS.get(name);
  if (!command) throw new MongoError(59, `no such command: '${name}'`);
  const database = getOwn(body, '$db');
  if (typeof database !== 'string' || database === '') {
    throw new MongoError(40571, 'OP_MSG requests require a $db argument');
  }
  refuseReplicaSetFeatures(body);
  const context: CommandContext = {
    engine,
    store: engine.store,
    database,
    name,
    body,
    sequences,
    connectionId,
  };
  return command(context);
}
