import { expect } from 'chai';
import {
  accessNow,
  accessText,
  type priceLineNames,
  pricesOf,
  priceText,
  shortPriceText,
} from '../../src/catalogue/model/prices.ts';
import type { CourseDraft } from '../../src/catalogue/model.ts';
import { courseCard } from '../../src/catalogue/view-models/card.ts';
import { courseModel } from '../../src/catalogue/view-models/course.ts';
import { otherOfferNotes } from '../../src/catalogue/view-models/offers.ts';
import { aCourse, aDraft, aSession, daysAgo, euros, selfPaced, testNow } from '../builders/course.ts';
import { framework } from '../builders/site.ts';

const fresh = daysAgo(2);
const old = daysAgo(31);
const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const certificate = (changes: Partial<CourseDraft['certificate']>): CourseDraft['certificate'] => ({
  type: 'unknown',
  free: null,
  included: null,
  price: null,
  ...changes,
});
const exam = (changes: Partial<CourseDraft['exam']>): CourseDraft['exam'] => ({
  exists: null,
  included: null,
  price: null,
  ...changes,
});

const context = { now: testNow, bands: framework.bands, failing: new Map<string, Date>() };
const pageOf = (course: ReturnType<typeof aCourse>) =>
  courseModel(
    {
      kind: 'course',
      offers: [course],
      goneOffer: null,
      course,
      steps: [],
      failingSince: null,
      withdrawnOn: null,
      linkDeadSince: null,
      history: [],
    },
    framework,
    testNow,
  );

describe('price block', () => {
  const rows: readonly {
    readonly line: (typeof priceLineNames)[number];
    readonly when: string;
    readonly draft: Partial<CourseDraft>;
    readonly readAt: Date;
    readonly text: string;
    readonly short: string;
  }[] = [
    {
      line: 'course',
      when: 'the amount is known',
      draft: { price: { amount: 154_680, currency: 'EUR', taxIncluded: true } },
      readAt: fresh,
      text: '1 546,80 €, relevé le 20/11/2026',
      short: '1 546,80 €',
    },
    {
      line: 'course',
      when: 'the amount is known and old',
      draft: { price: euros(150) },
      readAt: old,
      text: '150 €, donnée ancienne : relevée le 22/10/2026',
      short: '150 €',
    },
    {
      line: 'course',
      when: 'it is free',
      draft: { contentFree: true },
      readAt: fresh,
      text: 'gratuit, relevé le 20/11/2026',
      short: 'gratuit',
    },
    {
      line: 'course',
      when: 'a price of 0 is as good as a word',
      draft: { price: euros(0) },
      readAt: daysAgo(30),
      text: 'gratuit, relevé le 23/10/2026',
      short: 'gratuit',
    },
    {
      line: 'course',
      when: 'it was free more than 30 days ago',
      draft: { contentFree: true },
      readAt: old,
      text: "était gratuit le 22/10/2026, à vérifier auprès de l'organisme",
      short: 'était gratuit le 22/10/2026',
    },
    {
      line: 'course',
      when: 'sessions have two prices',
      draft: { sessions: [aSession({ price: euros(900) }), aSession({ price: euros(1080) })] },
      readAt: fresh,
      text: 'de 900 à 1 080 €, relevé le 20/11/2026',
      short: 'de 900 à 1 080 €',
    },
    {
      line: 'course',
      when: 'a closed session does not count',
      draft: { price: euros(90), sessions: [aSession({ price: euros(10), state: 'closed' }), selfPaced] },
      readAt: fresh,
      text: '90 €, relevé le 20/11/2026',
      short: '90 €',
    },
    {
      line: 'course',
      when: 'the price is before tax',
      draft: { price: { amount: 90_000, currency: 'EUR', taxIncluded: false } },
      readAt: fresh,
      text: '900 € HT, relevé le 20/11/2026',
      short: '900 € HT',
    },
    {
      line: 'course',
      when: 'it is in another currency',
      draft: { price: { amount: 4_900, currency: 'USD', taxIncluded: null } },
      readAt: fresh,
      text: '49 USD, relevé le 20/11/2026',
      short: '49 USD',
    },
    {
      line: 'course',
      when: 'nothing is known',
      draft: {},
      readAt: fresh,
      text: "non communiqué par l'organisme (au 20/11/2026)",
      short: 'non communiqué',
    },
    {
      line: 'certificate',
      when: 'it is in the price of the course',
      draft: { certificate: certificate({ included: true }) },
      readAt: fresh,
      text: 'compris dans le prix du cours',
      short: 'compris',
    },
    {
      line: 'certificate',
      when: 'there is none',
      draft: { certificate: certificate({ type: 'none' }) },
      readAt: fresh,
      text: 'pas de certificat',
      short: 'pas de certificat',
    },
    {
      line: 'certificate',
      when: 'it is paid',
      draft: { certificate: certificate({ type: 'paid-certificate', price: euros(60) }) },
      readAt: fresh,
      text: '60 €, relevé le 20/11/2026',
      short: '60 €',
    },
    {
      line: 'certificate',
      when: 'it is paid at a price nobody gives',
      draft: { certificate: certificate({ type: 'paid-certificate' }) },
      readAt: fresh,
      text: "non communiqué par l'organisme (au 20/11/2026)",
      short: 'non communiqué',
    },
    {
      line: 'exam',
      when: 'there is none',
      draft: { exam: exam({ exists: false }) },
      readAt: fresh,
      text: "pas d'examen",
      short: "pas d'examen",
    },
    {
      line: 'exam',
      when: 'it is in the price of the course',
      draft: { exam: exam({ exists: true, included: true }) },
      readAt: fresh,
      text: 'compris dans le prix du cours',
      short: 'compris',
    },
    {
      line: 'exam',
      when: 'nothing is known',
      draft: {},
      readAt: fresh,
      text: "non communiqué par l'organisme (au 20/11/2026)",
      short: 'non communiqué',
    },
  ];

  for (const { line, when, draft, readAt, text, short } of rows) {
    it(`says « ${text} » for the ${line} when ${when}`, () => {
      const state = pricesOf(aDraft(draft))[line];
      expect(plain(priceText(line, state, { harvestedAt: readAt }, testNow))).to.equal(text);
      expect(plain(shortPriceText(line, state, { harvestedAt: readAt }, testNow))).to.equal(short);
    });
  }

  it('T3: always has the four lines in the same order, even when all four are unknown', () => {
    const labels = ['Cours', 'Certificat', 'Examen', 'Pour vous'];
    expect(courseCard(aCourse(), context).prices.map(({ label }) => label)).to.deep.equal(labels);
    expect(pageOf(aCourse()).prices.map(({ label }) => label)).to.deep.equal(labels);
  });

  it('says « à calculer » for the visitor, who has answered nothing', () => {
    expect(courseCard(aCourse(), context).prices.at(-1)).to.include({ text: 'à calculer', mine: true });
    expect(pageOf(aCourse()).prices.at(-1)).to.include({ text: 'à calculer', mine: true });
  });

  it('T2: a missing price is never 0', () => {
    const texts = [...courseCard(aCourse(), context).prices, ...pageOf(aCourse()).prices].map(({ text }) => text);
    expect(texts.filter((text) => /\b0\b.€|gratuit/.test(plain(text)))).to.deep.equal([]);
  });

  it('T4: every amount of the page has a date in its own line, every card has one in its block', () => {
    const course = aCourse({
      draft: {
        price: euros(1080),
        certificate: certificate({ price: euros(60) }),
        exam: exam({ exists: true, price: euros(120) }),
      },
    });
    const lines = pageOf(course).prices.filter(({ text }) => text.includes('€'));
    expect(lines).to.have.length(3);
    for (const { text } of lines) expect(text).to.match(/\d\d\/\d\d\/\d{4}/);
    expect(courseCard(course, context).freshness).to.equal('relevé le 21/11/2026');
  });
});

describe('access sentence', () => {
  const sentence = (draft: Partial<CourseDraft>, harvestedAt = fresh) => {
    const course = aCourse({ draft, harvestedAt });
    return plain(accessText(accessNow(course, testNow), course, testNow));
  };
  const noCertificate = { certificate: certificate({ type: 'none' }), exam: exam({ exists: false }) };

  it('is « gratuit pour tous » only when course, certificate and exam are known to be free or absent', () => {
    expect(sentence({ contentFree: true, ...noCertificate })).to.equal('gratuit pour tous, relevé le 20/11/2026');
    expect(sentence({ contentFree: true, certificate: noCertificate.certificate })).to.equal(
      "contenu gratuit, pas de certificat, examen : non communiqué par l'organisme",
    );
  });

  it('T1: is the past tense the day after the thirtieth', () => {
    expect(sentence({ contentFree: true, ...noCertificate }, daysAgo(30))).to.match(/^gratuit pour tous/);
    expect(sentence({ contentFree: true, ...noCertificate }, old)).to.equal(
      "était gratuit le 22/10/2026, à vérifier auprès de l'organisme",
    );
  });

  it('T10: never says that content is free without what the certificate costs', () => {
    expect(sentence({ contentFree: true, certificate: certificate({ price: euros(60) }) })).to.equal(
      'contenu gratuit, certificat payant : 60 €, relevé le 20/11/2026',
    );
    expect(sentence({ contentFree: true })).to.equal("contenu gratuit, certificat : non communiqué par l'organisme");
  });

  it('keeps the declaration of a source as a declaration', () => {
    const course = aCourse({ draft: { fundedForJobSeekers: { text: 'Pris en charge à 100 %' } }, harvestedAt: fresh });
    const { funding } = courseCard(course, context);
    expect(funding).to.equal("Financée pour les demandeurs d'emploi, selon Atelier Ligne Claire, au 20/11/2026");
    const page = pageOf(course);
    expect(page.access?.text)
      .to.include('selon Atelier Ligne Claire, au 20/11/2026')
      .and.include('pas une aide accordée');
    expect(page.access?.quote).to.equal('Pris en charge à 100 %');
  });

  it('T8: never promises « gratuit demandeur d’emploi » to a visitor without proof', () => {
    const course = aCourse({ draft: { fundedForJobSeekers: { text: 'Financé' } } });
    expect(JSON.stringify([courseCard(course, context), pageOf(course)])).not.to.match(
      /gratuit demandeur|0.€ possible/,
    );
  });

  it('T46: a price that a person corrected is not « relevé », and the page says who corrected what', () => {
    const at = new Date('2026-11-21T09:00:00Z');
    const corrections = [
      { field: 'price', by: 'provider', at },
      { field: 'title', by: 'operator', at },
    ] as const;
    const page = pageOf(aCourse({ draft: { price: euros(150) }, harvestedAt: fresh, corrections }));
    expect(page.prices[0]?.text).to.equal("150\u00a0€, corrigé par l'organisme le 21/11/2026");
    expect(page.pricesSource).to.match(/Corrigé par l'organisme le 21\/11\/2026\s: prix du cours\.$/);
    expect(page.pricesSource).not.to.include('titre');
    expect(page.source).to.match(/Corrigé par la plateforme le 21\/11\/2026\s: titre\.$/);
    const corrected = page.provenance.filter(({ date }) => date.startsWith('corrigé le'));
    expect(corrected.map(({ field }) => field)).to.deep.equal([
      'Correction\u00a0: prix du cours',
      'Correction\u00a0: titre',
    ]);
    const other = pageOf(aCourse({ draft: { price: euros(150) }, harvestedAt: fresh }));
    expect(JSON.stringify(other)).not.to.match(/[Cc]orrig/);
  });

  const by = (who: 'provider' | 'operator', ...fields: ('price' | 'certificate' | 'exam')[]) =>
    fields.map((field) => ({ field, by: who, at: new Date('2026-11-21T09:00:00Z') }));

  for (const [when, draft, corrections, harvestedAt, text] of [
    [
      'an amount',
      { price: euros(150) },
      by('provider', 'price'),
      fresh,
      "150 €, corrigé par l'organisme le 21/11/2026",
    ],
    ['free', { price: euros(0) }, by('operator', 'price'), fresh, 'gratuit, corrigé par la plateforme le 21/11/2026'],
    ['taken away', {}, by('operator', 'price'), fresh, 'non communiqué, corrigé par la plateforme le 21/11/2026'],
    [
      'an amount, of a source that was last read long ago',
      { price: euros(150) },
      by('provider', 'price'),
      old,
      "150 €, donnée ancienne : corrigée par l'organisme le 21/11/2026",
    ],
    [
      'free, of a source that was last read long ago',
      { price: euros(0) },
      by('provider', 'price'),
      old,
      "était gratuit le 21/11/2026, à vérifier auprès de l'organisme",
    ],
    ['corrected nowhere', { price: euros(150) }, by('provider', 'exam'), fresh, '150 €, relevé le 20/11/2026'],
  ] as const) {
    it(`T46: a price that a person wrote has the day of the correction: ${when}`, () => {
      const dates = { harvestedAt, corrections };
      expect(plain(priceText('course', pricesOf(aDraft(draft)).course, dates, testNow))).to.equal(text);
    });
  }

  it('T46: a card says which of its prices were not read, beside the day of the reading and in its badge', () => {
    const card = (draft: Partial<CourseDraft>, corrections: ReturnType<typeof by>) =>
      courseCard(aCourse({ draft, harvestedAt: fresh, corrections }), context);
    expect(card({ price: euros(150) }, by('provider', 'price')).freshness).to.equal(
      "relevé le 20/11/2026 ; prix du cours corrigé par l'organisme le 21/11/2026",
    );
    const free = { price: euros(0), certificate: certificate({ free: true }), exam: exam({ exists: false }) };
    const both = card(free, [...by('operator', 'price'), ...by('operator', 'certificate')]);
    expect(both.freshness).to.equal(
      'relevé le 20/11/2026 ; prix du cours et prix du certificat corrigés par la plateforme le 21/11/2026',
    );
    expect(both.badge?.text).to.equal(
      'gratuit pour tous, prix du cours et prix du certificat corrigés par la plateforme le 21/11/2026',
    );
    const paid = card(
      { contentFree: true, certificate: certificate({ price: euros(60) }) },
      by('provider', 'certificate'),
    );
    expect(plain(paid.badge?.text ?? '')).to.equal(
      "contenu gratuit, certificat payant : 60 €, corrigé par l'organisme le 21/11/2026",
    );
    const titled = { field: 'title', by: 'provider', at: fresh } as const;
    expect(courseCard(aCourse({ harvestedAt: fresh, corrections: [titled] }), context).freshness).to.equal(
      'relevé le 20/11/2026',
    );
  });

  it('T46: each offer of a course has the day of its own price', () => {
    const course = aCourse({ draft: { price: euros(150) }, harvestedAt: fresh });
    const other = { ...course, id: '0h3k9qzx', corrections: by('provider', 'price') };
    const [note = ''] = otherOfferNotes([other], testNow);
    expect(plain(note)).to.include("Cours : 150 €, corrigé par l'organisme le 21/11/2026.");
  });

  it('says nothing reassuring of a price nobody gives', () => {
    expect(sentence({})).to.equal("non communiqué par l'organisme (au 20/11/2026)");
    expect(sentence({ price: euros(150) })).to.equal('150 €, relevé le 20/11/2026');
  });
});
