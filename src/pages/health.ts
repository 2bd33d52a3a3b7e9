/** What `/healthz` says: the database is asked each time, what costs a count is remembered for some seconds and dated. */
import type { Log } from '../platform/log.ts';

export interface Health {
  readonly status: 'ok' | 'degraded';
  readonly database: {
    readonly kind: 'embedded' | 'mongodb';
    /** What an operator must know of the embedded engine. */
    readonly note: string | null;
    readonly reachable: boolean;
  };
  /** Shown to visitors. */
  readonly courses: number;
  /** Null when the database does not answer: not known now. */
  readonly pathways: number | null;
  /** End of the last complete harvest, ISO 8601; null before the first, or when the database does not answer. */
  readonly lastHarvest: string | null;
  /** When `pathways` and `lastHarvest` were read, ISO 8601; null when they are not known. */
  readonly countedAt: string | null;
}

export interface HealthParts {
  readonly database: Pick<Health['database'], 'kind' | 'note'>;
  /** Of the search index of this process: no question to the database. */
  courses(): number;
  /** One round to the database. */
  ping(): Promise<unknown>;
  countPathways(): Promise<number>;
  lastHarvest(): Promise<Date | null>;
  now(): Date;
  readonly log: Log;
}

const rememberedMs = 5_000;

type Counted = Pick<Health, 'pathways' | 'lastHarvest'> & { readonly at: Date };

export function makeHealth(parts: HealthParts) {
  const { log, now } = parts;
  let counted: { readonly from: number; readonly facts: Promise<Counted> } | null = null;

  async function count(): Promise<Counted> {
    const at = now();
    const [pathways, last] = await Promise.all([parts.countPathways(), parts.lastHarvest()]);
    return { pathways, lastHarvest: last?.toISOString() ?? null, at };
  }

  /** Requests at the same time count once. */
  function remembered(): Promise<Counted> {
    const from = now().getTime();
    if (counted === null || from - counted.from >= rememberedMs) counted = { from, facts: count() };
    return counted.facts;
  }

  async function reachable(): Promise<boolean> {
    try {
      await parts.ping();
      return true;
    } catch (err) {
      log.error({ err }, 'the database does not answer');
      return false;
    }
  }

  return {
    reachable,

    async health(): Promise<Health> {
      const courses = parts.courses();
      if (await reachable()) {
        try {
          const { at, ...facts } = await remembered();
          const database = { ...parts.database, reachable: true };
          return { status: 'ok', database, courses, ...facts, countedAt: at.toISOString() };
        } catch (err) {
          log.error({ err }, 'the database does not count');
        }
      }
      // What was known before is not what is.
      counted = null;
      const database = { ...parts.database, reachable: false };
      return { status: 'degraded', database, courses, pathways: null, lastHarvest: null, countedAt: null };
    },
  };
}
