import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** A price of 0 counts for 30 days after it was read: past that the course is no longer called free. */
export default {
  name: 'freshness',
  title: 'Revoir les prix lus il y a plus de 30 jours',
  schedule: '5 0 * * *',
  maxMinutes: 30,
  async run(useCases) {
    const changed = await useCases.courses.refreshAccess(new Date());
    const { written } = await useCases.pathways.rebuild();
    return { courses: changed, pathways: written };
  },
} satisfies Job<UseCases>;
