/** One certification, asked in any spelling; and the search among all of them. */
import { AppError } from '../../../errors.ts';
import { isoDay } from '../../../platform/web/format.ts';
import { type CertificationReading, parseCertificationCode } from '../../model/certification.ts';
import { type EndOfLife, endOfLifeOf } from '../../model/end-of-life.ts';
import { recordOfSample } from '../model/sample.ts';
import { askedWords, numberOf, rankOf, searchWords } from '../model/search.ts';
import type { Habilitation, IsoDate, RegisterName, RegisterRecord, Successors } from '../model.ts';
import type { RegistryStore } from '../store.ts';
import { makeRegister, type RegisterParts, type RegisterReading, readingAt } from '../use-cases.ts';

export type LookUpStore = RegisterReading & Pick<RegistryStore, 'partnerCounts' | 'search' | 'countFound'>;

export type LookUpParts = Omit<RegisterParts, 'store'> & { readonly store: LookUpStore };

export interface CertificationSheet {
  readonly record: RegisterRecord;
  /** On the day asked. */
  readonly life: EndOfLife;
  /** Day of the export that says so; null for the built-in sample. */
  readonly registerDate: IsoDate | null;
  readonly successors: Successors;
  readonly partners: { readonly total: number; readonly active: number };
  /** Asked for one provider. */
  readonly habilitation?: {
    readonly siret: string;
    readonly value: Habilitation | null;
    readonly offered: boolean | null;
  };
}

/** As `parseCertificationCode`; a block code is read as the code of its certification. */
export function readAsked(text: string): CertificationReading {
  return parseCertificationCode(/^\s*((?:RNCP|RS)\s*\d+)\s*BC\s*\d+\s*$/i.exec(text)?.[1] ?? text);
}

const french = (date: IsoDate) => date.split('-').reverse().join('/');

/** @throws AppError `invalid` for a bare number or no number, `not-found` for what the register does not hold */
async function lookUp(
  parts: LookUpParts,
  asked: { readonly text: string; readonly on?: IsoDate; readonly siret?: string },
): Promise<CertificationSheet> {
  const reading = readAsked(asked.text);
  const shown = asked.text.trim().slice(0, 40);
  if (reading.kind === 'ambiguous') {
    throw new AppError('invalid', 'E_CERTIFICATION_AMBIGUE', `${shown} : précisez RNCP ou RS.`, {
      details: reading.candidates,
    });
  }
  if (reading.kind === 'unreadable') {
    const message = `« ${shown} » n’est pas un numéro de certification : RNCP ou RS, puis des chiffres.`;
    throw new AppError('invalid', 'E_CERTIFICATION_ILLISIBLE', message);
  }
  const { code } = reading;
  const register = makeRegister(parts);
  const record = await register.certification(code, asked.on);
  const date = await dateOf(parts, code, asked.on);
  if (record === null) {
    const message =
      date === null
        ? `${code} : état inconnu, nous ne tenons aucun export du registre ${asked.on === undefined ? '' : 'pour ce jour '}qui le donne.`
        : `${code} n'est pas dans le registre du ${french(date)}.`;
    throw new AppError('not-found', 'E_CERTIFICATION_INCONNUE', message);
  }
  const on = asked.on ?? isoDay(parts.now());
  const successors = await register.successors(code);
  const { siret } = asked;
  return {
    record,
    life: endOfLifeOf(code, record, successors, on, date),
    registerDate: date,
    successors,
    partners:
      date === null
        ? { total: 0, active: 0 }
        : await parts.store.partnerCounts(code, { register: record.register, date }),
    ...(siret === undefined
      ? {}
      : {
          habilitation: {
            siret,
            value: await register.habilitation(code, siret, asked.on),
            offered: await register.hasOffer(code, siret),
          },
        }),
  };
}

/** Of the export that answers for this code; null when none was imported. */
async function dateOf(
  parts: { readonly store: Pick<RegistryStore, 'head'> },
  code: string,
  on?: IsoDate,
): Promise<IsoDate | null> {
  const name: RegisterName = code.startsWith('RS') ? 'RS' : 'RNCP';
  return (await parts.store.head(name, on))?.date ?? null;
}

export interface FoundCertifications {
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  readonly records: readonly RegisterRecord[];
}

export const pageSize = 20;

/** Digital and active ones first; every word asked must be there, as the beginning of a word. */
async function searchCertifications(
  parts: LookUpParts,
  asked: { readonly q: string; readonly page: number },
): Promise<FoundCertifications> {
  const words = askedWords(asked.q);
  const { at, sampled } = await readingAt(parts);
  const own = [...parts.sample.values()]
    .map(recordOfSample)
    .filter((record) => sampled.includes(record.register))
    .filter((record) => {
      const held = searchWords(record);
      return words.every((word) => held.some((one) => one.startsWith(word)));
    })
    .sort((a, b) => rankOf(a) - rankOf(b) || numberOf(b) - numberOf(a));
  // A question without a word finds nothing, not everything.
  if (words.length === 0 && asked.q.trim() !== '') return { total: 0, page: 1, pages: 1, records: [] };
  const total = own.length + (await parts.store.countFound({ words, at }));
  const pages = Math.max(1, Math.ceil(total / pageSize));
  const page = Math.min(asked.page, pages);
  const start = (page - 1) * pageSize;
  const records = own.slice(start, start + pageSize);
  const rest = pageSize - records.length;
  const others = await parts.store.search({ words, at, skip: Math.max(0, start - own.length), limit: rest });
  return { total, page, pages, records: [...records, ...others] };
}

/** What pages and commands look up. */
export interface LookUps {
  /** Any spelling of a number. @throws AppError `invalid` (a bare number), `not-found` */
  lookUp(asked: { readonly text: string; readonly on?: IsoDate; readonly siret?: string }): Promise<CertificationSheet>;
  /** Those asked that the register holds, by code. */
  certifications(codes: readonly string[]): Promise<ReadonlyMap<string, RegisterRecord>>;
  search(asked: { readonly q: string; readonly page: number }): Promise<FoundCertifications>;
  /** Of the export that answers for this code; null when none was imported. */
  dateOf(code: string): Promise<IsoDate | null>;
}

export function makeLookUps(parts: LookUpParts): LookUps {
  return {
    lookUp: (asked) => lookUp(parts, asked),
    certifications: (codes) => makeRegister(parts).certifications(codes),
    search: (asked) => searchCertifications(parts, asked),
    dateOf: (code) => dateOf(parts, code),
  };
}
