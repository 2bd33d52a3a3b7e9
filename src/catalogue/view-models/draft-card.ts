/** A course that is not published yet, as a list would show it: for previews. */
import { accessOf } from '../../eligibility/model.ts';
import { accessFactsOf, type Course, providerIdOf } from '../model.ts';
import { courseCard } from './card.ts';
import type { BandTitles } from './words.ts';

export function draftCard(
  read: Pick<Course, 'draft' | 'alignment' | 'corrections'>,
  source: { readonly title: string },
  context: { readonly now: Date; readonly bands: BandTitles },
) {
  const { draft } = read;
  const { now, bands } = context;
  const course: Course = {
    id: '',
    slug: '',
    sourceId: '',
    sourceTitle: source.title,
    remoteId: '',
    providerId: providerIdOf(draft.provider),
    ...read,
    access: accessOf(accessFactsOf(draft, source, now), now),
    cpf: null,
    state: 'pending',
    missingSince: null,
    withdrawn: null,
    restoredAt: null,
    firstPublishedAt: null,
    harvestedAt: now,
    demo: false,
    mergedInto: null,
    offers: [],
    createdAt: now,
    updatedAt: now,
  };
  // It has no page to lead to and cannot be kept.
  const { title, who, badge, facts, prices, stacked, funding, notes } = courseCard(course, {
    now,
    bands,
    failing: new Map(),
  });
  return { title, who, badge, facts, prices, stacked, funding, notes };
}
