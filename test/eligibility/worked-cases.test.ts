import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadRules, readCases } from '../../src/eligibility/data.ts';
import { evaluatedRules } from '../../src/eligibility/model/rule-set.ts';
import { assessCases, checkCases } from '../../src/eligibility/use-cases.ts';

const rules = loadRules();
const keys = [
  'cpf',
  'regles',
  'manquants',
  'plafond',
  'participation',
  'droitsMobilisables',
  'resteACharge',
  'acces',
  'avertissements',
];

describe('worked cases of the training account', () => {
  const cases = readCases();

  for (const { id, titre, entree, attendu } of cases) {
    it(`${id}: ${titre}`, () => {
      const [result] = checkCases({ cas: [{ id, entree }] }, rules).results;
      expect(result).to.deep.equal({ id, verdict: attendu });
    });
  }

  it('each case expects every key of an answer, under an id of its own', () => {
    for (const { id, attendu } of cases) expect(Object.keys(attendu), id).to.have.members(keys);
    expect(new Set(cases.map(({ id }) => id)).size).to.equal(cases.length);
  });

  it('every rule that the engine evaluates is shown by a case, and every case shows rules that exist', () => {
    const shown = new Set(cases.flatMap(({ illustre }) => illustre));
    expect(evaluatedRules.filter((id) => !shown.has(id))).to.deep.equal([]);
    expect([...shown].filter((id) => !rules.byId.has(id))).to.deep.equal([]);
  });

  const given = new URL('../../../shared/data/eligibility-cases.json', import.meta.url);
  if (existsSync(given)) {
    const input: unknown = JSON.parse(readFileSync(given, 'utf8'));
    for (const one of assessCases(input, rules)) {
      it(`given case ${one.id} is answered as expected, on every key`, () => {
        expect('errors' in one ? one.errors : one.differences).to.deep.equal([]);
      });
    }
  } else {
    it('the twelve given cases were NOT compared: ../shared/data/eligibility-cases.json is not beside the checkout');
  }

  it('a difference with what a case expects is named by its key', () => {
    const [first] = cases;
    const wrong = { ...first?.attendu, resteACharge: 1, acces: 'payant', participation: { montant: null, due: null } };
    const [result] = assessCases({ cas: [{ ...first, attendu: wrong }] }, rules);
    expect(result).to.have.property('differences').that.deep.equals(['resteACharge']);
  });
});
