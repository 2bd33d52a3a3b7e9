/** Free text about workload and length, in French and English. */

export interface Effort {
  /** « 4-8 hours/week »: the upper bound, so that nobody is promised less work than there is. */
  readonly minutesPerWeek: number | null;
  /** A time without a period (« 9 heures », `08:00`): total or weekly, the format tells which. */
  readonly minutes: number | null;
  /** « 3 semaines », « 2 mois ». */
  readonly weeks: number | null;
}

const number = String.raw`(\d{1,4}(?:[.,]\d{1,2})?)`;
const range = String.raw`(?:(?:de |from )?\d{1,4}(?:[.,]\d{1,2})?\s*h?\s*(?:-|–|—|à|a|to|et)\s*)?${number}`;
const unitOfHours = '(?:heures?|hours?|hrs?|h)';
const unitOfMinutes = '(?:minutes?|mins?|mn)';
const perWeek = String.raw`\s*(?:\/\s*(?:week|semaine|sem\.?)|(?:per|a|each) week|par semaine|hebdomadaires?|weekly)`;

const patterns = {
  clock: /^(\d{1,2}):(\d{2})$/,
  hoursAndMinutes: new RegExp(
    String.raw`^${number}\s*${unitOfHours}\s*(?:et |and )?(\d{1,2})\s*(?:${unitOfMinutes})?(${perWeek})?$`,
    'i',
  ),
  hours: new RegExp(String.raw`^${range}\s*${unitOfHours}(${perWeek})?$`, 'i'),
  minutes: new RegExp(String.raw`^${range}\s*${unitOfMinutes}(${perWeek})?$`, 'i'),
  weeks: new RegExp(String.raw`^${range}\s*(?:semaines?|weeks?)(?: (?:of study|long|de cours))?$`, 'i'),
  months: new RegExp(String.raw`^${range}\s*(?:mois|months?)$`, 'i'),
  years: new RegExp(String.raw`^${range}\s*(?:ans?|années?|years?)$`, 'i'),
};

/**
 * Reads one sentence, or parts separated by a comma or a semicolon (« 4 weeks of study, 1-2 hours/week »). Null as soon
 * as one part is not understood: a guess would be printed as a fact.
 */
export function parseEffort(value: unknown): Effort | null {
  if (typeof value !== 'string') return null;
  const text = value.replace(/\s+/g, ' ').trim();
  if (text === '' || text.length > 120) return null;
  let effort: Effort = { minutesPerWeek: null, minutes: null, weeks: null };
  for (const part of text.split(/[;,]\s+/)) {
    const read = readPart(part);
    if (read === null) return null;
    effort = {
      minutesPerWeek: read.minutesPerWeek ?? effort.minutesPerWeek,
      minutes: read.minutes ?? effort.minutes,
      weeks: read.weeks ?? effort.weeks,
    };
  }
  return effort;
}

function readPart(part: string): Effort | null {
  const clock = patterns.clock.exec(part);
  if (clock !== null) {
    return Number(clock[2]) < 60 ? time(Number(clock[1]) * 60 + Number(clock[2]), undefined) : null;
  }
  const both = patterns.hoursAndMinutes.exec(part);
  if (both !== null) {
    return Number(both[2]) < 60 ? time(decimal(both[1]) * 60 + Number(both[2]), both[3]) : null;
  }
  const hours = patterns.hours.exec(part);
  if (hours !== null) return time(decimal(hours[1]) * 60, hours[2]);
  const minutes = patterns.minutes.exec(part);
  if (minutes !== null) return time(decimal(minutes[1]), minutes[2]);
  const weeks = patterns.weeks.exec(part);
  if (weeks !== null) return length(decimal(weeks[1]));
  const months = patterns.months.exec(part);
  if (months !== null) return length((decimal(months[1]) * 52) / 12);
  const years = patterns.years.exec(part);
  return years === null ? null : length(decimal(years[1]) * 52);
}

function decimal(text: string | undefined): number {
  return Number((text ?? '').replace(',', '.'));
}

function time(minutes: number, period: string | undefined): Effort | null {
  const whole = Math.round(minutes);
  if (whole <= 0) return null;
  if (period === undefined) return { minutesPerWeek: null, minutes: whole, weeks: null };
  // A week has 10,080 minutes: more is a slip of unit.
  return whole > 10_080 ? null : { minutesPerWeek: whole, minutes: null, weeks: null };
}

function length(weeks: number): Effort | null {
  if (weeks <= 0 || weeks > 1_000) return null;
  return { minutesPerWeek: null, minutes: null, weeks: Math.round(weeks * 10) / 10 };
}
