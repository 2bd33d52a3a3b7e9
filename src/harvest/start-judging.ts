/** The harvest's side of the judging thread. It starts with a record to be judged, and ends with the harvest's own. */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../platform/worker.ts';
import type { FromJudge, JudgeThreadData, ToJudge } from './judge-thread.ts';
import type { Judged, JudgeWork } from './pipeline/judge.ts';

export interface JudgingThread {
  /** @throws what ended the thread, when it did not outlive these records */
  judge(work: JudgeWork): Promise<readonly Judged[]>;
  close(): Promise<void>;
}

export interface JudgingThreadOptions {
  readonly data: JudgeThreadData;
  /** Memory of the thread; 96 MB by default. */
  readonly maxOldGenerationSizeMb?: number;
  /** An answer takes at most this, or the thread is taken for lost; one minute by default. */
  readonly lostMs?: number;
  /** Starts a thread; the real one by default. */
  readonly startThread?: typeof startWorker;
}

interface Asked {
  readonly work: JudgeWork;
  readonly resolve: (judged: readonly Judged[]) => void;
  readonly reject: (error: unknown) => void;
}

export function makeJudgingThread(options: JudgingThreadOptions): JudgingThread {
  const { lostMs = 60_000 } = options;
  /** In the order in which they are judged: the first is the one at work. */
  const asked = new Map<number, Asked>();
  let worker: Worker | null = null;
  let timer: NodeJS.Timeout | undefined;
  let last = 0;
  let closing = false;

  /** An endless record must not hold a run for ever: its heart still beats. */
  function watch(): void {
    clearTimeout(timer);
    if (asked.size > 0) timer = setTimeout(() => void worker?.terminate(), lostMs);
  }

  function send(id: number, work: JudgeWork): void {
    worker ??= start();
    worker.postMessage({ id, work } satisfies ToJudge);
  }

  function start(): Worker {
    const started = (options.startThread ?? startWorker)(new URL('./judge-thread.ts', import.meta.url), {
      workerData: { judge: options.data },
      resourceLimits: { maxOldGenerationSizeMb: options.maxOldGenerationSizeMb ?? 96 },
    });
    let cause: unknown = new Error('the judging thread did not answer');
    started.on('message', ({ id, judged }: FromJudge) => {
      asked.get(id)?.resolve(judged);
      asked.delete(id);
      watch();
    });
    started.on('error', (error) => {
      cause = error;
    });
    started.on('exit', () => {
      worker = null;
      for (const [id, { reject }] of asked) {
        asked.delete(id);
        reject(cause);
        if (!closing) break;
      }
      // The others did nothing wrong.
      for (const [id, { work }] of asked) send(id, work);
      watch();
    });
    return started;
  }

  return {
    judge: (work) =>
      new Promise((resolve, reject) => {
        last += 1;
        asked.set(last, { work, resolve, reject });
        send(last, work);
        if (asked.size === 1) watch();
      }),
    async close() {
      closing = true;
      clearTimeout(timer);
      await worker?.terminate();
    },
  };
}
