/**
 * One identifier of a source that names a wholly different course now. The old course stays as it is until a person says which
 * of the two it is; the answer holds for that course alone, and the next run acts on it.
 */
import type { CourseId } from '../../catalogue/model.ts';

/** same: its source changed everything about one course; new: the old course is gone, another one has its identifier. */
export const reuseChoices = ['same', 'new'] as const;
export type ReuseChoice = (typeof reuseChoices)[number];

export interface ReuseDecision {
  readonly choice: ReuseChoice;
  readonly by: 'provider' | 'operator';
  readonly at: Date;
  readonly reason: string;
}

export interface Reuse {
  /** The course on display under this identifier. */
  readonly courseId: CourseId;
  /** What the source gives now. */
  readonly title: string;
  readonly url: string;
  readonly certifications: readonly string[];
  /** `claimOf` that: another title or address is another question. */
  readonly claim: string;
  readonly decision: ReuseDecision | null;
}
