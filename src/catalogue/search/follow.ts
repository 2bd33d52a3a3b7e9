/**
 * Keeps an index up with the database by polling: what changed since the last change seen, and what was deleted.
 * Re-reading is harmless, so each poll starts a little early.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../../platform/deferred.ts';
import { groupsOf, isShown } from '../model/duplicates.ts';
import type { Course, CourseId } from '../model.ts';
import type { FedCourseIndex, IndexedCourse } from './course-index.ts';
import { type IndexLabels, indexedCourseOf } from './indexed-course.ts';

/** The place of one change in the order (date, id). */
export interface Watermark {
  readonly updatedAt: Date;
  readonly id: string;
}

export interface Removal {
  readonly id: CourseId;
  readonly removedAt: Date;
}

export interface ChangeReader {
  /** In the order (updatedAt, id), after the watermark; all courses when it is null. */
  changedSince(watermark: Watermark | null, limit: number): Promise<readonly Watermark[]>;
  /** Those of these courses that are listed; for one that is merged into another, the one that stands for it. */
  listed(ids: readonly CourseId[]): Promise<readonly IndexedCourse[]>;
  /** Deleted courses in the order (removedAt, id), after the watermark. */
  removedSince(watermark: Removal | null, limit: number): Promise<readonly Removal[]>;
}

/** Reads a course store: what is shown to visitors is listed, anything else is not. */
export function readChanges(
  store: {
    changedSince: ChangeReader['changedSince'];
    byIds(ids: readonly CourseId[]): Promise<readonly Course[]>;
    removedSince: ChangeReader['removedSince'];
  },
  labels: IndexLabels,
): ChangeReader {
  return {
    changedSince: (watermark, limit) => store.changedSince(watermark, limit),
    removedSince: (watermark, limit) => store.removedSince(watermark, limit),
    async listed(ids) {
      const courses = await store.byIds(ids);
      const groups = await groupsOf(courses, store.byIds);
      // The holder of the card is the first of its group; its other courses are what it stands for.
      const cards = new Map([...groups.values()].map((group) => [group[0]?.id, group]));
      return [...cards.values()].flatMap(([card, ...others]) =>
        card === undefined || !isShown(card.state) || card.mergedInto !== null
          ? []
          : [
              indexedCourseOf(
                card,
                labels,
                others.filter(({ state }) => isShown(state)),
              ),
            ],
      );
    },
  };
}

export interface Following {
  /**
   * Begins; failed polls are logged and tried again.
   * @returns when the first complete load has been applied
   * @throws Error when stopped before that
   */
  start(): Promise<void>;
  /** Ends after the poll under way. */
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly index: FedCourseIndex;
  readonly reader: ChangeReader;
  readonly intervalMs?: number;
  readonly log: { error(details: object, message: string): void };
  readonly now?: () => Date;
}

const batchSize = 500;
/** Courses read and indexed in one go, on the thread that answers searches: between two, it answers. */
const coursesInOneGo = 10;
/** What takes longer is a long harvest: from then on half of the time is left to those who read pages. */
const steadyMs = 1_000;
/** Writers date a batch before they commit it: each poll looks back so far. */
const shortOverlapMs = 5_000;
/** A commit may take long, and clocks differ: one poll in ten looks back further. To always do so would read a long harvest again each second. */
const overlapMs = 30_000;
const pollsApart = 10;

/** One of the two flows: where it stands, and what it applied lately so that re-reading changes nothing. */
class Flow {
  #latest: number | null = null;
  readonly #applied = new Map<string, number>();

  /** Where a poll that looks back so far starts; null before anything was seen. */
  from(overlap: number): Date | null {
    return this.#latest === null ? null : new Date(this.#latest - overlap);
  }

  isApplied(id: string, at: number): boolean {
    return this.#applied.get(id) === at;
  }

  appliedAt(id: string): number | undefined {
    return this.#applied.get(id);
  }

  /** A date in the future, from a writer whose clock is ahead, must not hide the changes of others. */
  markApplied(id: string, at: number, now: number): void {
    this.#applied.set(id, at);
    this.#latest = Math.max(this.#latest ?? Number.NEGATIVE_INFINITY, Math.min(at, now));
  }

  forgetOld(): void {
    const oldest = (this.#latest ?? 0) - overlapMs;
    for (const [id, at] of this.#applied) if (at < oldest) this.#applied.delete(id);
  }
}

export function followCatalogue(options: FollowOptions): Following {
  const { index, reader, log, intervalMs = 1_000 } = options;
  const now = options.now ?? (() => new Date());
  const changes = new Flow();
  const removals = new Flow();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let polls = 0;
  let stopped = false;
  let isLoaded = false;
  const firstLoad = deferred<void>();

  async function applyChanges(overlap: number): Promise<void> {
    const started = performance.now();
    const from = changes.from(overlap);
    for (let at: Watermark | null = from === null ? null : { updatedAt: from, id: '' }; !stopped; ) {
      const batch: readonly Watermark[] = await reader.changedSince(at, batchSize);
      const fresh = batch.filter(({ id, updatedAt }) => !changes.isApplied(id, updatedAt.getTime()));
      for (let first = 0; first < fresh.length && !stopped; first += coursesInOneGo) {
        const begun = performance.now();
        await applyChanged(fresh.slice(first, first + coursesInOneGo));
        if (isLoaded && begun - started > steadyMs) await sleep(performance.now() - begun);
      }
      const last = batch.at(-1);
      if (last === undefined || batch.length < batchSize) return;
      at = last;
    }
  }

  async function applyChanged(changed: readonly Watermark[]): Promise<void> {
    const ids = changed.map(({ id }) => id);
    const listed = await reader.listed(ids);
    const isListed = new Set(listed.map(({ id }) => id));
    const unlisted = ids.filter((id) => !isListed.has(id));
    if (listed.length > 0) await index.upsert(listed);
    if (unlisted.length > 0) await index.remove(unlisted);
    // One that changed again meanwhile was applied as it is now; its new date brings it back at the next poll.
    for (const { id, updatedAt } of changed) changes.markApplied(id, updatedAt.getTime(), now().getTime());
  }

  async function applyRemovals(overlap: number): Promise<void> {
    const from = removals.from(overlap);
    for (let at: Removal | null = from === null ? null : { removedAt: from, id: '' }; !stopped; ) {
      const batch: readonly Removal[] = await reader.removedSince(at, batchSize);
      const fresh = batch.filter(({ id, removedAt }) => !removals.isApplied(id, removedAt.getTime()));
      // A course written again after its deletion lives.
      const gone = fresh.filter(({ id, removedAt }) => (changes.appliedAt(id) ?? 0) <= removedAt.getTime());
      if (gone.length > 0) await index.remove(gone.map(({ id }) => id));
      for (const { id, removedAt } of fresh) removals.markApplied(id, removedAt.getTime(), now().getTime());
      const last = batch.at(-1);
      if (last === undefined || batch.length < batchSize) return;
      at = last;
    }
  }

  async function poll(): Promise<void> {
    const overlap = polls % pollsApart === 0 ? overlapMs : shortOverlapMs;
    polls += 1;
    try {
      await applyChanges(overlap);
      await applyRemovals(overlap);
      changes.forgetOld();
      removals.forgetOld();
      if (!isLoaded && !stopped) {
        isLoaded = true;
        index.markReady();
        firstLoad.resolve();
      }
    } catch (error) {
      log.error({ err: error }, 'the search index could not follow the catalogue');
    }
  }

  function pollAgain(delayMs: number): void {
    timer = setTimeout(() => {
      running = poll().then(() => {
        if (!stopped) pollAgain(intervalMs);
      });
    }, delayMs);
  }

  return {
    start() {
      if (timer === undefined && !stopped) pollAgain(0);
      return firstLoad.promise;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      if (!isLoaded) firstLoad.reject(new Error('stopped before the first complete load'));
    },
  };
}
