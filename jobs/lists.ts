import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Every hour: a list that was checked a day ago goes, with its answers. */
export default {
  name: 'lists',
  title: 'Effacer les listes vérifiées il y a 24 heures',
  schedule: '25 * * * *',
  maxMinutes: 10,
  async run({ checkedLists }) {
    return { erased: await checkedLists.eraseExpired() };
  },
} satisfies Job<UseCases>;
