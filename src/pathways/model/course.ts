/** The small part of a course that pathways read. */
import { priceCorrectionsOf } from '../../catalogue/model/prices.ts';
import type { Course } from '../../catalogue/model.ts';
import { accessFactsOf } from '../../catalogue/model.ts';
import { foldedTitle } from '../../framework/model/text.ts';
import type { PathwayCourse, SessionState, StepCpf } from '../model.ts';

/** Text in which a folded topic is found as whole words. */
export const searchedWords = (...texts: readonly string[]): string => ` ${texts.map(foldedTitle).join(' | ')} `;

export function pathwayCourseOf(course: Course): PathwayCourse {
  const { draft, alignment } = course;
  const weeks = draft.durationWeeks;
  const weekly = draft.effortMinutesPerWeek;
  const corrections = priceCorrectionsOf(course);
  return {
    id: course.id,
    slug: course.slug,
    title: draft.title,
    provider: draft.provider.name,
    languages: draft.languages,
    digital: alignment.digital,
    competences: alignment.competences.map(({ code, score }) => ({ code, score })),
    level: alignment.level,
    certifications: alignment.certifications.map(({ code }) => code),
    words: searchedWords(draft.title, ...alignment.competences.flatMap(({ evidence }) => evidence)),
    hours: draft.totalHours ?? (weeks !== null && weekly !== null ? (weeks * weekly) / 60 : null),
    access: accessFactsOf(draft, { title: course.sourceTitle }, course.harvestedAt),
    cpf: stepCpfOf(course),
    sessions: draft.sessions.map(({ state, enrolmentEnd, end }) => ({
      state,
      closesAt: dateOf(enrolmentEnd ?? end),
    })),
    state: course.state,
    harvestedAt: course.harvestedAt,
    ...(corrections.length === 0 ? {} : { corrections }),
    demo: course.demo,
  };
}

function stepCpfOf({ cpf }: Course): StepCpf | null {
  return cpf === null ? null : { answer: cpf.answer, zeroPossible: cpf.zeroPossible, assessedOn: cpf.assessedOn };
}

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

const order: readonly SessionState[] = ['open', 'coming', 'unknown', 'closed'];

/** The most welcoming session at `now`: one that was open and has closed since is closed. No session: unknown. */
export function sessionStateAt(course: Pick<PathwayCourse, 'sessions'>, now: Date): SessionState {
  const states = course.sessions.map(({ state, closesAt }) =>
    state === 'open' && closesAt !== null && closesAt < now ? 'closed' : state,
  );
  return order.find((state) => states.includes(state)) ?? 'unknown';
}

/** From the most to the least welcoming. */
export const sessionRank = (state: SessionState): number => order.indexOf(state);

/** A course that another one stands for counts once, as that one. */
export async function* pathwayCoursesOf(courses: AsyncIterable<Course>): AsyncIterable<PathwayCourse> {
  for await (const course of courses) if (course.mergedInto === null) yield pathwayCourseOf(course);
}
