/** From themes and partners to the courses that each partner publishes in a given week. No clock, no chance. */
import type { Audience, Catalogues, Partner, PriceModel, Theme } from './data.ts';

export interface DemoSession {
  /** Null for a course that is open all year. */
  readonly dates: {
    readonly start: Date;
    readonly end: Date;
    readonly enrolmentStart: Date;
    readonly enrolmentEnd: Date;
  } | null;
  readonly state: 'open' | 'coming' | 'closed';
}

export interface DemoCourse {
  readonly id: string;
  readonly theme: Theme;
  readonly title: string;
  /** HTML. */
  readonly about: string;
  readonly where: 'remote' | 'blended' | 'onsite';
  readonly city: { readonly name: string; readonly postalCode: string } | null;
  readonly weeks: number;
  readonly price: PriceModel;
  /** Euros; what is paid when there is something to pay. */
  readonly amount: number;
  readonly sessions: readonly DemoSession[];
  readonly url: string;
}

const day = 86_400_000;
const week = 7 * day;

/** Monday 00:00 UTC of the week of `now`: a feed changes once a week. */
export function mondayOf(now: Date): Date {
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  return new Date(midnight - ((now.getUTCDay() + 6) % 7) * day);
}

/** Exactly `partner.size` courses, with distinct ids. */
export function coursesOf(partner: Partner, catalogues: Catalogues, monday: Date): readonly DemoCourse[] {
  const eligible = catalogues.themes.filter(
    (theme) =>
      partner.languages.includes(theme.language) &&
      (theme.certification === undefined || partner.certifying) &&
      (theme.handsOn === undefined || partner.format.startsWith('lheo')),
  );
  // Those that prepare for a certification come first: a partner that is certified publishes them all.
  const certifying = eligible.filter((theme) => theme.certification !== undefined);
  const others = eligible.filter((theme) => theme.certification === undefined);
  const start = partner.skip % others.length;
  const themes = [...certifying, ...others.slice(start), ...others.slice(0, start)];

  const courses = new Map<string, DemoCourse>();
  for (let step = 0; courses.size < partner.size && step < themes.length * partner.audiences.length; step += 1) {
    const theme = themes[step % themes.length];
    if (theme === undefined) break;
    const round = Math.floor(step / themes.length);
    const index = partner.audiences[(step + round) % partner.audiences.length] ?? 0;
    const audiences = catalogues.audiences[theme.language];
    // A language with fewer audiences has the first, everybody, instead.
    const audience = (isForAll(theme) ? undefined : audiences[index]) ?? audiences[0];
    if (audience === undefined) break;
    const id = `${theme.key}-${audiences.indexOf(audience)}`;
    if (!courses.has(id)) courses.set(id, courseOf(id, theme, audience, partner, catalogues, monday, step));
  }
  if (courses.size < partner.size)
    throw new RangeError(`${partner.id} has ${courses.size} courses, not ${partner.size}`);
  return [...courses.values()];
}

/** Long and practical courses have no evening class and no virtual room. */
function isForAll(theme: Theme): boolean {
  return theme.certification !== undefined || theme.handsOn === true || theme.skills.length === 0;
}

function courseOf(
  id: string,
  theme: Theme,
  audience: Audience,
  partner: Partner,
  catalogues: Catalogues,
  monday: Date,
  step: number,
): DemoCourse {
  const where = theme.handsOn ? 'onsite' : (audience.where ?? partner.defaultWhere);
  const name = partner.places[step % partner.places.length];
  const postalCode = name === undefined ? undefined : catalogues.cities[name];
  const price = partner.prices[step % partner.prices.length] ?? 'unknown';
  const weeks = Math.min(52, Math.max(1, Math.round(theme.hours / (theme.hours > 100 ? 30 : 4))));
  const sentence = audience.sentence === '' ? '' : `<p>${audience.sentence}</p>`;
  return {
    id,
    theme,
    title: audience.note === '' ? theme.title : `${theme.title} (${audience.note})`,
    about: `<p>${theme.about}</p>${sentence}`,
    where,
    city: where === 'remote' || name === undefined || postalCode === undefined ? null : { name, postalCode },
    weeks,
    price,
    amount: Math.max(20, Math.round((theme.hours * partner.hourlyPrice) / 10) * 10),
    sessions: sessionsOf(weeks, sessionKindOf(theme, step), monday),
    url: new URL(`cours/${id}`, partner.homepage).href,
  };
}

/** Courses that prepare for a certification have dates; a course in another language than French has a session that says so. */
function sessionKindOf(theme: Theme, step: number): number {
  if (theme.certification !== undefined) return 1 + (step % 3);
  return theme.language === 'fr' ? step % 6 : step % 5;
}

/** 0: open all year; 1: two to come, open; 2: to come; 3: in progress, open; 4: closed; 5: none. */
function sessionsOf(weeks: number, kind: number, monday: Date): readonly DemoSession[] {
  const session = (
    state: DemoSession['state'],
    start: number,
    enrolmentStart: number,
    enrolmentEnd: number,
  ): DemoSession => {
    const at = (weekNumber: number, hours: number) =>
      new Date(monday.getTime() + weekNumber * week + hours * 3_600_000);
    const dates = {
      start: at(start, 8),
      end: at(start + weeks, -56),
      enrolmentStart: at(enrolmentStart, 7),
      enrolmentEnd: at(enrolmentEnd, 33),
    };
    return { dates, state };
  };
  switch (kind) {
    case 0:
      return [{ dates: null, state: 'open' }];
    case 1:
      return [session('open', 2, -3, 1), session('open', 10, -3, 9)];
    case 2:
      return [session('coming', 7, 2, 6)];
    case 3:
      return [session('open', -1, -8, 1)];
    case 4:
      return [session('closed', -6 - weeks, -14 - weeks, -7 - weeks)];
    default:
      return [];
  }
}
