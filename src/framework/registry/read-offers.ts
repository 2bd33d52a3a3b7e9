/**
 * The open data set of the training-account offer (CSV): one row per training, of which only the certification and the
 * provider are read. Columns are recognised by their usual names, or named by the operator.
 */
import { createReadStream } from 'node:fs';
import { AppError, SourceError } from '../../errors.ts';
import { readCsvRows } from '../../platform/read-csv.ts';
import { parseCertificationCode } from '../model/certification.ts';
import { FieldRefused, readDate } from './fields.ts';
import type { IsoDate } from './model.ts';

export interface OfferColumns {
  /** Named by the operator; recognised when absent. */
  readonly siret?: string;
  readonly code?: string;
  readonly date?: string;
}

export type OfferRow =
  | { readonly kind: 'offer'; readonly code: string; readonly siret: string; readonly date: IsoDate | null }
  /** Other codes of the training account (permit, skills assessment): neither RNCP nor RS. */
  | { readonly kind: 'other' }
  | { readonly kind: 'refused'; readonly line: number; readonly field: string; readonly value: string };

/** In lower case, without accent and with one underscore between words. */
const usual = {
  siret: ['siret', 'siret_of', 'numero_siret', 'siret_organisme', 'siret_formateur', 'siret_organisme_formation'],
  date: ['date_extract', 'date_extraction'],
  /** Either register, as `RNCP37674`. */
  code: ['code_certification', 'numero_fiche', 'certification', 'code_rncp_rs', 'code'],
  rncp: ['code_rncp', 'rncp'],
  /** The RS was called « inventaire ». */
  rs: ['code_inventaire', 'code_rs', 'rs'],
} as const;

const folded = (name: string) =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .trim()
    .replace(/[^a-z0-9]+/g, '_');

/** @throws SourceError for a file without these columns, or not whole; AppError `not-found` for one that cannot be opened */
export async function* readOffers(
  path: string,
  columns: OfferColumns,
  signal?: AbortSignal,
): AsyncGenerator<OfferRow, void, undefined> {
  let read: ((cells: readonly string[], line: number) => OfferRow) | undefined;
  try {
    for await (const { cells, line } of readCsvRows(createReadStream(path, { signal }))) {
      if (read === undefined) read = readerOf(cells, columns);
      else yield read(cells, line);
    }
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  }
}

function readerOf(header: readonly string[], named: OfferColumns) {
  const names = header.map(folded);
  const find = (name: string | undefined, candidates: readonly string[]): number => {
    if (name === undefined) return names.findIndex((one) => candidates.includes(one));
    const at = names.indexOf(folded(name));
    if (at === -1) throw missing([`« ${name} »`], header);
    return at;
  };
  const siret = find(named.siret, usual.siret);
  const date = find(named.date, usual.date);
  const code = find(named.code, usual.code);
  const rncp = named.code === undefined ? find(undefined, usual.rncp) : -1;
  const rs = named.code === undefined ? find(undefined, usual.rs) : -1;
  const lacking = [
    ...(siret === -1 ? ['le SIRET de l’organisme (--siret-column)'] : []),
    ...(code === -1 && rncp === -1 && rs === -1 ? ['le numéro RNCP ou RS (--code-column)'] : []),
  ];
  if (lacking.length > 0) throw missing(lacking, header);

  return (cells: readonly string[], line: number): OfferRow => {
    const cell = (at: number) => (cells[at] ?? '').trim();
    const given: readonly (readonly [text: string, register: 'RNCP' | 'RS' | null])[] = [
      [cell(code), null],
      [cell(rncp), 'RNCP'],
      [cell(rs), 'RS'],
    ];
    const [written, register] = given.find(([text]) => text !== '' && !/^(?:-1|0+|-)$/.test(text)) ?? ['', null];
    if (written === '') return { kind: 'other' };
    const number = certificationOf(written, register);
    if (number === null) return { kind: 'refused', line, field: 'certification', value: written.slice(0, 100) };
    const digits = cell(siret).replace(/\s/g, '');
    if (!/^\d{14}$/.test(digits)) return { kind: 'refused', line, field: 'siret', value: cell(siret).slice(0, 100) };
    return { kind: 'offer', code: number, siret: digits, date: dateOf(cell(date)) };
  };
}

/** A bare number is of the register of its column. */
function certificationOf(text: string, register: 'RNCP' | 'RS' | null): string | null {
  // A spreadsheet writes whole numbers as decimal ones.
  const reading = parseCertificationCode(text.replace(/[.,]0$/, ''));
  if (reading.kind === 'code') return reading.code;
  if (reading.kind === 'unreadable' || register === null) return null;
  return reading.candidates[register === 'RNCP' ? 0 : 1];
}

function dateOf(text: string): IsoDate | null {
  try {
    return readDate('date', text);
  } catch (error) {
    if (error instanceof FieldRefused) return null;
    throw error;
  }
}

function missing(what: readonly string[], header: readonly string[]): SourceError {
  const columns = header.map((name) => name.slice(0, 60)).join(', ');
  return new SourceError(
    'changed',
    `Colonne introuvable : ${what.join(' ; ')}. Le fichier a : ${columns.slice(0, 600)}.`,
  );
}
