/** Commands that a server refuses because of another one, and that are tried again. */
import { setTimeout as wait } from 'node:timers/promises';

/** Of servers: WriteConflict, ConflictingOperationInProgress, and an index being built by somebody else. */
const inTheWay: readonly unknown[] = [112, 117, 12586, 12587];
const attempts = 4;

/**
 * Two that work at once may be in each other's way: the server refuses one of them, which tries again. `work` must bear being
 * done twice. @throws what it threw the last time, or what is of another kind
 */
export async function unlessInTheWay<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !isInTheWay(error)) throw error;
      await wait(100 * attempt);
    }
  }
}

function isInTheWay(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && inTheWay.includes(error.code)) || /deadlock/i.test(error.message);
}
