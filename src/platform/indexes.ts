/** Collections and their indexes, as the schemas say, made once at start. */
import type { Model, mongo } from 'mongoose';
import { unlessInTheWay } from './in-the-way.ts';

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
