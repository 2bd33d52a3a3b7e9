import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { writeAnswers } from '../../src/eligibility/model/answers.ts';
import { type Dossier, readDossier } from '../../src/eligibility/model/dossier.ts';
import type { Receipt } from '../../src/funding/model/receipt.ts';
import { readSigned } from '../../src/platform/signature.ts';
import { aCourse, euros } from '../builders/course.ts';
import { proof } from '../builders/dossier.ts';
import { aFundedCourse, aRecord } from '../builders/funding.ts';
import { type FundingWorld, funder, openFundingWorld } from '../builders/funding-world.ts';
import { changedRules } from '../builders/rules.ts';

const day = '2026-11-22';
const person = {
  statut: 'demandeur_emploi',
  age: 34,
  apprenti: false,
  retraiteTauxPlein: false,
  inscriptionFranceTravail: proof('2026-11-20'),
  exonerationAutre: false,
  soldeCpf: 5_000,
  dernierBilanFinance: 'aucun',
};

/** Ordinary spaces and quotes. */
const plain = (html: string): string => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'");

describe('receipts', function () {
  this.timeout(60_000);
  let world: FundingWorld;
  let site: Express;

  before(async () => {
    world = await openFundingWorld();
    site = await world.site({ facts: { contact: { email: 'aide@exemple.fr', url: null } } });
  });
  beforeEach(() => world.clear());
  after(() => world?.close());

  async function judged(personne: object | null = person, ref = 'cours:fwndab1e') {
    const about = await world.verdicts.aimOf(ref, day);
    if (about === null) throw new Error('no such aim');
    const { action, organisme } = about;
    const read = readDossier({ date: day, personne, action, organisme, cofinancements: [] });
    if (!read.ok) throw new Error(JSON.stringify(read.errors));
    return { about, dossier: read.dossier };
  }
  async function issued(
    change: { balance?: boolean; by?: string | null; origin?: string; personne?: object | null } = {},
  ) {
    const { balance = false, by = null, origin, personne = person } = change;
    const asked = { ...(await judged(personne)), balanceIncluded: balance, by };
    return world.verdicts.receipts.issue(origin === undefined ? asked : { ...asked, origin });
  }
  async function page(code: string) {
    const reading = await world.verdicts.receipts.read(code);
    if (reading.kind !== 'receipt') throw new Error(reading.kind);
    return reading.page;
  }
  const stored = () => world.database.connection.collection('receipts');

  describe('hold', () => {
    it('the dossier they judged, its verdict and trace, versions and dates, the course and its prices as they were', async () => {
      const receipt = await issued({ balance: true });
      expect(receipt.answer.verdict).to.deep.include({ cpf: 'oui', droitsMobilisables: 4_800, resteACharge: 0 });
      expect(receipt.answer.trace.map(({ ruleId }) => ruleId)).to.include.members(['A-01', 'P-02', 'F-04', 'F-06']);
      expect(receipt.rules).to.deep.equal({ version: world.rules.version, asOf: world.rules.asOf });
      expect(receipt.dates).to.deep.equal({ register: '2026-11-20', provider: '2026-11-02', price: '2026-11-21' });
      expect(receipt.subject?.course).to.deep.include({ id: 'fwndab1e', readOn: '2026-11-21' });
      expect(receipt.subject?.course?.prices[0]).to.deep.equal({
        label: 'Cours',
        text: '4\u00a0800\u00a0€, relevé le 21/11/2026',
      });
      expect(receipt.subject?.certification).to.deep.equal({
        code: 'RNCP37674',
        title: 'Développeur web et web mobile',
        active: true,
        endOfRegistration: '2028-09-01',
      });
    });

    it('T46: what a person corrected of a price, and when, in the signed text as on the page', async () => {
      const at = new Date('2026-11-20T09:00:00Z');
      world.courses = [{ ...aFundedCourse(), corrections: [{ field: 'price', by: 'provider', at }] }];
      const receipt = await issued();
      const said = "corrigé par l'organisme le 20/11/2026";
      expect(receipt.dates.priceCorrection).to.equal(`prix du cours ${said}`);
      expect(receipt.subject?.course?.prices[0]?.text).to.equal(`4\u00a0800\u00a0€, ${said}`);
      const { text } = await request(site).get(`/verdicts/${receipt.code}`);
      expect(plain(text)).to.include(`4 800 €, ${said}`);
      expect(plain(text)).to.include(`Cours, certificat et examen, relevé le 21/11/2026, prix du cours ${said}`);
    });

    it('no balance unless it was ticked, in the database neither (T20)', async () => {
      const receipt = await issued();
      expect(receipt.dossier).to.have.nested.property('personne.soldeCpf', null);
      expect(receipt.answer.verdict).to.deep.include({ droitsMobilisables: null, resteACharge: null });
      expect(receipt.answer.verdict.manquants).to.include('personne.soldeCpf');
      const jws = String((await stored().findOne({}))?.jws);
      expect(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()).not.to.contain('5000');
      expect((await issued({ balance: true })).dossier).to.have.nested.property('personne.soldeCpf', 5_000);
    });

    it('nothing of who asked: the account stands beside, and goes with it', async () => {
      const receipt = await issued({ by: 'funder-1' });
      expect(JSON.stringify(receipt)).not.to.contain('funder-1');
      expect(await world.receiptStore.forget('funder-1')).to.equal(1);
      expect(await world.receiptStore.askedBy('funder-1', 10)).to.deep.equal([]);
      expect((await page(receipt.code)).receipt.code).to.equal(receipt.code);
    });

    it('read with those of others who ask at the same time, and none is left out when somebody has very many', async () => {
      const own = await issued({ by: 'funder-1' });
      const asked = () =>
        Promise.all(['funder-1', 'funder-2', 'funder-1'].map((by) => world.receiptStore.askedBy(by, 10)));
      const mine = [{ code: own.code, issuedAt: new Date(own.issuedAt) }];
      expect(await asked()).to.deep.equal([mine, [], mine]);
      const issuedAt = new Date('2026-12-01T08:00:00Z');
      const many = Array.from({ length: 1_001 }, (_, at) => ({
        _id: `many-${at}`,
        by: 'funder-2',
        issuedAt,
        erasedAt: null,
      }));
      await stored().insertMany(many as never);
      const [first, second] = await asked();
      expect(first).to.deep.equal(mine);
      expect(second).to.have.length(10);
    });

    it('a signature that the public keys verify', async () => {
      const { jws, receipt } = await page((await issued()).code);
      const read = await readSigned(jws, await world.signer.jwks());
      expect(read.ok && JSON.parse(read.text)).to.deep.equal(receipt);
    });

    it('one receipt for one line of a list, however often it is asked', async () => {
      const [one, two] = [await issued({ origin: 'list/1' }), await issued({ origin: 'list/1' })];
      expect(two).to.deep.equal(one);
      expect((await issued({ origin: 'list/2' })).code).not.to.equal(one.code);
      expect(await stored().countDocuments({})).to.equal(2);
    });
  });

  describe('recomputed at their date', () => {
    it('give the same bytes after new rules, another register, another course (T19)', async () => {
      const { code } = await issued({ balance: true });
      world.rules = changedRules((text) => text.replace('"montant":150', '"montant":190'));
      world.records = [aRecord({ active: false, endOfRegistration: '2026-01-01' })];
      world.courses = [aFundedCourse({ price: euros(9_000) })];
      world.clock = new Date('2027-05-01T09:00:00Z');
      expect(await world.verdicts.receipts.recomputeAtItsDate(await page(code))).to.deep.equal({ same: true });
    });

    it('of a day whose values were not known stay so when they become known', async () => {
      const { dossier, about } = await judged({ ...person, inscriptionFranceTravail: { inscrit: false } });
      const later: Dossier = { ...dossier, date: '2027-02-01' };
      const receipt = await world.verdicts.receipts.issue({ dossier: later, about, balanceIncluded: true, by: null });
      expect(receipt.answer.verdict.manquants).to.include('parametres.participation');
      world.rules = changedRules((text) => text.replace('"to":"2026-12-31"', '"to":null'));
      expect(await world.verdicts.receipts.recomputeAtItsDate(await page(receipt.code))).to.deep.equal({ same: true });
      const today = await world.verdicts.receipts.recomputeToday(await page(receipt.code));
      expect(today.kind === 'judged' && today.rules.version).to.equal(world.rules.version);
    });

    it('a difference is an incident, with one number however often it is seen, shown to operators only', async () => {
      const { code } = await issued();
      const found = await page(code);
      // As if the code of a rule had changed: what was signed says another answer.
      const answer = { ...found.receipt.answer, verdict: { ...found.receipt.answer.verdict, cpf: 'non' as const } };
      const forged: Receipt = { ...found.receipt, answer };
      const jws = await world.signer.sign(JSON.stringify(forged));
      await stored().updateOne({ _id: code as never }, { $set: { jws } });
      const [one, two] = [await page(code), await page(code)];
      const first = await world.verdicts.receipts.recomputeAtItsDate(one);
      expect(first).to.deep.include({ same: false }).and.nested.include({ 'incident.number': 1 });
      expect(await world.verdicts.receipts.recomputeAtItsDate(two)).to.deep.equal(first);
      const answerPage = await request(site).get(`/verdicts/${code}?recalcul=recu`).expect(200);
      expect(plain(answerPage.text)).to.contain("Écart : signalé à l'exploitant sous le n° 1");
      await request(site).get('/admin/ecarts').expect(401);
      world.actor = { ...funder, roles: ['operator'] };
      expect((await request(site).get('/admin/ecarts').expect(200)).text).to.contain(code);
    });

    it('a stored text that was altered proves nothing, and is an incident', async () => {
      const { code } = await issued();
      const { jws } = await page(code);
      const [head, , signature] = jws.split('.');
      const body = Buffer.from(JSON.stringify({ format: 1, code })).toString('base64url');
      await stored().updateOne({ _id: code as never }, { $set: { jws: `${head}.${body}.${signature}` } });
      const answer = await request(site).get(`/verdicts/${code}`).expect(503);
      expect(answer.text).to.contain('ne prouve plus rien').and.to.contain('n° 1');
    });
  });

  describe('recomputed today', () => {
    async function today(code: string) {
      const found = await world.verdicts.receipts.recomputeToday(await page(code));
      if (found.kind === 'gone') throw new Error('gone');
      return { same: found.same, cpf: found.verdict.cpf, changes: found.changes };
    }

    it('say the same when nothing changed', async () => {
      const { code } = await issued();
      expect(await today(code)).to.deep.equal({ same: true, cpf: 'oui', changes: [] });
    });

    it('name the rule that changed', async () => {
      const personne = { ...person, inscriptionFranceTravail: { inscrit: false } };
      const { dossier, about } = await judged(personne);
      const march: Dossier = { ...dossier, date: '2026-03-10' };
      const { code } = await world.verdicts.receipts.issue({ dossier: march, about, balanceIncluded: true, by: null });
      const found = await today(code);
      expect(found.same).to.equal(false);
      expect(found.changes.filter(({ of }) => of === 'rule').map(({ text }) => text)).to.include(
        'Règle F-03 : version du 01/01/2026, puis version du 02/04/2026.',
      );
    });

    it('name the certification that ended', async () => {
      const { code } = await issued();
      world.records = [aRecord({ active: false, endOfRegistration: '2026-11-25' })];
      world.clock = new Date('2026-11-26T09:00:00Z');
      const found = await today(code);
      expect(found).to.deep.include({ same: false, cpf: 'non' });
      expect(found.changes.map(({ of }) => of)).to.include('certification');
      expect(found.changes.map(({ text }) => text).join(' ')).to.contain('de « 01/09/2028 » à « 25/11/2026 »');
    });

    it('name the course whose price changed', async () => {
      const { code } = await issued({ balance: true });
      world.courses = [aFundedCourse({ price: euros(6_000) })];
      const found = await today(code);
      expect(found.same).to.equal(false);
      expect(found.changes).to.deep.equal([
        { of: 'course', text: 'Cours : le prix complet (cours, certificat, examen), de « 4 800 € » à « 6 000 € ».' },
      ]);
    });

    it('name the day when only time passed: a proof of 31 days is none', async () => {
      const { code } = await issued({ balance: true });
      world.clock = new Date('2026-12-22T09:00:00Z');
      const found = await today(code);
      expect(found.same).to.equal(false);
      expect(found.changes.map(({ of }) => of)).to.include('day');
    });

    it('say so when the course is no longer offered', async () => {
      const { code } = await issued();
      world.courses = [aCourse()];
      const answer = await request(site).get(`/verdicts/${code}?recalcul=aujourdhui`).expect(200);
      expect(answer.text).to.contain('plus proposé');
    });
  });

  describe('on pages', () => {
    const form = (change: object = {}) => ({
      but: 'cours:fwndab1e',
      date: day,
      r: writeAnswers({
        v: 1,
        statut: 'salarie',
        age: 40,
        retraiteTauxPlein: false,
        inscription: 'non',
        exonerationAutre: false,
        aides: [],
      }),
      solde: '5000',
      ...change,
    });
    const ask = (change: object = {}) => request(site).post('/verdicts').type('form').send(form(change));

    it('a visitor asks for one and reads it: heading, amounts, dates, both sentences, code, no cookie', async () => {
      const sent = await ask().expect(303);
      expect(sent.headers).not.to.have.property('set-cookie');
      const answer = await request(site).get(String(sent.headers.location)).expect(200);
      const text = plain(answer.text);
      expect(answer.headers['referrer-policy']).to.equal('no-referrer');
      expect(text).to.contain('noindex');
      expect(text).to.contain('Information indicative : seul Mon Compte Formation fait foi.');
      expect(text).to.contain(
        "Simulation non contractuelle, d'après vos réponses et les règles en vigueur au 22 novembre 2026. Registre des certifications du 20 novembre 2026. Elle n'engage ni le financeur ni l'organisme.",
      );
      expect(text).to.match(/Votre conseiller peut la vérifier avec le code V-[0-9A-Z]{10}\./);
      expect(text).to.contain('Les montants qui dépendent de votre solde CPF ne sont pas dans ce reçu.');
      expect(text).to.contain('<dt>Solde CPF</dt><dd>non communiqué</dd>');
      expect(text).not.to.contain('5 000');
    });

    it('the balance is in when it was ticked, and no sentence says otherwise', async () => {
      const sent = await ask({ inclureSolde: 'oui' }).expect(303);
      const answer = await request(site).get(String(sent.headers.location)).expect(200);
      expect(plain(answer.text)).to.contain('<dt>Solde CPF</dt><dd>5 000 €</dd>');
      expect(answer.text).not.to.contain('ne sont pas dans ce reçu');
    });

    it('a balance that the link holds is not in it either, unless it was ticked for the receipt (T20)', async () => {
      const withBalance = writeAnswers({
        v: 1,
        statut: 'salarie',
        age: 34,
        inscription: 'non',
        aides: [],
        solde: 5_000,
      });
      const { headers } = await ask({ r: withBalance, solde: '' }).expect(303);
      const { body } = await request(site).get(`${headers.location}.json`).expect(200);
      expect(body.receipt.dossier.personne.soldeCpf).to.equal(null);
      const ticked = await ask({ r: withBalance, solde: '', inclureSolde: 'oui' }).expect(303);
      const kept = await request(site).get(`${ticked.headers.location}.json`).expect(200);
      expect(kept.body.receipt.dossier.personne.soldeCpf).to.equal(5_000);
    });

    it('the account in general has one too', async () => {
      await ask({ but: '' }).expect(303);
    });

    it('what cannot be read is refused with a sentence', async () => {
      expect((await ask({ r: 'abc' }).expect(400)).text).to.contain('Ce lien est incomplet.');
      await ask({ but: 'cours:zzzzzzzz' }).expect(404);
      await ask({ date: 'demain' }).expect(404);
      await ask({ solde: '-3' }).expect(400);
      await ask({ solde: 'beaucoup' }).expect(400);
      expect(await stored().countDocuments({})).to.equal(0);
    });

    it('any spelling of a code leads to its one address', async () => {
      const { code } = await issued();
      const typed = code.toLowerCase().replace('-', ' ');
      await request(site).get('/verdicts').query({ code: typed }).expect(303);
      const moved = await request(site)
        .get(`/verdicts/${encodeURIComponent(typed)}`)
        .expect(301);
      expect(moved.headers.location).to.equal(`/verdicts/${code}`);
    });

    it('an unknown code is 404, an erased one 410 with its date, as pages and as JSON', async () => {
      const unknown = await request(site).get('/verdicts/V-0000000000').expect(404);
      expect(unknown.text).to.contain('Aucun reçu ne porte ce code.');
      const { code } = await issued();
      world.clock = new Date('2027-11-23T12:00:00Z');
      const before = new Date(world.clock.getTime() - 365 * 86_400_000);
      expect(await world.receiptStore.countIssuedBefore(before)).to.equal(1);
      expect(await world.receiptStore.eraseIssuedBefore(before, world.clock)).to.equal(1);
      const gone = await request(site).get(`/verdicts/${code}`).expect(410);
      expect(gone.text.replaceAll('\u00a0', ' ')).to.contain(
        'Ce reçu a été effacé le 23 novembre 2027 (conservation : 12 mois).',
      );
      expect((await request(site).get(`/verdicts/${code}.json`).expect(410)).body.error.code).to.equal('RECU_EFFACE');
      expect(await stored().findOne({})).to.include({ jws: null, by: null, origin: null });
      expect(await world.receiptStore.eraseIssuedBefore(before, world.clock)).to.equal(0);
    });

    it('is the same thing as JSON, by its ending or by what the program accepts', async () => {
      const { code } = await issued();
      const one = await request(site).get(`/verdicts/${code}.json`).expect(200);
      const other = await request(site).get(`/verdicts/${code}`).set('Accept', 'application/json').expect(200);
      expect(other.body).to.deep.equal(one.body);
      expect(one.body).to.have.keys('receipt', 'jws', 'fingerprint', 'kid', 'sentences');
      expect(one.body.receipt.code).to.equal(code);
      const again = await request(site).get(`/verdicts/${code}.json?recalcul=recu`).expect(200);
      expect(again.body.atItsDate).to.deep.equal({ same: true, incident: null });
    });

    it('too many in a minute from one address: come back later', async () => {
      const other = await world.site();
      for (let at = 0; at < 20; at += 1) await request(other).post('/verdicts').type('form').send(form()).expect(303);
      const answer = await request(other).post('/verdicts').type('form').send(form()).expect(429);
      expect(Number(answer.headers['retry-after'])).to.be.within(1, 60);
    });
  });
});
