import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** An upload still going on after this was cut by a kill. */
const day = 86_400_000;

/** Every night: what is past its time goes, and an erasure that a stop has cut short is finished. */
export default {
  name: 'retention',
  title: 'Effacer ce qui a dépassé sa durée de conservation',
  schedule: '40 3 * * *',
  maxMinutes: 30,
  async run({ retention, personalData, files }, signal) {
    const uploads = await files.removeUnfinished(new Date(Date.now() - day));
    const finished = await personalData.finishErasures();
    const results = await retention.enforce({ dryRun: false, signal });
    return {
      'unfinished-uploads': uploads,
      'interrupted-erasures': finished,
      ...Object.fromEntries(results.map(({ what, count }) => [what, count])),
    };
  },
} satisfies Job<UseCases>;
