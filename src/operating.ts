/** The part of the composition root that looks at the whole platform: the operator's dashboard, the mail of the night. */
import type { Connection } from 'mongoose';
import type { Register } from './framework/registry/model.ts';
import type { RunStore } from './harvest/store/runs.ts';
import type { Harvest } from './harvest/use-cases.ts';
import { discoverJobs } from './jobs.ts';
import { type Digest, makeDigest } from './operations/use-cases/digest.ts';
import { makeWatch } from './operations/use-cases/watch.ts';
import { makeOperations, type Operations } from './operations/use-cases.ts';
import type { People } from './people.ts';
import { isMailText } from './platform/mail.ts';
import { jobStates, type Scheduler } from './platform/schedule.ts';
import { isoDay } from './platform/web/format.ts';
import type { SourceStore } from './providers/store.ts';

export interface OperatingParts {
  readonly connection: Connection;
  readonly sources: SourceStore;
  readonly harvest: Harvest;
  readonly runs: RunStore;
  readonly register: Register;
  readonly people: People;
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
  const { connection, sources, harvest, runs, register, people, now } = parts;
  const undelivered = () => people.mail.undelivered(mailsLookedAt);
  const watch = makeWatch({
    sources,
    harvest,
    jobs: async () => jobStates({ jobs: await discoverJobs(), connection, now }),
    waitingOrganisations: () => people.waitingOrganisations(organisationsLookedAt),
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
