/** The registers as the rest of the platform reads them: the exports held, and the built-in sample where there is none. */
import type { Certification } from '../model/reference.ts';
import { habilitationOf } from './model/habilitation.ts';
import { recordOfSample } from './model/sample.ts';
import { successorsOf } from './model/successors.ts';
import {
  type CertificationOfProvider,
  type Habilitation,
  type IsoDate,
  pairKey,
  type Register,
  type RegisterName,
  type RegisterRecord,
  registerNames,
} from './model.ts';
import type { At, RegistryStore } from './store.ts';

/** What the exports held answer. */
export type RegisterReading = Pick<RegistryStore, 'head' | 'records' | 'partners' | 'offersHead' | 'offered'>;

export interface RegisterParts {
  readonly store: RegistryStore;
  /** By code. */
  readonly sample: ReadonlyMap<string, Certification>;
  now(): Date;
}

/** `RNCP37674BC01` is a part of `RNCP37674`. */
export const recordCode = (code: string) => /^((?:RNCP|RS)\d+)BC\d+$/.exec(code)?.[1] ?? code;

/** The exports that answer at `on`, and the registers that no export was ever imported for. */
export interface Reading {
  readonly at: readonly At[];
  readonly sampled: readonly RegisterName[];
}

export async function readingAt(
  { store }: { readonly store: Pick<RegistryStore, 'head'> },
  on?: IsoDate,
): Promise<Reading> {
  const read = await Promise.all(
    registerNames.map(async (register) => {
      const held = await store.head(register, on);
      const isSampled = held === null && (on === undefined || (await store.head(register)) === null);
      return { register, held, isSampled };
    }),
  );
  return {
    at: read.flatMap(({ register, held }) => (held === null ? [] : [{ register, date: held.date }])),
    sampled: read.filter(({ isSampled }) => isSampled).map(({ register }) => register),
  };
}

/** As it is before any import: the certifications that ship with us answer alone. */
export const noRegistry = {
  head: async () => null,
  records: async () => new Map(),
  partners: async () => new Map(),
  partnerCounts: async () => ({ total: 0, active: 0 }),
  search: async () => [],
  countFound: async () => 0,
  offersHead: async () => null,
  offered: async () => new Set<string>(),
} satisfies Partial<RegistryStore>;

/** For programs that need no database. */
export function makeSampleRegister(parts: Omit<RegisterParts, 'store'>): Register {
  return makeRegister({ ...parts, store: noRegistry });
}

export function makeRegister(parts: Omit<RegisterParts, 'store'> & { readonly store: RegisterReading }): Register {
  const { store, sample, now } = parts;

  async function recordsIn(
    { at, sampled }: Reading,
    codes: readonly string[],
    on: IsoDate | undefined,
  ): Promise<ReadonlyMap<string, RegisterRecord>> {
    const records = await store.records([...new Set(codes.map(recordCode))], at);
    const found = new Map<string, RegisterRecord>();
    for (const code of codes) {
      const record = records.get(recordCode(code)) ?? sampleRecord(recordCode(code), sampled, on);
      if (record !== null) found.set(code, record);
    }
    return found;
  }

  async function certifications(codes: readonly string[], on?: IsoDate): Promise<ReadonlyMap<string, RegisterRecord>> {
    return codes.length === 0 ? new Map() : recordsIn(await readingAt(parts, on), codes, on);
  }

  function sampleRecord(code: string, sampled: readonly RegisterName[], on?: IsoDate): RegisterRecord | null {
    const known = sample.get(code);
    if (known === undefined) return null;
    const record = recordOfSample(known);
    const tooNew = on !== undefined && record.seen !== null && record.seen.from > on;
    return sampled.includes(record.register) && !tooNew ? record : null;
  }

  async function habilitations(
    pairs: readonly CertificationOfProvider[],
    on?: IsoDate,
  ): Promise<ReadonlyMap<string, Habilitation | null>> {
    if (pairs.length === 0) return new Map();
    const reading = await readingAt(parts, on);
    const codes = pairs.map(({ code }) => code);
    const records = await recordsIn(reading, codes, on);
    const asked = pairs.map(({ code, siret }) => ({ code: recordCode(code), siret }));
    const partners = await store.partners(asked, reading.at);
    return new Map(
      pairs.map((pair) => {
        const record = records.get(pair.code);
        if (record === undefined) return [pairKey(pair), null];
        const company = partners.get(record.code) ?? [];
        const own = company.filter(({ siret }) => siret === pair.siret).flatMap((one) => one.lines);
        const related = company.some(
          (one) =>
            one.siret !== pair.siret &&
            one.siret.slice(0, 9) === pair.siret.slice(0, 9) &&
            one.lines.some(({ state }) => state !== 'inactif' && state !== 'supprime'),
        );
        return [pairKey(pair), habilitationOf(record, pair.siret, own, related)];
      }),
    );
  }

  async function hasOffers(pairs: readonly CertificationOfProvider[]): Promise<ReadonlyMap<string, boolean | null>> {
    if (pairs.length === 0) return new Map();
    const isImported = (await store.offersHead()) !== null;
    const asked = pairs.map(({ code, siret }) => ({ code: recordCode(code), siret }));
    const offered = isImported ? await store.offered(asked) : new Set<string>();
    return new Map(
      pairs.map((pair, at) => [pairKey(pair), isImported ? offered.has(pairKey(asked[at] ?? pair)) : null]),
    );
  }

  return {
    async state() {
      const [held, offers] = await Promise.all([
        Promise.all(registerNames.map((register) => store.head(register))),
        store.offersHead(),
      ]);
      let records = 0;
      let date: IsoDate | null = null;
      for (const [index, register] of registerNames.entries()) {
        const head = held[index] ?? null;
        if (head === null) records += [...sample.keys()].filter((code) => isOf(code, register)).length;
        else {
          records += head.counts.records;
          if (date === null || head.date < date) date = head.date;
        }
      }
      return { date, records, offersDate: offers?.date ?? null };
    },
    certification: async (code, on) => (await certifications([code], on)).get(code) ?? null,
    certifications,
    async habilitation(code, siret, on) {
      return (await habilitations([{ code, siret }], on)).get(pairKey({ code, siret })) ?? null;
    },
    habilitations,
    async hasOffer(code, siret) {
      return (await hasOffers([{ code, siret }])).get(pairKey({ code, siret })) ?? null;
    },
    hasOffers,
    successors: (code) => successorsOf(recordCode(code), (codes) => certifications(codes), now()),
  };
}

/** Register of a code. */
const isOf = (code: string, register: RegisterName) => code.startsWith('RS') === (register === 'RS');
