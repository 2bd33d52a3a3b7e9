import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Moves what courses announced into the journal, which `/changements` reads. */
export default {
  name: 'journal',
  title: 'Tenir le journal des changements',
  schedule: '* * * * *',
  maxMinutes: 30,
  async run({ history }) {
    return { events: await history.settle() };
  },
} satisfies Job<UseCases>;
