/**
 * The rename stage, before the guards: records that a complete listing gives under new identifiers are neither lost nor new.
 * Run again after a crash, it carries on what was begun.
 */
import type { CourseId } from '../../catalogue/model.ts';
import type { WriteContext } from '../../catalogue/store/document.ts';
import type { Renaming } from '../../catalogue/store/renaming.ts';
import type { End } from '../connector.ts';
import type { PatchStore } from '../store/patches.ts';
import type { RunStore } from '../store/runs.ts';
import type { SourcePatches } from './patches.ts';
import { lostTo, type RetireStage } from './retire.ts';

export interface RenameStage extends RetireStage {
  readonly context: WriteContext;
  readonly attempt: number;
  /** Corrections of the source, by the identifier of their record. */
  readonly known: SourcePatches;
  readonly patches: Pick<PatchStore, 'follow'>;
  readonly runs: Pick<RunStore, 'bySource'>;
}

/** How many courses the run renamed, an attempt that died before included. */
export interface Renamed {
  /** Their new record was counted as created by this run. */
  readonly renamed: number;
  /** Their new record is of a run before, which could not tell. */
  readonly rejoined: number;
}

export async function rename(stage: RenameStage, end: End<unknown>): Promise<Renamed> {
  const { courses, sourceId, runId, attempt, context, known } = stage;
  let mayBe = attempt > 1;
  for await (const lost of lostTo(stage, end)) {
    const absent = lost.map(({ id }) => id);
    const found = await sureOnes(stage, await courses.renamedAmong(sourceId, runId, absent));
    const corrected = found.filter(({ course }) => known.has(course.remoteId)).map(({ course }) => course.id);
    await courses.intendRenaming(context, found, new Set(corrected));
    if (found.length === 0) continue;
    mayBe = true;
    await finishRenames(stage);
  }
  if (!mayBe) return { renamed: 0, rejoined: 0 };
  let renamed = 0;
  for await (const ids of courses.renamedIn(sourceId, runId)) renamed += ids.length;
  return { renamed, rejoined: await courses.rejoinedBy(sourceId, runId) };
}

/** Runs looked back at for the one that made a new record. */
const runsBack = 100;

/**
 * A new record of a run before stands for a course that is gone only when this listing holds it, and when the other one was
 * not met any more since that run began: two that were given together are two.
 */
async function sureOnes({ records, runs, sourceId, runId }: RenameStage, found: Renaming[]): Promise<Renaming[]> {
  const earlier = found.filter(({ since }) => since !== null);
  if (earlier.length === 0) return found;
  const ids = earlier.flatMap(({ course, fresh }) => [course.remoteId, fresh.remoteId]);
  const marks = await records.marks(sourceId, ids);
  const starts = (await runs.bySource(sourceId, runsBack)).flatMap(({ startedAt }) => startedAt ?? []);
  return found.filter(({ course, fresh, since }) => {
    if (since === null) return true;
    const began = starts.find((start) => start <= since);
    const seenAt = marks.get(course.remoteId)?.seenAt;
    if (began === undefined || seenAt === undefined || marks.get(fresh.remoteId)?.run.id !== runId) return false;
    // A replay dates a mark by the content that it judged: the course knows better when it was read last.
    return seenAt < began && course.harvestedAt < began;
  });
}

/**
 * New courses that may be known ones under a new identifier, as long as only a part of the listing was read: published now, they
 * would have two addresses. Those whose other one was met too are two.
 */
export async function perhapsRenamed(
  { courses, records, sourceId, runId }: Pick<RenameStage, 'courses' | 'records' | 'sourceId' | 'runId'>,
  isReplay: boolean,
): Promise<ReadonlySet<CourseId>> {
  const twins = await courses.waitingTwins(sourceId);
  if (twins.length === 0 || isReplay) return new Set(twins.map(({ waiting }) => waiting.id));
  const ids = twins.flatMap(({ waiting, shown }) => [waiting.remoteId, shown.remoteId]);
  const marks = await records.marks(sourceId, ids);
  const isMet = ({ remoteId }: { readonly remoteId: string }) => marks.get(remoteId)?.run.id === runId;
  return new Set(
    twins.filter(({ waiting, shown }) => !(isMet(waiting) && isMet(shown))).map(({ waiting }) => waiting.id),
  );
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
