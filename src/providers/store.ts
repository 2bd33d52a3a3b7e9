/** Sources in MongoDB. Returns model values, never documents. */
import { type Connection, Schema } from 'mongoose';
import { AppError } from '../errors.ts';
import { mayBecome, type Source, type SourceState } from './model.ts';

interface SourceDocument extends Omit<Source, 'id'> {
  _id: string;
}

/** A source as it is declared: its life begins in the state given, and then belongs to people. */
export type SourceSeed = Omit<Source, 'stateSince' | 'createdAt' | 'updatedAt'>;

export interface SourceStore {
  ensureIndexes(): Promise<void>;
  list(): Promise<Source[]>;
  active(): Promise<Source[]>;
  byId(id: string): Promise<Source | null>;
  /** Adds or brings up to date; state, reason, rhythm and publishing of a known source are left as people set them. */
  plant(seeds: readonly SourceSeed[], now: Date): Promise<void>;
  /** @throws AppError not-found; conflict when the life of a source does not allow it. */
  setState(id: string, state: SourceState, reason: string | null, now: Date): Promise<Source>;
  remove(ids: readonly string[]): Promise<void>;
}

const sourceSchema = new Schema(
  { _id: String, state: String },
  { collection: 'sources', versionKey: false, strict: false },
);
sourceSchema.index({ state: 1 });

const words: Readonly<Record<SourceState, string>> = {
  draft: 'en brouillon',
  previewed: 'prévisualisée',
  submitted: 'soumise',
  refused: 'refusée',
  approved: 'acceptée',
  active: 'active',
  paused: 'en pause',
  closed: 'fermée',
};

function toSource({ _id, ...source }: SourceDocument): Source {
  return { id: _id, ...source };
}

export function makeSourceStore(connection: Connection): SourceStore {
  const model = connection.model('Source', sourceSchema);
  const sources = connection.getClient().db(connection.name).collection<SourceDocument>('sources');

  async function byId(id: string): Promise<Source | null> {
    const found = await sources.findOne({ _id: id });
    return found === null ? null : toSource(found);
  }

  return {
    async ensureIndexes() {
      await model.createCollection();
      await model.syncIndexes();
    },

    async list() {
      return (await sources.find().sort({ title: 1, _id: 1 }).toArray()).map(toSource);
    },

    async active() {
      return (await sources.find({ state: 'active' }).sort({ _id: 1 }).toArray()).map(toSource);
    },

    byId,

    async plant(seeds, now) {
      if (seeds.length === 0) return;
      await sources.bulkWrite(
        seeds.map(({ id, state, stateReason, rhythm, publishing, ...declared }) => ({
          updateOne: {
            filter: { _id: id },
            update: {
              $set: { ...declared, updatedAt: now },
              $setOnInsert: { state, stateReason, rhythm, publishing, stateSince: now, createdAt: now },
            },
            upsert: true,
          },
        })),
      );
    },

    async setState(id, state, reason, now) {
      const source = await byId(id);
      if (source === null) throw new AppError('not-found', 'unknown-source', `La source ${id} n'existe pas.`);
      const refused = new AppError(
        'conflict',
        'source-state',
        `La source ${source.title} est ${words[source.state]} : elle ne peut pas devenir ${words[state]}.`,
      );
      if (!mayBecome(source.state, state)) throw refused;
      const changed = await sources.findOneAndUpdate(
        { _id: id, state: source.state },
        { $set: { state, stateReason: reason, stateSince: now, updatedAt: now } },
        { returnDocument: 'after' },
      );
      // Somebody else changed it in between.
      if (changed === null) throw refused;
      return toSource(changed);
    },

    async remove(ids) {
      await sources.deleteMany({ _id: { $in: [...ids] } });
    },
  };
}
