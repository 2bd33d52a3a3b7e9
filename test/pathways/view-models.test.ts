import { expect } from 'chai';
import type { PriceLine } from '../../src/pathways/model/price.ts';
import type { PathwayStep } from '../../src/pathways/model.ts';
import { totalText } from '../../src/pathways/view-models/totals.ts';
import { hoursText, pathwayCard, pathwayModel, titleMatch } from '../../src/pathways/view-models.ts';
import { daysAgo, testNow } from '../builders/course.ts';
import { aPathway, aStep, aStepCourse } from '../builders/pathway.ts';
import { framework } from '../builders/site.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const amount = (euros: number): PriceLine => ({ status: 'amount', cents: euros * 100, currency: 'EUR' });

/** One step per price of the course. */
const steps = (lines: readonly (PriceLine | null)[], harvestedAt = daysAgo(2)): PathwayStep[] =>
  lines.map((line, position) =>
    aStep({
      id: `s${position}`,
      main:
        line === null
          ? null
          : aStepCourse({ harvestedAt, prices: { course: line, certificate: line, exam: { status: 'none' } } }),
    }),
  );
const total = (lines: readonly (PriceLine | null)[], harvestedAt?: Date) =>
  plain(totalText(aPathway({ steps: steps(lines, harvestedAt) }), 'course', testNow));

describe('totals of a pathway (T7)', () => {
  for (const [when, lines, text] of [
    ['every part is known', [amount(1080), amount(1470)], '2 550 €, relevé le 20/11/2026'],
    ['free parts and paid ones', [{ status: 'free' }, amount(60)], '60 €, relevé le 20/11/2026'],
    [
      'one part is unknown',
      [amount(60), { status: 'unknown' }],
      'au moins 60 €, sans compter : étape 2, relevé le 20/11/2026',
    ],
    [
      'a step has no course',
      [amount(60), null, null],
      'au moins 60 €, sans compter : étapes 2 et 3, relevé le 20/11/2026',
    ],
    ['the rest is free', [{ status: 'free' }, { status: 'unknown' }], 'non communiqué pour : étape 2 (au 20/11/2026)'],
    ['nothing is known', [{ status: 'unknown' }, null], 'non communiqué par les organismes (au 20/11/2026)'],
    ['everything is free', [{ status: 'free' }, { status: 'free' }], 'gratuit, relevé le 20/11/2026'],
    [
      'one part is in the price of a course',
      [{ status: 'free' }, { status: 'included' }],
      'compris dans le prix du cours',
    ],
    [
      'one part is in another currency',
      [amount(60), { status: 'amount', cents: 4_900, currency: 'USD' }],
      'au moins 60 €, sans compter : étape 2, relevé le 20/11/2026',
    ],
  ] as const) {
    it(`is « ${text} » when ${when}`, () => {
      expect(total(lines)).to.equal(text);
    });
  }

  it('a 0 read more than 30 days ago counts as unknown, even between two nights', () => {
    expect(total([{ status: 'free' }, amount(60)], daysAgo(31))).to.match(/^au moins 60 €, sans compter : étape 1/);
  });

  it('the badge « gratuit pour tous » goes with the thirtieth day', () => {
    const at = (days: number) =>
      pathwayCard(aPathway({ steps: steps([{ status: 'free' }], daysAgo(days)) }), testNow).badge;
    expect(at(30)?.text).to.equal('gratuit pour tous, relevé le 23/10/2026');
    expect(at(31)).to.equal(null);
  });
});

describe('prices of a pathway that a person corrected (T46)', () => {
  const corrected = (line: PriceLine, ...fields: ('price' | 'certificate' | 'exam')[]) =>
    aStepCourse({
      harvestedAt: daysAgo(2),
      prices: { course: line, certificate: { status: 'free' }, exam: { status: 'none' } },
      corrections: fields.map((field) => ({ field, by: 'provider', at: daysAgo(1) })),
    });
  const pathwayOf = (...mains: readonly PathwayStep['main'][]) =>
    aPathway({ steps: mains.map((main, position) => aStep({ id: `s${position}`, main })) });

  it('a sum says at which step a person wrote the price, and only in the line of that price', () => {
    const pathway = pathwayOf(corrected(amount(60), 'price'), aStepCourse(), corrected(amount(40), 'price'));
    const line = (name: 'course' | 'certificate') => plain(totalText(pathway, name, testNow));
    expect(line('course')).to.equal('100 €, relevé le 20/11/2026, prix corrigés aux étapes 1 et 3');
    expect(line('certificate')).to.equal('compris dans le prix du cours');
    expect(plain(totalText(pathwayOf(corrected(amount(60), 'price'), null), 'course', testNow))).to.equal(
      "au moins 60 €, sans compter : étape 2, relevé le 20/11/2026, prix corrigé à l'étape 1",
    );
  });

  it('what does not exist was corrected by nobody', () => {
    const pathway = pathwayOf(corrected(amount(60), 'exam'));
    expect(plain(totalText(pathway, 'exam', testNow))).to.equal("pas d'examen");
    expect(plain(pathwayCard(pathway, testNow).freshness)).to.equal('relevé le 20/11/2026');
  });

  it('its card, its caption and « gratuit pour tous » say it too', () => {
    const pathway = pathwayOf(corrected({ status: 'free' }, 'price'), aStepCourse());
    const card = pathwayCard(pathway, testNow);
    expect(plain(card.freshness)).to.equal("relevé le 20/11/2026, prix corrigé à l'étape 1");
    expect(plain(card.badge?.text ?? '')).to.equal("gratuit pour tous, relevé le 20/11/2026, prix corrigé à l'étape 1");
    expect(plain(pathwayModel(pathway, framework, testNow).totalsCaption)).to.equal(
      "Prix du parcours, un cours par étape, relevés depuis le 20/11/2026, prix corrigé à l'étape 1",
    );
  });

  it('each course of a step says who corrected it and when', () => {
    const pathway = aPathway({
      steps: [aStep({ main: corrected(amount(60), 'price'), alternatives: [corrected(amount(70), 'certificate')] })],
    });
    const [step] = pathwayModel(pathway, framework, testNow).steps;
    expect(step?.main?.freshness).to.equal(
      "relevé le 20/11/2026 ; prix du cours corrigé par l'organisme le 21/11/2026",
    );
    expect(plain(step?.alternatives[0]?.line ?? '')).to.match(
      /relevé le 20\/11\/2026 ; prix du certificat corrigé par l'organisme le 21\/11\/2026$/,
    );
  });
});

describe('hours of a pathway', () => {
  const hours = (...each: (PathwayStep['hours'] | null)[]) =>
    plain(hoursText(aPathway({ steps: each.map((one, position) => aStep({ id: `s${position}`, hours: one })) })));

  it('go from the shortest to the longest choice', () => {
    expect(hours({ min: 70, max: 105 }, { min: 12, max: 12 })).to.equal('de 82 h à 117 h');
    expect(hours({ min: 70, max: 70 })).to.equal('70 h');
  });

  it('say what they leave out', () => {
    expect(hours({ min: 70, max: 70 }, null)).to.equal('au moins 70 h, sans compter : étape 2');
    expect(hours(null, null)).to.equal('durée non communiquée par les organismes');
  });
});

describe('the page of a pathway', () => {
  it('T3: each course of a step, alternatives included, has the four prices in one block', () => {
    const model = pathwayModel(aPathway({ steps: [aStep({ alternatives: [aStepCourse()] })] }), framework, testNow);
    const [step] = model.steps;
    for (const course of [step?.main, ...(step?.alternatives ?? [])]) {
      expect(course?.prices.map(({ label }) => label)).to.deep.equal(['Cours', 'Certificat', 'Examen', 'Pour vous']);
      expect(plain(course?.line ?? '')).to.equal(
        "Cours gratuit · Certificat compris · Examen pas d'examen · Pour vous : à calculer · relevé le 21/11/2026",
      );
    }
  });

  it('says the state of the certification at the moment of the page', () => {
    const pathway = aPathway({ target: { certification: 'RNCP37674', rome: null } });
    const stateAt = (now: Date) => pathwayModel(pathway, framework, now).certification?.state.text;
    expect(stateAt(testNow)).to.equal("Active jusqu'au 01/09/2028");
    expect(stateAt(new Date('2028-09-02T10:00:00Z'))).to.equal("N'est plus active");
  });

  it('names a certification that the register does not hold as unknown', () => {
    const pathway = aPathway({ target: { certification: 'RS9999', rome: null } });
    expect(pathwayModel(pathway, framework, testNow).certification?.state.text).to.equal('État inconnu');
  });
});

describe('the title of a pathway', () => {
  it('is found by its words, whatever their accents and endings', () => {
    expect(titleMatch('developpeuse web', 'Développeur web et web mobile')).to.equal(2);
    expect(titleMatch('apprendre web', 'Développeur web et web mobile')).to.equal(1);
  });

  it('is not found by fewer than half of the words, nor by small words', () => {
    expect(titleMatch('soudure à l’arc pour le web', 'Développeur web')).to.equal(0);
    expect(titleMatch('pour les', 'Pour les débutants')).to.equal(0);
    expect(titleMatch('', 'Développeur web')).to.equal(0);
  });
});
