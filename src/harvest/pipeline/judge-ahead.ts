/** Judges records while the batch before is written: judging needs the processor, writing mostly waits. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Judged } from './judge.ts';
import type { RecordOutcome } from './outcome.ts';
import type { Batch, Entry } from './read.ts';

/** One answer per record, in the order asked. */
export type JudgeAll = (entries: readonly Entry[]) => Promise<readonly Judged[]>;

export interface JudgedEntry {
  readonly entry: Entry;
  readonly judged: Judged;
}

export interface Judging {
  /** In the order asked. @throws TypeError when a record was left without an answer */
  judge(entries: readonly Entry[]): Promise<readonly JudgedEntry[]>;
  /** What became of the last batch written. Ahead is worth it only where most records turn out to be new. */
  learn(outcomes: readonly (RecordOutcome | 'repeated')[]): void;
  ahead(batches: AsyncIterable<Batch>): AsyncGenerator<Batch>;
}

/** Records judged in one go: between two, what the database answered is taken up. */
const inOneGo = 20;

/** In this very thread. */
export function judgeHere(judge: (entry: Entry) => Judged): JudgeAll {
  return async (entries) => {
    const judged: Judged[] = [];
    for (const [at, entry] of entries.entries()) {
      if (at % inOneGo === 0) await nextTurn();
      judged.push(judge(entry));
    }
    return judged;
  };
}

/** `judgeAll` must be pure: its answer of one moment is used at another. */
export function makeJudging(judgeAll: JudgeAll): Judging {
  const begun = new WeakMap<Entry, { readonly batch: Promise<readonly Judged[]>; readonly at: number }>();
  let isMostlyNew = false;

  return {
    async judge(entries) {
      const late = entries.filter((entry) => !begun.has(entry));
      const rest = late.length === 0 ? [] : await judgeAll(late);
      let next = 0;
      return Promise.all(
        entries.map(async (entry) => {
          const early = begun.get(entry);
          const judged = early === undefined ? rest[next++] : (await early.batch)[early.at];
          if (judged === undefined) throw new TypeError(`the record ${entry.remoteId} was not judged`);
          return { entry, judged };
        }),
      );
    },
    learn(outcomes) {
      const written = outcomes.filter((outcome) => outcome === 'created' || outcome === 'updated').length;
      isMostlyNew = written > outcomes.length / 2;
    },
    async *ahead(batches) {
      for await (const batch of batches) {
        if (isMostlyNew && batch.entries.length > 0) {
          const judged = judgeAll(batch.entries);
          // Its failure is told when the batch is written; until then it is not unhandled.
          judged.catch(() => {});
          batch.entries.forEach((entry, at) => {
            begun.set(entry, { batch: judged, at });
          });
        }
        yield batch;
      }
    },
  };
}
