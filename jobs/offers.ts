import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** A withdrawn course hands its card to an offer that lives; the end of a run did it already, unless its process died. */
export default {
  name: 'offers',
  title: 'Passer la carte des cours retirés à une offre encore ouverte',
  schedule: '*/10 * * * *',
  maxMinutes: 9,
  async run({ duplicates, pathways }) {
    const report = await duplicates.settle();
    if (report.handedOver + report.separated > 0) await pathways.rebuild();
    return { ...report };
  },
} satisfies Job<Pick<UseCases, 'duplicates' | 'pathways'>>;
