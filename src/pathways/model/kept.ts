/** What a person keeps for later: a course or a pathway. */

export const keptKinds = ['course', 'pathway'] as const;
export type KeptKind = (typeof keptKinds)[number];

export interface Kept {
  readonly kind: KeptKind;
  /** Id of the course, or slug of the pathway. */
  readonly target: string;
  /** As it was when it was kept: what is erased since still has a name. */
  readonly title: string;
  readonly at: Date;
}

/** An account keeps at most this many. */
export const mostKept = 200;
