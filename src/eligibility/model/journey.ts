/**
 * From question to question: which one is asked now, how many are left at most, and how an answer typed in a form is read.
 * Pure; the balance comes beside the answers unless its owner put it in, and is asked last, so that it travels as little as possible.
 */
import type { Aim, AimedAction } from './aim.ts';
import { type AnswerName, type Answers, answerNameOf, declinedFacts, personOf } from './answers.ts';
import { assess } from './assess.ts';
import type { IsoDate } from './dates.ts';
import { type Dossier, funders, readDossier, statuts } from './dossier.ts';
import { type FactPath, isPersonal } from './paths.ts';
import { nextQuestion, type Question } from './question.ts';
import type { RuleSet } from './rule-set.ts';
import type { Verdict } from './verdict.ts';

/** What was told so far. */
export interface Telling {
  readonly answers: Answers;
  /** Euros; null when it was not typed. */
  readonly balance: number | null;
}

export interface Judged {
  readonly action: AimedAction;
  readonly dossier: Dossier;
  readonly verdict: Verdict;
}

/** Throws when an aim hands in a dossier that is malformed: a fault of ours. */
export function judge(action: AimedAction, { answers, balance }: Telling, date: IsoDate, rules: RuleSet): Judged {
  const read = readDossier({ date, ...personOf(answers, balance), action: action.action, organisme: action.organisme });
  if (!read.ok) throw new Error(`dossier of an aim: ${read.errors.map(({ path }) => path).join(', ')}`);
  return { action, dossier: read.dossier, verdict: assess(read.dossier, date, rules) };
}

export interface Asked {
  readonly name: AnswerName;
  readonly question: Question;
  /** What the question was asked of. */
  readonly judged: Judged;
  /** Asked as if the registration, which was only told, were proved. */
  readonly supposesProof: boolean;
}

const balanceFact = 'personne.soldeCpf';

/** The same person with a proof of registration of that day: what a proof would change, never an answer by itself. */
export function withProof(dossier: Dossier, date: IsoDate): Dossier {
  if (dossier.personne === null) return dossier;
  const inscriptionFranceTravail = {
    inscrit: true,
    source: 'avis_situation' as const,
    dateVerification: date,
    categorie: null,
  };
  return { ...dossier, personne: { ...dossier.personne, inscriptionFranceTravail } };
}

/** The person says to be registered, and a proof is what is missing. */
export function lacksProof({ answers }: Telling, { verdict }: Judged): boolean {
  const told = answers.inscription === 'avis' || answers.inscription === 'sans_preuve';
  return told && verdict.manquants.includes('personne.inscriptionFranceTravail');
}

/** The next question whose answers can change the result; null when there is none (T14, N2). */
export function askNext(aim: Aim, telling: Telling, date: IsoDate, rules: RuleSet): Asked | null {
  const judged = (aim.asking ?? aim.actions).map((action) => judge(action, telling, date, rules));
  // Every other answer first, then the balance; what a proof would change comes after what is certain.
  for (const supposesProof of [false, true])
    for (const balanceToo of [false, true])
      for (const one of judged) {
        if (supposesProof && !lacksProof(telling, one)) continue;
        const dossier = supposesProof ? withProof(one.dossier, date) : one.dossier;
        const found = askOf(dossier, telling.answers, balanceToo, date, rules);
        if (found !== null) return { ...found, judged: one, supposesProof };
      }
  return null;
}

function askOf(
  dossier: Dossier,
  answers: Answers,
  balanceToo: boolean,
  date: IsoDate,
  rules: RuleSet,
): Pick<Asked, 'name' | 'question'> | null {
  const declined = new Set<FactPath>(declinedFacts(answers, assess(dossier, date, rules).manquants));
  if (!balanceToo) declined.add(balanceFact);
  const question = nextQuestion(dossier, date, rules, declined);
  const name = question === null ? null : answerNameOf(question.fact);
  return question === null || name === null ? null : { name, question };
}

/** An upper bound of the questions still to come, the present one included. */
export function questionsLeft(aim: Aim, telling: Telling, date: IsoDate, rules: RuleSet): number {
  const names = new Set<AnswerName>();
  for (const action of aim.asking ?? aim.actions) {
    const { dossier } = judge(action, telling, date, rules);
    const asked = dossier.personne === null ? { ...dossier, personne: nobodyKnown, cofinancements: null } : dossier;
    for (const fact of assess(asked, date, rules).manquants) {
      const name = isPersonal(fact) ? answerNameOf(fact) : null;
      if (name !== null && telling.answers[name] === undefined) names.add(name);
      // At fifteen, apprenticeship is asked too.
      if (name === 'age' && telling.answers.apprenti === undefined) names.add('apprenti');
    }
  }
  if (telling.balance !== null) names.delete('solde');
  return names.size;
}

const nobodyKnown: NonNullable<Dossier['personne']> = {
  statut: null,
  age: null,
  apprenti: null,
  retraiteTauxPlein: null,
  inscriptionFranceTravail: null,
  exonerationAutre: null,
  soldeCpf: null,
  dernierBilanFinance: null,
};

/** Fields of the form of a question, as they were typed. */
export type Typed = Readonly<Record<string, string>>;

export type AnswerReading =
  | { readonly ok: true; readonly telling: Telling }
  /** By field, what to do. */
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> };

/** Field of the answer itself. */
export const answerField = 'reponse';

const choose = { [answerField]: 'Choisissez une réponse. « Je ne sais pas » en est une.' };

/** Cents as people type euros: « 1 546,80 », « 3000 € »; null when it is no amount. */
export function readEuros(text: string): number | null {
  const written = text.replace(/\s|€|euros?$/gi, '').replace(',', '.');
  if (!/^\d{1,8}(\.\d{1,2})?$/.test(written)) return null;
  const euros = Number(written);
  return euros <= 10_000_000 ? Math.round(euros * 100) / 100 : null;
}

/** « 14/03/2024 » or 2024-03-14; null when that day does not exist. */
export function readDay(text: string): IsoDate | null {
  const [, day = '', month = '', year = ''] = /^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$/.exec(text.trim()) ?? [];
  const iso = year === '' ? text.trim() : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const time = /^\d{4}-\d{2}-\d{2}$/.test(iso) ? Date.parse(`${iso}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso || iso < '1900-01-01' ? null : iso;
}

/** Reads the form of one question into what was told. */
export function readAnswer(name: AnswerName, typed: Typed, telling: Telling, date: IsoDate): AnswerReading {
  const given = (typed[answerField] ?? '').trim();
  const put = (change: Partial<Answers>): AnswerReading => ({
    ok: true,
    telling: { ...telling, answers: { ...telling.answers, ...change } },
  });
  const wrong = (errors: Readonly<Record<string, string>>): AnswerReading => ({ ok: false, errors });
  if (given === 'inconnu')
    return name === 'solde'
      ? { ok: true, telling: { answers: { ...telling.answers, solde: null }, balance: null } }
      : put({ [name]: null });
  switch (name) {
    case 'statut': {
      const statut = statuts.find((one) => one === given);
      return statut === undefined ? wrong(choose) : put({ statut });
    }
    case 'inscription': {
      const inscription = (['avis', 'sans_preuve', 'non'] as const).find((one) => one === given);
      return inscription === undefined ? wrong(choose) : put({ inscription });
    }
    case 'apprenti':
    case 'retraiteTauxPlein':
    case 'exonerationAutre':
      return given === 'oui' || given === 'non' ? put({ [name]: given === 'oui' }) : wrong(choose);
    case 'age': {
      const age = /^\d{1,3}$/.test(given) ? Number(given) : null;
      if (age !== null && age <= 130) return put({ age });
      return wrong({ [answerField]: 'Écrivez votre âge en chiffres, par exemple 38.' });
    }
    case 'solde': {
      const balance = readEuros(given);
      if (balance !== null) return { ok: true, telling: { answers: without(telling.answers, 'solde'), balance } };
      return wrong({ [answerField]: 'Écrivez un montant en euros, par exemple 1 546,80.' });
    }
    case 'dernierBilan': {
      if (given === 'jamais') return put({ dernierBilan: 'aucun' });
      if (given !== 'le') return wrong(choose);
      const day = readDay(typed.jour ?? '');
      if (day !== null && day <= date) return put({ dernierBilan: day });
      return wrong({ jour: 'Écrivez une date passée, par exemple 14/03/2024.' });
    }
    case 'aides':
      return readAid(given, typed, put, wrong);
  }
}

function readAid(
  given: string,
  typed: Typed,
  put: (change: Partial<Answers>) => AnswerReading,
  wrong: (errors: Readonly<Record<string, string>>) => AnswerReading,
): AnswerReading {
  if (given === 'non') return put({ aides: [] });
  if (given !== 'accordee' && given !== 'demandee') return wrong(choose);
  const par = funders.find((one) => one === typed.par);
  const written = (typed.montant ?? '').trim();
  const montant = written === '' ? null : readEuros(written);
  const errors = {
    ...(par === undefined ? { par: 'Choisissez qui donne cette aide.' } : {}),
    ...(montant === null && (given === 'accordee' || written !== '')
      ? { montant: 'Écrivez le montant en euros, par exemple 1 500. Sinon, choisissez « je ne sais pas ».' }
      : {}),
  };
  if (par === undefined || Object.keys(errors).length > 0) return wrong(errors);
  return put({ aides: [{ par, montant, accorde: given === 'accordee' ? true : null }] });
}

/** The same without one of them: its question is asked again. */
export function without(answers: Answers, name: AnswerName): Answers {
  const { [name]: _dropped, ...kept } = answers;
  return kept;
}
