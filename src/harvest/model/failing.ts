/** Since when a source fails, from its runs. */
import type { HarvestRun } from '../model.ts';

/**
 * End of the oldest run of the unbroken series of failures that lasts until now; null while its last finished run was
 * heard. A held run was read: it breaks the series. @param runs newest first
 */
export function failingSince(runs: readonly Pick<HarvestRun, 'status' | 'endedAt'>[]): Date | null {
  let since: Date | null = null;
  for (const { status, endedAt } of runs) {
    if (status === 'failed' || status === 'incomplete') since = endedAt ?? since;
    else if (status === 'done' || status === 'done-with-rejections' || status === 'held') return since;
  }
  return since;
}
