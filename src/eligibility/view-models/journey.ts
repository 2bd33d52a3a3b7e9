/** One question on a page: what is asked and why, what each answer would give, what was told so far. */
import { count, french } from '../../platform/web/format.ts';
import type { Told, WholeCost } from '../model/aim.ts';
import type { AnswerName } from '../model/answers.ts';
import type { Dossier } from '../model/dossier.ts';
import { type Asked, answerField, questionsLeft, type Typed } from '../model/journey.ts';
import type { RuleSet } from '../model/rule-set.ts';
import type { Verdict } from '../model/verdict.ts';
import { plainQuestions, plainSentences } from './plain.ts';
import {
  addressOf,
  balanceField,
  type Hidden,
  type Move,
  moveTo,
  parametersOf,
  questionPath,
  resultPath,
  type ToldRow,
  toldRows,
  type Way,
} from './way.ts';
import { dayText, eurosText } from './words.ts';

interface Option {
  readonly id: string;
  readonly value: string;
  readonly label: string;
  /** What the answer would give. */
  readonly effect: string;
  /** Other answers decide. */
  readonly pending: boolean;
  readonly checked: boolean;
}

interface Field {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly error: string | null;
  /** Of what describes it, for those who listen. */
  readonly describedBy: string;
}

export interface QuestionModel {
  readonly title: string;
  readonly description: null;
  readonly noindex: true;
  readonly section: string;
  readonly heading: string;
  readonly aim: { readonly label: string; readonly href: string };
  /** Only for the account in general. */
  readonly choose: string | null;
  readonly progress: string;
  readonly why: string;
  readonly plain: string;
  readonly facile: boolean;
  readonly easy: { readonly text: string; readonly href: string };
  readonly options: readonly Option[];
  readonly optionsError: string | null;
  /** The answer that is typed: an age, an amount. */
  readonly typed: Field | null;
  /** What the ranges of a typed answer would give. */
  readonly ranges: readonly { readonly label: string; readonly effect: string }[];
  readonly day: Field | null;
  readonly aid: {
    readonly funders: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
    readonly fundersError: string | null;
    readonly amount: Field;
  } | null;
  /** The answer « je ne sais pas » of a typed question, as a button. */
  readonly unknown: string | null;
  readonly form: { readonly action: string; readonly method: 'get' | 'post'; readonly hidden: readonly Hidden[] };
  readonly errors: readonly { readonly href: string; readonly text: string }[];
  readonly amountsNote: string;
  readonly told: readonly ToldRow[];
  readonly skip: Move;
  readonly isBalance: boolean;
  readonly plainJourney: string;
  /** Nothing told yet: answers of another day can be brought back. */
  readonly resume: boolean;
}

/** In the order of the specification. */
const funderLabels = [
  ['employeur', 'mon employeur'],
  ['opco', 'mon OPCO (par mon employeur)'],
  ['france_travail', 'France Travail'],
  ['region', 'ma Région'],
  ['agefiph', "l'Agefiph"],
  ['autre', 'un autre financeur'],
] as const;

const pending = 'réponse en attente';

/** Said of a registration that a link cannot prove. */
const onceProved = (effect: string): string => `${effect}, avec la preuve`;

export interface Refused {
  readonly typed: Typed;
  readonly errors: Readonly<Record<string, string>>;
}

export function questionModel(asked: Asked, way: Way, rules: RuleSet, refused: Refused | null): QuestionModel {
  const { name, question } = asked;
  const left = questionsLeft(way.aim, way.telling, way.date, rules);
  const errors = refused?.errors ?? {};
  const effect = effectsOf(asked, way);
  // A registration read by us at France Travail is a proof; nothing here reads one yet, so that answer is not offered.
  const answers = question.answers.filter(({ value }) => value !== 'connexion');
  const isTyped = name === 'age' || name === 'solde';
  const isBalance = name === 'solde';
  const last = question.answers.at(-1)?.label ?? 'je ne sais pas';
  const carries = isBalance || way.telling.balance !== null;
  const given = refused?.typed[answerField] ?? '';
  return {
    title: question.text,
    description: null,
    noindex: true,
    section: questionPath,
    heading: french(question.text),
    aim: { label: way.aim.label, href: way.aim.href },
    choose: way.aim.ref === '' ? french('Choisissez un cours pour connaître le montant.') : null,
    progress: french(`Il reste au plus ${count(Math.max(left, 1), 'question')}`),
    why: french(question.why),
    plain: french(plainQuestions[name]),
    facile: way.simple,
    easy: easyLink(questionPath, way),
    options: isTyped
      ? []
      : optionsOf(name, answers).map(({ value, label, dossier, verdict }, at) => {
          const gives = effect(value, dossier, verdict);
          return {
            id: `${answerField}-${at + 1}`,
            value,
            label: french(label),
            effect: gives,
            pending: gives.startsWith(pending),
            checked: given === value,
          };
        }),
    optionsError: isTyped ? null : (errors[answerField] ?? null),
    typed: isTyped ? typedField(name, given, errors[answerField] ?? null) : null,
    // Ranges hold amounts, and a search has none to show.
    ranges:
      isTyped && way.aim.asking === undefined
        ? answers
            .slice(0, -1)
            .map(({ value, label, dossier, verdict }) => ({ label, effect: effect(value, dossier, verdict) }))
        : [],
    day:
      name === 'dernierBilan'
        ? fieldOf(
            'jour',
            'Date du dernier bilan financé',
            'Par exemple 14/03/2024',
            refused?.typed.jour ?? '',
            errors.jour,
          )
        : null,
    aid:
      name === 'aides'
        ? {
            funders: funderLabels.map(([value, label]) => ({ value, label, selected: refused?.typed.par === value })),
            fundersError: errors.par ?? null,
            amount: fieldOf(
              'montant',
              "Montant de l'aide, en euros",
              'Par exemple 1 500',
              refused?.typed.montant ?? '',
              errors.montant,
            ),
          }
        : null,
    unknown: isTyped ? last : null,
    form: {
      action: carries ? addressOf(isBalance ? resultPath : questionPath, way) : questionPath,
      method: carries ? 'post' : 'get',
      hidden: [
        ...(carries ? [] : parametersOf(way)),
        { name: 'q', value: name },
        ...(carries && way.telling.balance !== null
          ? [{ name: balanceField, value: String(way.telling.balance) }]
          : []),
      ],
    },
    errors: Object.entries(errors).map(([field, text]) => ({
      href: `#${field === answerField && !isTyped ? `${answerField}-1` : field}`,
      text,
    })),
    amountsNote: french(`Montants calculés pour une inscription le ${dayText(way.date)}.`),
    told: toldRows(way),
    skip: moveTo(resultPath, way),
    isBalance,
    plainJourney: french(plainSentences.journey),
    resume: toldRows(way).length === 0,
  };
}

export function easyLink(path: string, way: Way): { readonly text: string; readonly href: string } {
  return {
    text: way.simple ? 'Version habituelle' : 'Version facile à lire',
    href: addressOf(path, { ...way, simple: !way.simple }),
  };
}

/** The form of an aid and of a date asks more than the engine needs to try. */
function optionsOf(name: AnswerName, answers: Asked['question']['answers']) {
  if (name === 'aides') {
    const [none, granted] = answers;
    const unknown = answers.at(-1);
    return [
      ...(granted === undefined || granted.value !== 'accordee' ? [] : [{ ...granted, label: 'oui, accordée' }]),
      ...(unknown === undefined ? [] : [{ ...unknown, value: 'demandee', label: 'demandée, pas de réponse' }]),
      ...(none === undefined || none.value !== 'non' ? [] : [none]),
      ...(unknown === undefined ? [] : [unknown]),
    ];
  }
  if (name !== 'dernierBilan') return answers;
  const [never] = answers;
  const old = answers.find(({ value }) => value === 'ancien');
  const unknown = answers.at(-1);
  return [
    ...(never === undefined ? [] : [never]),
    ...(old === undefined ? [] : [{ ...old, value: 'le', label: 'à cette date :' }]),
    ...(unknown === undefined ? [] : [unknown]),
  ];
}

function fieldOf(id: string, label: string, hint: string, value: string, error: string | undefined | null): Field {
  const describedBy = [`${id}-aide`, ...(error == null ? [] : [`${id}-erreur`])].join(' ');
  return { id, label, hint: french(hint), value, error: error ?? null, describedBy };
}

function typedField(name: 'age' | 'solde', value: string, error: string | null): Field {
  return name === 'age'
    ? fieldOf(answerField, 'Votre âge, en années', 'Par exemple 38', value, error)
    : fieldOf(
        answerField,
        'Montant, en euros',
        'Il est écrit sur la première page de Mon Compte Formation. Par exemple 1 546,80',
        value,
        error,
      );
}

type Effect = (value: string, dossier: Dossier, verdict: Verdict) => string;

/** For one action, its verdict; for a pathway, what all its steps would cost together. */
function effectsOf({ name, supposesProof }: Asked, way: Way): Effect {
  const { whole } = way.aim;
  return (value, dossier, verdict) => {
    if (value === 'demandee' || value === 'inconnu') return pending;
    if (name === 'aides' && value === 'accordee') return 'selon le montant';
    if (name === 'dernierBilan' && value === 'ancien') return 'selon la date';
    const proved = supposesProof || (name === 'inscription' && value === 'avis');
    if (way.aim.asking !== undefined) return french(searchEffect(verdict));
    const text =
      whole === null || verdict.cpf === 'hors_perimetre'
        ? effectText(verdict)
        : wholeEffect(whole(toldOf(dossier), way.date));
    return french(proved ? onceProved(text) : text);
  };
}

/** What an answer does to a search: no amount, since no course is chosen. */
const searchEffect = (verdict: Verdict): string =>
  verdict.cpf === 'hors_perimetre' || verdict.cpf === 'non' ? effectText(verdict) : 'change la liste';

/** Euros again: an aim is asked as a page would. */
export function toldOf({ personne, cofinancements }: Dossier): Told {
  const euros = (cents: number | null) => (cents === null ? null : cents / 100);
  return {
    personne: personne === null ? null : { ...personne, soldeCpf: euros(personne.soldeCpf) },
    cofinancements: cofinancements?.map((one) => ({ ...one, montant: euros(one.montant) })) ?? null,
  };
}

const wholeEffect = ({ total }: WholeCost): string => `${total.rest} pour le parcours`;

/** « 150 € pour vous », « non finançable », « réponse en attente ». */
export function effectText({ cpf, resteACharge, participation, manquants }: Verdict): string {
  if (cpf === 'hors_perimetre') return 'hors de ce simulateur';
  if (cpf === 'non') return 'pas finançable';
  if (resteACharge !== null) return `${eurosText(resteACharge)} pour vous`;
  if (participation.due === true && participation.montant !== null)
    return `participation : ${eurosText(participation.montant)}`;
  if (participation.due === false && manquants.includes('personne.soldeCpf')) return 'pas de participation à payer';
  return pending;
}
