/** The report of a harvest run. */
import type { CourseState } from '../../catalogue/model.ts';
import type { Concerned } from '../../harvest/model/concerned.ts';
import type { HarvestRun } from '../../harvest/model.ts';
import type { Source } from '../model.ts';

/** As it was kept: the value cut short, as text. */
export interface ReportProblem {
  readonly code: string;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** Whose page it is: the bar, and what may be done. */
export type Reader = 'operator' | 'organisation';

/** A record of the source, and what this run made of it. */
export interface ReportLine {
  readonly remoteId: string;
  /** Of the course on display; null when none ever was. */
  readonly title: string | null;
  readonly state:
    | 'quarantined'
    | 'out-of-scope'
    | 'created'
    | 'updated'
    | 'unchanged'
    | 'restored'
    | 'missing'
    | 'withdrawn';
  /** Of the course, as visitors see it now; null without course. */
  readonly shown: CourseState | null;
  readonly since: Date | null;
  readonly problems: readonly ReportProblem[];
  readonly warnings: readonly ReportProblem[];
  /** Why it is out of scope. */
  readonly reason: string | null;
  /** Page of the course here. */
  readonly slug: string | null;
  /** Page of the course at the school's. */
  readonly url: string | null;
}

/** A course that a held run would take away, as it is listed. */
export interface ConcernedCourse extends Concerned {
  readonly title: string;
  readonly slug: string;
}

export interface RunReport {
  readonly reader: Reader;
  readonly run: HarvestRun;
  readonly source: Source | null;
  /** Queued runs before it. */
  readonly ahead: number;
  readonly nextRun: Date | null;
  /** Those of the source before it, newest first, itself included. */
  readonly earlier: readonly HarvestRun[];
  /** The last run that met the records of the source: only that one has lines. */
  readonly isLatest: boolean;
  readonly lines: readonly ReportLine[];
  /** Courses of the source that share one card with those of other sources, today. */
  readonly merged: number;
  /** Identifier after which the next page of lines starts; null on the last page. */
  readonly next: string | null;
  /** For a held run, at most `concernedShown`. */
  readonly concerned: readonly ConcernedCourse[];
  /** Whether a decision can still be taken. */
  readonly decidable: boolean;
  /** Whether a run can be asked for now, and stopped. */
  readonly mayRun: boolean;
  readonly mayStop: boolean;
}

export interface RunList {
  readonly runs: readonly HarvestRun[];
  readonly next: string | null;
}
