import { ObjectId, Timestamp } from 'bson';
import { longFrom } from '../arithmetic.ts';
import type { Doc } from '../bson-codec.ts';
import { numberOf, shown, typeName } from '../bson-values.ts';
import { failedToParse, MongoError } from '../mongo-error.ts';
import {
  addMonths,
  dayOfYear,
  fieldsOf,
  fromIsoWeek,
  fromLocal,
  isoWeek,
  offsetAt,
  parseIsoDate,
  utcTime,
  week,
  weekday,
} from './calendar.ts';
import { formatDate, parseDate } from './date-format.ts';
import { isNullish } from './numbers.ts';
import type { NamedOperator } from './operators.ts';

const DAY = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  week: 7 * DAY,
  day: DAY,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
};
const UNIT_MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** The instant of a date, ObjectId or timestamp, in milliseconds. */
function timeOf(operator: string, value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (value instanceof ObjectId) return value.getTimestamp().getTime();
  if (value instanceof Timestamp) return (value.high >>> 0) * 1000;
  throw new MongoError(16006, `${operator}: can't convert from BSON type ${typeName(value)} to Date`);
}

function zoneOf(value: unknown): string {
  if (value === undefined) return 'UTC';
  if (typeof value !== 'string') {
    throw new MongoError(40517, `timezone must evaluate to a string, found ${typeName(value)}`);
  }
  return value;
}

/** A named argument that was given but is null makes the whole null. */
function anyNull(args: Doc, given: ReadonlySet<string>, ...names: string[]): boolean {
  return names.some((name) => given.has(name) && isNullish(args[name]));
}

function datePart(operator: string, part: (local: number) => unknown): NamedOperator {
  return {
    required: ['date'],
    optional: ['timezone'],
    alone: 'date',
    apply: (args, _context, given) => {
      if (anyNull(args, given, 'date', 'timezone')) return null;
      const time = timeOf(operator, args.date);
      return part(time + offsetAt(zoneOf(args.timezone), time));
    },
  };
}

function unitOf(operator: string, unit: unknown): string {
  if (typeof unit !== 'string')
    throw new MongoError(5439013, `${operator} requires 'unit' to be a string, but got ${typeName(unit)}`);
  if (!Object.hasOwn(UNIT_MS, unit) && !Object.hasOwn(UNIT_MONTHS, unit)) {
    throw failedToParse(`${operator} parameter 'unit' value cannot be recognized as a time unit: ${unit}`);
  }
  return unit;
}

function weekStart(operator: string, value: unknown): number {
  if (value === undefined) return 0;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  const index = WEEKDAYS.findIndex((day) => day === text || day.slice(0, 3) === text);
  if (index < 0)
    throw failedToParse(`${operator} parameter 'startOfWeek' value cannot be recognized as a day of a week`);
  return index;
}

function dateAdd(operator: string, sign: 1 | -1): NamedOperator {
  return {
    required: ['startDate', 'unit', 'amount'],
    optional: ['timezone'],
    apply: (args, _context, given) => {
      if (anyNull(args, given, 'startDate', 'unit', 'amount', 'timezone')) return null;
      const unit = unitOf(operator, args.unit);
      const amount = numberOf(args.amount);
      if (amount === undefined || !Number.isSafeInteger(amount)) {
        throw new MongoError(5166405, `${operator} expects integer amount of time units`);
      }
      const zone = zoneOf(args.timezone);
      const time = timeOf(operator, args.startDate);
      const months = UNIT_MONTHS[unit];
      const step = UNIT_MS[unit] ?? 0;
      let result: number;
      if (months === undefined && step < DAY) result = time + sign * amount * step;
      else {
        // Days and longer keep the local time of day across a change of offset.
        const local = time + offsetAt(zone, time);
        const moved = months === undefined ? local + sign * amount * step : addMonths(local, sign * amount * months);
        result = fromLocal(zone, moved);
      }
      const date = new Date(result);
      if (Number.isNaN(date.getTime())) throw new MongoError(5166406, `${operator} overflowed`);
      return date;
    },
  };
}

function unitIndex(local: number, unit: string, firstDay: number): number {
  const months = UNIT_MONTHS[unit];
  if (months !== undefined) {
    const { year, month } = fieldsOf(local);
    return Math.floor((year * 12 + month - 1) / months);
  }
  const days = Math.floor(local / DAY);
  // 1970-01-01 was a Thursday.
  return unit === 'week' ? Math.floor((days + 4 - firstDay) / 7) : days;
}

function dateDiff(args: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  if (anyNull(args, given, 'startDate', 'endDate', 'unit', 'timezone', 'startOfWeek')) return null;
  const unit = unitOf('$dateDiff', args.unit);
  const firstDay = weekStart('$dateDiff', args.startOfWeek);
  const zone = zoneOf(args.timezone);
  const start = timeOf('$dateDiff', args.startDate);
  const end = timeOf('$dateDiff', args.endDate);
  const step = UNIT_MS[unit];
  if (step !== undefined && step < DAY) {
    const startOffset = offsetAt(zone, start);
    const endOffset = offsetAt(zone, end);
    const boundaries = Math.floor((end + endOffset) / step) - Math.floor((start + startOffset) / step);
    return longFrom(BigInt(boundaries - Math.trunc((endOffset - startOffset) / step)));
  }
  const from = unitIndex(start + offsetAt(zone, start), unit, firstDay);
  const to = unitIndex(end + offsetAt(zone, end), unit, firstDay);
  return longFrom(BigInt(to - from));
}

const floorTo = (value: number, size: number): number => Math.floor(value / size) * size;

function dateTrunc(args: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  if (anyNull(args, given, 'date', 'unit', 'binSize', 'timezone', 'startOfWeek')) return null;
  const unit = unitOf('$dateTrunc', args.unit);
  const size = args.binSize === undefined ? 1 : numberOf(args.binSize);
  if (size === undefined || !Number.isInteger(size))
    throw new MongoError(5439017, "$dateTrunc requires 'binSize' to be a 64-bit integer");
  if (size <= 0) throw new MongoError(5439018, "$dateTrunc requires 'binSize' to be greater than 0");
  const zone = zoneOf(args.timezone);
  const time = timeOf('$dateTrunc', args.date);
  const offset = offsetAt(zone, time);
  const local = time + offset;
  const reference = utcTime(2000, 1, 1);
  const months = UNIT_MONTHS[unit];
  if (months !== undefined) {
    const { year, month } = fieldsOf(local);
    const index = floorTo((year - 2000) * 12 + month - 1, months * size);
    return new Date(fromLocal(zone, addMonths(reference, index)));
  }
  const step = UNIT_MS[unit] ?? 1;
  if (step < DAY) return new Date(reference + floorTo(local - reference, step * size) - offset);
  const firstDay = weekStart('$dateTrunc', args.startOfWeek);
  // Weeks are counted from the first such day of 2000, which began on a Saturday.
  const origin = unit === 'week' ? reference + ((firstDay - 6 + 7) % 7) * DAY : reference;
  return new Date(fromLocal(zone, origin + floorTo(local - origin, step * size)));
}

const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'];
const ISO_PARTS = ['isoWeekYear', 'isoWeek', 'isoDayOfWeek', 'hour', 'minute', 'second', 'millisecond'];
const ALL_PARTS = [...new Set([...PARTS, ...ISO_PARTS, 'timezone'])];

function dateFromParts(args: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  const iso = given.has('isoWeekYear');
  if (iso === given.has('year'))
    throw new MongoError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  const names = iso ? ISO_PARTS : PARTS;
  for (const name of given) {
    if (name !== 'timezone' && !names.includes(name)) {
      throw new MongoError(
        iso ? 40489 : 40525,
        `$dateFromParts does not allow mixing natural dates with ISO dates: ${name}`,
      );
    }
  }
  if (anyNull(args, given, ...given)) return null;
  const [a, b, c, hour, minute, second, ms] = names.map((name, i) => {
    if (!given.has(name)) return i === 1 || i === 2 ? 1 : 0;
    const number = numberOf(args[name]);
    if (number === undefined || !Number.isInteger(number)) {
      throw new MongoError(40515, `'${name}' must evaluate to an integer, found ${typeName(args[name])}`);
    }
    return number;
  }) as [number, number, number, number, number, number, number];
  if (a < 1 || a > 9999) {
    throw new MongoError(40523, `'${iso ? 'isoWeekYear' : 'year'}' must evaluate to an integer in the range 1 to 9999`);
  }
  const day = iso ? fromIsoWeek(a, b, c) : utcTime(a, b, c);
  return new Date(fromLocal(zoneOf(args.timezone), day + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms));
}

function dateToParts(args: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  if (anyNull(args, given, 'date', 'timezone', 'iso8601')) return null;
  if (args.iso8601 !== undefined && typeof args.iso8601 !== 'boolean')
    throw new MongoError(40521, 'iso8601 must evaluate to a bool');
  const time = timeOf('$dateToParts', args.date);
  const local = time + offsetAt(zoneOf(args.timezone), time);
  const { year, month, day, ...clock } = fieldsOf(local);
  if (args.iso8601) {
    const iso = isoWeek(local);
    return { isoWeekYear: iso.year, isoWeek: iso.week, isoDayOfWeek: weekday(local) || 7, ...clock };
  }
  return { year, month, day, ...clock };
}

function dateToText(args: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  if (isNullish(args.date)) return given.has('onNull') ? args.onNull : null;
  if (anyNull(args, given, 'timezone', 'format')) return null;
  const { format } = args;
  if (format !== undefined && typeof format !== 'string')
    throw new MongoError(18533, '$dateToString requires that format be a string');
  const time = timeOf('$dateToString', args.date);
  const zone = zoneOf(args.timezone);
  const offset = offsetAt(zone, time);
  return formatDate(
    time + offset,
    offset,
    format ?? (zone === 'UTC' ? '%Y-%m-%dT%H:%M:%S.%LZ' : '%Y-%m-%dT%H:%M:%S.%L'),
  );
}

function dateFromText(args: Doc, _context: unknown, given: ReadonlySet<string>): unknown {
  const { dateString, format } = args;
  if (isNullish(dateString)) return given.has('onNull') ? args.onNull : null;
  if (anyNull(args, given, 'timezone', 'format')) return null;
  if (format !== undefined && typeof format !== 'string')
    throw new MongoError(40684, '$dateFromString requires that format be a string');
  const zone = zoneOf(args.timezone);
  const date =
    typeof dateString !== 'string'
      ? undefined
      : format === undefined
        ? parseIsoDate(dateString, zone)
        : parseDate(dateString, format, zone);
  if (date) return date;
  if (given.has('onError')) return args.onError;
  throw new MongoError(241, `Error parsing date string '${shown(dateString)}'`);
}

/** Dates. Time zones are Olson names or offsets. */
export const DATE_OPERATORS: Readonly<Record<string, NamedOperator>> = {
  $year: datePart('$year', (local) => fieldsOf(local).year),
  $month: datePart('$month', (local) => fieldsOf(local).month),
  $dayOfMonth: datePart('$dayOfMonth', (local) => fieldsOf(local).day),
  $hour: datePart('$hour', (local) => fieldsOf(local).hour),
  $minute: datePart('$minute', (local) => fieldsOf(local).minute),
  $second: datePart('$second', (local) => fieldsOf(local).second),
  $millisecond: datePart('$millisecond', (local) => fieldsOf(local).millisecond),
  $dayOfYear: datePart('$dayOfYear', dayOfYear),
  $dayOfWeek: datePart('$dayOfWeek', (local) => weekday(local) + 1),
  $week: datePart('$week', week),
  $isoDayOfWeek: datePart('$isoDayOfWeek', (local) => weekday(local) || 7),
  $isoWeek: datePart('$isoWeek', (local) => isoWeek(local).week),
  $isoWeekYear: datePart('$isoWeekYear', (local) => longFrom(BigInt(isoWeek(local).year))),
  $dateAdd: dateAdd('$dateAdd', 1),
  $dateSubtract: dateAdd('$dateSubtract', -1),
  $dateDiff: { required: ['startDate', 'endDate', 'unit'], optional: ['timezone', 'startOfWeek'], apply: dateDiff },
  $dateTrunc: { required: ['date', 'unit'], optional: ['binSize', 'timezone', 'startOfWeek'], apply: dateTrunc },
  $dateFromParts: { required: [], optional: ALL_PARTS, apply: dateFromParts },
  $dateToParts: { required: ['date'], optional: ['timezone', 'iso8601'], apply: dateToParts },
  $dateToString: { required: ['date'], optional: ['format', 'timezone', 'onNull'], apply: dateToText },
  $dateFromString: {
    required: ['dateString'],
    optional: ['format', 'timezone', 'onError', 'onNull'],
    apply: dateFromText,
  },
};
