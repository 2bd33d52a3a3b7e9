/** Gathers what needs a hand now: one look, for the page and for the mail of the night. */
import type { Harvest } from '../../harvest/use-cases.ts';
import type { SourceStore } from '../../providers/store.ts';
import { jobTroubleOf, newsDays, runsLookedAt, situationOf, type UndeliveredMail, type Watch } from '../model.ts';

export interface WatchDependencies {
  readonly sources: Pick<SourceStore, 'list'>;
  readonly harvest: Pick<Harvest, 'runsOf' | 'lastComplete'>;
  /** How the jobs stand, whoever schedules them. */
  readonly jobs: () => Promise<readonly Parameters<typeof jobTroubleOf>[0][]>;
  /** Funders that wait for an operator, the longest waiting first. */
  readonly waitingOrganisations: () => Promise<Watch['waitingOrganisations']>;
  /** Courses that may be one, waiting for a reviewer. */
  readonly proposals: () => Promise<Watch['proposals']>;
  /** Newest first. */
  readonly undelivered: () => Promise<readonly UndeliveredMail[]>;
  /** Newest first. */
  readonly gaps: () => Promise<Watch['gaps']>;
  readonly registerDate: () => Promise<string | null>;
  readonly now: () => Date;
}

/** A mail is tried again for some minutes before it is news. */
const patienceMs = 3_600_000;
const dayMs = 86_400_000;

export function makeWatch(dependencies: WatchDependencies): () => Promise<Watch> {
  const { sources, harvest, now } = dependencies;
  return async () => {
    const at = now();
    const isRecent = (date: Date) => at.getTime() - date.getTime() < newsDays * dayMs;
    const [all, jobs, waitingOrganisations, proposals, mails, gaps, lastSuccess, registerDate] = await Promise.all([
      sources.list(),
      dependencies.jobs(),
      dependencies.waitingOrganisations(),
      dependencies.proposals(),
      dependencies.undelivered(),
      dependencies.gaps(),
      harvest.lastComplete(),
      dependencies.registerDate(),
    ]);
    const living = all.filter(({ state }) => state === 'active' || state === 'paused');
    const situations = await Promise.all(
      living.map(async (source) => situationOf(source, await harvest.runsOf(source.id, runsLookedAt), at)),
    );
    const isNews = ({ state, since, endedAt }: UndeliveredMail) =>
      state === 'failed' ? isRecent(endedAt ?? since) : at.getTime() - since.getTime() > patienceMs;
    return {
      at,
      situations,
      waitingSources: all
        .filter(({ state }) => state === 'submitted')
        .sort((a, b) => a.stateSince.getTime() - b.stateSince.getTime()),
      waitingOrganisations,
      proposals,
      jobs: jobs.flatMap((job) => jobTroubleOf(job, at) ?? []),
      mails: mails.filter(isNews).reverse(),
      gaps: gaps.filter((gap) => isRecent(gap.at)).reverse(),
      lastSuccess,
      registerDate,
    };
  };
}
