/** Executes runs in this thread, a few at a time: the worker does it for the server, the command line for itself. */
import { AppError } from '../errors.ts';
import type { AnyConnector } from './connector.ts';
import type { HarvestRun, HarvestSource, RunFault } from './model.ts';
import { discreet, type OpenSecret, opened, openerOf } from './open-source.ts';
import { harvest, type PipelineTools } from './pipeline.ts';
import { keyFault, lost, settingsFault, stoppedBy } from './words.ts';

export interface RunProgressReport {
  readonly runId: string;
  readonly sourceId: string;
  readonly received: number;
}

/** Where runs wait for their turn. */
export interface RunQueue {
  /**
   * Resolves with the finished run, or null when another process has it; rejects when the run could not be finished, in
   * which case it stays active and is resumed when its heartbeat expires.
   */
  add(runId: string, source: HarvestSource): Promise<HarvestRun | null>;
  /** @returns false when the run is not here. `by` is a function: « l'opérateur ». */
  stop(runId: string, by: string, at: Date): boolean;
  /** Ids of the runs waiting or going on here. */
  held(): readonly string[];
  /** Leaves runs in progress to be resumed by the next process. */
  close(): Promise<void>;
}

export interface LocalQueueOptions {
  readonly tools: PipelineTools;
  readonly connectors: ReadonlyMap<string, AnyConnector>;
  /** For sources with secret settings. */
  readonly openSecret?: OpenSecret;
  /** Runs at a time. */
  readonly concurrency: number;
  readonly onProgress?: (report: RunProgressReport) => void;
}

/** A run that killed its process so many times is ended, not tried for ever. */
export const mostAttempts = 5;

const exhausted: RunFault = {
  kind: 'platform',
  message: `Une erreur de la plateforme a interrompu la collecte ${mostAttempts} fois`,
  url: null,
};

export function makeLocalQueue(options: LocalQueueOptions): RunQueue {
  const { tools, connectors, openSecret = openerOf([]) } = options;
  const stops = new Map<string, AbortController>();
  const waiting: (() => void)[] = [];
  const working = new Set<Promise<unknown>>();
  let free = options.concurrency;

  async function turn(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function pass(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  async function execute(runId: string, source: HarvestSource, signal: AbortSignal): Promise<HarvestRun | null> {
    const before = await tools.runs.progress(runId);
    if (before === null || signal.reason?.kind === 'lost') return null;
    const progress = await tools.runs.take(runId, before.attempt, tools.now());
    if (progress === null) return null;
    const own = connectors.get(source.connector);
    const open = openedHere(source);
    const fault =
      own === undefined
        ? settingsFault
        : progress.attempt > mostAttempts
          ? exhausted
          : open === null
            ? keyFault
            : undefined;
    return harvest(tools, {
      source: open?.source ?? source,
      connector: own === undefined ? undefined : discreet(own, open?.values ?? []),
      progress,
      signal,
      atOnce: () => options.concurrency - free,
      ...(fault === undefined ? {} : { fault }),
      onProgress: (received) => options.onProgress?.({ runId, sourceId: source.id, received }),
    });
  }

  /** Null when the key of its secret settings is not here. */
  function openedHere(source: HarvestSource): ReturnType<typeof opened<HarvestSource>> | null {
    try {
      return opened(source, openSecret);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      tools.log.error({ err: error, sourceId: source.id }, 'secret settings of a source could not be opened');
      return null;
    }
  }

  async function work(runId: string, source: HarvestSource, stop: AbortController): Promise<HarvestRun | null> {
    await turn();
    try {
      return await execute(runId, source, stop.signal);
    } finally {
      stops.delete(runId);
      pass();
    }
  }

  return {
    add(runId, source) {
      const stop = new AbortController();
      stops.set(runId, stop);
      const done = work(runId, source, stop);
      working.add(done);
      const forget = () => working.delete(done);
      done.then(forget, forget);
      return done;
    },
    stop(runId, by, at) {
      const stop = stops.get(runId);
      stop?.abort(stoppedBy(by, at));
      return stop !== undefined;
    },
    held: () => [...stops.keys()],
    async close() {
      for (const stop of stops.values()) stop.abort(lost());
      await Promise.allSettled(working);
    },
  };
}
