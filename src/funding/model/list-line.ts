/**
 * A line of a list to check: what each cell says, in every spelling that people and spreadsheets use. A line that cannot be
 * read is answered with the reason; what looks like a person is refused and goes no further than this file.
 */

import { courseIdAlphabet, courseIdOfSlug } from '../../catalogue/model.ts';
import { frenchDate, type IsoDate } from '../../eligibility/model/dates.ts';
import { certificationCodeOf, firstDay } from '../../eligibility/model/dossier.ts';
import { looksLikeNir, nirRefusal } from '../../nir.ts';

export const columns = ['code', 'siret', 'date', 'prix', 'reference'] as const;
export type Column = (typeof columns)[number];
/** Cells as written; an absent one is ''. */
export type Cells = Readonly<Record<Column, string>>;
export const noCells: Cells = { code: '', siret: '', date: '', prix: '', reference: '' };

/** Stable: programs act on them. */
export const lineErrors = [
  'E_CHAMP_MANQUANT',
  'E_CHAMP_TROP_LONG',
  'E_FORMAT_CHAMP',
  'E_DATE_ILLISIBLE',
  'E_PRIX_ILLISIBLE',
  'E_SIRET_INVALIDE',
  'E_NDA_INVALIDE',
  'E_CERTIFICATION_AMBIGUE',
  'E_COURS_INCONNU',
  'E_DONNEE_PERSONNELLE',
] as const;
export type LineErrorCode = (typeof lineErrors)[number];

export interface LineError {
  readonly code: LineErrorCode;
  /** French. */
  readonly text: string;
}

/** What the line asks about. */
export type Target =
  | { readonly kind: 'course'; readonly id: string }
  /** `RNCP37674`, `RNCP37674BC01`, `RS6604`. */
  | { readonly kind: 'certification'; readonly code: string }
  /** A school alone, by its SIRET (in `siret`) or its declaration of activity. */
  | { readonly kind: 'provider'; readonly activityNumber: string | null };

export interface Line {
  readonly number: number;
  /** As typed, to be found again; '' when it was refused as personal or holds no number. */
  readonly typed: string;
  readonly reference: string;
  readonly target: Target;
  /** 14 digits. */
  readonly siret: string | null;
  readonly date: IsoDate;
  /** Euros. */
  readonly price: number | null;
}

export interface UnreadableLine {
  readonly number: number;
  readonly typed: string;
  readonly reference: string;
  readonly error: LineError;
}

/** A list checks courses and schools, never people. */
export const personalRefusal =
  'Cette liste vérifie des formations, pas des personnes : retirez les noms, les adresses e-mail et les numéros de sécurité sociale.';

const email = /[^\s@<>]+@[^\s@<>]+\.[^\s@<>]{2,}/;
const hasDigit = /\d/;
const longestCell = 300;

/** NIR, e-mail; a text without any digit where a number is expected reads like a name. */
export function looksPersonal(text: string): boolean {
  return email.test(text) || looksLikeNir(text);
}

const headerWords =
  /\b(noms?|prenoms?|name|firstname|lastname|surname|e-?mails?|courriels?|mails?|nir|securite sociale|numero de securite|nss|n? ?secu|naissance|ne le|nee le|birth\w*|telephone|tel|portable|mobile|adresse postale|civilite|stagiaires?|beneficiaires?|apprenants?|titulaires?|candidats?|eleves?|salaries?)\b/;

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[_.\s]+/g, ' ')
    .trim();

/** The title of a column that holds people. */
export function isPersonalHeader(title: string): boolean {
  return headerWords.test(plain(title)) || looksPersonal(title);
}

/** The column that a title names, whatever its accents and case; null for another one. */
export function columnOf(title: string): Column | null {
  const written = plain(title);
  return columns.find((column) => column === written) ?? null;
}

export interface LineTools {
  /** Of harvest/parse/codes.ts: a SIRET in any spelling. */
  parseSiret(text: string): { kind: 'siret'; siret: string } | { kind: 'unknown' } | { kind: 'refused'; cause: string };
  /** YYYY-MM-DD, for lines without a date. */
  readonly defaultDate: IsoDate;
  /** YYYY-MM-DD: a day more than `yearsAhead` later is a typing error. */
  readonly today: IsoDate;
}

export function readLine(number: number, cells: Cells, tools: LineTools): Line | UnreadableLine {
  const trimmed = Object.fromEntries(columns.map((name) => [name, cells[name].trim()])) as Record<Column, string>;
  const personal = columns.find((name) => looksPersonal(trimmed[name]));
  // Nothing of such a line is kept: the other cells may be of the same person.
  if (personal !== undefined) {
    const nir = looksLikeNir(trimmed[personal]);
    const text = nir ? nirRefusal : 'Une adresse e-mail est refusée : cette liste vérifie des formations.';
    return { number, typed: '', reference: '', error: { code: 'E_DONNEE_PERSONNELLE', text } };
  }
  const long = columns.find((name) => trimmed[name].length > longestCell);
  if (long !== undefined) {
    const text = `Le champ ${long} compte ${trimmed[long].length} caractères, ${longestCell} au plus.`;
    return { number, typed: '', reference: '', error: { code: 'E_CHAMP_TROP_LONG', text } };
  }
  const typed = hasDigit.test(trimmed.code) ? trimmed.code : '';
  if (trimmed.reference !== '' && !hasDigit.test(trimmed.reference)) {
    const text = 'La référence doit être un numéro de dossier, pas un nom.';
    return { number, typed, reference: '', error: { code: 'E_DONNEE_PERSONNELLE', text } };
  }
  const { reference } = trimmed;
  try {
    const siret = siretOf(trimmed.siret, tools);
    const { target, siret: inCode } = targetOf(trimmed.code, siret, tools);
    return {
      number,
      typed,
      reference,
      target,
      siret: siret ?? inCode,
      date: dateOf(trimmed.date, tools),
      price: priceOf(trimmed.prix),
    };
  } catch (error) {
    if (error instanceof Unreadable) return { number, typed, reference, error: error.reason };
    throw error;
  }
}

class Unreadable extends Error {
  readonly reason: LineError;
  constructor(code: LineErrorCode, text: string) {
    super(text);
    this.reason = { code, text };
  }
}

function siretOf(text: string, tools: Pick<LineTools, 'parseSiret'>): string | null {
  // A spreadsheet of this country writes 7,95E+13.
  const read = tools.parseSiret(text.replace(/\u00a0|\u202f/g, ' ').replace(/^'/, ''));
  if (read.kind === 'siret') return read.siret;
  if (read.kind === 'unknown') return null;
  throw new Unreadable('E_SIRET_INVALIDE', `Le SIRET ${text} est refusé : ${read.cause}.`);
}

const spreadsheetNumber = /^\d(?:[.,]\d+)?E\+?\d+$/i;

function targetOf(
  text: string,
  siret: string | null,
  tools: LineTools,
): { readonly target: Target; readonly siret: string | null } {
  if (text === '') {
    if (siret !== null) return { target: { kind: 'provider', activityNumber: null }, siret };
    throw new Unreadable('E_CHAMP_MANQUANT', 'Le champ code est obligatoire et il est vide.');
  }
  const code = certificationCodeOf(text);
  if (code.kind === 'code') return { target: { kind: 'certification', code: code.code }, siret: null };
  const digits = text.replace(/[\s.\u00a0\u202f]/g, '').replace(/^'/, '');
  if (spreadsheetNumber.test(text))
    throw new Unreadable('E_SIRET_INVALIDE', `Le numéro ${text} est refusé : arrondi par un tableur.`);
  const course = courseIdIn(text);
  if (course !== null) return { target: { kind: 'course', id: course }, siret: null };
  if (/^\d+$/.test(digits)) {
    if (digits.length === 14)
      return { target: { kind: 'provider', activityNumber: null }, siret: siretOf(text, tools) };
    if (digits.length === 11) return { target: { kind: 'provider', activityNumber: digits }, siret: null };
    if (digits.length <= 6) {
      const text = `${digits} : précisez RNCP ou RS.`;
      throw new Unreadable('E_CERTIFICATION_AMBIGUE', text);
    }
    if (digits.length === 10 || digits.length === 12)
      throw new Unreadable('E_NDA_INVALIDE', 'Le numéro de déclaration doit compter 11 chiffres.');
    throw new Unreadable(
      'E_SIRET_INVALIDE',
      `Le SIRET ${digits} est refusé : 14 chiffres attendus, ${digits.length} reçus.`,
    );
  }
  const expected = 'un numéro RNCP ou RS, une adresse de cours, un SIRET ou un numéro de déclaration';
  const received = hasDigit.test(text) ? `contient « ${text.slice(0, 60)} »` : 'ne contient aucun numéro';
  throw new Unreadable('E_FORMAT_CHAMP', `Le champ code ${received}, nous attendons ${expected}.`);
}

/** Of an address of ours (whole or its path), of a slug, or an id alone with a letter. */
function courseIdIn(text: string): string | null {
  const path = /(?:^|\/)cours\/([^/?#\s]+)/.exec(text)?.[1];
  if (path !== undefined) return courseIdOfSlug(path) ?? '';
  const alone = text.toLowerCase();
  if (!/^[a-z0-9-]+$/.test(alone) || !/[a-z]/.test(alone)) return null;
  const isSlug = alone.includes('-') || alone.length === 8;
  return isSlug && [...alone.slice(-8)].every((one) => courseIdAlphabet.includes(one)) ? courseIdOfSlug(alone) : null;
}

const yearsAhead = 5;

function dateOf(text: string, { defaultDate, today }: LineTools): IsoDate {
  if (text === '') return defaultDate;
  const unreadable = (why: string) =>
    new Unreadable('E_DATE_ILLISIBLE', `Nous ne pouvons pas lire la date « ${text.slice(0, 40)} » : ${why}.`);
  if (/^\d{4,5}(?:[.,]\d+)?$/.test(text)) throw unreadable('un tableur l’a changée en nombre, écrivez 22/11/2026');
  const [, year = '', month = '', day = ''] =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/.exec(text) ??
    swapped(/^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text));
  if (year === '') throw unreadable('écrivez 22/11/2026 ou 2026-11-22');
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const time = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date)
    throw unreadable("ce jour n'existe pas");
  if (date < firstDay) throw unreadable(`le ${frenchDate(firstDay)} ou après est attendu`);
  if (Number(year) > Number(today.slice(0, 4)) + yearsAhead) throw unreadable('trop loin pour être vraie');
  return date;
}

const swapped = (found: RegExpExecArray | null): readonly (string | undefined)[] =>
  found === null ? [] : [found[0], found[3], found[2], found[1]];

const largestPrice = 10_000_000;

function priceOf(text: string): number | null {
  if (text === '') return null;
  const unreadable = (why: string) =>
    new Unreadable('E_PRIX_ILLISIBLE', `Nous ne pouvons pas lire le prix « ${text.slice(0, 40)} » : ${why}.`);
  const bare = text.replace(/[\s\u00a0\u202f]/g, '').replace(/(?:€|EUR(?:OS?)?)$/i, '');
  if (/^-/.test(bare)) throw unreadable('un montant ne peut pas être négatif');
  if (/^\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?$/.test(bare))
    return boundedPrice(bare.replaceAll('.', '').replace(',', '.'), unreadable);
  if (/^\d+[.,]\d{3,}$/.test(bare)) throw unreadable('écrivez 1650 ou 1650,50');
  if (!/^\d+(?:[.,]\d{1,2})?$/.test(bare)) throw unreadable('écrivez un montant en euros, par exemple 1650,50');
  return boundedPrice(bare.replace(',', '.'), unreadable);
}

function boundedPrice(text: string, unreadable: (why: string) => Unreadable): number {
  const price = Number(text);
  if (price > largestPrice) throw unreadable('trop grand pour être vrai');
  return price;
}
