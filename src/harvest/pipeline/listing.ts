/** Where a run reads from: the source, from its beginning or from a cursor, conditionally or not; or the raw records kept. */
import { ZodError, z } from 'zod';
import type { CourseWriter } from '../../catalogue/store/writing.ts';
import { readAhead } from '../../platform/read-ahead.ts';
import type { AnyConnector, SourceContext, SourceHttp, SourceItem, Validators } from '../connector.ts';
import type { HarvestSource } from '../model.ts';
import type { RawRecord, RecordStore } from '../store/records.ts';
import type { RunProgress, RunStore } from '../store/runs.ts';
import { canonicalJson, sha256 } from './fingerprint.ts';
import { type SourcePatches, stampOfPatches, withPatches } from './patches.ts';
import { type Batch, type BatchSize, cutBatches, type Entry, entryOf, readToEnd } from './read.ts';
import { notingSunset } from './sunset.ts';

export interface ListingOptions {
  readonly tools: {
    readonly courses: Pick<CourseWriter, 'hasOverdue'>;
    readonly records: Pick<RecordStore, 'raws' | 'answersWait'>;
    readonly runs: Pick<RunStore, 'reading'>;
    readonly frameworkVersion: string;
    readonly openHttp: (source: HarvestSource, signal: AbortSignal, onRetry: () => void) => SourceHttp;
  };
  /** Corrections of its records. */
  readonly patches: SourcePatches;
  readonly source: HarvestSource;
  readonly connector: AnyConnector;
  readonly progress: RunProgress;
  readonly batchSize: () => BatchSize;
  /** A record absent since before this is due to be withdrawn. */
  readonly overdue: () => Date;
  readonly onRetry: () => void;
  /** The source says until when it answers so. */
  readonly onSunset: (at: Date) => void;
}

interface ReadingPlan {
  readonly mode: 'full' | 'changes';
  readonly cursor?: { readonly value: unknown };
  readonly validators?: Validators;
}

export interface Listing {
  /** Of all that makes the same source be read otherwise: connector, its version, framework, settings, corrections. */
  readonly fingerprint: string;
  isConfigured(): boolean;
  /** From where to read, and whether the question may be conditional. */
  plan(): Promise<ReadingPlan>;
  /** `prepare` works on a batch of the source while the one before is written. */
  batches(signal: AbortSignal, prepare: (batches: AsyncIterable<Batch>) => AsyncIterable<Batch>): AsyncIterable<Batch>;
}

/** Stands for the connector of a run that ends before it reads. */
export const noConnector: AnyConnector = {
  id: '',
  title: '',
  version: 0,
  resumable: false,
  configSchema: z.never(),
  exampleConfig: null,
  async *read() {},
  normalise: () => ({ kind: 'rejected', problems: [] }),
};

export function makeListing(options: ListingOptions): Listing {
  const { tools, source, connector, progress, patches, batchSize, overdue, onRetry, onSunset } = options;
  const { id, version } = connector;
  const stamp = `${id} ${version} ${tools.frameworkVersion}`;
  const fingerprintWith = (corrections: string) =>
    sha256(stamp, canonicalJson(source.config), ...(corrections === '' ? [] : [corrections]));
  const now = fingerprintWith(stampOfPatches(patches));
  // An earlier attempt read with the corrections of its time: what the next run compares with is that.
  const fingerprint = fingerprintWith(progress.baseline?.patches ?? stampOfPatches(patches));

  async function plan(): Promise<ReadingPlan> {
    const reading = await tools.runs.reading(source.id);
    // A record that must be withdrawn needs a complete listing: « not modified » and « changes » prove no absence. One that a
    // person answered about needs to be met, which they do not promise either.
    const whole =
      progress.everything ||
      reading === null ||
      reading.fingerprint !== now ||
      (await tools.courses.hasOverdue(source.id, overdue())) ||
      (await tools.records.answersWait(source.id));
    if (whole) return { mode: 'full' };
    if (reading.next !== undefined) return { mode: 'changes', cursor: { value: reading.next } };
    return { mode: 'full', ...(reading.validators === undefined ? {} : { validators: reading.validators }) };
  }

  async function* items(signal: AbortSignal): AsyncGenerator<SourceItem<unknown>> {
    const first = await plan();
    const saved = progress.checkpoint?.cursor;
    const resumed = saved === undefined ? undefined : { value: saved };
    const mode = progress.baseline === null ? first.mode : progress.run.mode;
    const start = resumed ?? (mode === 'changes' ? first.cursor : undefined);
    const context: SourceContext<unknown> = {
      mode: mode === 'changes' && start === undefined ? 'full' : mode,
      http: notingSunset(tools.openHttp(source, signal, onRetry), onSunset),
      signal,
      ...(start === undefined ? {} : { cursor: start.value }),
      // An attempt that goes on with another's work must read: « not modified » would leave that work half done.
      ...(progress.attempt > 1 || first.validators === undefined ? {} : { validators: first.validators }),
    };
    for await (const item of readToEnd(open(context), signal)) {
      if (item.kind === 'unchanged' && context.validators === undefined) {
        // Nothing was asked that could be answered so: believed, it would renew courses that nobody read.
        throw new TypeError(`the connector ${id} says "unchanged" without validators`);
      }
      yield item;
    }
  }

  /** A cursor of an older deployment is not understood any more: the source is read from its beginning. */
  function open(context: SourceContext<unknown>): AsyncIterable<SourceItem<unknown>> {
    try {
      return connector.read(source.config, context);
    } catch (error) {
      if (!(error instanceof ZodError) || context.cursor === undefined) throw error;
      const { cursor: _cursor, ...rest } = context;
      return connector.read(source.config, { ...rest, mode: 'full' });
    }
  }

  return {
    fingerprint,
    isConfigured: () => connector.configSchema.safeParse(source.config).success,
    plan,
    batches: (signal, prepare) =>
      progress.run.trigger === 'replay'
        ? corrected(rawBatches(tools.records.raws(source.id), stamp, batchSize, signal))
        : readAhead(prepare(corrected(cutBatches(items(signal), stamp, batchSize)))),
  };

  function corrected(batches: AsyncIterable<Batch>): AsyncIterable<Batch> {
    return patches.size === 0 ? batches : eachWithPatches(batches, patches);
  }
}

async function* eachWithPatches(batches: AsyncIterable<Batch>, patches: SourcePatches): AsyncGenerator<Batch> {
  for await (const batch of batches) yield withPatches(batch, patches);
}

/** Raw records kept from the source, as a listing that proves nothing about what is absent. */
async function* rawBatches(
  raws: AsyncIterable<RawRecord>,
  stamp: string,
  size: () => BatchSize,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  let entries: Entry[] = [];
  for await (const { remoteId, raw, at } of raws) {
    signal.throwIfAborted();
    entries.push(entryOf(remoteId, JSON.parse(raw), stamp, at));
    if (entries.length < size().records) continue;
    yield { entries, removed: [] };
    entries = [];
  }
  yield { entries, removed: [], closing: { kind: 'end', covers: 'changes', deletions: 'none' } };
}
