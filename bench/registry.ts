/** `npm run bench:registry`: how fast and in how much memory a whole register is imported, as JSON on stdout. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, TextDecoder } from 'node:util';
import mongoose from 'mongoose';
import sax from 'sax';
import { startEmbeddedDatabase } from '../src/embedded-db/start.ts';
import { makeRegistryStore } from '../src/framework/registry/store.ts';
import { importExport } from '../src/framework/registry/use-cases/import.ts';
import { takeLock } from '../src/platform/lock.ts';
import { watchMemory } from './memory.ts';
import { writeExport } from './registry-export.ts';

const help = `Usage: npm run bench:registry -- [--records N]

Generates an XML export of N certifications (30500 by default: about 570 MB, the size of the RNCP in 2026), always the same
for the same N, with hundreds of partners on some. Then measures, in this process:
  bare      a pass of the XML tokenizer alone (the peer)
  first     the import into an empty embedded database
  next      the export of the next day, of which one record in a hundred differs

Prints one JSON object; progress goes to stderr. Needs 2 GB of temporary space. Ends with 1 when a target is missed.
`;

const targets = { importSeconds: 240, peakMb: 400 } as const;
const say = (text: string) => console.error(text);

const { values } = parseArgs({
  options: { records: { type: 'string', default: '30500' }, help: { type: 'boolean', default: false } },
});
const records = Number(values.records);
if (values.help || !Number.isInteger(records) || records < 1) {
  process.stdout.write(help);
  process.exit(values.help ? 0 : 2);
}

async function barePass(path: string): Promise<void> {
  const parser = sax.parser(true, { position: false });
  const decoder = new TextDecoder();
  for await (const chunk of createReadStream(path)) parser.write(decoder.decode(chunk as Buffer, { stream: true }));
  parser.close();
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Number(((performance.now() - start) / 1_000).toFixed(1));
}

const folder = await mkdtemp(join(tmpdir(), 'en2-bench-registry-'));
let ok = false;
try {
  const files = [1, 2].map((day) => join(folder, `export-fiches-rncp-v4-1-2026-11-2${day}.xml`));
  const [first = '', next = ''] = files;
  say(`writing two exports of ${records} records`);
  const bytes = await writeExport(first, { records, day: 0 });
  await writeExport(next, { records, day: 1 });
  const database = await startEmbeddedDatabase({ dataDir: join(folder, 'data') });
  const connection = await mongoose.createConnection(database.uri('bench')).asPromise();
  try {
    const store = makeRegistryStore(connection);
    await store.ensureIndexes();
    const now = () => new Date();
    const parts = { store, takeLock: () => takeLock(connection, 'registry', 60, now), digitalOf: () => null, now };
    say('bare pass');
    const bare = await seconds(() => barePass(first));
    const watch = watchMemory();
    say('first import');
    const importSeconds = await seconds(() => importExport(parts, first, {}));
    say('next import');
    const nextSeconds = await seconds(() => importExport(parts, next, {}));
    const peakMb = watch.end();
    const partners = await connection.collection('registry_partners').countDocuments();
    ok = importSeconds <= targets.importSeconds && nextSeconds <= targets.importSeconds && peakMb <= targets.peakMb;
    const report = {
      records,
      megabytes: Math.round(bytes / 1_000_000),
      partners,
      bareSeconds: bare,
      importSeconds,
      nextSeconds,
      ratio: Number((importSeconds / bare).toFixed(2)),
      peakMb,
      targets,
      ok,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } finally {
    await connection.close();
    await database.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = ok ? 0 : 1;
