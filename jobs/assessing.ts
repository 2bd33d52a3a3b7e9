import type { UseCases } from '../src/app.ts';
import type { Job } from '../src/platform/schedule.ts';

/**
 * What the training account says of courses follows the day, the register, the rules and the proofs. Every five minutes it
 * is looked whether one of them is another; when none is, only courses written since are assessed, mostly none.
 */
export default {
  name: 'assessing',
  title: 'Recalculer ce que le CPF peut payer',
  schedule: '*/5 * * * *',
  maxMinutes: 60,
  async run({ assessing, pathways }, signal) {
    const { scope, assessed, changed, answers, seconds } = await assessing.refresh({ signal });
    if (changed > 0) await pathways.rebuild();
    return { scope, assessed, changed, ...answers, seconds };
  },
} satisfies Job<UseCases>;
