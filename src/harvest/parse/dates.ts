/**
 * Dates as partners write them. A date without a time zone is a wall date of Europe/Paris: `2026-09-01` gives
 * `2026-09-01T00:00:00+02:00`. Pure: no clock, no ICU data.
 */

export type DatePrecision = 'time' | 'day' | 'month' | 'year' | 'none';

export type ParsedDate =
  /** ISO 8601 with offset; the first instant of the day, month or year when the precision is not `time`. */
  | { readonly kind: 'date'; readonly instant: string; readonly precision: 'time' | 'day' | 'month' | 'year' }
  /** Nothing, or a placeholder for nothing: year 0000, `00000000`, `0000-00-00`, 1999-11-30. */
  | { readonly kind: 'unknown' }
  /** Year 9999, `99999999`: there is no such limit. */
  | { readonly kind: 'open' }
  | { readonly kind: 'unreadable' };

const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const isoDay = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const compactDay = /^(\d{4})(\d{2})(\d{2})$/;
const frenchDay = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;

/**
 * Reads ISO 8601 with or without offset, `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, `YYYYMMDD` with zero month or day (LHÉO)
 * and `DD/MM/YYYY`. A day that no calendar holds (30 February) is unreadable.
 */
export function parseDate(value: unknown): ParsedDate {
  if (value === null || value === undefined) return { kind: 'unknown' };
  if (typeof value !== 'string' && typeof value !== 'number') return { kind: 'unreadable' };
  const text = String(value).trim();
  if (text === '' || text === '-') return { kind: 'unknown' };

  const time = isoTime.exec(text);
  if (time !== null) return withTime(time);

  const day = compactDay.exec(text) ?? isoDay.exec(text);
  if (day !== null) return wholeDay(Number(day[1]), Number(day[2] ?? 0), Number(day[3] ?? 0));
  const french = frenchDay.exec(text);
  if (french !== null) return wholeDay(Number(french[3]), Number(french[2]), Number(french[1]));
  return { kind: 'unreadable' };
}

/** The instant, or null when it is unknown, open or unreadable. */
export function instantOf(value: unknown): string | null {
  const date = parseDate(value);
  return date.kind === 'date' ? date.instant : null;
}

/** Placeholders that partners write for "no date", decided on the year, month and day alone. */
function placeholder(year: number, month: number, day: number): ParsedDate | null {
  if (year <= 1) return { kind: 'unknown' };
  // What PHP prints for the empty date 0000-00-00: seen in MOOChub feeds.
  if (year === 1999 && month === 11 && day === 30) return { kind: 'unknown' };
  if (year >= 2900) return { kind: 'open' };
  return null;
}

function wholeDay(year: number, month: number, day: number): ParsedDate {
  const instead = placeholder(year, month, day);
  if (instead !== null) return instead;
  if (month === 0 && day !== 0) return { kind: 'unreadable' };
  if (!exists(year, month || 1, day || 1)) return { kind: 'unreadable' };
  const precision = month === 0 ? 'year' : day === 0 ? 'month' : 'day';
  return { kind: 'date', instant: parisInstant(year, month || 1, day || 1, '00:00:00'), precision };
}

function withTime(match: RegExpExecArray): ParsedDate {
  const [, yyyy, mm, dd, hours, minutes, seconds = '00', fraction, zone] = match;
  const [year, month, day] = [Number(yyyy), Number(mm), Number(dd)];
  const instead = placeholder(year, month, day);
  if (instead !== null) return instead;
  const inRange = Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
  if (!inRange || !exists(year, month, day)) return { kind: 'unreadable' };
  const clock = `${hours}:${minutes}:${seconds}`;
  if (zone === undefined) return { kind: 'date', instant: parisInstant(year, month, day, clock), precision: 'time' };
  const milliseconds =
    fraction === undefined || Number(fraction) === 0 ? '' : `.${fraction.padEnd(3, '0').slice(0, 3)}`;
  const instant = `${yyyy}-${mm}-${dd}T${clock}${milliseconds}${offsetOf(zone)}`;
  return Number.isNaN(Date.parse(instant)) ? { kind: 'unreadable' } : { kind: 'date', instant, precision: 'time' };
}

/** `z`, `+0100` and `+01` in the spelling of RFC 3339. */
function offsetOf(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z';
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function exists(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Summer time of directive 2000/84/EC: from the last Sunday of March to that of October, at 01:00 UTC. */
function parisInstant(year: number, month: number, day: number, clock: string): string {
  const date = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  const utc = Date.parse(`${date}T${clock}Z`);
  const hour = 3_600_000;
  // Read as winter time: 01:00 UTC is 02:00 on the wall. The hour lived twice in October is taken as the first one.
  const isSummer = utc - hour >= lastSunday(year, 3) + hour && utc - 2 * hour < lastSunday(year, 10) + hour;
  return `${date}T${clock}${isSummer ? '+02:00' : '+01:00'}`;
}

/** Midnight UTC of the last Sunday of a month of 31 days. */
function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month - 1, 31));
  return last.getTime() - last.getUTCDay() * 86_400_000;
}

export interface SessionDates {
  readonly start: string | null;
  readonly end: string | null;
  readonly enrolmentStart: string | null;
  readonly enrolmentEnd: string | null;
  /** The coarser of `start` and `end`; `none` when both are unknown. */
  readonly datePrecision: DatePrecision;
}

export type SessionDateField = 'start' | 'end' | 'enrolmentStart' | 'enrolmentEnd';

const fineness: readonly DatePrecision[] = ['time', 'day', 'month', 'year'];

/**
 * The dates of one session. `unreadable` names the fields that held something else than a date; `reversed` the pairs
 * whose end precedes their start: both are then unknown.
 */
export function sessionDates(raw: Readonly<Partial<Record<SessionDateField, unknown>>>): {
  readonly dates: SessionDates;
  readonly unreadable: readonly SessionDateField[];
  readonly reversed: readonly { readonly field: SessionDateField; readonly start: string; readonly end: string }[];
} {
  const parsed = {
    start: parseDate(raw.start),
    end: parseDate(raw.end),
    enrolmentStart: parseDate(raw.enrolmentStart),
    enrolmentEnd: parseDate(raw.enrolmentEnd),
  };
  const fields = ['start', 'end', 'enrolmentStart', 'enrolmentEnd'] as const;
  const unreadable = fields.filter((field) => parsed[field].kind === 'unreadable');
  const reversed: { field: SessionDateField; start: string; end: string }[] = [];

  function pair(from: SessionDateField, to: SessionDateField): readonly [string | null, string | null] {
    const [first, last] = [parsed[from], parsed[to]];
    const start = first.kind === 'date' ? first.instant : null;
    const end = last.kind === 'date' ? last.instant : null;
    if (first.kind === 'date' && last.kind === 'date' && isBefore(last, first.instant)) {
      reversed.push({ field: to, start: first.instant, end: last.instant });
      return [null, null];
    }
    return [start, end];
  }

  const [start, end] = pair('start', 'end');
  const [enrolmentStart, enrolmentEnd] = pair('enrolmentStart', 'enrolmentEnd');
  const precisions = [start === null ? null : parsed.start, end === null ? null : parsed.end].flatMap((date) =>
    date?.kind === 'date' ? [fineness.indexOf(date.precision)] : [],
  );
  const datePrecision = precisions.length === 0 ? 'none' : (fineness[Math.max(...precisions)] ?? 'none');
  return { dates: { start, end, enrolmentStart, enrolmentEnd, datePrecision }, unreadable, reversed };
}

/** An end known to the day, the month or the year covers all of it: 2026 is not before September 2026. */
function isBefore(end: { instant: string; precision: DatePrecision }, start: string): boolean {
  if (end.precision === 'time') return Date.parse(end.instant) < Date.parse(start);
  const [year = 0, month = 0, day = 0] = end.instant.slice(0, 10).split('-').map(Number);
  const over = {
    year: Date.UTC(year + 1, 0, 1),
    month: Date.UTC(year, month, 1),
    day: Date.UTC(year, month - 1, day + 1),
    none: Number.POSITIVE_INFINITY,
  }[end.precision];
  return over <= Date.parse(start.slice(0, 10));
}
