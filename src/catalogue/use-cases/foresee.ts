/** What the training account would say of a course that is not published yet, or not so: the rules of today, nothing kept. */
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import type { Register } from '../../framework/registry/model.ts';
import { isoDay } from '../../platform/web/format.ts';
import { type CpfSummary, cpfSummaryOf } from '../model/cpf.ts';
import type { FundedCourse } from '../model/dossier.ts';
import type { AdviceFor } from './advice.ts';
import type { Funding } from './funding.ts';

export interface Foreseen {
  readonly cpf: CpfSummary;
  /** What is missing or refused, in the terms of the school (N10); null when the account pays. French. */
  readonly advice: string | null;
}

export type Foresee = (course: FundedCourse) => Promise<Foreseen>;

export function makeForesee(parts: {
  readonly funding: Pick<Funding, 'fundingFacts'>;
  readonly register: Pick<Register, 'state'>;
  readonly rules: () => RuleSet;
  readonly advice: AdviceFor;
  now(): Date;
}): Foresee {
  const { funding, register, rules, advice, now } = parts;
  return async (read) => {
    // It has no address yet: the name only joins the questions to their answers.
    const course = { ...read, id: 'draft' };
    const date = isoDay(now());
    const [facts, state] = await Promise.all([funding.fundingFacts([course], date), register.state()]);
    const known = facts.get(course.id);
    if (known === undefined) throw new TypeError('no facts of a course that was asked for');
    const cpf = cpfSummaryOf(course, known, { date, rules: rules(), registerDate: state.date });
    return { cpf, advice: (await advice([{ ...course, cpf }])).get(course.id) ?? null };
  };
}
