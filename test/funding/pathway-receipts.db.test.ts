import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { personOf, writeAnswers } from '../../src/eligibility/model/answers.ts';
import type { PathwayReceipt } from '../../src/funding/model/pathway-receipt.ts';
import { readVerification, verificationSentence } from '../../src/funding/model/verification.ts';
import { receiptPageSchema } from '../../src/funding/model/wire.ts';
import { readSigned } from '../../src/platform/signature.ts';
import { employee } from '../builders/answers.ts';
import { aCourse, euros } from '../builders/course.ts';
import { aFundedCourse } from '../builders/funding.ts';
import { type FundingWorld, openFundingWorld } from '../builders/funding-world.ts';
import { aPathway, aStep, aStepCourse } from '../builders/pathway.ts';
import { changedRules } from '../builders/rules.ts';

const day = '2026-11-22';
const r = writeAnswers(employee);

const plain = (html: string): string => html.replace(/[\u00a0\u202f]/g, ' ').replaceAll('&#x27;', "'");

/** With another participation. */
const dearer = () => changedRules((text) => text.replaceAll('"montant":150', '"montant":160'));

const priced = (id: string, title: string, price: number) => {
  const { draft, ...course } = aFundedCourse({ title, price: euros(price) });
  return { ...course, id, slug: `cours-${id}`, draft };
};

describe('receipts of pathways', function () {
  this.timeout(60_000);
  let world: FundingWorld;
  let site: Express;

  before(async () => {
    world = await openFundingWorld();
    site = await world.site({ facts: { contact: { email: 'aide@exemple.fr', url: null } } });
  });
  beforeEach(async () => {
    await world.clear();
    world.courses = [
      priced('aaaa1111', 'Premier', 2_000),
      priced('bbbb2222', 'Second', 1_500),
      aCourse({ id: 'cccc3333' }),
    ];
    const main = (id: string) => aStepCourse({ id });
    world.pathways = [
      aPathway({
        steps: [
          aStep({ id: 'un', title: 'Les pages', main: main('aaaa1111') }),
          aStep({ id: 'deux', title: 'Le serveur', main: main('bbbb2222') }),
          aStep({ id: 'trois', title: 'Le projet', main: null }),
        ],
      }),
    ];
  });
  after(() => world?.close());

  async function issued(balance: number | null = 3_000, balanceIncluded = true): Promise<PathwayReceipt> {
    const asked = {
      ref: 'parcours:developpeur-web',
      date: day,
      told: personOf(employee, balance),
      balanceIncluded,
      by: null,
    };
    const receipt = await world.verdicts.receipts.issuePathway(asked);
    if (receipt === null) throw new Error('no receipt');
    return receipt;
  }
  async function page(code: string) {
    const reading = await world.verdicts.receipts.read(code);
    if (reading.kind !== 'pathway') throw new Error(reading.kind);
    return reading.page;
  }
  const receipts = () => world.verdicts.receipts;

  it('hold the verdict of each step, one balance spent in their order, and a total that names what is unknown', async () => {
    const receipt = await issued();
    expect(receipt.steps.map(({ id, chosen }) => [id, chosen?.answer.verdict.resteACharge ?? null])).to.deep.equal([
      ['un', 150],
      ['deux', 350],
      ['trois', null],
    ]);
    expect(receipt.steps.map(({ chosen }) => chosen?.answer.verdict.droitsMobilisables ?? null)).to.deep.equal([
      1_850,
      1_150,
      null,
    ]);
    expect(receipt.total).to.deep.equal({
      price: { known: 3_500, unknownSteps: ['trois'] },
      aid: { known: 0, unknownSteps: ['trois'] },
      rights: { known: 3_000, unknownSteps: ['trois'] },
      rest: { known: 500, unknownSteps: ['trois'] },
    });
    expect(receipt.steps[0]?.chosen?.course?.title).to.equal('Premier');
    expect(receipt.steps[0]?.chosen?.course?.prices[0]?.text.replaceAll('\u00a0', ' ')).to.contain(
      '2 000 €, relevé le',
    );
    expect(receipt.steps[0]?.chosen?.certification?.code).to.equal('RNCP37674');
    expect(receipt).to.deep.include({ format: 2, date: day, balanceIncluded: true, dates: { register: '2026-11-20' } });
  });

  it('T46: say of the step whose price a person corrected who did and when', async () => {
    const corrections = [{ field: 'price' as const, by: 'operator' as const, at: new Date('2026-11-20T09:00:00Z') }];
    world.courses = world.courses.map((course) => (course.id === 'aaaa1111' ? { ...course, corrections } : course));
    const receipt = await issued();
    const said = 'prix du cours corrigé par la plateforme le 20/11/2026';
    expect(receipt.steps.map(({ chosen }) => chosen?.dates.priceCorrection)).to.deep.equal([
      said,
      undefined,
      undefined,
    ]);
    const { text } = await request(site).get(`/verdicts/${receipt.code}`);
    expect(plain(text)).to.include(`2 000 €, relevé le 21/11/2026, ${said}`);
    expect(plain(text)).to.include('2 000 €, corrigé par la plateforme le 20/11/2026');
  });

  it('no balance unless it was ticked, in no step and not in the database (T20)', async () => {
    const receipt = await issued(2_987.65, false);
    expect(receipt.balanceIncluded).to.equal(false);
    const { jws } = await page(receipt.code);
    const text = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString();
    for (const trace of ['2987.65', '2987,65', '298765', '1137.65']) expect(text).not.to.contain(trace);
    expect(receipt.steps[0]?.chosen?.answer.verdict.manquants).to.deep.equal(['personne.soldeCpf']);
    expect(receipt.total.rest).to.deep.equal({ known: 0, unknownSteps: ['un', 'deux', 'trois'] });
  });

  it('give the same bytes after new rules, other prices, another pathway (T19); a difference is an incident', async () => {
    const { code } = await issued();
    world.rules = dearer();
    world.courses = [];
    world.pathways = [];
    expect(await receipts().recomputePathwayAtItsDate(await page(code))).to.deep.equal({ same: true });
    expect(await receipts().recomputePathwayToday(await page(code))).to.deep.include({ kind: 'gone' });
    const found = await page(code);
    const [first, ...others] = found.receipt.steps;
    if (first?.chosen == null) throw new Error('no first step');
    const verdict = { ...first.chosen.answer.verdict, resteACharge: 149 };
    const changed = { ...first, chosen: { ...first.chosen, answer: { ...first.chosen.answer, verdict } } };
    const different = await receipts().recomputePathwayAtItsDate({
      ...found,
      receipt: { ...found.receipt, steps: [changed, ...others] },
    });
    expect(different).to.deep.include({ same: false });
    const total = { ...found.receipt.total, rest: { known: 501, unknownSteps: ['trois'] } };
    expect(
      await receipts().recomputePathwayAtItsDate({ ...found, receipt: { ...found.receipt, total } }),
    ).to.deep.include({
      same: false,
    });
  });

  it('today: the price of the step that changed, the step that has a course now', async () => {
    const { code } = await issued();
    expect(await receipts().recomputePathwayToday(await page(code))).to.deep.include({ same: true, changes: [] });
    world.rules = dearer();
    world.courses = [
      priced('aaaa1111', 'Premier', 2_100),
      priced('bbbb2222', 'Second', 1_500),
      priced('dddd4444', 'Projet', 100),
    ];
    const [pathway] = world.pathways;
    if (pathway === undefined) throw new Error('no pathway');
    const steps = pathway.steps.map((step) =>
      step.id === 'trois' ? { ...step, main: aStepCourse({ id: 'dddd4444' }) } : step,
    );
    world.pathways = [{ ...pathway, steps }];
    const today = await receipts().recomputePathwayToday(await page(code));
    if (today.kind !== 'judged') throw new Error('gone');
    expect(today.same).to.equal(false);
    expect(today.changes.map(({ text }) => plain(text))).to.deep.equal([
      'Étape 1. Cours : le prix complet (cours, certificat, examen), de « 2 000 € » à « 2 100 € ».',
      'Étape 3 : un cours est proposé, « Projet, La Fabrique du Clic ».',
    ]);
  });

  it('a signature that the public keys verify offline, with the whole said in a sentence', async () => {
    const { code } = await issued();
    const { jws, receipt } = await page(code);
    const keys = await world.signer.jwks();
    const verify = (given: string) => readVerification(given, (text) => readSigned(text, keys));
    const valid = await verify(JSON.stringify({ receipt, jws }));
    expect(valid.valid).to.equal(true);
    expect(verificationSentence(valid).map(plain)[1]).to.contain(
      'Parcours Développeur web et web mobile, 3 étapes. Reste à payer : au moins 500 €, sans compter 1 étape.',
    );
    const forged = { ...receipt, total: { ...receipt.total, rest: { known: 0, unknownSteps: [] } } };
    expect(await verify(JSON.stringify({ receipt: forged, jws }))).to.deep.include({ fault: 'readable-part-differs' });
  });

  it('asked for by a visitor, read as a page and as JSON, recomputed both ways', async () => {
    const form = { but: 'parcours:developpeur-web', date: day, r, solde: '3000', inclureSolde: 'oui' };
    const asked = await request(site).post('/verdicts').type('form').send(form).expect(303);
    const address = String(asked.headers.location);
    const { text } = await request(site).get(address).expect(200);
    const shown = plain(text);
    for (const words of [
      'Étape 1 : Les pages',
      'au moins 500 €, sans compter : étape 3',
      'Aucun cours du catalogue',
      'Solde CPF',
      '3 000 €',
      'Information indicative : seul Mon Compte Formation fait foi.',
      "Elle n'engage ni le financeur ni l'organisme.",
      `avec le code ${address.split('/').at(-1)}`,
    ])
      expect(shown).to.contain(words);
    expect(plain((await request(site).get(`${address}?recalcul=recu`)).text)).to.contain(
      'Le recalcul au 22 novembre 2026 donne le même texte.',
    );
    const march = await request(site)
      .post('/verdicts')
      .type('form')
      .send({ ...form, date: '2026-03-10' })
      .expect(303);
    const before = String(march.headers.location);
    const today = plain((await request(site).get(`${before}?recalcul=aujourdhui`)).text);
    expect(today).to.contain("Aujourd'hui, la réponse serait");
    expect(today.split('Règle F-03 : version du 01/01/2026, puis version du 02/04/2026.'), 'said once').to.have.length(
      2,
    );
    const { body } = await request(site).get(`${before}.json?recalcul=aujourdhui`).expect(200);
    expect(receiptPageSchema.parse(body).today).to.deep.include({ kind: 'judged', same: false });
    expect(body.today.steps).to.have.length(3);
  });

  it('what cannot be judged gets none: no such pathway, a wrong date, a wrong amount', async () => {
    const ask = (changes: object) =>
      request(site)
        .post('/verdicts')
        .type('form')
        .send({ but: 'parcours:developpeur-web', date: day, r, ...changes });
    await ask({ but: 'parcours:inconnu' }).expect(404);
    await ask({ date: '2026-02-30' }).expect(404);
    await ask({ date: '2018-01-01' }).expect(400);
    await ask({ solde: '-5' }).expect(400);
    await ask({ solde: 'x' }).expect(400);
  });
});
