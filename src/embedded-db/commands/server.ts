import { arch, cpus, hostname, type as osType, release, totalmem } from 'node:os';
import { Long } from 'bson';
import { type Doc, MAX_DOCUMENT_BYTES } from '../bson-codec.ts';
import { MAX_MESSAGE_BYTES } from '../wire.ts';
import { type Command, type CommandContext, collectionName, MAX_WRITE_BATCH } from './arguments.ts';

/** The release of MongoDB whose commands this engine answers, and the wire version that says so. */
const VERSION = [8, 0, 0, 0];
const WIRE_VERSION = 25;

/** `hello`, and its older spellings `ismaster` and `isMaster`. */
export const hello: Command = ({ connectionId }) => ({
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  maxMessageSizeBytes: MAX_MESSAGE_BYTES,
  maxWriteBatchSize: MAX_WRITE_BATCH,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId,
  minWireVersion: 0,
  maxWireVersion: WIRE_VERSION,
  readOnly: false,
  ok: 1,
});

export const ping: Command = () => ({ ok: 1 });

/** Sessions hold nothing here: there are no transactions. */
export const endSessions: Command = () => ({ ok: 1 });

export const buildInfo: Command = () => ({
  version: VERSION.slice(0, 3).join('.'),
  versionArray: VERSION,
  gitVersion: '',
  modules: ['embedded'],
  allocator: 'system',
  javascriptEngine: 'none',
  sysInfo: 'embedded database',
  openssl: { running: 'none', compiled: 'none' },
  buildEnvironment: {},
  bits: 64,
  debug: false,
  maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  storageEngines: ['lmdb'],
  ok: 1,
});

export const serverStatus: Command = ({ engine }) => {
  const uptimeMillis = Date.now() - engine.startedAt.getTime();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    host: hostname(),
    version: VERSION.slice(0, 3).join('.'),
    process: 'embedded',
    pid: Long.fromNumber(process.pid),
    uptime: Math.floor(uptimeMillis / 1000),
    uptimeMillis: Long.fromNumber(uptimeMillis),
    localTime: new Date(),
    metrics: { cursor: { open: { total: engine.cursors.size } } },
    mem: { bits: 64, resident: Math.round(rss / 2 ** 20), heapUsed: Math.round(heapUsed / 2 ** 20) },
    embedded: { id: engine.id },
    storageEngine: { name: 'lmdb', supportsCommittedReads: true, persistent: true },
    ok: 1,
  };
};

export const hostInfo: Command = () => ({
  system: {
    currentTime: new Date(),
    hostname: hostname(),
    cpuAddrSize: 64,
    memSizeMB: Math.round(totalmem() / 2 ** 20),
    numCores: cpus().length,
    cpuArch: arch(),
  },
  os: { type: osType(), name: osType(), version: release() },
  extra: {},
  ok: 1,
});

function sizes(
  context: CommandContext,
  only?: string,
): { collections: number; objects: number; bytes: number; indexes: number } {
  const total = { collections: 0, objects: 0, bytes: 0, indexes: 0 };
  for (const collection of context.store.catalogue.collections(context.database)) {
    if (only !== undefined && collection.name !== only) continue;
    total.collections++;
    total.objects += collection.count;
    total.bytes += collection.bytes;
    total.indexes += collection.indexes.length;
  }
  return total;
}

export const dbStats: Command = (context) => {
  const { collections, objects, bytes, indexes } = sizes(context);
  return {
    db: context.database,
    collections,
    views: 0,
    objects,
    avgObjSize: objects === 0 ? 0 : bytes / objects,
    dataSize: bytes,
    indexes,
    scaleFactor: 1,
    ok: 1,
  };
};

export const collStats: Command = (context) => {
  const name = collectionName(context);
  const { objects, bytes, indexes } = sizes(context, name);
  const stats: Doc = {
    ns: `${context.database}.${name}`,
    count: objects,
    size: bytes,
    nindexes: indexes,
    scaleFactor: 1,
    ok: 1,
  };
  if (objects > 0) stats.avgObjSize = Math.round(bytes / objects);
  return stats;
};
