/**
 * Pages while ten sources are harvested at once into the database that serves them. The harvest thread runs in this
 * process, as a run of the command line would, and takes the processors of the server all the same.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import type { HarvestSource } from '../src/harvest/model.ts';
import { defaultSettings } from '../src/harvest/pipeline.ts';
import { makeWorkerQueue } from '../src/harvest/start-worker.ts';
import { makeHarvestStore } from '../src/harvest/store.ts';
import { makeHarvest } from '../src/harvest/use-cases.ts';
import { openDatabase } from '../src/platform/mongo.ts';
import { catalogueText } from './catalogue-text.ts';
import type { Load } from './server.ts';

const sourcesAtOnce = 10;
const coursesEach = 1_000;
const bytesAtMost = 100_000_000;

export interface DuringHarvest {
  readonly origin: string;
  /** Of the running server: its database is joined, not opened. */
  readonly dataDir: string;
  readonly paths: readonly string[];
  readonly load: (url: string) => Promise<Load & { readonly saturated: Load }>;
  readonly targetMs: number;
  readonly say: (text: string) => void;
}

/** Ten catalogues that share no course, each other at every round: every record is written again. */
async function servePartners(round: () => number) {
  const server = createServer((request, response) => {
    const partner = request.url?.slice(1) ?? '';
    response.writeHead(200, { 'content-type': 'application/xml' });
    const pieces = (function* () {
      for (const piece of catalogueText('lheo', coursesEach, round()))
        yield piece.replaceAll('formation.example', `${partner}.example`);
    })();
    Readable.from(pieces).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the partners have no port');
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

export async function measureDuringHarvest({ origin, dataDir, paths, load, targetMs, say }: DuringHarvest) {
  let rounds = 0;
  let records = 0;
  const partners = await servePartners(() => rounds);
  const database = await openDatabase({ mongodbUri: null, dataDir });
  const store = makeHarvestStore(database.connection);
  const sources = Array.from(
    { length: sourcesAtOnce },
    (_, at): HarvestSource => ({
      id: `bench-${at}`,
      title: `Bench ${at}`,
      connector: 'lheo',
      config: { url: `${partners.origin}/partner-${at}` },
      // Only such a source may reach this machine.
      demo: true,
      publishing: 'live',
      limits: { wireBytes: bytesAtMost, decodedBytes: bytesAtMost, minutes: null },
    }),
  );
  let stopping = false;
  // Runs left in the middle because a page failed are no news.
  const log = { error: (fields: object, message: string) => stopping || console.error(message, fields) };
  const queue = makeWorkerQueue({
    data: {
      databaseUri: database.uri,
      databaseKind: database.kind,
      logLevel: 'error',
      enabledConnectors: ['lheo'],
      userAgent: 'bench-web',
      demoOrigin: partners.origin,
      concurrency: sourcesAtOnce,
      wireBytes: bytesAtMost,
      decodedBytes: bytesAtMost,
      settings: defaultSettings,
    },
    log,
  });
  const harvest = makeHarvest({
    ...store,
    sources: { byId: async (id) => sources.find((source) => source.id === id) ?? null, active: async () => sources },
    queue,
    newId: randomUUID,
    now: () => new Date(),
    log,
  });

  async function harvestOn(): Promise<void> {
    while (!stopping) {
      rounds += 1;
      const requested = await Promise.all(sources.map(({ id }) => harvest.request(id, 'manual')));
      for (const run of await Promise.all(requested.map(({ ended }) => ended))) {
        if (run.status !== 'done') throw new Error(`a harvest ended ${run.status}: ${JSON.stringify(run.fault)}`);
        records += run.counters.received;
      }
      say(`  ${rounds} rounds, ${records} records harvested`);
    }
  }

  const started = performance.now();
  const harvesting = harvestOn();
  // Told when it is waited for, once the pages are measured.
  harvesting.catch(() => {});
  try {
    const pages = [];
    for (const path of paths) {
      say(`${path}, during the harvest of ${sourcesAtOnce} sources`);
      const measured = await load(`${origin}${path}`);
      pages.push({ path, ...measured, ok: measured.p99Ms < targetMs });
    }
    stopping = true;
    await harvesting;
    const seconds = (performance.now() - started) / 1_000;
    return { sources: sourcesAtOnce, records, recordsPerSecond: Math.round(records / seconds), targetMs, pages };
  } finally {
    stopping = true;
    await queue.close();
    await database.close();
    partners.close();
  }
}
