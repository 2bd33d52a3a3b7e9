/** What the pages of courses that two sources give show. */
import type { Course } from '../../catalogue/model.ts';
import type { Claim } from '../../harvest/model/claim.ts';
import type { RecordRef } from './correcting.ts';
import type { NextReading } from './schedule.ts';

export interface Conflict extends RecordRef {
  readonly claim: Claim;
  /** Of the first source; null when it was erased meanwhile. */
  readonly course: Course | null;
  /** Titles of both sources. */
  readonly first: string;
  readonly second: string;
}

export interface ConflictPage extends Conflict {
  /** Of the second source; null when it was erased meanwhile. */
  readonly next: NextReading | null;
}

export interface ConflictList {
  readonly total: number;
  readonly page: number;
  readonly more: boolean;
  readonly conflicts: readonly Conflict[];
}
