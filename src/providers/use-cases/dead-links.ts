/** Courses of a source whose link to the school is dead (O17): for its organisation and for the operator. */
import type { CourseLink } from '../../catalogue/model/link.ts';
import type { LinkStore } from '../../catalogue/store/links.ts';
import type { CourseStore } from '../../catalogue/store.ts';
import { AppError } from '../../errors.ts';
import { type Actor, can, requireRight } from '../../rights.ts';
import type { Reader } from '../model/report.ts';
import type { Source } from '../model.ts';
import type { SourceStore } from '../store.ts';
import { ownSource } from './own.ts';

export interface DeadLink extends Pick<CourseLink, 'courseId' | 'url' | 'status' | 'checkedAt'> {
  readonly title: string;
  readonly slug: string;
  readonly since: Date;
}

export interface DeadLinkPage {
  readonly source: Source;
  readonly reader: Reader;
  readonly total: number;
  readonly links: readonly DeadLink[];
  /** The course after which the next page begins; null on the last one. */
  readonly next: string | null;
}

export interface DeadLinkDependencies {
  readonly sources: Pick<SourceStore, 'byId'>;
  readonly links: Pick<LinkStore, 'deadOf' | 'countDead'>;
  readonly courses: Pick<CourseStore, 'byIds'>;
}

export type DeadLinks = ReturnType<typeof makeDeadLinks>;

const perPage = 50;

export function makeDeadLinks({ sources, links, courses }: DeadLinkDependencies) {
  /** @throws AppError `not-found` for who may not read it */
  async function readable(actor: Actor, id: string): Promise<{ source: Source; reader: Reader }> {
    requireRight(actor, 'account:own');
    if (!can(actor, 'source:manage')) {
      return { source: (await ownSource(sources, actor, id, 'source:own')).source, reader: 'organisation' };
    }
    const source = await sources.byId(id);
    if (source === null) throw new AppError('not-found', 'unknown-source', `La source ${id} n'existe pas.`);
    return { source, reader: 'operator' };
  }

  async function withTitles(found: readonly CourseLink[]): Promise<readonly DeadLink[]> {
    const known = new Map((await courses.byIds(found.map(({ courseId }) => courseId))).map((one) => [one.id, one]));
    return found.flatMap(({ courseId, url, status, checkedAt, deadSince }) => {
      const course = known.get(courseId);
      // A harvest has given it another address meanwhile: what was seen is of the former one.
      if (course === undefined || course.draft.url !== url || deadSince === null) return [];
      return [{ courseId, url, status, checkedAt, since: deadSince, title: course.draft.title, slug: course.slug }];
    });
  }

  return {
    async page(actor: Actor, id: string, after: string | null): Promise<DeadLinkPage> {
      const { source, reader } = await readable(actor, id);
      const found = await links.deadOf(id, { after, limit: perPage + 1 });
      const shown = found.slice(0, perPage);
      return {
        ...{ source, reader, total: await links.countDead(id), links: await withTitles(shown) },
        next: found.length > perPage ? (shown.at(-1)?.courseId ?? null) : null,
      };
    },

    /** All of them, in chunks. */
    async every(actor: Actor, id: string): Promise<AsyncIterable<readonly DeadLink[]>> {
      await readable(actor, id);
      async function* lists(): AsyncGenerator<readonly DeadLink[]> {
        let after: string | null = null;
        do {
          const found: readonly CourseLink[] = await links.deadOf(id, { after, limit: perPage });
          yield await withTitles(found);
          after = found.at(-1)?.courseId ?? null;
        } while (after !== null);
      }
      return lists();
    },
  };
}
