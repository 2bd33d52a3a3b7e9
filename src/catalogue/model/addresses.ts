/** Addresses of pages that several features lead to. */
import type { CourseId } from '../model.ts';
import type { ChangesPage } from './history.ts';

export function courseAddress(slug: string): string {
  return `/cours/${encodeURIComponent(slug)}`;
}

/** The page of a course, with the offer to show among those that it stands for. */
export function offerAddress(slug: string, offer: CourseId): string {
  return `${courseAddress(slug)}?offre=${encodeURIComponent(offer)}`;
}

/** Path of a log, its format and its place. */
export function changesAddress(
  source: string | null,
  ending: '' | '.atom' | '.json' = '',
  place: { readonly since?: Date | null; readonly next?: ChangesPage['next'] } = {},
): string {
  const query = new URLSearchParams();
  if (place.since != null) query.set('depuis', place.since.toISOString());
  if (place.next != null) query.set('avant', `${place.next.at.toISOString()} ${place.next.id}`);
  const path = source === null ? '/changements' : `/changements/${encodeURIComponent(source)}`;
  return `${path}${ending}${query.size === 0 ? '' : `?${query}`}`;
}
