import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { makeNothingToPay } from '../../src/catalogue/use-cases/nothing-to-pay.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import { type Answers, writeAnswers } from '../../src/eligibility/model/answers.ts';
import { provenProvider } from '../builders/aims.ts';
import { employee } from '../builders/answers.ts';
import { aCourse, daysAgo, euros, testNow } from '../builders/course.ts';
import { aSite } from '../builders/site.ts';

const plain = (html: string) =>
  html
    .replace(/[\u00a0\u202f]/g, ' ')
    .replaceAll('&#x27;', "'")
    .replaceAll('&#x3D;', '=')
    .replaceAll('&amp;', '&');
const siret = '13002526500013';
const r = writeAnswers(employee);
const helped = writeAnswers({ ...employee, aides: [{ par: 'region', montant: 500, accorde: true }] });
const asked = writeAnswers({ ...employee, aides: [{ par: 'region', montant: 500, accorde: null }] });

const none = { type: 'none' as const, free: null, included: null, price: null };
const noExam = { exists: false, included: null, price: null };
const priced = (id: string, title: string, price: number | null, days = 1, changes: object = {}) =>
  aCourse({
    id,
    harvestedAt: daysAgo(days),
    draft: {
      title,
      provider: { name: 'Institut Marelle', url: null, siret, activityNumber: null },
      price: price === null ? null : euros(price),
      contentFree: price === 0,
      certificate: none,
      exam: noExam,
      ...changes,
    },
  });

/** Prepares a certification that the account pays, for 1 500 €. */
const certifying = (() => {
  const course = priced('abcd7777', 'Certifiant', 1_500, 1, {
    certificate: { type: 'registered', free: null, included: true, price: null },
    certifications: [{ kind: 'RNCP', code: 'RNCP37674' }],
  });
  return { ...course, alignment: { ...course.alignment, certifications: [{ code: 'RNCP37674', known: true }] } };
})();

const courses = [
  priced('aaaa1111', 'Gratuit', 0),
  priced('bbbb2222', 'Ancien', 0, 31),
  priced('cccc3333', 'Inconnu', null),
  priced('dddd4444', 'Accessible', 400),
  priced('eeee5555', 'Cher', 900),
  certifying,
  priced('ffff6666', 'Examen', 0, 1, { exam: { exists: true, included: null, price: null } }),
];

describe('« Rien à payer pour moi »', () => {
  let site: Express;
  before(async () => {
    site = await aSite({ courses, providers: new Map([[siret, provenProvider(siret, 'RNCP37674')]]) });
  });
  const open = async (path: string) => plain((await request(site).get(path).expect(200)).text);
  const titlesOf = (html: string) =>
    courses
      .map(({ draft: { title } }) => title)
      .filter((title) => new RegExp(`<h[23][^>]*><a[^>]*>${title}`).test(html));

  it('is the first filter; without answers it leads to the questions, which lead back to the same search', async () => {
    const html = await open('/catalogue?q=gratuit');
    const filters = html.slice(html.indexOf('titre-filtres'));
    expect(filters.indexOf('name="pour-moi"')).to.be.within(1, filters.indexOf('<summary>'));
    const { headers } = await request(site).get('/catalogue?q=gratuit&niveau=beginner&pour-moi=1').expect(302);
    const questions = String(headers.location);
    expect(questions).to.match(/^\/eligibilite\?but=recherche%3A/);
    expect(await open(questions)).to.include('Quelle est votre situation');
    const result = await open(questions.replace('/eligibilite?', '/eligibilite/resultat?').concat(`&r=${r}`));
    expect(result).to.include(`href="/catalogue?q=gratuit&niveau=beginner&pour-moi=1&r=${r}"`);
    expect(result).to.include('Voir les cours où je n’ai rien à payer');
    await request(site).get('/eligibilite?but=recherche:%22%3E%3Cscript').expect(404);
    await request(site)
      .get(`/eligibilite?but=recherche:${'q'.repeat(601)}`)
      .expect(404);
  });

  it('asks what may change the list, aids and balance too, and shows no amount: no course is chosen', async () => {
    const at = (answers: Answers) => `/eligibilite?but=recherche:pour-moi%3D1&r=${writeAnswers(answers)}`;
    const { aides: _aids, ...beforeAids } = employee;
    const aids = await open(at(beforeAids));
    expect(aids).to.include('Une aide est-elle déjà accordée').and.include('change la liste');
    const balance = await open(at(employee));
    expect(balance).to.include('Combien y a-t-il sur votre compte formation');
    for (const page of [aids, balance]) expect(page.slice(page.indexOf('<main'))).to.not.match(/\d €/);
    const done = await request(site)
      .get(at({ ...employee, solde: 2_000 }))
      .expect(303);
    expect(done.headers.location).to.match(/^\/eligibilite\/resultat/);
  });

  it('T2: keeps what is known to cost nothing, never what is unknown, old or asked for', async () => {
    const html = await open(`/catalogue?pour-moi=1&r=${r}`);
    expect(titlesOf(html)).to.deep.equal(['Gratuit']);
    expect(html).to.include('1 cours');
    expect(html).to.include("Rien à payer pour vous, d'après vos réponses, calculé le 22/11/2026.");
    expect(html).to.include('Vos réponses ne disent pas le solde');
    expect(html).to.include('Pour vous</dt><dd>0 €, gratuit pour tous, calculé le 22/11/2026');
    expect(titlesOf(await open(`/catalogue?pour-moi=1&r=${asked}`)), 'aid that is only asked for').to.deep.equal([
      'Gratuit',
    ]);
  });

  it('granted aid that covers the whole price leaves nothing to pay', async () => {
    expect(titlesOf(await open(`/catalogue?pour-moi=1&r=${helped}`))).to.have.members(['Gratuit', 'Accessible']);
  });

  it('with the balance in the link, also what the account pays in full', async () => {
    const job = { ...employee, statut: 'demandeur_emploi' as const };
    const helped = (solde: number) =>
      writeAnswers({ ...job, aides: [{ par: 'employeur', montant: 100, accorde: true }], solde });
    expect(titlesOf(await open(`/catalogue?pour-moi=1&r=${helped(5_000)}`))).to.include('Certifiant');
    expect(titlesOf(await open(`/catalogue?pour-moi=1&r=${helped(1_000)}`))).to.not.include('Certifiant');
    const html = await open(`/catalogue?pour-moi=1&r=${writeAnswers({ ...employee, solde: 5_000 })}`);
    expect(titlesOf(html), 'the participation is left').to.deep.equal(['Gratuit']);
    expect(html).to.not.include('ne disent pas le solde');
  });

  it('is a chip that can be taken off, is kept by every link, and narrows the counts of the other filters', async () => {
    const html = await open(`/catalogue?pour-moi=1&r=${helped}`);
    expect(html).to.match(/Retirer le filtre <\/span>Rien à payer pour moi/);
    expect(html).to.include(`href="/catalogue?r=${helped}"`);
    expect(html).to.include('1 choix actif');
    const paid = /value="paid"[^>]*>.*?<\/span> <span>(\d+)</.exec(html)?.[1];
    expect(paid, 'paid courses among those that cost nothing').to.equal('1');
    expect(html).to.match(/<form class="en-tri"[^>]*>.*name="pour-moi" value="1"/);
  });

  it('with nothing found, says how many there are without it', async () => {
    const html = await open(`/catalogue?q=cher&pour-moi=1&r=${r}`);
    expect(html).to.include('Aucun cours ne correspond à « cher » avec « Rien à payer pour moi »');
    expect(html).to.include('Sans le filtre « Rien à payer pour moi » : 1 cours');
    expect(html).to.include(`href="/catalogue?q=cher&r=${r}"`);
  });

  it('judges in the order given, and what cannot be read is never free', async () => {
    const rules = loadRules();
    const nothingToPay = makeNothingToPay({
      courses: { byIds: async (ids) => courses.filter(({ id }) => ids.includes(id)) },
      aims: {
        actionsOf: async (found) =>
          new Map(
            found.map(({ id }) => [
              id,
              {
                title: '',
                href: null,
                action: { type: 'sans_certification' as const, prix: id === 'aaaa1111' ? 0 : 1e12 },
                organisme: null,
                dates: { register: null, provider: null, price: null },
                sessionStart: null,
              },
            ]),
          ),
      },
      rules: () => rules,
      now: () => testNow,
    });
    expect([...(await nothingToPay(['aaaa1111', 'bbbb2222'], r))]).to.deep.equal(['aaaa1111']);
    expect([...(await nothingToPay(['aaaa1111'], 'x'))]).to.deep.equal([]);
  });
});
