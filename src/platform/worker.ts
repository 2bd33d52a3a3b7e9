/** Starts a worker thread from a source file, under tsx or compiled. */
import { setPriority } from 'node:os';
import { type ResourceLimits, Worker } from 'node:worker_threads';

export interface WorkerSetup {
  readonly workerData: unknown;
  readonly resourceLimits?: ResourceLimits;
}

/**
 * `entry` is the address of the `.ts` file beside the caller, as written in the source. A thread does not inherit the loader
 * of TypeScript: from sources it registers it first; compiled, the entry is the `.js` file, which tsc does not rewrite.
 */
export function startWorker(entry: URL, setup: WorkerSetup): Worker {
  const options = {
    workerData: setup.workerData,
    ...(setup.resourceLimits === undefined ? {} : { resourceLimits: setup.resourceLimits }),
  };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(entry.href.replace(/\.ts$/, '.js')), options);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const script = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); })`;
  return new Worker(script, { ...options, eval: true });
}

/** Of Linux: what is left when all others have had theirs. */
const lowestPriority = 19;

/**
 * To be called in a thread whose work can wait: pages and the database go first when the processors are busy. On Linux a
 * thread has a priority of its own; elsewhere it would be that of the whole process, and nothing is changed.
 */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(lowestPriority);
}
