/** A version that a rule editor prepares: what the form says, read and checked, before anybody publishes it. */
import { type IsoDate, isDay } from './dates.ts';
import { type ParameterField, parameterFields } from './parameters.ts';
import type { CaseChange } from './publication.ts';
import type { RuleVersion } from './rule-set.ts';

export interface Draft {
  readonly id: string;
  readonly ruleId: string;
  readonly version: RuleVersion;
  readonly why: string;
  readonly caseChanges: readonly CaseChange[];
  /** Opaque ids of the accounts that wrote it: none of them publishes it. Emptied when it ends. */
  readonly authors: readonly string[];
  /** Name of the rules it was prepared on: on others it is looked at again. */
  readonly baseVersion: string;
  /** Grows with each change. */
  readonly revision: number;
  readonly state: 'open' | 'published' | 'withdrawn';
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

/** The texts of the form, by field: `debut`, `fin`, `reference`, `adresse`, `sources`, `verifieLe`, `certitude`, `pourquoi`, `v-<value>`. */
export type DraftForm = Readonly<Record<string, string | readonly string[]>>;

export type DraftReading =
  | { readonly ok: true; readonly version: RuleVersion; readonly why: string }
  /** One sentence per field. */
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

export const fieldOf = (name: string): string => `v-${name}`;

const textOf = (form: DraftForm, name: string): string => {
  const value = form[name];
  return typeof value === 'string' ? value.trim() : '';
};

export const choicesOf = (form: DraftForm, name: string): readonly string[] => {
  const value = form[name];
  return value === undefined || value === '' ? [] : [value].flat();
};

const isCertainty = (text: string): text is RuleVersion['legalBasis']['certainty'] =>
  ['H', 'M', 'L', 'K'].includes(text);
/** Euros; no legal amount of these rules comes near. */
const largestAmount = 100_000;

/** @param today no text is checked in the future */
export function readDraft(ruleId: string, form: DraftForm, today: IsoDate): DraftReading {
  const errors: Record<string, string> = {};
  const day = (name: string, sentence: string): IsoDate => {
    const text = textOf(form, name);
    if (!isDay(text)) errors[name] = sentence;
    return text;
  };

  const from = day('debut', 'Écrivez le premier jour de la version, par exemple : 2027-01-01.');
  const end = textOf(form, 'fin');
  const to = end === '' ? null : day('fin', 'Écrivez le dernier jour, ou laissez vide : sans fin connue.');
  if (to !== null && isDay(to) && isDay(from) && to < from) errors.fin = 'Le dernier jour est avant le premier.';

  const parameters: Record<string, number | string | string[]> = {};
  for (const field of parameterFields(ruleId)) {
    const read = readValue(field, form);
    if (read.value === null) errors[fieldOf(field.name)] = read.error;
    else parameters[field.name] = read.value;
  }

  const reference = textOf(form, 'reference');
  if (reference === '') errors.reference = 'Donnez la référence du texte : sans référence, une règle ne se publie pas.';
  const address = textOf(form, 'adresse');
  if (address !== '' && !isWebAddress(address))
    errors.adresse = 'Écrivez une adresse complète qui commence par https://, ou laissez vide.';
  const sources = textOf(form, 'sources')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (address === '' && sources.length === 0)
    errors.sources = "Dites où vous avez lu ce texte, une source par ligne, ou donnez l'adresse du texte ouvert.";
  const checkedOn = day('verifieLe', 'Écrivez le jour où vous avez vérifié ce texte, par exemple : 2026-11-22.');
  if (isDay(checkedOn) && checkedOn > today) errors.verifieLe = 'Ce jour est dans le futur.';
  const certainty = textOf(form, 'certitude');
  if (!isCertainty(certainty)) errors.certitude = 'Choisissez une certitude.';
  const why = textOf(form, 'pourquoi');
  if (why === '') errors.pourquoi = 'Dites pourquoi cette valeur change : tout le monde pourra le lire.';

  if (Object.keys(errors).length > 0 || !isCertainty(certainty)) return { ok: false, errors };
  const legalBasis = {
    reference,
    url: address === '' ? null : address,
    ...(sources.length === 0 ? {} : { sources }),
    checkedOn,
    certainty,
  };
  return { ok: true, why, version: { from, to, parameters, legalBasis } };
}

type ValueReading = { readonly value: number | string | string[] } | { readonly value: null; readonly error: string };

function readValue({ name, kind, options }: ParameterField, form: DraftForm): ValueReading {
  const text = textOf(form, fieldOf(name));
  const refuse = (error: string): ValueReading => ({ value: null, error });
  switch (kind) {
    case 'euros': {
      const plain = text.replace(/[\s\u00a0\u202f€]/g, '').replace(',', '.');
      if (!/^\d+(?:\.\d{1,2})?$/.test(plain))
        return refuse('Écrivez un montant en euros, par exemple : 1 500 ou 103,20.');
      return Number(plain) > largestAmount ? refuse('Ce montant est trop grand.') : { value: Number(plain) };
    }
    case 'count':
      return /^\d{1,4}$/.test(text) ? { value: Number(text) } : refuse('Écrivez un nombre entier.');
    case 'date':
      return isDay(text) ? { value: text } : refuse('Écrivez une date qui existe, par exemple : 2024-04-01.');
    case 'choice':
      return Object.hasOwn(options, text) ? { value: text } : refuse('Choisissez une réponse dans la liste.');
    case 'choices': {
      const chosen = choicesOf(form, fieldOf(name));
      const known = chosen.length > 0 && chosen.every((code) => Object.hasOwn(options, code));
      return known ? { value: [...new Set(chosen)] } : refuse('Cochez au moins une case de la liste.');
    }
  }
}

function isWebAddress(text: string): boolean {
  return /^https:\/\/[^\s/?#]+\.[^\s/?#]+/.test(text) && URL.canParse(text);
}

/** The form that gives this version again; `version` null: the values and the texts of nothing. */
export function formOf(ruleId: string, version: RuleVersion | null, why: string): DraftForm {
  const written = (value: unknown): string | readonly string[] =>
    Array.isArray(value) ? value.map(String) : value === undefined ? '' : String(value).replace('.', ',');
  const values = parameterFields(ruleId).map(({ name, kind }) => {
    const value = version?.parameters[name];
    return [fieldOf(name), kind === 'euros' || kind === 'choices' ? written(value) : String(value ?? '')] as const;
  });
  const basis = version?.legalBasis;
  return {
    debut: version?.from ?? '',
    fin: version?.to ?? '',
    reference: basis?.reference ?? '',
    adresse: basis?.url ?? '',
    sources: basis?.sources?.join('\n') ?? '',
    verifieLe: basis?.checkedOn ?? '',
    certitude: basis?.certainty ?? '',
    pourquoi: why,
    ...Object.fromEntries(values),
  };
}
