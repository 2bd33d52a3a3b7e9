import { expect } from 'chai';
import { type Course, type Session, unknownDraft } from '../../../src/catalogue/model.ts';
import { readChanges } from '../../../src/catalogue/search/follow.ts';
import { indexedCourseOf } from '../../../src/catalogue/search/indexed-course.ts';
import { accessCodes } from '../../../src/eligibility/model.ts';

const at = new Date('2026-03-01T08:00:00Z');
const labels = { competence: (code: string) => `Compétence ${code}`, level: (band: string) => `Niveau ${band}` };

function aCourse(draft: Partial<Course['draft']> = {}, changes: Partial<Course> = {}): Course {
  return {
    id: '7k2m9qzx',
    slug: 'cours-7k2m9qzx',
    sourceId: 'source',
    sourceTitle: 'Source',
    remoteId: 'r1',
    providerId: 'greta',
    draft: {
      ...unknownDraft,
      title: 'Cours',
      url: 'https://example.org/',
      provider: { name: 'Greta', url: null, siret: null, activityNumber: null },
      ...draft,
    },
    alignment: {
      digital: true,
      competences: [],
      level: null,
      certifications: [],
      threshold: 0.5,
      frameworkVersion: '1',
    },
    access: { code: 'unknown', reason: 'price-unknown', source: 'Source', date: at, text: null },
    cpf: null,
    state: 'published',
    missingSince: null,
    withdrawn: null,
    restoredAt: null,
    firstPublishedAt: at,
    harvestedAt: at,
    demo: false,
    mergedInto: null,
    offers: [],
    createdAt: at,
    updatedAt: at,
    ...changes,
  };
}

const session: Session = {
  id: null,
  start: null,
  end: null,
  enrolmentStart: null,
  enrolmentEnd: null,
  datePrecision: 'none',
  state: 'unknown',
  location: null,
  price: null,
  languages: [],
};

describe('a course in the index', () => {
  it('of which nothing is known has unknown as its values, and no invented one', () => {
    const indexed = indexedCourseOf(aCourse(), labels);
    expect(indexed.facets).to.deep.equal({
      provider: ['greta'],
      language: ['und'],
      level: ['unknown'],
      access: ['unknown'],
      cpf: ['indecidable'],
      competence: [],
    });
    expect(indexed.labels).to.deep.equal({ provider: 'Greta', level: null, competences: [], access: null });
    expect(indexed).to.deep.include({ language: 'und', runs: [], hours: null, places: [] });
  });

  it('has the competences that reach the threshold, and not the others', () => {
    const found = (code: string, score: number) => ({ code, score, evidence: [], origin: 'inferred' as const });
    const { alignment } = aCourse();
    const competences = [found('3.4', 0.9), found('1.1', 0.5), found('5.2', 0.49)];
    const indexed = indexedCourseOf(
      aCourse({}, { alignment: { ...alignment, competences, level: 'advanced' } }),
      labels,
    );
    expect(indexed.facets.competence).to.deep.equal(['3.4', '1.1']);
    expect(indexed.labels.competences).to.deep.equal(['Compétence 3.4', 'Compétence 1.1']);
    expect(indexed.facets.level).to.deep.equal(['advanced']);
    expect(indexed.labels.level).to.equal('Niveau advanced');
  });

  it('answers « gratuit » only when all of it is free for all', () => {
    for (const code of accessCodes) {
      const { access } = aCourse();
      const indexed = indexedCourseOf(aCourse({}, { access: { ...access, code } }), labels);
      expect(indexed.facets.access).to.deep.equal([code]);
      expect(indexed.labels.access).to.equal(code === 'free-for-all' ? 'gratuit' : null);
    }
  });

  it('has each of its languages, the first one first', () => {
    const indexed = indexedCourseOf(aCourse({ languages: ['en', 'fr', 'en'] }), labels);
    expect(indexed.language).to.equal('en');
    expect(indexed.facets.language).to.deep.equal(['en', 'fr']);
  });

  it('has the hours given, else those of its weeks, else none', () => {
    const hours = (draft: Partial<Course['draft']>) => indexedCourseOf(aCourse(draft), labels).hours;
    expect(hours({ totalHours: 12, durationWeeks: 4, effortMinutesPerWeek: 60 })).to.equal(12);
    expect(hours({ durationWeeks: 4, effortMinutesPerWeek: 90 })).to.equal(6);
    expect(hours({ durationWeeks: 4 })).to.equal(null);
    expect(hours({ effortMinutesPerWeek: 90 })).to.equal(null);
  });

  it('has its runs as dates and its known places once', () => {
    const place = { name: null, postalCode: '75003', city: 'Paris', lat: 48.86, lon: 2.36 };
    const indexed = indexedCourseOf(
      aCourse({
        sessions: [
          { ...session, start: '2026-09-01T00:00:00+02:00', state: 'coming', location: place },
          { ...session, location: { ...place, name: 'Salle 2' } },
          { ...session, location: { ...place, lat: null } },
        ],
      }),
      labels,
    );
    expect(indexed.runs[0]).to.deep.equal({
      start: new Date('2026-08-31T22:00:00Z'),
      end: null,
      enrolmentStart: null,
      enrolmentEnd: null,
      state: 'coming',
    });
    expect(indexed.places).to.deep.equal([{ lat: 48.86, lon: 2.36 }]);
  });

  it('is listed while it is shown to visitors, and only then', async () => {
    const states = ['pending', 'published', 'missing', 'withdrawn'] as const;
    const store = {
      changedSince: async () => [],
      byIds: async () => states.map((state) => aCourse({}, { id: state, state })),
      removedSince: async () => [],
    };
    const listed = await readChanges(store, labels).listed(states);
    expect(listed.map(({ id }) => id)).to.deep.equal(['published', 'missing']);
  });
});
