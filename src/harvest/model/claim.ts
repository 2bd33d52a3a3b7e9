/**
 * A record that gives a course which another source publishes already, of the same school (P11): the first source keeps it
 * until somebody decides.
 */
import type { CourseId } from '../../catalogue/model.ts';

/** first: the first source keeps it alone; offer: both give it, as two offers of one course. */
export const claimChoices = ['first', 'offer'] as const;
export type ClaimChoice = (typeof claimChoices)[number];

export interface Claim {
  /** Of the first one. */
  readonly sourceId: string;
  readonly courseId: CourseId;
  /** Absent until somebody decides. It holds for that course alone. */
  readonly decision?: { readonly choice: ClaimChoice; readonly at: Date; readonly reason: string };
}
