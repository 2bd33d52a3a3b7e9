/**
 * Attempts at what an attacker would try many times, counted in the database so that a restart forgets none. What is
 * counted (an account, an address of the network) is stored under a keyed digest that says nothing to a reader.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';

export interface Counted {
  /** What is counted, in clear: `account ada@exemple.fr`, `address 192.0.2.1`. */
  readonly what: string;
  /** Attempts allowed within the window. */
  readonly limit: number;
}

export type Attempt =
  | { readonly allowed: true; readonly id: string }
  | { readonly allowed: false; readonly until: Date };

export interface AttemptStore {
  ensureIndexes(): Promise<void>;
  /** Counts first and judges after: of many at the same moment no more pass than the limit. A refused one is not kept. */
  begin(counted: readonly Counted[], now: Date): Promise<Attempt>;
  /** It was the right person: takes back this attempt, and every one at `what`. */
  succeed(id: string, what: string): Promise<void>;
  /** When these were tried. */
  datesOf(whats: readonly string[]): Promise<readonly Date[]>;
  /** @returns how many were erased */
  forget(whats: readonly string[]): Promise<number>;
}

/** Sliding window of every limit. */
export const attemptWindowMinutes = 15;
const windowMs = attemptWindowMinutes * 60_000;

interface AttemptDocument {
  key: string;
  attempt: string;
  at: Date;
}

const attemptSchema = new Schema<AttemptDocument>(
  { key: String, attempt: String, at: Date },
  { collection: 'sign-in-attempts', versionKey: false, strict: 'throw' },
);
attemptSchema.index({ key: 1, at: 1 });
attemptSchema.index({ attempt: 1 });
attemptSchema.index({ at: 1 }, { expireAfterSeconds: windowMs / 1_000 });

export function makeAttemptStore(connection: Connection, secret: string): AttemptStore {
  const model: Model<AttemptDocument> = connection.model<AttemptDocument>('SignInAttempt', attemptSchema);
  const keyOf = (what: string) => createHmac('sha256', secret).update(what).digest('hex');
  const ofKeys = joinedFind('key', (keys) => model.find({ key: { $in: keys } }).lean<AttemptDocument[]>());

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async begin(counted, now) {
      const id = randomUUID();
      await model.insertMany(counted.map(({ what }) => ({ key: keyOf(what), attempt: id, at: now })));
      const since = new Date(now.getTime() - windowMs);
      for (const { what, limit } of counted) {
        const recent = { key: keyOf(what), at: { $gt: since } };
        if ((await model.countDocuments(recent)) <= limit) continue;
        await model.deleteMany({ attempt: id });
        const oldest = await model.findOne(recent).sort({ at: 1 }).lean<AttemptDocument | null>();
        return { allowed: false, until: new Date((oldest?.at ?? now).getTime() + windowMs) };
      }
      return { allowed: true, id };
    },

    async succeed(id, what) {
      await model.deleteMany({ $or: [{ attempt: id }, { key: keyOf(what) }] });
    },

    async datesOf(whats) {
      const found = await Promise.all(whats.map((what) => ofKeys(keyOf(what))));
      return found.flatMap((attempts) => attempts.map(({ at }) => at)).sort((a, b) => a.getTime() - b.getTime());
    },

    async forget(whats) {
      return (await model.deleteMany({ key: { $in: whats.map(keyOf) } })).deletedCount;
    },
  };
}
