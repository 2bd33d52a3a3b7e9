/** What the pages of reused identifiers show. */
import type { Course } from '../../catalogue/model.ts';
import type { Reuse } from '../../harvest/model/reuse.ts';
import type { Source } from '../model.ts';
import type { Reader } from './report.ts';
import type { NextReading } from './schedule.ts';

/** A record whose identifier names another course now. */
export interface ReusedRecord {
  readonly reader: Reader;
  readonly source: Source;
  readonly remoteId: string;
  readonly reuse: Reuse;
  /** On display under this identifier; null when it was erased meanwhile. */
  readonly course: Course | null;
  readonly next: NextReading;
}

export interface ReusedList {
  readonly total: number;
  readonly page: number;
  readonly more: boolean;
  readonly records: readonly Omit<ReusedRecord, 'reader' | 'source' | 'next'>[];
  /** Titles by id of the source. */
  readonly sources: ReadonlyMap<string, string>;
  readonly sourceIds: readonly string[];
}
