import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** What the end of a run is followed by, for those whose process died before: mails, and courses of a source closed meanwhile. */
export default {
  name: 'sources',
  title: 'Prévenir les organismes de leurs collectes, retirer les cours des sources fermées',
  schedule: '*/10 * * * *',
  maxMinutes: 9,
  async run({ sourceNotices }, signal) {
    return { ...(await sourceNotices.catchUp(signal)) };
  },
} satisfies Job<Pick<UseCases, 'sourceNotices'>>;
