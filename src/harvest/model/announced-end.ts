/** Until when a source says that it answers as it does, from its runs. */
import { completeStatuses, type HarvestRun } from '../model.ts';

/** Of the last reading that had an answer: « not modified » repeats no header. @param runs newest first */
export function announcedEnd(
  runs: readonly Pick<HarvestRun, 'status' | 'notModified' | 'sunset' | 'queuedAt'>[],
): { readonly end: Date; readonly toldAt: Date } | null {
  const last = runs.find(
    ({ status, notModified, sunset }) =>
      sunset !== null || (!notModified && (completeStatuses.includes(status) || status === 'held')),
  );
  if (last === undefined || last.sunset === null) return null;
  return { end: last.sunset, toldAt: last.queuedAt };
}
