/** Collections and their indexes, as the schemas say, made once at start. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Model, mongo } from 'mongoose';

/** Of servers: WriteConflict, ConflictingOperationInProgress, and an index being built by somebody else. */
const inTheWay: readonly unknown[] = [112, 117, 12586, 12587];
const attempts = 4;

/**
 * @throws what the server says, such as an index that the documents contradict
 */
export async function ensureIndexesOf<Document>(
  model: Pick<Model<Document>, 'createCollection' | 'syncIndexes'>,
): Promise<void> {
  await unlessInTheWay(async () => {
    await model.createCollection();
    await model.syncIndexes();
  });
}

/** One index of a collection without schema. @throws as `ensureIndexesOf` */
export async function ensureIndex<Document extends mongo.Document>(
  collection: Pick<mongo.Collection<Document>, 'createIndex'>,
  key: mongo.IndexSpecification,
  options: mongo.CreateIndexesOptions = {},
): Promise<void> {
  await unlessInTheWay(() => collection.createIndex(key, options));
}

/** Two processes that start at once may be in each other's way: the server refuses one of them, which tries again. */
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
