/** The register on the real store, with a clock of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFramework } from '../../src/framework/data.ts';
import type { Register } from '../../src/framework/registry/model.ts';
import { makeRegistryStore, type RegistryStore } from '../../src/framework/registry/store.ts';
import { makeRegistry, type Registry } from '../../src/framework/registry/use-cases/registry.ts';
import { makeRegister } from '../../src/framework/registry/use-cases.ts';
import { makeSourceHttp } from '../../src/platform/http.ts';
import { takeLock } from '../../src/platform/lock.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { testDatabase } from './database.ts';

export interface RegistryWorld {
  readonly registry: Registry;
  readonly register: Register;
  readonly store: RegistryStore;
  readonly database: Database;
  readonly uri: string;
  readonly folder: string;
  /** Of the clock. */
  now: Date;
  /** Writes a file of ours and says where. */
  file(name: string, content: string | Uint8Array): string;
  close(): Promise<void>;
}

export async function openRegistryWorld(address = 'http://127.0.0.1:9/'): Promise<RegistryWorld> {
  const served = await testDatabase();
  const database = await connectTo(served.uri, served.engine === 'server' ? 'mongodb' : 'embedded');
  const store = makeRegistryStore(database.connection);
  await store.ensureIndexes();
  const framework = loadFramework();
  const folder = mkdtempSync(join(tmpdir(), 'en2-registry-'));
  const world = { now: new Date('2026-11-22T12:00:00Z') };
  const now = () => world.now;
  const register = makeRegister({ store, sample: framework.certifications, now });
  const registry = makeRegistry({
    store,
    sample: framework.certifications,
    subjects: framework.subjects,
    now,
    takeLock: () => takeLock(database.connection, 'registry-import', 60, now),
    openHttp: () =>
      makeSourceHttp({
        userAgent: 'test/1',
        minDelayMs: 0,
        allowedOrigins: [new URL(address).origin],
        sleep: async () => {},
      }),
    address,
    folder: join(folder, 'downloads'),
  });
  return Object.assign(world, {
    registry,
    register,
    store,
    database,
    uri: served.uri,
    folder,
    file(name: string, content: string | Uint8Array) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    async close() {
      await database.close();
      await served.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
