/**
 * Jobs: node-cron says when, a lock document in MongoDB says who. Each run is recorded, and a job that should have run
 * and did not is visible in `jobs status`. Times are Europe/Paris.
 */
import type { Connection } from 'mongoose';
import cron, { type ScheduledTask } from 'node-cron';
import { AppError } from '../errors.ts';
import { ensureIndex } from './indexes.ts';
import { heldLocks, type Lock, takeLock } from './lock.ts';
import type { Log } from './log.ts';

export const timezone = 'Europe/Paris';

export interface Job<UseCases> {
  /** Equals the file name. */
  readonly name: string;
  /** What it does, in French, for operators. */
  readonly title: string;
  /** Cron expression, Europe/Paris. */
  readonly schedule: string;
  readonly maxMinutes: number;
  /** @returns figures worth keeping with the run. */
  run(useCases: UseCases, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
}

export type JobOutcome = 'succeeded' | 'failed' | 'taken';

/** Who asked for a run: the hour, a person on a page, or the command line. */
export type JobTrigger = 'schedule' | 'person' | 'command';

export interface JobState {
  readonly name: string;
  readonly title: string;
  readonly schedule: string;
  readonly maxMinutes: number;
  readonly lastStart: Date | null;
  /** Of the last start; null while it goes on, and when its process died. */
  readonly lastEnd: Date | null;
  readonly lastSuccess: Date | null;
  readonly lastError: { readonly at: Date; readonly message: string } | null;
  readonly lastResult: Readonly<Record<string, unknown>> | null;
  readonly runningSince: Date | null;
  /** Start of a run whose process died; null once another one has begun. */
  readonly interruptedSince: Date | null;
  readonly nextStart: Date | null;
  /** When it should have started last and did not; null when it is on time. */
  readonly lateSince: Date | null;
}

interface JobDocument {
  _id: string;
  lastStart?: Date;
  lastEnd?: Date;
  lastSuccess?: Date;
  lastError?: { at: Date; message: string } | null;
  lastResult?: Record<string, unknown>;
  runningSince?: Date | null;
  /** The next time promised when it was last scheduled or run. */
  expectedAt?: Date | null;
}

/** One run of a job, as it is kept. */
export interface JobRun {
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** `interrupted`: its process died; `endedAt` is then when the next run found out. */
  readonly outcome: 'succeeded' | 'failed' | 'interrupted';
  /** Null for runs kept by an older version. */
  readonly trigger: JobTrigger | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Of the failure. */
  readonly message: string | null;
}

interface JobRunDocument extends Omit<JobRun, 'trigger' | 'result' | 'message'> {
  job: string;
  trigger?: JobTrigger;
  result?: Record<string, unknown>;
  message?: string;
}

export interface Scheduler {
  start(): Promise<void>;
  /** Runs one job now, in this process. @throws AppError not-found for an unknown name. */
  run(name: string): Promise<{ outcome: JobOutcome; result: Readonly<Record<string, unknown>> }>;
  /** Begins one and does not wait for its end; `taken` when it goes on already. @throws AppError as `run` */
  launch(name: string): Promise<'begun' | 'taken'>;
  status(): Promise<readonly JobState[]>;
  /** The last runs of a job, newest first. @throws AppError as `run` */
  history(name: string, limit: number): Promise<readonly JobRun[]>;
  stop(): Promise<void>;
}

/** A start may be late by this much before it is said: the machine may have been busy. */
const toleranceMs = 5 * 60_000;

const lockOf = (job: string) => `job:${job}`;
const statesName = 'jobs';

interface Ended {
  readonly outcome: JobOutcome;
  readonly result: Readonly<Record<string, unknown>>;
}

/** How jobs stand, for a process that may not schedule them: `nextOf` is what its own clock has planned. */
export async function jobStates(options: {
  readonly jobs: readonly Pick<Job<never>, 'name' | 'title' | 'schedule' | 'maxMinutes'>[];
  readonly connection: Connection;
  readonly now: () => Date;
  readonly nextOf?: (name: string) => Date | null;
}): Promise<readonly JobState[]> {
  const { jobs, connection, nextOf = () => null } = options;
  const now = options.now();
  const found = await connection.collection<JobDocument>(statesName).find({}).toArray();
  const documents = new Map(found.map((document) => [document._id, document]));
  const locks = jobs.map((job) => lockOf(job.name));
  const held = new Set(await heldLocks(connection, locks, now));
  return jobs.map(({ name, title, schedule, maxMinutes }) => {
    const document = documents.get(name);
    const expectedAt = document?.expectedAt ?? null;
    const late = expectedAt !== null && expectedAt.getTime() + toleranceMs < now.getTime();
    const mark = document?.runningSince ?? null;
    // A killed process leaves the mark behind; only a lock that is still held proves that the job runs.
    const runs = held.has(lockOf(name));
    return {
      ...{ name, title, schedule, maxMinutes },
      lastStart: document?.lastStart ?? null,
      lastEnd: mark === null ? (document?.lastEnd ?? null) : null,
      lastSuccess: document?.lastSuccess ?? null,
      lastError: document?.lastError ?? null,
      lastResult: document?.lastResult ?? null,
      runningSince: runs ? mark : null,
      interruptedSince: runs ? null : mark,
      nextStart: nextOf(name) ?? (late ? null : expectedAt),
      lateSince: late ? expectedAt : null,
    };
  });
}

export function makeScheduler<UseCases>(options: {
  jobs: readonly Job<UseCases>[];
  useCases: UseCases;
  connection: Connection;
  log: Log;
  now?: () => Date;
}): Scheduler {
  const { jobs, useCases, connection, log } = options;
  const now = options.now ?? (() => new Date());
  const states = connection.collection<JobDocument>(statesName);
  const runs = connection.collection<JobRunDocument>('jobRuns');
  const tasks = new Map<string, ScheduledTask>();
  const active = new Map<string, AbortController>();
  const inHand = new Set<Promise<unknown>>();

  function known(name: string): Job<UseCases> {
    const job = jobs.find((candidate) => candidate.name === name);
    if (job !== undefined) return job;
    const names = jobs.map((candidate) => candidate.name).join(', ');
    throw new AppError(
      'not-found',
      'JOB_UNKNOWN',
      `Aucun travail ne s'appelle « ${name} ». Travaux connus : ${names}.`,
    );
  }

  /** Resolves once the job holds its lock, or somebody else does. */
  async function begin(job: Job<UseCases>, trigger: JobTrigger): Promise<{ readonly ended: Promise<Ended> } | null> {
    const lock = await takeLock(connection, lockOf(job.name), 60, now);
    if (lock === null) return null;
    const ended = execute(job, trigger, lock);
    inHand.add(ended);
    const forget = () => inHand.delete(ended);
    ended.then(forget, forget);
    return { ended };
  }

  async function runNow(job: Job<UseCases>, trigger: JobTrigger): Promise<Ended> {
    const begun = await begin(job, trigger);
    return begun === null ? { outcome: 'taken', result: {} } : begun.ended;
  }

  async function execute(job: Job<UseCases>, trigger: JobTrigger, lock: Lock): Promise<Ended> {
    const startedAt = now();
    const abort = new AbortController();
    active.set(job.name, abort);
    const limit = setTimeout(
      () => abort.abort(new Error(`limite de ${job.maxMinutes} min dépassée`)),
      job.maxMinutes * 60_000,
    );
    const beat = setInterval(() => {
      lock.renew().then(
        (held) => {
          if (!held) abort.abort(new Error('verrou perdu'));
        },
        (err: unknown) => log.warn({ err, job: job.name }, 'job lock not renewed'),
      );
    }, 20_000);
    const next = tasks.get(job.name)?.getNextRun();
    try {
      const before = await states.findOneAndUpdate(
        { _id: job.name },
        { $set: { lastStart: startedAt, runningSince: startedAt, ...(next ? { expectedAt: next } : {}) } },
        { upsert: true, returnDocument: 'before' },
      );
      const died = before?.runningSince ?? null;
      // We hold the lock: whoever left this mark is gone.
      if (died !== null) {
        await runs.insertOne({ job: job.name, startedAt: died, endedAt: startedAt, outcome: 'interrupted' });
      }
      const result = { ...(await job.run(useCases, abort.signal)) };
      abort.signal.throwIfAborted();
      const endedAt = now();
      await states.updateOne(
        { _id: job.name },
        {
          $set: {
            ...{ lastSuccess: endedAt, lastEnd: endedAt, lastResult: result },
            ...{ lastError: null, runningSince: null },
          },
        },
      );
      await runs.insertOne({ job: job.name, startedAt, endedAt, outcome: 'succeeded', trigger, result });
      log.info({ job: job.name, ms: endedAt.getTime() - startedAt.getTime(), ...result }, 'job done');
      return { outcome: 'succeeded', result };
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err);
      const endedAt = now();
      await states.updateOne(
        { _id: job.name },
        { $set: { lastError: { at: endedAt, message }, lastEnd: endedAt, runningSince: null } },
      );
      await runs.insertOne({ job: job.name, startedAt, endedAt, outcome: 'failed', trigger, message });
      log.error({ err, job: job.name }, 'job failed');
      return { outcome: 'failed', result: { message } };
    } finally {
      clearTimeout(limit);
      clearInterval(beat);
      active.delete(job.name);
      await lock.release();
    }
  }

  return {
    async start() {
      await ensureIndex(runs, { job: 1, startedAt: -1 });
      for (const job of jobs) {
        const task = cron.schedule(job.schedule, () => runNow(job, 'schedule'), {
          timezone,
          name: job.name,
          noOverlap: true,
        });
        tasks.set(job.name, task);
        // Only the first promise is written here: a start must not hide that the previous one was missed.
        await states.updateOne(
          { _id: job.name },
          { $setOnInsert: { expectedAt: task.getNextRun() } },
          { upsert: true },
        );
      }
    },
    run: async (name) => runNow(known(name), 'command'),

    async launch(name) {
      const begun = await begin(known(name), 'person');
      // Its failure is recorded; a database that is gone is said in the log.
      begun?.ended.catch((err: unknown) => log.error({ err, job: name }, 'job lost'));
      return begun === null ? 'taken' : 'begun';
    },

    status: () => jobStates({ jobs, connection, now, nextOf: (name) => tasks.get(name)?.getNextRun() ?? null }),

    async history(name, limit) {
      const found = await runs
        .find({ job: known(name).name })
        .sort({ startedAt: -1 })
        .limit(limit)
        .toArray();
      return found.map(({ startedAt, endedAt, outcome, trigger, result, message }) => ({
        ...{ startedAt, endedAt, outcome, trigger: trigger ?? null },
        ...{ result: result ?? null, message: message ?? null },
      }));
    },

    async stop() {
      for (const task of tasks.values()) await task.destroy();
      for (const abort of active.values()) abort.abort(new Error('arrêt du serveur'));
      await Promise.allSettled(inHand);
    },
  };
}
