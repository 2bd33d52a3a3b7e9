import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/**
 * What the training account says of courses follows the day, the register, the rules and the proofs. The server does it within
 * seconds of a change; this is its net, for courses written since and for what a killed process left, mostly nothing.
 */
export default {
  name: 'assessing',
  title: 'Recalculer ce que le CPF peut payer',
  schedule: '*/5 * * * *',
  maxMinutes: 60,
  async run({ reassessing }, signal) {
    const report = await reassessing.reassess({ signal });
    if (report === null) return { elsewhere: true };
    const { scope, assessed, changed, answers, seconds } = report;
    return { scope, assessed, changed, ...answers, seconds };
  },
} satisfies Job<UseCases>;
