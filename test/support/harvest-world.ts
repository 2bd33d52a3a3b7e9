/** The real stores and the real pipeline around a connector whose listing each test writes as an array. */
import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { z } from 'zod';
import { type Course, unknownDraft } from '../../src/catalogue/model.ts';
import { type CourseStore, makeCourseStore } from '../../src/catalogue/store.ts';
import type { Alignment } from '../../src/framework/model.ts';
import {
  type AnyConnector,
  defineConnector,
  type Problem,
  type SourceContext,
  type SourceItem,
} from '../../src/harvest/connector.ts';
import type { HarvestRun, HarvestSource, RunTrigger } from '../../src/harvest/model.ts';
import { everyRecordCountedOnce, presenceAddsUp } from '../../src/harvest/model.ts';
import { missingField, unreadablePrice } from '../../src/harvest/parse/problems.ts';
import { judge } from '../../src/harvest/pipeline/judge.ts';
import { defaultSettings, harvest, type PipelineSettings, type PipelineTools } from '../../src/harvest/pipeline.ts';
import { type HarvestStore, makeHarvestStore } from '../../src/harvest/store.ts';
import { makeHeldRuns } from '../../src/harvest/use-cases/held.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { testDatabase } from './database.ts';

export interface Raw {
  readonly title: string;
  readonly url?: string;
  readonly certification?: string;
  /** The connector says that it is no course. */
  readonly hidden?: boolean;
  /** The connector warns about it. */
  readonly odd?: boolean;
  /** The connector fails on it. */
  readonly crash?: boolean;
  /** Cents; a text cannot be read. */
  readonly price?: number | string;
  /** École when absent. */
  readonly school?: string;
  readonly siret?: string;
}

export type Item = SourceItem<number>;
export type Listing = readonly (Item | Error)[] | ((context: SourceContext<number>) => AsyncIterable<Item>);

export const record = (remoteId: string, raw: Partial<Raw> | Record<string, unknown> = {}): Item => ({
  kind: 'record',
  remoteId,
  raw: { title: `Cours ${remoteId}`, ...raw },
});
export const records = (...ids: readonly string[]): Item[] => ids.map((id) => record(id));
export const numbered = (count: number, from = 0): Item[] =>
  Array.from({ length: count }, (_, at) => record(`r${String(from + at).padStart(4, '0')}`));
export const removedItem = (remoteId: string): Item => ({ kind: 'removed', remoteId });
export const checkpoint = (cursor: number): Item => ({ kind: 'checkpoint', cursor });
export const unchanged: Item = { kind: 'unchanged' };
export const end = (more: object = {}): Item => ({ kind: 'end', covers: 'full', deletions: 'by-absence', ...more });
export const endOfChanges = (more: object = {}): Item => ({
  kind: 'end',
  covers: 'changes',
  deletions: 'explicit',
  ...more,
});

/** A whole listing by a server that answers conditional questions: « not modified » to who has this version. */
export const conditional = (items: readonly Item[], etag: string): Listing =>
  async function* ({ validators }) {
    if (validators?.etag === etag) yield unchanged;
    else for (const item of items) yield item.kind === 'end' ? { ...item, validators: { etag } } : item;
  };

/** Yields the items after the cursor; an Error among them is thrown when its turn comes. */
async function* play(listing: readonly (Item | Error)[], cursor: number | undefined): AsyncGenerator<Item> {
  const from = listing.findIndex(
    (item) => !(item instanceof Error) && item.kind === 'checkpoint' && item.cursor === cursor,
  );
  for (const item of listing.slice(from + 1)) {
    if (item instanceof Error) throw item;
    yield item;
  }
}

export function listingConnector(listing: Listing, version = 1): AnyConnector {
  return defineConnector<{ address: string }, Raw, number>({
    id: 'test',
    title: 'Test',
    version,
    resumable: true,
    configSchema: z.object({ address: z.string() }),
    exampleConfig: { address: 'https://partenaire.example/' },
    recordSchema: z.object({
      title: z.string(),
      url: z.string().optional(),
      certification: z.string().optional(),
      hidden: z.boolean().optional(),
      odd: z.boolean().optional(),
      crash: z.boolean().optional(),
      price: z.union([z.number(), z.string()]).optional(),
      school: z.string().optional(),
      siret: z.string().optional(),
    }) as unknown as z.ZodType<Raw>,
    cursorSchema: z.number(),
    corrects: { title: 'title', price: 'price', url: 'url' },
    read: (_config, context) => (typeof listing === 'function' ? listing(context) : play(listing, context.cursor)),
    normalise(raw) {
      if (raw.crash === true) throw new TypeError('mapping bug');
      if (raw.hidden === true) return { kind: 'skip', reason: 'cours caché' };
      const problems: Problem[] = [];
      if (raw.title === '') problems.push(missingField('title'));
      if (typeof raw.price === 'string') problems.push(unreadablePrice('price', raw.price));
      const price = typeof raw.price === 'number' ? { amount: raw.price, currency: 'EUR', taxIncluded: true } : null;
      const course = {
        ...unknownDraft,
        title: version === 1 ? raw.title : `${raw.title} (v${version})`,
        url: raw.url ?? `https://partenaire.example/${encodeURIComponent(raw.title)}`,
        provider: { name: raw.school ?? 'École', url: null, siret: raw.siret ?? null, activityNumber: null },
        certifications: raw.certification === undefined ? [] : [{ kind: 'RS' as const, code: raw.certification }],
        price,
        contentFree: price === null ? null : price.amount === 0,
      };
      if (problems.length > 0) return { kind: 'rejected', problems, draft: course };
      const warning = { code: 'AV_LANGUE_INCONNUE', field: 'langue', value: 'xx', message: 'Langue inconnue.' };
      return { kind: 'course', course, warnings: raw.odd === true ? [warning] : [] };
    },
  });
}

export function aSource(change: Partial<HarvestSource> = {}): HarvestSource {
  return {
    id: 'partenaire',
    title: 'Partenaire',
    connector: 'test',
    config: { address: 'https://partenaire.example/' },
    demo: false,
    publishing: 'live',
    limits: { wireBytes: null, decodedBytes: null, minutes: null },
    ...change,
  };
}

function alignTest(draft: { title: string; certifications: readonly { code: string }[] }): Alignment {
  const digital = /poterie/i.test(draft.title) ? false : /deutsch/i.test(draft.title) ? null : true;
  return {
    digital,
    competences: digital === true ? [{ code: '1.1', score: 0.9, evidence: ['cours'], origin: 'inferred' }] : [],
    level: null,
    certifications: draft.certifications.map(({ code }) => ({ code, known: true })),
    threshold: 0.5,
    frameworkVersion: 'test',
  };
}

export interface RunOptions {
  readonly source?: HarvestSource;
  readonly signal?: AbortSignal;
  readonly trigger?: RunTrigger;
  readonly everything?: boolean;
  readonly version?: number;
  /** In place of the listing. */
  readonly connector?: AnyConnector;
  /** The way out of a connector that reads a real address; without it there is no network. */
  readonly openHttp?: PipelineTools['openHttp'];
  readonly settings?: Partial<PipelineSettings>;
  readonly frameworkVersion?: string;
  /** Records are judged by another thread: they go there and come back as plain data. */
  readonly elsewhere?: boolean;
  /** The process dies at this call of a store, counted from 1. */
  readonly killAt?: number;
}

/** Every call of a store passes here; once dead, nothing more is sent, and what was sent is in `sent`. */
function mortal<Store extends object>(store: Store, gate: () => void, sent: Set<unknown>): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof found !== 'function') return found;
      return (...parameters: unknown[]) => {
        gate();
        const answer: unknown = Reflect.apply(found, target, parameters);
        if (answer instanceof Promise) sent.add(answer.catch(() => {}));
        return answer;
      };
    },
  });
}

export class Killed extends Error {}

/** Alive until its call number `killAt`, counted from 1. */
function mortality(killAt: number): () => void {
  let calls = 0;
  let dead = false;
  return () => {
    calls += 1;
    if (calls === killAt) dead = true;
    if (dead) throw new Killed();
  };
}

export interface World {
  readonly database: Database;
  /** For another thread to join. */
  readonly uri: string;
  readonly courses: CourseStore;
  readonly store: HarvestStore;
  /** Errors logged by the pipeline since the last run began. */
  readonly logged: { fields: object; message: string }[];
  now(): Date;
  pass(days: number): void;
  /** What a run executes with. */
  tools(options: RunOptions, connector: AnyConnector): PipelineTools;
  /** One whole run; both equations are checked on the stored document. */
  run(listing: Listing, options?: RunOptions): Promise<HarvestRun>;
  /** Asks for a run and lets its process die; @returns its id, or the finished run when death came too late. */
  runUntilKilled(listing: Listing, options: RunOptions): Promise<{ id: string; finished: HarvestRun | null }>;
  /** Goes on with a run whose process died. */
  resume(id: string, listing: Listing, options?: RunOptions): Promise<HarvestRun>;
  /** Answers a held run; the process that carries it out dies at each of `kills`, and the next one goes on. */
  decide(id: string, source: HarvestSource, kind: 'applied' | 'kept', kills: readonly number[]): Promise<void>;
  /** What the catalogue holds, dates and drawn identifiers left out. */
  catalogue(sourceId?: string): Promise<{ remoteId: string; title: string; state: string }[]>;
  course(remoteId: string, sourceId?: string): Promise<Course>;
  empty(): Promise<void>;
  /** Keeps what the database holds, to be put back before another try. */
  snapshot(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const collections = [
  'courses',
  'course_duplicates',
  'course_events',
  'removed_courses',
  'harvest_records',
  'harvest_raw_records',
  'harvest_runs',
  'harvest_readings',
  'record_patches',
];

/** On a database of its own, removed by `close`. */
export async function makeWorld(): Promise<World> {
  const test = await testDatabase();
  const database = await connectTo(test.uri, test.engine === 'server' ? 'mongodb' : 'embedded');
  const courses = makeCourseStore(database.connection);
  const store = makeHarvestStore(database.connection);
  await courses.ensureIndexes();
  await store.ensureIndexes();
  const logged: { fields: object; message: string }[] = [];
  const start = Date.parse('2026-11-22T08:00:00Z');
  let time = start;
  const now = () => {
    time += 1;
    return new Date(time);
  };

  /** Commands on their way: the database executes what a dead process sent, before another one comes. */
  const sent = new Set<unknown>();

  function tools(options: RunOptions, connector: AnyConnector): PipelineTools {
    const gate = mortality(options.killAt ?? 0);
    return {
      courses: mortal(courses, gate, sent),
      records: mortal(store.records, gate, sent),
      runs: mortal(store.runs, gate, sent),
      patches: mortal(store.patches, gate, sent),
      align: alignTest,
      ...(options.elsewhere === true
        ? {
            judgeElsewhere: async (work) =>
              structuredClone(
                structuredClone(work).records.map((one) =>
                  judge(one, { connector, align: alignTest, onError: () => {} }),
                ),
              ),
          }
        : {}),
      frameworkVersion: options.frameworkVersion ?? 'test',
      openHttp: options.openHttp ?? (() => ({ open: () => Promise.reject(new Error('no network in these tests')) })),
      now,
      log: { error: (fields, message) => logged.push({ fields, message }) },
      settings: { ...defaultSettings, batch: { records: 5, characters: 1_000_000 }, ...options.settings },
    };
  }

  async function execute(id: string, attempt: number, listing: Listing, options: RunOptions): Promise<HarvestRun> {
    const progress = await store.runs.take(id, attempt, now());
    if (progress === null) throw new Error('the run is not free');
    const connector = options.connector ?? listingConnector(listing, options.version);
    const run = await harvest(tools(options, connector), {
      source: options.source ?? aSource(),
      connector,
      progress,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (run === null) throw new Error('the run was taken over');
    const kept = await store.runs.byId(id);
    if (kept === null || !everyRecordCountedOnce(kept.counters)) throw new Error('records not counted once');
    if (!presenceAddsUp(kept.counters, kept.presentBefore, kept.presentAfter))
      throw new Error(`presence does not add up: ${JSON.stringify(kept)}`);
    return kept;
  }

  async function ask(options: RunOptions): Promise<HarvestRun> {
    const source = options.source ?? aSource();
    const asked = { id: randomUUID(), sourceId: source.id, sourceTitle: source.title, now: now() };
    return store.runs.request({
      ...asked,
      trigger: options.trigger ?? 'manual',
      everything: options.everything ?? false,
    });
  }

  return {
    database,
    uri: test.uri,
    courses,
    store,
    logged,
    now: () => new Date(time),
    tools,
    pass(days) {
      time += days * 86_400_000;
    },
    async run(listing, options = {}) {
      logged.length = 0;
      const run = await ask(options);
      return run.status === 'skipped' ? run : execute(run.id, 0, listing, options);
    },
    async runUntilKilled(listing, options) {
      const { id } = await ask(options);
      try {
        return { id, finished: await execute(id, 0, listing, options) };
      } catch (error) {
        await Promise.all(sent);
        if (error instanceof Killed) return { id, finished: null };
        throw error;
      }
    },
    async resume(id, listing, options = {}) {
      await Promise.all(sent);
      sent.clear();
      const progress = await store.runs.progress(id);
      return execute(id, progress?.attempt ?? 0, listing, options);
    },
    async decide(id, source, kind, kills) {
      const left = [...kills];
      const next = () => {
        const gate = mortality(left.shift() ?? 0);
        return makeHeldRuns({
          runs: mortal(store.runs, gate, sent),
          records: mortal(store.records, gate, sent),
          courses: mortal(courses, gate, sent),
          sources: { byId: async () => source },
          graceDays: defaultSettings.graceDays,
          now,
        });
      };
      const reason = kind === 'applied' ? 'Le partenaire le confirme.' : '';
      const answer = () => next().decide(id, { kind, by: "l'opérateur", reason });
      let work: Promise<unknown> = answer();
      for (;;) {
        const died = await work.then(
          () => false,
          (error: unknown) => {
            if (error instanceof Killed) return true;
            throw error;
          },
        );
        if (!died) break;
        await Promise.all(sent);
        sent.clear();
        const run = await store.runs.byId(id);
        // Two minutes without a sign of life: another process takes the decision over, or nobody had taken it yet.
        time += 120_000;
        work = run?.decision == null ? answer() : next().finishDecisions();
      }
    },
    async catalogue(sourceId = 'partenaire') {
      const all = await courses.bySource(sourceId, { limit: 10_000 });
      return all.map(({ remoteId, draft, state }) => ({ remoteId, title: draft.title, state }));
    },
    async course(remoteId, sourceId = 'partenaire') {
      const all = await courses.bySource(sourceId, { limit: 10_000 });
      const found = all.find((course) => course.remoteId === remoteId);
      if (found === undefined) throw new Error(`no course of ${remoteId}`);
      return found;
    },
    async empty() {
      time = start;
      for (const name of collections) await database.connection.collection(name).deleteMany({});
    },
    async snapshot() {
      const kept = new Map<string, { _id: mongo.ObjectId }[]>();
      for (const name of collections) kept.set(name, await database.connection.collection(name).find().toArray());
      return async () => {
        for (const [name, documents] of kept) {
          await database.connection.collection(name).deleteMany({});
          if (documents.length > 0) await database.connection.collection(name).insertMany(documents);
        }
      };
    },
    async close() {
      await database.close();
      await test.drop();
    },
  };
}
