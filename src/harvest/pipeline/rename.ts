/**
 * The rename stage, before the guards: records that a complete listing gives under new identifiers are neither lost nor new.
 * Run again after a crash, it carries on what was begun.
 */
import type { WriteContext } from '../../catalogue/store/document.ts';
import type { End } from '../connector.ts';
import type { PatchStore } from '../store/patches.ts';
import type { SourcePatches } from './patches.ts';
import { lostTo, type RetireStage } from './retire.ts';

export interface RenameStage extends RetireStage {
  readonly context: WriteContext;
  readonly attempt: number;
  /** Corrections of the source, by the identifier of their record. */
  readonly known: SourcePatches;
  readonly patches: Pick<PatchStore, 'follow'>;
}

/** @returns how many courses this run renamed, an attempt that died before included */
export async function rename(stage: RenameStage, end: End<unknown>): Promise<number> {
  const { courses, sourceId, runId, attempt, context, known } = stage;
  let mayBe = attempt > 1;
  for await (const lost of lostTo(stage, end)) {
    const found = await courses.renamedAmong(
      sourceId,
      runId,
      lost.map(({ id }) => id),
    );
    const corrected = found.filter(({ course }) => known.has(course.remoteId)).map(({ course }) => course.id);
    await courses.intendRenaming(context, found, new Set(corrected));
    if (found.length === 0) continue;
    mayBe = true;
    await finishRenames(stage);
  }
  if (!mayBe) return 0;
  let renamed = 0;
  for await (const ids of courses.renamedIn(sourceId, runId)) renamed += ids.length;
  return renamed;
}

/** What was meant and not done, by this attempt or by one that died. Corrections follow their record first. */
export async function finishRenames({
  courses,
  sourceId,
  patches,
}: Pick<RenameStage, 'courses' | 'sourceId' | 'patches'>): Promise<void> {
  const intended = await courses.intendedRenamings(sourceId);
  if (intended.length === 0) return;
  await patches.follow(sourceId, intended);
  await courses.finishRenaming(sourceId, intended);
}
