import { expect } from 'chai';
import { loadRules } from '../../src/eligibility/data.ts';
import { readDossier } from '../../src/eligibility/model/dossier.ts';
import { checkCases } from '../../src/eligibility/use-cases.ts';
import { AppError } from '../../src/errors.ts';
import { answerTo, dossierOf, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();

function wrongPaths(wire: unknown): string[] {
  const read = readDossier(wire);
  return read.ok ? [] : read.errors.map(({ path }) => path);
}

const code = 'action.certification.code';

describe('refused dossiers', () => {
  it('every wrong field is named at once, in French, and nothing is computed', () => {
    const wire = wireDossier({
      date: '2018-12-31',
      'personne.statut': 'chomeur',
      'personne.age': 12.5,
      'personne.soldeCpf': -1,
      'action.type': 'bloc',
      'action.certification.repertoire': 'RS',
      'action.prix': 10.001,
      'organisme.qualiopi.categories': ['AF', 'XX'],
      'organisme.sousTraitance': { cascade: 'non', habilitation: 'certificateur' },
      cofinancements: [{ par: 'employeur' }, { par: 'voisin', montant: '12', accorde: 1 }],
    });
    const { results } = checkCases({ cas: [{ id: 'x', entree: wire }] }, rules);
    expect(results).to.have.length(1);
    const [result] = results;
    expect(result).to.have.keys('id', 'errors');
    expect(wrongPaths(wire), 'in the order of the dossier').to.deep.equal([
      'date',
      'personne.statut',
      'personne.age',
      'personne.soldeCpf',
      'action.certification.repertoire',
      'action.prix',
      'organisme.qualiopi.categories[1]',
      'organisme.sousTraitance.habilitation',
      'organisme.sousTraitance.cascade',
      'cofinancements[1].par',
      'cofinancements[1].montant',
      'cofinancements[1].accorde',
    ]);
    if (result !== undefined && 'errors' in result)
      for (const { message } of result.errors)
        expect(message)
          .to.match(/[.!]$/)
          .and.not.match(/Invalid|expected/);
  });

  const lists: readonly (readonly [path: string, value: unknown])[] = [
    ['date', null],
    ['date', '2026-02-30'],
    ['date', '10/06/2026'],
    ['date', '2026-06-10T00:00:00Z'],
    ['personne.inscriptionFranceTravail.source', 'facebook'],
    ['personne.inscriptionFranceTravail.categorie', 'H'],
    ['personne.inscriptionFranceTravail.dateVerification', '2026-13-01'],
    ['personne.inscriptionFranceTravail.inscrit', 'oui'],
    ['personne.dernierBilanFinance', 'jamais'],
    ['personne.age', -1],
    ['personne.age', 400],
    ['personne.soldeCpf', 0.001],
    ['action.type', null],
    ['action.type', 'mooc'],
    ['action.prix', 1e12],
    ['action.prix', '2000'],
    ['action.heuresAccompagnement', -3],
    ['action.certification.finEnregistrement', '0202-01-01'],
    ['action.certification.repertoire', 'ROME'],
    ['organisme.habilitation', 'oui'],
    ['organisme.nda', 84691234567],
    ['organisme.sousTraitance', 'inconnue'],
    ['organisme', []],
    ['action', null],
    ['cofinancements', {}],
  ];
  for (const [path, value] of lists) {
    it(`${path} cannot be ${JSON.stringify(value)}`, () => {
      expect(wrongPaths(wireDossier({ [path]: value }))).to.deep.equal([path]);
    });
  }

  it('an input that is no dossier at all is refused as such', () => {
    for (const input of [null, 3, 'x', [], undefined]) expect(wrongPaths(input)[0], String(input)).to.equal('dossier');
  });

  it('a bare number is asked, never guessed', () => {
    const read = readDossier(wireDossier({ [code]: '37873', 'action.certification.repertoire': 'RNCP' }));
    expect(read).to.deep.include({ ok: false });
    expect(JSON.stringify(read)).to.include('précisez RNCP ou RS');
  });

  for (const text of ['rncp 37873', 'RNCP-37873', 'RNCP n° 37873', ' RNCP37873 '])
    it(`« ${text} » is RNCP37873`, () => {
      expect(dossierOf(wireDossier({ [code]: text })).action.certification?.code).to.equal('RNCP37873');
    });

  it('a block keeps its number; the specific register has none', () => {
    const block = { 'action.type': 'bloc', [code]: 'rncp37873 bc 02' };
    expect(dossierOf(wireDossier(block)).action.certification?.code).to.equal('RNCP37873BC02');
    const specific = { [code]: 'RS6604BC01', 'action.certification.repertoire': 'RS' };
    expect(wrongPaths(wireDossier(specific))).to.deep.equal([code]);
  });

  it('a register that contradicts the number is refused; without a register it is read from the number', () => {
    expect(wrongPaths(wireDossier({ [code]: 'RS6604' }))).to.deep.equal(['action.certification.repertoire']);
    const specific = { [code]: 'rs 6604', 'action.certification.repertoire': null };
    expect(answerTo(wireDossier(specific), rules).plafond).to.equal(1500);
    expect(wrongPaths(wireDossier({ ...specific, 'action.type': 'bloc' }))).to.deep.equal([code]);
  });

  it('a declaration number has eleven digits, spaces or not; any other writing is not one', () => {
    const answers = (nda: string) => answerTo(wireDossier({ 'organisme.nda': nda }), rules).regles;
    for (const nda of ['84691234567', '84 69 12345 67', '84\u00a0691\u202f234567'])
      expect(answers(nda)).to.deep.equal([]);
    for (const nda of ['8469123456', '846912345678', '84-69-12345-67', '8469123456A', '', '٨٤٦٩١٢٣٤٥٦٧'])
      expect(answers(nda), nda).to.deep.equal(['P-01']);
  });

  it('an absent key is read as null', () => {
    const wire = { date: '2026-06-10', personne: {}, action: { type: 'certification' } };
    const answer = answerTo(wire, rules);
    expect(answer.cpf).to.equal('indecidable');
    expect(answer.manquants).to.deep.equal([
      'personne.statut',
      'personne.age',
      'personne.retraiteTauxPlein',
      'action.certification',
      'organisme',
      'personne.inscriptionFranceTravail',
      'personne.exonerationAutre',
      'personne.soldeCpf',
      'action.prix',
      'cofinancements',
    ]);
  });

  it('a refused case does not stop the others, and a case without id is named by its place', () => {
    const { results } = checkCases(
      { cas: [{ id: 'a', entree: 3 }, { entree: {} }, { id: 7, entree: wireDossier() }, { id: 'b' }] },
      rules,
    );
    expect(results.map((one) => [one.id, 'errors' in one])).to.deep.equal([
      ['a', true],
      ['cas[1]', true],
      [7, false],
      ['b', true],
    ]);
  });

  it('a case without id is told what is wrong in its dossier too', () => {
    const { results } = checkCases(
      {
        cas: [
          { entree: wireDossier({ date: '2025-02-30', 'action.prix': 1e9 }) },
          { id: null, entree: wireDossier() },
          3,
        ],
      },
      rules,
    );
    expect(results.map((one) => ('errors' in one ? one.errors.map(({ path }) => path) : []))).to.deep.equal([
      ['id', 'date', 'action.prix'],
      ['id'],
      ['cas'],
    ]);
  });

  it('what contradicts another field stands at its place among the wrong fields', () => {
    const wire = wireDossier({
      date: 'x',
      [code]: 'RS6604',
      'action.certification.active': 'oui',
      'action.prix': -1,
      'organisme.ndaValide': 1,
      cofinancements: [null],
    });
    expect(wrongPaths(wire)).to.deep.equal([
      'date',
      'action.certification.repertoire',
      'action.certification.active',
      'action.prix',
      'organisme.ndaValide',
      'cofinancements[0]',
    ]);
  });

  it('a file that is no file of cases is refused whole', () => {
    for (const input of [[], null, { cases: [] }, { cas: 'x' }])
      expect(() => checkCases(input, rules))
        .to.throw(AppError)
        .with.property('code', 'CASES_FILE');
  });
});
