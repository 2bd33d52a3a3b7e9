/**
 * What the platform would publish of a source, without writing anything (P3, N20): the reading, the validator, the alignment
 * and the codes of a run. It stops after a few records or seconds unless it is asked for everything, so that a catalogue of
 * any size is answered for at once.
 */
import type { CourseCorrection } from '../catalogue/model/corrections.ts';
import type { CourseDraft } from '../catalogue/model.ts';
import { AppError, SourceError } from '../errors.ts';
import type { Alignment } from '../framework/model.ts';
import type { AnyConnector, SourceHttp } from './connector.ts';
import type { RunCause } from './model.ts';
import { isOutOfScope, judge, notDigital } from './pipeline/judge.ts';
import { keptProblem, makeTally, shown } from './pipeline/outcome.ts';
import { correctionsOf, type SourcePatches } from './pipeline/patches.ts';
import { type Entry, entryOf, readToEnd } from './pipeline/read.ts';
import { contradiction } from './pipeline/write.ts';
import type { KeptProblem } from './store/records.ts';

/** remark: published, with a value shown as unknown; to-fix: would be quarantined. */
export type ExaminedResult = 'ready' | 'remark' | 'to-fix' | 'out-of-scope' | 'repeated' | 'removed';

/** One record, as received and as it would appear. */
export interface Examined {
  /** From 1. */
  readonly position: number;
  readonly remoteId: string;
  readonly result: ExaminedResult;
  /** JSON of several lines, cut at `rawCharacters`; null for a record that cannot be kept, or is declared deleted. */
  readonly raw: string | null;
  /** Descriptions cut short. Null unless it would be published. */
  readonly course: { readonly draft: CourseDraft; readonly alignment: Alignment } | null;
  /** Why it is out of scope. */
  readonly reason: string | null;
  readonly problems: readonly KeptProblem[];
  /** Laid over it by people, and counted in the result. */
  readonly corrections: readonly CourseCorrection[];
}

export interface Examination {
  /** The first ones, at most `shown` of them. */
  readonly records: readonly Examined[];
  /** Of all that was read; `read` is the sum of the others. */
  readonly counts: Readonly<Record<'read' | ExaminedResult, number>>;
  /** At most 20, most frequent first. */
  readonly causes: readonly RunCause[];
  readonly warnings: readonly RunCause[];
  /** The listing was read to its end: only then do the counts speak of the whole catalogue. */
  readonly complete: boolean;
  /** Total announced by the source. */
  readonly announced: number | null;
  /** What ended the reading before the end of the listing. French; null when we stopped it ourselves. */
  readonly error: string | null;
  /** Of that fault, with its page; null for one that has none. */
  readonly errorCode: string | null;
}

export interface ExamineOptions {
  /** Records listed. */
  readonly shown: number;
  /** Read all of it; else stop after `shown` records or `readingMs`. */
  readonly all: boolean;
  /** From the first byte of the source. */
  readonly readingMs: number;
  readonly align: (draft: CourseDraft) => Alignment;
  /** Corrections in place of the source: the next run lays them over its records, so does this. None for a stranger's catalogue. */
  readonly patches?: SourcePatches;
  readonly signal: AbortSignal;
  readonly onProgress?: (read: number) => void;
  /** An error of ours on one record: it is shown as a record to fix. */
  readonly onError?: (error: unknown, remoteId: string) => void;
}

export const examinedRecords = 20;
export const readingMs = 3_000;
const rawCharacters = 4_000;
const textCharacters = 600;

/** Our own stop: the records are enough, or the time is over. */
class Enough extends Error {}

/** @throws AppError `invalid` when the settings do not suit the connector */
export async function examine(
  connector: AnyConnector,
  config: unknown,
  http: SourceHttp,
  options: ExamineOptions,
): Promise<Examination> {
  if (!connector.configSchema.safeParse(config).success) {
    throw new AppError('invalid', 'connector-config', 'Les réglages de la source ne conviennent pas à ce format.');
  }
  const stop = new AbortController();
  const passOn = () => stop.abort(options.signal.reason);
  options.signal.addEventListener('abort', passOn, { once: true });
  if (options.signal.aborted) passOn();
  let timer: NodeJS.Timeout | undefined;
  const timed: SourceHttp = {
    async open(url, asked) {
      const download = await http.open(url, asked);
      if (!options.all) timer ??= setTimeout(() => stop.abort(new Enough()), options.readingMs);
      return download;
    },
  };
  const report = makeReport(connector, options);
  let closing: { readonly complete: boolean; readonly announced: number | null } = { complete: false, announced: null };
  let error: SourceError | null = null;
  try {
    const items = connector.read(config, { mode: 'full', http: timed, signal: stop.signal });
    for await (const item of readToEnd(items, stop.signal)) {
      if (item.kind === 'checkpoint') continue;
      if (item.kind === 'unchanged' || item.kind === 'end') {
        closing = { complete: true, announced: item.kind === 'end' ? (item.announced ?? null) : null };
        continue;
      }
      if (!options.all && report.read() >= options.shown) {
        stop.abort(new Enough());
        break;
      }
      if (item.kind === 'removed') report.removed(item.remoteId);
      else report.record(item.remoteId, item.raw);
      options.onProgress?.(report.read());
    }
  } catch (failure) {
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : failure;
    if (cause instanceof SourceError) error = cause;
    else if (!(cause instanceof Enough)) throw cause;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', passOn);
    // Whatever is still open on the way to the source is let go.
    if (!stop.signal.aborted) stop.abort(new Enough());
  }
  return { ...report.value(), ...closing, error: error?.publicMessage ?? null, errorCode: error?.code ?? null };
}

function makeReport(connector: AnyConnector, options: ExamineOptions) {
  const counts = { read: 0, ready: 0, remark: 0, 'to-fix': 0, 'out-of-scope': 0, repeated: 0, removed: 0 };
  const records: Examined[] = [];
  const causes = makeTally([]);
  const warnings = makeTally([]);
  const hashes = new Map<string, string>();

  type Found = Pick<Examined, 'result'> & Partial<Pick<Examined, 'course' | 'reason' | 'problems' | 'corrections'>>;

  function add(remoteId: string, raw: string | null, found: Found): void {
    counts.read += 1;
    counts[found.result] += 1;
    const problems = found.problems ?? [];
    (found.result === 'to-fix' ? causes : warnings).add(remoteId, problems);
    if (records.length >= options.shown) return;
    const nothing = { course: null, reason: null, corrections: [] };
    records.push({ ...nothing, position: counts.read, remoteId, raw, problems, ...found });
  }

  /** As a run would settle it, without what only the database knows: other sources, and what an identifier named before. */
  function settle(entry: Entry, isShown: boolean): Found {
    const { remoteId, hash } = entry;
    const before = hashes.get(remoteId);
    // A few letters of a digest tell two contents apart, and those of a million records fit.
    const short = hash.slice(0, 12);
    hashes.set(remoteId, short);
    if (before === short) return { result: 'repeated' };
    if (before !== undefined) return { result: 'to-fix', problems: [contradiction(remoteId)] };
    const judged = judge(entry, { connector, align: options.align, onError: options.onError ?? (() => {}) });
    if (judged.kind === 'rejected') return { result: 'to-fix', problems: judged.problems.map(keptProblem) };
    if (judged.kind === 'out-of-scope') return { result: 'out-of-scope', reason: judged.reason };
    const course = isShown ? { draft: shortened(judged.draft), alignment: judged.alignment } : null;
    if (isOutOfScope(judged.alignment)) return { result: 'out-of-scope', course, reason: notDigital };
    const problems = judged.warnings.map(keptProblem);
    return { result: problems.length === 0 ? 'ready' : 'remark', course, problems };
  }

  return {
    read: () => counts.read,
    value: () => ({ records, counts, causes: shown(causes.causes()), warnings: shown(warnings.causes()) }),
    removed: (remoteId: string) => add(remoteId, null, { result: 'removed' }),
    record(given: string, raw: unknown): void {
      const read = entryOf(given, raw, connector.id);
      const patches = options.patches?.get(read.remoteId);
      const entry = patches === undefined ? read : { ...read, patches };
      const isShown = records.length < options.shown;
      const found = { ...settle(entry, isShown), corrections: correctionsOf(patches ?? []) };
      add(entry.remoteId, isShown && entry.json !== null ? rawText(raw) : null, found);
    },
  };
}

/** For people: `reading` is what the connector adds for itself. */
export function rawText(raw: unknown): string {
  const isRecord = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  const received = isRecord ? Object.fromEntries(Object.entries(raw).filter(([name]) => name !== 'reading')) : raw;
  const text = JSON.stringify(received, null, 2) ?? '';
  return text.length > rawCharacters ? `${text.slice(0, rawCharacters)}…` : text;
}

function shortened(draft: CourseDraft): CourseDraft {
  const cut = (text: string) => (text.length > textCharacters ? `${text.slice(0, textCharacters)}…` : text);
  return { ...draft, description: cut(draft.description), descriptionHtml: '' };
}
