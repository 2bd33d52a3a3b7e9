import { MongoError } from '../mongo-error.ts';

const DAY = 86_400_000;

/** The fields of a local date: months and days from 1, `offset` in milliseconds east of Greenwich. */
export interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (error) {
      if (error instanceof RangeError) throw new MongoError(40485, `unrecognized time zone identifier: "${zone}"`);
      throw error;
    }
    formats.set(zone, format);
  }
  return format;
}

/** Milliseconds since 1970 of UTC fields, also for the years 0 to 99, which Date.UTC takes for 1900 to 1999. */
export function utcTime(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, ms = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms;
}

/** How far a time zone (`Europe/Paris`, `UTC`, `+02:00`) is ahead of UTC at an instant, in milliseconds; 40485 if unknown. */
export function offsetAt(zone: string, time: number): number {
  if (zone === 'UTC' || zone === 'GMT' || zone === 'Z') return 0;
  const fixed = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(zone);
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? 0);
    return (fixed[1] === '-' ? -minutes : minutes) * 60_000;
  }
  if (zone === '' || /^[+-]/.test(zone)) throw new MongoError(40485, `unrecognized time zone identifier: "${zone}"`);
  const parts: Record<string, string> = {};
  for (const { type, value } of formatOf(zone).formatToParts(time)) parts[type] = value;
  const year = Number(parts.year);
  const local = utcTime(
    parts.era === 'BC' ? 1 - year : year,
    Number(parts.month),
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
    Number(parts.second),
  );
  return local - Math.floor(time / 1000) * 1000;
}

/** The instant of a local time; in the hour that does not exist it is moved forward, in the one that comes twice the first wins. */
export function fromLocal(zone: string, local: number): number {
  const first = local - offsetAt(zone, local - DAY / 2);
  const second = local - offsetAt(zone, first);
  if (first === second) return first;
  return second + offsetAt(zone, second) === local ? second : first;
}

/** The fields of a local time given in milliseconds. */
export function fieldsOf(local: number): LocalDate {
  const date = new Date(local);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
}

/** 0 for Sunday. */
export function weekday(local: number): number {
  return new Date(local).getUTCDay();
}

export function dayOfYear(local: number): number {
  return Math.floor(local / DAY) - Math.floor(utcTime(fieldsOf(local).year, 1, 1) / DAY) + 1;
}

/** Weeks start on Sunday; the days before the first Sunday are week 0. */
export function week(local: number): number {
  return Math.floor((dayOfYear(local) + 6 - weekday(local)) / 7);
}

/** The ISO 8601 week and the year it belongs to. */
export function isoWeek(local: number): { week: number; year: number } {
  const thursday = Math.floor(local / DAY) * DAY + (4 - (weekday(local) || 7)) * DAY;
  return { week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1, year: fieldsOf(thursday).year };
}

/** The Monday of an ISO week, plus days. */
export function fromIsoWeek(year: number, isoWeekNumber: number, day: number): number {
  const fourth = utcTime(year, 1, 4);
  return fourth - ((weekday(fourth) || 7) - 1) * DAY + ((isoWeekNumber - 1) * 7 + day - 1) * DAY;
}

/** Adds months to a local time; the day is brought back to the last one of a shorter month. */
export function addMonths(local: number, months: number): number {
  const { year, month, day } = fieldsOf(local);
  const index = year * 12 + month - 1 + months;
  const newYear = Math.floor(index / 12);
  const newMonth = index - newYear * 12 + 1;
  const last = fieldsOf(utcTime(newYear, newMonth + 1, 0)).day;
  return utcTime(newYear, newMonth, Math.min(day, last)) + (local - Math.floor(local / DAY) * DAY);
}

/** A date in ISO 8601 (`2024-05-01`, `2024-05-01T10:00:00.5+02:00`); UTC unless it says otherwise or `zone` is given. */
export function parseIsoDate(text: string, zone = 'UTC'): Date | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(
      text.trim(),
    );
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (day < 1 || day > fieldsOf(utcTime(year, month + 1, 0)).day) return undefined;
  const ms = Math.floor(Number(`0.${match[7] ?? 0}`) * 1000 + 1e-6);
  return new Date(fromLocal(match[8] ?? zone, utcTime(year, month, day, hour, minute, second, ms)));
}
