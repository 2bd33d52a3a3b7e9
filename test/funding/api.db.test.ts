import { expect } from 'chai';
import express, { type Express } from 'express';
import request from 'supertest';
import { batchAnswersSchema, checkedSchema, problemSchema } from '../../src/funding/model/wire.ts';
import { wireDossier } from '../builders/dossier.ts';
import { type FundingWorld, openFundingWorld } from '../builders/funding-world.ts';

describe('the API of eligibility', function () {
  this.timeout(30_000);
  let world: FundingWorld;
  let site: Express;
  before(async () => {
    world = await openFundingWorld();
    site = express().use(world.verdicts.api());
  });
  after(() => world?.close());
  const post = (path: string, body: object) => request(site).post(`/api/v1/${path}`).send(body);

  it('answers a dossier with its trace, dates and sentences, limits in headers, no cookie', async () => {
    const answer = await post('eligibility', wireDossier() as object).expect(200);
    expect(checkedSchema.safeParse(answer.body).error).to.equal(undefined);
    expect(answer.body.verdict.cpf).to.equal('oui');
    expect(answer.body.mentions[0]).to.equal('Information indicative : seul Mon Compte Formation fait foi.');
    expect(answer.headers).to.include.keys('ratelimit', 'ratelimit-policy').and.not.to.have.property('set-cookie');
  });

  it('names every wrong field at once and computes nothing', async () => {
    const answer = await post('eligibility', { date: '2018-01-01', action: { type: 'x', prix: -1 } }).expect(422);
    expect(answer.type).to.equal('application/problem+json');
    expect(problemSchema.parse(answer.body).errors?.map(({ path }) => path)).to.deep.equal([
      'date',
      'action.type',
      'action.prix',
    ]);
  });

  it('refuses 10 MB, what is no JSON and what is not announced as JSON, each with a sentence', async () => {
    for (const path of ['eligibility', 'eligibility/batch'])
      expect((await post(path, { x: 'x'.repeat(10 * 1_048_576) }).expect(413)).body.code).to.equal('CORPS_TROP_GRAND');
    const raw = request(site).post('/api/v1/eligibility').set('Content-Type', 'application/json').send('{');
    expect((await raw.expect(400)).body.code).to.equal('JSON_ILLISIBLE');
    await request(site).post('/api/v1/eligibility').type('form').send({ a: 1 }).expect(415);
  });

  it('answers a list line by line, whatever is wrong with one', async () => {
    const lignes = [{ code: 'RNCP37674', siret: 99900001100018 }, 3, { code: '37674' }, { code: 'x@exemple.fr' }];
    const answer = await post('eligibility/batch', { lignes }).expect(200);
    const { reponses } = batchAnswersSchema.parse(answer.body);
    expect(reponses.map(({ verdict, raison }) => verdict ?? raison.code)).to.deep.equal([
      'oui',
      'E_FORMAT_CHAMP',
      'E_CERTIFICATION_AMBIGUE',
      'E_DONNEE_PERSONNELLE',
    ]);
    await post('eligibility/batch', { lignes: [] }).expect(422);
  });

  it('describes itself', async () => {
    const { body } = await request(site).get('/api/v1/openapi.json').expect(200);
    expect(Object.keys(body.paths)).to.include.members(['/api/v1/eligibility', '/api/v1/eligibility/batch']);
  });
});
