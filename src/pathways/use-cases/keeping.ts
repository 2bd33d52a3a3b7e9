/** « Garder pour plus tard »: courses and pathways that a person with an account wants to find again. */
import { offeredToday } from '../../catalogue/model/duplicates.ts';
import { type Course, type CourseId, courseIdOfSlug } from '../../catalogue/model.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import { AppError } from '../../errors.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, requireAccount } from '../../rights.ts';
import { isOffered } from '../model/enrolment.ts';
import type { KeptList, KeptToday } from '../model/enrolment-pages.ts';
import { type Kept, mostKept } from '../model/kept.ts';
import type { Pathway } from '../model.ts';
import type { KeptStore } from '../store/kept-courses.ts';

export type KeptTarget = Pick<Kept, 'kind' | 'target'>;

/** Every function throws AppError `unauthenticated` for a visitor. */
export interface Keeping {
  /**
   * Kept already: nothing changes. @throws AppError `not-found` when it does not exist, `conflict` when it is no longer
   * offered or when the account keeps as many as it may
   */
  keep(actor: Actor, target: KeptTarget): Promise<void>;
  /** Not kept: nothing changes. */
  unkeep(actor: Actor, target: KeptTarget): Promise<void>;
  /** Newest first, with what each is today. */
  list(actor: Actor, limit: number): Promise<KeptList>;
  /** What the account keeps, without reading the catalogue. */
  targets(actor: Actor): Promise<readonly KeptTarget[]>;
}

export interface KeepingParts {
  readonly kept: KeptStore;
  readonly courses: Pick<CourseStore, 'byIds' | 'similarTo'>;
  readonly pathways: { bySlug(slug: string): Promise<Pathway>; list(): Promise<readonly Pathway[]> };
  readonly audit: Pick<Audit, 'record'>;
  now(): Date;
}

export function makeKeeping({ kept, courses, pathways, audit, now }: KeepingParts): Keeping {
  async function titleOf({ kind, target }: KeptTarget): Promise<string> {
    if (kind === 'pathway') {
      const pathway = await pathways.bySlug(target);
      if (pathway.retired !== null)
        throw new AppError('conflict', 'PARCOURS_RETIRE', "Ce parcours n'est plus proposé.");
      return pathway.title;
    }
    const course = (await readCourses([target])).get(target);
    if (course === undefined || course.state === 'pending') {
      throw new AppError('not-found', 'COURS_INCONNU', "Cette page n'existe pas.");
    }
    if (!isOffered(course)) throw new AppError('conflict', 'COURS_RETIRE', "Ce cours n'est plus proposé.");
    return course.draft.title;
  }

  const readCourses = async (ids: readonly CourseId[]): Promise<ReadonlyMap<string, Course>> => {
    const asked = ids.filter((id) => courseIdOfSlug(id) === id);
    return asked.length === 0 ? new Map() : offeredToday(asked, courses.byIds);
  };

  return {
    async keep(actor, target) {
      const accountId = requireAccount(actor, 'account:own');
      const title = await titleOf(target);
      const already = await kept.ofAccount(accountId);
      if (already.some((one) => isSame(one, target))) return;
      if (already.length >= mostKept) {
        const message = `Vous gardez déjà ${mostKept} cours et parcours. Retirez-en un pour en garder un autre.`;
        throw new AppError('conflict', 'TROP_DE_GARDES', message);
      }
      const added = await kept.add(accountId, { ...target, title, at: now() });
      if (added) await audit.record({ actor: accountId, act: 'kept.added', target: target.target });
    },

    async unkeep(actor, target) {
      const accountId = requireAccount(actor, 'account:own');
      const removed = await kept.remove(accountId, target);
      if (removed) await audit.record({ actor: accountId, act: 'kept.removed', target: target.target });
    },

    async list(actor, limit) {
      const all = await kept.ofAccount(requireAccount(actor, 'account:own'));
      const own = all.slice(0, limit);
      const byId = await readCourses(own.flatMap(({ kind, target }) => (kind === 'course' ? [target] : [])));
      const shown = await Promise.all(
        own.map(async (one): Promise<KeptToday> => {
          if (one.kind === 'pathway') return { kept: one, pathway: await knownPathway(one.target) };
          const course = byId.get(one.target) ?? null;
          const gone = course !== null && !isOffered(course);
          return { kept: one, course, similar: gone ? (await courses.similarTo(course, 3)).length : 0 };
        }),
      );
      return { shown, total: all.length };
    },

    async targets(actor) {
      return (await kept.ofAccount(requireAccount(actor, 'account:own'))).map(({ kind, target }) => ({ kind, target }));
    },
  };

  async function knownPathway(slug: string): Promise<Pathway | null> {
    try {
      return await pathways.bySlug(slug);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not-found') return null;
      throw error;
    }
  }
}

function isSame(one: KeptTarget, other: KeptTarget): boolean {
  return one.kind === other.kind && one.target === other.target;
}
