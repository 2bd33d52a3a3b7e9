/** The server's side of the thread of previews: a few at a time, and a thread that does not answer is replaced. */
import type { Worker } from 'node:worker_threads';
import { AppError } from '../errors.ts';
import { startWorker } from '../platform/worker.ts';
import type { ExamineRequest, ExamineThreadData, FromExaminer, ToExaminer } from './examine-thread.ts';
import type { Recognised } from './recognise.ts';

export interface Examiner {
  /**
   * At most 20 records and 3 seconds of reading of a catalogue.
   * @throws AppError `invalid` for what cannot be read, with the reason; `unavailable` when too many wait or the reading
   * brought its thread down
   */
  examine(request: ExamineRequest): Promise<Recognised>;
  close(): Promise<void>;
}

export interface ExaminerOptions {
  readonly data: ExamineThreadData;
  readonly log: { error(fields: object, message: string): void };
  /** Memory of the thread; 160 MB by default. */
  readonly maxOldGenerationSizeMb?: number;
  /** The thread answers before this, or is taken for lost; 20 s by default. */
  readonly lostMs?: number;
  readonly startThread?: typeof startWorker;
}

interface Waiting {
  readonly request: ExamineRequest;
  readonly resolve: (found: Recognised) => void;
  readonly reject: (error: unknown) => void;
}

/** Read at the same time; more wait their turn. */
const concurrent = 3;
const mostWaiting = 30;

const crowded = () =>
  new AppError('unavailable', 'APERCUS_OCCUPES', 'Beaucoup d’aperçus sont demandés. Réessayez dans une minute.');
const brought = () =>
  new AppError('invalid', 'APERCU_IMPOSSIBLE', 'Ce catalogue demande trop de mémoire ou de temps pour être lu ici.');

export function makeExaminer(options: ExaminerOptions): Examiner {
  const { log, lostMs = 20_000 } = options;
  const waiting: Waiting[] = [];
  const going = new Map<number, Waiting & { readonly timer: NodeJS.Timeout }>();
  let worker: Worker | null = null;
  let closing = false;
  let last = 0;

  function settle(id: number, end: (one: Waiting) => void): void {
    const one = going.get(id);
    if (one === undefined) return;
    clearTimeout(one.timer);
    going.delete(id);
    end(one);
    next();
  }

  function receive(message: FromExaminer): void {
    settle(message.id, ({ resolve, reject }) => {
      if (message.kind === 'examined') resolve(message.found);
      else if (message.kind === 'refused') reject(new AppError('invalid', message.code, message.message));
      else {
        log.error({ err: message.error }, 'preview broken');
        reject(message.error);
      }
    });
  }

  function start(): Worker {
    const started = (options.startThread ?? startWorker)(new URL('./examine-thread.ts', import.meta.url), {
      workerData: { examine: options.data },
      resourceLimits: { maxOldGenerationSizeMb: options.maxOldGenerationSizeMb ?? 160 },
    });
    let cause: unknown = new Error('the preview thread ended');
    started.on('message', receive);
    started.on('error', (error) => {
      cause = error;
    });
    started.on('exit', () => {
      if (worker === started) worker = null;
      if (closing) return;
      log.error({ err: cause }, 'preview thread died');
      // Which of them it was cannot be known: none is tried again by itself.
      for (const id of [...going.keys()]) settle(id, ({ reject }) => reject(brought()));
    });
    return started;
  }

  function next(): void {
    while (going.size < concurrent) {
      const one = waiting.shift();
      if (one === undefined) return;
      worker ??= start();
      const id = ++last;
      const timer = setTimeout(() => void worker?.terminate(), lostMs);
      going.set(id, { ...one, timer });
      worker.postMessage({ id, request: one.request } satisfies ToExaminer);
    }
  }

  return {
    examine(request) {
      if (closing || waiting.length >= mostWaiting) return Promise.reject(crowded());
      return new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject });
        next();
      });
    },
    async close() {
      closing = true;
      for (const { reject } of waiting.splice(0)) reject(crowded());
      for (const { reject, timer } of going.values()) {
        clearTimeout(timer);
        reject(crowded());
      }
      going.clear();
      await worker?.terminate();
    },
  };
}
