/**
 * The circuit breaker of a source: a server that keeps failing is left alone for longer and longer, so that it can recover
 * and our runs are not lost on it. A person may always ask for a run; a run that is answered closes the breaker.
 */
import type { HarvestRun } from '../../harvest/model.ts';

export interface OpenBreaker {
  /** Failed runs in a row. */
  readonly failures: number;
  /** End of the first of them. */
  readonly since: Date;
  /** No scheduled run before. */
  readonly until: Date;
  /** What the last one met, as its report says it. */
  readonly cause: string;
}

/** The first two failures may be a bad night. */
export const failuresToOpen = 3;
const day = 86_400_000;
/** Less than the days said: the run that failed ended a little after its hour, and the next one starts at that hour. */
const hour = 3_600_000;
const longestWaitDays = 7;

/** Faults of the server or of the way to it; a catalogue that answers and cannot be read is asked again at its rhythm. */
const serverFaults = new Set(['unreachable', 'timed-out', 'refused']);

/**
 * How many of the last runs tell everything: past it, the wait is the longest anyway. Skipped runs are not counted here and
 * do not matter: ask for a few more.
 */
export const runsToJudge = 20;

/** Waits 1, 2, 4, then 7 days. @param runs of one source, newest first. @returns null while runs go on at their rhythm */
export function breakerOf(runs: readonly Pick<HarvestRun, 'status' | 'fault' | 'endedAt'>[]): OpenBreaker | null {
  const failed: { readonly endedAt: Date; readonly cause: string }[] = [];
  for (const { status, fault, endedAt } of runs) {
    if (endedAt === null || status === 'skipped') continue;
    const isServerFault = status === 'failed' && fault !== null && serverFaults.has(fault.kind);
    if (!isServerFault) break;
    failed.push({ endedAt, cause: fault.message });
  }
  const last = failed[0];
  const first = failed.at(-1);
  if (last === undefined || first === undefined || failed.length < failuresToOpen) return null;
  const days = Math.min(2 ** (failed.length - failuresToOpen), longestWaitDays);
  return {
    failures: failed.length,
    since: first.endedAt,
    until: new Date(last.endedAt.getTime() + days * day - hour),
    cause: last.cause,
  };
}
