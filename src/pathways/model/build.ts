/** The rule of docs/pathways.md: which courses stand in which step, and what the whole pathway costs and takes. */
import { type AccessCode, accessCodes, accessOf, dearestAccess } from '../../eligibility/model.ts';
import type { EndOfLife } from '../../framework/model/end-of-life.ts';
import { foldedTitle } from '../../framework/model/text.ts';
import { bands, type Framework } from '../../framework/model.ts';
import type { Pathway, PathwayCourse, PathwayDefinition, PathwayStep, StepCourse, StepDefinition } from '../model.ts';
import { sessionRank, sessionStateAt } from './course.ts';
import { pricesOf, priceTotal } from './price.ts';

/** From the cheapest to the least known, in the order that `dearestAccess` defines. */
const dearness: readonly AccessCode[] = [...accessCodes].sort((one, other) =>
  one === other ? 0 : dearestAccess([one, other]) === other ? -1 : 1,
);

/**
 * Whether a course teaches a step, at its level or at the one beside, and may be shown at all. `topics` are those of the
 * step, folded, with a space on each side.
 */
function teaches(course: PathwayCourse, step: StepDefinition, topics: readonly string[], threshold: number): boolean {
  if (course.digital !== true || course.level === null) return false;
  if (course.state !== 'published' && course.state !== 'missing') return false;
  if (Math.abs(bands.indexOf(course.level) - bands.indexOf(step.level)) > 1) return false;
  if (!course.competences.some(({ code, score }) => score >= threshold && step.competences.includes(code))) {
    return false;
  }
  return topics.length === 0 || topics.some((topic) => course.words.includes(topic));
}

/** Smaller is better, part after part. */
function rankOf(course: PathwayCourse, step: StepDefinition, threshold: number, now: Date): readonly number[] {
  const french = course.languages.length === 0 || course.languages.includes('fr');
  const scores = course.competences.filter(({ code, score }) => score >= threshold && step.competences.includes(code));
  return [
    course.state === 'missing' ? 1 : 0,
    step.certification !== null && course.certifications.includes(step.certification) ? 0 : 1,
    sessionRank(sessionStateAt(course, now)),
    dearness.indexOf(accessOf(course.access, now).code),
    french ? 0 : 1,
    course.level === step.level ? 0 : 1,
    -scores.length,
    -scores.reduce((sum, { score }) => sum + score, 0),
  ];
}

interface Ranked {
  readonly course: PathwayCourse;
  readonly rank: readonly number[];
}

function compare(one: Ranked, other: Ranked): number {
  for (const [index, part] of one.rank.entries()) {
    const difference = part - (other.rank[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.course.id < other.course.id ? -1 : one.course.id > other.course.id ? 1 : 0;
}

/**
 * The best candidates of each step of one pathway, fed one course at a time: memory does not grow with the catalogue.
 * A step needs no more than one candidate per step of the pathway, since only main choices of other steps can take one
 * away, plus its alternatives.
 */
export function makeShortlist(definition: PathwayDefinition, framework: Framework, now: Date) {
  const { threshold } = framework.lexicon;
  const lists = definition.steps.map((step) => ({
    step,
    topics: step.topics.map((topic) => ` ${foldedTitle(topic)} `),
    limit: definition.steps.length + step.alternatives,
    ranked: [] as Ranked[],
  }));
  return {
    consider(course: PathwayCourse): void {
      for (const { step, topics, limit, ranked } of lists) {
        if (!teaches(course, step, topics, threshold)) continue;
        const entry = { course, rank: rankOf(course, step, threshold, now) };
        const place = ranked.findIndex((other) => compare(entry, other) < 0);
        if (place === -1 && ranked.length >= limit) continue;
        ranked.splice(place === -1 ? ranked.length : place, 0, entry);
        ranked.length = Math.min(ranked.length, limit);
      }
    },
    /** Per step, best first. */
    candidates: (): readonly (readonly PathwayCourse[])[] =>
      lists.map(({ ranked }) => ranked.map(({ course }) => course)),
  };
}

/**
 * One main choice per step and no course twice: each step takes its best free candidate; one that finds none asks an
 * earlier step to give way to its next candidate, so that as many steps as possible are covered.
 */
function mainChoices(candidates: readonly (readonly PathwayCourse[])[]): readonly (PathwayCourse | null)[] {
  const stepOf = new Map<string, number>();
  const chosen: (PathwayCourse | null)[] = candidates.map(() => null);
  const place = (step: number, tried: Set<string>): boolean => {
    const list = candidates[step] ?? [];
    const free = list.find(({ id }) => !stepOf.has(id));
    for (const course of free === undefined ? list : [free]) {
      if (tried.has(course.id)) continue;
      tried.add(course.id);
      const holder = stepOf.get(course.id);
      if (holder !== undefined && !place(holder, tried)) continue;
      stepOf.set(course.id, step);
      chosen[step] = course;
      return true;
    }
    return false;
  };
  for (const step of candidates.keys()) place(step, new Set());
  return chosen;
}

function stepCourseOf(course: PathwayCourse, now: Date): StepCourse {
  return {
    id: course.id,
    slug: course.slug,
    title: course.title,
    provider: course.provider,
    languages: course.languages,
    hours: course.hours,
    session: sessionStateAt(course, now),
    access: accessOf(course.access, now).code,
    cpf: course.cpf,
    prices: pricesOf(course.access, now),
    missing: course.state === 'missing',
    harvestedAt: course.harvestedAt,
    ...(course.corrections === undefined ? {} : { corrections: course.corrections }),
    demo: course.demo,
  };
}

function hoursOf(main: StepCourse | null, alternatives: readonly StepCourse[]): PathwayStep['hours'] {
  if (main === null || main.hours === null) return null;
  const known = [main, ...alternatives].flatMap(({ hours }) => hours ?? []);
  return { min: Math.min(...known), max: Math.max(...known) };
}

/** One account pays for all steps: each must have it, and the sum is what the account must cover. */
function zeroPossibleOf(steps: readonly PathwayStep[]): Pathway['zeroPossible'] {
  const zeros = steps.flatMap(({ main }) => main?.cpf?.zeroPossible ?? []);
  const date = zeros.map((zero) => zero.date).sort()[0];
  if (date === undefined || zeros.length < steps.length) return null;
  return { price: zeros.reduce((sum, { price }) => sum + price, 0), date };
}

/** The pathway at `now`, from courses in any order; never a total without the steps it does not know. */
export function buildPathway(
  definition: PathwayDefinition,
  candidates: readonly PathwayCourse[],
  framework: Framework,
  now: Date,
): Pathway {
  const shortlist = makeShortlist(definition, framework, now);
  for (const course of candidates) shortlist.consider(course);
  return assemble(definition, shortlist.candidates(), now);
}

/** The pathway from the shortlist of each of its steps. */
export function assemble(
  definition: PathwayDefinition,
  candidates: readonly (readonly PathwayCourse[])[],
  now: Date,
  endOfLife: EndOfLife | null = null,
): Pathway {
  const mains = mainChoices(candidates);
  const taken = new Set(mains.flatMap((course) => course?.id ?? []));
  const steps = definition.steps.map(({ topics: _topics, alternatives: most, ...step }, index): PathwayStep => {
    const chosen = mains[index] ?? null;
    const main = chosen === null ? null : stepCourseOf(chosen, now);
    const alternatives = (candidates[index] ?? [])
      .filter(({ id }) => !taken.has(id))
      .slice(0, most)
      .map((course) => stepCourseOf(course, now));
    const hours = hoursOf(main, alternatives);
    return { ...step, main, alternatives, hours, uncoveredSince: main === null ? now : null };
  });
  const total = (line: keyof StepCourse['prices']) =>
    priceTotal(steps.map(({ id, main }) => ({ id, line: main?.prices[line] ?? null })));
  return {
    slug: definition.slug,
    title: definition.title,
    aim: definition.aim,
    audience: definition.audience,
    target: definition.target,
    steps,
    uncovered: steps.filter(({ main }) => main === null).map(({ id }) => id),
    totals: {
      hours: {
        min: steps.reduce((sum, { hours }) => sum + (hours?.min ?? 0), 0),
        max: steps.reduce((sum, { hours }) => sum + (hours?.max ?? 0), 0),
        unknownSteps: steps.filter(({ hours }) => hours === null).map(({ id }) => id),
      },
      course: total('course'),
      certificate: total('certificate'),
      exam: total('exam'),
    },
    access: dearestAccess(steps.map(({ main }) => main?.access ?? 'unknown')),
    zeroPossible: zeroPossibleOf(steps),
    endOfLife,
    computedAt: now,
    retired: null,
  };
}
