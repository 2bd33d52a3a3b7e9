/** A course that a held run would take away. */
import type { CourseState } from '../../catalogue/model.ts';

export interface Concerned {
  readonly courseId: string;
  readonly remoteId: string;
  readonly state: CourseState;
  /** absent: not in the listing; declared: the source says that it is gone. */
  readonly why: 'absent' | 'declared';
}
