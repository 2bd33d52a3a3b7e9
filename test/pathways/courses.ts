import { type CourseDraft, unknownDraft } from '../../src/catalogue/model.ts';
import { searchedWords } from '../../src/pathways/model/course.ts';
import type { PathwayCourse, PathwayDefinition, StepDefinition } from '../../src/pathways/model.ts';

export const now = new Date('2026-11-22T12:00:00Z');
export const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

const draft: CourseDraft = {
  ...unknownDraft,
  title: 'Un cours',
  url: 'https://ecole.example/cours',
  provider: { name: 'École', url: null, siret: null, activityNumber: null },
};

/** Free and open, in French, teaching 3.4 at the intermediate level. */
export function aPathwayCourse(id: string, over: Partial<PathwayCourse> = {}): PathwayCourse {
  const title = over.title ?? `Cours ${id}`;
  return {
    id,
    slug: `cours-${id}`,
    title,
    provider: 'École',
    languages: ['fr'],
    digital: true,
    competences: [{ code: '3.4', score: 0.8 }],
    level: 'intermediate',
    certifications: [],
    words: searchedWords(title),
    hours: 10,
    access: {
      contentFree: true,
      price: null,
      certificate: { ...draft.certificate, free: true },
      exam: { ...draft.exam, exists: false },
      fundedForJobSeekers: null,
      source: 'École',
      readAt: daysAgo(1),
    },
    cpf: null,
    sessions: [{ state: 'open', closesAt: null }],
    state: 'published',
    harvestedAt: daysAgo(1),
    demo: false,
    ...over,
  };
}

/** Price of the course in euro cents; certificate and exam do not exist. */
export function costing(cents: number | null, over: Partial<PathwayCourse['access']> = {}): PathwayCourse['access'] {
  return {
    contentFree: null,
    price: cents === null ? null : { amount: cents, currency: 'EUR' },
    certificate: { type: 'none', free: null, included: null, price: null },
    exam: { exists: false, included: null, price: null },
    fundedForJobSeekers: null,
    source: 'École',
    readAt: daysAgo(1),
    ...over,
  };
}

export function aStep(id: string, over: Partial<StepDefinition> = {}): StepDefinition {
  return {
    id,
    title: `Étape ${id}`,
    why: 'Parce que.',
    competences: ['3.4'],
    level: 'intermediate',
    topics: [],
    certification: null,
    alternatives: 3,
    ...over,
  };
}

export function aDefinition(over: Partial<PathwayDefinition> = {}): PathwayDefinition {
  return {
    slug: 'apprendre',
    title: 'Apprendre',
    aim: 'Apprendre à programmer.',
    audience: 'Pour tout le monde.',
    target: { certification: null, rome: null },
    steps: [aStep('une')],
    ...over,
  };
}
