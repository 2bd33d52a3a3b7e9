/** Sources in MongoDB. Returns model values, never documents. */
import { type Connection, Schema } from 'mongoose';
import { AppError } from '../errors.ts';
import { isDuplicateKey } from '../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../platform/indexes.ts';
import {
  type Author,
  keptChanges,
  mayBecome,
  type Notice,
  type Source,
  type SourceState,
  type StateChange,
} from './model.ts';

interface SourceDocument extends Omit<Source, 'id'> {
  _id: string;
}

/** A source as it is declared: its life begins in the state given, and then belongs to people. */
export type SourceSeed = Omit<
  Source,
  'stateSince' | 'createdAt' | 'updatedAt' | 'history' | 'mails' | 'notice' | 'sealed' | 'file'
>;

/** What an organisation may write of its own. */
export type SourceFields = Pick<
  Source,
  'title' | 'homepage' | 'connector' | 'config' | 'sealed' | 'file' | 'rhythm' | 'publishing' | 'mails'
>;

export interface SourceStore {
  ensureIndexes(): Promise<void>;
  /** By title. */
  list(): Promise<Source[]>;
  active(): Promise<Source[]>;
  byId(id: string): Promise<Source | null>;
  /** By title. */
  ofOrganisations(organisationIds: readonly string[]): Promise<Source[]>;
  /** @returns false when the id is taken */
  create(source: Source): Promise<boolean>;
  /** Adds or brings up to date; state, reason, rhythm and publishing of a known source are left as people set them. */
  plant(seeds: readonly SourceSeed[], now: Date): Promise<void>;
  /** @throws AppError not-found; conflict when the life of a source does not allow it. */
  setState(id: string, state: SourceState, why: { reason: string | null; by: Author }, now: Date): Promise<Source>;
  /** @throws AppError not-found; conflict when its state is not one of these any more. */
  change(id: string, fields: Partial<SourceFields>, allowed: readonly SourceState[], now: Date): Promise<Source>;
  /** Remembers what was said of a run. @returns false when somebody else did it before: the mail is theirs. */
  notice(id: string, before: Notice | null, after: Notice): Promise<boolean>;
  /** Every sealed setting under the current key. */
  reseal(reseal: (sealed: string) => string): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}

const sourceSchema = new Schema(
  { _id: String, state: String },
  { collection: 'sources', versionKey: false, strict: false },
);
sourceSchema.index({ state: 1 });
sourceSchema.index({ organisationId: 1 });

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

/** What a source planted by an older version does not say. */
const unsaid = {
  organisationId: null,
  history: [],
  mails: 'on-error',
  notice: null,
  sealed: {},
  file: null,
} as const satisfies Partial<Source>;

function toSource({ _id, ...source }: SourceDocument): Source {
  return { id: _id, ...unsaid, ...source };
}

const unknownSource = (id: string) => new AppError('not-found', 'unknown-source', `La source ${id} n'existe pas.`);

export function makeSourceStore(connection: Connection): SourceStore {
  const model = connection.model('Source', sourceSchema);
  const sources = connection.getClient().db(connection.name).collection<SourceDocument>('sources');

  async function byId(id: string): Promise<Source | null> {
    const found = await sources.findOne({ _id: id });
    return found === null ? null : toSource(found);
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async list() {
      return (await sources.find().sort({ title: 1, _id: 1 }).toArray()).map(toSource);
    },

    async active() {
      return (await sources.find({ state: 'active' }).sort({ _id: 1 }).toArray()).map(toSource);
    },

    byId,

    async ofOrganisations(organisationIds) {
      const found = sources.find({ organisationId: { $in: [...organisationIds] } }).sort({ title: 1, _id: 1 });
      return (await found.toArray()).map(toSource);
    },

    async create({ id, ...source }) {
      try {
        await sources.insertOne({ _id: id, ...source });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async plant(seeds, now) {
      if (seeds.length === 0) return;
      const first = (state: SourceState, reason: string | null): StateChange[] => [
        { state, at: now, reason, by: 'platform' },
      ];
      await sources.bulkWrite(
        seeds.map(({ id, state, stateReason, rhythm, publishing, ...declared }) => ({
          updateOne: {
            filter: { _id: id },
            update: {
              $set: { ...declared, updatedAt: now },
              $setOnInsert: {
                ...{ state, stateReason, rhythm, publishing, stateSince: now, createdAt: now },
                ...{ mails: 'on-error' as const, notice: null, sealed: {}, file: null },
                history: first(state, stateReason),
              },
            },
            upsert: true,
          },
        })),
      );
    },

    async setState(id, state, { reason, by }, now) {
      const source = await byId(id);
      if (source === null) throw unknownSource(id);
      const refused = new AppError(
        'conflict',
        'source-state',
        `La source ${source.title} est ${words[source.state]} : elle ne peut pas devenir ${words[state]}.`,
      );
      if (!mayBecome(source.state, state)) throw refused;
      const step: StateChange = { state, at: now, reason, by };
      const changed = await sources.findOneAndUpdate(
        { _id: id, state: source.state },
        {
          $set: { state, stateReason: reason, stateSince: now, updatedAt: now },
          $push: { history: { $each: [step], $slice: -keptChanges } },
        },
        { returnDocument: 'after' },
      );
      // Somebody else changed it in between.
      if (changed === null) throw refused;
      return toSource(changed);
    },

    async change(id, fields, allowed, now) {
      const changed = await sources.findOneAndUpdate(
        { _id: id, state: { $in: [...allowed] } },
        { $set: { ...fields, updatedAt: now } },
        { returnDocument: 'after' },
      );
      if (changed !== null) return toSource(changed);
      const source = await byId(id);
      if (source === null) throw unknownSource(id);
      const message = `La source ${source.title} est ${words[source.state]} : elle ne peut pas être changée ainsi.`;
      throw new AppError('conflict', 'source-state', message);
    },

    async notice(id, before, after) {
      // A source of an older version has no such field: null finds it too.
      const unchanged = { _id: id, ...(before === null ? { notice: null } : { 'notice.runId': before.runId }) };
      return (await sources.updateOne(unchanged, { $set: { notice: after } })).matchedCount === 1;
    },

    async reseal(reseal) {
      for (const { _id, sealed } of await sources.find({ sealed: { $exists: true } }).toArray()) {
        const names = Object.keys(sealed);
        if (names.length === 0) continue;
        const resealed = Object.fromEntries(names.map((name) => [name, reseal(sealed[name] ?? '')]));
        // Only where it still stands: its owner may have changed it meanwhile.
        await sources.updateOne({ _id, sealed }, { $set: { sealed: resealed } });
      }
    },

    async remove(ids) {
      await sources.deleteMany({ _id: { $in: [...ids] } });
    },
  };
}
