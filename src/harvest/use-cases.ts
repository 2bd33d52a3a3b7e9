/** What an operator, a provider or a job can ask of the harvest. Runs execute in the queue that `app.ts` hands in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { RunQueue } from './execute.ts';
import { activeStatuses, deadAfterMs, type HarvestRun, type HarvestSource, type RunTrigger } from './model.ts';
import type { ProblemRecords, RecordStore } from './store/records.ts';
import type { RunStore } from './store/runs.ts';

export interface HarvestDependencies {
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly sources: {
    byId(id: string): Promise<HarvestSource | null>;
    /** Those that are harvested. */
    active(): Promise<readonly HarvestSource[]>;
  };
  readonly queue: RunQueue;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly log: { error(fields: object, message: string): void };
  /** Without a heartbeat for so long, a run is dead. */
  readonly silenceMs?: number;
}

export interface Requested {
  /** `queued`, or `skipped` with a link to the run in progress. */
  readonly run: HarvestRun;
  /**
   * The run once it has ended; the same one when it was skipped, or left by a process that closes. Rejects when it could not
   * be finished: it is resumed when its heartbeat expires.
   */
  readonly ended: Promise<HarvestRun>;
}

export interface Harvest {
  /** @throws AppError not-found for an unknown source, conflict for one that is not active. */
  request(sourceId: string, trigger: RunTrigger, options?: { everything?: boolean }): Promise<Requested>;
  /** One run for each active source. */
  runAll(trigger: RunTrigger): Promise<readonly Requested[]>;
  /** Raw records again through normalise, align and write, without asking the partner; withdraws nothing. */
  replay(sourceId: string): Promise<Requested>;
  /**
   * At once when the run goes on in this process, else at the next heartbeat of the one that has it.
   * `by` is a function: « l'opérateur ». @throws AppError conflict when the run is over
   */
  stop(runId: string, by: string): Promise<void>;
  /** The last run of each source. */
  status(): Promise<readonly HarvestRun[]>;
  /** When the last complete run of any source ended; null before the first. */
  lastComplete(): Promise<Date | null>;
  /** @throws AppError not-found. */
  run(runId: string): Promise<{ readonly run: HarvestRun; readonly ahead: number }>;
  runsOf(sourceId: string, limit: number): Promise<readonly HarvestRun[]>;
  /** Only how they ended and when. */
  endingsOf(sourceId: string, limit: number): Promise<readonly Pick<HarvestRun, 'status' | 'endedAt'>[]>;
  /** Records of the source whose last version has a problem. */
  problemsOf(sourceId: string): Promise<ProblemRecords>;
  /** How many of them. */
  problemCount(sourceId: string): Promise<number>;
  /** Takes over runs whose process is gone. @returns their ids. */
  reclaimDead(): Promise<readonly string[]>;
}

export function makeHarvest(dependencies: HarvestDependencies): Harvest {
  const { runs, records, sources, queue, now, log } = dependencies;
  const silenceMs = dependencies.silenceMs ?? deadAfterMs;

  async function sourceOf(id: string): Promise<HarvestSource> {
    const source = await sources.byId(id);
    if (source === null) throw new AppError('not-found', 'unknown-source', `La source ${id} n'existe pas.`);
    return source;
  }

  async function finished(runId: string, source: HarvestSource): Promise<HarvestRun> {
    return (await queue.add(runId, source)) ?? elsewhere(runId);
  }

  /** Another process has it: wait as long as that one gives a sign of life. */
  async function elsewhere(runId: string): Promise<HarvestRun> {
    for (;;) {
      const run = await runs.byId(runId);
      if (run === null) throw new AppError('not-found', 'unknown-run', `La collecte ${runId} n'existe pas.`);
      const sign = run.heartbeatAt ?? run.queuedAt;
      if (!activeStatuses.includes(run.status) || now().getTime() - sign.getTime() > silenceMs) return run;
      await sleep(500, undefined, { ref: false });
    }
  }

  async function ask(source: HarvestSource, trigger: RunTrigger, everything: boolean): Promise<Requested> {
    const asked = { id: dependencies.newId(), sourceId: source.id, sourceTitle: source.title };
    const run = await runs.request({ ...asked, trigger, everything, now: now() });
    if (run.status === 'skipped') return { run, ended: Promise.resolve(run) };
    const ended = finished(run.id, source);
    // Whoever waits for it hears of it; nobody has to.
    ended.catch((error: unknown) => log.error({ err: error, runId: run.id }, 'harvest run left to be resumed'));
    return { run, ended };
  }

  return {
    async request(sourceId, trigger, options = {}) {
      const source = await sourceOf(sourceId);
      if (!(await sources.active()).some(({ id }) => id === sourceId)) {
        const message = `La source ${source.title} n'est pas active : elle n'est pas collectée.`;
        throw new AppError('conflict', 'source-not-active', message);
      }
      return ask(source, trigger, options.everything ?? false);
    },

    async runAll(trigger) {
      const requested: Requested[] = [];
      for (const source of await sources.active()) requested.push(await ask(source, trigger, false));
      return requested;
    },

    replay: async (sourceId) => ask(await sourceOf(sourceId), 'replay', false),

    async stop(runId, by) {
      if (queue.stop(runId, by, now())) return;
      if (await runs.requestStop(runId, { by, at: now() })) return;
      throw new AppError('conflict', 'run-is-over', "Cette collecte n'est pas en cours : il n'y a rien à arrêter.");
    },

    status: () => runs.lastOfEach(),
    lastComplete: () => runs.lastComplete(),

    async run(runId) {
      const run = await runs.byId(runId);
      if (run === null) throw new AppError('not-found', 'unknown-run', `La collecte ${runId} n'existe pas.`);
      return { run, ahead: run.status === 'queued' ? await runs.ahead(run) : 0 };
    },

    runsOf: (sourceId, limit) => runs.bySource(sourceId, limit),
    endingsOf: (sourceId, limit) => runs.endings(sourceId, limit),
    problemsOf: (sourceId) => records.problems(sourceId),
    problemCount: (sourceId) => records.problemCount(sourceId),

    async reclaimDead() {
      const here = new Set(queue.held());
      const dead = await runs.unattended(new Date(now().getTime() - silenceMs));
      const reclaimed: string[] = [];
      for (const run of dead) {
        if (here.has(run.id)) continue;
        const source = await sources.byId(run.sourceId);
        // Its source was erased meanwhile, and its runs with it.
        if (source === null) continue;
        reclaimed.push(run.id);
        finished(run.id, source).catch((error: unknown) => log.error({ err: error, runId: run.id }, 'reclaim failed'));
      }
      return reclaimed;
    },
  };
}
