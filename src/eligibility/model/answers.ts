/**
 * What a person answered, as a link or a file holds it: nothing is stored here. The balance of the account is in it only when
 * the person ticked so (T20); else only that the person does not know it. An absent key was not asked; null is « je ne sais pas ».
 */
import { z } from 'zod';
import { type DossierInput, funders, statuts } from './dossier.ts';
import type { FactPath } from './paths.ts';

/** How a registration with France Travail is told: whatever the words, a link proves nothing (D-01). */
export const registrationAnswers = ['avis', 'sans_preuve', 'non'] as const;

const answer = z.boolean().nullable().optional();
/** Euros, two decimals at most. */
const amount = z
  .number()
  .min(0)
  .max(10_000_000)
  .refine((euros) => Math.round(euros * 100) / 100 === euros);

const answersSchema = z.strictObject({
  /** Of this shape: a link of another one is refused. */
  v: z.literal(1),
  statut: z.enum(statuts).nullable().optional(),
  age: z.int().min(0).max(130).nullable().optional(),
  apprenti: answer,
  retraiteTauxPlein: answer,
  inscription: z.enum(registrationAnswers).nullable().optional(),
  exonerationAutre: answer,
  dernierBilan: z
    .union([z.literal('aucun'), z.iso.date().refine((day) => day >= '1900-01-01')])
    .nullable()
    .optional(),
  /** `[]`: none. */
  aides: z
    .array(z.strictObject({ par: z.enum(funders), montant: amount.nullable(), accorde: z.boolean().nullable() }))
    .max(10)
    .nullable()
    .optional(),
  /** Euros, once ticked; null: asked, not known. */
  solde: amount.nullable().optional(),
});
export type Answers = z.output<typeof answersSchema>;
/** Names of answers, in the order they are asked in. */
export type AnswerName = Exclude<keyof Answers, 'v'>;
export const answerNames = Object.keys(answersSchema.shape).filter((name) => name !== 'v') as readonly AnswerName[];

export const noAnswers: Answers = { v: 1 };

/** Longer is no link of ours. */
const longestText = 2_000;

export type AnswersReading = { readonly ok: true; readonly answers: Answers } | { readonly ok: false };

/** Any value, as a file of answers holds it. An unknown key is refused: a link of ours has none. */
export function answersOf(value: unknown): AnswersReading {
  const parsed = answersSchema.safeParse(value);
  return parsed.success ? { ok: true, answers: parsed.data } : { ok: false };
}

/** The text of `r=`; '' is nothing answered. Not ok: cut, altered, or of another shape. */
export function readAnswers(text: string): AnswersReading {
  if (text === '') return { ok: true, answers: noAnswers };
  if (text.length > longestText || !/^[\w-]+$/.test(text)) return { ok: false };
  try {
    const bytes = Buffer.from(text, 'base64url');
    // A lenient decoder drops what it cannot read: a link that does not come back the same was cut or altered.
    if (bytes.toString('base64url') !== text) return { ok: false };
    return answersOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return { ok: false };
  }
}

/** Base64url of the JSON, keys in one order; '' when nothing was answered. */
export function writeAnswers(answers: Answers): string {
  const told = answerNames.filter((name) => answers[name] !== undefined);
  if (told.length === 0) return '';
  const ordered = Object.fromEntries([['v', 1], ...told.map((name) => [name, answers[name]])]);
  return Buffer.from(JSON.stringify(ordered)).toString('base64url');
}

const known = <Value>(value: Value | undefined): Value | null => value ?? null;

function registrationOf({ inscription }: Answers) {
  if (inscription === undefined || inscription === null) return null;
  return inscription === 'non'
    ? { inscrit: false, source: null, dateVerification: null, categorie: null }
    : { inscrit: true, source: 'declaratif' as const, dateVerification: null, categorie: null };
}

/**
 * What the answers say of a dossier, in euros. `personne` is null when nothing was answered at all: nobody was asked.
 * @param balance euros, typed by the person and carried apart; null when it is not, or is in the answers
 */
export function personOf(
  answers: Answers,
  balance: number | null = null,
): Required<Pick<DossierInput, 'personne' | 'cofinancements'>> {
  if (balance === null && writeAnswers(answers) === '') return { personne: null, cofinancements: [] };
  return {
    personne: {
      statut: known(answers.statut),
      age: known(answers.age),
      apprenti: known(answers.apprenti),
      retraiteTauxPlein: known(answers.retraiteTauxPlein),
      inscriptionFranceTravail: registrationOf(answers),
      exonerationAutre: known(answers.exonerationAutre),
      soldeCpf: balance ?? known(answers.solde),
      dernierBilanFinance: known(answers.dernierBilan),
    },
    cofinancements: known(answers.aides),
  };
}

/** The answer that tells a fact of the dossier; null when no answer does. */
export function answerNameOf(fact: FactPath): AnswerName | null {
  if (fact.startsWith('cofinancements')) return 'aides';
  switch (fact) {
    case 'personne.inscriptionFranceTravail':
      return 'inscription';
    case 'personne.dernierBilanFinance':
      return 'dernierBilan';
    case 'personne.soldeCpf':
      return 'solde';
    case 'personne.statut':
      return 'statut';
    case 'personne.age':
      return 'age';
    case 'personne.apprenti':
      return 'apprenti';
    case 'personne.retraiteTauxPlein':
      return 'retraiteTauxPlein';
    case 'personne.exonerationAutre':
      return 'exonerationAutre';
    default:
      return null;
  }
}

/** Of the facts that are missing, those that were asked already: asking again would not help. */
export function declinedFacts(answers: Answers, missing: readonly FactPath[]): ReadonlySet<FactPath> {
  return new Set(
    missing.filter((fact) => {
      const name = answerNameOf(fact);
      return name !== null && answers[name] !== undefined;
    }),
  );
}
