/** What an operator looks at: how each source stands, and what else on the platform needs a hand now. */
import { announcedEnd } from '../harvest/model/announced-end.ts';
import { failingSince } from '../harvest/model/failing.ts';
import { activeStatuses, type HarvestRun } from '../harvest/model.ts';
import { breakerOf, type OpenBreaker } from '../providers/model/breaker.ts';
import { nextRun } from '../providers/model/schedule.ts';
import type { Source } from '../providers/model.ts';

/** One source. Each part is null when there is nothing to say of it. */
export interface Situation {
  readonly source: Pick<Source, 'id' | 'title'>;
  /** Queued or going on. */
  readonly running: HarvestRun | null;
  /** Its last run, held and undecided. */
  readonly held: HarvestRun | null;
  /** Its last run failed or was incomplete; `since` is the end of the first of the series. */
  readonly failing: { readonly since: Date; readonly last: HarvestRun } | null;
  /** When its rhythm asked for a run that did not begin. */
  readonly missedAt: Date | null;
  /** Its server keeps failing and is left alone. */
  readonly resting: OpenBreaker | null;
  /** Until when the source says that it answers as it does. */
  readonly sunset: { readonly end: Date; readonly toldAt: Date } | null;
  /** Records refused by the last run that judged any. */
  readonly quarantine: { readonly count: number; readonly run: HarvestRun } | null;
}

/** Runs of a source that tell its situation. */
export const runsLookedAt = 30;

/** A run may begin a little after its hour: the sources of one night wait for one another. */
const toleranceMs = 3_600_000;

/** @param runs newest first */
export function situationOf(
  source: Pick<Source, 'id' | 'title' | 'state' | 'stateSince' | 'rhythm'>,
  runs: readonly HarvestRun[],
  now: Date,
): Situation {
  const { id, title } = source;
  const real = runs.filter(({ status }) => status !== 'skipped');
  const running = real.find(({ status }) => activeStatuses.includes(status)) ?? null;
  const [last] = real;
  const isHeld = last?.status === 'held' && last.decision === null;
  const isActive = source.state === 'active';
  const ended = real.find(({ endedAt }) => endedAt !== null);
  const since = isActive ? failingSince(real) : null;
  const resting = isActive ? breakerOf(runs) : null;
  // « Not modified » says nothing of the records: those of the run before still stand.
  const judged = real.find(({ endedAt, notModified, counters }) => endedAt && !notModified && counters.received > 0);
  const quarantined = judged?.counters.quarantined ?? 0;
  return {
    source: { id, title },
    running,
    held: isHeld ? last : null,
    failing: since === null || ended === undefined ? null : { since, last: ended },
    missedAt: running === null ? missedAt(source, last, resting, now) : null,
    resting: resting !== null && resting.until > now ? resting : null,
    sunset: isActive ? announcedEnd(runs) : null,
    quarantine: judged === undefined || quarantined === 0 ? null : { count: quarantined, run: judged },
  };
}

function missedAt(
  source: Parameters<typeof situationOf>[0],
  last: HarvestRun | undefined,
  resting: OpenBreaker | null,
  now: Date,
): Date | null {
  const lastStart = last === undefined ? null : (last.startedAt ?? last.queuedAt);
  // Before it was active, nothing was asked of it.
  const from = new Date(Math.max(lastStart?.getTime() ?? 0, source.stateSince.getTime()));
  const expected = nextRun(source, lastStart, from, resting?.until ?? null);
  return expected !== null && expected.getTime() + toleranceMs < now.getTime() ? expected : null;
}

export type JobTroubleKind = 'failed' | 'late' | 'overtime' | 'interrupted';

export interface JobTrouble {
  readonly name: string;
  readonly title: string;
  readonly kind: JobTroubleKind;
  readonly since: Date;
}

/** How a job stands, as `platform/schedule.ts` gives it. */
export interface JobStanding {
  readonly name: string;
  readonly title: string;
  /** Cron expression, Europe/Paris. */
  readonly schedule: string;
  readonly maxMinutes: number;
  readonly lastStart: Date | null;
  readonly lastEnd: Date | null;
  readonly lastSuccess: Date | null;
  readonly lastError: { readonly at: Date; readonly message: string } | null;
  readonly runningSince: Date | null;
  readonly interruptedSince: Date | null;
  readonly nextStart: Date | null;
  readonly lateSince: Date | null;
}

/** One run of a job, as `platform/schedule.ts` keeps it. */
export interface JobRun {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly outcome: 'succeeded' | 'failed' | 'interrupted';
  readonly trigger: 'schedule' | 'person' | 'command' | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly message: string | null;
}

/** The worst that can be said of a job; null while it does its work. */
export function jobTroubleOf(job: JobStanding, now: Date): JobTrouble | null {
  const { name, title, maxMinutes, lastError, runningSince, interruptedSince, lateSince } = job;
  const trouble = (kind: JobTroubleKind, since: Date) => ({ name, title, kind, since });
  if (runningSince !== null) {
    const limit = runningSince.getTime() + maxMinutes * 60_000;
    return limit < now.getTime() ? trouble('overtime', runningSince) : null;
  }
  if (lastError !== null) return trouble('failed', lastError.at);
  if (interruptedSince !== null) return trouble('interrupted', interruptedSince);
  return lateSince === null ? null : trouble('late', lateSince);
}

/** A mail that did not leave: given up, or tried in vain up to now. */
export interface UndeliveredMail {
  readonly state: 'failed' | 'waiting';
  /** A name of `views/mail`. */
  readonly template: string;
  readonly since: Date;
  /** When it was given up. */
  readonly endedAt: Date | null;
  readonly attempts: number;
  /** A code without address: `RCPT-550`, `ECONNECTION`. */
  readonly reason: string | null;
  readonly account: string | null;
}

/** Everything at one moment. */
export interface Watch {
  readonly at: Date;
  /** Of sources that are harvested or paused, by title. */
  readonly situations: readonly Situation[];
  /** Oldest first. */
  readonly waitingSources: readonly Pick<Source, 'id' | 'title' | 'stateSince'>[];
  /** Oldest first. */
  readonly waitingOrganisations: readonly { readonly id: string; readonly name: string; readonly since: Date }[];
  /** Courses that may be one, waiting for a reviewer. */
  readonly proposals: { readonly total: number; readonly since: Date | null };
  readonly jobs: readonly JobTrouble[];
  /** Of the last days, oldest first. */
  readonly mails: readonly UndeliveredMail[];
  /** Receipts whose check differed, of the last days, oldest first. */
  readonly gaps: readonly { readonly number: number; readonly at: Date }[];
  readonly lastSuccess: Date | null;
  /** YYYY-MM-DD of the oldest register of certifications in force; null before any import. */
  readonly registerDate: string | null;
}

/** What happened and cannot be undone is shown for so long. */
export const newsDays = 7;

/** Whether somebody has something to do. */
export function isQuiet(watch: Watch): boolean {
  const { situations, waitingSources, waitingOrganisations, proposals, jobs, mails, gaps } = watch;
  const calm = situations.every(
    ({ held, failing, missedAt, resting, sunset, quarantine }) =>
      (held ?? failing ?? missedAt ?? resting ?? sunset ?? quarantine) === null,
  );
  const lists = [waitingSources, waitingOrganisations, jobs, mails, gaps];
  return calm && proposals.total === 0 && lists.every((list) => list.length === 0);
}
