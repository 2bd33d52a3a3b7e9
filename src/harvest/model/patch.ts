/**
 * A correction in place (N9): one field of one record, corrected by a person, kept apart from the course and laid over what
 * the source gives at every run. Values are texts, as a form shows them, so that two are the same when they read the same.
 */
import type { CourseField } from '../../catalogue/model/corrections.ts';

/** What a source says of a field. */
export interface SourceValue {
  /** As the form would show it; as received, cut short, when it cannot be read. */
  readonly text: string;
  /** False: the record is refused for it. */
  readonly readable: boolean;
}

/** Who corrects, as a function; the person is in the audit trail. */
export type PatchAuthor = 'provider' | 'operator';

/** withdrawn: taken back; caught-up: the source says the same now; source-taken: its third value was preferred. */
export type PatchEnding = 'withdrawn' | 'caught-up' | 'source-taken';

/** One correction, as it was written. */
export interface Correction {
  /** What the source said then, or when the correction was confirmed against another value of it. */
  readonly source: SourceValue;
  readonly value: string;
  readonly by: PatchAuthor;
  readonly at: Date;
  /** Written by the person. */
  readonly why: string;
}

export interface Ended {
  readonly how: PatchEnding | 'replaced';
  readonly by: PatchAuthor;
  readonly at: Date;
}

export interface Patch extends Correction {
  readonly sourceId: string;
  readonly remoteId: string;
  readonly field: CourseField;
  /** Grows with each act of a person. */
  readonly version: number;
  /** Grows with each change, those by a run too: an act names the one it was decided on. */
  readonly revision: number;
  /** What the source said last, and when that was read. */
  readonly seen: { readonly value: SourceValue; readonly at: Date };
  /** The first run that published it; null before. */
  readonly appliedAt: Date | null;
  /** Null while it is live. */
  readonly ended: (Ended & { readonly how: PatchEnding }) | null;
  /** The run that put the value of the source back. */
  readonly undoneAt: Date | null;
  /** Earlier corrections of the same field, oldest first. */
  readonly past: readonly (Correction & { readonly ended: Ended })[];
}

export type PatchState =
  /** Written; no run has published it yet. */
  | 'waiting'
  | 'applied'
  /** The source sends the corrected value: the patch is of no use any more. */
  | 'caught-up'
  /** The source sends a third value: the owner chooses; until then the correction stays. */
  | 'asks'
  /** Taken back, and the next run gives the value of the source again. */
  | 'undoing'
  | 'undone';

export function sameValue(one: SourceValue, other: SourceValue): boolean {
  return one.text === other.text && one.readable === other.readable;
}

export function patchState(patch: Patch): PatchState {
  if (patch.ended !== null) return patch.undoneAt === null ? 'undoing' : 'undone';
  if (patch.seen.value.readable && patch.seen.value.text === patch.value) return 'caught-up';
  if (!sameValue(patch.seen.value, patch.source)) return 'asks';
  return patch.appliedAt === null ? 'waiting' : 'applied';
}

/** So many live corrections of one source: past that, its catalogue is what must be corrected. */
export const mostPatches = 2_000;
