/** Collections and their indexes, as the schemas say, made once at start. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Model } from 'mongoose';

/** Of servers: WriteConflict, ConflictingOperationInProgress, and an index being built by somebody else. */
const inTheWay: readonly unknown[] = [112, 117, 12586, 12587];
const attempts = 4;

/**
 * Two processes that start at once may be in each other's way: the server refuses one of them, which tries again.
 *
 * @throws what the server says otherwise, such as an index that the documents contradict
 */
export async function ensureIndexesOf<Document>(
  model: Pick<Model<Document>, 'createCollection' | 'syncIndexes'>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await model.createCollection();
      await model.syncIndexes();
      return;
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
