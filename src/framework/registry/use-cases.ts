/** The registers as the rest of the platform reads them. */
import type { Certification } from '../model/reference.ts';
import { habilitationOf } from './model/habilitation.ts';
import { recordOfSample } from './model/sample.ts';
import { successorsOf } from './model/successors.ts';
import { type IsoDate, pairKey, type Register, type RegisterRecord } from './model.ts';

/** `RNCP37674BC01` is a part of `RNCP37674`. */
const recordCode = (code: string) => /^((?:RNCP|RS)\d+)BC\d+$/.exec(code)?.[1] ?? code;

/** What the platform knows before an export is imported. */
export function makeSampleRegister(parts: {
  readonly sample: ReadonlyMap<string, Certification>;
  now(): Date;
}): Register {
  function certificationOf(code: string, on?: IsoDate): RegisterRecord | null {
    const found = parts.sample.get(recordCode(code));
    if (found === undefined) return null;
    const record = recordOfSample(found);
    return on !== undefined && record.seen !== null && record.seen.from > on ? null : record;
  }

  async function certifications(codes: readonly string[], on?: IsoDate): Promise<ReadonlyMap<string, RegisterRecord>> {
    const found = codes.map((code) => [code, certificationOf(code, on)] as const);
    return new Map(found.flatMap(([code, record]) => (record === null ? [] : [[code, record] as const])));
  }

  return {
    state: async () => ({ date: null, records: parts.sample.size, offersDate: null }),
    certification: async (code, on) => certificationOf(code, on),
    certifications,
    async habilitation(code, siret, on) {
      const record = certificationOf(code, on);
      return record === null ? null : habilitationOf(record, siret, [], false);
    },
    async habilitations(pairs, on) {
      return new Map(
        pairs.map((pair) => {
          const record = certificationOf(pair.code, on);
          return [pairKey(pair), record === null ? null : habilitationOf(record, pair.siret, [], false)];
        }),
      );
    },
    hasOffer: async () => null,
    hasOffers: async (pairs) => new Map(pairs.map((pair) => [pairKey(pair), null])),
    successors: (code) => successorsOf(recordCode(code), (codes) => certifications(codes), parts.now()),
  };
}
