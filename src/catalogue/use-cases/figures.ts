/** Figures of the whole catalogue: counting them reads all of it. */
import type { IndexStats } from '../search/course-index.ts';

export interface CountedParts {
  readonly index: { stats(): Pick<IndexStats, 'version'> };
  now(): Date;
}

/** What was counted is shown as it is for so long, though nothing seems to have changed. */
const lifetimeMs = 30_000;
/** What was counted before is shown while it is counted again, when that takes as long as this. */
const longMs = 20;
/** But never what is older: the visitor waits. */
const oldestMs = 60_000;
/** While a harvest changes the index all the time, counting takes at most one part of the time in so many. */
const restFactor = 20;

interface Counted<Value> {
  readonly version: number;
  readonly at: number;
  readonly tookMs: number;
  readonly value: Value;
}

/** Counted again when the index changed and every half minute, by one visitor for all. A failure is not remembered. */
export function rememberPerVersion<Value>(
  { index, now }: CountedParts,
  count: () => Promise<Value>,
): () => Promise<Value> {
  let last: Counted<Value> | null = null;
  let counting: Promise<Counted<Value>> | null = null;

  const ageOf = ({ at }: Counted<Value>) => now().getTime() - at;

  function isFresh(counted: Counted<Value>): boolean {
    const age = ageOf(counted);
    const isUnchanged = counted.version === index.stats().version;
    return age < lifetimeMs && (isUnchanged || age < restFactor * counted.tookMs);
  }

  async function countAgain(): Promise<Counted<Value>> {
    const { version } = index.stats();
    const at = now().getTime();
    try {
      const value = await count();
      last = { version, at, tookMs: now().getTime() - at, value };
      return last;
    } finally {
      counting = null;
    }
  }

  return async () => {
    if (last !== null && isFresh(last)) return last.value;
    counting ??= countAgain();
    if (last === null || last.tookMs < longMs || ageOf(last) >= oldestMs) return (await counting).value;
    // Told to those who wait for it, once what is shown is too old.
    counting.catch(() => {});
    return last.value;
  };
}
