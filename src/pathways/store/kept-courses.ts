/** What people keep for later: courses and pathways, once each per account. */
import { type Connection, type Model, Schema } from 'mongoose';
import { isDuplicateKey } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';
import type { Kept } from '../model/kept.ts';

export interface KeptStore {
  ensureIndexes(): Promise<void>;
  /** False when it was kept already: the first date stays. */
  add(accountId: string, kept: Kept): Promise<boolean>;
  /** False when it was not kept. */
  remove(accountId: string, target: Pick<Kept, 'kind' | 'target'>): Promise<boolean>;
  /** Newest first. */
  ofAccount(accountId: string): Promise<Kept[]>;
  /** Erases for good. @returns how many */
  eraseOf(accountId: string): Promise<number>;
}

interface KeptDocument extends Kept {
  accountId: string;
}

const schema = new Schema<KeptDocument>(
  { accountId: String, kind: String, target: String, title: String, at: Date },
  { collection: 'kept_courses', versionKey: false },
);
schema.index({ accountId: 1, kind: 1, target: 1 }, { unique: true });

export function makeKeptStore(connection: Connection): KeptStore {
  const model: Model<KeptDocument> = connection.model<KeptDocument>('KeptCourse', schema);
  // Asked by every page of a person: by the driver, without what a model adds.
  const documents = connection.getClient().db(connection.name).collection<KeptDocument>('kept_courses');
  const ofAccounts = joinedFind('accountId', (accountIds) =>
    documents
      .find({ accountId: { $in: [...accountIds] } })
      .sort({ at: -1, _id: -1 })
      .toArray(),
  );
  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async add(accountId, { kind, target, title, at }) {
      try {
        await model.create({ accountId, kind, target, title, at });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async remove(accountId, { kind, target }) {
      return (await model.deleteOne({ accountId, kind, target })).deletedCount === 1;
    },

    async ofAccount(accountId) {
      const found = await ofAccounts(accountId);
      return found.map(({ kind, target, title, at }) => ({ kind, target, title, at }));
    },

    async eraseOf(accountId) {
      return (await model.deleteMany({ accountId })).deletedCount;
    },
  };
}
