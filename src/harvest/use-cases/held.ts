/** A run held by its guards: what it would take away, and the two answers that a person may give. */
import type { CourseWriter } from '../../catalogue/store/writing.ts';
import { AppError } from '../../errors.ts';
import type { Concerned } from '../model/concerned.ts';
import { deadAfterMs, type HarvestRun, type HarvestSource, type RunDecision } from '../model.ts';
import { provesAbsence, retire } from '../pipeline/retire.ts';
import { totalsOf } from '../pipeline/totals.ts';
import type { RecordStore } from '../store/records.ts';
import type { RunProgress, RunStore } from '../store/runs.ts';
import { lost } from '../words.ts';

export interface HeldDependencies {
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly courses: CourseWriter;
  readonly sources: { byId(id: string): Promise<HarvestSource | null> };
  readonly graceDays: number;
  readonly now: () => Date;
  /** Without a sign of life for so long, whoever carries out a decision is dead. */
  readonly silenceMs?: number;
}

export interface HeldRuns {
  /** What « appliquer » would take away, at most `limit` of them after the first `skip`. Empty for a run held for its gains. */
  concerned(runId: string, page: { readonly skip: number; readonly limit: number }): Promise<readonly Concerned[]>;
  /**
   * `applied`: the absences count from now, with the usual delay; declared deletions are withdrawn, waiting courses published.
   * `kept`: nothing changes. Either way the run stays held, with the decision, and its counters are brought up to date.
   * @throws AppError not-found; invalid without a reason for `applied`; conflict when the run is not held, is decided, is not
   * the last one of its source, or while another one goes on
   */
  decide(runId: string, decision: Omit<RunDecision, 'at'>): Promise<HarvestRun>;
  /** Carries out the decisions that a killed process left half done. @returns the ids of their runs */
  finishDecisions(): Promise<readonly string[]>;
}

const refusals = {
  taken: 'Une décision a déjà été prise pour cette collecte.',
  busy: 'Une collecte de cette source est en cours. Décidez quand elle sera finie : elle juge à nouveau.',
  late: 'Une collecte plus récente a eu lieu : seule la dernière peut être appliquée.',
} as const;

export function makeHeldRuns(dependencies: HeldDependencies): HeldRuns {
  const { runs, records, courses, sources, graceDays, now } = dependencies;
  const silenceMs = dependencies.silenceMs ?? deadAfterMs;

  async function heldRun(id: string): Promise<HarvestRun> {
    const run = await runs.byId(id);
    if (run === null) throw new AppError('not-found', 'unknown-run', `La collecte ${id} n'existe pas.`);
    if (run.status !== 'held') {
      throw new AppError('conflict', 'run-not-held', "Cette collecte n'est pas bloquée : il n'y a rien à décider.");
    }
    return run;
  }

  /** Whoever was silent for too long has lost the decision to another process: it must not touch the next run's records. */
  async function stayOwner({ run, attempt }: RunProgress): Promise<void> {
    if ((await runs.beat(run.id, attempt, now(), run.counters, run.retries)) === null) throw lost();
  }

  async function carryOut(progress: RunProgress): Promise<HarvestRun> {
    const { run, attempt, checkpoint } = progress;
    const closing = checkpoint?.decided?.end;
    const source = await sources.byId(run.sourceId);
    if (run.decision?.kind === 'applied' && closing !== undefined && source !== null) {
      const at = now();
      const overdue = new Date(at.getTime() - graceDays * 86_400_000);
      const ours = async function* (lists: AsyncIterable<readonly string[]>) {
        for await (const ids of lists) {
          await stayOwner(progress);
          yield ids;
        }
      };
      const guarded: RecordStore = {
        ...records,
        notMet: (sourceId, runId) => ours(records.notMet(sourceId, runId)),
        removed: (sourceId, runId) => ours(records.removed(sourceId, runId)),
      };
      await retire(
        { courses, records: guarded, sourceId: source.id, runId: run.id, mayHoldDeletions: true, overdue, now: at },
        closing,
      );
      await stayOwner(progress);
      if (source.publishing === 'live') await courses.publishWaiting(source.id, at);
    }
    const since = run.startedAt ?? run.queuedAt;
    const { adds: _adds, ...totals } = await totalsOf(courses, { ...run, runId: run.id, since });
    const settled = { ...run, ...totals };
    if (!(await runs.settle(attempt, settled))) throw lost();
    return settled;
  }

  return {
    async concerned(runId, { skip, limit }) {
      const run = await heldRun(runId);
      const closing = (await runs.progress(runId))?.checkpoint?.decided?.end;
      if (closing === undefined) return [];
      const found: Concerned[] = [];
      let before = 0;
      async function look(lists: AsyncIterable<readonly string[]>, why: Concerned['why']): Promise<void> {
        for await (const ids of lists) {
          // In one order, whatever the database answers in: pages are cut by number.
          const present = await courses.present(run.sourceId, ids);
          present.sort((a, b) => (a.remoteId < b.remoteId ? -1 : 1));
          for (const { id, remoteId, state } of present) {
            before += 1;
            if (before > skip && found.length < limit) found.push({ courseId: id, remoteId, state, why });
          }
          if (found.length === limit) return;
        }
      }
      await look(records.removed(run.sourceId, runId), 'declared');
      if (provesAbsence(closing) && found.length < limit) await look(records.notMet(run.sourceId, runId), 'absent');
      return found;
    },

    async decide(runId, { kind, by, reason }) {
      const written = reason.trim();
      if (kind === 'applied' && written === '') {
        throw new AppError('invalid', 'decision-without-reason', 'Écrivez pourquoi ces cours doivent être retirés.');
      }
      const run = await heldRun(runId);
      const decision: RunDecision = { kind, by, at: now(), reason: written };
      const claimed = await runs.claimDecision(run, decision);
      if (claimed !== 'claimed') throw new AppError('conflict', `decision-${claimed}`, refusals[claimed]);
      const progress = await runs.progress(runId);
      if (progress === null) throw lost();
      return carryOut(progress);
    },

    async finishDecisions() {
      const finished: string[] = [];
      for (;;) {
        const left = await runs.takeUnsettled(new Date(now().getTime() - silenceMs), now());
        if (left === null) return finished;
        finished.push((await carryOut(left)).id);
      }
    },
  };
}
