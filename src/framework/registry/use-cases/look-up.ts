/** One certification, asked in any spelling; and the search among all of them. */
import { AppError } from '../../../errors.ts';
import {
  type CertificationReading,
  type CertificationState,
  certificationState,
  parseCertificationCode,
} from '../../model/certification.ts';
import { recordOfSample } from '../model/sample.ts';
import { askedWords, numberOf, rankOf, searchWords } from '../model/search.ts';
import type { Habilitation, IsoDate, Register, RegisterName, RegisterRecord, Successors } from '../model.ts';
import { type RegisterParts, readingAt } from '../use-cases.ts';

export interface CertificationSheet {
  readonly record: RegisterRecord;
  readonly state: CertificationState;
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
export async function lookUp(
  parts: RegisterParts,
  register: Register,
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
  const record = await register.certification(code, asked.on);
  const date = await dateOf(parts, code, asked.on);
  if (record === null) {
    const message =
      date === null
        ? `${code} : état inconnu, nous ne tenons aucun export du registre ${asked.on === undefined ? '' : 'pour ce jour '}qui le donne.`
        : `${code} n'est pas dans le registre du ${french(date)}.`;
    throw new AppError('not-found', 'E_CERTIFICATION_INCONNUE', message);
  }
  const on = asked.on === undefined ? parts.now() : new Date(`${asked.on}T12:00:00Z`);
  const { siret } = asked;
  return {
    record,
    state: certificationState(record, on),
    registerDate: date,
    successors: await register.successors(code),
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
export async function dateOf(parts: Pick<RegisterParts, 'store'>, code: string, on?: IsoDate): Promise<IsoDate | null> {
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
export async function searchCertifications(
  parts: RegisterParts,
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
