/** The server's side of the harvest thread: a queue whose runs execute elsewhere, and which survives the thread's death. */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../platform/worker.ts';
import type { RunProgressReport, RunQueue } from './execute.ts';
import type { HarvestRun, HarvestSource } from './model.ts';
import type { FromWorker, HarvestWorkerData, ToWorker } from './worker.ts';

export interface WorkerQueueOptions {
  readonly data: HarvestWorkerData;
  readonly log: { error(fields: object, message: string): void };
  readonly onProgress?: (report: RunProgressReport) => void;
  /** Memory of the thread; 192 MB by default. */
  readonly maxOldGenerationSizeMb?: number;
  /** Without a run for so long, the thread ends and gives its memory back; one second by default. */
  readonly idleMs?: number;
  /** Starts a thread; the real one by default. */
  readonly startThread?: typeof startWorker;
}

interface Held {
  readonly source: HarvestSource;
  readonly resolve: (run: HarvestRun | null) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread starts with a run, and ends when there is none for a while. When it dies, its runs are given to a new one, which resumes them. */
export function makeWorkerQueue(options: WorkerQueueOptions): RunQueue {
  const { log, idleMs = 1_000 } = options;
  const held = new Map<string, Held>();
  let worker: Worker | null = null;
  /** Threads that were told to end, and have not yet. */
  const leaving = new Set<Promise<void>>();
  let idle: NodeJS.Timeout | undefined;
  let closing = false;
  /** Deaths in a row without one run ended: then the thread cannot live here, and its runs are left to the next start. */
  let deaths = 0;

  const send = (message: ToWorker) => worker?.postMessage(message);

  function settle(runId: string, end: (run: Held) => void): void {
    const run = held.get(runId);
    if (run === undefined) return;
    held.delete(runId);
    end(run);
    clearTimeout(idle);
    if (held.size === 0) idle = setTimeout(dismiss, idleMs).unref();
  }

  /** Of a thread without a run. */
  function dismiss(): void {
    const ending = worker;
    if (ending === null || held.size > 0) return;
    worker = null;
    const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    leaving.add(ended);
    ended.then(() => leaving.delete(ended));
    ending.postMessage({ kind: 'close' } satisfies ToWorker);
  }

  function receive(message: FromWorker): void {
    switch (message.kind) {
      case 'progress':
        options.onProgress?.({ runId: message.runId, sourceId: message.sourceId, received: message.received });
        return;
      case 'ended':
        deaths = 0;
        settle(message.runId, ({ resolve }) => resolve(message.run));
        return;
      case 'broken':
        log.error({ err: message.error, runId: message.runId }, 'harvest run broken');
        settle(message.runId, ({ reject }) => reject(message.error));
    }
  }

  function start(): void {
    const started = (options.startThread ?? startWorker)(new URL('./worker.ts', import.meta.url), {
      workerData: { harvest: options.data },
      resourceLimits: { maxOldGenerationSizeMb: options.maxOldGenerationSizeMb ?? 192 },
    });
    let cause: unknown = new Error('the harvest thread ended');
    worker = started;
    started.on('message', receive);
    started.on('error', (error) => {
      cause = error;
    });
    started.on('exit', () => {
      // Dismissed, or closed with the rest.
      if (worker !== started || closing) return;
      worker = null;
      deaths += 1;
      log.error({ err: cause, runs: [...held.keys()] }, 'harvest thread died');
      if (deaths < 5) resume();
      else for (const runId of [...held.keys()]) settle(runId, ({ reject }) => reject(cause));
    });
  }

  /** Known dead, it needs no heartbeat to expire: the next attempt takes the run over at once. */
  function resume(): void {
    if (held.size === 0) return;
    start();
    for (const [runId, { source }] of held) send({ kind: 'run', runId, source });
  }

  return {
    add(runId, source) {
      return new Promise((resolve, reject) => {
        clearTimeout(idle);
        held.set(runId, { source, resolve, reject });
        if (worker === null) start();
        send({ kind: 'run', runId, source });
      });
    },
    stop(runId, by, at) {
      if (!held.has(runId)) return false;
      send({ kind: 'stop', runId, by, at });
      return true;
    },
    held: () => [...held.keys()],
    async close() {
      closing = true;
      clearTimeout(idle);
      const ending = worker;
      if (ending !== null) {
        const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
        send({ kind: 'close' });
        await ended;
      }
      await Promise.all(leaving);
      for (const runId of [...held.keys()]) settle(runId, ({ resolve }) => resolve(null));
    },
  };
}
