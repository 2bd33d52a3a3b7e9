/** The writing side of an import: everything goes under the date of the export, which no reader looks at yet. */
import type { mongo } from 'mongoose';
import type { HeldExport } from '../model/export.ts';
import { numberOf, rankOf, searchWords } from '../model/search.ts';
import type { IsoDate, RegisterName, RegisterRecord } from '../model.ts';
import type { ExportDocument, PartnerDocument, VersionDocument } from '../store.ts';

/** What the import compares a record with. */
export interface CurrentVersion {
  readonly code: string;
  readonly hash: string;
  readonly partnersHash: string;
}

export interface CurrentPartner {
  readonly id: string;
  readonly code: string;
  readonly siret: string;
  readonly hash: string;
}

export interface StagedRecord {
  readonly record: Omit<RegisterRecord, 'seen'>;
  readonly hash: string;
  readonly partnersHash: string;
}

export interface StagedPartner {
  readonly code: string;
  readonly register: RegisterName;
  /** '' holds all those without one. */
  readonly siret: string;
  readonly hash: string;
  readonly lines: PartnerDocument['lines'];
}

export interface Staging {
  /** Remembered before the first write, so that the next import knows what to remove. */
  begin(register: RegisterName, date: IsoDate): Promise<void>;
  /** Removes what an import that never came to its end has written. */
  discard(register: RegisterName): Promise<void>;
  /** Open versions. */
  current(register: RegisterName): AsyncIterable<CurrentVersion>;
  /** Partners in force of these certifications. */
  currentPartners(codes: readonly string[]): Promise<readonly CurrentPartner[]>;
  /** New versions from `date`; `replaced` are the codes whose open version ends there. */
  stage(date: IsoDate, records: readonly StagedRecord[], replaced: readonly string[]): Promise<void>;
  stagePartners(date: IsoDate, partners: readonly StagedPartner[], endedIds: readonly string[]): Promise<void>;
  /** Certifications that the export no longer has, with their partners. */
  end(date: IsoDate, codes: readonly string[]): Promise<void>;
  /** Puts the export in force. */
  publish(held: HeldExport): Promise<void>;
  /** The exports that came from this very file. */
  bySha256(sha256: string): Promise<HeldExport[]>;
}

interface ImportDocument {
  _id: RegisterName;
  date: IsoDate;
}

const open = { until: { $exists: false } };

export function makeStaging(parts: {
  readonly versions: mongo.Collection<VersionDocument>;
  readonly partners: mongo.Collection<PartnerDocument>;
  readonly exports: mongo.Collection<ExportDocument>;
  readonly imports: mongo.Collection<ImportDocument>;
}): Staging {
  const { versions, partners, exports, imports } = parts;

  return {
    async begin(register, date) {
      await imports.replaceOne({ _id: register }, { date }, { upsert: true });
    },

    async discard(register) {
      const unfinished = await imports.findOne({ _id: register });
      if (unfinished === null) return;
      const { date } = unfinished;
      // The export was entered: only the note is left.
      if ((await exports.findOne({ _id: `${register}@${date}` })) === null) {
        await partners.deleteMany({ register, from: date });
        await partners.updateMany({ register, until: date }, { $unset: { until: '' } });
        await versions.deleteMany({ register, from: date });
        await versions.updateMany({ register, until: date }, { $unset: { until: '' } });
      }
      await imports.deleteOne({ _id: register });
    },

    async *current(register) {
      const cursor = versions
        .find({ register, ...open }, { projection: { code: 1, hash: 1, partnersHash: 1 } })
        .batchSize(5_000);
      for await (const { code, hash, partnersHash } of cursor) yield { code, hash, partnersHash };
    },

    async currentPartners(codes) {
      if (codes.length === 0) return [];
      const filter = { code: { $in: [...codes] }, ...open };
      const found = await partners.find(filter, { projection: { code: 1, siret: 1, hash: 1 } }).toArray();
      return found.map(({ _id, code, siret, hash }) => ({ id: _id, code, siret, hash }));
    },

    async stage(date, records, replaced) {
      if (replaced.length > 0) {
        await versions.updateMany({ code: { $in: [...replaced] }, ...open }, { $set: { until: date } });
      }
      if (records.length === 0) return;
      await versions.insertMany(
        records.map(({ record, hash, partnersHash }) => ({
          _id: `${record.code}@${date}`,
          code: record.code,
          register: record.register,
          from: date,
          hash,
          partnersHash,
          rank: rankOf(record),
          number: numberOf(record),
          words: searchWords(record),
          record,
        })),
        { ordered: false },
      );
    },

    async stagePartners(date, staged, endedIds) {
      if (endedIds.length > 0) await partners.updateMany({ _id: { $in: [...endedIds] } }, { $set: { until: date } });
      if (staged.length === 0) return;
      await partners.insertMany(
        staged.map((partner) => ({ _id: `${partner.code}/${partner.siret}@${date}`, ...partner, from: date })),
        { ordered: false },
      );
    },

    async end(date, codes) {
      if (codes.length === 0) return;
      await versions.updateMany({ code: { $in: [...codes] }, ...open }, { $set: { until: date } });
      await partners.updateMany({ code: { $in: [...codes] }, ...open }, { $set: { until: date } });
    },

    async publish(held) {
      await exports.insertOne({ _id: `${held.register}@${held.date}`, ...held });
      await imports.deleteOne({ _id: held.register });
    },

    async bySha256(sha256) {
      const found = await exports.find({ sha256 }).toArray();
      return found.map(({ _id, ...held }) => held);
    },
  };
}
