/** Sessions as they stand at an instant, and how their dates are written. */
import { daysBetween, longDate, monthOf, shortDate, yearOf } from '../../platform/web/format.ts';
import type { Session } from '../model.ts';

export type SessionState = Session['state'];

/** A source's placeholder (0001, 1970, 9999) is no date: it is never printed (T41). */
function plausible(iso: string | null): Date | null {
  if (iso === null) return null;
  const date = new Date(iso);
  const year = date.getUTCFullYear();
  return year >= 1990 && year < 2100 ? date : null;
}

export interface SessionDates {
  readonly start: Date | null;
  readonly end: Date | null;
  readonly enrolmentStart: Date | null;
  readonly enrolmentEnd: Date | null;
}

export function datesOf(session: Session): SessionDates {
  const exact = session.datePrecision === 'none' ? null : session;
  return {
    start: plausible(exact?.start ?? null),
    end: plausible(exact?.end ?? null),
    enrolmentStart: plausible(session.enrolmentStart),
    enrolmentEnd: plausible(session.enrolmentEnd),
  };
}

/** What the source said, corrected by the time that passed since. */
export function stateAt(session: Session, now: Date): SessionState {
  const { start, end, enrolmentStart, enrolmentEnd } = datesOf(session);
  // The last day counts whole: a source that gives days means the evening.
  if (session.state === 'closed' || daysBetween(enrolmentEnd ?? end ?? now, now) > 0) return 'closed';
  if (enrolmentStart !== null && daysBetween(now, enrolmentStart) > 0) return 'coming';
  if (session.state !== 'coming') return session.state;
  if (enrolmentStart !== null) return 'open';
  return start !== null && daysBetween(start, now) > 0 ? 'unknown' : 'coming';
}

/** No date at all and open: one starts when one wants. */
export function isSelfPaced(session: Session): boolean {
  const { start, end } = datesOf(session);
  return session.state === 'open' && start === null && end === null;
}

const rank: Readonly<Record<SessionState, number>> = { open: 0, coming: 1, unknown: 2, closed: 3 };

/** Open first, then coming, unknown, closed; the earliest first among equals, self-paced before dated ones. */
export function inOrder(sessions: readonly Session[], now: Date): readonly Session[] {
  const startOf = (session: Session) => datesOf(session).start?.getTime() ?? Number.NEGATIVE_INFINITY;
  return [...sessions].sort((a, b) => rank[stateAt(a, now)] - rank[stateAt(b, now)] || startOf(a) - startOf(b) || 0);
}

/** The state of the enrolments of a course, from its best session. */
export function enrolmentText(sessions: readonly Session[], now: Date): { state: SessionState; text: string } {
  const [best] = inOrder(sessions, now);
  if (best === undefined) return { state: 'unknown', text: 'Aucune date annoncée.' };
  const state = stateAt(best, now);
  const { start, enrolmentStart, enrolmentEnd } = datesOf(best);
  switch (state) {
    case 'open':
      if (enrolmentEnd !== null) return { state, text: `Inscriptions ouvertes jusqu'au ${longDate(enrolmentEnd)}` };
      return { state, text: isSelfPaced(best) ? 'Inscriptions ouvertes, à votre rythme' : 'Inscriptions ouvertes' };
    case 'coming':
      if (enrolmentStart !== null && enrolmentStart > now) {
        return { state, text: `Les inscriptions ouvrent le ${longDate(enrolmentStart)}` };
      }
      return {
        state,
        text: start === null ? 'Inscriptions à venir' : `Inscriptions à venir, ${startText(best, start)}`,
      };
    case 'closed':
      return { state, text: 'Inscriptions fermées' };
    case 'unknown':
      return { state, text: 'État des inscriptions non communiqué' };
  }
}

/** « à votre rythme », « début le 07/12/2026 », « début en janvier 2027 »; null when nothing is known. */
export function paceText(session: Session): string | null {
  if (isSelfPaced(session)) return 'à votre rythme';
  const { start } = datesOf(session);
  return start === null ? null : startText(session, start);
}

function startText(session: Session, start: Date): string {
  return `début ${session.datePrecision === 'day' || session.datePrecision === 'time' ? 'le' : 'en'} ${dateText(session, start)}`;
}

/** As exact as the source was. */
export function dateText(session: Session, date: Date): string {
  if (session.datePrecision === 'month') return monthOf(date);
  return session.datePrecision === 'year' ? yearOf(date) : shortDate(date);
}
