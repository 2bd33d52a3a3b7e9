import { statfsSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { ByteRange } from './key-bytes.ts';
import { MongoError } from './mongo-error.ts';

type Table = Database<Buffer, Buffer>;

interface PendingWrite {
  readonly work: () => unknown;
  /** A turn of a longer work: what is short goes before it. */
  readonly long: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The lmdb environment of a data directory and its three tables, with group commit: all writes that wait when a
 * commit starts share one transaction and one flush to the disk.
 */
export interface Environment {
  readonly catalogue: Table;
  readonly records: Table;
  readonly entries: Table;
  /**
   * Runs `work` inside a write transaction and resolves with its result once that is on the disk. `work` is synchronous;
   * when it throws, nothing of it stays. It may be run twice, when another write of its group failed.
   *
   * @param options.long one turn of a work of many: others that wait go before it, so that a visitor's one small write does
   * not wait for a turn of each harvest under way
   */
  write<T>(work: () => T, options?: { readonly long: boolean }): Promise<T>;
  /** Inside `write`: what `work` changes is undone when it throws, without touching the rest of the transaction. */
  atomically<T>(work: () => T): T;
  /** Called inside a transaction before it ends, and after one was undone. */
  onCommit(hooks: { before(): void; undone(): void }): void;
  close(): Promise<void>;
}

const isLong = ({ long }: PendingWrite): boolean => long;

/** Milliseconds after which a group of writes takes no other one in, and a write of many statements ends its turn. */
export const longestTurnMs = 8;

/** Opens (or creates) the environment in `directory`. */
export function openEnvironment(directory: string): Environment {
  const root: RootDatabase<Buffer, Buffer> = open<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    pageSize: 8192,
    maxDbs: 4,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  const table = (name: string): Table =>
    root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  const catalogue = table('catalogue');
  const records = table('records');
  const entries = table('entries');

  let waiting: PendingWrite[] = [];
  let running: Promise<void> | undefined;
  let closed = false;
  /** Long ones waited while the last group was of short ones. */
  let longOnesNext = false;
  let hooks = { before(): void {}, undone(): void {} };

  /** One transaction; resolves when it is committed, before it is on the disk. */
  async function commit(group: readonly PendingWrite[]): Promise<(() => void)[]> {
    return root.childTransaction(() => {
      const begun = performance.now();
      const outcomes: (() => void)[] = [];
      for (const write of group) {
        // Those who read wait meanwhile: what is left of a large group has its own turn.
        if (outcomes.length > 0 && performance.now() - begun > longestTurnMs) break;
        outcomes.push(outcomeOf(write));
      }
      hooks.before();
      return outcomes;
    });
  }

  /** Short writes first; but when long ones waited for them once, those are next. */
  function nextGroup(): readonly PendingWrite[] {
    const long = waiting.filter(isLong);
    const short = waiting.filter((write) => !isLong(write));
    const areLong = long.length > 0 && (longOnesNext || short.length === 0);
    longOnesNext = long.length > 0 && !areLong;
    waiting = areLong ? short : long;
    return areLong ? long : short;
  }

  function outcomeOf({ work, resolve, reject }: PendingWrite): () => void {
    try {
      const result = work();
      return () => resolve(result);
    } catch (error) {
      // A refusal that the client must see: by contract it was thrown before anything was written.
      if (error instanceof MongoError) return () => reject(error);
      throw error;
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      let group = nextGroup();
      try {
        const outcomes = await commit(group);
        waiting.unshift(...group.slice(outcomes.length));
        group = group.slice(0, outcomes.length);
        await flush(outcomes);
      } catch (error) {
        hooks.undone();
        if (group.length === 1) group[0]?.reject(await writeFailure(error, directory));
        // One failing write must not fail its neighbours: each again, alone.
        else for (const write of group) await alone(write);
      }
    }
    running = undefined;
  }

  async function alone(write: PendingWrite): Promise<void> {
    try {
      await flush(await commit([write]));
    } catch (error) {
      hooks.undone();
      write.reject(await writeFailure(error, directory));
    }
  }

  /** The promise of a commit is not durability: what is acknowledged has been flushed. */
  async function flush(outcomes: readonly (() => void)[]): Promise<void> {
    await root.flushed;
    for (const acknowledge of outcomes) acknowledge();
  }

  return {
    catalogue,
    records,
    entries,
    write<T>(work: () => T, { long } = { long: false }): Promise<T> {
      if (closed) return Promise.reject(new MongoError(91, 'the embedded database is shutting down'));
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, long, resolve: resolve as (value: unknown) => void, reject });
        running ??= Promise.resolve().then(run);
      });
    },
    atomically: <T>(work: () => T): T => root.childTransaction(work) as unknown as T,
    onCommit(given): void {
      hooks = given;
    },
    async close(): Promise<void> {
      closed = true;
      await running;
      await root.close();
    },
  };
}

/** What lmdb rejects with when a commit fails; the reason comes apart. */
interface CommitFailure extends Error {
  readonly commitError: Promise<never>;
}

/** Whether an error is that of a failed commit. */
export function isCommitFailure(error: unknown): error is CommitFailure {
  return error instanceof Error && 'commitError' in error;
}

const ENOSPC = 28;
const EIO = 5;
/** With less than this free a failed write is the disk's: a commit cut short is also reported as an i/o error. */
const NO_SPACE_BYTES = 1024 * 1024;

/** Why a transaction failed, as an error that the client understands: a full disk above all. */
async function writeFailure(error: unknown, directory: string): Promise<unknown> {
  const cause: unknown = isCommitFailure(error) ? await error.commitError.catch((reason: unknown) => reason) : error;
  const { code } = cause as { code?: unknown };
  if (code === ENOSPC || (code === EIO && freeBytes(directory) < NO_SPACE_BYTES)) {
    return new MongoError(
      14031,
      'The disk that holds the data directory is full: nothing of this write was kept. Free some space and try again.',
    );
  }
  return cause;
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 1024;

/**
 * The keys of a range in order, read in growing chunks: no lmdb cursor or snapshot stays open between two of them, so a
 * slow reader never holds back the reuse of pages.
 */
export function* keysIn(table: Table, range: ByteRange, reverse: boolean): Generator<Buffer> {
  let chunk = FIRST_CHUNK;
  let from = reverse ? range.high : range.low;
  let exclusive = reverse;
  for (;;) {
    const options = reverse
      ? { start: from, end: range.low, inclusiveEnd: true, reverse: true, limit: chunk, exclusiveStart: exclusive }
      : { start: from, end: range.high, limit: chunk, exclusiveStart: exclusive };
    const keys = [...table.getKeys(options)] as Buffer[];
    yield* keys;
    const last = keys.at(-1);
    if (!last || keys.length < chunk) return;
    from = last;
    exclusive = true;
    chunk = Math.min(chunk * 4, LARGEST_CHUNK);
  }
}

/** What is read at once where ranges lie apart. */
const APART = 2;

/**
 * The keys of several ranges, ascending and disjoint, as `keysIn` gives those of one. Neighbours are read together: for a
 * list of values that stand one after the other in the index, looking each of them up would cost more than reading them.
 */
export function* keysInEach(table: Table, ranges: readonly ByteRange[], reverse: boolean): Generator<Buffer> {
  const [only] = ranges;
  if (only === undefined) return;
  if (reverse || ranges.length === 1) {
    for (const range of reverse ? [...ranges].reverse() : ranges) yield* keysIn(table, range, reverse);
    return;
  }
  const end = (ranges.at(-1) ?? only).high;
  let at = 0;
  let chunk = APART;
  let from = only.low;
  let exclusive = false;
  for (;;) {
    const keys = [...table.getKeys({ start: from, end, limit: chunk, exclusiveStart: exclusive })] as Buffer[];
    let hits = 0;
    for (const key of keys) {
      let range = ranges[at];
      while (range && key.compare(range.high) >= 0) range = ranges[++at];
      if (!range) return;
      if (key.compare(range.low) < 0) continue;
      hits++;
      yield key;
    }
    const last = keys.at(-1);
    if (!last || keys.length < chunk) return;
    const next = ranges[at]?.low;
    exclusive = next === undefined || last.compare(next) >= 0;
    from = exclusive ? last : (next as Buffer);
    chunk = hits * 2 >= keys.length ? Math.min(chunk * 4, LARGEST_CHUNK) : APART;
  }
}

export function countKeys(table: Table, { low, high }: ByteRange): number {
  return table.getKeysCount({ start: low, end: high });
}

/** The same with the values. */
export function* pairsIn(table: Table, range: ByteRange, reverse: boolean): Generator<{ key: Buffer; value: Buffer }> {
  let chunk = FIRST_CHUNK;
  let from = reverse ? range.high : range.low;
  let exclusive = reverse;
  for (;;) {
    const options = reverse
      ? { start: from, end: range.low, inclusiveEnd: true, reverse: true, limit: chunk, exclusiveStart: exclusive }
      : { start: from, end: range.high, limit: chunk, exclusiveStart: exclusive };
    const pairs = [...table.getRange(options)];
    yield* pairs;
    const last = pairs.at(-1);
    if (!last || pairs.length < chunk) return;
    from = last.key;
    exclusive = true;
    chunk = Math.min(chunk * 4, LARGEST_CHUNK);
  }
}
