/** What something costs the person whose answers are in the address, for the pages of courses, certifications and pathways. */
import type { Aim, WholeCost } from '../model/aim.ts';
import { personOf, readAnswers, writeAnswers } from '../model/answers.ts';
import type { IsoDate } from '../model/dates.ts';
import { type Asked, askNext, judge } from '../model/journey.ts';
import type { RuleSet } from '../model/rule-set.ts';
import { forYouText, notCalculated } from './amounts.ts';
import { verdictOf } from './result.ts';
import type { VerdictBlock } from './verdict.ts';
import { addressOf, questionPath, resultPath, type Way } from './way.ts';
import { shortDay } from './words.ts';

/** `r=` of an address, when it can be read and says something; '' otherwise: a page of the catalogue is shown all the same. */
export function answersIn(value: unknown): string {
  const read = typeof value === 'string' ? readAnswers(value) : null;
  return read?.ok === true ? writeAnswers(read.answers) : '';
}

/** The same address with the answers, so that they are not asked again. */
export function withAnswers(href: string, r: string): string {
  return r === '' ? href : `${href}${href.includes('?') ? '&' : '?'}r=${r}`;
}

/** Where the questions about an aim begin. */
export function questionsFor(ref: string): string {
  return `${questionPath}?${new URLSearchParams({ but: ref })}`;
}

export interface Cost {
  /** The line « Pour vous ». */
  readonly forYou: string;
  /** Of one action; null before any answer, and for a pathway. */
  readonly verdict: VerdictBlock | null;
  /** Of a pathway; null before any answer. */
  readonly whole: WholeCost | null;
  /** Asks the first question, or goes on from the answers of the address. */
  readonly calculate: { readonly text: string; readonly href: string };
  /** The result with its receipt and its link; null before any answer. */
  readonly detail: { readonly text: string; readonly href: string } | null;
}

export interface CostSettings {
  readonly rules: RuleSet;
  readonly contact: string | null;
  readonly today: IsoDate;
}

/** The line « Pour vous » alone, for a list. @param r as `answersIn` gives it */
export function forYouOf({ actions: [action] }: Aim, r: string, today: IsoDate, rules: RuleSet): string {
  const read = readAnswers(r);
  if (action === undefined || !read.ok || r === '') return notCalculated;
  const { verdict, dossier } = judge(action, { answers: read.answers, balance: null }, today, rules);
  return forYouText(verdict, dossier, today);
}

/** @param r as `answersIn` gives it */
export function costOf(aim: Aim, r: string, { rules, contact, today }: CostSettings): Cost {
  const read = readAnswers(r);
  const telling = { answers: read.ok ? read.answers : { v: 1 as const }, balance: null };
  const way: Way = { aim, telling, date: today, today, simple: false };
  const [action] = aim.actions;
  const told = r !== '' && action !== undefined;
  const judged = action === undefined ? null : judge(action, telling, today, rules);
  const next: Asked | null = told ? askNext(aim, telling, today, rules) : null;
  const pathway = aim.whole !== null;
  const whole = told && aim.whole !== null ? aim.whole(personOf(telling.answers), today) : null;
  return {
    forYou:
      whole !== null
        ? `${whole.total.rest}, calculé le ${shortDay(today)}`
        : pathway || judged === null
          ? notCalculated
          : forYouText(judged.verdict, judged.dossier, today),
    verdict: told && !pathway && judged !== null ? verdictOf(judged, way, rules, contact) : null,
    whole,
    calculate: {
      text:
        next !== null
          ? 'Continuer : une réponse de plus change le résultat'
          : told
            ? 'Revoir mes réponses'
            : pathway
              ? 'Calculer pour ce parcours'
              : 'Calculer ce que cela me coûte',
      href: addressOf(told && next === null ? resultPath : questionPath, way),
    },
    detail: told ? { text: 'Voir le calcul et garder cette réponse', href: addressOf(resultPath, way) } : null,
  };
}
