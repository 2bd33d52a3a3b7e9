import type { PersonalData } from '../src/accounts/use-cases/personal-data.ts';
import type { Retention } from '../src/accounts/use-cases/retention.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Every night: what is past its time goes, and an erasure that a stop has cut short is finished. */
export default {
  name: 'retention',
  title: 'Effacer ce qui a dépassé sa durée de conservation',
  schedule: '40 3 * * *',
  maxMinutes: 30,
  async run({ retention, personalData }, signal) {
    const finished = await personalData.finishErasures();
    const results = await retention.enforce({ dryRun: false, signal });
    return { 'interrupted-erasures': finished, ...Object.fromEntries(results.map(({ what, count }) => [what, count])) };
  },
} satisfies Job<{ readonly retention: Retention; readonly personalData: Pick<PersonalData, 'finishErasures'> }>;
