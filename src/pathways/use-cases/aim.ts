/** A pathway as what a person wants to know the cost of: each step with the courses that teach it. */
import type { Course, CourseId } from '../../catalogue/model.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import type { Aims } from '../../catalogue/use-cases/aims.ts';
import type { FindAim, WholeCost } from '../../eligibility/model/aim.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { AppError } from '../../errors.ts';
import { type OfferedStep, type PathwayVerdict, pathwayVerdict } from '../model/verdict.ts';
import type { Pathway } from '../model.ts';

export interface OfferedPathwayParts {
  readonly pathways: { bySlug(slug: string): Promise<Pathway> };
  readonly courses: Pick<CourseStore, 'byIds'>;
  readonly aims: Pick<Aims, 'actionsOf'>;
}

/** A pathway with what each step can be paid for. */
export interface OfferedPathway {
  readonly label: string;
  readonly href: string;
  readonly steps: readonly OfferedStep[];
  /** By id, those that a step offers. */
  readonly courses: ReadonlyMap<CourseId, Course>;
}

/** null for a pathway that is retired, does not exist, or has no course at all. */
export type FindOfferedPathway = (ref: string, date: IsoDate) => Promise<OfferedPathway | null>;

export function makeFindOfferedPathway({ pathways, courses, aims }: OfferedPathwayParts): FindOfferedPathway {
  return async (ref, date) => {
    const slug = /^parcours:([a-z0-9-]{1,100})$/.exec(ref)?.[1];
    const pathway = slug === undefined ? null : await living(pathways, slug);
    if (pathway === null) return null;
    const taught = pathway.steps.map(({ main, alternatives }) => (main === null ? [] : [main, ...alternatives]));
    const found = await courses.byIds([...new Set(taught.flat().map(({ id }) => id))]);
    const actions = await aims.actionsOf(found, date);
    const steps: readonly OfferedStep[] = pathway.steps.map(({ id, title }, at) => ({
      id,
      title,
      offers: (taught[at] ?? []).flatMap((course) => actions.get(course.id) ?? []),
    }));
    if (steps.every(({ offers }) => offers.length === 0)) return null;
    return {
      label: `Parcours ${pathway.title}`,
      href: `/parcours/${encodeURIComponent(pathway.slug)}`,
      steps,
      courses: new Map(found.filter(({ id }) => actions.has(id)).map((course) => [course.id, course])),
    };
  };
}

export interface PathwayAimParts {
  readonly offered: FindOfferedPathway;
  rules(): RuleSet;
  print(verdict: PathwayVerdict, date: IsoDate): WholeCost;
}

export function makeFindPathwayAim({ offered, rules, print }: PathwayAimParts): FindAim {
  return async (ref, date) => {
    const pathway = await offered(ref, date);
    if (pathway === null) return null;
    const { label, href, steps } = pathway;
    return {
      ref,
      label,
      href,
      actions: steps.flatMap(({ offers }) => offers.slice(0, 1)),
      supposed: null,
      whole: (told, day) => print(pathwayVerdict(steps, told, day, rules()), day),
      others: null,
    };
  };
}

async function living(pathways: OfferedPathwayParts['pathways'], slug: string): Promise<Pathway | null> {
  try {
    const pathway = await pathways.bySlug(slug);
    return pathway.retired === null ? pathway : null;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'not-found') return null;
    throw error;
  }
}
