import type { IndexedCourse, Run } from '../../src/catalogue/search/course-index.ts';

/** Valid by default; a test varies what it is about. */
export function anIndexedCourse(changes: Partial<IndexedCourse> & { readonly id: string }): IndexedCourse {
  return {
    updatedAt: new Date('2026-03-01T08:00:00Z'),
    language: 'fr',
    title: 'Découvrir le numérique',
    description: '',
    labels: { provider: 'Organisme', level: null, competences: [], access: null },
    facets: {
      provider: ['Organisme'],
      language: ['fr'],
      level: ['unknown'],
      access: ['unknown'],
      cpf: ['indecidable'],
      competence: [],
    },
    runs: [],
    hours: null,
    places: [],
    ...changes,
  };
}

export function aRun(
  changes: Partial<Record<'start' | 'end' | 'enrolmentStart' | 'enrolmentEnd', string>> & Pick<Partial<Run>, 'state'>,
): Run {
  const day = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));
  return {
    start: day(changes.start),
    end: day(changes.end),
    enrolmentStart: day(changes.enrolmentStart),
    enrolmentEnd: day(changes.enrolmentEnd),
    state: changes.state ?? 'unknown',
  };
}
