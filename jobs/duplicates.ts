import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Every night, all courses compared with those of other sources: the sure ones become offers of one, the others wait for a person. */
export default {
  name: 'duplicates',
  title: 'Rechercher les doublons entre sources',
  schedule: '50 2 * * *',
  maxMinutes: 30,
  async run({ duplicates, pathways }, signal) {
    const { compared, merged, proposed, notQueued, leftAlone } = await duplicates.find({ dryRun: false, signal });
    if (merged.length > 0) await pathways.rebuild();
    return { compared, merged: merged.length, proposed: proposed.length, notQueued, leftAlone };
  },
} satisfies Job<Pick<UseCases, 'duplicates' | 'pathways'>>;
