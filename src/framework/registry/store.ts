/**
 * The registers in MongoDB, with their history. A version of a record holds from the export of `from` until, not
 * including, the one of `until`. An import writes what it reads under a date later than the one in force, where no reader
 * looks; entering the export itself is the single write that puts everything in force. What an import that died left is
 * removed by the next one.
 */
import { type Connection, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { sharedRead } from '../../platform/joined-reads.ts';
import type { HeldExport } from './model/export.ts';
import type { PartnerLine } from './model/habilitation.ts';
import type { CertificationOfProvider, IsoDate, RegisterName, RegisterRecord } from './model.ts';
import { makeOfferStore, type OfferStore } from './store/offers.ts';
import { makeStaging, type Staging } from './store/staging.ts';

/** A record of one register as the export of `date` gives it. */
export interface At {
  readonly register: RegisterName;
  readonly date: IsoDate;
}

export interface PartnerLines {
  readonly siret: string;
  readonly lines: readonly PartnerLine[];
}

export interface RecordSearch {
  /** Words that must all be there, as the beginning of a word. */
  readonly words: readonly string[];
  readonly at: readonly At[];
}

export interface RegistryStore extends Staging, OfferStore {
  ensureIndexes(): Promise<void>;
  /** The export in force, or the newest of that day or before; null when there is none. */
  head(register: RegisterName, on?: IsoDate): Promise<HeldExport | null>;
  /** Newest first. */
  exports(register: RegisterName): Promise<HeldExport[]>;
  /** By code, as the export of `date` of its register gives it. */
  records(codes: readonly string[], at: readonly At[]): Promise<ReadonlyMap<string, RegisterRecord>>;
  /** Partners of each pair's company, every establishment, by code. */
  partners(
    pairs: readonly CertificationOfProvider[],
    at: readonly At[],
  ): Promise<ReadonlyMap<string, readonly PartnerLines[]>>;
  /** How many partners a record has, and how many of them are active. */
  partnerCounts(code: string, at: At): Promise<{ readonly total: number; readonly active: number }>;
  /** Digital and active ones first, then the newest number. */
  search(search: RecordSearch & { readonly skip: number; readonly limit: number }): Promise<RegisterRecord[]>;
  countFound(search: RecordSearch): Promise<number>;
  /** Codes whose version began or ended after `from`, up to `to` included. */
  touched(register: RegisterName, from: IsoDate, to: IsoDate): Promise<string[]>;
}

export interface VersionDocument {
  /** `RNCP37674@2026-08-16`. */
  _id: string;
  code: string;
  register: RegisterName;
  from: IsoDate;
  /** Absent while it holds. */
  until?: IsoDate;
  hash: string;
  partnersHash: string;
  rank: number;
  number: number;
  words: string[];
  record: Omit<RegisterRecord, 'seen'>;
}

export interface PartnerDocument {
  _id: string;
  code: string;
  register: RegisterName;
  /** '' when the export gives none. */
  siret: string;
  from: IsoDate;
  until?: IsoDate;
  hash: string;
  lines: PartnerLine[];
}

export interface ExportDocument extends HeldExport {
  /** `RNCP@2026-08-16`. */
  _id: string;
}

export const collections = {
  versions: 'registry_records',
  partners: 'registry_partners',
  exports: 'registry_exports',
  imports: 'registry_imports',
} as const;

const versionSchema = new Schema(
  { _id: String, code: String, register: String, from: String, until: String, rank: Number, number: Number },
  { collection: collections.versions, versionKey: false, strict: false },
);
versionSchema.index({ code: 1, from: 1 });
versionSchema.index({ rank: 1, number: -1 });
versionSchema.index({ words: 1 });

const partnerSchema = new Schema(
  { _id: String, code: String, siret: String },
  { collection: collections.partners, versionKey: false, strict: false },
);
partnerSchema.index({ code: 1, siret: 1 });

const exportSchema = new Schema(
  { _id: String, register: String, date: String, sha256: String },
  { collection: collections.exports, versionKey: false, strict: false },
);
exportSchema.index({ register: 1, date: -1 });

function toExport({ _id, ...held }: ExportDocument): HeldExport {
  return held;
}

const registerOf = (code: string): RegisterName => (code.startsWith('RS') ? 'RS' : 'RNCP');

/** What readers see at the export of `date`. */
function visible({ register, date }: At) {
  return { register, from: { $lte: date }, $or: [{ until: { $exists: false } }, { until: { $gt: date } }] };
}

function filterOf({ words, at }: RecordSearch) {
  // Words are letters and digits: the only sign that means something to a pattern is that of « c++ ».
  const patterns = words.map((word) => ({ words: { $regex: `^${word.replaceAll('+', '\\+')}` } }));
  return { $and: [...patterns, { $or: at.map(visible) }] };
}

export function makeRegistryStore(connection: Connection): RegistryStore {
  const models = [
    connection.model('RegistryRecord', versionSchema),
    connection.model('RegistryPartner', partnerSchema),
    connection.model('RegistryExport', exportSchema),
  ];
  const database = connection.getClient().db(connection.name);
  const versions = database.collection<VersionDocument>(collections.versions);
  const partners = database.collection<PartnerDocument>(collections.partners);
  const exports = database.collection<ExportDocument>(collections.exports);
  const offers = makeOfferStore(connection);

  /** Days of the exports of a register, oldest first. */
  async function days(register: RegisterName): Promise<IsoDate[]> {
    const found = await exports
      .find({ register }, { projection: { date: 1 } })
      .sort({ register: 1, date: 1 })
      .toArray();
    return found.map(({ date }) => date);
  }

  /** The records, each with the last export that says so. */
  async function dated(documents: readonly VersionDocument[]): Promise<RegisterRecord[]> {
    const registers = (some: readonly VersionDocument[]) => [...new Set(some.map(({ register }) => register))];
    const newest = new Map<RegisterName, IsoDate | undefined>();
    for (const register of registers(documents)) newest.set(register, (await head(register))?.date);
    const all = new Map<RegisterName, IsoDate[]>();
    const closed = documents.filter(({ until }) => until !== undefined);
    for (const register of registers(closed)) all.set(register, await days(register));
    return documents.map(({ register, from, until, record }) => {
      const to = until === undefined ? newest.get(register) : all.get(register)?.findLast((day) => day < until);
      return { ...record, seen: { from, to: to ?? from } };
    });
  }

  // Every verdict says with which export it was given.
  const headOn = sharedRead(async (register: RegisterName, on: IsoDate | null) => {
    const [found] = await exports
      .find({ register, ...(on === null ? {} : { date: { $lte: on } }) })
      .sort({ register: 1, date: -1 })
      .limit(1)
      .toArray();
    return found === undefined ? null : toExport(found);
  });
  const head = (register: RegisterName, on?: IsoDate): Promise<HeldExport | null> => headOn(register, on ?? null);

  return {
    ...makeStaging({ versions, partners, exports, imports: database.collection(collections.imports) }),
    ...offers,

    async ensureIndexes() {
      for (const model of models) {
        await ensureIndexesOf(model);
      }
      await offers.ensureIndexes();
    },

    head,

    async exports(register) {
      const found = await exports.find({ register }).sort({ register: 1, date: -1 }).toArray();
      return found.map(toExport);
    },

    async records(codes, at) {
      const found = new Map<string, RegisterRecord>();
      for (const one of at) {
        const asked = codes.filter((code) => registerOf(code) === one.register);
        if (asked.length === 0) continue;
        const documents = await versions.find({ code: { $in: asked }, ...visible(one) }).toArray();
        for (const record of await dated(documents)) found.set(record.code, record);
      }
      return found;
    },

    async partners(pairs, at) {
      const sirens = new Map<string, Set<string>>();
      for (const { code, siret } of pairs) {
        const of = sirens.get(code) ?? new Set<string>();
        sirens.set(code, of.add(siret.slice(0, 9)));
      }
      const found = new Map<string, PartnerLines[]>();
      for (const [code, companies] of sirens) {
        const day = at.find(({ register }) => register === registerOf(code));
        if (day === undefined) continue;
        const { $or: holds, ...period } = visible(day);
        const sirets = [...companies].map((siren) => ({ siret: { $gte: siren, $lt: `${siren}:` } }));
        const documents = await partners.find({ code, ...period, $and: [{ $or: holds }, { $or: sirets }] }).toArray();
        found.set(
          code,
          documents.map(({ siret, lines }) => ({ siret, lines })),
        );
      }
      return found;
    },

    async partnerCounts(code, at) {
      const documents = await partners.find({ code, ...visible(at) }).toArray();
      const active = documents.filter(({ lines }) => lines.some(({ state }) => state === 'actif'));
      return { total: documents.length, active: active.length };
    },

    async search({ skip, limit, ...search }) {
      if (search.at.length === 0 || limit === 0) return [];
      const documents = await versions
        .find(filterOf(search))
        .sort({ rank: 1, number: -1, _id: 1 })
        .skip(skip)
        .limit(limit)
        .toArray();
      return dated(documents);
    },

    async countFound(search) {
      if (search.at.length === 0) return 0;
      if (search.words.length > 0) return versions.countDocuments(filterOf(search));
      // Each export says how many it has.
      const held = await Promise.all(search.at.map(({ register, date }) => head(register, date)));
      return held.reduce((total, one) => total + (one?.counts.records ?? 0), 0);
    },

    async touched(register, from, to) {
      const between = { $gt: from, $lte: to };
      const found = await versions
        .find({ register, $or: [{ from: between }, { until: between }] }, { projection: { code: 1 } })
        .toArray();
      return [...new Set(found.map(({ code }) => code))].sort();
    },
  };
}
