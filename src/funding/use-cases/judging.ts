/** Lines of a list, answered many at once: one question to each register and store for all the lines of one day. */

import { dossierOf, type NamedOffer, offerDossierOf } from '../../catalogue/model/dossier.ts';
import type { Course } from '../../catalogue/model.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import type { Funding } from '../../catalogue/use-cases/funding.ts';
import { assess } from '../../eligibility/model/assess.ts';
import { frenchDate } from '../../eligibility/model/dates.ts';
import { type DossierInput, readDossier } from '../../eligibility/model/dossier.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { isoDay } from '../../platform/web/format.ts';
import { answerOfVerdict, type ListAnswer, type ListContext, refusedAnswer } from '../model/list-answer.ts';
import type { Line, UnreadableLine } from '../model/list-line.ts';

export interface JudgedLine {
  readonly answer: ListAnswer;
  /** What was judged, for a receipt; null for a line that could not be. */
  readonly judged: { readonly ref: string; readonly dossier: DossierInput } | null;
}

export interface JudgingParts {
  readonly courses: Pick<CourseStore, 'byIds'>;
  readonly funding: Pick<Funding, 'fundingFacts' | 'manyFacts'>;
  readonly rules: () => RuleSet;
  readonly registerDate: () => Promise<string | null>;
}

/** Answers in the order of the lines. */
export type JudgeLines = (lines: readonly (Line | UnreadableLine)[]) => Promise<readonly JudgedLine[]>;

type Asked = { readonly line: Line; readonly at: number };

export function makeJudgeLines({ courses, funding, rules: currentRules, registerDate }: JudgingParts): JudgeLines {
  return async (lines) => {
    const rules = currentRules();
    const context: ListContext = { rules, registerDate: await registerDate() };
    const answers: JudgedLine[] = new Array(lines.length);
    const byDay = new Map<string, Asked[]>();
    for (const [at, line] of lines.entries()) {
      if ('error' in line) {
        answers[at] = { answer: refusedAnswer(line, line.error, context), judged: null };
        continue;
      }
      const sameDay = byDay.get(line.date);
      if (sameDay === undefined) byDay.set(line.date, [{ line, at }]);
      else sameDay.push({ line, at });
    }
    const ids = lines.flatMap((line) => ('error' in line || line.target.kind !== 'course' ? [] : [line.target.id]));
    const known = new Map(
      ids.length === 0 ? [] : (await courses.byIds([...new Set(ids)])).map((course) => [course.id, course]),
    );
    for (const [date, asked] of byDay) await answerDay(date, asked, known, context, answers);
    return answers;
  };

  async function answerDay(
    date: string,
    asked: readonly Asked[],
    known: ReadonlyMap<string, Course>,
    context: ListContext,
    answers: JudgedLine[],
  ): Promise<void> {
    const offers: { readonly asked: Asked; readonly offer: NamedOffer }[] = [];
    const taught: { readonly asked: Asked; readonly course: Course }[] = [];
    for (const one of asked) {
      const { line, at } = one;
      if (line.target.kind !== 'course') {
        offers.push({ asked: one, offer: offerOf(line) });
        continue;
      }
      const course = known.get(line.target.id);
      const refusal = course === undefined ? unknownCourse : refusalOf(course);
      if (course === undefined || refusal !== null)
        answers[at] = { answer: refusedAnswer(line, refusal ?? unknownCourse, context), judged: null };
      else taught.push({ asked: one, course });
    }
    if (taught.length > 0) {
      const unique = [...new Map(taught.map(({ course }) => [course.id, course])).values()];
      const facts = await funding.fundingFacts(unique, date);
      for (const { asked: one, course } of taught) {
        const found = facts.get(course.id);
        if (found === undefined) throw new Error(`no facts of the course ${course.id}`);
        const dossier = dossierOf(course, found, { date });
        answers[one.at] = judged(one.line, `cours:${course.id}`, withPrice(dossier, one.line), context);
      }
    }
    if (offers.length > 0) {
      const facts = await funding.manyFacts(
        offers.map(({ offer }) => offer),
        date,
      );
      for (const [index, { asked: one, offer }] of offers.entries()) {
        const found = facts[index];
        if (found === undefined) throw new Error('no facts of an offer');
        const dossier = offerDossierOf(offer, { ...found, code: offer.code }, { date });
        answers[one.at] = judged(one.line, offerRef(offer), dossier, context);
      }
    }
  }
}

const unknownCourse = { code: 'E_COURS_INCONNU', text: "Aucun cours du catalogue n'a cette adresse." } as const;

function refusalOf({ state, withdrawn }: Course) {
  if (state === 'pending') return unknownCourse;
  if (state !== 'withdrawn') return null;
  const since = withdrawn === null ? '' : ` depuis le ${frenchDate(isoDay(withdrawn.at))}`;
  return { code: 'E_COURS_RETIRE', text: `Ce cours n'est plus proposé${since}.` } as const;
}

function offerOf({ target, siret, price }: Line): NamedOffer {
  return {
    code: target.kind === 'certification' ? target.code : null,
    siret,
    activityNumber: target.kind === 'provider' ? target.activityNumber : null,
    price,
  };
}

/** `offre:RNCP37674:73282932000074:`: what a line names when it is no course; read again by `readOfferRef`. */
export function offerRef({ code, siret, activityNumber }: Omit<NamedOffer, 'price'>): string {
  return `offre:${code ?? ''}:${siret ?? ''}:${activityNumber ?? ''}`;
}

export function readOfferRef(ref: string): Omit<NamedOffer, 'price'> | null {
  const found = /^offre:((?:RNCP|RS)\d+(?:BC\d{2})?)?:(\d{14})?:(\d{11})?$/.exec(ref);
  if (found === null) return null;
  return { code: found[1] ?? null, siret: found[2] ?? null, activityNumber: found[3] ?? null };
}

/** The price of the list is the one that the funder was asked for. */
function withPrice(dossier: DossierInput, { price }: Line): DossierInput {
  return price === null ? dossier : { ...dossier, action: { ...dossier.action, prix: price } };
}

function judged(line: Line, ref: string, dossier: DossierInput, context: ListContext): JudgedLine {
  const read = readDossier(dossier);
  if (!read.ok) throw new Error(`line ${line.number}: ${JSON.stringify(read.errors)}`);
  const verdict = assess(read.dossier, line.date, context.rules);
  return { answer: answerOfVerdict(line, read.dossier, verdict, context), judged: { ref, dossier } };
}
