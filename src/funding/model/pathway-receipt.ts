/**
 * A receipt of a pathway: of each step the course that was kept, with the dossier and the answer of that step, and the total of
 * all of them, whose unknown parts are named. The balance is spent from step to step: it is withheld as in any receipt.
 */
import { z } from 'zod';
import type { AimedAction, Told } from '../../eligibility/model/aim.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { type Dossier, type DossierInput, readDossier } from '../../eligibility/model/dossier.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { type JudgedStep, type PathwayVerdict, pathwayVerdict, type Sum } from '../../pathways/model/verdict.ts';
import { type Change, changesBetween } from './changes.ts';
import { type Answer, answerOf, answerSchema, keptDossier, receiptHead, subjectSchema, verdictOf } from './receipt.ts';

const text = z.string().max(2_000);
const part = z.record(z.string(), z.unknown());

/** Euros of the steps where the amount is known; the others are named. */
const sumSchema = z.strictObject({ known: z.number(), unknownSteps: z.array(text) });

const chosenSchema = z.strictObject({
  title: text,
  href: text.nullable(),
  /** As `readDossier` reads them, in euros. */
  action: part,
  organisme: part.nullable(),
  dates: receiptHead.dates,
  sessionStart: receiptHead.sessionStart,
  course: subjectSchema.shape.course,
  certification: subjectSchema.shape.certification,
  answer: answerSchema,
});

export const pathwayReceiptSchema = z.strictObject({
  format: z.literal(2),
  code: receiptHead.code,
  issuedAt: receiptHead.issuedAt,
  date: receiptHead.date,
  /** Of the newest register held. */
  dates: z.strictObject({ register: z.iso.date().nullable() }),
  rules: receiptHead.rules,
  subject: z.strictObject({ ref: z.string().max(200), label: text, href: text }),
  /** The person and the aids, as `readDossier` reads them, in euros. */
  told: z.strictObject({ personne: part.nullable(), cofinancements: z.array(part).nullable() }),
  balanceIncluded: z.boolean(),
  steps: z
    .array(
      z.strictObject({
        id: text,
        title: text,
        /** null: no course of the catalogue covers the step. */
        chosen: chosenSchema.nullable(),
        /** Another course than the first choice makes the whole cheaper, or known. */
        otherThanMain: z.boolean(),
      }),
    )
    .min(1),
  total: z.strictObject({ price: sumSchema, aid: sumSchema, rights: sumSchema, rest: sumSchema }),
});
export type PathwayReceipt = z.output<typeof pathwayReceiptSchema>;

type Step = PathwayReceipt['steps'][number];
/** What a receipt keeps of a course beside its dossier. */
export type StepSubject = Pick<NonNullable<Step['chosen']>, 'course' | 'certification'>;

/** Everything that the answer says, in euros. */
export interface PathwayAnswer {
  readonly steps: readonly { readonly id: string; readonly answer: Answer | null }[];
  readonly total: PathwayReceipt['total'];
}

const inEuros = ({ known, unknownSteps }: Sum): PathwayReceipt['total']['price'] => ({
  known: known / 100,
  unknownSteps: [...unknownSteps],
});
const inCents = ({ known, unknownSteps }: PathwayReceipt['total']['price']): Sum => ({
  known: Math.round(known * 100),
  unknownSteps,
});

export const totalOf = ({ price, aid, rights, rest }: PathwayVerdict): PathwayReceipt['total'] => ({
  price: inEuros(price),
  aid: inEuros(aid),
  rights: inEuros(rights),
  rest: inEuros(rest),
});

export function pathwayAnswerOf(verdict: PathwayVerdict): PathwayAnswer {
  const steps = verdict.steps.map(({ id, chosen }) => ({
    id,
    answer: chosen === null ? null : answerOf(chosen.verdict),
  }));
  return { steps, total: totalOf(verdict) };
}

export function answerOfReceipt({ steps, total }: PathwayReceipt): PathwayAnswer {
  return { steps: steps.map(({ id, chosen }) => ({ id, answer: chosen?.answer ?? null })), total };
}

/** Two answers are the same when these bytes are. */
export function pathwayAnswerText({ steps, total }: PathwayAnswer): string {
  const answers = steps.map(({ id, answer }) => ({ id, answer: answer === null ? null : answerSchema.parse(answer) }));
  return JSON.stringify({ steps: answers, total: pathwayReceiptSchema.shape.total.parse(total) });
}

/** What was told, read and written in one way; without the balance unless told. null: malformed. */
export function keptTelling(
  told: Told,
  date: IsoDate,
  options: { readonly balance: boolean },
): PathwayReceipt['told'] | null {
  const read = readDossier({ date, ...told, action: { type: 'vae' } });
  if (!read.ok) return null;
  const { personne = null, cofinancements = null } = keptDossier(read.dossier, options);
  return {
    personne: personne as PathwayReceipt['told']['personne'],
    cofinancements: cofinancements as PathwayReceipt['told']['cofinancements'],
  };
}

/** @param subjectOf what is kept of the course of an action */
export function keptSteps(
  { steps }: PathwayVerdict,
  subjectOf: (action: AimedAction) => StepSubject,
): PathwayReceipt['steps'] {
  return steps.map(({ id, title, chosen, otherThanMain }) => {
    if (chosen === null) return { id, title, chosen: null, otherThanMain };
    const { action, dossier, verdict } = chosen;
    const kept = keptDossier(dossier, { balance: false });
    return {
      id,
      title,
      chosen: {
        title: action.title,
        href: action.href,
        action: { ...kept.action },
        organisme: kept.organisme == null ? null : { ...kept.organisme },
        dates: action.dates,
        sessionStart: action.sessionStart,
        ...subjectOf(action),
        answer: answerOf(verdict),
      },
      otherThanMain,
    };
  });
}

/** What was told, ready to be judged again: `pathwayVerdict` reads each dossier, and refuses what is no dossier. */
export const toldIn = (told: PathwayReceipt['told']) => told as unknown as Told;

/** The person and the aids as they were told, under an action that has no part in it. null: malformed. */
export function toldDossier({ told, date }: Pick<PathwayReceipt, 'told' | 'date'>): Dossier | null {
  const read = readDossier({ date, ...told, action: { type: 'vae' } });
  return read.ok ? read.dossier : null;
}

function actionIn({ chosen }: Step): AimedAction[] {
  if (chosen === null) return [];
  const { title, href, action, organisme, dates, sessionStart } = chosen;
  return [
    {
      title,
      href,
      action: action as unknown as DossierInput['action'],
      organisme: organisme as DossierInput['organisme'],
      dates,
      sessionStart,
    },
  ];
}

/** The courses that were kept, judged again in the order of the steps. Throws when a dossier can no longer be read. */
export function judgeAgain(receipt: PathwayReceipt, date: IsoDate, rules: RuleSet): PathwayVerdict {
  const steps = receipt.steps.map((step) => ({ id: step.id, title: step.title, offers: actionIn(step) }));
  return pathwayVerdict(steps, toldIn(receipt.told), date, rules);
}

/** The verdict that the receipt gave, amounts in cents, as it was; its dossiers as `again` read them. */
export function pathwayVerdictOf(receipt: PathwayReceipt, again: PathwayVerdict): PathwayVerdict {
  const { steps, total, date, rules } = receipt;
  return {
    steps: steps.map(({ id, title, chosen, otherThanMain }, at): JudgedStep => {
      const read = again.steps[at]?.chosen ?? null;
      const kept =
        chosen === null || read === null ? null : { ...read, verdict: verdictOf(chosen.answer, { date, rules }) };
      return { id, title, chosen: kept, otherThanMain };
    }),
    price: inCents(total.price),
    aid: inCents(total.aid),
    rights: inCents(total.rights),
    rest: inCents(total.rest),
  };
}

/** Why the answer of today is not that of the receipt, step by step; what concerns a rule is said once. */
export function pathwayChanges(
  then: PathwayVerdict,
  now: PathwayVerdict,
  dates: readonly [IsoDate, IsoDate],
): Change[] {
  const [before, today] = dates;
  const changes: Change[] = [];
  if (then.steps.map(({ id }) => id).join() !== now.steps.map(({ id }) => id).join())
    changes.push({ of: 'course', text: 'Les étapes du parcours ont changé.' });
  for (const [at, { id, chosen }] of now.steps.entries()) {
    const former = then.steps.find((step) => step.id === id)?.chosen ?? null;
    const step = `Étape ${at + 1}`;
    if (former === null || chosen === null) {
      if (former !== null) changes.push({ of: 'course', text: `${step} : plus aucun cours du catalogue.` });
      if (chosen !== null && then.steps.some((one) => one.id === id))
        changes.push({ of: 'course', text: `${step} : un cours est proposé, « ${chosen.action.title} ».` });
      continue;
    }
    if (former.action.href !== chosen.action.href)
      changes.push({
        of: 'course',
        text: `${step} : « ${chosen.action.title} » au lieu de « ${former.action.title} ».`,
      });
    const own = changesBetween(
      { date: before, dossier: former.dossier, trace: former.verdict.trace },
      { date: today, dossier: chosen.dossier, trace: chosen.verdict.trace },
    );
    changes.push(...own.map(({ of, text: why }) => ({ of, text: of === 'rule' ? why : `${step}. ${why}` })));
  }
  const texts = new Set<string>();
  return changes.filter(({ text: why }) => !texts.has(why) && texts.add(why));
}
