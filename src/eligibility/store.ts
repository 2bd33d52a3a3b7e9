/** What rule editors publish, in MongoDB: an append-only row of versions, and each set of rules that ever answered. */
import { type Connection, type Model, Schema } from 'mongoose';
import { isDuplicateKey } from '../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../platform/indexes.ts';
import type { Publication } from './model/publication.ts';

export interface RuleStore {
  ensureIndexes(): Promise<void>;
  /** Those after `sequence`, in their order; as stored: an older release may have written them. */
  publicationsAfter(sequence: number): Promise<readonly { readonly sequence: number; readonly content: unknown }[]>;
  /** False when another one took the place in the row, or when the draft was published already. */
  publish(publication: Publication): Promise<boolean>;
  /** The rules of this name as JSON; null when none of this name ever answered here. */
  snapshot(version: string): Promise<string | null>;
  /** Keeps the rules of this name. Safe to repeat. */
  keepSnapshot(version: string, json: string, since: Date): Promise<void>;
}

interface PublicationDocument extends Omit<Publication, 'sequence'> {
  _id: number;
}

const publicationSchema = new Schema<PublicationDocument>(
  {
    _id: Number,
    ruleId: String,
    version: Schema.Types.Mixed,
    why: String,
    caseChanges: [Schema.Types.Mixed],
    draftId: String,
    publishedOn: String,
  },
  { collection: 'rule_publications', versionKey: false, minimize: false },
);
publicationSchema.index({ draftId: 1 }, { unique: true });

interface SnapshotDocument {
  _id: string;
  json: string;
  since: Date;
}

const snapshotSchema = new Schema<SnapshotDocument>(
  { _id: String, json: String, since: Date },
  { collection: 'rule_sets', versionKey: false },
);

export function makeRuleStore(connection: Connection): RuleStore {
  const publications: Model<PublicationDocument> = connection.model<PublicationDocument>(
    'RulePublication',
    publicationSchema,
  );
  const snapshots: Model<SnapshotDocument> = connection.model<SnapshotDocument>('RuleSet', snapshotSchema);
  return {
    async ensureIndexes() {
      await ensureIndexesOf(publications);
    },

    async publicationsAfter(sequence) {
      const found = await publications
        .find({ _id: { $gt: sequence } })
        .sort({ _id: 1 })
        .lean<PublicationDocument[]>();
      return found.map(({ _id, ...rest }) => ({ sequence: _id, content: { sequence: _id, ...rest } }));
    },

    async publish({ sequence, ...rest }) {
      try {
        await publications.create({ _id: sequence, ...rest });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async snapshot(version) {
      const found = await snapshots.findById(version).lean<SnapshotDocument | null>();
      return found?.json ?? null;
    },

    async keepSnapshot(version, json, since) {
      try {
        await snapshots.updateOne({ _id: version }, { $setOnInsert: { json, since } }, { upsert: true });
      } catch (error) {
        // Another process keeps the same rules at the same moment.
        if (!isDuplicateKey(error)) throw error;
      }
    },
  };
}
