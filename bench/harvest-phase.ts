/** One phase of the harvest bench, in a process of its own so that its memory is its own. Prints its result as JSON. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';
import sax from 'sax';
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
import { watchMemory } from './memory.ts';
import { type HeapReport, heapChannel } from './thread-heap.ts';

export interface PhaseInput {
  readonly phase: 'bare' | 'parse' | 'align' | 'database';
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

export interface ParseResult extends Timed {
  readonly peakMb: number;
}

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

/** The tokenizer alone, with handlers that do nothing. */
async function bare({ path }: PhaseInput): Promise<Timed> {
  const { result: closed, ...time } = await timed(async () => {
    const parser = sax.parser(true, { position: false });
    let ended = false;
    const nothing = () => {};
    parser.onopentag = nothing;
    parser.onclosetag = nothing;
    parser.onattribute = nothing;
    parser.ontext = nothing;
    parser.oncdata = nothing;
    parser.onerror = (error) => {
      throw error;
    };
    parser.onend = () => {
      ended = true;
    };
    const decoder = new TextDecoder();
    for await (const chunk of createReadStream(path)) parser.write(decoder.decode(chunk, { stream: true }));
    parser.write(decoder.decode()).close();
    return ended;
  });
  demand(closed, 'the bare pass did not reach the end of the file');
  return time;
}

async function theConnector(): Promise<AnyConnector> {
  const connector = (await discoverConnectors({ enabled: ['lheo'] })).get('lheo');
  demand(connector !== undefined, 'the lheo connector was not found');
  return connector;
}

/** Read, hashed and cut into batches as a run does, from the file instead of the network. */
function batchesOf(connector: AnyConnector, path: string): AsyncGenerator<Batch> {
  const http: SourceHttp = {
    async open(url) {
      const bytes = createReadStream(path);
      return { status: 'ok', url, headers: {}, contentType: 'application/xml', bytes, validators: {} };
    },
  };
  const { signal } = new AbortController();
  const items = connector.read({ url: 'https://lheo.example/' }, { mode: 'full', http, signal });
  return cutBatches(readToEnd(items, signal), `${connector.id} ${connector.version} bench`, defaultSettings.batch);
}

async function parse({ path, records }: PhaseInput): Promise<ParseResult> {
  const connector = await theConnector();
  const memory = watchMemory();
  const { result: accepted, ...time } = await timed(async () => {
    let courses = 0;
    for await (const batch of batchesOf(connector, path)) {
      for (const { json } of batch.entries)
        if (normalise(connector, JSON.parse(json ?? 'null')).kind === 'course') courses += 1;
      memory.look();
    }
    return courses;
  });
  demand(accepted === records, `${accepted} courses of ${records} records`);
  return { ...time, peakMb: memory.end() };
}

/** The middle one of five parts: each course is aligned once, as in a run. */
async function alignAlone({ path, records }: PhaseInput): Promise<AlignResult> {
  const connector = await theConnector();
  const framework = loadFramework();
  const drafts: CourseDraft[] = [];
  const wanted = Math.min(records, 10_000);
  for await (const batch of batchesOf(connector, path)) {
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

const phases = { bare, parse, align: alignAlone, database };

const input: PhaseInput = JSON.parse(process.argv[2] ?? '');
console.log(JSON.stringify(await phases[input.phase](input)));
