/**
 * A person's enrolment in a pathway: the pathway as it was on that day, the consent, and how far each step is. What a
 * person declares is never a proof: the states that somebody else confirms are no values of `DeclaredState`.
 * Our record and nothing more: nothing is paid or ordered, and the person enrols in each course with its provider.
 */
import type { Course, CourseId } from '../../catalogue/model.ts';
import type { Pathway, PathwayStep, StepCourse } from '../model.ts';

/** What a person may say of a step, in any order. */
export const declaredStates = ['to-start', 'enrolled-with-provider', 'done'] as const;
export type DeclaredState = (typeof declaredStates)[number];

export interface FrozenCourse {
  readonly id: CourseId;
  readonly slug: string;
  readonly title: string;
  readonly provider: string;
}

export interface FrozenStep {
  readonly id: string;
  readonly title: string;
  readonly hours: PathwayStep['hours'];
  /** The one chosen for the step first, then its alternatives; empty when the step had none. */
  readonly courses: readonly FrozenCourse[];
  /** Since when the step had no course, on the day of the enrolment. */
  readonly uncoveredSince: Date | null;
}

/** A pathway as a person saw it: what becomes of it later does not change what was agreed to. */
export interface FrozenPathway {
  readonly title: string;
  readonly aim: string;
  readonly target: Pathway['target'];
  readonly steps: readonly FrozenStep[];
  readonly computedAt: Date;
}

export interface StepProgress {
  readonly stepId: string;
  readonly state: DeclaredState;
  readonly since: Date;
}

export interface Enrolment {
  /** Opaque. */
  readonly id: string;
  readonly accountId: string;
  readonly pathwaySlug: string;
  readonly pathway: FrozenPathway;
  /** The words that were on the screen, and when they were agreed to. */
  readonly consent: { readonly words: string; readonly at: Date };
  /** One per step of the pathway, in its order. */
  readonly steps: readonly StepProgress[];
  readonly stoppedAt: Date | null;
  readonly createdAt: Date;
  /** Raised at every change: two pages open on one enrolment do not undo each other. */
  readonly revision: number;
}

/** Whether a course can be followed today. Of a course that is erased nothing is known. */
export function isOffered(course: Pick<Course, 'state'> | undefined): boolean {
  return course !== undefined && (course.state === 'published' || course.state === 'missing');
}

/** The pathway as it can be begun at this moment: a course withdrawn since the pathway was computed gives way to the next. */
export function frozenPathway(pathway: Pathway, offered: (id: CourseId) => boolean): FrozenPathway {
  const { title, aim, target, steps, computedAt } = pathway;
  return { title, aim, target, computedAt, steps: steps.map((step) => frozenStep(step, offered)) };
}

function frozenStep(step: PathwayStep, offered: (id: CourseId) => boolean): FrozenStep {
  const { id, title, hours, main, alternatives, uncoveredSince } = step;
  const known = [...(main === null ? [] : [main]), ...alternatives];
  const courses = known.filter((course) => offered(course.id)).map(frozenCourse);
  // The hours are those of the choice that was computed.
  return { id, title, hours: courses.length === known.length ? hours : null, courses, uncoveredSince };
}

function frozenCourse({ id, slug, title, provider }: StepCourse): FrozenCourse {
  return { id, slug, title, provider };
}

/** Which course each step showed, as a form carries it: `pages:7k2m9qzx,projet:`. */
export function choicesOf({ steps }: FrozenPathway): string {
  return steps.map(({ id, courses }) => `${id}:${courses[0]?.id ?? ''}`).join(',');
}

/** The courses that a form showed; what is not one is left out. */
export function coursesShown(choices: string): CourseId[] {
  return choices
    .split(',')
    .map((choice) => choice.split(':')[1] ?? '')
    .filter((id) => /^[0-9a-z]{8}$/.test(id))
    .slice(0, 20);
}

export function newEnrolment(given: {
  readonly id: string;
  readonly accountId: string;
  readonly pathwaySlug: string;
  readonly pathway: FrozenPathway;
  readonly words: string;
  readonly now: Date;
}): Enrolment {
  const { id, accountId, pathwaySlug, pathway, words, now } = given;
  return {
    id,
    accountId,
    pathwaySlug,
    pathway,
    consent: { words, at: now },
    steps: pathway.steps.map((step) => ({ stepId: step.id, state: 'to-start', since: now })),
    stoppedAt: null,
    createdAt: now,
    revision: 0,
  };
}

/** Says where a step is. The same enrolment when it says so already; null when the pathway has no such step. */
export function declareStep(enrolment: Enrolment, stepId: string, state: DeclaredState, now: Date): Enrolment | null {
  const step = enrolment.steps.find((one) => one.stepId === stepId);
  if (step === undefined) return null;
  if (step.state === state) return enrolment;
  const steps = enrolment.steps.map((one) => (one === step ? { stepId, state, since: now } : one));
  return { ...enrolment, steps };
}

/** Keeps every step as it is. The same enrolment when it is stopped already: the first date stays. */
export function stop(enrolment: Enrolment, now: Date): Enrolment {
  return enrolment.stoppedAt === null ? { ...enrolment, stoppedAt: now } : enrolment;
}

export function resume(enrolment: Enrolment): Enrolment {
  return enrolment.stoppedAt === null ? enrolment : { ...enrolment, stoppedAt: null };
}

/** The first step, in the order of the pathway, that is not done; null when all are. */
export function nextStep(enrolment: Enrolment): FrozenStep | null {
  const next = enrolment.steps.find(({ state }) => state !== 'done');
  return enrolment.pathway.steps.find(({ id }) => id === next?.stepId) ?? null;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export function progressOf({ steps }: Pick<Enrolment, 'steps'>): Progress {
  return { done: steps.filter(({ state }) => state === 'done').length, total: steps.length };
}

/** The one status of an enrolment, the same on every page. */
export type EnrolmentStatus =
  | { readonly kind: 'recorded'; readonly at: Date }
  | { readonly kind: 'under-way'; readonly progress: Progress }
  | { readonly kind: 'finished'; readonly at: Date }
  | { readonly kind: 'stopped'; readonly at: Date }
  /** A step that is not done has no course left: the first such step. */
  | { readonly kind: 'step-gone'; readonly title: string };

/** @param offered whether a course can be followed today */
export function statusOf(enrolment: Enrolment, offered: (id: CourseId) => boolean): EnrolmentStatus {
  const { steps, stoppedAt, createdAt, pathway } = enrolment;
  if (stoppedAt !== null) return { kind: 'stopped', at: stoppedAt };
  const progress = progressOf(enrolment);
  if (progress.done === progress.total) {
    return { kind: 'finished', at: new Date(Math.max(...steps.map(({ since }) => since.getTime()))) };
  }
  const gone = pathway.steps.find(
    ({ id, courses }) =>
      courses.length > 0 &&
      !courses.some((course) => offered(course.id)) &&
      steps.some(({ stepId, state }) => stepId === id && state !== 'done'),
  );
  if (gone !== undefined) return { kind: 'step-gone', title: gone.title };
  return steps.every(({ state }) => state === 'to-start')
    ? { kind: 'recorded', at: createdAt }
    : { kind: 'under-way', progress };
}

/** Where a person finds an enrolment in the own space. */
export const enrolmentGroups = ['under-way', 'to-come', 'finished', 'stopped'] as const;
export type EnrolmentGroup = (typeof enrolmentGroups)[number];

export function groupOf(enrolment: Enrolment): EnrolmentGroup {
  if (enrolment.stoppedAt !== null) return 'stopped';
  if (enrolment.steps.every(({ state }) => state === 'done')) return 'finished';
  return enrolment.steps.every(({ state }) => state === 'to-start') ? 'to-come' : 'under-way';
}

/** The last time the person did something with it. */
export function lastTouched({ steps, createdAt }: Enrolment): Date {
  return new Date(Math.max(createdAt.getTime(), ...steps.map(({ since }) => since.getTime())));
}
