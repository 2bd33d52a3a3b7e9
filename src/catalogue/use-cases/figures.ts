/** Figures of the whole catalogue: counting them reads all of it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { IndexStats } from '../search/course-index.ts';

export interface CountedParts {
  readonly index: { stats(): Pick<IndexStats, 'version'> };
  now(): Date;
}

/** What was counted is shown as it is for so long, though nothing seems to have changed. */
const lifetimeMs = 30_000;
/** A visitor waits so long for a count that was begun again; then what was counted before is shown. */
const patienceMs = 20;
/** But never what is older: the visitor waits for the end. */
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
    if (last === null || ageOf(last) >= oldestMs) return (await counting).value;
    const { value } = last;
    // A failure is told to those who wait for the end, once what is shown is too old.
    const counted = counting.then(
      (again) => again.value,
      () => value,
    );
    return Promise.race([counted, wait(patienceMs, value)]);
  };
}
