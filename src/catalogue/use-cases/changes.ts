/** What changed in the catalogue since a date: for visitors, and for those who copy our data. */
import { AppError } from '../../errors.ts';
import type { Change, ChangesPage } from '../model/history.ts';
import type { CourseId } from '../model.ts';
import type { ChangesQuery, HistoryStore } from '../store/history.ts';
import type { CourseStore } from '../store.ts';

export interface ChangesRequest {
  readonly source: string | null;
  readonly since: Date | null;
  readonly before: ChangesQuery['before'];
}

export interface ChangesParts {
  readonly history: Pick<HistoryStore, 'entries' | 'additions'>;
  readonly courses: Pick<CourseStore, 'byIds'>;
  /** null for a source that never existed. */
  sourceTitle(id: string): Promise<string | null>;
}

export const changesPerPage = 50;

type Found = Omit<Change, 'course'> & { readonly courseId: CourseId };

export type ListChanges = (request: ChangesRequest) => Promise<ChangesPage>;

/** @throws AppError `not-found` for an unknown source */
export function makeChanges({ history, courses, sourceTitle }: ChangesParts): ListChanges {
  return async ({ source, since, before }) => {
    const title = source === null ? null : await sourceTitle(source);
    if (source !== null && title === null) throw new AppError('not-found', 'PAGE_INCONNUE', "Cette page n'existe pas.");
    const query: ChangesQuery = { sourceId: source, since, before, limit: changesPerPage + 1 };
    const [entries, additions] = await Promise.all([history.entries(query), history.additions(query)]);
    const found: Found[] = [
      ...additions.map(({ courseId, at }) => {
        return { id: courseId, courseId, at, kind: 'added' as const, changes: [], reason: null };
      }),
      ...entries.flatMap(({ id, courseId, at, kind, changes, reason, merge }) => {
        if (kind === 'missing' || kind === 'seen-again') return [];
        const told = { id: `${courseId}/${id}`, courseId, at, kind, changes, reason };
        return [merge === undefined ? told : { ...told, merge }];
      }),
    ].sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
    const page = found.slice(0, changesPerPage);
    const last = page.at(-1);
    const byId = new Map(
      (await courses.byIds([...new Set(page.map(({ courseId }) => courseId))])).map((c) => [c.id, c]),
    );
    return {
      source: source === null || title === null ? null : { id: source, title },
      since,
      changes: page.flatMap(({ courseId, ...change }) => {
        const course = byId.get(courseId);
        return course === undefined ? [] : [{ ...change, course }];
      }),
      next: found.length > changesPerPage && last !== undefined ? { at: last.at, id: last.id } : null,
    };
  };
}
