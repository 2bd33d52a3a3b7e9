/** The link of a course to its school: when it was asked, and since when it is dead (O17). */
import type { CourseId } from '../model.ts';

/** `unknown` for anything that proves neither: faults of the server, refusals, silence. */
export type LinkAnswer = 'alive' | 'gone' | 'unknown';

export interface LinkState {
  /** The last time an answer was asked for; null before the first. */
  readonly checkedAt: Date | null;
  readonly answer: LinkAnswer | null;
  /** HTTP status of that answer, when there was one. */
  readonly status: number | null;
  /** The first 404 or 410 that no living answer has followed. */
  readonly goneSince: Date | null;
  /** `goneSince`, once it was seen again a week later. */
  readonly deadSince: Date | null;
}

export interface CourseLink extends LinkState {
  readonly courseId: CourseId;
  readonly sourceId: string;
  readonly url: string;
  readonly demo: boolean;
}

export const unasked: LinkState = { checkedAt: null, answer: null, status: null, goneSince: null, deadSince: null };

const weekMs = 7 * 24 * 3_600_000;
/** A link is asked again after so long: never sooner, so that « twice, a week apart » is what it says. */
export const recheckMs = weekMs;

/** 404 or 410 twice, a week apart, is dead; a living answer clears it; an unknown one changes nothing but the date. */
export function linkAfter(
  before: LinkState,
  seen: { readonly answer: LinkAnswer; readonly status: number | null },
  at: Date,
): LinkState {
  const { answer, status } = seen;
  const asked = { checkedAt: at, answer, status };
  if (answer === 'alive') return { ...asked, goneSince: null, deadSince: null };
  if (answer === 'unknown') return { ...asked, goneSince: before.goneSince, deadSince: before.deadSince };
  const goneSince = before.goneSince ?? at;
  const isConfirmed = at.getTime() - goneSince.getTime() >= weekMs;
  return { ...asked, goneSince, deadSince: isConfirmed ? goneSince : before.deadSince };
}
