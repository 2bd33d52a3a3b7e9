import { expect } from 'chai';
import fc from 'fast-check';
import { loadFramework } from '../../src/framework/data.ts';
import { bands } from '../../src/framework/model.ts';
import { buildPathway } from '../../src/pathways/model/build.ts';
import { searchedWords } from '../../src/pathways/model/course.ts';
import { euroCents } from '../../src/pathways/model/price.ts';
import type { PathwayCourse, PathwayDefinition } from '../../src/pathways/model.ts';
import { aDefinition, aPathwayCourse, aStep, costing, daysAgo, now } from './courses.ts';

const framework = loadFramework();
const built = (courses: readonly PathwayCourse[], over: Partial<PathwayDefinition> = {}) =>
  buildPathway(aDefinition(over), courses, framework, now);
const mainsOf = (courses: readonly PathwayCourse[], over: Partial<PathwayDefinition> = {}) =>
  built(courses, over).steps.map(({ main }) => main?.id ?? null);

describe('a course has its place in a step', () => {
  const refused: Readonly<Record<string, Partial<PathwayCourse>>> = {
    'it is not digital': { digital: false },
    'nobody knows whether it is digital': { digital: null },
    'it is withdrawn': { state: 'withdrawn' },
    'it is pending': { state: 'pending' },
    'it teaches another competence': { competences: [{ code: '1.1', score: 1 }] },
    'its score is below the threshold': { competences: [{ code: '3.4', score: 0.49 }] },
    'its level is two bands away': { level: 'highly-specialised' },
    'its level is unknown': { level: null },
  };
  for (const [why, over] of Object.entries(refused)) {
    it(`not when ${why}`, () => {
      expect(mainsOf([aPathwayCourse('a')])).to.deep.equal(['a']);
      expect(mainsOf([aPathwayCourse('a', over)])).to.deep.equal([null]);
    });
  }

  it('at the threshold and at the level beside', () => {
    const over = { competences: [{ code: '3.4', score: 0.5 }] };
    expect(mainsOf([aPathwayCourse('a', { ...over, level: 'foundation' })])).to.deep.equal(['a']);
    expect(mainsOf([aPathwayCourse('a', { ...over, level: 'advanced' })])).to.deep.equal(['a']);
  });

  it('only when it is about one of the topics of the step, as whole words', () => {
    const steps = [aStep('web', { topics: ['Pages web', 'HTML'] })];
    expect(mainsOf([aPathwayCourse('a', { title: 'Cobol' })], { steps })).to.deep.equal([null]);
    expect(mainsOf([aPathwayCourse('a', { title: 'Xhtmlx' })], { steps })).to.deep.equal([null]);
    expect(mainsOf([aPathwayCourse('a', { title: 'Créer une page web' })], { steps })).to.deep.equal(['a']);
    const evidence = aPathwayCourse('a', { title: 'Module 4', words: searchedWords('Module 4', 'html') });
    expect(mainsOf([evidence], { steps })).to.deep.equal(['a']);
  });
});

describe('the courses of a step are ordered', () => {
  const paid = { access: costing(5_000) };
  const pairs: readonly (readonly [string, Partial<PathwayCourse>, Partial<PathwayCourse>])[] = [
    [
      'published before missing, even with the certification',
      { ...paid, languages: ['en'] },
      { state: 'missing', certifications: ['RNCP37674'] },
    ],
    ['the certification of the step before an open session', { certifications: ['RNCP37674'], sessions: [] }, {}],
    ['an open session before free access', { ...paid }, { sessions: [{ state: 'coming', closesAt: null }] }],
    ['a coming session before an unknown one', { sessions: [{ state: 'coming', closesAt: null }] }, { sessions: [] }],
    ['an unknown session before a closed one', { sessions: [] }, { sessions: [{ state: 'closed', closesAt: null }] }],
    ['a session really open before one that has ended', {}, { sessions: [{ state: 'open', closesAt: daysAgo(1) }] }],
    ['free before paid, even in English', { languages: ['en'] }, { ...paid }],
    ['paid before a price nobody knows', { ...paid }, { access: costing(null) }],
    ['a fresh free price before one read too long ago', {}, { access: costing(0, { readAt: daysAgo(31) }) }],
    ['French before English, even at the level beside', { level: 'foundation' }, { languages: ['en'] }],
    ['an unknown language before English', { languages: [] }, { languages: ['en'] }],
    ['the level of the step before the level beside', {}, { level: 'foundation' }],
    ['the better score', { competences: [{ code: '3.4', score: 0.9 }] }, {}],
  ];
  for (const [rule, better, worse] of pairs) {
    it(rule, () => {
      const steps = [aStep('une', { certification: 'RNCP37674' })];
      // The identifiers say the contrary, so that only the rule can decide.
      const courses = [aPathwayCourse('a', worse), aPathwayCourse('b', better)];
      expect(mainsOf(courses, { steps })).to.deep.equal(['b']);
      expect(mainsOf([...courses].reverse(), { steps })).to.deep.equal(['b']);
    });
  }

  it('more competences of the step before fewer', () => {
    const steps = [aStep('une', { competences: ['3.4', '1.3'] })];
    const both = aPathwayCourse('b', {
      competences: [
        { code: '3.4', score: 0.5 },
        { code: '1.3', score: 0.5 },
      ],
    });
    expect(mainsOf([aPathwayCourse('a'), both], { steps })).to.deep.equal(['b']);
  });

  it('a missing course is allowed when nothing else covers the step, and says so', () => {
    expect(built([aPathwayCourse('a', { state: 'missing' })]).steps[0]?.main).to.include({ id: 'a', missing: true });
  });

  it('alternatives follow the main choice, at most as many as the step allows', () => {
    const courses = ['a', 'b', 'c', 'd'].map((id) => aPathwayCourse(id));
    const [step] = built(courses, { steps: [aStep('une', { alternatives: 2 })] }).steps;
    expect(step?.main?.id).to.equal('a');
    expect(step?.alternatives.map(({ id }) => id)).to.deep.equal(['b', 'c']);
  });
});

describe('a course is the main choice of one step', () => {
  it('the second step takes the next one, and the main choice of a step is no alternative of another', () => {
    const steps = [aStep('une'), aStep('deux')];
    const pathway = built([aPathwayCourse('a'), aPathwayCourse('b'), aPathwayCourse('c')], { steps });
    expect(pathway.steps.map(({ main }) => main?.id)).to.deep.equal(['a', 'b']);
    expect(pathway.steps.map(({ alternatives }) => alternatives.map(({ id }) => id))).to.deep.equal([['c'], ['c']]);
  });

  it('a step gives way when its choice is the only one of a later step', () => {
    const steps = [aStep('large'), aStep('etroite', { competences: ['1.3'] })];
    const both = aPathwayCourse('a', {
      competences: [
        { code: '3.4', score: 0.9 },
        { code: '1.3', score: 0.9 },
      ],
    });
    expect(mainsOf([both, aPathwayCourse('b')], { steps })).to.deep.equal(['b', 'a']);
  });

  it('one course for two steps leaves the second uncovered', () => {
    const pathway = built([aPathwayCourse('a')], { steps: [aStep('une'), aStep('deux')] });
    expect(pathway.uncovered).to.deep.equal(['deux']);
    expect(pathway.steps[1]).to.deep.include({ main: null, hours: null, uncoveredSince: now });
  });
});

describe('totals of a pathway', () => {
  const steps = [aStep('une', { topics: ['alpha'] }), aStep('deux', { topics: ['beta'] })];
  const two = (one: Partial<PathwayCourse>, other: Partial<PathwayCourse>) =>
    built([aPathwayCourse('a', { title: 'Alpha', ...one }), aPathwayCourse('b', { title: 'Beta', ...other })], {
      steps,
    });

  it('adds course, certificate and exam apart', () => {
    const certificate = {
      type: 'paid-certificate',
      free: null,
      included: null,
      price: { amount: 3_000, currency: 'EUR' },
    };
    const exam = { exists: true, included: null, price: { amount: 700, currency: 'EUR' } };
    const { totals } = two({ access: costing(1_000, { certificate, exam }) }, { access: costing(2_500) });
    expect(totals.course).to.deep.equal({ known: 3_500, unknownSteps: [] });
    expect(totals.certificate).to.deep.equal({ known: 3_000, unknownSteps: [] });
    expect(totals.exam).to.deep.equal({ known: 700, unknownSteps: [] });
  });

  const unknowns: Readonly<Record<string, PathwayCourse['access']>> = {
    'no price is known': costing(null),
    'it is said not to be free without a price': costing(null, { contentFree: false }),
    'a price of 0 was read more than 30 days ago': costing(0, { readAt: daysAgo(31) }),
    'it was free more than 30 days ago': costing(null, { contentFree: true, readAt: daysAgo(31) }),
    'the price is in another currency': costing(null, { price: { amount: 4_900, currency: 'USD' } }),
  };
  for (const [why, access] of Object.entries(unknowns)) {
    it(`names the step whose price is not known: ${why}`, () => {
      expect(two({ access }, { access: costing(2_500) }).totals.course).to.deep.equal({
        known: 2_500,
        unknownSteps: ['une'],
      });
    });
  }

  it('counts 0 for what is included, absent or freshly free', () => {
    const included = { type: 'attestation', free: null, included: true, price: null };
    const { totals } = two(
      { access: costing(0, { certificate: included }) },
      { access: costing(null, { contentFree: true }) },
    );
    expect(totals.course).to.deep.equal({ known: 0, unknownSteps: [] });
    expect(totals.certificate).to.deep.equal({ known: 0, unknownSteps: [] });
  });

  it('names an uncovered step in every total', () => {
    const { totals, uncovered } = built([aPathwayCourse('a', { title: 'Alpha' })], { steps });
    expect(uncovered).to.deep.equal(['deux']);
    for (const part of Object.values(totals)) expect(part.unknownSteps).to.include('deux');
  });

  it('says the hours from the least to the most, and which steps have no known hours', () => {
    const courses = [
      aPathwayCourse('a', { title: 'Alpha', hours: 10 }),
      aPathwayCourse('b', { title: 'Alpha bis', hours: 4, languages: ['en'] }),
      aPathwayCourse('c', { title: 'Alpha ter', hours: null, languages: ['en'] }),
      aPathwayCourse('d', { title: 'Beta', hours: null }),
    ];
    const pathway = built(courses, { steps });
    expect(pathway.steps.map(({ hours }) => hours)).to.deep.equal([{ min: 4, max: 10 }, null]);
    expect(pathway.totals.hours).to.deep.equal({ min: 4, max: 10, unknownSteps: ['deux'] });
  });

  it('has the access code of its dearest step', () => {
    expect(two({}, { access: costing(2_500) }).access).to.equal('paid');
    expect(two({}, {}).access).to.equal('free-for-all');
    expect(
      two({ access: costing(null, { contentFree: true, exam: { exists: null, included: null, price: null } }) }, {})
        .access,
    ).to.equal('content-free');
  });

  it('has an unknown access code when a step has no course', () => {
    expect(built([aPathwayCourse('a', { title: 'Alpha' })], { steps }).access).to.equal('unknown');
  });

  it('is dated', () => {
    expect(built([]).computedAt).to.deep.equal(now);
  });
});

describe('a pathway as a function of the catalogue', () => {
  const codes = ['3.4', '1.3', '4.1'];
  const course = fc.record({
    competences: fc.uniqueArray(fc.record({ code: fc.constantFrom(...codes), score: fc.constantFrom(0.3, 0.5, 0.9) }), {
      selector: ({ code }) => code,
      maxLength: 3,
    }),
    level: fc.constantFrom(...bands),
    languages: fc.constantFrom(['fr'], ['en'], []),
    hours: fc.constantFrom(null, 2, 7.5),
    state: fc.constantFrom('published' as const, 'missing' as const, 'withdrawn' as const),
    access: fc.constantFrom(costing(null), costing(0), costing(1_234), costing(99_900)),
  });
  const catalogue = fc
    .array(course, { maxLength: 12 })
    .map((list) => list.map((over, index) => aPathwayCourse(`c${index}`, over)));
  const pathwaySteps = fc
    .array(fc.uniqueArray(fc.constantFrom(...codes), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 5 })
    .map((list) => list.map((competences, index) => aStep(`s${index}`, { competences, alternatives: 1 })));

  it('totals are the sums of their parts, and what is not added is named', () => {
    fc.assert(
      fc.property(catalogue, pathwaySteps, (courses, steps) => {
        const pathway = built(courses, { steps });
        for (const line of ['course', 'certificate', 'exam'] as const) {
          const parts = pathway.steps.map(({ id, main }) => ({
            id,
            cents: main === null ? null : euroCents(main.prices[line]),
          }));
          expect(pathway.totals[line].known).to.equal(parts.reduce((sum, { cents }) => sum + (cents ?? 0), 0));
          expect(pathway.totals[line].unknownSteps).to.deep.equal(
            parts.filter(({ cents }) => cents === null).map(({ id }) => id),
          );
        }
        const { hours } = pathway.totals;
        expect(hours.min).to.equal(pathway.steps.reduce((sum, step) => sum + (step.hours?.min ?? 0), 0));
        expect(hours.max).to.be.at.least(hours.min);
      }),
    );
  });

  it('a step without a course is always named, and no course is the main choice of two steps', () => {
    fc.assert(
      fc.property(catalogue, pathwaySteps, (courses, steps) => {
        const pathway = built(courses, { steps });
        expect(pathway.uncovered).to.deep.equal(pathway.steps.filter(({ main }) => main === null).map(({ id }) => id));
        const mains = pathway.steps.flatMap(({ main }) => main?.id ?? []);
        expect(new Set(mains).size).to.equal(mains.length);
      }),
    );
  });

  it('the order in which the catalogue is read does not matter', () => {
    fc.assert(
      fc.property(catalogue, pathwaySteps, (courses, steps) => {
        expect(built([...courses].reverse(), { steps })).to.deep.equal(built(courses, { steps }));
      }),
    );
  });

  it('leaves a step uncovered only when no other choice could cover more', () => {
    /** The largest number of steps that can have a course each, by trying everything. */
    const best = (options: readonly (readonly string[])[], taken: readonly string[] = []): number => {
      const [first, ...rest] = options;
      if (first === undefined) return 0;
      const without = best(rest, taken);
      return first
        .filter((id) => !taken.includes(id))
        .reduce((most, id) => Math.max(most, 1 + best(rest, [...taken, id])), without);
    };
    fc.assert(
      fc.property(
        catalogue.filter((list) => list.length <= 6),
        pathwaySteps.filter((list) => list.length <= 4),
        (courses, steps) => {
          const options = steps.map((step) =>
            courses.filter((one) => mainsOf([one], { steps: [step] })[0] !== null).map(({ id }) => id),
          );
          expect(steps.length - built(courses, { steps }).uncovered.length).to.equal(best(options));
        },
      ),
    );
  });
});
