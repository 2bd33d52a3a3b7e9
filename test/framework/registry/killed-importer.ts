/** A process that imports an export and dies in the middle of it: `killed-importer.ts <uri> <file> <records>`. */
import { makeRegistryStore } from '../../../src/framework/registry/store.ts';
import { importExport } from '../../../src/framework/registry/use-cases/import.ts';
import { takeLock } from '../../../src/platform/lock.ts';
import { connectTo } from '../../../src/platform/mongo.ts';

const [uri = '', file = '', records = '0'] = process.argv.slice(2);
const { connection } = await connectTo(uri, 'embedded');
const now = () => new Date('2026-11-22T12:00:00Z');
await importExport(
  {
    store: makeRegistryStore(connection),
    takeLock: () => takeLock(connection, 'registry-import', 60, now),
    digitalOf: () => null,
    now,
  },
  file,
  {
    onProgress(read) {
      if (read === Number(records)) process.kill(process.pid, 'SIGKILL');
    },
  },
);
