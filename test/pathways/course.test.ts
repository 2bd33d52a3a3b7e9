import { expect } from 'chai';
import { type Course, type CourseDraft, unknownDraft } from '../../src/catalogue/model.ts';
import { loadFramework } from '../../src/framework/data.ts';
import { buildPathway } from '../../src/pathways/model/build.ts';
import { pathwayCourseOf, sessionStateAt } from '../../src/pathways/model/course.ts';
import { pricesOf } from '../../src/pathways/model/price.ts';
import { aDefinition, aPathwayCourse, costing, daysAgo, now } from './courses.ts';

const draft: CourseDraft = {
  ...unknownDraft,
  title: 'Créer des pages',
  url: 'https://ecole.example/cours',
  provider: { name: 'École', url: null, siret: null, activityNumber: null },
};

function aCourse(over: Partial<CourseDraft> = {}): Course {
  return {
    id: '7k2m9qzx',
    slug: 'creer-des-pages-7k2m9qzx',
    sourceId: 's1',
    providerId: 'ecole',
    sourceTitle: 'Catalogue',
    remoteId: 'r1',
    draft: { ...draft, ...over },
    alignment: {
      digital: true,
      competences: [{ code: '3.4', score: 0.9, evidence: ['HTML'], origin: 'inferred' }],
      level: 'intermediate',
      certifications: [{ code: 'RNCP37674', known: true }],
      threshold: 0.5,
      frameworkVersion: 'v',
    },
    access: { code: 'unknown', reason: 'price-unknown', source: 'Catalogue', date: daysAgo(2), text: null },
    cpf: null,
    state: 'published',
    missingSince: null,
    withdrawn: null,
    restoredAt: null,
    firstPublishedAt: daysAgo(9),
    harvestedAt: daysAgo(2),
    demo: false,
    mergedInto: null,
    offers: [],
    createdAt: daysAgo(9),
    updatedAt: daysAgo(2),
  };
}

describe('what pathways read of a course', () => {
  it('is found by the words of its title and by those that aligned it', () => {
    const { words } = pathwayCourseOf(aCourse());
    expect(words).to.include(' html ').and.include(' page ');
  });

  it('has the whole effort of the source, else weeks by weekly effort, else none', () => {
    expect(pathwayCourseOf(aCourse({ totalHours: 12, durationWeeks: 2, effortMinutesPerWeek: 60 })).hours).to.equal(12);
    expect(pathwayCourseOf(aCourse({ durationWeeks: 6, effortMinutesPerWeek: 90 })).hours).to.equal(9);
    expect(pathwayCourseOf(aCourse({ durationWeeks: 6 })).hours).to.equal(null);
    expect(pathwayCourseOf(aCourse({ effortMinutesPerWeek: 90 })).hours).to.equal(null);
  });

  it('keeps the facts of its price with the date they were read, and its certifications', () => {
    const course = pathwayCourseOf(aCourse({ contentFree: true }));
    expect(course.access).to.deep.include({ contentFree: true, source: 'Catalogue', readAt: daysAgo(2) });
    expect(course.certifications).to.deep.equal(['RNCP37674']);
  });
});

describe('what a person corrected of a price (T46)', () => {
  const at = daysAgo(1);
  const price = { field: 'price', by: 'provider', at } as const;

  it('comes with the course into its step; other corrections stay behind', () => {
    const course = { ...aCourse(), corrections: [price, { field: 'title', by: 'provider', at }] as const };
    expect(pathwayCourseOf(course).corrections).to.deep.equal([price]);
    const built = buildPathway(aDefinition(), [aPathwayCourse('x', { corrections: [price] })], loadFramework(), now);
    expect(built.steps[0]?.main?.corrections).to.deep.equal([price]);
  });

  it('leaves no trace in a course that nobody corrected', () => {
    expect(pathwayCourseOf(aCourse())).not.to.have.property('corrections');
  });
});

describe('the session of a course', () => {
  const at = (...sessions: { state: 'open' | 'coming' | 'closed' | 'unknown'; closesAt: Date | null }[]) =>
    sessionStateAt({ sessions }, now);

  it('is the most welcoming one', () => {
    expect(at({ state: 'closed', closesAt: null }, { state: 'open', closesAt: null })).to.equal('open');
    expect(at({ state: 'unknown', closesAt: null }, { state: 'coming', closesAt: null })).to.equal('coming');
  });

  it('is closed once its enrolment has ended, whatever the source said then', () => {
    expect(at({ state: 'open', closesAt: daysAgo(1) })).to.equal('closed');
  });

  it('is unknown without a session', () => {
    expect(at()).to.equal('unknown');
  });
});

describe('the three prices of a course', () => {
  it('a missing price is unknown, never free', () => {
    expect(pricesOf(costing(null), now).course).to.deep.equal({ status: 'unknown' });
  });

  it('free counts for 30 days after it was read, and not one more', () => {
    expect(pricesOf(costing(0, { readAt: daysAgo(30) }), now).course).to.deep.equal({ status: 'free' });
    expect(pricesOf(costing(0, { readAt: daysAgo(30.01) }), now).course).to.deep.equal({ status: 'too-old' });
  });

  it('a known price wins over a declared gratuity', () => {
    expect(pricesOf(costing(4_900, { contentFree: true }), now).course).to.deep.equal({
      status: 'amount',
      cents: 4_900,
      currency: 'EUR',
    });
  });

  it('a certificate and an exam can be included, absent, priced or unknown', () => {
    const price = { amount: 6_000, currency: 'EUR' };
    const certificate = (over: object) =>
      pricesOf(costing(0, { certificate: { type: 'unknown', free: null, included: null, price: null, ...over } }), now)
        .certificate.status;
    const exam = (over: object) =>
      pricesOf(costing(0, { exam: { exists: null, included: null, price: null, ...over } }), now).exam.status;
    expect([
      certificate({ type: 'none' }),
      certificate({ included: true }),
      certificate({ price }),
      certificate({ free: true }),
      certificate({}),
    ]).to.deep.equal(['none', 'included', 'amount', 'free', 'unknown']);
    expect([
      exam({ exists: false }),
      exam({ included: true }),
      exam({ price }),
      exam({ exists: true }),
      exam({}),
    ]).to.deep.equal(['none', 'included', 'amount', 'unknown', 'unknown']);
  });
});
