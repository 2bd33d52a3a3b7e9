/** The search API of a Richie portal: courses, and the lists that name their categories. */
import type { DemoCourse } from './courses.ts';
import type { Partner } from './data.ts';

export interface Numbered {
  readonly id: string;
  readonly title: string;
}

/** What the lists of the portal hold; ids are numbers written as text. */
export interface RichieLists {
  readonly subjects: readonly Numbered[];
  readonly levels: readonly Numbered[];
  readonly organizations: readonly Numbered[];
}

const levelTitles = {
  fr: ['Débutant', 'Intermédiaire', 'Avancé', 'Expert'],
  en: ['Beginner', 'Intermediate', 'Advanced', 'Expert'],
} as const;

export function richieLists(courses: readonly DemoCourse[], partner: Partner): RichieLists {
  const areas = [...new Set(courses.map(({ theme }) => theme.area))].sort();
  const titles = levelTitles[partner.languages.includes('fr') ? 'fr' : 'en'];
  return {
    subjects: areas.map((title, index) => ({ id: String(100 + index), title })),
    levels: titles.map((title, index) => ({ id: String(10 + index), title })),
    organizations: [{ id: '1', title: partner.name }],
  };
}

export function richiePage(entries: readonly unknown[], offset: number, limit: number): string {
  const objects = entries.slice(offset, offset + limit);
  return JSON.stringify({ meta: { count: objects.length, offset, total_count: entries.length }, objects });
}

/** A course of the search list. */
export interface RichieRecord {
  readonly id: string;
  readonly title: string;
  readonly course_runs: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

export function richieRecord(course: DemoCourse, lists: RichieLists, partner: Partner): RichieRecord {
  const prices = pricesOf(course);
  const subject = lists.subjects.find(({ title }) => title === course.theme.area);
  const highest = Math.max(0, ...course.theme.skills.map(({ level }) => level));
  const level = highest === 0 ? undefined : lists.levels[Math.min(3, Math.floor((highest - 1) / 2))];
  const isFrench = partner.languages.includes('fr');
  const hours = Math.max(1, Math.round(course.theme.hours / course.weeks));
  return {
    id: course.id,
    code: course.id.toUpperCase(),
    title: course.title,
    introduction: course.about,
    absolute_url: course.url,
    categories: [subject, level].flatMap((entry) => (entry === undefined ? [] : [entry.id])),
    organizations: lists.organizations.map(({ id }) => id),
    organization_highlighted: partner.name,
    cover_image: null,
    duration: isFrench ? `${course.weeks} semaines` : `${course.weeks} weeks`,
    effort: isFrench ? `${hours} heures/semaine` : `${hours} hours/week`,
    course_runs: course.sessions.map((session) => ({
      ...runDates(session),
      languages: [course.theme.language],
      ...prices,
    })),
    state: { priority: priorityOf(course), datetime: null, call_to_action: '', text: '' },
    ...prices,
  };
}

function runDates({ dates }: DemoCourse['sessions'][number]): Record<string, unknown> {
  if (dates === null) {
    const never = '9999-12-31T00:00:00Z';
    return {
      start: '2025-01-06T08:00:00Z',
      end: never,
      enrollment_start: '2025-01-06T08:00:00Z',
      enrollment_end: never,
    };
  }
  return {
    start: dates.start,
    end: dates.end,
    enrollment_start: dates.enrolmentStart,
    enrollment_end: dates.enrolmentEnd,
  };
}

/** Of the best run: 0 ongoing and open, 1 future and open, 3 not yet open, 6 archived, 7 to be scheduled. */
function priorityOf({ sessions }: DemoCourse): number {
  const [first] = sessions;
  if (first === undefined) return 7;
  if (first.state === 'coming') return 3;
  if (first.state === 'closed') return 6;
  return sessions.length > 1 ? 1 : 0;
}

function pricesOf({ price, amount }: DemoCourse): Record<string, unknown> {
  const none = { price: null, price_currency: 'EUR', discounted_price: null, certificate_price: null };
  switch (price) {
    case 'free-free-certificate':
      return { ...none, offer: 'free', certificate_offer: 'free', certificate_price: 0 };
    case 'free-paid-certificate':
      return { ...none, offer: 'free', certificate_offer: 'paid', certificate_price: '60.00' };
    case 'partially-free':
      return { ...none, offer: 'partially_free', certificate_offer: 'paid', certificate_price: '45.00' };
    case 'paid':
      return { ...none, offer: 'paid', price: `${amount}.00`, certificate_offer: 'free' };
    default:
      return { ...none, offer: null, certificate_offer: null };
  }
}
