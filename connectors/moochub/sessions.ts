/** Dates of a MOOChub course: v1 and v2 have one start and one end, v3 a list of each. */
import type { CourseDraft, Problem } from '../../src/harvest/connector.ts';
import { sessionDates } from '../../src/harvest/parse/dates.ts';
import { plainText } from '../../src/harvest/parse/html.ts';
import { reversedDates, unreadableDate } from '../../src/harvest/parse/problems.ts';
import type { Attributes } from './record.ts';

type Session = CourseDraft['sessions'][number];

export function sessionsOf(attributes: Attributes): {
  sessions: Session[];
  problems: Problem[];
  warnings: Problem[];
} {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const starts = attributes.startDate ?? [];
  const ends = attributes.endDate ?? [];
  const removals = [...(attributes.expires ?? []), ...(attributes.availableUntil ?? [])];
  const location = locationOf(attributes);
  const sessions: Session[] = [];

  const count = Math.max(starts.length, ends.length);
  for (let index = 0; index < count; index += 1) {
    // One window is given for the course: among several sessions, nothing says whose it is.
    const isOnly = count === 1;
    const raw = {
      start: starts[index],
      end: ends[index],
      enrolmentStart: isOnly ? (attributes.applicationStartDate ?? attributes.doorTime) : null,
      // Nobody can enrol in a course that left the platform.
      enrolmentEnd: (isOnly ? attributes.applicationDeadline : null) ?? removals[index],
    };
    const { dates, unreadable, reversed } = sessionDates(raw);
    for (const field of unreadable) problems.push(unreadableDate(`attributes.${fieldNames[field]}`, raw[field]));
    for (const { field, start, end } of reversed) {
      warnings.push(reversedDates(`attributes.${fieldNames[field]}`, start, end));
    }
    if (dates.start === null && dates.end === null && dates.enrolmentStart === null && dates.enrolmentEnd === null)
      continue;
    sessions.push({ id: null, ...dates, state: 'unknown', location, price: null, languages: [] });
  }
  // The schema tells null (known to be none) from an absent field (unknown).
  if (sessions.length === 0 && attributes.startDate === null && attributes.endDate === null && removals.length === 0) {
    sessions.push({
      id: null,
      start: null,
      end: null,
      enrolmentStart: null,
      enrolmentEnd: null,
      datePrecision: 'none',
      state: 'open',
      location,
      price: null,
      languages: [],
    });
  }
  return { sessions: sessions.slice(0, 500), problems, warnings };
}

const fieldNames = {
  start: 'startDate',
  end: 'endDate',
  enrolmentStart: 'applicationStartDate',
  enrolmentEnd: 'applicationDeadline',
} as const;

function locationOf({ contentLocation }: Attributes): Session['location'] {
  if (contentLocation === null || contentLocation === undefined) return null;
  const { name, address, latitude, longitude } = contentLocation;
  const isPlace = typeof latitude === 'number' && typeof longitude === 'number';
  const isOnEarth = isPlace && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return {
    name: plainText(name).slice(0, 300) || null,
    postalCode: plainText(address?.postalCode).slice(0, 10) || null,
    city: plainText(address?.city).slice(0, 200) || null,
    lat: isOnEarth ? latitude : null,
    lon: isOnEarth ? longitude : null,
  };
}
