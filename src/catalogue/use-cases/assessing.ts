/**
 * Keeps what the training account says of each course up to date: a certification or a proof ends, a rule or the register
 * changes, a course is read anew, and the answer follows without a harvest.
 */
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import type { Register } from '../../framework/registry/model.ts';
import { isoDay } from '../../platform/web/format.ts';
import { type Assessment, type CpfAnswer, type CpfSummary, cpfSummaryOf, saysTheSame } from '../model/cpf.ts';
import type { CourseAssessing, CourseToAssess } from '../store/assessing.ts';
import type { Funding } from './funding.ts';

export interface AssessingParts {
  readonly courses: CourseAssessing;
  readonly funding: Pick<Funding, 'fundingFacts'>;
  readonly register: Pick<Register, 'state'>;
  readonly rules: () => RuleSet;
  now(): Date;
}

export interface AssessingReport {
  /** `everything`: the day, the rules or the register are others; `changed`: only courses written since. */
  readonly scope: 'everything' | 'changed';
  readonly assessed: number;
  /** Of these, how many say something else than before. */
  readonly changed: number;
  readonly answers: Readonly<Record<CpfAnswer, number>>;
  readonly zeroPossible: number;
  readonly seconds: number;
}

export interface AssessingOptions {
  /** Computes and counts, writes nothing. */
  readonly dryRun?: boolean;
  /** Also what was assessed today with these rules and this register. */
  readonly everything?: boolean;
  readonly signal?: AbortSignal;
  /** Told after each batch. */
  readonly onProgress?: (assessed: number) => void;
}

/** How far the courses are with the day, the rules and the register of now. */
export interface AssessingProgress {
  /** Not withdrawn. */
  readonly courses: number;
  /** Of these, still to be assessed. */
  readonly left: number;
  /** When every course was assessed last; null: never. */
  readonly finishedAt: Date | null;
}

export interface Assessing {
  /** What is due now: stopped in the middle, the next call goes on from there. */
  refresh(options?: AssessingOptions): Promise<AssessingReport>;
  /** The day, the rules or the register are others than those every course was assessed with. */
  isDue(): Promise<boolean>;
  progress(): Promise<AssessingProgress>;
  /** When a course last came to say something else that pathways may print; null once they were built after that. */
  pathwaysDue(): Promise<Date | null>;
  /** They were built from what courses said at `seen`. */
  pathwaysBuilt(seen: Date): Promise<void>;
  /** Proofs about these schools changed. */
  forget(sirets: readonly string[]): Promise<void>;
  /** Ends after the batch under way; what is left is for the next start. */
  stop(): Promise<void>;
}

export function makeAssessing(parts: AssessingParts): Assessing {
  const { courses, funding, register, rules, now } = parts;
  /** One pass at a time in this process: two would do the same work twice. */
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;

  async function assess(batch: readonly CourseToAssess[], assessment: Assessment) {
    const facts = await funding.fundingFacts(batch, assessment.date);
    return batch.flatMap((course) => {
      const known = facts.get(course.id);
      return known === undefined ? [] : [{ course, cpf: cpfSummaryOf(course, known, assessment) }];
    });
  }

  async function current(): Promise<{ readonly key: string; readonly assessment: Assessment }> {
    const { date: registerDate, records, offersDate } = await register.state();
    const assessment: Assessment = { date: isoDay(now()), rules: rules(), registerDate };
    const key = [assessment.date, assessment.rules.version, registerDate, records, offersDate].join(' ');
    return { key, assessment };
  }

  async function pass({
    dryRun = false,
    everything = false,
    signal,
    onProgress,
  }: AssessingOptions): Promise<AssessingReport> {
    const started = now();
    const { key, assessment } = await current();
    if (everything && !dryRun) await courses.forgetAssessments();
    const scope = everything || (await courses.lastAssessment())?.key !== key ? 'everything' : 'changed';
    const answers: Record<CpfAnswer, number> = { oui: 0, non: 0, indecidable: 0 };
    let assessed = 0;
    let changed = 0;
    let zeroPossible = 0;
    // Nothing was ever assessed with the empty key: every course.
    const due = everything && dryRun ? '' : scope === 'everything' ? key : null;
    for await (const batch of courses.toAssess(due)) {
      signal?.throwIfAborted();
      if (stopped) break;
      const results = await assess(batch, assessment);
      const differing = results.filter(differs).length;
      // Before they are written: killed in between, the pathways are built all the same.
      if (!dryRun && differing > 0 && changed === 0) await courses.markPathwaysDue(now());
      changed += dryRun ? differing : await courses.saveAssessments(results, key, now());
      for (const { cpf } of results) {
        answers[cpf.answer] += 1;
        if (cpf.zeroPossible !== null) zeroPossible += 1;
      }
      assessed += results.length;
      onProgress?.(assessed);
    }
    if (!dryRun && !stopped) await courses.markAssessed(key, now());
    return { scope, assessed, changed, answers, zeroPossible, seconds: (now().getTime() - started.getTime()) / 1_000 };
  }

  return {
    refresh(options = {}) {
      const next = last.then(() => pass(options));
      last = next.catch(() => {});
      return next;
    },
    async isDue() {
      const [last, { key }] = await Promise.all([courses.lastAssessment(), current()]);
      return last?.key !== key;
    },
    async progress() {
      const { key } = await current();
      const [counts, last] = await Promise.all([courses.countAssessments(key), courses.lastAssessment()]);
      return { ...counts, finishedAt: last?.at ?? null };
    },
    pathwaysDue: () => courses.pathwaysDue(),
    pathwaysBuilt: (seen) => courses.pathwaysBuilt(seen),
    forget: (sirets) => courses.forgetAssessments(sirets),
    async stop() {
      stopped = true;
      await last;
    },
  };
}

function differs({ course, cpf }: { readonly course: CourseToAssess; readonly cpf: CpfSummary }): boolean {
  return !saysTheSame(course.cpf, cpf);
}
