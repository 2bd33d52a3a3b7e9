import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Every night: whether the links of courses to their schools still answer. Nothing is withdrawn by it. */
export default {
  name: 'links',
  title: 'Vérifier les liens vers les organismes',
  schedule: '20 1 * * *',
  maxMinutes: 180,
  async run({ linkCheck }, signal) {
    return { ...(await linkCheck.check(signal)) };
  },
} satisfies Job<Pick<UseCases, 'linkCheck'>>;
