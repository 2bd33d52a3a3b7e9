import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Doc } from './bson-codec.ts';
import { getOwn, isDoc, numberOf } from './bson-values.ts';
import type { Address } from './engine.ts';
import { ask } from './engine-client.ts';
import { type EmbeddedDatabase, startEmbeddedDatabase } from './start.ts';

export interface CollectionStats {
  readonly database: string;
  readonly collection: string;
  readonly documents: number;
  /** Sum of the sizes of the documents, in bytes. */
  readonly bytes: number;
  readonly indexes: number;
}

export interface DatabaseStats {
  /** Size of the file on the disk, in bytes. */
  readonly fileBytes: number;
  readonly collections: readonly CollectionStats[];
}

export interface DatabaseCheck {
  readonly collections: number;
  readonly documents: number;
  readonly indexEntries: number;
  /** What is wrong, as sentences; none when everything is as it should be. */
  readonly problems: readonly string[];
}

/** Long enough to read the largest collection that the engine is meant for. */
const PATIENCE_MS = 10 * 60 * 1000;

async function run(address: Address, database: string, command: Doc): Promise<Doc> {
  const reply = await ask(address, { ...command, $db: database }, PATIENCE_MS);
  if (numberOf(getOwn(reply, 'ok')) !== 1) throw new Error(String(getOwn(reply, 'errmsg')));
  return reply;
}

function docs(value: unknown): Doc[] {
  return Array.isArray(value) ? value.filter(isDoc) : [];
}

async function* namespaces(address: Address): AsyncGenerator<{ database: string; collection: string }> {
  const { databases } = await run(address, 'admin', { listDatabases: 1, nameOnly: true });
  for (const { name } of docs(databases)) {
    const database = String(name);
    const everything = { listCollections: 1, nameOnly: true, cursor: { batchSize: 100_000 } };
    const { cursor } = await run(address, database, everything);
    for (const found of docs(isDoc(cursor) ? getOwn(cursor, 'firstBatch') : undefined)) {
      yield { database, collection: String(getOwn(found, 'name')) };
    }
  }
}

/** Works through the process that serves the directory, or serves it for the time of the work. */
async function withEngine<T>(dataDir: string, work: (engine: EmbeddedDatabase) => Promise<T>): Promise<T> {
  const engine = await startEmbeddedDatabase({ dataDir });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** What the data directory holds. */
export async function databaseStats(options: { dataDir: string }): Promise<DatabaseStats> {
  return withEngine(options.dataDir, async ({ address }) => {
    const collections: CollectionStats[] = [];
    for await (const { database, collection } of namespaces(address)) {
      const stats = await run(address, database, { collStats: collection });
      collections.push({
        database,
        collection,
        documents: numberOf(getOwn(stats, 'count')) ?? 0,
        bytes: numberOf(getOwn(stats, 'size')) ?? 0,
        indexes: numberOf(getOwn(stats, 'nindexes')) ?? 0,
      });
    }
    return { fileBytes: statSync(join(options.dataDir, 'database', 'data.mdb')).size, collections };
  });
}

/** Compares every index with what the documents say, and reads every record. Writers wait meanwhile. */
export async function checkDatabase(options: { dataDir: string }): Promise<DatabaseCheck> {
  return withEngine(options.dataDir, async ({ address }) => {
    let collections = 0;
    let documents = 0;
    let indexEntries = 0;
    const problems: string[] = [];
    for await (const { database, collection } of namespaces(address)) {
      const found = await run(address, database, { validate: collection });
      collections++;
      documents += numberOf(getOwn(found, 'nrecords')) ?? 0;
      const keys = getOwn(found, 'keysPerIndex');
      for (const count of isDoc(keys) ? Object.values(keys) : []) indexEntries += numberOf(count) ?? 0;
      const errors = getOwn(found, 'errors');
      for (const error of Array.isArray(errors) ? errors : [])
        problems.push(`${database}.${collection}: ${String(error)}`);
    }
    return { collections, documents, indexEntries, problems };
  });
}
