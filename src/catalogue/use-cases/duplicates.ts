/**
 * One course that several sources give: finding such courses, and what a person decides about them. Nothing is removed: each
 * source keeps its course, which becomes an offer of another one, and a refused pair is never proposed again.
 */
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { Pair, PairDecision, PairPage, ShownPair, ShownPairs } from '../model/duplicate-pairs.ts';
import { certificationsConflict, duplicatesAmong, evidenceOf, type FoundPair, pairIdOf } from '../model/duplicates.ts';
import type { Course, CourseId } from '../model.ts';
import type { DuplicateStore, Regrouped } from '../store/duplicates.ts';
import type { CourseStore } from '../store.ts';

/** As far as this file needs one: `platform/lock.ts`. */
interface Lock {
  release(): Promise<void>;
}

export interface DuplicateParts {
  readonly duplicates: DuplicateStore;
  readonly courses: Pick<CourseStore, 'byIds'>;
  /** One at a time, across processes; null when somebody else is at it. */
  takeLock(): Promise<Lock | null>;
  now(): Date;
}

export interface FindReport {
  readonly dryRun: boolean;
  /** Courses compared. */
  readonly compared: number;
  /** New pairs, merged and proposed. */
  readonly merged: readonly FoundPair[];
  readonly proposed: readonly FoundPair[];
  /** Less probable ones than those: a queue that nobody can read helps nobody. Found again at the next search. */
  readonly notQueued: number;
  /** Merges that would bring together courses which a person separated, or two certifications: left alone. */
  readonly leftAlone: number;
}

export interface Duplicates {
  /**
   * Compares all courses on display. @param options.dryRun says what would be done, and does nothing
   * @throws AppError `conflict` when another one is at it
   */
  find(options: { readonly dryRun: boolean; readonly signal?: AbortSignal | undefined }): Promise<FindReport>;
  /** After a run: the courses that it published at an address that another source gives too, and hand-overs. */
  afterRun(run: {
    readonly id: string;
    readonly sourceId: string;
    readonly counters: { readonly created: number };
  }): Promise<{ readonly merged: number }>;
  /** Hands the card of a withdrawn course to an offer that lives, and mends what a killed process left. */
  settle(): Promise<Regrouped>;
}

/** New proposals of one search. */
const mostQueued = 1_000;

export function makeDuplicates({ duplicates, takeLock, now }: DuplicateParts): Duplicates {
  async function exclusively<Value>(work: () => Promise<Value>): Promise<Value | null> {
    const lock = await takeLock();
    if (lock === null) return null;
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  /** A pair that would join what a person parted, or two certifications through a third course, is not merged. */
  async function mergeable(found: readonly FoundPair[]): Promise<FoundPair[]> {
    const good: FoundPair[] = [];
    const joined = new Map<CourseId, readonly CourseId[]>();
    for (const pair of found) {
      const [a, b] = pair.courses;
      const groups = [joined.get(a) ?? (await duplicates.groupOf(a)), joined.get(b) ?? (await duplicates.groupOf(b))];
      const together = [...new Set(groups.flat())];
      if ((await obstacle(duplicates, together)) !== null) continue;
      good.push(pair);
      for (const id of together) joined.set(id, together);
    }
    return good;
  }

  async function keep(found: readonly FoundPair[]): Promise<{ merged: FoundPair[]; leftAlone: number }> {
    const fresh = await unknownAmong(duplicates, found);
    const wanted = fresh.filter(({ basis }) => basis !== null);
    const good = await mergeable(wanted);
    const added = await duplicates.add(good, now());
    await duplicates.regroup([...new Set(added.flatMap(({ courses }) => courses))], now());
    return { merged: added, leftAlone: wanted.length - good.length };
  }

  return {
    async find({ dryRun, signal }) {
      const report = await exclusively(async (): Promise<FindReport> => {
        const candidates = [];
        for await (const candidate of duplicates.candidates()) candidates.push(candidate);
        const comparing = duplicatesAmong(candidates);
        let step = comparing.next();
        for (; step.done !== true; step = comparing.next()) {
          signal?.throwIfAborted();
          await setImmediate();
        }
        const fresh = await unknownAmong(duplicates, step.value);
        const queued = fresh.filter(({ basis }) => basis === null).sort((a, b) => b.score - a.score);
        const proposed = queued.slice(0, mostQueued);
        const compared = candidates.length;
        const notQueued = queued.length - proposed.length;
        if (dryRun) {
          const wanted = fresh.filter(({ basis }) => basis !== null);
          const merged = await mergeable(wanted);
          return { dryRun, compared, merged, proposed, notQueued, leftAlone: wanted.length - merged.length };
        }
        const { merged, leftAlone } = await keep(fresh);
        const added = await duplicates.add(proposed, now());
        return { dryRun, compared, merged, proposed: added, notQueued, leftAlone };
      });
      if (report === null) throw busy();
      return report;
    },

    async afterRun({ id, sourceId, counters: { created } }) {
      const done = await exclusively(async () => {
        let merged = 0;
        const fresh = created === 0 ? [] : duplicates.sharingAddressWith(sourceId, id);
        for await (const candidates of fresh) {
          const found = [...drain(duplicatesAmong(candidates))].filter(({ basis }) => basis === 'address');
          merged += (await keep(found)).merged.length;
        }
        await duplicates.regroupAll(now());
        return { merged };
      });
      // Whoever is at it, or the next job, does the same.
      return done ?? { merged: 0 };
    },

    async settle() {
      return (await exclusively(() => duplicates.regroupAll(now()))) ?? { merged: 0, separated: 0, handedOver: 0 };
    },
  };
}

function drain(comparing: Generator<void, readonly FoundPair[]>): readonly FoundPair[] {
  for (;;) {
    const step = comparing.next();
    if (step.done === true) return step.value;
  }
}

const busy = () =>
  new AppError(
    'conflict',
    'DOUBLONS_OCCUPES',
    'Les doublons sont en train d’être recherchés. Recommencez dans un instant.',
  );

async function unknownAmong(duplicates: DuplicateStore, found: readonly FoundPair[]): Promise<FoundPair[]> {
  const fresh: FoundPair[] = [];
  const chunk = 200;
  for (let from = 0; from < found.length; from += chunk) {
    const some = found.slice(from, from + chunk);
    const known = new Set(
      (await duplicates.among([...new Set(some.flatMap(({ courses }) => courses))])).map(({ id }) => id),
    );
    fresh.push(...some.filter(({ courses }) => !known.has(pairIdOf(courses))));
  }
  return fresh;
}

/** Why these courses cannot be one: the refusal that stands between two of them, or two certifications. */
async function obstacle(duplicates: DuplicateStore, ids: readonly CourseId[]): Promise<Pair | 'certifications' | null> {
  const refused = (await duplicates.among(ids)).find(({ state }) => state === 'refused');
  if (refused !== undefined) return refused;
  const members = await duplicates.candidatesOf(ids);
  const conflict = members.some((a, at) => members.slice(at + 1).some((b) => certificationsConflict(a, b)));
  return conflict ? 'certifications' : null;
}

export interface ReviewParts extends DuplicateParts {
  readonly audit: Pick<Audit, 'record'>;
  /** What lists and totals are made of has changed. */
  rebuildPathways(): Promise<unknown>;
}

/** Every function throws AppError `forbidden` without the right `catalogue:review`. */
export interface DuplicateReview {
  proposed(actor: Actor, page: number): Promise<ShownPairs>;
  merged(actor: Actor, page: number): Promise<ShownPairs>;
  /** @throws AppError `not-found` */
  pair(actor: Actor, id: string): Promise<ShownPair>;
  /**
   * @param reason written by the person: `invalid` without it
   * @throws AppError `conflict` when it was decided meanwhile, when a course is gone, or when something stands between them
   */
  merge(actor: Actor, id: string, reason: string): Promise<void>;
  /** The pair is never proposed nor merged again. */
  refuse(actor: Actor, id: string, reason: string): Promise<void>;
  /** « Je ne sais pas ». */
  doubt(actor: Actor, id: string): Promise<void>;
  /** What undoing would part. @throws AppError `not-found` for a course that is merged with none */
  separation(actor: Actor, courseId: CourseId): Promise<{ readonly course: Course; readonly others: number }>;
  /** Undoes a merge: the course has its own page and card again, apart from all those of its group. */
  separate(actor: Actor, courseId: CourseId, reason: string): Promise<void>;
}

export const pairsPerPage = 20;
const longestReason = 500;

export function makeDuplicateReview(parts: ReviewParts): DuplicateReview {
  const { duplicates, courses, audit, rebuildPathways, takeLock, now } = parts;

  async function shown(page: PairPage, number: number): Promise<ShownPairs> {
    const ids = [...new Set(page.pairs.flatMap((pair) => pair.courses))];
    const byId = new Map((await courses.byIds(ids)).map((course) => [course.id, course]));
    return {
      total: page.total,
      page: number,
      more: page.total > number * pairsPerPage,
      pairs: page.pairs.map((pair) => ({ pair, courses: pair.courses.flatMap((id) => byId.get(id) ?? []) })),
    };
  }

  const place = (page: number) => ({ skip: (page - 1) * pairsPerPage, limit: pairsPerPage });

  async function known(id: string): Promise<Pair> {
    const pair = await duplicates.byId(id);
    if (pair === null) throw new AppError('not-found', 'DOUBLON_INCONNU', "Cette page n'existe pas.");
    return pair;
  }

  function decisionOf(typed: string): PairDecision {
    const reason = typed.trim().replace(/\s+/g, ' ');
    if (reason === '') throw new AppError('invalid', 'MOTIF_MANQUANT', 'Écrivez pourquoi, en une phrase.');
    if (reason.length > longestReason) {
      throw new AppError('invalid', 'MOTIF_TROP_LONG', `Écrivez cette raison en ${longestReason} caractères au plus.`);
    }
    return { by: 'person', at: now(), reason };
  }

  /** Waits for a search under way: a person decides rarely, and once. */
  async function exclusively(work: () => Promise<void>): Promise<void> {
    const lock = await takeLock();
    if (lock === null) throw busy();
    try {
      await work();
    } finally {
      await lock.release();
    }
  }

  const decided = () =>
    new AppError('conflict', 'DOUBLON_DECIDE', 'Une décision a déjà été prise pour ces deux fiches.');
  const record = (actor: Actor, act: string, target: string) =>
    audit.record({ actor: actor.accountId, act: `duplicates.${act}`, target });

  return {
    async proposed(actor, page) {
      requireRight(actor, 'catalogue:review');
      return shown(await duplicates.proposed(place(page)), page);
    },

    async merged(actor, page) {
      requireRight(actor, 'catalogue:review');
      return shown(await duplicates.merged(place(page)), page);
    },

    async pair(actor, id) {
      requireRight(actor, 'catalogue:review');
      const pair = await known(id);
      return { pair, courses: await courses.byIds(pair.courses) };
    },

    async merge(actor, id, reason) {
      requireRight(actor, 'catalogue:review');
      const pair = await known(id);
      const decision = decisionOf(reason);
      await exclusively(async () => {
        if ((await duplicates.candidatesOf(pair.courses)).length < 2) {
          throw new AppError('conflict', 'COURS_RETIRE', "L'un de ces deux cours n'est plus proposé.");
        }
        const groups = await Promise.all(pair.courses.map((course) => duplicates.groupOf(course)));
        const between = await obstacle(duplicates, [...new Set(groups.flat())]);
        if (between === 'certifications') {
          const message = 'Ces cours préparent deux certifications différentes : ce ne sont pas les mêmes.';
          throw new AppError('conflict', 'CERTIFICATIONS_DIFFERENTES', message);
        }
        if (between !== null) {
          const why = between.decision?.reason ?? '';
          throw new AppError('conflict', 'COURS_SEPARES', `Deux de ces cours ont été séparés : ${why}`);
        }
        const set = { state: 'merged' as const, basis: 'person' as const, unsureAt: null, decision };
        if (!(await duplicates.decide(id, ['proposed'], set))) throw decided();
        await duplicates.regroup(pair.courses, now());
      });
      await record(actor, 'merged', id);
      await rebuildPathways();
    },

    async refuse(actor, id, reason) {
      requireRight(actor, 'catalogue:review');
      await known(id);
      const decision = decisionOf(reason);
      const set = { state: 'refused' as const, basis: null, unsureAt: null, decision };
      if (!(await duplicates.decide(id, ['proposed'], set))) throw decided();
      await record(actor, 'refused', id);
    },

    async doubt(actor, id) {
      requireRight(actor, 'catalogue:review');
      await known(id);
      if (!(await duplicates.decide(id, ['proposed'], { unsureAt: now() }))) throw decided();
      await record(actor, 'unsure', id);
    },

    async separation(actor, courseId) {
      requireRight(actor, 'catalogue:review');
      const others = (await duplicates.groupOf(courseId)).filter((id) => id !== courseId).length;
      const [course] = await courses.byIds([courseId]);
      if (course === undefined || others === 0) {
        throw new AppError('not-found', 'COURS_SEUL', "Ce cours n'est réuni avec aucun autre.");
      }
      return { course, others };
    },

    async separate(actor, courseId, reason) {
      requireRight(actor, 'catalogue:review');
      const decision = decisionOf(reason);
      await exclusively(async () => {
        const group = await duplicates.groupOf(courseId);
        const others = group.filter((id) => id !== courseId);
        if (others.length === 0) {
          throw new AppError('not-found', 'COURS_SEUL', "Ce cours n'est réuni avec aucun autre.");
        }
        const [own] = await duplicates.candidatesOf([courseId]);
        const pairs = new Map((await duplicates.among(group)).map((pair) => [pair.id, pair]));
        const seen = new Map((await duplicates.candidatesOf(others)).map((one) => [one.id, one]));
        for (const id of others) {
          const other = seen.get(id);
          const evidence =
            pairs.get(pairIdOf([courseId, id]))?.evidence ??
            (own === undefined || other === undefined ? nothingShared : evidenceOf(own, other));
          await duplicates.refuse([courseId, id], evidence, decision);
        }
        await duplicates.regroup(group, now());
      });
      await record(actor, 'separated', courseId);
      await rebuildPathways();
    },
  };
}

const nothingShared = {
  address: null,
  siret: null,
  codes: [],
  title: 0,
  sameProvider: false,
  sameSite: false,
  sameHours: false,
};
