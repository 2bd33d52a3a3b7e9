/** What any visitor reads of the training account: words of product 3.1, T8 and T13. */
import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { adviceOf } from '../../src/catalogue/model/advice.ts';
import { cpfSummaryOf } from '../../src/catalogue/model/cpf.ts';
import type { FundingFacts } from '../../src/catalogue/model/dossier.ts';
import type { CourseDraft } from '../../src/catalogue/model.ts';
import { accessFactsOf, type Course } from '../../src/catalogue/model.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import { accessOf } from '../../src/eligibility/model.ts';
import { endOfLifeOf } from '../../src/framework/model/end-of-life.ts';
import { aCourse, daysAgo, euros, testNow } from '../builders/course.ts';
import { aFundedCourse, aRecord, fundingFacts, rsRecord, seen, someFacts, today } from '../builders/funding.ts';
import { aPathway, aStep, aStepCourse } from '../builders/pathway.ts';
import { aSite } from '../builders/site.ts';

const rules = loadRules();
const nothing: FundingFacts = { code: null, certification: null, habilitation: null, offer: null, provider: null };

function assessed(id: string, title: string, draft: Partial<CourseDraft>, facts: FundingFacts): Course {
  const course = aFundedCourse({ title, ...draft }, facts.code === null ? [] : [facts.code]);
  const cpf = cpfSummaryOf(course, facts, { date: today, rules, registerDate: null });
  const access = accessOf(accessFactsOf(course.draft, { title: course.sourceTitle }, course.harvestedAt), testNow);
  return { ...course, id, slug: `cours-${id}`, providerId: 'fabrique', access, cpf };
}

const payable = assessed('payab1e0', 'Web payable', {}, fundingFacts());
const refused = assessed(
  'refwsed0',
  'Web refusé',
  {},
  fundingFacts({ certification: aRecord({ endOfRegistration: '2026-11-10' }) }),
);
const unsure = assessed('wnswre00', 'Web à voir', {}, fundingFacts({ habilitation: null }));
const dear = assessed(
  'dear0000',
  'Web au-dessus du plafond',
  { price: euros(1650) },
  fundingFacts({ certification: rsRecord() }),
);
const mooc = assessed(
  'm00c0000',
  'Web gratuit',
  {
    price: null,
    contentFree: true,
    certifications: [],
    certificate: { type: 'none', free: null, included: null, price: null },
    exam: { exists: false, included: null, price: null },
  },
  nothing,
);
const never = aCourse({ id: 'never000', draft: { title: 'Web jamais regardé' } });
const all = [payable, refused, unsure, dear, mooc, never];

const plain = (html: string) =>
  html
    .replaceAll('\u00a0', ' ')
    .replaceAll('&#x27;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&#x3D;', '=');
const claim = '0 € possible avec le CPF';
const conditions =
  '0 € à payer si vous êtes inscrit à France Travail et si votre compte formation couvre 4 800 €, au 22/11/2026';

describe('the training account on pages', () => {
  let site: Express;
  const get = async (path: string) => plain((await request(site).get(path).expect(200)).text);
  const cards = (html: string) =>
    new Map(
      (html.match(/<article[\s\S]*?<\/article>/g) ?? []).map((card) => [
        /<h3><a[^>]*>([^<]+)/.exec(card)?.[1] ?? '',
        card,
      ]),
    );
  before(async () => {
    site = await aSite({ courses: all });
  });

  it('each card and each page has one of the three badges; what nobody knows, or was never looked at, is to check', async () => {
    const badges: readonly (readonly [Course, string])[] = [
      [payable, 'Finançable CPF au 22/11/2026'],
      [refused, 'Pas finançable CPF'],
      [unsure, 'CPF : à vérifier'],
      [dear, 'Finançable CPF au 22/11/2026'],
      [mooc, 'Pas finançable CPF'],
      [never, 'CPF : à vérifier'],
    ];
    const found = cards(await get('/catalogue'));
    for (const [course, badge] of badges) {
      const page = await get(`/cours/${course.slug}`);
      for (const html of [found.get(course.draft.title) ?? '', page]) {
        const shown = [...html.matchAll(/(Finançable CPF au [\d/]+|Pas finançable CPF|CPF : à vérifier)<\/span>/g)];
        expect(
          shown.map(([, text]) => text),
          course.draft.title,
        ).to.deep.equal([badge]);
      }
    }
  });

  it('« Pas finançable CPF » stands beside « gratuit pour tous »', async () => {
    const card = cards(await get('/catalogue')).get('Web gratuit') ?? '';
    expect(card).to.include('gratuit pour tous, relevé le').and.include('Pas finançable CPF');
  });

  it('says « éligible » of nobody (T13)', async () => {
    for (const { slug } of all) expect(await get(`/cours/${slug}`)).not.to.match(/[éÉ]ligible/);
    expect(await get('/catalogue')).not.to.match(/[éÉ]ligible/);
  });

  describe(`« ${claim} » (T8)`, () => {
    it('stands with its two conditions, the price and the date in the same block, and never with « gratuit »', async () => {
      const card = cards(await get('/catalogue')).get('Web payable') ?? '';
      const inCard = /<p class="en-carte__aide">(?:(?!<\/p>)[\s\S])*0 € possible[\s\S]*?<\/p>/.exec(card)?.[0] ?? '';
      const inPage =
        /<div class="en-acces"><h3>0 € possible[\s\S]*?<\/div>/.exec(await get(`/cours/${payable.slug}`))?.[0] ?? '';
      for (const block of [inCard, inPage])
        expect(block)
          .to.include(claim)
          .and.include(conditions)
          .and.not.match(/gratuit/i);
    });

    it('is absent above the cap, when refused, not known, or free for all', async () => {
      const found = cards(await get('/catalogue'));
      for (const course of [dear, refused, unsure, mooc, never]) {
        expect(found.get(course.draft.title)).to.be.a('string').and.not.include(claim);
        expect(await get(`/cours/${course.slug}`)).not.to.include(claim);
      }
    });

    it('is absent once the price was read anew and is another one, from the filter too', async () => {
      const dearer = { ...payable, draft: { ...payable.draft, price: euros(4900) } };
      const other = await aSite({ courses: [dearer] });
      const html = plain((await request(other).get('/catalogue').expect(200)).text);
      expect(cards(html).get('Web payable')).not.to.include(claim);
      expect(html).to.match(/value="zero-possible" disabled/);
      const old = { ...payable, harvestedAt: daysAgo(400) };
      const page = await request(await aSite({ courses: [old] }))
        .get(`/cours/${old.slug}`)
        .expect(200);
      expect(plain(page.text)).to.include(conditions);
    });

    it('is the third value for job seekers, in the filter and its chip with its conditions', async () => {
      const html = await get('/catalogue?acces=zero-possible');
      expect([...cards(html).keys()]).to.deep.equal(['Web payable']);
      expect(html).to.match(
        /Pour les demandeurs d'emploi<\/summary>[\s\S]*?0 € possible avec le CPF<small>si vous êtes inscrit à France Travail et si votre compte formation couvre le prix du cours<\/small>/,
      );
      for (const part of html.split(claim).slice(1)) {
        expect(part.slice(0, 200))
          .to.include('si vous êtes inscrit à France Travail')
          .and.include('si votre compte formation couvre');
      }
    });
  });

  describe('the filter « Finançable CPF » (J13)', () => {
    it('has oui, à vérifier, non, with their counts; à vérifier is never counted as oui', async () => {
      const group = /Finançable CPF<\/summary>[\s\S]*?<\/fieldset>/.exec(await get('/catalogue'))?.[0] ?? '';
      const options = [
        ...group.matchAll(/value="(\w+)"[^>]*><span class="en-case__mot">([^<]+)<\/span> <span>(\d+)</g),
      ];
      expect(options.map(([, value, label, count]) => [value, label, count])).to.deep.equal([
        ['oui', 'Oui', '2'],
        ['indecidable', 'À vérifier', '2'],
        ['non', 'Non', '2'],
      ]);
      expect([...cards(await get('/catalogue?cpf=oui')).keys()]).to.have.members([
        payable.draft.title,
        dear.draft.title,
      ]);
    });

    it('is a chip that says what it is of, and an unknown value is ignored and said', async () => {
      const html = await get('/catalogue?cpf=indecidable');
      expect(html).to.include('Finançable CPF : à vérifier');
      expect(await get('/catalogue?cpf=peut-etre')).to.include("Le filtre « peut-etre » n'existe pas");
    });
  });

  it('the page of a school says each fact with its proof, source and date; unknown is said (P22)', async () => {
    const expired = seen(
      { categories: ['AF' as const], from: '2023-03-01', to: '2026-10-31' },
      { date: '2026-09-01', until: '2026-10-31' },
    );
    const facts = someFacts({
      qualiopi: expired,
      activityNumber: seen('52440999901', { proof: 'declared', source: 'Son site' }),
      delisted: null,
    });
    const known = await aSite({ courses: [payable], providerFacts: [facts] });
    const html = plain((await request(known).get('/organismes/fabrique').expect(200)).text);
    for (const text of [
      '52440999901 (déclaré le 02/11/2026, Son site)',
      'valide (vérifié le 02/11/2026, Liste publique des organismes de formation)',
      'actions de formation, du 01/03/2023 au 31/10/2026 (expiré depuis le 01/11/2026, Liste publique',
      'habilité à former (vérifié le 02/11/2026',
    ])
      expect(html).to.include(text);
    expect(html).to.match(/<dt>Mon Compte Formation<\/dt><dd>inconnu<\/dd>/);
    const many = Array.from({ length: 300 }, (_value, at) => ({
      code: `RS${1_000 + at}`,
      offer: seen(true),
      habilitation: null,
    }));
    const large = await aSite({ courses: [payable], providerFacts: [someFacts({ certifications: many })] });
    const { text: listed } = await request(large).get('/organismes/fabrique').expect(200);
    expect(listed.match(/Offre RS/g)).to.have.length(40);
    expect(plain(listed)).to.include("260, sur d'autres certifications");
    const unknown = await get('/organismes/fabrique');
    expect(unknown)
      .to.match(/<dt>Certification Qualiopi<\/dt><dd>inconnu<\/dd>/)
      .and.include('52440999901 (déclaré)');
  });

  describe('tells a school what is missing (N10)', () => {
    const life = (changes: Parameters<typeof aRecord>[0], successors: Parameters<typeof endOfLifeOf>[2]) =>
      endOfLifeOf('RS5568', rsRecord({ code: 'RS5568', ...changes }), successors, today, null);
    const ended = {
      answer: 'non' as const,
      rules: ['A-04'],
      missing: [],
      zeroPossible: null,
      assessedOn: today,
      rulesVersion: 'r',
      registerDate: today,
    };
    const reasonOf = (rule: string) => rules.byId.get(rule)?.reasons[0] ?? null;
    const rows: readonly [string, Parameters<typeof adviceOf>[0], Parameters<typeof adviceOf>[1], string | null][] = [
      [
        'an ended certification and what replaces it',
        ended,
        [life({ endOfRegistration: '2026-11-10' }, { codes: ['RS7000'], end: 'living' })],
        "Non finançable : RS5568 n'est plus active depuis le 11/11/2026. Elle est remplacée par RS7000.",
      ],
      [
        'without a known replacement, read before the end (T18)',
        ended,
        [
          life(
            { endOfRegistration: '2026-11-10', seen: { from: '2026-08-16', to: '2026-08-16' } },
            { codes: [], end: 'none-known' },
          ),
        ],
        "Non finançable : RS5568 n'est plus active depuis le 11/11/2026. Aucun remplacement connu au 16 août 2026. Notre registre date du 16/08/2026, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.",
      ],
      [
        'another refusal, in the words of its rule',
        { ...ended, rules: ['P-03'] },
        [],
        "Non finançable : L'offre n'est pas référencée sur Mon Compte Formation.",
      ],
      [
        'what nobody knows',
        { ...ended, answer: 'indecidable', rules: [], missing: ['organisme.habilitation', 'organisme.offreEdof'] },
        [],
        "À vérifier : il manque l'habilitation de l'organisme par le certificateur et si l'offre est publiée sur Mon Compte Formation.",
      ],
      ['nothing when it is paid', { ...ended, answer: 'oui', rules: [] }, [], null],
      ['nothing when nobody looked yet', null, [], null],
    ];
    for (const [when, cpf, lives, text] of rows)
      it(when, () => {
        const advice = adviceOf(cpf, lives, reasonOf);
        expect(advice === null ? null : plain(advice)).to.equal(text);
      });

    it('on its page, beside each course that is not paid', async () => {
      const html = await get('/organismes/fabrique');
      const section = /Ce qui manque pour le CPF[\s\S]*?<\/section>/.exec(html)?.[0] ?? '';
      for (const { slug } of [refused, unsure, mooc]) expect(section).to.include(`/cours/${slug}`);
      for (const { slug } of [payable, dear]) expect(section).not.to.include(`/cours/${slug}`);
    });
  });

  describe('on a pathway', () => {
    const zero = (price: number, date = today) => ({
      answer: 'oui' as const,
      assessedOn: date,
      zeroPossible: { price, date },
    });
    const life = (changes: Parameters<typeof aRecord>[0], successors: Parameters<typeof endOfLifeOf>[2] = null) =>
      endOfLifeOf('RNCP37674', aRecord(changes), successors, today, null);

    it('each course of a step has its badge, and the whole has « 0 € possible » with the sum', async () => {
      const step = aStep({ main: aStepCourse({ cpf: zero(480_000) }) });
      const pathway = aPathway({
        steps: [
          step,
          aStep({
            id: 'b',
            main: aStepCourse({ id: 'autre000', cpf: { ...zero(1), answer: 'non', zeroPossible: null } }),
          }),
        ],
        zeroPossible: { price: 580_000, date: today },
      });
      const html = plain(
        (
          await request(await aSite({ pathways: [pathway] }))
            .get('/parcours/developpeur-web')
            .expect(200)
        ).text,
      );
      expect(html).to.include('Finançable CPF au 22/11/2026').and.include('Pas finançable CPF');
      expect(html).to.include(
        `${claim} : 0 € à payer si vous êtes inscrit à France Travail et si votre compte formation couvre 5 800 €, au 22/11/2026`,
      );
    });

    const rows: readonly [string, ReturnType<typeof life>, string | null][] = [
      [
        'an end, without successor',
        life({ endOfRegistration: '2027-06-01' }, { codes: [], end: 'none-known' }),
        'Cette certification prend fin le 1er juin 2027. Dernière date pour valider votre inscription : 1er juin 2027. Aucun remplacement connu au 20 novembre 2026.',
      ],
      [
        'an end with a last delivery and a successor',
        life(
          { endOfRegistration: '2027-06-01', lastDelivery: '2029-06-01' },
          { codes: ['RNCP40000', 'RNCP41000'], end: 'living' },
        ),
        'Cette certification prend fin le 1er juin 2027. Dernière date pour valider votre inscription : 1er juin 2027. Dernière date de délivrance : 1er juin 2029. Elle est remplacée par RNCP41000.',
      ],
      [
        'a chain that turns round (B27)',
        life({ endOfRegistration: '2027-06-01' }, { codes: ['RNCP1', 'RNCP2'], end: 'cycle' }),
        'Cette certification prend fin le 1er juin 2027. Dernière date pour valider votre inscription : 1er juin 2027. Aucun remplacement connu au 20 novembre 2026.',
      ],
      ['no end known', life({ endOfRegistration: null }), null],
    ];
    for (const [when, endOfLife, sentence] of rows)
      it(`says when its certification ends (N11): ${when}`, async () => {
        const site = await aSite({ pathways: [aPathway({ endOfLife })] });
        const html = plain((await request(site).get('/parcours/developpeur-web').expect(200)).text);
        if (sentence === null) expect(html).not.to.include('prend fin');
        else expect(html).to.include(sentence);
      });
  });
});
