import { parentPort, workerData } from 'node:worker_threads';
import { type Address, runEngine } from './engine.ts';
import { isCommitFailure } from './environment.ts';

/** What the thread of the engine is started with. */
export interface EngineWorkerData {
  readonly directory: string;
  readonly address: Address;
  readonly id: string;
}

/** What the thread tells the one that started it; it understands one message, `close`. */
export type EngineWorkerMessage =
  | { readonly type: 'listening'; readonly address: Address }
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'internal-error'; readonly message: string }
  | { readonly type: 'closed' };

const port = parentPort;
if (!port) throw new Error('engine-worker.ts runs in a worker thread only');

const tell = (message: EngineWorkerMessage): void => port.postMessage(message);
const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

// When a commit fails, lmdb rejects a promise of its own too, which nobody can reach; whoever asked for the write is told
// through the other one.
process.on('unhandledRejection', (error) => {
  if (!isCommitFailure(error)) throw error;
});

try {
  const engine = await runEngine({
    ...(workerData as EngineWorkerData),
    onInternalError: (error) => tell({ type: 'internal-error', message: textOf(error) }),
  });
  port.once('message', async () => {
    try {
      await engine.close();
      tell({ type: 'closed' });
    } catch (error) {
      tell({ type: 'failed', message: textOf(error), code: undefined });
    }
    port.close();
  });
  tell({ type: 'listening', address: engine.address });
} catch (error) {
  const { message, code } = error as NodeJS.ErrnoException;
  tell({ type: 'failed', message, code });
  port.close();
}
