/**
 * Reports of harvest runs: for the operator, those of every source; for the people of an organisation, those of its sources.
 * To anybody else a run does not exist. The operator answers held runs here.
 */
import type { KnownCourse } from '../../catalogue/store/document.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import { AppError } from '../../errors.ts';
import type { Concerned } from '../../harvest/model/concerned.ts';
import { activeStatuses, type HarvestRun } from '../../harvest/model.ts';
import type { RecordMark, RecordStore } from '../../harvest/store/records.ts';
import type { RunStore } from '../../harvest/store/runs.ts';
import type { HeldRuns } from '../../harvest/use-cases/held.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, can, requireRight } from '../../rights.ts';
import type { ConcernedCourse, Reader, ReportLine, RunList, RunReport } from '../model/report.ts';
import { nextRun } from '../model/schedule.ts';
import type { Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import { writtenReason } from './operating.ts';
import { ownSource } from './own.ts';

export interface ReportDependencies {
  readonly sources: SourceStore;
  readonly runs: Pick<RunStore, 'byId' | 'all' | 'bySource' | 'ahead'>;
  readonly records: Pick<RecordStore, 'ofRun' | 'problemsOfRun'>;
  readonly courses: Pick<CourseStore, 'known' | 'byIds' | 'retiredIn'>;
  readonly harvest: Pick<Harvest, 'request' | 'stop'>;
  readonly held: Pick<HeldRuns, 'concerned' | 'decide'>;
  /** Courses of a source that are merged with one of another source. */
  readonly mergedOf: (sourceId: string) => Promise<number>;
  /** After a decision that changed the catalogue. */
  readonly rebuildPathways: () => Promise<unknown>;
  readonly audit: Pick<Audit, 'record'>;
  readonly now: () => Date;
}

export type Reports = ReturnType<typeof makeReports>;

export const runsPerPage = 30;
export const linesPerPage = 50;
const concernedShown = 50;
const comparedRuns = 10;
const chunk = 500;

const unknownRun = () => new AppError('not-found', 'COLLECTE_INCONNUE', "Cette page n'existe pas.");

export function makeReports(dependencies: ReportDependencies) {
  const { sources, runs, records, courses, harvest, held, mergedOf, rebuildPathways, audit, now } = dependencies;

  /** @throws AppError `not-found` for who may not read it */
  async function readable(
    actor: Actor,
    id: string,
  ): Promise<{ run: HarvestRun; source: Source | null; reader: Reader }> {
    requireRight(actor, 'account:own');
    const run = await runs.byId(id);
    if (run === null) throw unknownRun();
    if (can(actor, 'source:manage')) return { run, source: await sources.byId(run.sourceId), reader: 'operator' };
    const { source } = await ownSource(sources, actor, run.sourceId, 'source:own');
    return { run, source, reader: 'organisation' };
  }

  async function operated(actor: Actor, id: string): Promise<HarvestRun> {
    requireRight(actor, 'source:manage');
    const run = await runs.byId(id);
    if (run === null) throw unknownRun();
    return run;
  }

  async function latestOf(sourceId: string): Promise<HarvestRun | undefined> {
    const list = await runs.bySource(sourceId, comparedRuns);
    return list.find(({ status }) => status !== 'skipped');
  }

  /** Absences and withdrawals are of courses, not of records received. */
  async function* retired(run: HarvestRun): AsyncGenerator<ReportLine[]> {
    for await (const list of courses.retiredIn(run.sourceId, run.id)) {
      yield list.map((course) => ({
        ...pageOf(course),
        remoteId: course.remoteId,
        state: course.state === 'withdrawn' ? ('withdrawn' as const) : ('missing' as const),
        since: course.withdrawn?.at ?? course.missingSince,
        problems: [],
        warnings: [],
        reason: null,
      }));
    }
  }

  async function linesOf(sourceId: string, marks: readonly RecordMark[]): Promise<ReportLine[]> {
    const known = await courses.known(
      sourceId,
      marks.map(({ remoteId }) => remoteId),
    );
    return marks.map((mark) => {
      const course = known.get(mark.remoteId);
      return {
        ...(course === undefined ? { title: null, shown: null, slug: null, url: null } : pageOf(course)),
        remoteId: mark.remoteId,
        state: mark.problems.length > 0 ? 'quarantined' : stateOf(mark),
        since: mark.seenAt,
        problems: mark.problems,
        warnings: mark.warnings,
        reason: mark.reason,
      };
    });
  }

  async function withTitles(concerned: readonly Concerned[]): Promise<ConcernedCourse[]> {
    const known = new Map((await courses.byIds(concerned.map(({ courseId }) => courseId))).map((one) => [one.id, one]));
    return concerned.flatMap((one) => {
      const course = known.get(one.courseId);
      return course === undefined ? [] : [{ ...one, title: course.draft.title, slug: course.slug }];
    });
  }

  return {
    async list(actor: Actor, before: string | null): Promise<RunList> {
      requireRight(actor, 'source:manage');
      const start = before === null ? null : await runs.byId(before);
      const found = await runs.all({ before: start, limit: runsPerPage + 1 });
      const page = found.slice(0, runsPerPage);
      return { runs: page, next: found.length > runsPerPage ? (page.at(-1)?.id ?? null) : null };
    },

    async report(actor: Actor, id: string, after: string | null): Promise<RunReport> {
      const { run, source, reader } = await readable(actor, id);
      const latest = await latestOf(run.sourceId);
      const isLatest = latest?.id === run.id;
      const marks = isLatest
        ? await records.problemsOfRun(run.sourceId, run.id, { after, limit: linesPerPage + 1 })
        : [];
      const shown = marks.slice(0, linesPerPage);
      const lines = await linesOf(run.sourceId, shown);
      if (isLatest && marks.length <= linesPerPage) {
        // After the quarantined records, what left the catalogue: the first ones; the CSV has them all.
        for await (const gone of retired(run)) {
          lines.push(...gone.slice(0, linesPerPage - lines.length));
          if (lines.length >= linesPerPage) break;
        }
      }
      const decidable = run.status === 'held' && run.decision === null && isLatest;
      const concerned = decidable ? await held.concerned(id, { skip: 0, limit: concernedShown }) : [];
      const earlier = (await runs.bySource(run.sourceId, comparedRuns * 3)).filter(
        ({ status, queuedAt }) => status !== 'skipped' && queuedAt <= run.queuedAt,
      );
      const isActive = activeStatuses.includes(run.status);
      return {
        reader,
        run,
        source,
        ahead: run.status === 'queued' ? await runs.ahead(run) : 0,
        nextRun: source === null ? null : nextRun(source, latest?.startedAt ?? latest?.queuedAt ?? null, now()),
        earlier: earlier.slice(0, comparedRuns),
        isLatest,
        merged: await mergedOf(run.sourceId),
        lines,
        next: marks.length > linesPerPage ? (shown.at(-1)?.remoteId ?? null) : null,
        concerned: await withTitles(concerned),
        decidable: decidable && reader === 'operator',
        mayRun: reader === 'operator' && source?.state === 'active' && isLatest && !isActive,
        mayStop: reader === 'operator' && isActive,
      };
    },

    /** Every record that the run met, and every course that it made absent or withdrew, in chunks. */
    async everyLine(actor: Actor, id: string): Promise<AsyncIterable<readonly ReportLine[]>> {
      const { run } = await readable(actor, id);
      async function* lines(): AsyncGenerator<readonly ReportLine[]> {
        for await (const marks of records.ofRun(run.sourceId, run.id)) yield await linesOf(run.sourceId, marks);
        yield* retired(run);
      }
      return lines();
    },

    /** What a held run would take away, whole, in chunks. @throws AppError conflict for a run that is not held */
    async everyConcerned(actor: Actor, id: string): Promise<AsyncIterable<readonly ConcernedCourse[]>> {
      const { run } = await readable(actor, id);
      const first = await held.concerned(run.id, { skip: 0, limit: chunk });
      async function* lines(): AsyncGenerator<readonly ConcernedCourse[]> {
        let found = first;
        for (let skip = chunk; ; skip += chunk) {
          yield await withTitles(found);
          if (found.length < chunk) return;
          found = await held.concerned(run.id, { skip, limit: chunk });
        }
      }
      return lines();
    },

    /** Changes nothing; the next run judges anew. */
    async keep(actor: Actor, id: string): Promise<void> {
      await operated(actor, id);
      await held.decide(id, { kind: 'kept', by: operatorWords, reason: '' });
      await audit.record({ actor: actor.accountId, act: 'run.keep', target: id });
    },

    /**
     * @param typed the number of courses concerned, written by the person: no large loss by a slip of the hand
     * @throws AppError `invalid` with `details` by field
     */
    async apply(actor: Actor, id: string, typed: { readonly number: string; readonly reason: string }): Promise<void> {
      const run = await operated(actor, id);
      const expected = run.held?.concerned ?? 0;
      if (typed.number.replace(/\s/g, '') !== String(expected)) {
        throw new AppError('invalid', 'NOMBRE_DIFFERENT', `Écrivez ${expected} : c'est le nombre de cours concernés.`);
      }
      const reason = writtenReason(typed.reason, 'MOTIF_MANQUANT', "Écrivez pourquoi : l'organisme le lira.");
      await held.decide(id, { kind: 'applied', by: operatorWords, reason });
      await audit.record({ actor: actor.accountId, act: 'run.apply', target: id });
      await rebuildPathways();
    },

    /** @returns the new run, or the one in progress */
    async again(actor: Actor, id: string): Promise<HarvestRun> {
      const { sourceId } = await operated(actor, id);
      const { run } = await harvest.request(sourceId, 'manual');
      await audit.record({ actor: actor.accountId, act: 'run.request', target: run.id });
      return run;
    },

    async stop(actor: Actor, id: string): Promise<void> {
      await operated(actor, id);
      await harvest.stop(id, operatorWords);
      await audit.record({ actor: actor.accountId, act: 'run.stop', target: id });
    },
  };
}

const operatorWords = "l'exploitant";

function stateOf({ verdict, run }: RecordMark): ReportLine['state'] {
  if (verdict === 'out-of-scope') return 'out-of-scope';
  if (verdict === 'quarantined') return 'quarantined';
  return run.outcome === 'outOfScope' ? 'out-of-scope' : run.outcome;
}

function pageOf(course: Pick<KnownCourse, 'draft' | 'state' | 'slug'>) {
  return {
    title: course.draft.title,
    shown: course.state,
    // A course that waits has no page yet.
    slug: course.state === 'pending' ? null : course.slug,
    url: course.draft.url,
  };
}
