/** Harvest runs and what the pipeline needs of a source. Words for people: docs/glossary.md. */

export const runStatuses = [
  'queued',
  'running',
  'done',
  'done-with-rejections',
  'incomplete',
  'held',
  'failed',
  'skipped',
] as const;
export type RunStatus = (typeof runStatuses)[number];

/** Without a heartbeat for so long, a process is taken for dead and its run for left. */
export const deadAfterMs = 30_000;

/** Active runs hold the source: at most one of them per source. */
export const activeStatuses: readonly RunStatus[] = ['queued', 'running'];

/** The source was read to its end and what was read is shown. */
export const completeStatuses: readonly RunStatus[] = ['done', 'done-with-rejections'];

export const counterNames = [
  'received',
  'created',
  'updated',
  'unchanged',
  'restored',
  'outOfScope',
  'quarantined',
  'repeated',
  'missing',
  'withdrawn',
] as const;
export type Counters = Readonly<Record<(typeof counterNames)[number], number>>;

export const noCounts: Counters = {
  received: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  restored: 0,
  outOfScope: 0,
  quarantined: 0,
  repeated: 0,
  missing: 0,
  withdrawn: 0,
};

/** Every record received counts once. */
export function everyRecordCountedOnce(c: Counters): boolean {
  return c.received === c.created + c.updated + c.unchanged + c.restored + c.outOfScope + c.quarantined + c.repeated;
}

/** `present`: records not withdrawn, whether published, waiting or missing. */
export function presenceAddsUp(c: Counters, presentBefore: number, presentAfter: number): boolean {
  return presentAfter === presentBefore + c.created + c.restored - c.withdrawn;
}

/** What the pipeline needs of a source; the whole source is providers/model.ts. */
export interface HarvestSource {
  readonly id: string;
  readonly title: string;
  readonly connector: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Secret settings by name, sealed: opened where the source is read (open-source.ts). */
  readonly sealed?: Readonly<Record<string, string>>;
  /** Demonstration data: may reach the demonstration server, erased when the demonstration is off. */
  readonly demo: boolean;
  /** The uploaded catalogue that answers instead of the network, when there is one. */
  readonly file?: { readonly id: string } | null;
  readonly publishing: 'live' | 'review';
  /** Caps of one run; null takes the default of the configuration. */
  readonly limits: {
    readonly wireBytes: number | null;
    readonly decodedBytes: number | null;
    readonly minutes: number | null;
  };
}

export type RunTrigger = 'schedule' | 'manual' | 'resume' | 'start' | 'replay';

/** A fault that ended the run, in words for the provider. */
export interface RunFault {
  /** Kind of SourceError, or `time-limit`, `stopped`, `guard`, `short`, `platform`. */
  readonly kind: string;
  /** French sentence. */
  readonly message: string;
  readonly url: string | null;
  /** With its page, as the codes of records: `E_ENCODAGE`; left out for faults that have none. */
  readonly code?: string;
}

export interface RunCause {
  readonly code: string;
  readonly count: number;
  /** One record that shows it. */
  readonly example: {
    readonly remoteId: string;
    readonly field: string;
    readonly value: string;
    readonly message: string;
  };
}

/** What a person made of a held run. The run stays `held`; its counters are brought up to date. */
export interface RunDecision {
  readonly kind: 'applied' | 'kept';
  /** A function, not a name: « l'opérateur ». */
  readonly by: string;
  readonly at: Date;
  /** Written by the person; '' only for `kept`. */
  readonly reason: string;
}

/** A run is a document that a provider can read. */
export interface HarvestRun {
  readonly id: string;
  readonly sourceId: string;
  readonly sourceTitle: string;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly mode: 'full' | 'changes';
  readonly queuedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly heartbeatAt: Date | null;
  readonly counters: Counters;
  /** Of the records that it received and accepted, those that carry a correction in place. */
  readonly corrected: number;
  readonly presentBefore: number;
  readonly presentAfter: number;
  /** The partner answered « not modified »: all counters are 0. */
  readonly notModified: boolean;
  readonly announced: number | null;
  readonly retries: number;
  /** The earliest end that the source announced for what it answers with (`Sunset`); null when it announced none. */
  readonly sunset: Date | null;
  readonly fault: RunFault | null;
  /** At most 20, most frequent first. */
  readonly causes: readonly RunCause[];
  readonly warnings: readonly RunCause[];
  /** A held run: what it would have done. */
  readonly held: { readonly kind: 'losses' | 'gains'; readonly concerned: number; readonly of: number } | null;
  readonly decision: RunDecision | null;
  /** For `skipped`: the run that was in progress. */
  readonly skippedFor: string | null;
}
