/**
 * The part of the composition root that knows the sources of organisations: declaring them, accepting them, their life, the
 * mails about them. Opened by the server, by jobs and by the commands that need it.
 */
import { randomBytes } from 'node:crypto';
import { type CourseDraft, courseIdAlphabet } from './catalogue/model.ts';
import type { HistoryStore } from './catalogue/store/history.ts';
import type { LinkStore } from './catalogue/store/links.ts';
import type { CourseStore } from './catalogue/store.ts';
import type { Foresee } from './catalogue/use-cases/foresee.ts';
import type { Alignment } from './framework/model.ts';
import type { AnyConnector } from './harvest/connector.ts';
import type { Examiner } from './harvest/start-examining.ts';
import type { PatchStore } from './harvest/store/patches.ts';
import type { RecordStore } from './harvest/store/records.ts';
import type { RunStore } from './harvest/store/runs.ts';
import { makeCorrecting as makeCorrectingEngine } from './harvest/use-cases/correcting.ts';
import type { HeldRuns } from './harvest/use-cases/held.ts';
import type { Harvest } from './harvest/use-cases.ts';
import type { People } from './people.ts';
import type { Log } from './platform/log.ts';
import type { SourceStore } from './providers/store.ts';
import { makeClosing } from './providers/use-cases/closing.ts';
import { makeConflicts } from './providers/use-cases/conflicts.ts';
import { makeCorrecting } from './providers/use-cases/correcting.ts';
import { makeCoverage } from './providers/use-cases/coverage.ts';
import { makeDeadLinks } from './providers/use-cases/dead-links.ts';
import { makeDrafting } from './providers/use-cases/drafting.ts';
import type { Due } from './providers/use-cases/due.ts';
import { makeIdentifiers } from './providers/use-cases/identifiers.ts';
import { makeNextReading } from './providers/use-cases/next-reading.ts';
import { makeNotices, makeTell } from './providers/use-cases/notices.ts';
import { makeOperating } from './providers/use-cases/operating.ts';
import { makeOwn } from './providers/use-cases/own.ts';
import { makeReports } from './providers/use-cases/reports.ts';

export interface PartnersParts {
  readonly people: People;
  readonly sources: SourceStore;
  readonly courses: CourseStore;
  readonly links: LinkStore;
  readonly harvest: Harvest;
  readonly due: Pick<Due, 'openBreakers'>;
  readonly connectors: ReadonlyMap<string, AnyConnector>;
  readonly examiner: Pick<Examiner, 'examine'>;
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly held: HeldRuns;
  /** Courses of a source that are merged with one of another source. */
  readonly mergedOf: (sourceId: string) => Promise<number>;
  readonly patches: PatchStore;
  readonly history: Pick<HistoryStore, 'ofCourse'>;
  readonly align: (draft: CourseDraft) => Alignment;
  readonly foresee: Foresee;
  readonly log: Log;
  readonly rebuildPathways: () => Promise<unknown>;
  readonly now: () => Date;
}

export type Partners = ReturnType<typeof openPartners>;

/** Opaque: it stands in addresses, in mails and in the audit trail. 10 characters of 32. */
function newSourceId(): string {
  return `s-${Array.from(randomBytes(10), (byte) => courseIdAlphabet[byte % courseIdAlphabet.length]).join('')}`;
}

export function openPartners(parts: PartnersParts) {
  const { people, sources, courses, links, harvest, due, connectors, examiner, runs, records, held, now } = parts;
  const { patches, history, foresee } = parts;
  const { audit, files, mail, secrets, teams } = people;
  const tell = makeTell({ mail, recipients: teams.recipients, addressOf: people.addressOf });
  const closing = makeClosing({ sources, courses, harvest, files, now });
  const shared = {
    ...{ sources, closing, harvest, due, presenceOf: courses.presence, audit, now },
    countDeadLinks: links.countDead,
  };
  const readNext = makeNextReading({ harvest, due, now });
  return {
    operating: makeOperating({ ...shared, organisations: teams.names, tell }),
    own: makeOwn({ ...shared, organisations: teams.providers }),
    drafting: makeDrafting({
      ...{ sources, connectors, examiner, patches, files, secrets, audit, now },
      organisations: teams.providers,
      newId: newSourceId,
    }),
    notices: makeNotices({ sources, harvest, closing, tell }),
    reports: makeReports({
      ...{ sources, runs, records, courses, harvest, held, audit, now },
      mergedOf: parts.mergedOf,
      rebuildPathways: parts.rebuildPathways,
    }),
    deadLinks: makeDeadLinks({ sources, links, courses }),
    conflicts: makeConflicts({ sources, records, courses, audit, readNext, now }),
    identifiers: makeIdentifiers({ sources, records, patches, courses, audit, readNext, now }),
    correcting: makeCorrecting({
      ...{ sources, patches, courses, history, harvest, foresee, audit, now },
      engine: makeCorrectingEngine({ records, courses, patches, connectors, align: parts.align, log: parts.log, now }),
    }),
    coverage: makeCoverage({ sources, courses, harvest, now }),
  };
}
