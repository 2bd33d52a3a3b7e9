import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Pathways follow the catalogue by the hour, also when a source was harvested by hand. */
export default {
  name: 'pathways',
  title: 'Recalculer les parcours',
  schedule: '40 * * * *',
  maxMinutes: 15,
  async run(useCases) {
    const { living, written, retired, uncovered } = await useCases.pathways.rebuild();
    return { living, written, retired: retired.length, uncovered: uncovered.length };
  },
} satisfies Job<UseCases>;
