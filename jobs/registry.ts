import type { UseCases } from '../src/app.ts';
import { AppError } from '../src/errors.ts';
import type { Job } from '../src/platform/schedule.ts';

/** Every night: the newest exports of the registers of certifications. Off unless this is production, or it is asked. */
export default {
  name: 'registry',
  title: 'Importer le registre des certifications',
  schedule: '20 4 * * *',
  maxMinutes: 60,
  async run({ registry, registryNightly }, signal) {
    if (!registryNightly) return { off: true };
    const results = await registry.importLatest({ signal });
    const failed = results.flatMap((result) =>
      result.outcome === 'failed' ? [`${result.title} : ${result.message}`] : [],
    );
    // What stays in force is the former register: the failure must be seen.
    if (failed.length > 0) throw new AppError('unavailable', 'E_REGISTRE', failed.join(' '));
    return Object.fromEntries(results.map(({ register, outcome, date }) => [register, `${outcome} ${date}`]));
  },
} satisfies Job<Pick<UseCases, 'registry' | 'registryNightly'>>;
