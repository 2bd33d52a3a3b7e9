import { expect } from 'chai';
import { loadRules } from '../../src/eligibility/data.ts';
import { answerTo, type Changes, specific, subcontract, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();

const bilan = { 'action.type': 'bilan', 'action.certification': null };
const sub = (changes: Changes) => ({ 'organisme.sousTraitance': { ...subcontract, ...changes } });
const at = 'organisme.sousTraitance';

/** A dossier that is `oui`, one fact set to null, and what is then missing. */
const deciding: readonly (readonly [fact: string, changes: Changes, missing: readonly string[]])[] = [
  ['personne.statut', {}, ['personne.statut']],
  ['personne.age', {}, ['personne.age']],
  ['personne.apprenti', { 'personne.age': 15, 'personne.apprenti': true }, ['personne.apprenti']],
  ['personne.retraiteTauxPlein', {}, ['personne.retraiteTauxPlein']],
  ['personne.dernierBilanFinance', bilan, ['personne.dernierBilanFinance']],
  ['action.certification', {}, ['action.certification']],
  ['action.certification.code', {}, ['action.certification.code']],
  ['action.certification.active', { 'action.certification.finEnregistrement': null }, ['action.certification.active']],
  ['action.heuresAccompagnement', bilan, ['action.heuresAccompagnement']],
  ['organisme', {}, ['organisme']],
  ['organisme.nda', {}, ['organisme.nda']],
  ['organisme.ndaValide', {}, ['organisme.ndaValide']],
  ['organisme.qualiopi', {}, ['organisme.qualiopi']],
  ['organisme.qualiopi.categories', {}, ['organisme.qualiopi.categories']],
  ['organisme.qualiopi.du', {}, ['organisme.qualiopi.du']],
  ['organisme.qualiopi.au', {}, ['organisme.qualiopi.au']],
  ['organisme.habilitation', {}, ['organisme.habilitation']],
  ['organisme.offreEdof', {}, ['organisme.offreEdof']],
  ['organisme.dereference', {}, ['organisme.dereference']],
  [`${at}.contratEcrit`, sub({}), [`${at}.contratEcrit`]],
  [`${at}.dateContrat`, sub({}), [`${at}.dateContrat`]],
  [`${at}.nda`, sub({}), [`${at}.nda`]],
  [`${at}.qualiopi`, sub({}), [`${at}.qualiopi`]],
  [`${at}.microSocialSousSeuil`, sub({ qualiopi: false, microSocialSousSeuil: true }), [`${at}.microSocialSousSeuil`]],
  [`${at}.blocComplet`, sub({ blocComplet: false, habilitation: 'aucune' }), [`${at}.blocComplet`]],
  [`${at}.habilitation`, sub({}), [`${at}.habilitation`]],
  [`${at}.dereference`, sub({}), [`${at}.dereference`]],
  [`${at}.cascade`, sub({}), [`${at}.cascade`]],
];

/** Facts that only the amounts need. */
const costing: readonly (readonly [fact: string, changes: Changes, missing: readonly string[]])[] = [
  ['personne.inscriptionFranceTravail', {}, ['personne.inscriptionFranceTravail']],
  ['personne.inscriptionFranceTravail.inscrit', {}, ['personne.inscriptionFranceTravail']],
  ['personne.exonerationAutre', {}, ['personne.exonerationAutre']],
  ['personne.soldeCpf', {}, ['personne.soldeCpf']],
  ['action.certification.clea', { 'action.certification': specific }, ['action.certification.clea']],
  ['action.prix', {}, ['action.prix']],
  ['cofinancements', {}, ['cofinancements']],
];

/** Facts that change nothing here. */
const idle: readonly (readonly [fact: string, changes: Changes])[] = [
  ['personne.apprenti', {}],
  ['personne.dernierBilanFinance', {}],
  ['personne.inscriptionFranceTravail.source', {}],
  ['action.certification.repertoire', {}],
  ['action.certification.active', {}],
  ['action.certification.finEnregistrement', {}],
  ['action.certification.clea', {}],
  ['action.contenuGratuit', {}],
  ['action.heuresAccompagnement', {}],
  [`${at}.microSocialSousSeuil`, sub({})],
  [`${at}.qualiopi`, sub({ microSocialSousSeuil: true })],
  [`${at}.blocComplet`, sub({})],
  [`${at}.habilitation`, sub({ blocComplet: false })],
  [at, sub({})],
];

describe('B12 unknown facts: never a yes', () => {
  for (const [fact, changes, missing] of deciding) {
    it(`B12 ${fact} unknown leaves the action undecided, and is named`, () => {
      expect(answerTo(wireDossier(changes), rules).cpf).to.equal('oui');
      const answer = answerTo(wireDossier({ ...changes, [fact]: null }), rules);
      expect(answer).to.deep.include({ cpf: 'indecidable', droitsMobilisables: null, resteACharge: null });
      expect(answer.manquants).to.deep.equal(missing);
    });
  }

  for (const [fact, changes, missing] of costing) {
    it(`${fact} unknown leaves the amounts unknown, the action payable`, () => {
      expect(answerTo(wireDossier(changes), rules).manquants).to.deep.equal([]);
      const answer = answerTo(wireDossier({ ...changes, [fact]: null }), rules);
      expect(answer).to.deep.include({
        cpf: 'oui',
        droitsMobilisables: null,
        resteACharge: null,
        acces: 'indecidable',
      });
      expect(answer.manquants).to.deep.equal(missing);
    });
  }

  for (const [fact, changes] of idle) {
    it(`${fact} unknown changes nothing where no rule needs it (${JSON.stringify(changes)})`, () => {
      const known = answerTo(wireDossier(changes), rules);
      expect(answerTo(wireDossier({ ...changes, [fact]: null }), rules)).to.deep.equal(known);
    });
  }

  it('B24 a refusal hides every missing fact', () => {
    const answer = answerTo(wireDossier({ organisme: null, 'personne.age': 12, 'action.prix': null }), rules);
    expect(answer).to.deep.include({
      cpf: 'non',
      regles: ['T-01'],
      manquants: [],
      droitsMobilisables: 0,
      resteACharge: null,
    });
  });

  it('a refused action with a granted aid of unknown amount has an unknown rest', () => {
    const aid = (accorde: boolean | null) => ({
      'personne.age': 12,
      cofinancements: [{ par: 'region', montant: null, accorde }],
    });
    expect(answerTo(wireDossier(aid(true)), rules).resteACharge).to.equal(null);
    expect(answerTo(wireDossier(aid(null)), rules).resteACharge).to.equal(2000);
    expect(answerTo(wireDossier(aid(false)), rules).resteACharge).to.equal(2000);
  });

  it('B24 aid asked for changes nothing but the amounts, and names what is missing', () => {
    const aid = (par: string, montant: number | null, accorde: boolean | null) =>
      answerTo(wireDossier({ cofinancements: [{ par, montant, accorde }] }), rules);
    for (const par of ['employeur', 'opco', 'region']) {
      const pending = aid(par, 500, null);
      expect(pending, par).to.deep.include({
        cpf: 'oui',
        manquants: ['cofinancements[0].accorde'],
        resteACharge: null,
      });
      expect(pending.participation, par).to.deep.equal({ due: true, montant: 150 });
    }
    expect(aid('region', null, null).manquants).to.deep.equal([
      'cofinancements[0].montant',
      'cofinancements[0].accorde',
    ]);
    expect(aid('region', null, true).manquants).to.deep.equal(['cofinancements[0].montant']);
    expect(aid('region', null, false)).to.deep.include({ manquants: [], resteACharge: 150 });
  });

  it('a pending aid does not matter once granted aid covers the price', () => {
    const cofinancements = [
      { par: 'region', montant: 2000, accorde: true },
      { par: 'autre', montant: null, accorde: null },
    ];
    const answer = answerTo(wireDossier({ cofinancements, 'personne.soldeCpf': null }), rules);
    expect(answer).to.deep.include({
      manquants: [],
      droitsMobilisables: 0,
      resteACharge: 0,
      acces: 'sans_reste_a_charge',
    });
  });

  it('only the pending aid that could reach the minimum of a licence is named among what decides', () => {
    const licence = (montants: readonly (number | null)[]) =>
      answerTo(
        wireDossier({
          'action.type': 'permis_leger',
          'action.prix': 60,
          cofinancements: [
            { par: 'autre', montant: 60, accorde: true },
            ...montants.map((montant) => ({ par: 'region', montant, accorde: null })),
          ],
        }),
        rules,
      );
    expect(licence([39.99])).to.deep.include({ cpf: 'non', regles: ['A-08'] });
    expect(licence([40]).manquants).to.deep.equal(['cofinancements[1].accorde']);
    expect(licence([10, 40]).manquants).to.deep.equal(['cofinancements[2].accorde']);
    expect(licence([20, 20]).manquants).to.deep.equal(['cofinancements[1].accorde', 'cofinancements[2].accorde']);
    expect(licence([0, null]).manquants).to.deep.equal(['cofinancements[2].montant', 'cofinancements[2].accorde']);
  });

  it('the declared status proves nothing, and a valid proof needs no status', () => {
    const says = { 'personne.statut': 'demandeur_emploi' };
    expect(answerTo(wireDossier(says), rules).participation).to.deep.equal({ due: true, montant: 150 });
  });

  it('a missing registration and a missing exemption are both named, even in 2027', () => {
    const unknown = {
      date: '2027-01-01',
      'personne.inscriptionFranceTravail': null,
      'personne.exonerationAutre': null,
    };
    const answer = answerTo(wireDossier(unknown), rules);
    expect(answer.participation).to.deep.equal({ due: null, montant: null });
    expect(answer.manquants).to.deep.equal([
      'personne.inscriptionFranceTravail',
      'personne.exonerationAutre',
      'parametres.participation',
    ]);
  });
});
