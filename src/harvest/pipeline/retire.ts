/**
 * The retire stage: what a complete listing no longer holds, and what it declares deleted. Losses are counted first, and the
 * guard decides before a course is touched. Run again after a crash, it goes on with what is left.
 */
import type { CourseStanding } from '../../catalogue/store/document.ts';
import type { CourseWriter } from '../../catalogue/store/writing.ts';
import type { End } from '../connector.ts';
import type { RecordStore } from '../store/records.ts';
import type { Baseline } from '../store/runs.ts';

export interface RetireStage {
  readonly courses: CourseWriter;
  readonly records: RecordStore;
  readonly sourceId: string;
  readonly runId: string;
  /** False when the source surely declared no deletion in this run: its marks need not be looked through for one. */
  readonly mayHoldDeletions: boolean;
  /** An absence older than this is withdrawn. */
  readonly overdue: Date;
  readonly now: Date;
}

export interface Guards {
  /** Between 0 and 1: more than this share of the shown courses lost holds the run. */
  readonly lossShare: number;
  /** New courses that make the source more than this many times larger wait. */
  readonly gainFactor: number;
  /** Smaller sources may grow freely. */
  readonly gainFloor: number;
}

/** Absent courses are looked for only where absence means something. */
export function provesAbsence(end: End<unknown>): boolean {
  return end.covers === 'full' && end.deletions === 'by-absence';
}

export interface Losses {
  /** Courses that this listing takes from visitors, those already absent left out. */
  readonly courses: number;
  /** All records that it no longer holds, those without a course too: with none, nothing is left to retire. */
  readonly records: number;
}

export async function countLosses(stage: RetireStage, end: End<unknown>): Promise<Losses> {
  let courses = 0;
  let records = 0;
  const add = (ids: readonly string[], lost: readonly CourseStanding[]) => {
    records += ids.length;
    courses += lost.filter((course) => course.state === 'published').length;
  };
  if (provesAbsence(end)) for await (const { ids, absent } of absentees(stage)) add(ids, absent);
  for await (const { ids, present } of declared(stage)) add(ids, present);
  return { courses, records };
}

export function isMassLoss(losses: number, baseline: Baseline, guards: Guards): boolean {
  return losses > baseline.shown * guards.lossShare;
}

/** `waiting`: all new courses that would be published now. */
export function isMassGain(waiting: number, before: number, guards: Guards): boolean {
  return before >= guards.gainFloor && before + waiting > before * guards.gainFactor;
}

export async function retire(stage: RetireStage, end: End<unknown>): Promise<void> {
  const { courses, records, sourceId, runId, now, overdue } = stage;
  if (provesAbsence(end)) {
    for await (const { ids, absent } of absentees(stage)) {
      const due = absent.filter((course) => course.missingSince !== null && course.missingSince <= overdue);
      const recent = absent.filter((course) => course.missingSince === null);
      await courses.markMissing(idsOf(recent), now, runId);
      await courses.withdraw(idsOf(due), { at: now, reason: 'absent', detail: null }, runId);
      const kept = new Set(absent.filter((course) => !due.includes(course)).map((course) => course.remoteId));
      await records.markGone(
        sourceId,
        ids.filter((remoteId) => !kept.has(remoteId)),
      );
    }
  }
  for await (const { ids, present } of declared(stage)) {
    await courses.withdraw(idsOf(present), { at: now, reason: 'retire_source', detail: null }, runId);
    await records.markGone(sourceId, ids);
  }
}

/** Courses that this listing takes away, absent or declared deleted, in chunks. */
export async function* lostTo(stage: RetireStage, end: End<unknown>): AsyncGenerator<readonly CourseStanding[]> {
  if (provesAbsence(end)) for await (const { absent } of absentees(stage)) yield absent;
  for await (const { present } of declared(stage)) yield present;
}

function idsOf(courses: readonly CourseStanding[]): string[] {
  return courses.map((course) => course.id);
}

async function* absentees({ courses, records, sourceId, runId }: RetireStage) {
  for await (const ids of records.notMet(sourceId, runId)) yield { ids, absent: await courses.present(sourceId, ids) };
}

async function* declared({ courses, records, sourceId, runId, mayHoldDeletions }: RetireStage) {
  if (!mayHoldDeletions) return;
  for await (const ids of records.removed(sourceId, runId))
    yield { ids, present: await courses.present(sourceId, ids) };
}
