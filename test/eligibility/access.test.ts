import { expect } from 'chai';
import fc from 'fast-check';
import { type AccessFacts, accessCodes, accessOf, dearestAccess, freshDays } from '../../src/eligibility/model.ts';

const readAt = new Date('2026-11-20T05:00:00Z');
const now = new Date('2026-11-22T10:00:00Z');
const later = (days: number) => new Date(readAt.getTime() + days * 86_400_000);

const euros = (amount: number) => ({ amount: amount * 100, currency: 'EUR' });

function facts(over: Partial<AccessFacts> = {}): AccessFacts {
  return {
    contentFree: null,
    price: null,
    certificate: { type: 'unknown', free: null, included: null, price: null },
    exam: { exists: null, included: null, price: null },
    fundedForJobSeekers: null,
    source: 'Campus Rivage',
    readAt,
    ...over,
  };
}

const noCertificate = { type: 'none', free: null, included: null, price: null };
const noExam = { exists: false, included: null, price: null };

describe('access code of a course', () => {
  const cases: readonly (readonly [string, Partial<AccessFacts>, string, string])[] = [
    ['a missing price is never free', {}, 'unknown', 'price-unknown'],
    [
      'free course, no certificate, no exam',
      { contentFree: true, certificate: noCertificate, exam: noExam },
      'free-for-all',
      'everything-free',
    ],
    [
      'price 0, free certificate, exam included',
      {
        price: euros(0),
        certificate: { type: 'attestation', free: true, included: null, price: null },
        exam: { exists: true, included: true, price: null },
      },
      'free-for-all',
      'everything-free',
    ],
    ['free course, certificate unknown', { contentFree: true, exam: noExam }, 'content-free', 'certificate-unknown'],
    [
      'free course, exam unknown',
      { contentFree: true, certificate: noCertificate },
      'content-free',
      'certificate-unknown',
    ],
    [
      'free course, certificate paid',
      {
        contentFree: true,
        certificate: { type: 'paid-certificate', free: false, included: null, price: euros(60) },
        exam: noExam,
      },
      'content-free',
      'certificate-paid',
    ],
    [
      'free course, exam paid',
      { contentFree: true, certificate: noCertificate, exam: { exists: true, included: false, price: euros(120) } },
      'content-free',
      'certificate-paid',
    ],
    ['a price above 0', { price: euros(450) }, 'paid', 'price-known'],
    [
      'a price above 0 wins over a source that says free',
      { price: euros(450), contentFree: true, certificate: noCertificate, exam: noExam },
      'paid',
      'price-known',
    ],
    ['not free, price missing: the price is not known', { contentFree: false }, 'unknown', 'price-unknown'],
    [
      'declared for job seekers, price known',
      { price: euros(1_200), fundedForJobSeekers: 'Action conventionnée' },
      'funded-for-job-seekers',
      'declared-by-source',
    ],
    [
      'declared for job seekers, price unknown',
      { fundedForJobSeekers: 'Action conventionnée' },
      'funded-for-job-seekers',
      'declared-by-source',
    ],
    [
      'free for all comes before declared',
      { contentFree: true, certificate: noCertificate, exam: noExam, fundedForJobSeekers: 'Gratuit' },
      'free-for-all',
      'everything-free',
    ],
  ];
  for (const [fact, given, code, reason] of cases) {
    it(fact, () => {
      const access = accessOf(facts(given), now);
      expect([access.code, access.reason]).to.deep.equal([code, reason]);
      expect(access.source).to.equal('Campus Rivage');
      expect(access.date).to.equal(readAt);
    });
  }

  it('a price of 0 counts on day 30 and no longer on day 31', () => {
    const free = facts({ contentFree: true, certificate: noCertificate, exam: noExam });
    expect(accessOf(free, later(freshDays)).code).to.equal('free-for-all');
    expect(accessOf(free, new Date(later(freshDays).getTime() + 1))).to.include({ code: 'unknown', reason: 'too-old' });
  });

  it('the words of the source are kept with a declared funding, and only there', () => {
    expect(accessOf(facts({ fundedForJobSeekers: 'Places financées' }), now).text).to.equal('Places financées');
    expect(accessOf(facts({ price: euros(10) }), now).text).to.equal(null);
  });

  const money = fc.option(
    fc.nat({ max: 500_000 }).map((amount) => ({ amount, currency: 'EUR' })),
    { nil: null },
  );
  const maybe = fc.option(fc.boolean(), { nil: null });
  const anyFacts = fc.record({
    contentFree: maybe,
    price: money,
    certificate: fc.record({
      type: fc.constantFrom('none', 'unknown', 'attestation', 'paid-certificate', 'registered'),
      free: maybe,
      included: maybe,
      price: money,
    }),
    exam: fc.record({ exists: maybe, included: maybe, price: money }),
    fundedForJobSeekers: fc.option(fc.constant('Financée'), { nil: null }),
    source: fc.constant('S'),
    readAt: fc.constant(readAt),
  });

  it('forgetting a fact never makes a course free for all', () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom('contentFree', 'price', 'certificate', 'exam'), (given, fact) => {
        const forgotten = { ...given, [fact]: facts()[fact] };
        if (accessOf(given, now).code !== 'free-for-all' && fact !== 'price') {
          expect(accessOf(forgotten, now).code).to.not.equal('free-for-all');
        }
      }),
    );
  });

  it('a course is never free for all while one of its three prices is above 0', () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        fc.pre((given.price?.amount ?? 0) > 0);
        expect(accessOf(given, now).code).to.not.equal('free-for-all');
      }),
    );
  });

  it('a pathway has the code of its dearest step', () => {
    expect(dearestAccess(['free-for-all', 'content-free'])).to.equal('content-free');
    expect(dearestAccess(['funded-for-job-seekers', 'content-free'])).to.equal('funded-for-job-seekers');
    expect(dearestAccess(['paid', 'funded-for-job-seekers'])).to.equal('paid');
    expect(dearestAccess(['paid', 'unknown', 'free-for-all'])).to.equal('unknown');
    expect(dearestAccess([])).to.equal('unknown');
    for (const code of accessCodes) expect(dearestAccess([code])).to.equal(code);
  });
});
