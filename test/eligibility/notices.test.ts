import { expect } from 'chai';
import { loadRules } from '../../src/eligibility/data.ts';
import { notices } from '../../src/eligibility/model/notices.ts';
import { dossierOf, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();
const idsOf = (changes: Readonly<Record<string, unknown>>, date: string, start: string | null = null) =>
  notices(dossierOf(wireDossier({ date, ...changes })), date, rules, { sessionStart: start }).map(
    ({ ruleId }) => ruleId,
  );

describe('what is said beside a verdict', () => {
  it('asks whether the certification is already held, and to sit the exam, from 27 June 2026', () => {
    expect(idsOf({}, '2026-06-26')).to.deep.equal([]);
    expect(idsOf({}, '2026-06-27')).to.deep.equal(['T-05', 'T-06']);
    const [held, exam] = notices(dossierOf(wireDossier({ date: '2026-06-28' })), '2026-06-28', rules);
    expect(held?.text).to.equal(
      "Avez-vous déjà obtenu cette certification ? Depuis l'été 2026 le CPF ne la financerait plus.",
    );
    expect(exam?.text).to.equal("Vous vous engagez à vous présenter à l'épreuve.");
    expect(exam?.version.legalBasis.certainty).to.equal('L');
  });

  it('is about certifications and blocks only', () => {
    for (const type of ['bilan', 'vae', 'permis_leger', 'permis_lourd', 'creation_entreprise', 'sans_certification'])
      expect(idsOf({ 'action.type': type }, '2026-11-28'), type).to.deep.equal([]);
    expect(idsOf({ 'action.type': 'bloc' }, '2026-11-28')).to.deep.equal(['T-05', 'T-06']);
  });

  it('P-06: says that an offer does not name its blocks, from 11 June 2026, only where somebody saw it', () => {
    const beside = (blocksDeclared: boolean | null, date: string, changes: object = {}) =>
      notices(dossierOf(wireDossier({ date, ...changes })), date, rules, { blocksDeclared }).map(
        ({ ruleId }) => ruleId,
      );
    expect(beside(false, '2026-06-10')).to.deep.equal([]);
    expect(beside(false, '2026-06-11')).to.deep.equal(['P-06']);
    expect(beside(true, '2026-11-28')).to.deep.equal(['T-05', 'T-06']);
    expect(beside(null, '2026-11-28')).to.deep.equal(['T-05', 'T-06']);
    const specific = { 'action.certification.code': 'RS6604', 'action.certification.repertoire': 'RS' };
    expect(beside(false, '2026-11-28', specific), 'the specific register has no block').to.not.include('P-06');
    const found = notices(dossierOf(wireDossier({ date: '2026-11-28' })), '2026-11-28', rules, {
      blocksDeclared: false,
    });
    expect(found.at(-1)?.text).to.equal('Offre à compléter : blocs non déclarés.');
  });

  it('warns of a session that starts after the certification ends', () => {
    const end = { 'action.certification.finEnregistrement': '2027-01-31' };
    expect(idsOf(end, '2026-11-28', '2027-01-31')).to.deep.equal(['T-05', 'T-06']);
    expect(idsOf(end, '2026-11-28', '2027-02-01')).to.deep.equal(['T-05', 'T-06', 'A-04b']);
    expect(idsOf(end, '2026-11-28')).to.deep.equal(['T-05', 'T-06']);
  });
});
