import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getOwn, isDoc } from './bson-values.ts';
import type { Address } from './engine.ts';
import { ask, NoReply } from './engine-client.ts';

/** Who serves a data directory, as written in its lock file. */
export interface LockOwner {
  readonly pid: number;
  readonly address: Address;
  /** Of the engine, which repeats it when asked. */
  readonly id: string;
  readonly startedAt: string;
}

const PROBE_MS = 3000;

function lockPath(dataDir: string): string {
  return join(dataDir, 'engine.lock');
}

function readLock(dataDir: string): LockOwner | undefined {
  let text: string;
  try {
    text = readFileSync(lockPath(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { pid, address, id, startedAt } = JSON.parse(text) as LockOwner;
    if (typeof address !== 'object' || typeof id !== 'string') return undefined;
    return { pid, address, id, startedAt };
  } catch {
    // Written only as a whole: this is a file left by a full disk.
    return undefined;
  }
}

/**
 * The process that serves the directory now, or none. A lock left by a killed process is recognised by a connection
 * that fails, not by its process id, which another program may have by now.
 */
export async function liveOwner(dataDir: string): Promise<LockOwner | undefined> {
  const owner = readLock(dataDir);
  if (!owner) return undefined;
  try {
    const reply = await ask(owner.address, { serverStatus: 1, $db: 'admin' }, PROBE_MS);
    const embedded = getOwn(reply, 'embedded');
    return isDoc(embedded) && getOwn(embedded, 'id') === owner.id ? owner : undefined;
  } catch (error) {
    // Busy with a long command is alive.
    return error instanceof NoReply ? owner : undefined;
  }
}

/** Says who serves the directory; called while starting, when the engine listens. */
export function writeLock(dataDir: string, owner: LockOwner): void {
  const draft = `${lockPath(dataDir)}.${owner.id}`;
  writeFileSync(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  renameSync(draft, lockPath(dataDir));
}

/** Removes the lock if it is still that of the engine `id`. */
export function removeLock(dataDir: string, id: string): void {
  if (readLock(dataDir)?.id === id) rmSync(lockPath(dataDir), { force: true });
}

export function newEngineId(): string {
  return randomUUID();
}

const START_POLL_MS = 25;
const START_REFRESH_MS = 1000;
/** A start that has not refreshed its file for so long was killed. */
const START_STALE_MS = 6000;

/**
 * Runs `work` while no other process starts or stops an engine in the directory: between the look at the lock and the
 * moment when the engine listens nobody else may decide that the directory is free.
 */
export async function whileStarting<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const path = join(dataDir, 'engine.starting');
  for (;;) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (touched !== undefined && Date.now() - touched > START_STALE_MS) rmSync(path, { force: true });
    else await sleep(START_POLL_MS);
  }
  const refresh = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // Somebody removed the file; the lock file still tells the truth.
    }
  }, START_REFRESH_MS);
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    rmSync(path, { force: true });
  }
}
