/**
 * One holder at a time, across processes: a document per lock in MongoDB, taken by an atomic condition on its expiry.
 * The holder renews it; a dead holder's lock ends by itself.
 */
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { isDuplicateKey } from './duplicate-key.ts';

interface LockDocument {
  _id: string;
  holder: string;
  until: Date;
}

export interface Lock {
  /** False when the lock was lost: the work must stop. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** @returns null when somebody else holds it. `seconds` is how long it lasts without `renew`. */
export async function takeLock(
  connection: Connection,
  name: string,
  seconds: number,
  now: () => Date = () => new Date(),
): Promise<Lock | null> {
  const locks = connection.collection<LockDocument>('locks');
  const holder = randomUUID();
  const until = () => new Date(now().getTime() + seconds * 1_000);
  try {
    // The upsert of a held lock collides on _id: that collision is the answer "taken".
    await locks.updateOne(
      { _id: name, until: { $lte: now() } },
      { $set: { holder, until: until() } },
      { upsert: true },
    );
  } catch (error) {
    if (isDuplicateKey(error)) return null;
    throw error;
  }
  return {
    async renew() {
      const result = await locks.updateOne({ _id: name, holder }, { $set: { until: until() } });
      return result.matchedCount === 1;
    },
    async release() {
      await locks.deleteOne({ _id: name, holder });
    },
  };
}

/** Those of `names` that somebody holds at `now`. */
export async function heldLocks(connection: Connection, names: readonly string[], now: Date): Promise<string[]> {
  const held = await connection
    .collection<LockDocument>('locks')
    .find({ _id: { $in: [...names] }, until: { $gt: now } })
    .toArray();
  return held.map((lock) => lock._id);
}
