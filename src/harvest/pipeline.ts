/**
 * One harvest run: read → validate → normalise → align → scope → write → retire → report. A partner's fault is caught here,
 * once, and written in the run. Every step may be interrupted and done again with the same courses and the same counts.
 */
import type { CourseDraft } from '../catalogue/model.ts';
import type { WriteContext } from '../catalogue/store/document.ts';
import type { CourseWriter } from '../catalogue/store/writing.ts';
import type { Alignment } from '../framework/model.ts';
import type { AnyConnector, End, SourceHttp } from './connector.ts';
import type { HarvestRun, HarvestSource, RunFault } from './model.ts';
import { type Judged, type JudgeWork, judge } from './pipeline/judge.ts';
import { judgeHere, makeJudging } from './pipeline/judge-ahead.ts';
import { makeListing, noConnector } from './pipeline/listing.ts';
import { makeCount, makeTally, noTallies, shown } from './pipeline/outcome.ts';
import { type SourcePatches, stampOfPatches } from './pipeline/patches.ts';
import { type Batch, type BatchSize, sharedBy } from './pipeline/read.ts';
import { finishRenames, perhapsRenamed, rename } from './pipeline/rename.ts';
import { countLosses, type Guards, isMassGain, isMassLoss, retire } from './pipeline/retire.ts';
import { sum, totalsOf } from './pipeline/totals.ts';
import { adoptUnmarked, type BatchReport, contradictionCode, type WriteStage, writeBatch } from './pipeline/write.ts';
import type { PatchStore } from './store/patches.ts';
import type { RecordStore } from './store/records.ts';
import type { Baseline, Checkpoint, Reading, RunProgress, RunStore } from './store/runs.ts';
import {
  countsFault,
  faultOf,
  gainsFault,
  lossesFault,
  lost,
  RunStop,
  settingsFault,
  shortFault,
  stoppedBy,
  timeLimit,
} from './words.ts';

export interface PipelineSettings extends Guards {
  /** For all the runs that one thread executes at once. */
  readonly batch: BatchSize;
  /** Days a record may be absent before it is withdrawn. */
  readonly graceDays: number;
  /** One attempt at a run. */
  readonly minutes: number;
  readonly heartbeatMs: number;
}

export const defaultSettings: PipelineSettings = {
  batch: { records: 500, characters: 8_000_000 },
  graceDays: 7,
  minutes: 60,
  lossShare: 0.2,
  gainFactor: 2,
  gainFloor: 50,
  heartbeatMs: 5_000,
};

export interface PipelineLog {
  error(fields: object, message: string): void;
}

export interface PipelineTools {
  readonly courses: CourseWriter;
  readonly records: RecordStore;
  readonly runs: RunStore;
  readonly patches: Pick<PatchStore, 'ofSource' | 'saw' | 'follow'>;
  readonly align: (draft: CourseDraft) => Alignment;
  /** Another thread that judges as this one would; absent: it is done here. */
  readonly judgeElsewhere?: (work: JudgeWork) => Promise<readonly Judged[]>;
  readonly frameworkVersion: string;
  /** The guarded way to this source; `onRetry` is called at each new try. */
  readonly openHttp: (source: HarvestSource, signal: AbortSignal, onRetry: () => void) => SourceHttp;
  readonly now: () => Date;
  readonly log: PipelineLog;
  readonly settings: PipelineSettings;
}

export interface Execution {
  readonly source: HarvestSource;
  /** undefined when the deployment does not have it: `fault` says so. */
  readonly connector: AnyConnector | undefined;
  /** Known before anything is read: the run ends with it. */
  readonly fault?: RunFault;
  /** As `RunStore.take` gave it. */
  readonly progress: RunProgress;
  readonly signal?: AbortSignal;
  /** How many runs execute in this thread now, this one included; 1 by default. */
  readonly atOnce?: () => number;
  readonly onProgress?: (received: number) => void;
}

/** Runs to the end, whatever the source does. @returns null when another process took the run over. */
export async function harvest(tools: PipelineTools, execution: Execution): Promise<HarvestRun | null> {
  // Before any timer: when it cannot be read, nothing is left waiting.
  const patches = await tools.patches.ofSource(execution.source.id);
  const stop = new AbortController();
  const minutes = execution.source.limits.minutes ?? tools.settings.minutes;
  const timer = setTimeout(() => stop.abort(timeLimit(minutes)), minutes * 60_000);
  const passOn = () => stop.abort(execution.signal?.reason);
  execution.signal?.addEventListener('abort', passOn, { once: true });
  if (execution.signal?.aborted === true) passOn();
  const run = makeRun(tools, execution, stop, patches);
  const beat = setInterval(() => void run.beat(), tools.settings.heartbeatMs);
  try {
    return await run.execute();
  } catch (error) {
    if (error instanceof RunStop && error.kind === 'lost') return null;
    throw error;
  } finally {
    clearInterval(beat);
    clearTimeout(timer);
    execution.signal?.removeEventListener('abort', passOn);
  }
}

function makeRun(tools: PipelineTools, execution: Execution, stop: AbortController, patches: SourcePatches) {
  const { courses, records, runs, now, settings, log } = tools;
  const { source, progress } = execution;
  const { attempt } = progress;
  const { id: runId, trigger } = progress.run;
  const isReplay = trigger === 'replay';
  const overdue = () => new Date(now().getTime() - settings.graceDays * 86_400_000);

  const saved = progress.checkpoint;
  const committed = saved?.batch ?? 0;
  const count = makeCount(saved?.counters);
  const causes = makeTally(saved?.tallies.causes ?? noTallies.causes);
  const warnings = makeTally(saved?.tallies.warnings ?? noTallies.warnings);
  let batchNumber = committed;
  let removed = saved?.removed ?? 0;
  /** The guards looked for what the listing no longer holds, and found nothing. */
  let isWhole = false;
  /** Renamed courses whose new record waited already before this run. */
  let rejoined = 0;
  /** Prices too old to be shown as of today may be fresh again. An attempt that died may have renewed some. */
  let isFreshAgain = attempt > 1;
  let cursor: unknown = saved?.cursor;
  let retries = progress.run.retries;
  let { sunset } = progress.run;

  const connector = execution.connector ?? noConnector;
  const listing = makeListing({
    tools,
    source,
    connector,
    progress,
    patches,
    batchSize: () => sharedBy(execution.atOnce?.() ?? 1, settings.batch),
    overdue,
    onRetry: () => {
      retries += 1;
    },
    onSunset: (at) => {
      if (sunset === null || at < sunset) sunset = at;
    },
  });
  const { judgeElsewhere } = tools;
  const judging = makeJudging(
    judgeElsewhere === undefined
      ? judgeHere((entry) =>
          judge(entry, {
            connector,
            align: tools.align,
            onError: (error, remoteId) =>
              log.error({ err: error, runId, sourceId: source.id, remoteId }, 'record failed'),
          }),
        )
      : (entries) => {
          const records = entries.map(({ remoteId, json, problems, patches: own }) => ({
            ...{ remoteId, json, problems },
            ...(own === undefined ? {} : { patches: own }),
          }));
          return judgeElsewhere({ connector: connector.id, runId, sourceId: source.id, records });
        },
  );
  const stage: WriteStage = {
    courses,
    records,
    source,
    runId,
    attempt,
    committed,
    again: isReplay,
    judge: judging.judge,
    patches: tools.patches,
  };

  async function keep(more: Pick<Checkpoint, 'decided'> = {}): Promise<void> {
    const tallies = { causes: causes.causes(), warnings: warnings.causes() };
    const counters = count.value();
    const checkpoint: Checkpoint = { cursor, batch: batchNumber, counters, removed, tallies, ...more };
    // Through JSON, because that is how a cursor comes back: parsed, never trusted.
    const plain: Checkpoint = JSON.parse(JSON.stringify(checkpoint));
    if (!(await runs.saveCheckpoint(runId, attempt, plain, now()))) throw lost();
  }

  async function begin(): Promise<Baseline> {
    if (progress.baseline !== null) return progress.baseline;
    const before = await courses.presence(source.id);
    const baseline = {
      ...{ present: sum(before), shown: before.published + before.missing, waiting: before.pending },
      patches: stampOfPatches(patches),
    };
    const { mode } = await listing.plan();
    await runs.begin(runId, attempt, { mode, presentBefore: baseline.present, baseline });
    return baseline;
  }

  async function write(batch: Batch): Promise<void> {
    if (batch.entries.length === 0 && batch.removed.length === 0) return;
    batchNumber += 1;
    let report: BatchReport;
    try {
      report = await writeBatch(stage, batch, batchNumber, now());
    } catch (error) {
      isFreshAgain = true;
      // Half written, the batch still counts for what it wrote.
      await recount(batchNumber - 1);
      throw error;
    }
    judging.learn(report.outcomes);
    for (const outcome of report.outcomes) count.add(outcome);
    for (const { remoteId, problems } of report.problems) causes.add(remoteId, problems);
    for (const { remoteId, problems } of report.warnings) warnings.add(remoteId, problems);
    removed += batch.removed.length;
    isFreshAgain ||= report.freshAgain;
    execution.onProgress?.(count.value().received);
  }

  /** What this run wrote after a batch without counting it counts now; met again, it counts no more. */
  async function recount(after: number): Promise<void> {
    await adoptUnmarked({ ...stage, committed: after }, now());
    for await (const mark of records.uncommitted(source.id, runId, after)) {
      count.add(mark.run.outcome);
      // A contradiction is of the second record: it is counted when that one is met again.
      const own = mark.problems.filter(({ code }) => code !== contradictionCode);
      causes.add(mark.remoteId, own);
      warnings.add(mark.remoteId, mark.warnings);
      batchNumber = Math.max(batchNumber, mark.run.batch);
    }
  }

  type Outcome = { readonly closing: NonNullable<Batch['closing']> } | { readonly fault: RunFault };

  async function read(): Promise<Outcome> {
    try {
      if (execution.fault !== undefined) return { fault: execution.fault };
      if (!listing.isConfigured()) return { fault: settingsFault };
      for await (const batch of listing.batches(stop.signal, judging.ahead)) {
        await write(batch);
        if (batch.closing !== undefined) return { closing: batch.closing };
        if (batch.cursor === undefined) continue;
        cursor = batch.cursor.value;
        await keep();
      }
      throw new TypeError('the listing ended without a closing item');
    } catch (error) {
      const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
      if (reason instanceof RunStop && reason.kind === 'lost') throw reason;
      const fault = faultOf(reason);
      if (fault.kind === 'platform') log.error({ err: reason, runId, sourceId: source.id }, 'harvest run failed');
      return { fault };
    }
  }

  /** The guards, once: what they decide is kept before anything is done about it. */
  async function decide(end: End<unknown>, baseline: Baseline): Promise<HarvestRun['held']> {
    const { received } = count.value();
    const isEmpty = end.covers === 'full' && received === 0 && baseline.present > 0;
    const found = isEmpty ? null : await countLosses(retireStage(), end);
    isWhole = found?.records === 0;
    const losses = found?.courses ?? baseline.present;
    const of = isEmpty ? baseline.present : baseline.shown;
    if (isEmpty || isMassLoss(losses, baseline, settings)) return { kind: 'losses', concerned: losses, of };
    return gains(baseline);
  }

  /** Those of a source whose new courses wait for a reader are no news for its guard. */
  function gains(baseline: Baseline): HarvestRun['held'] {
    const earlier = source.publishing === 'live' ? baseline.waiting : 0;
    const waiting = count.value().created + earlier - rejoined;
    const before = baseline.present - earlier;
    return isMassGain(waiting, before, settings) ? { kind: 'gains', concerned: waiting, of: before } : null;
  }

  /** Courses whose source only changed their identifiers are neither lost nor new. */
  async function continueRenamed(end: End<unknown>, baseline: Baseline): Promise<number> {
    // Neither made by this run nor left waiting by one before, no record stands for another.
    if (isReplay || baseline.present === 0 || count.value().created + baseline.waiting === 0) return 0;
    const context: WriteContext = { source, runId, now: now(), origin: 'harvest' };
    const stage = { ...retireStage(), context, attempt, known: patches, patches: tools.patches, runs };
    const found = await rename(stage, end);
    count.renamed(found.renamed);
    rejoined = found.rejoined;
    return found.renamed;
  }

  function retireStage() {
    // An attempt that died may have marked deletions that it did not count.
    const mayHoldDeletions = removed > 0 || attempt > 1;
    return { courses, records, sourceId: source.id, runId, mayHoldDeletions, overdue: overdue(), now: now() };
  }

  async function publishNew(baseline: Baseline, read: 'whole' | 'part'): Promise<void> {
    if (source.publishing !== 'live' || gains(baseline) !== null) return;
    const mayBeKnown = baseline.shown > 0 && (read === 'part' || isReplay);
    const except = mayBeKnown ? await perhapsRenamed(retireStage(), isReplay) : undefined;
    await courses.publishWaiting(source.id, now(), except);
  }

  async function finish(closing: End<unknown>, baseline: Baseline, before: HarvestRun['held'] | undefined) {
    const given = count.value().received + removed;
    const announced = closing.announced ?? null;
    if (announced !== null && given < announced) {
      await leaveUnsettled();
      await publishNew(baseline, 'part');
      return { announced, status: 'incomplete' as const, fault: shortFault(announced, given), held: gains(baseline) };
    }
    const renamed = before === undefined ? await continueRenamed(closing, baseline) : 0;
    const held = before === undefined ? await decide(closing, baseline) : before;
    await keep({ decided: { end: closing, held } });
    // Only now: what is counted again after a death is counted from the marks.
    if (renamed > 0)
      for await (const ids of courses.renamedIn(source.id, runId)) await records.markRenamed(source.id, ids);
    await publishNew(baseline, 'whole');
    if (held !== null) {
      await leaveUnsettled();
      const fault = (held.kind === 'losses' ? lossesFault : gainsFault)(held.concerned, held.of);
      return { announced, status: 'held' as const, fault, held };
    }
    if (!isWhole) await retire(retireStage(), closing);
    // Changes without deletions say nothing of the rest; with them, the rest stands.
    if (closing.covers === 'changes' && closing.deletions === 'explicit') await renewAll();
    if (!isReplay) await runs.saveReading(source.id, readingOf(closing));
    const status = count.value().quarantined > 0 ? ('done-with-rejections' as const) : ('done' as const);
    return { announced, status, fault: null, held: null };
  }

  function readingOf(closing: End<unknown>): Reading {
    const { next, validators } = closing;
    return {
      fingerprint: listing.fingerprint,
      completedAt: now(),
      ...(next === undefined ? {} : { next: JSON.parse(JSON.stringify(next)) }),
      ...(validators === undefined ? {} : { validators }),
    };
  }

  /** The partner says that what it gave before stands: each course of it is as fresh as today. */
  async function renewAll(): Promise<void> {
    isFreshAgain = true;
    for await (const ids of records.accepted(source.id)) await courses.renew(source.id, ids, now());
  }

  /**
   * What this run wrote is of no complete listing: a source that goes back to the one before would answer « not modified »
   * to the validators of that one, and the writes would stay.
   */
  async function leaveUnsettled(): Promise<void> {
    if (!isReplay && batchNumber > 0) await runs.forgetValidators(source.id);
  }

  async function interrupted(fault: RunFault, baseline: Baseline) {
    const wrote = batchNumber > 0;
    if (wrote) {
      await leaveUnsettled();
      await publishNew(baseline, 'part');
    }
    return {
      announced: null,
      status: wrote ? ('incomplete' as const) : ('failed' as const),
      fault,
      held: wrote ? gains(baseline) : null,
    };
  }

  type Ended = Pick<HarvestRun, 'announced' | 'status' | 'fault' | 'held'>;

  async function endOf(outcome: Outcome, baseline: Baseline, held: HarvestRun['held'] | undefined): Promise<Ended> {
    if ('fault' in outcome) return interrupted(outcome.fault, baseline);
    if (outcome.closing.kind !== 'unchanged') return finish(outcome.closing, baseline, held);
    await renewAll();
    return { announced: null, status: 'done', fault: null, held: null };
  }

  async function report(ended: Ended, baseline: Baseline, notModified: boolean): Promise<HarvestRun> {
    const { adds, ...totals } = await totalsOf(courses, {
      sourceId: source.id,
      runId,
      counters: count.value(),
      presentBefore: baseline.present,
      since: progress.run.startedAt ?? progress.run.queuedAt,
    });
    if (!adds) log.error({ runId, sourceId: source.id, ...totals }, 'counts do not add up');
    const status = adds ? ended.status : batchNumber > 0 ? 'incomplete' : 'failed';
    const latest = await runs.byId(runId);
    if (latest === null) throw lost();
    const run: HarvestRun = {
      ...latest,
      ...ended,
      status,
      fault: adds ? ended.fault : countsFault,
      endedAt: now(),
      heartbeatAt: now(),
      corrected: await countCorrected(),
      ...totals,
      notModified,
      retries,
      sunset,
      causes: shown(causes.causes()),
      warnings: shown([...(await claimWarnings()), ...warnings.causes()]),
    };
    if (!(await runs.end(attempt, run))) throw lost();
    return run;
  }

  /** Counted on the marks, as the rest is: a run that was killed counts the same. */
  async function countCorrected(): Promise<number> {
    const ids = [...patches].filter(([, own]) => own.some(({ ended }) => ended === null)).map(([remoteId]) => remoteId);
    if (ids.length === 0) return 0;
    const marks = await records.marks(source.id, ids);
    return [...marks.values()].filter(({ run, verdict }) => run.id === runId && verdict === 'accepted').length;
  }

  /** The other half of E_AUTRE_PROPRIETAIRE: the first owner is told too. */
  async function claimWarnings() {
    const claims = await records.claimsOn(source.id);
    const first = claims[0];
    if (first === undefined) return [];
    const message = `Ce cours est revendiqué par deux sources : la vôtre et ${first.sourceId}.`;
    const example = { remoteId: first.courseId, field: 'adresse', value: first.sourceId, message };
    return [{ code: 'E_AUTRE_PROPRIETAIRE', count: claims.length, example }];
  }

  return {
    async beat(): Promise<void> {
      try {
        const answer = await runs.beat(runId, attempt, now(), count.value(), retries);
        if (answer === null) stop.abort(lost());
        else if (answer.stop !== null) stop.abort(stoppedBy(answer.stop.by, answer.stop.at));
      } catch (error) {
        // The next beat may pass; when none does, another process takes the run over.
        log.error({ err: error, runId }, 'heartbeat failed');
      }
    },

    async execute(): Promise<HarvestRun> {
      await finishRenames({ courses, sourceId: source.id, patches: tools.patches });
      const baseline = await begin();
      if (attempt > 1) {
        await recount(committed);
        rejoined = await courses.rejoinedBy(source.id, runId);
      }
      const decided = saved?.decided;
      const outcome: Outcome = decided === undefined ? await read() : { closing: decided.end };
      const notModified = 'closing' in outcome && outcome.closing.kind === 'unchanged';
      const ended = await endOf(outcome, baseline, decided?.held);
      // Prices that become too old are for the nightly job, which looks at all sources.
      if (!isReplay && isFreshAgain) await courses.refreshAccess(now(), source.id);
      return report(ended, baseline, notModified);
    },
  };
}
