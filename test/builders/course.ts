import type { CourseEvent } from '../../src/catalogue/model/history.ts';
import {
  accessFactsOf,
  type Course,
  type CourseDraft,
  type Session,
  slugOf,
  unknownDraft,
} from '../../src/catalogue/model.ts';
import { accessOf } from '../../src/eligibility/model.ts';

/** The instant that builders and page tests agree on. */
export const testNow = new Date('2026-11-22T09:00:00Z');

export function daysAgo(days: number, from = testNow): Date {
  return new Date(from.getTime() - days * 86_400_000);
}

export const euros = (amount: number) => ({ amount: amount * 100, currency: 'EUR', taxIncluded: null });

/** One starts when one wants. */
export const selfPaced: Session = {
  id: null,
  start: null,
  end: null,
  enrolmentStart: null,
  enrolmentEnd: null,
  datePrecision: 'none',
  state: 'open',
  location: null,
  price: null,
  languages: [],
};

export function aSession(changes: Partial<Session> = {}): Session {
  return {
    ...selfPaced,
    id: 's1',
    start: '2026-12-07T08:00:00Z',
    end: '2027-02-12T16:00:00Z',
    datePrecision: 'day',
    ...changes,
  };
}

export function aDraft(changes: Partial<CourseDraft> = {}): CourseDraft {
  return {
    ...unknownDraft,
    title: 'Créer des pages web accessibles',
    url: 'https://atelier.example/cours/pages-web',
    provider: { name: 'Atelier Ligne Claire', url: null, siret: null, activityNumber: null },
    languages: ['fr'],
    sessions: [selfPaced],
    ...changes,
  };
}

type CourseChanges = Partial<Omit<Course, 'draft' | 'access' | 'slug'>> & { readonly draft?: Partial<CourseDraft> };

/** Published, read yesterday, digital, in French; a test varies what it is about. */
export function aCourse(changes: CourseChanges = {}): Course {
  const { draft: draftChanges, ...rest } = changes;
  const draft = aDraft(draftChanges);
  const id = rest.id ?? '7k2m9qzx';
  const harvestedAt = rest.harvestedAt ?? daysAgo(1);
  const sourceTitle = rest.sourceTitle ?? 'Atelier Ligne Claire';
  return {
    id,
    slug: slugOf(draft.title, id),
    sourceId: 'source-1',
    sourceTitle,
    remoteId: 'r1',
    providerId: 'atelier-ligne-claire',
    draft,
    alignment: {
      digital: true,
      competences: [{ code: '3.1', score: 0.9, evidence: ['pages web'], origin: 'inferred' }],
      level: 'intermediate',
      certifications: [],
      threshold: 0.5,
      frameworkVersion: 'digcomp-3.0',
    },
    access: accessOf(accessFactsOf(draft, { title: sourceTitle }, harvestedAt), testNow),
    cpf: null,
    state: 'published',
    missingSince: null,
    withdrawn: null,
    restoredAt: null,
    firstPublishedAt: daysAgo(40),
    harvestedAt,
    demo: false,
    mergedInto: null,
    offers: [],
    createdAt: daysAgo(40),
    updatedAt: daysAgo(1),
    ...rest,
  };
}

/** An event of its history: it was free, it costs 60 €. */
export function turnedPaidAt(at: Date): CourseEvent {
  return {
    id: `paid-${at.getTime()}`,
    at,
    kind: 'price',
    origin: 'harvest',
    runId: null,
    changes: [{ field: 'price', before: euros(0), after: euros(60) }],
    reason: null,
  };
}
