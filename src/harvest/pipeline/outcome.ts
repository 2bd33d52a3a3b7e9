/** What became of the records of a run, and why: counts and causes. */

import type { Problem } from '../connector.ts';
import { type Counters, noCounts, type RunCause } from '../model.ts';
import type { KeptProblem } from '../store/records.ts';

export type RecordOutcome = 'created' | 'updated' | 'unchanged' | 'restored' | 'outOfScope' | 'quarantined';

export interface Tallies {
  readonly causes: readonly RunCause[];
  readonly warnings: readonly RunCause[];
}

export const noTallies: Tallies = { causes: [], warnings: [] };

const shownCauses = 20;
/** A partner that invents a field name per record must not fill the memory. */
const keptCauses = 200;

/** A problem as it is stored and shown: any value, as at most 200 characters. */
export function keptProblem(problem: Problem): KeptProblem {
  const { code, field, value, message } = problem;
  const text = typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
  return { code, field: field.slice(0, 200), value: (text ?? '').slice(0, 200), message: message.slice(0, 1_000) };
}

export interface Tally {
  add(remoteId: string, problems: readonly KeptProblem[]): void;
  causes(): RunCause[];
}

/** Counts causes by code and field, the place in a list apart: `sessions.3.start` is `sessions.*.start`. */
export function makeTally(start: readonly RunCause[]): Tally {
  const found = new Map<string, RunCause>();
  const keyOf = (code: string, field: string) => `${code} ${field.replace(/\b\d+\b/g, '*')}`;
  for (const cause of start) found.set(keyOf(cause.code, cause.example.field), cause);
  return {
    add(remoteId, problems) {
      for (const { code, field, value, message } of problems) {
        const key = keyOf(code, field);
        const before = found.get(key);
        if (before !== undefined) found.set(key, { ...before, count: before.count + 1 });
        else if (found.size < keptCauses)
          found.set(key, { code, count: 1, example: { remoteId, field, value, message } });
      }
    },
    // Equal ones in the order of their names: a run that was killed met them in another order.
    causes: () =>
      [...found].sort(([key, a], [other, b]) => b.count - a.count || (key < other ? -1 : 1)).map(([, cause]) => cause),
  };
}

export function shown(causes: readonly RunCause[]): readonly RunCause[] {
  return causes.slice(0, shownCauses);
}

/** Counters that grow while the run goes on. */
export interface Count {
  add(outcome: RecordOutcome | 'repeated', times?: number): void;
  /** Counted as created before it was seen that the course was known under another identifier. */
  renamed(times: number): void;
  value(): Counters;
}

/** Adding an outcome is receiving a record: the first equation holds by construction. */
export function makeCount(start: Counters = noCounts): Count {
  const counters: Record<keyof Counters, number> = { ...start };
  return {
    add(outcome, times = 1) {
      counters.received += times;
      counters[outcome] += times;
    },
    renamed(times) {
      counters.created -= times;
      counters.updated += times;
    },
    value: () => ({ ...counters }),
  };
}
