/** One phase of the harvest bench, in a process of its own so that its memory is its own. Prints its result as JSON. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';
import { type CourseDraft, courseDraftSchema } from '../src/catalogue/model.ts';
import { makeCourseStore } from '../src/catalogue/store.ts';
import { loadFramework } from '../src/framework/data.ts';
import { align } from '../src/framework/model/alignment.ts';
import type { AnyConnector, SourceHttp } from '../src/harvest/connector.ts';
import { discoverConnectors } from '../src/harvest/discover.ts';
import type { HarvestRun, HarvestSource } from '../src/harvest/model.ts';
import { normalise } from '../src/harvest/pipeline/judge.ts';
import { type Batch, cutBatches, readToEnd } from '../src/harvest/pipeline/read.ts';
import { defaultSettings } from '../src/harvest/pipeline.ts';
import { makeWorkerQueue } from '../src/harvest/start-worker.ts';
import { makeHarvestStore } from '../src/harvest/store.ts';
import { makeHarvest } from '../src/harvest/use-cases.ts';
import { openDatabase } from '../src/platform/mongo.ts';
import { readCsvRows } from '../src/platform/read-csv.ts';
import { barePass } from './bare-pass.ts';
import { catalogueBytes, type Format } from './catalogue-text.ts';
import { watchMemory } from './memory.ts';
import { type HeapReport, heapChannel } from './thread-heap.ts';

export interface PhaseInput {
  readonly phase: 'bare' | 'parse' | 'memory' | 'align' | 'database';
  readonly format: Format;
  readonly path: string;
  readonly records: number;
  readonly bytes: number;
  /** For `database`: where the file is served, and an empty directory. */
  readonly url: string;
  readonly dataDir: string;
}

export interface Timed {
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
}

export interface MemoryResult {
  readonly peakMb: number;
}

export interface ParseResult extends Timed, MemoryResult {}

export interface AlignResult {
  readonly coursesPerSecond: number;
}

export interface DatabaseResult {
  readonly first: Timed;
  /** The same bytes, read again. */
  readonly again: Timed;
  /** The partner answers 304. */
  readonly notModified: Timed;
  readonly peakMb: number;
  /** Peak of each thread, MiB. */
  readonly perThread: Readonly<Record<string, Omit<HeapReport, 'thread'>>>;
}

async function timed<Result>(work: () => Promise<Result>): Promise<Timed & { readonly result: Result }> {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const result = await work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, result };
}

function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

async function bare({ path, format }: PhaseInput): Promise<Timed> {
  const { result: reached, ...time } = await timed(() => barePass[format](createReadStream(path)));
  demand(reached, 'the bare pass did not reach the end of the file');
  return time;
}

async function connectorOf(format: Format): Promise<AnyConnector> {
  const connector = (await discoverConnectors({ enabled: [format] })).get(format);
  demand(connector !== undefined, `the connector ${format} was not found`);
  return connector;
}

/** Read, hashed and cut into batches as a run does, from these bytes instead of the network. */
function batchesOf(connector: AnyConnector, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Batch> {
  const http: SourceHttp = {
    async open(url) {
      return { status: 'ok', url, headers: {}, contentType: '', bytes, validators: {} };
    },
  };
  const { signal } = new AbortController();
  const items = connector.read({ url: 'https://bench.example/' }, { mode: 'full', http, signal });
  return cutBatches(
    readToEnd(items, signal),
    `${connector.id} ${connector.version} bench`,
    () => defaultSettings.batch,
  );
}

/** @returns how many records were read as courses; for CSV, which is no format of courses by itself, how many rows. */
async function readAll(format: Format, bytes: AsyncIterable<Uint8Array>, look: () => void): Promise<number> {
  let found = 0;
  if (format === 'csv') {
    for await (const { cells } of readCsvRows(bytes)) {
      if (cells.length > 1) found += 1;
      if (found % 500 === 0) look();
    }
    return found - 1;
  }
  const connector = await connectorOf(format);
  for await (const batch of batchesOf(connector, bytes)) {
    for (const { json } of batch.entries)
      if (normalise(connector, JSON.parse(json ?? 'null')).kind === 'course') found += 1;
    look();
  }
  return found;
}

async function parse({ path, records, format }: PhaseInput): Promise<ParseResult> {
  const memory = watchMemory();
  const { result: found, ...time } = await timed(() => readAll(format, createReadStream(path), memory.look));
  demand(found === records, `${found} courses of ${records} records`);
  return { ...time, peakMb: memory.end() };
}

/** The same without a file and without a clock: a million courses would need 6 GB of disk. */
async function memoryAlone({ records, format }: PhaseInput): Promise<MemoryResult> {
  const memory = watchMemory();
  const found = await readAll(format, catalogueBytes(format, records), memory.look);
  demand(found === records, `${found} courses of ${records} records`);
  return { peakMb: memory.end() };
}

/** The middle one of five parts: each course is aligned once, as in a run. */
async function alignAlone({ path, records, format }: PhaseInput): Promise<AlignResult> {
  const connector = await connectorOf(format);
  const framework = loadFramework();
  const drafts: CourseDraft[] = [];
  const wanted = Math.min(records, 10_000);
  for await (const batch of batchesOf(connector, createReadStream(path))) {
    for (const { json } of batch.entries) {
      const answer = normalise(connector, JSON.parse(json ?? 'null'));
      if (answer.kind === 'course') drafts.push(courseDraftSchema.parse(answer.course));
    }
    if (drafts.length >= wanted) break;
  }
  const part = Math.max(1, Math.floor(drafts.length / 5));
  const rates: number[] = [];
  for (let at = 0; at + part <= drafts.length; at += part) {
    const { seconds, result } = await timed(async () =>
      drafts
        .slice(at, at + part)
        .map((draft) => align({ ...draft, provider: draft.provider.name }, framework))
        .filter(({ digital }) => digital !== null),
    );
    demand(result.length === part, 'a French course was not judged');
    rates.push(part / seconds);
  }
  const middle = rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)];
  demand(middle !== undefined, 'no course to align');
  return { coursesPerSecond: Math.round(middle) };
}

function watchThreads(): () => DatabaseResult['perThread'] {
  const channel = new BroadcastChannel(heapChannel);
  const peaks = new Map<string, Omit<HeapReport, 'thread'>>();
  channel.onmessage = ({ data }: { data: HeapReport }) => {
    const { thread, ...now } = data;
    const before = peaks.get(thread) ?? now;
    peaks.set(thread, {
      heapMb: Math.max(before.heapMb, now.heapMb),
      externalMb: Math.max(before.externalMb, now.externalMb),
      limitMb: now.limitMb,
    });
  };
  return () => {
    channel.close();
    return Object.fromEntries(peaks);
  };
}

/** As the server does: the engine in its thread, runs in theirs. */
async function database({ url, dataDir, records, bytes }: PhaseInput): Promise<DatabaseResult> {
  const memory = watchMemory();
  const threads = watchThreads();
  const opened = await openDatabase({ mongodbUri: null, dataDir });
  const store = makeHarvestStore(opened.connection);
  await makeCourseStore(opened.connection).ensureIndexes();
  await store.ensureIndexes();
  const source: HarvestSource = {
    id: 'bench',
    title: 'Bench',
    connector: 'lheo',
    config: { url },
    // Only such a source may reach this machine.
    demo: true,
    publishing: 'live',
    limits: { wireBytes: bytes + 1_000, decodedBytes: bytes + 1_000, minutes: null },
  };
  const log = { error: (fields: object, message: string) => console.error(message, fields) };
  const queue = makeWorkerQueue({
    data: {
      databaseUri: opened.uri,
      databaseKind: opened.kind,
      logLevel: 'error',
      enabledConnectors: ['lheo'],
      userAgent: 'bench-harvest',
      demoOrigin: new URL(url).origin,
      concurrency: 1,
      wireBytes: bytes,
      decodedBytes: bytes,
      settings: defaultSettings,
    },
    log,
    onProgress: ({ received }) => {
      if (received % 10_000 === 0) console.error(`  ${received} records`);
    },
  });
  const harvest = makeHarvest({
    ...store,
    sources: { byId: async () => source, active: async () => [source] },
    queue,
    newId: randomUUID,
    now: () => new Date(),
    log,
  });

  async function run(what: string, isRight: (run: HarvestRun) => boolean): Promise<Timed> {
    const { result, ...time } = await timed(async () => (await harvest.request('bench', 'manual')).ended);
    const { status, counters, fault } = result;
    demand(status === 'done' && isRight(result), `${what}: ${JSON.stringify({ status, counters, fault })}`);
    console.error(`  ${what}: ${time.seconds.toFixed(1)} s, ${JSON.stringify(counters)}`);
    return time;
  }

  const first = await run(
    'first harvest',
    ({ counters: c }) => c.received === records && c.created + c.outOfScope === records && c.created > 0,
  );
  const again = await run(
    'unchanged harvest',
    ({ counters: c, notModified }) => !notModified && c.received === records && c.unchanged + c.outOfScope === records,
  );
  const notModified = await run('harvest not modified', (result) => result.notModified);
  const peakMb = memory.end();
  await queue.close();
  await opened.close();
  return { first, again, notModified, peakMb, perThread: threads() };
}

const phases = { bare, parse, memory: memoryAlone, align: alignAlone, database };

const input: PhaseInput = JSON.parse(process.argv[2] ?? '');
console.log(JSON.stringify(await phases[input.phase](input)));
