/** Runs, their checkpoints, and where the next reading of a source starts. */
import { type Connection, type mongo, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { sharedRead } from '../../platform/joined-reads.ts';
import type { End, Validators } from '../connector.ts';
import {
  activeStatuses,
  type Counters,
  completeStatuses,
  type HarvestRun,
  noCounts,
  type RunDecision,
  type RunTrigger,
} from '../model.ts';
import type { Tallies } from '../pipeline/outcome.ts';

/** Before the run wrote anything: what its guards and equations are measured against. */
export interface Baseline {
  readonly present: number;
  /** Published or missing. */
  readonly shown: number;
  /** Waiting from an earlier run. */
  readonly waiting: number;
  /** Stamp of the corrections it reads with; '' for none. */
  readonly patches?: string;
}

/** What a resumed run starts from. */
export interface Checkpoint {
  /** As the connector gave it; undefined before the first one. */
  readonly cursor?: unknown;
  /** Batches up to this one are written and counted. */
  readonly batch: number;
  readonly counters: Counters;
  /** Declared deletions met. */
  readonly removed: number;
  readonly tallies: Tallies;
  /** The listing was read to its end, and the guards have decided: only the end of the run is left. */
  readonly decided?: { readonly end: End<unknown>; readonly held: HarvestRun['held'] };
}

/** How a run stands between two processes; `attempt` grows with each one that takes it over. */
export interface RunProgress {
  readonly run: HarvestRun;
  readonly attempt: number;
  readonly baseline: Baseline | null;
  readonly checkpoint: Checkpoint | null;
  /** « Tout relire », asked by a person. */
  readonly everything: boolean;
}

/** What the last complete reading of a source left for the next. */
export interface Reading {
  /** Of the connector, its version, the framework and the settings: another one reads everything again. */
  readonly fingerprint: string;
  readonly next?: unknown;
  readonly validators?: Validators;
  readonly completedAt: Date;
}

interface RunDocument extends Omit<HarvestRun, 'id'> {
  _id: string;
  /** Present while the run holds its source. */
  active?: boolean;
  attempt: number;
  baseline: Baseline | null;
  checkpoint: Checkpoint | null;
  everything: boolean;
  /** A person asked this run to stop, wherever it goes on. */
  stop?: StopRequest;
}

export interface StopRequest {
  /** A function: « l'opérateur ». */
  readonly by: string;
  readonly at: Date;
}

interface ReadingDocument extends Reading {
  _id: string;
}

export interface RunRequest {
  readonly id: string;
  readonly sourceId: string;
  readonly sourceTitle: string;
  readonly trigger: RunTrigger;
  readonly everything: boolean;
  readonly now: Date;
}

export interface RunStore {
  ensureIndexes(): Promise<void>;
  /** `queued`, or `skipped` with the run that holds the source. */
  request(request: RunRequest): Promise<HarvestRun>;
  /** Takes a queued run, or one whose process is gone; null when somebody else has it. */
  take(id: string, attempt: number, now: Date): Promise<RunProgress | null>;
  progress(id: string): Promise<RunProgress | null>;
  begin(
    id: string,
    attempt: number,
    begun: Pick<HarvestRun, 'mode' | 'presentBefore'> & { baseline: Baseline },
  ): Promise<void>;
  /** null when another process took the run over: this one must leave. `stop` is what a person asked meanwhile. */
  beat(
    id: string,
    attempt: number,
    now: Date,
    counters: Counters,
    retries: number,
  ): Promise<{ readonly stop: StopRequest | null } | null>;
  /** Told to the process of the run at its next heartbeat. False when the run is over. */
  requestStop(id: string, request: StopRequest): Promise<boolean>;
  saveCheckpoint(id: string, attempt: number, checkpoint: Checkpoint, now: Date): Promise<boolean>;
  /** The final document; the source is free again. A held run keeps its checkpoint: a person may still apply it. */
  end(attempt: number, run: HarvestRun): Promise<boolean>;
  /**
   * Writes the decision on a held run that has none, and holds its source until `settle`: no run starts in between.
   * @returns `taken` when a decision was there, `busy` when a run of the source goes on, `late` when one came after it
   */
  claimDecision(run: HarvestRun, decision: RunDecision): Promise<'claimed' | 'taken' | 'busy' | 'late'>;
  /** The decision is carried out: the counters as they are now, and the source is free again. False as for `end`. */
  settle(attempt: number, run: HarvestRun): Promise<boolean>;
  /** Takes over a decision that was being carried out and gave no sign of life since `before`; null when there is none. */
  takeUnsettled(before: Date, now: Date): Promise<RunProgress | null>;
  /** Active runs without a sign of life since `before`, or still queued; oldest first. */
  unattended(before: Date): Promise<HarvestRun[]>;
  byId(id: string): Promise<HarvestRun | null>;
  /** Of all sources, newest first; `before` is the last one of the page before. */
  all(page: {
    readonly before: Pick<HarvestRun, 'id' | 'queuedAt'> | null;
    readonly limit: number;
  }): Promise<HarvestRun[]>;
  /** Newest first. */
  bySource(sourceId: string, limit: number): Promise<HarvestRun[]>;
  /** Of the last runs, newest first: how they ended and when, without what they say. */
  endings(sourceId: string, limit: number): Promise<readonly Pick<HarvestRun, 'status' | 'endedAt'>[]>;
  /** The last run of each source that ran, skipped ones left out. */
  lastOfEach(): Promise<HarvestRun[]>;
  /** End of the last complete run of any source; null before the first. */
  lastComplete(): Promise<Date | null>;
  /** How many active runs were asked before this one. */
  ahead(run: HarvestRun): Promise<number>;
  reading(sourceId: string): Promise<Reading | null>;
  saveReading(sourceId: string, reading: Reading): Promise<void>;
  /** The next run asks without conditions: what is stored is no longer what that reading gave. */
  forgetValidators(sourceId: string): Promise<void>;
  erase(sourceIds: readonly string[]): Promise<void>;
  /** Ended before this; the last run of each source stays, since it says when the source was read. */
  countEndedBefore(before: Date): Promise<number>;
  /** @returns how many were erased */
  eraseEndedBefore(before: Date): Promise<number>;
}

const runSchema = new Schema(
  { _id: String, sourceId: String, queuedAt: Date, active: Boolean },
  { collection: 'harvest_runs', versionKey: false, strict: false },
);
runSchema.index({ sourceId: 1 }, { unique: true, partialFilterExpression: { active: true }, name: 'one_active_run' });
runSchema.index({ sourceId: 1, queuedAt: -1 });
runSchema.index({ queuedAt: -1, _id: 1 });
runSchema.index({ status: 1, endedAt: -1 });

function toRun(document: RunDocument): HarvestRun {
  const { _id, active: _active, attempt: _attempt, baseline: _baseline, checkpoint: _checkpoint, ...rest } = document;
  const { everything: _everything, stop: _stop, ...run } = rest;
  return {
    ...run,
    id: _id,
    decision: run.decision ?? null,
    sunset: run.sunset ?? null,
    corrected: run.corrected ?? 0,
  };
}

function toProgress(document: RunDocument): RunProgress {
  const { attempt, baseline, checkpoint, everything } = document;
  return { run: toRun(document), attempt, baseline, checkpoint, everything };
}

function isTaken(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 11000;
}

export function makeRunStore(connection: Connection): RunStore {
  const model = connection.model('HarvestRun', runSchema);
  const database = connection.getClient().db(connection.name);
  const runs = database.collection<RunDocument>('harvest_runs');
  const readings = database.collection<ReadingDocument>('harvest_readings');
  const active = [...activeStatuses];

  async function list(filter: mongo.Filter<RunDocument>, limit: number): Promise<HarvestRun[]> {
    const found = await runs.find(filter).sort({ queuedAt: -1, _id: 1 }).limit(limit).toArray();
    return found.map(toRun);
  }

  async function lastOfEach(): Promise<HarvestRun[]> {
    const sources = await runs.distinct('sourceId');
    const last = await Promise.all(sources.map((sourceId) => list({ sourceId, status: { $ne: 'skipped' } }, 1)));
    return last.flat();
  }

  // Each card says whether its source still answers.
  const endings = sharedRead(async (sourceId: string, limit: number) => {
    const found = runs.find({ sourceId }, { projection: { status: 1, endedAt: 1 } });
    return (await found.sort({ queuedAt: -1, _id: 1 }).limit(limit).toArray()).map(({ status, endedAt }) => ({
      status,
      endedAt,
    }));
  });

  async function endedBefore(before: Date): Promise<mongo.Filter<RunDocument>> {
    const kept = (await lastOfEach()).map(({ id }) => id);
    return { endedAt: { $lt: before }, _id: { $nin: kept } };
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async request({ id, now, everything, ...asked }) {
      const run: RunDocument = {
        _id: id,
        ...asked,
        status: 'queued',
        active: true,
        mode: 'full',
        queuedAt: now,
        startedAt: null,
        endedAt: null,
        heartbeatAt: null,
        counters: noCounts,
        corrected: 0,
        presentBefore: 0,
        presentAfter: 0,
        notModified: false,
        announced: null,
        retries: 0,
        sunset: null,
        fault: null,
        causes: [],
        warnings: [],
        held: null,
        decision: null,
        skippedFor: null,
        attempt: 0,
        baseline: null,
        checkpoint: null,
        everything,
      };
      for (;;) {
        try {
          await runs.insertOne(run);
          return toRun(run);
        } catch (error) {
          if (!isTaken(error)) throw error;
        }
        const holder = await runs.findOne({ sourceId: asked.sourceId, active: true });
        // It ended in between: ask again.
        if (holder === null) continue;
        const { active: _active, ...rest } = run;
        const skipped: RunDocument = { ...rest, status: 'skipped', endedAt: now, skippedFor: holder._id };
        await runs.insertOne(skipped);
        return toRun(skipped);
      }
    },

    async take(id, attempt, now) {
      const taken = await runs.findOneAndUpdate(
        { _id: id, attempt, active: true },
        { $set: { status: 'running', heartbeatAt: now }, $inc: { attempt: 1 } },
        { returnDocument: 'after' },
      );
      if (taken === null) return null;
      if (taken.startedAt !== null) return toProgress(taken);
      await runs.updateOne({ _id: id }, { $set: { startedAt: now } });
      return toProgress({ ...taken, startedAt: now });
    },

    async progress(id) {
      const found = await runs.findOne({ _id: id });
      return found === null ? null : toProgress(found);
    },

    async begin(id, attempt, begun) {
      await runs.updateOne({ _id: id, attempt }, { $set: begun });
    },

    async beat(id, attempt, now, counters, retries) {
      const found = await runs.findOneAndUpdate(
        { _id: id, attempt, active: true },
        { $set: { heartbeatAt: now, counters, retries } },
        { projection: { stop: 1 } },
      );
      return found === null ? null : { stop: found.stop ?? null };
    },

    async requestStop(id, request) {
      const { matchedCount } = await runs.updateOne(
        { _id: id, status: { $in: active }, active: true },
        { $set: { stop: request } },
      );
      return matchedCount === 1;
    },

    async saveCheckpoint(id, attempt, checkpoint, now) {
      const { matchedCount } = await runs.updateOne(
        { _id: id, attempt, active: true },
        { $set: { checkpoint, counters: checkpoint.counters, heartbeatAt: now } },
      );
      return matchedCount === 1;
    },

    async end(attempt, { id, ...run }) {
      const { matchedCount } = await runs.updateOne(
        { _id: id, attempt, active: true },
        {
          $set: { ...run, ...(run.status === 'held' ? {} : { checkpoint: null }) },
          $unset: { active: true, stop: true },
        },
      );
      return matchedCount === 1;
    },

    async claimDecision({ id, sourceId, queuedAt }, decision) {
      try {
        const { matchedCount } = await runs.updateOne(
          { _id: id, status: 'held', decision: null },
          { $set: { decision, active: true, heartbeatAt: decision.at } },
        );
        if (matchedCount === 0) return 'taken';
      } catch (error) {
        if (isTaken(error)) return 'busy';
        throw error;
      }
      const later = await runs.findOne({ sourceId, queuedAt: { $gt: queuedAt }, status: { $ne: 'skipped' } });
      if (later === null) return 'claimed';
      await runs.updateOne({ _id: id }, { $set: { decision: null }, $unset: { active: true } });
      return 'late';
    },

    async settle(attempt, { id, counters, presentBefore, presentAfter }) {
      const { matchedCount } = await runs.updateOne(
        { _id: id, attempt, active: true },
        { $set: { counters, presentBefore, presentAfter, checkpoint: null }, $unset: { active: true } },
      );
      return matchedCount === 1;
    },

    async takeUnsettled(before, now) {
      const taken = await runs.findOneAndUpdate(
        { status: 'held', active: true, heartbeatAt: { $lt: before } },
        { $set: { heartbeatAt: now }, $inc: { attempt: 1 } },
        { returnDocument: 'after' },
      );
      return taken === null ? null : toProgress(taken);
    },

    async unattended(before) {
      const found = await runs
        .find({ status: { $in: active }, $or: [{ status: 'queued' }, { heartbeatAt: { $lt: before } }] })
        .sort({ queuedAt: 1, _id: 1 })
        .toArray();
      return found.map(toRun);
    },

    async byId(id) {
      const found = await runs.findOne({ _id: id });
      return found === null ? null : toRun(found);
    },

    all({ before, limit }) {
      if (before === null) return list({}, limit);
      const { id, queuedAt } = before;
      return list({ $or: [{ queuedAt: { $lt: queuedAt } }, { queuedAt, _id: { $gt: id } }] }, limit);
    },

    bySource: (sourceId, limit) => list({ sourceId }, limit),
    endings,

    lastOfEach,

    async lastComplete() {
      const complete = { status: { $in: [...completeStatuses] } };
      const last = await runs.findOne(complete, { sort: { endedAt: -1 }, projection: { endedAt: 1 } });
      return last?.endedAt ?? null;
    },

    ahead: (run) => runs.countDocuments({ active: true, queuedAt: { $lt: run.queuedAt } }),

    async reading(sourceId) {
      const found = await readings.findOne({ _id: sourceId });
      if (found === null) return null;
      const { _id, ...reading } = found;
      return reading;
    },

    async saveReading(sourceId, reading) {
      await readings.replaceOne({ _id: sourceId }, { ...reading }, { upsert: true });
    },

    async forgetValidators(sourceId) {
      await readings.updateOne({ _id: sourceId }, { $unset: { validators: '' } });
    },

    async erase(sourceIds) {
      await runs.deleteMany({ sourceId: { $in: [...sourceIds] } });
      await readings.deleteMany({ _id: { $in: [...sourceIds] } });
    },

    async countEndedBefore(before) {
      return runs.countDocuments(await endedBefore(before));
    },

    async eraseEndedBefore(before) {
      return (await runs.deleteMany(await endedBefore(before))).deletedCount;
    },
  };
}
