/**
 * Preloaded with `--import` into every thread of a measured process, whose own code stays as it is: each thread tells the
 * main one how large its heap is.
 */
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, threadId, workerData } from 'node:worker_threads';

export const heapChannel = 'bench-thread-heap';

export interface HeapReport {
  readonly thread: string;
  /** MiB that V8 holds for this thread. */
  readonly heapMb: number;
  /** MiB of buffers and the like, outside the heap. */
  readonly externalMb: number;
  readonly limitMb: number;
}

function threadName(): string {
  if (isMainThread) return 'main';
  if (typeof workerData !== 'object' || workerData === null) return `worker ${threadId}`;
  if ('harvest' in workerData) return 'harvest';
  if ('judge' in workerData) return 'judging';
  return 'directory' in workerData ? 'database' : `worker ${threadId}`;
}

const channel = new BroadcastChannel(heapChannel);
// Neither the channel nor the clock may keep a thread alive that has ended its work.
channel.unref();
const thread = threadName();
setInterval(() => {
  const heap = getHeapStatistics();
  const mb = (bytes: number) => Math.round(bytes / 104_857.6) / 10;
  const report: HeapReport = {
    thread,
    heapMb: mb(heap.total_heap_size),
    externalMb: mb(heap.external_memory),
    limitMb: Math.round(mb(heap.heap_size_limit)),
  };
  channel.postMessage(report);
}, 100).unref();
