import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

export interface TestDatabase {
  /** For a driver; names the database. */
  readonly uri: string;
  readonly engine: 'embedded' | 'server';
  /** Removes the database with all it holds. */
  drop(): Promise<void>;
}

let embedded: Promise<{ database: EmbeddedDatabase; dataDir: string }> | undefined;

async function startOnce(): Promise<{ database: EmbeddedDatabase; dataDir: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'en2-test-'));
  return { database: await startEmbeddedDatabase({ dataDir }), dataDir };
}

/**
 * A database with a fresh name, on the server of MONGODB_URI when that is set and else on one embedded engine for the
 * whole run of the tests, started when a test first asks. A test must not care which.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `en2-test-${randomBytes(6).toString('hex')}`;
  const server = process.env.MONGODB_URI;
  let uri: string;
  if (server) {
    const address = new URL(server);
    address.pathname = `/${name}`;
    uri = address.href;
  } else {
    embedded ??= startOnce();
    uri = (await embedded).database.uri(name);
  }
  return {
    uri,
    engine: server ? 'server' : 'embedded',
    async drop() {
      const client = await MongoClient.connect(uri);
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

/** Stops the embedded engine, if any, and removes its files; called once, after the last test. */
export async function closeTestDatabases(): Promise<void> {
  if (!embedded) return;
  const { database, dataDir } = await embedded;
  embedded = undefined;
  await database.close();
  rmSync(dataDir, { recursive: true, force: true });
}
