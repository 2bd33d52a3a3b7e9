import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/** After the harvest of the night: one mail to each operator, also when there is nothing to do. */
export default {
  name: 'digest',
  title: 'Envoyer le bilan de la nuit aux exploitants',
  schedule: '30 7 * * *',
  maxMinutes: 10,
  async run({ digest }, signal) {
    return { ...(await digest.send(signal)) };
  },
} satisfies Job<Pick<UseCases, 'digest'>>;
