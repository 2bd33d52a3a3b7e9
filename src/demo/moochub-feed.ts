/** MOOChub v2 and v3, as a platform of that network publishes them. */
import type { DemoCourse } from './courses.ts';
import type { Partner } from './data.ts';

export interface FeedPage {
  readonly records: readonly unknown[];
  readonly number: number;
  readonly count: number;
}

/** A page of courses; `address` is the one of the first page. */
export function moochubPage(page: FeedPage, address: string): string {
  const at = (number: number) => (number === 1 ? address : `${address}?page=${number}`);
  const links = {
    self: at(page.number),
    first: at(1),
    last: at(page.count),
    next: page.number < page.count ? at(page.number + 1) : null,
    ...(page.number > 1 ? { prev: at(page.number - 1) } : {}),
  };
  return JSON.stringify({ links, data: page.records });
}

/** A JSON:API resource. */
export interface MoochubRecord {
  readonly id: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export function moochubRecord(course: DemoCourse, partner: Partner): MoochubRecord {
  return partner.format === 'moochub-2' ? version2(course, partner) : version3(course, partner);
}

const accessOf: Readonly<Record<string, readonly string[]>> = {
  free: ['free'],
  'all-free': ['free'],
  'free-no-certificate': ['free'],
  'free-paid-certificate': ['free', 'paid'],
  paid: ['paid'],
  'complete-paid': ['paid'],
  members: ['member-only'],
};

const ccBy = { identifier: 'CC-BY-4.0', url: 'https://creativecommons.org/licenses/by/4.0/' };

function version2(course: DemoCourse, partner: Partner): MoochubRecord {
  const [first] = course.sessions;
  return {
    id: course.id,
    type: 'courses',
    attributes: {
      name: course.title,
      courseCode: course.id,
      courseMode: 'MOOC',
      abstract: course.theme.goals.join(', '),
      description: course.about,
      languages: [course.theme.language],
      // Null is "open all year"; a course without session says nothing.
      ...(first === undefined ? {} : { startDate: first.dates?.start ?? null, endDate: first.dates?.end ?? null }),
      availableUntil: null,
      duration: `P${course.weeks}W`,
      workload: hoursPerWeek(course),
      learningObjectives: course.theme.goals,
      instructors: [],
      partnerInstitute: [{ name: partner.name, url: partner.homepage }],
      moocProvider: { name: partner.name, url: partner.homepage },
      url: course.url,
      courseLicenses: [{ url: ccBy.url }],
      access: accessOf[course.price] ?? ['other'],
    },
  };
}

function version3(course: DemoCourse, partner: Partner): MoochubRecord {
  const organisation = { name: partner.name, identifier: partner.homepage, type: 'Organization' };
  const dated = course.sessions.flatMap(({ dates }) => (dates === null ? [] : [dates]));
  const [only, other] = dated;
  const isAlways = course.sessions.length > 0 && dated.length === 0;
  return {
    id: course.id,
    type: 'Course',
    attributes: {
      name: course.title,
      courseCode: course.id,
      courseMode: { remote: ['online', 'asynchronous'], blended: ['blended'], onsite: ['onsite'] }[course.where],
      description: course.about,
      inLanguage: [course.theme.language],
      ...(isAlways ? { startDate: null, endDate: null } : {}),
      ...(dated.length === 0
        ? {}
        : { startDate: dated.map(({ start }) => start), endDate: dated.map(({ end }) => end) }),
      ...(only === undefined || other !== undefined
        ? {}
        : { applicationStartDate: only.enrolmentStart, applicationDeadline: only.enrolmentEnd }),
      duration: `P${course.weeks}W`,
      workload: { timeValue: hoursPerWeek(course), timeUnit: 'h/week' },
      creator: [organisation],
      contributor: [organisation],
      publisher: organisation,
      ...(course.theme.skills.length === 0 ? {} : { teaches: course.theme.skills.map(digcompConcept) }),
      keywords: [course.theme.area],
      license: [ccBy],
      access: accessOf[course.price] ?? ['other'],
      ...offersOf(course),
      ...(course.city === null
        ? {}
        : {
            contentLocation: {
              name: partner.name,
              address: { city: course.city.name, postalCode: course.city.postalCode },
            },
          }),
      url: course.url,
    },
  };
}

function digcompConcept({ code, level }: { code: string; level: number }): unknown {
  const framework = { educationalFramework: 'DigComp', educationalFrameworkVersion: '2.2' };
  return { ...framework, shortCode: code, educationalLevel: { ...framework, shortCode: String(level) } };
}

function offersOf({ price, amount }: DemoCourse): Record<string, unknown> {
  const offer = (category: string, euros: number) => ({
    price: euros,
    priceCurrency: 'EUR',
    paymentFrequency: euros === 0 ? 'other' : 'one-time',
    category,
  });
  switch (price) {
    case 'all-free':
      return { offer: [offer('complete', 0)], educationalCredentialsAwarded: ['confirmation of participation'] };
    case 'free-no-certificate':
      return { offer: [offer('course', 0)], educationalCredentialsAwarded: null };
    case 'free-paid-certificate':
      return {
        offer: [offer('course', 0), offer('certificate', 49)],
        educationalCredentialsAwarded: ['record of achievement', 'certificate'],
      };
    case 'complete-paid':
      return { offer: [offer('complete', amount)], educationalCredentialsAwarded: ['record of achievement'] };
    default:
      return {};
  }
}

function hoursPerWeek({ theme, weeks }: DemoCourse): number {
  return Math.max(1, Math.round(theme.hours / weeks));
}
