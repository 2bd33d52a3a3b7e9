/** Corrections in place, apart from the courses: one document for a field of a record, with all that was ever written for it. */
import { type Connection, Schema } from 'mongoose';
import type { CourseField } from '../../catalogue/model/corrections.ts';
import { isDuplicateKey } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import type { Correction, Ended, Patch, PatchAuthor, PatchEnding, SourceValue } from '../model/patch.ts';

/** The field of a record that an act is about, and the revision that the person saw. */
export interface PatchRef {
  readonly sourceId: string;
  readonly remoteId: string;
  readonly field: CourseField;
  readonly revision: number;
}

interface Saw {
  readonly patch: Patch;
  readonly value: SourceValue;
  /** The record is published with its live patches, and without those that were taken back. */
  readonly isAccepted: boolean;
}

export interface PatchStore {
  ensureIndexes(): Promise<void>;
  /** Live ones, and those taken back that no run has undone, by remoteId: what a run needs, in one reading. */
  ofSource(sourceId: string): Promise<ReadonlyMap<string, readonly Patch[]>>;
  /** All that was ever corrected of a record. */
  ofRecord(sourceId: string, remoteId: string): Promise<readonly Patch[]>;
  /** Those of a source in the order of their records, after one of them; the ended ones too. */
  page(sourceId: string, page: { readonly after: string | null; readonly limit: number }): Promise<readonly Patch[]>;
  counts(sourceId: string): Promise<{ readonly total: number; readonly live: number }>;
  /** A field that has no live correction. @returns false when it has one, written meanwhile */
  add(patch: Pick<Patch, 'sourceId' | 'remoteId' | 'field'> & Correction): Promise<boolean>;
  /** Another correction of the field; the one before stays in `past`. @returns false when it is not the revision that was seen */
  replace(ref: PatchRef, correction: Correction): Promise<boolean>;
  /** The same correction, against what the source says now. @returns as `replace` */
  confirm(ref: PatchRef): Promise<boolean>;
  /** @returns as `replace` */
  end(ref: PatchRef, ended: { how: PatchEnding; by: PatchAuthor; at: Date }): Promise<boolean>;
  /** What a run saw. One that a person changed since the run began is left to the next run. */
  saw(list: readonly Saw[], at: Date): Promise<void>;
  /** The corrections of these records go on under their new identifier. Those that it has already stay as they are. */
  follow(sourceId: string, list: readonly { readonly from: string; readonly to: string }[]): Promise<void>;
  erase(sourceIds: readonly string[]): Promise<void>;
}

interface PatchDocument extends Patch {
  _id: string;
  /** Whether a run needs it. */
  open: boolean;
}

const name = 'record_patches';

const schema = new Schema(
  { _id: String, sourceId: String, open: Boolean },
  { collection: name, versionKey: false, strict: false },
);
schema.index({ sourceId: 1, open: 1 });

function keyOf(sourceId: string, remoteId: string, field = ''): string {
  return `${sourceId}/${remoteId}/${field}`;
}

function toPatch({ _id, open: _open, ...patch }: PatchDocument): Patch {
  return patch;
}

function pastOf(patch: Patch, ended: Ended): Patch['past'] {
  const { source, value, by, at, why } = patch;
  return [...patch.past, { source, value, by, at, why, ended }];
}

export function makePatchStore(connection: Connection): PatchStore {
  const model = connection.model('RecordPatch', schema);
  const patches = connection.getClient().db(connection.name).collection<PatchDocument>(name);

  async function change(ref: PatchRef, make: (patch: Patch) => Partial<Patch>): Promise<boolean> {
    const _id = keyOf(ref.sourceId, ref.remoteId, ref.field);
    const { revision } = ref;
    const found = await patches.findOne({ _id, revision, ended: null });
    if (found === null) return false;
    const set = { ...make(toPatch(found)), version: found.version + 1, revision: revision + 1 };
    const { matchedCount } = await patches.updateOne({ _id, revision, ended: null }, { $set: set });
    return matchedCount === 1;
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async ofSource(sourceId) {
      const found = new Map<string, Patch[]>();
      for await (const document of patches.find({ sourceId, open: true })) {
        const patch = toPatch(document);
        const own = found.get(patch.remoteId);
        if (own === undefined) found.set(patch.remoteId, [patch]);
        else own.push(patch);
      }
      return found;
    },

    async ofRecord(sourceId, remoteId) {
      const key = keyOf(sourceId, remoteId);
      const found = await patches
        .find({ _id: { $gte: key, $lt: `${key.slice(0, -1)}0` }, remoteId })
        .sort({ _id: 1 })
        .toArray();
      return found.map(toPatch);
    },

    async page(sourceId, { after, limit }) {
      const from = after === null ? { $gte: `${sourceId}/` } : { $gt: `${sourceId}/${after}` };
      const found = await patches
        .find({ _id: { ...from, $lt: `${sourceId}0` } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(toPatch);
    },

    async counts(sourceId) {
      const [total, live] = await Promise.all([
        patches.countDocuments({ sourceId }),
        patches.countDocuments({ sourceId, open: true, ended: null }),
      ]);
      return { total, live };
    },

    async add({ sourceId, remoteId, field, source, value, by, at, why }) {
      const _id = keyOf(sourceId, remoteId, field);
      const fresh = { source, value, by, at, why, seen: { value: source, at }, appliedAt: null, undoneAt: null };
      const before = await patches.findOne({ _id });
      if (before === null) {
        const first = { _id, open: true, sourceId, remoteId, field, version: 1, revision: 1, ended: null, past: [] };
        try {
          await patches.insertOne({ ...first, ...fresh });
          return true;
        } catch (error) {
          if (isDuplicateKey(error)) return false;
          throw error;
        }
      }
      const { revision, version, ended } = before;
      if (ended === null) return false;
      const { matchedCount } = await patches.updateOne(
        { _id, revision },
        {
          $set: {
            ...{ ...fresh, open: true, ended: null, past: pastOf(toPatch(before), ended) },
            version: version + 1,
            revision: revision + 1,
          },
        },
      );
      return matchedCount === 1;
    },

    replace: (ref, correction) =>
      change(ref, (patch) => ({
        ...correction,
        source: patch.seen.value,
        appliedAt: null,
        past: pastOf(patch, { how: 'replaced', by: correction.by, at: correction.at }),
      })),

    confirm: (ref) => change(ref, ({ seen }) => ({ source: seen.value })),

    end: (ref, ended) => change(ref, () => ({ ended })),

    async saw(list, at) {
      await patches.bulkWrite(
        list.map(({ patch, value, isAccepted }) => {
          const _id = keyOf(patch.sourceId, patch.remoteId, patch.field);
          const isUndone = isAccepted && patch.ended !== null;
          const set = {
            seen: { value, at },
            ...(isAccepted && patch.ended === null && patch.appliedAt === null ? { appliedAt: at } : {}),
            ...(isUndone ? { undoneAt: at, open: false } : {}),
          };
          return {
            updateOne: { filter: { _id, version: patch.version }, update: { $set: set, $inc: { revision: 1 } } },
          };
        }),
        { ordered: false },
      );
    },

    async follow(sourceId, list) {
      for (const { from, to } of list) {
        const key = keyOf(sourceId, from);
        const found = await patches.find({ _id: { $gte: key, $lt: `${key.slice(0, -1)}0` }, remoteId: from }).toArray();
        for (const { _id, ...patch } of found) {
          await patches.updateOne(
            { _id: keyOf(sourceId, to, patch.field) },
            { $setOnInsert: { ...patch, remoteId: to } },
            { upsert: true },
          );
          await patches.deleteOne({ _id });
        }
      }
    },

    async erase(sourceIds) {
      await patches.deleteMany({ sourceId: { $in: [...sourceIds] } });
    },
  };
}
