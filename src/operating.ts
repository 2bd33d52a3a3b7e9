/** The part of the composition root that looks at the whole platform: the operator's dashboard, the mail of the night. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import type { LinkStore } from './catalogue/store/links.ts';
import { type LinkCheck, makeLinkCheck } from './catalogue/use-cases/links.ts';
import type { Config } from './config.ts';
import { demoPages } from './demo/sources.ts';
import type { Register } from './framework/registry/model.ts';
import type { RunStore } from './harvest/store/runs.ts';
import type { Harvest } from './harvest/use-cases.ts';
import { discoverJobs } from './jobs.ts';
import { type Digest, makeDigest } from './operations/use-cases/digest.ts';
import { makeWatch, type WatchDependencies } from './operations/use-cases/watch.ts';
import { makeOperations, type Operations } from './operations/use-cases.ts';
import type { People } from './people.ts';
import { type GuardedHttpOptions, makeSourceHttp } from './platform/http.ts';
import { isMailText } from './platform/mail.ts';
import { makeRobots } from './platform/robots.ts';
import { jobStates, type Scheduler } from './platform/schedule.ts';
import { isoDay } from './platform/web/format.ts';
import type { SourceStore } from './providers/store.ts';
import { userAgentOf } from './user-agent.ts';

export interface OperatingParts {
  readonly connection: Connection;
  readonly sources: SourceStore;
  readonly harvest: Harvest;
  readonly runs: RunStore;
  readonly register: Register;
  readonly people: People;
  readonly proposals: WatchDependencies['proposals'];
  readonly now: () => Date;
}

/** Shown and counted at most: past it, the mail server is the matter. */
const mailsLookedAt = 200;
const organisationsLookedAt = 200;
const gapsLookedAt = 50;

export interface Operating {
  readonly digest: Digest;
  /** @param scheduler the one that runs the jobs of this process */
  operations(scheduler: Scheduler): Operations;
}

export function openOperating(parts: OperatingParts): Operating {
  const { connection, sources, harvest, runs, register, people, proposals, now } = parts;
  const undelivered = () => people.mail.undelivered(mailsLookedAt);
  const watch = makeWatch({
    sources,
    harvest,
    jobs: async () => jobStates({ jobs: await discoverJobs(), connection, now }),
    waitingOrganisations: () => people.waitingOrganisations(organisationsLookedAt),
    proposals,
    undelivered,
    gaps: () => people.receiptStore.incidents({ skip: 0, limit: gapsLookedAt }),
    registerDate: async () => (await register.state()).date,
    now,
  });
  return {
    digest: makeDigest({
      ...{ watch, runs, isMailText, dayOf: isoDay },
      operators: people.teams.operators,
      mail: people.mail,
      addressOf: people.addressOf,
    }),
    operations: (scheduler) => makeOperations({ watch, scheduler, undelivered, audit: people.audit }),
  };
}

/** Longer than a page of a slow school; never four tries, as for a feed: tomorrow is another night. */
const linkLimits = { timeoutMs: 15_000, seconds: 60, wireBytes: Number.MAX_SAFE_INTEGER };
const linkPauseSeconds = 1;
/** Less than the job may last: it ends by itself. */
const linkNightSeconds = 150 * 60;

/** The check of the links of courses (O17), as a job or a command runs it. */
export function openLinkCheck(parts: {
  readonly links: LinkStore;
  readonly config: Config;
  /** Of the demonstration server; null when it is off. */
  readonly demoOrigin: string | null;
  readonly now: () => Date;
}): LinkCheck {
  const { links, config, demoOrigin, now } = parts;
  const userAgent = userAgentOf(config);
  const wayOf = (signal: AbortSignal | undefined, more: Partial<GuardedHttpOptions>) => {
    const shared = { userAgent, tries: 1, limits: linkLimits, ...(signal === undefined ? {} : { signal }) };
    const http = makeSourceHttp({ ...shared, ...more });
    return { http, robots: makeRobots({ http, userAgent, clock: Date.now }) };
  };
  return makeLinkCheck({
    ...{ links, now, pauseSeconds: linkPauseSeconds, nightSeconds: linkNightSeconds, perNight: config.linksPerNight },
    sleep: (ms) => wait(ms),
    wayTo(signal) {
      const open = wayOf(signal, { minDelayMs: linkPauseSeconds * 1_000 });
      if (demoOrigin === null) return ({ url }) => ({ url, ...open });
      // The pause is owed to schools, not to our own demonstration server.
      const demo = wayOf(signal, { allowedOrigins: [demoOrigin], minDelayMs: 0 });
      const pageOf = demoPages(demoOrigin);
      return (link) => (link.demo ? { url: pageOf(link.url), ...demo } : { url: link.url, ...open });
    },
  });
}
