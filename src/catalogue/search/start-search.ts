/** The server's side of the search thread. */
import type { Worker } from 'node:worker_threads';
import { AppError } from '../../errors.ts';
import { type Deferred, deferred } from '../../platform/deferred.ts';
import { startWorker } from '../../platform/worker.ts';
import type { CourseIndex, SearchPage, Suggestion } from './course-index.ts';
import type { FromSearch, SearchThreadData, ToldStats, ToSearch } from './worker.ts';

/** Its questions are refused with AppError `unavailable` when the thread dies, until another has started. */
export interface SearchThread extends Pick<CourseIndex, 'search' | 'suggest'> {
  /** Resolves when the first complete load is in the index. @throws what ended the thread before that */
  ready(): Promise<void>;
  /** As of a quarter of a second ago. */
  stats(): ToldStats;
  close(): Promise<void>;
}

export interface SearchThreadOptions {
  readonly data: SearchThreadData;
  readonly log: { error(details: object, message: string): void };
  /** Before a thread that died is replaced; one second by default. */
  readonly pauseMs?: number;
  /** Starts a thread; the real one by default. */
  readonly startThread?: typeof startWorker;
}

/** Of what it reads nothing lasts but the index: a small nursery spares memory and costs little. */
const youngMb = 8;
/** One that does not end when it is asked to is ended. */
const endMs = 5_000;

export function makeSearchThread(options: SearchThreadOptions): SearchThread {
  const { data, log, pauseMs = 1_000, startThread = startWorker } = options;
  const asked = new Map<number, Deferred<unknown>>();
  let worker: Worker | null = null;
  let pause: NodeJS.Timeout | undefined;
  let last = 0;
  let stats: ToldStats = { courses: 0, version: 0 };
  let closing = false;
  let isReady = false;
  const ready = deferred<void>();

  function take(id: number): Deferred<unknown> | undefined {
    const one = asked.get(id);
    asked.delete(id);
    return one;
  }

  function start(): Worker {
    const started = startThread(new URL('./worker.ts', import.meta.url), {
      workerData: { search: data },
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    });
    // A figure counted with a thread that died must not pass for one of this thread.
    const earlier = stats.version + 1;
    let cause: unknown = new Error('the search thread ended');
    started.on('message', (message: FromSearch) => {
      if (message.kind === 'answered') take(message.id)?.resolve(message.answer);
      else if (message.kind === 'broken') take(message.id)?.reject(message.error);
      else {
        stats = { ...message.stats, version: earlier + message.stats.version };
        isReady = true;
        ready.resolve();
      }
    });
    started.on('error', (error) => {
      cause = error;
    });
    started.on('exit', () => {
      worker = null;
      for (const id of [...asked.keys()]) take(id)?.reject(unavailable(cause));
      if (closing) return;
      log.error({ err: cause }, 'the search thread ended');
      // One that never was ready would end again.
      if (!isReady) ready.reject(cause);
      else
        pause = setTimeout(() => {
          worker = start();
        }, pauseMs);
    });
    return started;
  }

  async function ask<Answer>(message: (id: number) => ToSearch): Promise<Answer> {
    if (worker === null) throw unavailable();
    last += 1;
    const answer = deferred<unknown>();
    asked.set(last, answer);
    worker.postMessage(message(last));
    // The answer of its kind of question: see `worker.ts`.
    return (await answer.promise) as Answer;
  }

  worker = start();

  return {
    ready: () => ready.promise,
    search: (query) => ask<SearchPage>((id) => ({ kind: 'search', id, query })),
    suggest: (typed, limit) => ask<readonly Suggestion[]>((id) => ({ kind: 'suggest', id, typed, limit })),
    stats: () => stats,
    async close() {
      closing = true;
      clearTimeout(pause);
      const ending = worker;
      if (ending === null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.postMessage({ kind: 'close' } satisfies ToSearch);
      const late = setTimeout(() => void ending.terminate(), endMs);
      await ended;
      clearTimeout(late);
    },
  };
}

function unavailable(cause?: unknown): AppError {
  const message = 'La recherche redémarre. Réessayez dans quelques secondes.';
  return new AppError('unavailable', 'RECHERCHE_ARRETEE', message, { cause });
}
