import { MongoError } from '../mongo-error.ts';
import { dayOfYear, fieldsOf, fromIsoWeek, fromLocal, isoWeek, utcTime, week, weekday } from './calendar.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function pad(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width, '0')}` : String(value).padStart(width, '0');
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / 60_000));
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`;
}

/** Writes a local time (milliseconds) as `$dateToString` does; 18536 for an unknown specifier. */
export function formatDate(local: number, offset: number, format: string): string {
  const fields = fieldsOf(local);
  return format.replace(/%([\s\S]?)/g, (_, specifier: string) => {
    switch (specifier) {
      case 'Y':
        return pad(fields.year, 4);
      case 'm':
        return pad(fields.month, 2);
      case 'd':
        return pad(fields.day, 2);
      case 'H':
        return pad(fields.hour, 2);
      case 'M':
        return pad(fields.minute, 2);
      case 'S':
        return pad(fields.second, 2);
      case 'L':
        return pad(fields.millisecond, 3);
      case 'j':
        return pad(dayOfYear(local), 3);
      case 'w':
        return String(weekday(local) + 1);
      case 'u':
        return String(weekday(local) || 7);
      case 'U':
        return pad(week(local), 2);
      case 'V':
        return pad(isoWeek(local).week, 2);
      case 'G':
        return pad(isoWeek(local).year, 4);
      case 'b':
        return (MONTHS[fields.month - 1] ?? '').slice(0, 3);
      case 'B':
        return MONTHS[fields.month - 1] ?? '';
      case 'z':
        return offsetText(offset);
      case 'Z':
        return String(Math.trunc(offset / 60_000));
      case '%':
        return '%';
      case '':
        throw new MongoError(18535, "Unmatched '%' at end of format string");
      default:
        throw new MongoError(18536, `Invalid format character '%${specifier}' in format string`);
    }
  });
}

const PATTERNS: Readonly<Record<string, string>> = {
  Y: '(\\d{4})',
  G: '(\\d{4})',
  m: '(\\d{1,2})',
  d: '(\\d{1,2})',
  H: '(\\d{1,2})',
  M: '(\\d{1,2})',
  S: '(\\d{1,2})',
  L: '(\\d{3})',
  j: '(\\d{1,3})',
  u: '([1-7])',
  V: '(\\d{1,2})',
  b: '([A-Za-z]{3})',
  B: '([A-Za-z]+)',
  z: '(Z|[+-]\\d\\d:?\\d\\d)',
  Z: '([+-]\\d+)',
};

/** Reads a date by a `$dateFromString` format; `undefined` when the text does not fit, 18536 for an unknown specifier. */
export function parseDate(text: string, format: string, zone: string): Date | undefined {
  const specifiers: string[] = [];
  const pattern = format.replace(/%([\s\S]?)|[\\^$.*+?()[\]{}|]/g, (match, specifier: string | undefined) => {
    if (specifier === undefined) return `\\${match}`;
    if (specifier === '%') return '%';
    const found = PATTERNS[specifier];
    if (found === undefined || specifier === '') {
      throw new MongoError(18536, `Invalid format character '%${specifier}' in format string`);
    }
    specifiers.push(specifier);
    return found;
  });
  const match = new RegExp(`^${pattern}$`).exec(text);
  if (!match) return undefined;
  const read = new Map(specifiers.map((specifier, i) => [specifier, match[i + 1] ?? '']));
  const number = (specifier: string, otherwise: number): number => Number(read.get(specifier) ?? otherwise);
  let month = number('m', 1);
  const name = read.get('B') ?? read.get('b');
  if (name !== undefined) {
    month = MONTHS.findIndex((one) => one.slice(0, name.length).toLowerCase() === name.toLowerCase()) + 1;
    if (month === 0) return undefined;
  }
  const [hour, minute, second] = [number('H', 0), number('M', 0), number('S', 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  let day: number;
  if (read.has('G')) {
    if (!read.has('V') || number('V', 1) > 53) return undefined;
    day = fromIsoWeek(number('G', 1970), number('V', 1), number('u', 1));
  } else {
    if (!read.has('Y')) return undefined;
    const year = number('Y', 1970);
    if (month < 1 || month > 12) return undefined;
    if (read.has('j')) day = utcTime(year, 1, number('j', 1));
    else {
      if (number('d', 1) < 1 || number('d', 1) > fieldsOf(utcTime(year, month + 1, 0)).day) return undefined;
      day = utcTime(year, month, number('d', 1));
    }
  }
  const fraction = Number(read.get('L') ?? 0);
  const local = day + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
  const minutes = read.get('Z');
  if (minutes !== undefined) return new Date(local - Number(minutes) * 60_000);
  return new Date(fromLocal(read.get('z') ?? zone, local));
}
