/** Judges records while the database writes the batch before: judging needs the processor, writing mostly waits. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Judged } from './judge.ts';
import type { RecordOutcome } from './outcome.ts';
import type { Batch, Entry } from './read.ts';

/** Records judged in one go: between two, what the database answered is taken up. */
const inOneGo = 20;

export interface Judging {
  readonly judge: (entry: Entry) => Judged;
  /** What became of the last batch written. Ahead is worth it only where most records turn out to be new. */
  learn(outcomes: readonly (RecordOutcome | 'repeated')[]): void;
  ahead(batches: AsyncIterable<Batch>): AsyncGenerator<Batch>;
}

/** `judge` must be pure: its answer of one moment is used at another. */
export function makeJudging(judge: (entry: Entry) => Judged): Judging {
  const judged = new WeakMap<Entry, Judged>();
  let isMostlyNew = false;
  return {
    judge: (entry) => judged.get(entry) ?? judge(entry),
    learn(outcomes) {
      const written = outcomes.filter((outcome) => outcome === 'created' || outcome === 'updated').length;
      isMostlyNew = written > outcomes.length / 2;
    },
    async *ahead(batches) {
      for await (const batch of batches) {
        for (const [at, entry] of batch.entries.entries()) {
          if (at % inOneGo === 0) await nextTurn();
          if (isMostlyNew) judged.set(entry, judge(entry));
        }
        yield batch;
      }
    },
  };
}
