/** Pairs of courses that may be, are, or are not one course; and what pages show of them. */
import type { Course, CourseId } from '../model.ts';
import type { Evidence, MergeBasis } from './duplicates.ts';

export type PairState = 'proposed' | 'merged' | 'refused';

export interface PairDecision {
  /** Who precisely is in the audit trail alone, where an erased account leaves no name. */
  readonly by: 'person' | 'platform';
  readonly at: Date;
  readonly reason: string;
}

export interface Pair {
  /** `pairIdOf`. */
  readonly id: string;
  readonly courses: readonly [CourseId, CourseId];
  readonly state: PairState;
  /** Why they are merged; null while they are not. */
  readonly basis: MergeBasis | null;
  readonly score: number;
  readonly evidence: Evidence;
  readonly foundAt: Date;
  /** « Je ne sais pas »: it waits behind the others. */
  readonly unsureAt: Date | null;
  readonly decision: PairDecision | null;
}

export interface PairPage {
  readonly total: number;
  readonly pairs: readonly Pair[];
}

export interface ShownPair {
  readonly pair: Pair;
  /** Both courses; one that was erased is absent. */
  readonly courses: readonly Course[];
}

export interface ShownPairs extends Omit<PairPage, 'pairs'> {
  readonly page: number;
  readonly more: boolean;
  readonly pairs: readonly ShownPair[];
}
