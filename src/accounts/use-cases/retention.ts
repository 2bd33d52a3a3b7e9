/** Erases what is past its time, by the table of durations. Whoever keeps a thing knows how to find what is too old. */
import { keptSince, type RetentionRule } from '../model/retention.ts';

/** One kind of thing that has an end. */
export interface Expiring {
  /** Of the table of durations. */
  readonly what: string;
  /** How many would be erased. */
  count(before: Date): Promise<number>;
  /** Erases those older than `before`. @returns how many were */
  erase(before: Date): Promise<number>;
}

export interface RetentionResult {
  readonly what: string;
  readonly title: string;
  readonly days: number;
  readonly before: Date;
  /** Erased; with `dryRun`, what would be. */
  readonly count: number;
}

export interface Retention {
  /** The table, for the pages. */
  readonly rules: readonly RetentionRule[];
  enforce(options: { readonly dryRun: boolean; readonly signal?: AbortSignal }): Promise<readonly RetentionResult[]>;
}

/** @throws Error at once when a duration is not enforced, or when something expires without a stated duration */
export function makeRetention(parts: {
  readonly rules: readonly RetentionRule[];
  readonly expiring: readonly Expiring[];
  now(): Date;
}): Retention {
  const { rules, expiring, now } = parts;
  const enforcers = new Map(expiring.map((each) => [each.what, each]));
  const stated = new Set(rules.map(({ what }) => what));
  const pairs = rules.flatMap((rule) => {
    const enforcer = enforcers.get(rule.what);
    return enforcer === undefined ? [] : [{ rule, enforcer }];
  });
  const unpaired = [
    ...rules.filter(({ what }) => !enforcers.has(what)).map(({ what }) => `${what} is stated and not enforced`),
    ...expiring.filter(({ what }) => !stated.has(what)).map(({ what }) => `${what} expires without a stated duration`),
  ];
  if (unpaired.length > 0) throw new Error(`retention: ${unpaired.join(', ')}`);

  return {
    rules,
    async enforce({ dryRun, signal }) {
      const results: RetentionResult[] = [];
      for (const { rule, enforcer } of pairs) {
        signal?.throwIfAborted();
        const before = keptSince(rule, now());
        const count = dryRun ? await enforcer.count(before) : await enforcer.erase(before);
        results.push({ what: rule.what, title: rule.title, days: rule.days, before, count });
      }
      return results;
    },
  };
}
