/** One line of the file with which an operator enters proofs: one fact about one school. Every mistake is named, in French. */
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { qualiopiCategories } from '../../eligibility/model/dossier.ts';
import { type Fact, habilitations, type ProviderFacts } from './provider-facts.ts';

export const factColumns = [
  'siret',
  'fait',
  'valeur',
  'certification',
  'preuve',
  'source',
  'date',
  'du',
  'au',
] as const;
export type FactColumn = (typeof factColumns)[number];
/** Cells by column; a column that the file does not have is ''. */
export type FactCells = Readonly<Record<FactColumn, string>>;

export interface FactLine {
  readonly siret: string;
  /** What is known of the school once the line is taken: the fact it names is replaced, the others stay. */
  apply(facts: ProviderFacts): ProviderFacts;
}

export type FactLineReading =
  | { readonly ok: true; readonly line: FactLine }
  | { readonly ok: false; readonly problems: readonly string[] };

export const noFacts = (siret: string): ProviderFacts => ({
  siret,
  demo: false,
  activityNumber: null,
  declarationValid: null,
  qualiopi: null,
  delisted: null,
  subcontracting: null,
  certifications: [],
});

export interface LineContext {
  /** The 14 digits, or why they are refused (harvest/parse/codes.ts). */
  siretOf(text: string): { readonly siret: string } | { readonly cause: string };
  readonly today: IsoDate;
}

const facts = [
  'nda',
  'declaration',
  'qualiopi',
  'dereference',
  'sous_traitance',
  'offre',
  'habilitation',
  'blocs',
] as const;
const proofs = { declare: 'declared', verifie: 'verified' } as const;
const mostCharacters = 200;

const fold = (text: string) =>
  text
    .trim()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s-]+/g, '_');

/** `2026-11-02` or `02/11/2026`, a day that exists. */
function dayOf(text: string): IsoDate | null {
  const french = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text.trim());
  const iso = french === null ? text.trim() : `${french[3]}-${french[2]}-${french[1]}`;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso) || iso < '1990-01-01') return null;
  const time = Date.parse(`${iso}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso) ? iso : null;
}

export function readFactLine(cells: FactCells, { siretOf, today }: LineContext): FactLineReading {
  const problems: string[] = [];
  const fail = (problem: string): null => {
    problems.push(problem);
    return null;
  };
  const day = (column: 'date' | 'du' | 'au', required: boolean): IsoDate | null => {
    const text = cells[column].trim();
    if (text === '') return required ? fail(`Le champ ${column} est obligatoire et il est vide.`) : null;
    return (
      dayOf(text) ?? fail(`Nous ne pouvons pas lire la date « ${text} » du champ ${column} : AAAA-MM-JJ ou JJ/MM/AAAA.`)
    );
  };
  const yesNo = (): boolean | null => {
    const word = fold(cells.valeur);
    if (word === 'oui' || word === 'non') return word === 'oui';
    return fail(`Le champ valeur contient « ${cells.valeur.trim()} », nous attendons oui ou non.`);
  };

  const read = siretOf(cells.siret);
  const siret = 'siret' in read ? read.siret : fail(`Le SIRET « ${cells.siret.trim()} » est refusé : ${read.cause}.`);
  const name = facts.find((one) => one === fold(cells.fait));
  if (name === undefined) fail(`Le champ fait contient « ${cells.fait.trim()} », nous attendons ${facts.join(', ')}.`);
  const proofWord = fold(cells.preuve);
  const proof =
    proofWord === 'declare' || proofWord === 'verifie'
      ? proofs[proofWord]
      : fail(`Le champ preuve contient « ${cells.preuve.trim()} », nous attendons declare ou verifie.`);
  const source = cells.source.trim();
  if (source === '') fail('Le champ source est obligatoire et il est vide : dites où le fait a été lu.');
  if (source.length > mostCharacters)
    fail(`Le champ source compte ${source.length} caractères, ${mostCharacters} au plus.`);
  const date = day('date', true);
  if (date !== null && date > today)
    fail(`La date ${date} est à venir : une preuve a été vue aujourd'hui au plus tard.`);
  const from = day('du', false);
  const to = day('au', false);
  if (from !== null && to !== null && to < from) fail(`La fin ${to} est avant le début ${from}.`);
  if (from !== null && name !== 'qualiopi') fail('Le champ du ne sert que pour qualiopi : laissez-le vide.');

  const dated = <Value>(value: Value, until: IsoDate | null): Fact<Value> => ({
    value,
    proof: proof ?? 'declared',
    source,
    date: date ?? today,
    until,
  });
  const apply = name === undefined ? null : change(name, { cells, yesNo, fail, dated, from, to });
  if (problems.length > 0 || siret === null || apply === null) return { ok: false, problems };
  return { ok: true, line: { siret, apply } };
}

interface Reading {
  readonly cells: FactCells;
  yesNo(): boolean | null;
  fail(problem: string): null;
  dated<Value>(value: Value, until: IsoDate | null): Fact<Value>;
  readonly from: IsoDate | null;
  readonly to: IsoDate | null;
}

/** The change that a fact makes; null after a problem was named. */
function change(name: (typeof facts)[number], reading: Reading): FactLine['apply'] | null {
  const { cells, yesNo, fail, dated, from, to } = reading;
  const flag = (key: 'declarationValid' | 'delisted' | 'subcontracting'): FactLine['apply'] | null => {
    const value = yesNo();
    return value === null ? null : (known) => ({ ...known, [key]: dated(value, to) });
  };
  switch (name) {
    case 'nda': {
      const number = cells.valeur.replace(/[\s.]/g, '');
      if (!/^\d{11}$/.test(number)) return fail('Le numéro de déclaration doit compter 11 chiffres.');
      return (known) => ({ ...known, activityNumber: dated(number, to) });
    }
    case 'declaration':
      return flag('declarationValid');
    case 'dereference':
      return flag('delisted');
    case 'sous_traitance':
      return flag('subcontracting');
    case 'qualiopi': {
      const words = cells.valeur.split(/[\s,+/|]+/).filter((word) => word !== '');
      const none = words.length === 1 && fold(words[0] ?? '') === 'aucune';
      const categories = none ? [] : words.map((word) => qualiopiCategories.find((one) => one === word.toUpperCase()));
      const known = categories.filter((one) => one !== undefined);
      if (words.length === 0 || known.length < categories.length)
        return fail(
          `Le champ valeur contient « ${cells.valeur.trim()} », nous attendons aucune, ou ${qualiopiCategories.join(', ')}.`,
        );
      if (!none && (from === null || to === null))
        return fail('Un certificat Qualiopi a un début (du) et une fin (au).');
      // The certificate's own days decide, so the proof has no other end.
      return (before) => ({ ...before, qualiopi: dated({ categories: known, from, to }, to) });
    }
    case 'offre': {
      const code = certification(cells, fail);
      const value = yesNo();
      return code === null || value === null
        ? null
        : (known) => withCertification(known, code, { offer: dated(value, to) });
    }
    case 'blocs': {
      const code = certification(cells, fail);
      const value = yesNo();
      if (code?.startsWith('RS')) return fail(`${code} n’a pas de bloc : seules les certifications du RNCP en ont.`);
      return code === null || value === null
        ? null
        : (known) => withCertification(known, code, { blocksDeclared: dated(value, to) });
    }
    case 'habilitation': {
      const code = certification(cells, fail);
      const value = habilitations.find((one) => one === fold(cells.valeur));
      if (value === undefined)
        return fail(`Le champ valeur contient « ${cells.valeur.trim()} », nous attendons ${habilitations.join(', ')}.`);
      return code === null ? null : (known) => withCertification(known, code, { habilitation: dated(value, to) });
    }
  }
}

function certification(cells: FactCells, fail: (problem: string) => null): string | null {
  const code = cells.certification.toUpperCase().replace(/[\s-]/g, '');
  if (/^(RNCP|RS)[1-9]\d{0,5}$/.test(code)) return code;
  return /^\d+$/.test(code)
    ? fail(`${code} : précisez RNCP ou RS.`)
    : fail(
        `Le champ certification contient « ${cells.certification.trim()} », nous attendons RNCP ou RS suivi de chiffres.`,
      );
}

type OfCertification = ProviderFacts['certifications'][number];

function withCertification(
  known: ProviderFacts,
  code: string,
  change: Partial<Omit<OfCertification, 'code'>>,
): ProviderFacts {
  const before = known.certifications.find((one) => one.code === code) ?? { code, offer: null, habilitation: null };
  const others = known.certifications.filter((one) => one.code !== code);
  return { ...known, certifications: [...others, { ...before, ...change }].sort((a, b) => (a.code < b.code ? -1 : 1)) };
}
