/**
 * Certification pathways: ordered steps towards a certification or a job, each with the courses of the catalogue that
 * teach it. The rule that chooses them is written in docs/pathways.md; it is pure and gives the same answer every time.
 */
import { z } from 'zod';
import type { CourseCorrection } from '../catalogue/model/corrections.ts';
import type { CpfSummary } from '../catalogue/model/cpf.ts';
import type { CourseId, CourseState } from '../catalogue/model.ts';
import type { AccessCode, AccessFacts } from '../eligibility/model.ts';
import { certificationState } from '../framework/model/certification.ts';
import type { EndOfLife } from '../framework/model/end-of-life.ts';
import { foldedTitle } from '../framework/model/text.ts';
import { type Band, bands, type CompetenceCode, type Framework } from '../framework/model.ts';
import type { PriceLine, PriceTotal } from './model/price.ts';

const plain = z.string().trim().min(1);

const stepSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: plain,
  why: plain,
  /** A course has its place here when it teaches at least one of them. */
  competences: z.array(z.string()).min(1),
  level: z.enum(bands),
  /** Words one of which the course must be about, in its title or in what aligned it; empty: any course of the competences. */
  topics: z.array(plain),
  /** Courses that prepare it come first. */
  certification: z.string().nullable(),
  /** At most this many beside the main choice. */
  alternatives: z.int().min(0).max(5),
});
export type StepDefinition = z.infer<typeof stepSchema>;

export const definitionSchema = z.strictObject({
  slug: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: plain,
  aim: plain,
  audience: plain,
  target: z.strictObject({ certification: z.string().nullable(), rome: z.string().nullable() }),
  steps: z.array(stepSchema).min(1).max(12),
});
export type PathwayDefinition = z.infer<typeof definitionSchema>;

/** What a pathway needs to know of a course. */
export interface PathwayCourse {
  readonly id: CourseId;
  readonly slug: string;
  readonly title: string;
  readonly provider: string;
  /** Primary tags; empty is unknown, and read as French like everywhere. */
  readonly languages: readonly string[];
  readonly digital: boolean | null;
  readonly competences: readonly { readonly code: CompetenceCode; readonly score: number }[];
  readonly level: Band | null;
  readonly certifications: readonly string[];
  /** Folded words of the title and of the evidence, spaces around each: what `topics` are looked for in. */
  readonly words: string;
  /** Whole effort, when the source gives it or enough to compute it. */
  readonly hours: number | null;
  readonly access: AccessFacts;
  readonly cpf: StepCpf | null;
  readonly sessions: readonly { readonly state: SessionState; readonly closesAt: Date | null }[];
  readonly state: CourseState;
  readonly harvestedAt: Date;
  /** Of its prices, by a person; left out when there is none. */
  readonly corrections?: readonly CourseCorrection[];
  readonly demo: boolean;
}

export type SessionState = 'open' | 'coming' | 'closed' | 'unknown';

/** What the training account says of a course, as far as a pathway shows it; null until it was assessed. */
export type StepCpf = Pick<CpfSummary, 'answer' | 'zeroPossible' | 'assessedOn'>;

/** A course in its step, as shown and stored. */
export interface StepCourse {
  readonly id: CourseId;
  readonly slug: string;
  readonly title: string;
  readonly provider: string;
  readonly languages: readonly string[];
  readonly hours: number | null;
  readonly session: SessionState;
  readonly access: AccessCode;
  readonly cpf: StepCpf | null;
  readonly prices: { readonly course: PriceLine; readonly certificate: PriceLine; readonly exam: PriceLine };
  /** Absent from the last complete listing of its source: shown with its date on the course page. */
  readonly missing: boolean;
  readonly harvestedAt: Date;
  /** Of its prices, by a person; left out when there is none. */
  readonly corrections?: readonly CourseCorrection[];
  readonly demo: boolean;
}

export interface PathwayStep extends Omit<StepDefinition, 'topics' | 'alternatives'> {
  /** null when no course of the catalogue covers the step. */
  readonly main: StepCourse | null;
  readonly alternatives: readonly StepCourse[];
  /** From the main choice and those alternatives whose effort is known; null when that of the main choice is not. */
  readonly hours: { readonly min: number; readonly max: number } | null;
  /** Since when no course covers it. */
  readonly uncoveredSince: Date | null;
}

export type RetirementReason = 'definition-removed' | 'certification-ended';

export interface Pathway {
  readonly slug: string;
  readonly title: string;
  readonly aim: string;
  readonly audience: string;
  readonly target: PathwayDefinition['target'];
  readonly steps: readonly PathwayStep[];
  /** Ids of the steps that no course covers. */
  readonly uncovered: readonly string[];
  readonly totals: {
    readonly hours: { readonly min: number; readonly max: number; readonly unknownSteps: readonly string[] };
    readonly course: PriceTotal;
    readonly certificate: PriceTotal;
    readonly exam: PriceTotal;
  };
  /** That of the dearest step; a step without a course makes it unknown. */
  readonly access: AccessCode;
  /** « 0 € possible avec le CPF » when every step has it: the sum of their prices, in cents, on the oldest of their days. */
  readonly zeroPossible: CpfSummary['zeroPossible'];
  /** Of the certification aimed at, as the register said on `computedAt`; null when there is none. */
  readonly endOfLife: EndOfLife | null;
  readonly computedAt: Date;
  /** A pathway keeps its address for ever: retired, it says since when, why, and what is near. */
  readonly retired: {
    readonly at: Date;
    readonly reason: RetirementReason;
    readonly nearest: readonly string[];
  } | null;
}

/** An ended certification may not be a target. */
export function targetHasEnded({ target }: PathwayDefinition, framework: Framework, on: Date): boolean {
  if (target.certification === null) return false;
  return certificationState(framework.certifications.get(target.certification), on) === 'ended';
}

/** What is wrong with a definition at a date, for the person who writes it; empty when it may be published. */
export function definitionProblems(definition: PathwayDefinition, framework: Framework, on: Date): string[] {
  const { target, steps } = definition;
  const problems: string[] = [];
  for (const { id, competences, topics } of steps) {
    if (steps.filter((other) => other.id === id).length > 1) problems.push(`step id ${id} is used twice`);
    if (topics.some((topic) => foldedTitle(topic) === '')) problems.push(`step ${id}: a topic without a word`);
    for (const code of competences) {
      if (!framework.competences.some((one) => one.code === code)) problems.push(`step ${id}: no competence ${code}`);
    }
  }
  for (const code of [target.certification, ...steps.map(({ certification }) => certification)]) {
    if (code !== null && !framework.certifications.has(code)) problems.push(`${code} is not in the register`);
  }
  if (targetHasEnded(definition, framework, on)) problems.push(`${target.certification} has ended`);
  if (target.rome !== null && !framework.occupations.some(({ code }) => code === target.rome)) {
    problems.push(`${target.rome} is not a digital job of the reference`);
  }
  return problems;
}

/** The competences of a pathway. */
const taught = (pathway: Pick<Pathway, 'steps'>): Set<CompetenceCode> =>
  new Set(pathway.steps.flatMap((step) => step.competences));

/** Slugs of the living pathways that share most with this one: the same job first, then the share of competences. */
export function nearestPathways(pathway: Pathway, others: readonly Pathway[], limit: number): string[] {
  const own = taught(pathway);
  return others
    .filter((other) => other.slug !== pathway.slug && other.retired === null)
    .map((other) => {
      const theirs = taught(other);
      const shared = [...own].filter((code) => theirs.has(code)).length;
      const sameJob = pathway.target.rome !== null && pathway.target.rome === other.target.rome;
      return { slug: other.slug, sameJob, share: shared / new Set([...own, ...theirs]).size };
    })
    .filter(({ sameJob, share }) => sameJob || share > 0)
    .sort(
      (one, other) =>
        Number(other.sameJob) - Number(one.sameJob) || other.share - one.share || one.slug.localeCompare(other.slug),
    )
    .slice(0, limit)
    .map(({ slug }) => slug);
}

/** Takes a living pathway out of the lists without losing its address. */
export function retire(pathway: Pathway, reason: RetirementReason, living: readonly Pathway[], now: Date): Pathway {
  return { ...pathway, retired: { at: now, reason, nearest: nearestPathways(pathway, living, 3) } };
}

/** A step that stays uncovered keeps the date since when it is. */
export function keepUncoveredDates(previous: Pathway | null, next: Pathway): Pathway {
  if (previous === null) return next;
  const since = new Map(previous.steps.map((step) => [step.id, step.uncoveredSince]));
  return {
    ...next,
    steps: next.steps.map((step) =>
      step.uncoveredSince === null ? step : { ...step, uncoveredSince: since.get(step.id) ?? step.uncoveredSince },
    ),
  };
}

/** Same content, whenever it was computed: nothing to write. */
export function isSamePathway(one: Pathway, other: Pathway): boolean {
  const content = ({ computedAt: _computedAt, ...rest }: Pathway): string => JSON.stringify(sorted(rest));
  return content(one) === content(other);
}

/** Keys in one order: a database may give them back in another. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
