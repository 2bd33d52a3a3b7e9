/** Where one is in the questions: addresses that hold the answers, and forms that hold the balance until it is ticked into them. */

import type { Aim } from '../model/aim.ts';
import { type AnswerName, type Answers, answerNames, writeAnswers } from '../model/answers.ts';
import type { IsoDate } from '../model/dates.ts';
import { type Telling, without } from '../model/journey.ts';
import { dayText, eurosText, funderNames } from './words.ts';

export interface Way {
  readonly aim: Aim;
  readonly telling: Telling;
  readonly date: IsoDate;
  readonly today: IsoDate;
  /** « Version facile à lire ». */
  readonly simple: boolean;
}

export interface Hidden {
  readonly name: string;
  readonly value: string;
}

/** The query of a way: nothing that is as it would be without. */
export function parametersOf({ aim, telling, date, today, simple }: Way): readonly Hidden[] {
  const answers = writeAnswers(telling.answers);
  return [
    ...(aim.ref === '' ? [] : [{ name: 'but', value: aim.ref }]),
    ...(answers === '' ? [] : [{ name: 'r', value: answers }]),
    ...(date === today ? [] : [{ name: 'date', value: date }]),
    ...(simple ? [{ name: 'facile', value: '1' }] : []),
  ];
}

export function addressOf(path: string, way: Way, more: readonly Hidden[] = []): string {
  const query = new URLSearchParams();
  for (const { name, value } of [...parametersOf(way), ...more]) query.append(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}

/** Forms of this path and below are sent without a token, so without a cookie: they keep nothing. */
export const questionPath = '/eligibilite';
export const resultPath = '/eligibilite/resultat';
export const filePath = '/eligibilite/reponses.json';

/** « 1546.8 », as a form carries it. */
export const balanceField = 'solde';
/** Ticked by whoever wants the balance in the link and the file. */
export const balanceInLinkField = 'soldeDansLien';

/** A link, or the button of a form when a balance goes along. */
export interface Move {
  readonly href: string;
  /** Empty: a link does. */
  readonly hidden: readonly Hidden[];
}

export function moveTo(path: string, way: Way): Move {
  const { balance } = way.telling;
  return {
    href: addressOf(path, way),
    hidden: balance === null ? [] : [{ name: balanceField, value: String(balance) }],
  };
}

const subjects: Readonly<Record<AnswerName, string>> = {
  statut: 'Votre situation',
  age: 'Votre âge',
  apprenti: 'Apprentissage',
  retraiteTauxPlein: 'Retraite à taux plein',
  inscription: 'Inscription à France Travail',
  exonerationAutre: 'Points C2P, accident du travail',
  dernierBilan: 'Dernier bilan financé',
  aides: 'Aides',
  solde: 'Solde CPF',
};

const situations: Readonly<Record<NonNullable<Answers['statut']>, string>> = {
  demandeur_emploi: 'je cherche un emploi',
  salarie: 'je travaille pour un employeur privé',
  agent_public: 'je travaille pour un employeur public (agent public)',
  independant: 'je travaille à mon compte',
  retraite: 'je suis à la retraite',
  sans_activite: 'aucune de ces situations',
};

const registrations: Readonly<Record<NonNullable<Answers['inscription']>, string>> = {
  avis: "oui, j'ai un avis de situation",
  sans_preuve: "oui, sans preuve pour l'instant",
  non: 'non',
};

function answerText(name: AnswerName, answers: Answers): string {
  const { statut, age, inscription, dernierBilan, aides, solde } = answers;
  if (answers[name] === null)
    return name === 'age' || name === 'apprenti' ? 'je préfère ne pas répondre' : 'je ne sais pas';
  switch (name) {
    case 'statut':
      return statut ? situations[statut] : '';
    case 'age':
      return `${age} ans`;
    case 'inscription':
      return inscription ? registrations[inscription] : '';
    case 'solde':
      return `${eurosText(Math.round((solde ?? 0) * 100))} (dans le lien)`;
    case 'dernierBilan':
      return dernierBilan === 'aucun' ? 'jamais' : dayText(dernierBilan ?? '');
    case 'aides':
      return (aides ?? []).length === 0 ? 'aucune' : (aides ?? []).map(aidText).join(' ; ');
    default:
      return answers[name] === true ? 'oui' : 'non';
  }
}

function aidText({ par, montant, accorde }: NonNullable<Answers['aides']>[number]): string {
  const amount = montant === null ? 'montant inconnu' : eurosText(Math.round(montant * 100));
  return `${amount} ${funderNames[par].of}, ${accorde === null ? 'demandée' : accorde ? 'accordée' : 'refusée'}`;
}

export interface ToldRow {
  readonly subject: string;
  readonly answer: string;
  /** Asks the question again. */
  readonly change: Move;
}

/** What was told so far, in the order of the questions. */
export function toldRows(way: Way): readonly ToldRow[] {
  const { answers, balance } = way.telling;
  const asking = (name: AnswerName): Way => ({
    ...way,
    telling: { answers: without(answers, name), balance: name === 'solde' ? null : balance },
  });
  const rows = answerNames
    .filter((name) => answers[name] !== undefined)
    .map((name) => ({
      subject: subjects[name],
      answer: answerText(name, answers),
      change: moveTo(questionPath, asking(name)),
    }));
  if (balance === null) return rows;
  const answer = `${eurosText(Math.round(balance * 100))} (pas dans le lien)`;
  return [...rows, { subject: subjects.solde, answer, change: moveTo(questionPath, asking('solde')) }];
}
