/** The read stage: holds a connector to its contract, and cuts its items into batches. Interprets no field. */
import { SourceError } from '../../errors.ts';
import type { End, Problem, SourceItem } from '../connector.ts';
import type { Patch } from '../model/patch.ts';
import { canonicalJson, sha256 } from './fingerprint.ts';

/** One record as received. */
export interface Entry {
  readonly remoteId: string;
  /** Canonical JSON; null when the record cannot be kept. Text alone: the trees of a batch would be costly to hold. */
  readonly json: string | null;
  readonly hash: string;
  /** When the source gave it; null is now. */
  readonly at: Date | null;
  /** Not empty: the record cannot be judged at all. */
  readonly problems: readonly Problem[];
  /** Corrections of this record, those just taken back too; absent when there is none. */
  readonly patches?: readonly Patch[];
}

export interface Batch {
  readonly entries: readonly Entry[];
  /** Declared deleted, and not given again since. */
  readonly removed: readonly string[];
  /** Once this batch is written, reading may start again from here. */
  readonly cursor?: { readonly value: unknown };
  readonly closing?: End<unknown> | { readonly kind: 'unchanged' };
}

/** What a batch holds at most. */
export interface BatchSize {
  readonly records: number;
  /** Characters of canonical JSON, so that large records do not fill the memory. */
  readonly characters: number;
}

const longestIdentifier = 500;
const longestRecord = 4_000_000;

/**
 * Items until the closing one, which it demands: a listing that stops without it was cut. Stops waiting for the source
 * as soon as the signal says so.
 *
 * @throws SourceError when the listing stops short; the reason of the signal when it is aborted.
 */
export async function* readToEnd(
  items: AsyncIterable<SourceItem<unknown>>,
  signal: AbortSignal,
): AsyncGenerator<SourceItem<unknown>> {
  const iterator = items[Symbol.asyncIterator]();
  // One promise per step, never a race with one that lasts: that one would keep every record it ever raced with.
  let refuse: (reason: unknown) => void = () => {};
  const stop = () => refuse(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const step = () =>
    new Promise<IteratorResult<SourceItem<unknown>>>((resolve, reject) => {
      refuse = reject;
      iterator.next().then(resolve, reject);
    });
  let received = false;
  let finished = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { value: item, done } = await step();
      if (done === true) {
        finished = true;
        throw new SourceError('malformed', "La source s'est interrompue");
      }
      if (item.kind === 'unchanged' && received)
        throw new SourceError('changed', 'La source répond « non modifiée » après avoir donné des fiches');
      received = true;
      yield item;
      if (item.kind === 'end' || item.kind === 'unchanged') return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // A source that hangs would never answer its own closing: it is asked, not waited for, when the signal stopped it.
    const closing = finished ? undefined : iterator.return?.();
    if (signal.aborted) closing?.catch(() => {});
    else await closing;
  }
}

/** `stamp` is what makes the same record be judged again: connector, its version, framework version. */
export function entryOf(remoteId: string, raw: unknown, stamp: string, at: Date | null = null): Entry {
  const problem = (code: string, field: string, message: string): Problem => ({ code, field, value: null, message });
  let json: string | null = null;
  try {
    json = canonicalJson(raw);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  }
  const problems: Problem[] = [];
  if (json === null) {
    const message = 'Le champ (fiche) contient des données imbriquées sans fin, nous attendons une fiche lisible.';
    problems.push(problem('E_FORMAT_CHAMP', '(fiche)', message));
  } else if (json.length > longestRecord) {
    const message = `Le champ (fiche) compte ${json.length} caractères, ${longestRecord} au plus.`;
    problems.push(problem('E_CHAMP_TROP_LONG', '(fiche)', message));
    json = null;
  }
  if (remoteId === '') {
    problems.push(problem('E_CHAMP_MANQUANT', 'identifiant', 'Le champ identifiant est obligatoire et il est vide.'));
  } else if (remoteId.length > longestIdentifier) {
    const message = `Le champ identifiant compte ${remoteId.length} caractères, ${longestIdentifier} au plus.`;
    problems.push(problem('E_CHAMP_TROP_LONG', 'identifiant', message));
  }
  const hash = sha256(stamp, json ?? '');
  return { remoteId: identifierOf(remoteId, hash), json, hash, at, problems };
}

/** A record without a usable identifier is kept under one of ours, so that the provider can see it. */
function identifierOf(remoteId: string, hash: string): string {
  if (remoteId === '') return `(sans identifiant) ${hash.slice(0, 12)}`;
  if (remoteId.length <= longestIdentifier) return remoteId;
  return `${remoteId.slice(0, 100)}… ${sha256(remoteId).slice(0, 12)}`;
}

const smallestBatch = 20;

/** The memory of a thread, shared by the runs that it executes at once. */
export function sharedBy(runs: number, whole: BatchSize): BatchSize {
  const { records, characters } = whole;
  return {
    records: Math.max(Math.min(smallestBatch, records), Math.floor(records / runs)),
    characters: Math.floor(characters / runs),
  };
}

/** Cuts at each checkpoint, at the `size` of that moment, and at the end. */
export async function* cutBatches(
  items: AsyncIterable<SourceItem<unknown>>,
  stamp: string,
  size: () => BatchSize,
): AsyncGenerator<Batch> {
  let entries: Entry[] = [];
  let removed = new Set<string>();
  let characters = 0;
  const cut = (more: Pick<Batch, 'cursor' | 'closing'>): Batch => {
    const batch = { entries, removed: [...removed], ...more };
    entries = [];
    removed = new Set();
    characters = 0;
    return batch;
  };
  for await (const item of items) {
    switch (item.kind) {
      case 'record': {
        const entry = entryOf(item.remoteId, item.raw, stamp);
        entries.push(entry);
        removed.delete(entry.remoteId);
        characters += entry.json?.length ?? 0;
        break;
      }
      case 'removed':
        removed.add(item.remoteId);
        break;
      case 'checkpoint':
        yield cut({ cursor: { value: item.cursor } });
        break;
      default:
        yield cut({ closing: item });
    }
    const most = size();
    if (entries.length >= most.records || removed.size >= most.records || characters >= most.characters) yield cut({});
  }
}
