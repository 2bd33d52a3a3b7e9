import { expect } from 'chai';
import { cpfSummaryOf, saysTheSame, zeroPossibleNow } from '../../src/catalogue/model/cpf.ts';
import type { FundingFacts } from '../../src/catalogue/model/dossier.ts';
import type { CourseDraft } from '../../src/catalogue/model.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import { daysAgo, euros, testNow } from '../builders/course.ts';
import { aFundedCourse, aRecord, fundingFacts, rsRecord, seen, someFacts, today } from '../builders/funding.ts';

const rules = loadRules();

function summary(draft: Partial<CourseDraft> = {}, facts: FundingFacts = fundingFacts(), date = today) {
  const codes = facts.code === null ? [] : [facts.code];
  return cpfSummaryOf(aFundedCourse(draft, codes), facts, { date, rules, registerDate: null });
}

const ofRs = fundingFacts({ certification: rsRecord() });
const free: Partial<CourseDraft> = {
  price: null,
  contentFree: true,
  certificate: { type: 'none', free: null, included: null, price: null },
  exam: { exists: false, included: null, price: null },
};

describe('what the account says of a course', () => {
  it('yes, with what it was read in and when', () => {
    expect(summary()).to.deep.equal({
      answer: 'oui',
      rules: [],
      missing: [],
      zeroPossible: { price: 480_000, date: today },
      assessedOn: today,
      rulesVersion: rules.version,
      registerDate: '2026-11-20',
    });
  });

  it('no, with the rules that refuse', () => {
    const ended = fundingFacts({ certification: aRecord({ endOfRegistration: '2026-11-10' }), offer: false });
    expect(summary({}, ended)).to.deep.include({
      answer: 'non',
      rules: ['A-04', 'P-03'],
      missing: [],
      zeroPossible: null,
    });
  });

  it('an end that has passed refuses, whatever the flag says (B23), and its last day does not', () => {
    const ends = fundingFacts({ certification: aRecord({ active: true, endOfRegistration: today }) });
    expect(summary({}, ends, today).answer).to.equal('oui');
    expect(summary({}, ends, '2026-11-23')).to.deep.include({ answer: 'non', rules: ['A-04'] });
  });

  it('to check, with what nobody knows: never a yes', () => {
    const unread = fundingFacts({ habilitation: null, offer: null });
    expect(summary({}, unread)).to.deep.include({
      answer: 'indecidable',
      missing: ['organisme.habilitation', 'organisme.offreEdof'],
      zeroPossible: null,
    });
  });

  describe('says that a job seeker may have nothing to pay', () => {
    const rows: readonly [string, ReturnType<typeof summary>, number | null][] = [
      ['a price known, no cap', summary(), 480_000],
      ['a price at the cap', summary({ price: euros(1500) }, ofRs), 150_000],
      ['not a price above the cap', summary({ price: euros(1501) }, ofRs), null],
      ['not when the price is not known', summary({ exam: { exists: null, included: null, price: null } }), null],
      ['not when the price is 0: it is free for all', summary({ ...free, price: euros(0) }), null],
      [
        'not when the register does not say',
        summary({}, fundingFacts({ code: 'RNCP99999', certification: null })),
        null,
      ],
      ['not when the school is not known', summary({}, fundingFacts({ provider: null })), null],
      [
        'not when a proof is past',
        summary({}, fundingFacts({ provider: someFacts({ declarationValid: seen(true, { until: '2026-11-21' }) }) })),
        null,
      ],
      [
        'not when the cap is not known (CléA?)',
        summary({}, fundingFacts({ certification: rsRecord({ title: 'CléA numérique' }) })),
        null,
      ],
      ['not when the account refuses', summary({}, fundingFacts({ offer: false })), null],
    ];
    for (const [when, { zeroPossible }, price] of rows)
      it(when, () => expect(zeroPossible?.price ?? null).to.equal(price));

    it('until the price is read anew and is another one', () => {
      const course = { ...aFundedCourse(), cpf: summary() };
      expect(zeroPossibleNow(course, testNow)?.price).to.equal(480_000);
      const dearer = aFundedCourse({ price: euros(4900) });
      expect(zeroPossibleNow({ ...dearer, cpf: summary() }, testNow)).to.equal(null);
      expect(zeroPossibleNow({ ...aFundedCourse(), cpf: null }, testNow)).to.equal(null);
    });
  });

  it('says the same on another day with other rules, when only the dates moved', () => {
    const one = summary();
    expect(saysTheSame(one, summary({}, fundingFacts(), '2026-11-23'))).to.equal(true);
    expect(saysTheSame(one, summary({ price: euros(4900) }))).to.equal(false);
    expect(saysTheSame(one, summary({}, fundingFacts({ offer: null })))).to.equal(false);
    expect(saysTheSame(null, one)).to.equal(false);
  });

  it('an old 0 is no price: nothing is free nor payable to the cent', () => {
    const stale = { ...aFundedCourse(free, []), harvestedAt: daysAgo(31) };
    const none: FundingFacts = { code: null, certification: null, habilitation: null, offer: null, provider: null };
    expect(
      cpfSummaryOf({ ...stale, draft: { ...stale.draft, certifications: [] } }, none, {
        date: today,
        rules,
        registerDate: null,
      }),
    ).to.deep.include({ answer: 'non', rules: ['A-05'], registerDate: null });
  });
});
