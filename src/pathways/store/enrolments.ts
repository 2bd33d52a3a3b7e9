/** Enrolments in MongoDB: one per account and pathway, whatever the number of tabs. Returns model values. */
import { type Connection, type Model, Schema } from 'mongoose';
import { isDuplicateKey } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';
import type { Enrolment } from '../model/enrolment.ts';

export interface EnrolmentStore {
  ensureIndexes(): Promise<void>;
  /** False, and nothing written, when the account is already enrolled in this pathway. */
  add(enrolment: Enrolment): Promise<boolean>;
  /** Of this account only: that of somebody else is null, like one that does not exist. */
  byId(accountId: string, id: string): Promise<Enrolment | null>;
  byPathway(accountId: string, pathwaySlug: string): Promise<Enrolment | null>;
  /** Oldest first. */
  ofAccount(accountId: string): Promise<Enrolment[]>;
  /** Writes steps and stop date, unless somebody changed the enrolment since it was read: then false. */
  save(enrolment: Enrolment): Promise<boolean>;
  /** Erases for good. @returns how many */
  eraseOf(accountId: string): Promise<number>;
}

interface EnrolmentDocument extends Omit<Enrolment, 'id'> {
  _id: string;
}

const schema = new Schema<EnrolmentDocument>(
  {
    _id: String,
    accountId: String,
    pathwaySlug: String,
    pathway: Schema.Types.Mixed,
    consent: Schema.Types.Mixed,
    steps: Schema.Types.Mixed,
    stoppedAt: Date,
    createdAt: Date,
    revision: Number,
  },
  { collection: 'enrolments', versionKey: false, minimize: false },
);
schema.index({ accountId: 1, pathwaySlug: 1 }, { unique: true });

function toEnrolment({ _id, ...enrolment }: EnrolmentDocument): Enrolment {
  return { id: _id, ...enrolment };
}

export function makeEnrolmentStore(connection: Connection): EnrolmentStore {
  const model: Model<EnrolmentDocument> = connection.model<EnrolmentDocument>('Enrolment', schema);
  // Asked by every page of a person: by the driver, without what a model adds.
  const documents = connection.getClient().db(connection.name).collection<EnrolmentDocument>('enrolments');
  const ofAccounts = joinedFind('accountId', (accountIds) =>
    documents
      .find({ accountId: { $in: [...accountIds] } })
      .sort({ createdAt: 1, _id: 1 })
      .toArray(),
  );

  async function one(filter: { accountId: string; _id?: string; pathwaySlug?: string }): Promise<Enrolment | null> {
    const found = await model.findOne(filter).lean<EnrolmentDocument | null>();
    return found === null ? null : toEnrolment(found);
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async add({ id, ...enrolment }) {
      try {
        await model.create({ _id: id, ...enrolment });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    byId: (accountId, id) => one({ accountId, _id: id }),
    byPathway: (accountId, pathwaySlug) => one({ accountId, pathwaySlug }),

    async ofAccount(accountId) {
      const found = await ofAccounts(accountId);
      return found.map(toEnrolment);
    },

    async save({ id, accountId, revision, steps, stoppedAt }) {
      const written = await model.updateOne(
        { _id: id, accountId, revision },
        { $set: { steps: [...steps], stoppedAt }, $inc: { revision: 1 } },
      );
      return written.matchedCount === 1;
    },

    async eraseOf(accountId) {
      return (await model.deleteMany({ accountId })).deletedCount;
    },
  };
}
