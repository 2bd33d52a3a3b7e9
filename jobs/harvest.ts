import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';
import { harvestTime } from '../src/providers/model/schedule.ts';

/** Harvests the sources that are due by their rhythm, takes over runs whose process died, and rebuilds the pathways. */
export default {
  name: 'harvest',
  title: 'Collecter les sources arrivées à échéance',
  schedule: `${harvestTime.minute} ${harvestTime.hour} * * *`,
  maxMinutes: 600,
  async run(useCases, signal) {
    const reclaimed = await useCases.harvest.reclaimDead();
    const due = await useCases.dueSources();
    const runs = await useCases.collect(
      due.map(({ id }) => id),
      'schedule',
      { signal },
    );
    const statuses: Record<string, number> = {};
    for (const { status } of runs) statuses[status] = (statuses[status] ?? 0) + 1;
    return { reclaimed: reclaimed.length, harvested: runs.length, statuses };
  },
} satisfies Job<UseCases>;
