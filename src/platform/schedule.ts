/**
 * Jobs: node-cron says when, a lock document in MongoDB says who. Each run is recorded, and a job that should have run
 * and did not is visible in `jobs status`. Times are Europe/Paris.
 */
import type { Connection } from 'mongoose';
import cron, { type ScheduledTask } from 'node-cron';
import { AppError } from '../errors.ts';
import { heldLocks, takeLock } from './lock.ts';
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

export type JobOutcome = 'succeeded' | 'failed' | 'running' | 'taken';

export interface JobState {
  readonly name: string;
  readonly title: string;
  readonly schedule: string;
  readonly lastStart: Date | null;
  readonly lastSuccess: Date | null;
  readonly lastError: { readonly at: Date; readonly message: string } | null;
  readonly lastResult: Readonly<Record<string, unknown>> | null;
  readonly runningSince: Date | null;
  readonly nextStart: Date | null;
  /** When it should have started last and did not; null when it is on time. */
  readonly lateSince: Date | null;
}

interface JobDocument {
  _id: string;
  lastStart?: Date;
  lastSuccess?: Date;
  lastError?: { at: Date; message: string } | null;
  lastResult?: Record<string, unknown>;
  runningSince?: Date | null;
  /** The next time promised when it was last scheduled or run. */
  expectedAt?: Date | null;
}

export interface Scheduler {
  start(): Promise<void>;
  /** Runs one job now, in this process. @throws AppError not-found for an unknown name. */
  run(name: string): Promise<{ outcome: JobOutcome; result: Readonly<Record<string, unknown>> }>;
  status(): Promise<readonly JobState[]>;
  stop(): Promise<void>;
}

/** A start may be late by this much before it is said: the machine may have been busy. */
const toleranceMs = 5 * 60_000;

const lockOf = (job: string) => `job:${job}`;

export function makeScheduler<UseCases>(options: {
  jobs: readonly Job<UseCases>[];
  useCases: UseCases;
  connection: Connection;
  log: Log;
  now?: () => Date;
}): Scheduler {
  const { jobs, useCases, connection, log } = options;
  const now = options.now ?? (() => new Date());
  const states = connection.collection<JobDocument>('jobs');
  const runs = connection.collection('jobRuns');
  const tasks = new Map<string, ScheduledTask>();
  const active = new Map<string, AbortController>();
  const inHand = new Set<Promise<unknown>>();

  async function execute(job: Job<UseCases>): Promise<{ outcome: JobOutcome; result: Record<string, unknown> }> {
    const lock = await takeLock(connection, lockOf(job.name), 60, now);
    if (lock === null) return { outcome: 'taken', result: {} };
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
      await states.updateOne(
        { _id: job.name },
        { $set: { lastStart: startedAt, runningSince: startedAt, ...(next ? { expectedAt: next } : {}) } },
        { upsert: true },
      );
      const result = { ...(await job.run(useCases, abort.signal)) };
      abort.signal.throwIfAborted();
      const endedAt = now();
      await states.updateOne(
        { _id: job.name },
        { $set: { lastSuccess: endedAt, lastResult: result, lastError: null, runningSince: null } },
      );
      await runs.insertOne({ job: job.name, startedAt, endedAt, outcome: 'succeeded', result });
      log.info({ job: job.name, ms: endedAt.getTime() - startedAt.getTime(), ...result }, 'job done');
      return { outcome: 'succeeded', result };
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err);
      const endedAt = now();
      await states.updateOne({ _id: job.name }, { $set: { lastError: { at: endedAt, message }, runningSince: null } });
      await runs.insertOne({ job: job.name, startedAt, endedAt, outcome: 'failed', message });
      log.error({ err, job: job.name }, 'job failed');
      return { outcome: 'failed', result: { message } };
    } finally {
      clearTimeout(limit);
      clearInterval(beat);
      active.delete(job.name);
      await lock.release();
    }
  }

  function tracked(job: Job<UseCases>) {
    const work = execute(job);
    inHand.add(work);
    return work.finally(() => inHand.delete(work));
  }

  return {
    async start() {
      for (const job of jobs) {
        const task = cron.schedule(job.schedule, () => tracked(job), { timezone, name: job.name, noOverlap: true });
        tasks.set(job.name, task);
        // Only the first promise is written here: a start must not hide that the previous one was missed.
        await states.updateOne(
          { _id: job.name },
          { $setOnInsert: { expectedAt: task.getNextRun() } },
          { upsert: true },
        );
      }
    },
    async run(name) {
      const job = jobs.find((candidate) => candidate.name === name);
      if (job === undefined) {
        const known = jobs.map((candidate) => candidate.name).join(', ');
        throw new AppError(
          'not-found',
          'JOB_UNKNOWN',
          `Aucun travail ne s'appelle « ${name} ». Travaux connus : ${known}.`,
        );
      }
      return tracked(job);
    },
    async status() {
      const documents = new Map((await states.find({}).toArray()).map((document) => [document._id, document]));
      const held = new Set(
        await heldLocks(
          connection,
          jobs.map((job) => lockOf(job.name)),
          now(),
        ),
      );
      return jobs.map((job) => {
        const document = documents.get(job.name);
        const expectedAt = document?.expectedAt ?? null;
        const late = expectedAt !== null && expectedAt.getTime() + toleranceMs < now().getTime();
        return {
          name: job.name,
          title: job.title,
          schedule: job.schedule,
          lastStart: document?.lastStart ?? null,
          lastSuccess: document?.lastSuccess ?? null,
          lastError: document?.lastError ?? null,
          lastResult: document?.lastResult ?? null,
          // A killed process leaves the mark behind; only a lock that is still held proves that the job runs.
          runningSince: held.has(lockOf(job.name)) ? (document?.runningSince ?? null) : null,
          nextStart: tasks.get(job.name)?.getNextRun() ?? (late ? null : expectedAt),
          lateSince: late ? expectedAt : null,
        };
      });
    },
    async stop() {
      for (const task of tasks.values()) await task.destroy();
      for (const abort of active.values()) abort.abort(new Error('arrêt du serveur'));
      await Promise.allSettled(inHand);
    },
  };
}
