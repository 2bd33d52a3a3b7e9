/** What an operator may ask of the platform as a whole: what needs a hand, its jobs, its mails that did not leave. */
import { AppError } from '../errors.ts';
import type { Audit } from '../platform/audit.ts';
import type { JobState, Scheduler } from '../platform/schedule.ts';
import { type Actor, requireRight } from '../rights.ts';
import type { UndeliveredMail, Watch } from './model.ts';

export interface OperationsDependencies {
  readonly watch: () => Promise<Watch>;
  readonly scheduler: Pick<Scheduler, 'status' | 'history' | 'launch'>;
  readonly undelivered: () => Promise<readonly UndeliveredMail[]>;
  readonly audit: Pick<Audit, 'record'>;
}

export type Operations = ReturnType<typeof makeOperations>;

/** Runs of a job on its page. */
const shownRuns = 30;

export function makeOperations({ watch, scheduler, undelivered, audit }: OperationsDependencies) {
  return {
    async dashboard(actor: Actor): Promise<{ readonly watch: Watch; readonly jobs: readonly JobState[] }> {
      requireRight(actor, 'site:watch');
      const [found, jobs] = await Promise.all([watch(), scheduler.status()]);
      return { watch: found, jobs };
    },

    async jobs(actor: Actor): Promise<readonly JobState[]> {
      requireRight(actor, 'jobs:run');
      return scheduler.status();
    },

    /** @throws AppError `not-found` */
    async job(actor: Actor, name: string) {
      requireRight(actor, 'jobs:run');
      const job = (await scheduler.status()).find((one) => one.name === name);
      if (job === undefined) throw new AppError('not-found', 'TRAVAIL_INCONNU', "Cette page n'existe pas.");
      return { job, runs: await scheduler.history(name, shownRuns) };
    },

    /** @returns `taken` when it goes on already, here or in another process. @throws AppError `not-found` */
    async launch(actor: Actor, name: string): Promise<'begun' | 'taken'> {
      requireRight(actor, 'jobs:run');
      const outcome = await scheduler.launch(name);
      if (outcome === 'begun') await audit.record({ actor: actor.accountId, act: 'job.run', target: name });
      return outcome;
    },

    /** Newest first. */
    async mails(actor: Actor): Promise<readonly UndeliveredMail[]> {
      requireRight(actor, 'site:watch');
      return undelivered();
    },
  };
}
