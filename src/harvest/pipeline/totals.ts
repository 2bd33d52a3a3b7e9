/** What a run did to its source, counted on what the database holds once the run, or the decision about it, is over. */
import type { CourseWriter, Presence } from '../../catalogue/store/writing.ts';
import { type Counters, everyRecordCountedOnce, presenceAddsUp } from '../model.ts';

/** Every record that is not withdrawn. */
export function sum(presence: Presence): number {
  return presence.pending + presence.published + presence.missing;
}

export interface Counted {
  readonly sourceId: string;
  readonly runId: string;
  /** Those of the records received; absences and withdrawals are counted here. */
  readonly counters: Counters;
  readonly presentBefore: number;
  readonly since: Date;
}

export interface Totals {
  readonly counters: Counters;
  readonly presentBefore: number;
  readonly presentAfter: number;
  /** Both equations hold (docs/glossary.md). */
  readonly adds: boolean;
}

export async function totalsOf(courses: CourseWriter, counted: Counted): Promise<Totals> {
  const { sourceId, runId, since } = counted;
  const counters = { ...counted.counters, ...(await courses.retiredBy(sourceId, runId)) };
  const presentAfter = sum(await courses.presence(sourceId));
  let { presentBefore } = counted;
  if (!presenceAddsUp(counters, presentBefore, presentAfter)) {
    // Courses that were there under two identifiers are one each.
    presentBefore -= await courses.rejoinedBy(sourceId, runId);
    // Somebody withdrew a course meanwhile: it is not of the run's doing.
    presentBefore -= await courses.withdrawnByOthers(sourceId, runId, since);
  }
  const adds = everyRecordCountedOnce(counters) && presenceAddsUp(counters, presentBefore, presentAfter);
  return { counters, presentBefore, presentAfter, adds };
}
