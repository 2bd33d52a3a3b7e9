/** What the pages of corrections in place show. */

import type { CourseField } from '../../catalogue/model/corrections.ts';
import type { CpfSummary } from '../../catalogue/model/cpf.ts';
import type { CourseEvent } from '../../catalogue/model/history.ts';
import type { Course } from '../../catalogue/model.ts';
import type { Patch, SourceValue } from '../../harvest/model/patch.ts';
import type { Source } from '../model.ts';
import type { Reader, ReportProblem } from './report.ts';

/** A record, wherever it is named. */
export interface RecordRef {
  readonly sourceId: string;
  readonly remoteId: string;
}

/** One word of an address: the identifiers of partners hold slashes, spaces and anything else. */
export function recordKey({ sourceId, remoteId }: RecordRef): string {
  return `${sourceId}.${Buffer.from(remoteId, 'utf8').toString('base64url')}`;
}

/** null for what `recordKey` never wrote. */
export function readRecordKey(key: string): RecordRef | null {
  const at = key.lastIndexOf('.');
  if (at < 1) return null;
  const ref = { sourceId: key.slice(0, at), remoteId: Buffer.from(key.slice(at + 1), 'base64url').toString('utf8') };
  return ref.remoteId !== '' && recordKey(ref) === key ? ref : null;
}

export interface PlacedProblem extends ReportProblem {
  /** The field of the form that corrects it; null when none does. */
  readonly corrects: CourseField | null;
}

export interface CorrectedRecord {
  readonly reader: Reader;
  readonly source: Source;
  readonly remoteId: string;
  /** '' when none can be read. */
  readonly title: string;
  readonly raw: string | null;
  /** When the source gave it last. */
  readonly at: Date | null;
  /** On display, or once on display. */
  readonly course: Course | null;
  /** What the account says of it today; null without course on display. */
  readonly today: { readonly cpf: CpfSummary; readonly advice: string | null } | null;
  readonly problems: readonly PlacedProblem[];
  readonly left: readonly PlacedProblem[];
  readonly fields: readonly { readonly field: CourseField; readonly source: SourceValue; readonly shown: string }[];
  readonly patches: readonly Patch[];
  /** Of the course, newest first. */
  readonly events: readonly CourseEvent[];
  /** The next run of the source; null when none is planned. */
  readonly nextRun: Date | null;
  /** May ask for a run now. */
  readonly mayRun: boolean;
}

/** What a correction would give, at once. */
export interface Forecast {
  readonly result: 'valid' | 'out-of-scope';
  readonly reason: string | null;
  readonly course: Pick<Course, 'draft' | 'alignment' | 'corrections'> | null;
  readonly cpf: CpfSummary | null;
  readonly advice: string | null;
  /** The account pays it today, as it is published. */
  readonly fundedBefore: boolean;
}

export interface PatchList {
  readonly reader: Reader;
  readonly source: Source;
  readonly patches: readonly Patch[];
  readonly total: number;
  readonly live: number;
  readonly next: string | null;
}
