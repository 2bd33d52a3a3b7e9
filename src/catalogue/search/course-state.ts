/**
 * What the dates of a course are worth in a list: open now first, coming next, closed last, unknown never as closed.
 * Days are those of Europe/Paris, numbered from 1970-01-01.
 */
import type { Run } from './course-index.ts';

const parisDate = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/Paris',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

export function parisDay(date: Date): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of parisDate.formatToParts(date)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1 } = parts;
  return Math.round(Date.UTC(year, month - 1, day) / 86_400_000);
}

export interface RunDays {
  readonly start: number | null;
  readonly end: number | null;
  readonly enrolmentStart: number | null;
  readonly enrolmentEnd: number | null;
  readonly state: Run['state'];
}

export function runDaysOf(run: Run): RunDays {
  const day = (date: Date | null): number | null =>
    date === null || Number.isNaN(date.getTime()) ? null : parisDay(date);
  return {
    start: day(run.start),
    end: day(run.end),
    enrolmentStart: day(run.enrolmentStart),
    enrolmentEnd: day(run.enrolmentEnd),
    state: run.state,
  };
}

/** Rows of the table of docs/catalogue-search.md, section 3. */
export const stateWeights = {
  ongoingOpen: 80,
  futureOpen: 70,
  finishedOpen: 60,
  futureNotYetOpen: 30,
  futureClosed: 6,
  ongoingClosed: 5,
  archived: 1,
  unknown: 30,
} as const;

type Phase = 'future' | 'ongoing' | 'finished';
type Enrolment = 'not-yet' | 'open' | 'closed' | 'unknown';

/** Dates first; where they are silent, what the source says. */
function phaseOf(run: RunDays, today: number): Phase | null {
  if (run.start !== null && run.start > today) return 'future';
  if (run.end !== null && run.end < today) return 'finished';
  if (run.start !== null || run.end !== null) return 'ongoing';
  if (run.enrolmentStart !== null && run.enrolmentStart > today) return 'future';
  if (run.state === 'coming') return 'future';
  if (run.state === 'closed') return 'finished';
  return run.state === 'open' ? 'ongoing' : null;
}

/** A source that says "closed" may be full: dates reopen it only when enrolment has yet to begin. */
function enrolmentOf(run: RunDays, today: number): Enrolment {
  if (run.enrolmentStart !== null && run.enrolmentStart > today) return 'not-yet';
  if (run.state === 'closed' || (run.enrolmentEnd !== null && run.enrolmentEnd < today)) return 'closed';
  if (run.enrolmentStart !== null || run.enrolmentEnd !== null || run.state === 'open') return 'open';
  return run.state === 'coming' ? 'not-yet' : 'unknown';
}

/** 1 today, one half a month away, 0 when the date is unknown. */
function nearness(day: number | null, today: number): number {
  return day === null ? 0 : 1 / (1 + Math.abs(day - today) / 30);
}

function scoreOfRun(run: RunDays, today: number): number {
  const phase = phaseOf(run, today);
  const enrolment = enrolmentOf(run, today);
  if (phase === 'future') {
    const near = nearness(run.start, today);
    if (enrolment === 'open') return stateWeights.futureOpen + near;
    return (enrolment === 'closed' ? stateWeights.futureClosed : stateWeights.futureNotYetOpen) + near;
  }
  if (enrolment === 'open') {
    const weight = phase === 'finished' ? stateWeights.finishedOpen : stateWeights.ongoingOpen;
    return weight + nearness(run.enrolmentEnd, today);
  }
  if (phase === 'finished') return stateWeights.archived + nearness(run.end, today);
  // Going on, but whether one may still enrol is not said: unknown is not closed.
  if (enrolment !== 'closed') return stateWeights.unknown;
  return stateWeights.ongoingClosed + nearness(run.end, today);
}

/** Weight plus proximity of the best run. */
export function stateScore(runs: readonly RunDays[], today: number): number {
  if (runs.length === 0) return stateWeights.unknown;
  return Math.max(...runs.map((run) => scoreOfRun(run, today)));
}

/** Past starts are sorted after every coming one, the latest first. */
const pastOffset = 10_000_000;

/**
 * Key of the sort by start date, ascending: what one may begin today, then the next start, then past ones; Infinity
 * when no date is known.
 */
export function startKey(runs: readonly RunDays[], today: number): number {
  return Math.min(
    ...runs.map((run) => {
      if (phaseOf(run, today) === 'ongoing' && enrolmentOf(run, today) === 'open') return today;
      if (run.start === null) return Number.POSITIVE_INFINITY;
      return run.start >= today ? run.start : pastOffset + today - run.start;
    }),
  );
}
