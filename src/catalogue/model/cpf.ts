/**
 * What the training account says of a course for nobody in particular, as stored on it: the answer of the rules to its
 * dossier without a person, and whether a job seeker may have nothing to pay (product J12, J13, T8).
 */
import { assess } from '../../eligibility/model/assess.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import { readDossier } from '../../eligibility/model/dossier.ts';
import type { FactPath } from '../../eligibility/model/paths.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { isoDay } from '../../platform/web/format.ts';
import type { Course } from '../model.ts';
import { dossierOf, type FundedCourse, type FundingFacts, fullPriceOf } from './dossier.ts';

/** Three of the four answers of the rules: without a person nothing is out of scope. */
export const cpfAnswers = ['oui', 'non', 'indecidable'] as const;
export type CpfAnswer = (typeof cpfAnswers)[number];

export interface CpfSummary {
  readonly answer: CpfAnswer;
  /** The rules that refuse. */
  readonly rules: readonly string[];
  /** Facts that nobody knows, named as the dossier names them. */
  readonly missing: readonly FactPath[];
  /**
   * A registered job seeker whose account covers `price` (cents, euros) has nothing to pay, on `date`; null when that is
   * not known to be so. Never shown without its two conditions (T8).
   */
  readonly zeroPossible: { readonly price: number; readonly date: IsoDate } | null;
  /** The day that the answer is about. */
  readonly assessedOn: IsoDate;
  readonly rulesVersion: string;
  /** Of the register that was read; null when the course names no certification that it holds. */
  readonly registerDate: IsoDate | null;
}

/** Beside the stored code in the facet `access` of the search. */
export const zeroPossibleValue = 'zero-possible';

export interface Assessment {
  readonly date: IsoDate;
  readonly rules: RuleSet;
  /** Of the newest export held; null for the built-in sample, whose records have each their own. */
  readonly registerDate: IsoDate | null;
}

export function cpfSummaryOf(
  course: FundedCourse,
  facts: FundingFacts,
  { date, rules, registerDate }: Assessment,
): CpfSummary {
  const common = {
    assessedOn: date,
    rulesVersion: rules.version,
    registerDate: facts.certification === null ? registerDate : (facts.certification.seen?.to ?? registerDate),
  };
  const read = readDossier(dossierOf(course, facts, { date }));
  // A value that no dossier accepts is a value that is not known.
  if (!read.ok)
    return {
      ...common,
      answer: 'indecidable',
      rules: [],
      missing: read.errors.map(({ path }) => path),
      zeroPossible: null,
    };
  const { cpf, regles, manquants, plafond, conditions } = assess(read.dossier, date, rules);
  const { prix } = read.dossier.action;
  // The cap is known when nothing is missing: null is « no cap ».
  const covered = cpf === 'oui' && manquants.length === 0 && conditions.length === 0;
  const within = prix !== null && prix > 0 && (plafond === null || prix <= plafond);
  return {
    ...common,
    answer: cpf === 'oui' || cpf === 'non' ? cpf : 'indecidable',
    rules: regles,
    missing: manquants,
    zeroPossible: covered && within ? { price: prix, date } : null,
  };
}

/** The same for a reader and for the search: when, and with which rules, is not part of it. */
export function saysTheSame(one: CpfSummary | null, other: CpfSummary): boolean {
  const said = ({ answer, rules, missing, zeroPossible }: CpfSummary) =>
    JSON.stringify([answer, rules, missing, zeroPossible?.price ?? null]);
  return one !== null && said(one) === said(other);
}

/** « 0 € possible » as it may be shown now: not once the price was read anew and is another one. */
export function zeroPossibleNow(
  course: Pick<Course, 'cpf' | 'draft' | 'harvestedAt'>,
  now: Date,
): CpfSummary['zeroPossible'] {
  const zero = course.cpf?.zeroPossible ?? null;
  return zero !== null && fullPriceOf(course, isoDay(now)) === zero.price ? zero : null;
}
