/** What the search index needs of a course: pure, so that any engine is fed the same. */
import type { Framework } from '../../framework/model.ts';
import { zeroPossibleValue } from '../model/cpf.ts';
import { fullPriceOf } from '../model/dossier.ts';
import type { Course, CourseDraft, Session } from '../model.ts';
import type { IndexedCourse, Run } from './course-index.ts';

/** French names of framework codes, for the words of a query. */
export interface IndexLabels {
  competence(code: string): string;
  level(band: string): string;
}

export function indexLabels(framework: Pick<Framework, 'competences' | 'bands'>): IndexLabels {
  const competences = new Map<string, string>(framework.competences.map(({ code, fr }) => [code, fr]));
  const bands = new Map<string, string>(framework.bands.map(({ band, fr }) => [band, fr]));
  return {
    competence: (code) => competences.get(code) ?? code,
    level: (band) => bands.get(band) ?? band,
  };
}

/**
 * A competence below the threshold of its alignment is not one yet: neither facet value nor word.
 * @param others living courses that this one stands for: its card is found by their school, language, price, dates and places
 */
export function indexedCourseOf(course: Course, labels: IndexLabels, others: readonly Course[] = []): IndexedCourse {
  const { draft, alignment } = course;
  const offers = [course, ...others];
  const ofOffers = <Value>(values: (offer: Course) => readonly Value[]) => [...new Set(offers.flatMap(values))];
  const competences = alignment.competences.filter(({ score }) => score >= alignment.threshold).map(({ code }) => code);
  return {
    id: course.id,
    updatedAt: course.updatedAt,
    language: draft.languages[0] ?? 'und',
    title: draft.title,
    description: draft.description,
    labels: {
      provider: ofOffers((offer) => [offer.draft.provider.name]).join(' '),
      level: alignment.level === null ? null : labels.level(alignment.level),
      competences: [...new Set(competences)].map((code) => labels.competence(code)),
      access: offers.some(({ access }) => access.code === 'free-for-all') ? 'gratuit' : null,
    },
    facets: {
      provider: ofOffers(({ providerId }) => [providerId]),
      language: ofOffers(({ draft: { languages } }) => (languages.length === 0 ? ['und'] : languages)),
      level: [alignment.level ?? 'unknown'],
      access: ofOffers((offer) => [offer.access.code, ...(isZeroPossible(offer) ? [zeroPossibleValue] : [])]),
      // Not assessed yet is to check, like what nobody knows; never a yes.
      cpf: ofOffers(({ cpf }) => [cpf?.answer ?? 'indecidable']),
      competence: [...new Set(competences)],
    },
    runs: offers.flatMap((offer) => offer.draft.sessions.map(runOf)),
    hours: hoursOf(draft),
    places: placesOf(offers.flatMap((offer) => offer.draft.sessions)),
  };
}

/** As long as the price is the one that was assessed: a new reading is indexed before it is assessed again. */
function isZeroPossible(course: Course): boolean {
  const zero = course.cpf?.zeroPossible ?? null;
  return zero !== null && fullPriceOf(course, zero.date) === zero.price;
}

function runOf(session: Session): Run {
  return {
    start: dateOf(session.start),
    end: dateOf(session.end),
    enrolmentStart: dateOf(session.enrolmentStart),
    enrolmentEnd: dateOf(session.enrolmentEnd),
    state: session.state,
  };
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

/** The total given, else what weeks and weekly effort make together; half of it known is unknown. */
function hoursOf({ totalHours, effortMinutesPerWeek, durationWeeks }: CourseDraft): number | null {
  if (totalHours !== null) return totalHours;
  return effortMinutesPerWeek === null || durationWeeks === null ? null : (effortMinutesPerWeek * durationWeeks) / 60;
}

function placesOf(sessions: readonly Session[]): IndexedCourse['places'] {
  const places = new Map<string, { lat: number; lon: number }>();
  for (const { location } of sessions) {
    if (location === null || location.lat === null || location.lon === null) continue;
    places.set(`${location.lat} ${location.lon}`, { lat: location.lat, lon: location.lon });
  }
  return [...places.values()];
}
