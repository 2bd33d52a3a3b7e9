import { expect } from 'chai';
import { loadRules } from '../../src/eligibility/data.ts';
import { dayAfter, daysBetween, yearsLater } from '../../src/eligibility/model/dates.ts';
import { evaluatedRules, inForce } from '../../src/eligibility/model/rule-set.ts';
import type { WireVerdict } from '../../src/eligibility/model/verdict.ts';
import { answerTo, type Changes, proof, specific, subcontract, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();
const dayBefore = (date: string) => new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);

interface Boundary {
  readonly date: string;
  readonly what: string;
  readonly dossier: Changes;
  readonly seen: (answer: WireVerdict) => unknown;
  readonly before: unknown;
  readonly from: unknown;
}

const participation = ({ participation: { due, montant } }: WireVerdict) => [due, montant];
const refusals = ({ regles }: WireVerdict) => regles;
const cap = ({ plafond }: WireVerdict) => plafond;
const noCertification = { 'action.certification': null };
const licence = { ...noCertification, 'action.type': 'permis_leger' };
const aid = (montant: number) => ({ cofinancements: [{ par: 'region', montant, accorde: true }] });
const assessment = { ...noCertification, 'action.type': 'bilan' };

const boundaries: readonly Boundary[] = [
  {
    date: '2024-05-02',
    what: 'the participation exists',
    dossier: {},
    seen: participation,
    before: [false, 0],
    from: [true, 100],
  },
  {
    date: '2025-01-01',
    what: 'the participation is 102,23 €',
    dossier: {},
    seen: participation,
    before: [true, 100],
    from: [true, 102.23],
  },
  {
    date: '2026-01-01',
    what: 'the participation is 103,20 €',
    dossier: {},
    seen: participation,
    before: [true, 102.23],
    from: [true, 103.2],
  },
  {
    date: '2026-04-02',
    what: 'the participation is 150 €',
    dossier: {},
    seen: participation,
    before: [true, 103.2],
    from: [true, 150],
  },
  {
    date: '2027-01-01',
    what: 'the participation is not known',
    dossier: {},
    seen: participation,
    before: [true, 150],
    from: [true, null],
  },
  {
    date: '2027-01-01',
    what: 'its parameter is missing',
    dossier: {},
    seen: (one) => one.manquants,
    before: [],
    from: ['parametres.participation'],
  },
  {
    date: '2027-01-01',
    what: 'the rest is not known',
    dossier: {},
    seen: (one) => one.resteACharge,
    before: 150,
    from: null,
  },
  {
    date: '2026-02-26',
    what: 'the specific register is capped',
    dossier: { 'action.certification': specific },
    seen: cap,
    before: null,
    from: 1500,
  },
  { date: '2026-02-26', what: 'a bilan is capped', dossier: assessment, seen: cap, before: null, from: 1600 },
  {
    date: '2026-02-26',
    what: 'a light licence is capped',
    dossier: { ...licence, ...aid(200) },
    seen: cap,
    before: null,
    from: 900,
  },
  {
    date: '2026-02-26',
    what: 'an unknown CléA matters',
    dossier: { 'action.certification': { ...specific, clea: null } },
    seen: (one) => one.manquants,
    before: [],
    from: ['action.certification.clea'],
  },
  {
    date: '2026-02-26',
    what: 'a short bilan is refused',
    dossier: { ...assessment, 'action.heuresAccompagnement': 12 },
    seen: refusals,
    before: [],
    from: ['A-07'],
  },
  {
    date: '2026-02-26',
    what: 'a recent bilan refuses another',
    dossier: { ...assessment, 'personne.dernierBilanFinance': '2023-01-01' },
    seen: refusals,
    before: [],
    from: ['A-07'],
  },
  {
    date: '2026-02-21',
    what: 'a light licence needs a condition',
    dossier: licence,
    seen: refusals,
    before: [],
    from: ['A-08'],
  },
  {
    date: '2026-02-26',
    what: 'one cent of aid is not enough any more',
    dossier: { ...licence, ...aid(0.01) },
    seen: refusals,
    before: [],
    from: ['A-08'],
  },
  {
    date: '2026-02-26',
    what: '99,99 € of aid are not enough any more',
    dossier: { ...licence, ...aid(99.99) },
    seen: refusals,
    before: [],
    from: ['A-08'],
  },
  {
    date: '2025-02-16',
    what: 'business creation is refused',
    dossier: { ...noCertification, 'action.type': 'creation_entreprise' },
    seen: refusals,
    before: [],
    from: ['A-09'],
  },
  {
    date: '2022-01-01',
    what: 'Qualiopi is required',
    dossier: { 'organisme.qualiopi': { categories: [], du: null, au: null } },
    seen: refusals,
    before: [],
    from: ['P-02'],
  },
  {
    date: '2022-01-01',
    what: 'an unknown Qualiopi matters',
    dossier: { 'organisme.qualiopi': null },
    seen: (one) => one.manquants,
    before: [],
    from: ['organisme.qualiopi'],
  },
  {
    date: '2024-04-01',
    what: 'the sub-contractor counts',
    dossier: { 'organisme.sousTraitance': { ...subcontract, cascade: true } },
    seen: refusals,
    before: [],
    from: ['P-05'],
  },
  {
    date: '2024-04-01',
    what: 'an unknown sub-contract matters',
    dossier: { 'organisme.sousTraitance': 'inconnu' },
    seen: (one) => one.cpf,
    before: 'oui',
    from: 'indecidable',
  },
  {
    date: '2026-10-02',
    what: 'the finance bill is told',
    dossier: {},
    seen: (one) => one.avertissements,
    before: [],
    from: ['F-07'],
  },
];

describe('effective dates', () => {
  for (const { date, what, dossier, seen, before, from } of boundaries) {
    it(`B22 from ${date} ${what}, not the day before`, () => {
      const on = (day: string) => seen(answerTo(wireDossier({ ...dossier, date: day }), rules));
      expect(on(dayBefore(date)), 'the day before').to.deep.equal(before);
      expect(on(date), 'the day').to.deep.equal(from);
      expect(on(dayAfter(date)), 'the day after').to.deep.equal(from);
    });
  }

  it('B22 each version of each rule is in force from its first day to its last, both included', () => {
    for (const id of evaluatedRules) {
      const at = (day: string) => {
        const found = inForce(rules, id, day);
        return found.state === 'valid' ? found.version : found.state;
      };
      for (const version of rules.byId.get(id)?.versions ?? []) {
        expect(at(version.from), id).to.equal(version);
        expect(at(dayBefore(version.from)), id).to.not.equal(version);
        if (version.to === null) continue;
        expect(at(version.to), id).to.equal(version);
        expect(at(dayAfter(version.to)), id).to.not.equal(version);
      }
    }
    expect(inForce(rules, 'F-03', '2024-05-01').state).to.equal('before');
    expect(inForce(rules, 'F-03', '2026-12-31').state).to.equal('valid');
    expect(inForce(rules, 'F-03', '2027-01-01').state).to.equal('unknown');
  });

  it('a contract of before 2024-04-01 is not looked at, whatever else is unknown', () => {
    const contract = (dateContrat: string | null) =>
      answerTo(wireDossier({ 'organisme.sousTraitance': { dateContrat } }), rules).manquants;
    expect(contract('2024-03-31')).to.deep.equal([]);
    expect(contract('2024-04-01')).to.have.length(8);
    expect(contract(null)).to.deep.equal(['organisme.sousTraitance.dateContrat']);
  });

  it('B23 the end of a registration is its last day, and the reason names the day after', () => {
    const on = (date: string) =>
      answerTo(wireDossier({ date, 'action.certification.finEnregistrement': '2026-11-10' }), rules);
    expect(on('2026-11-10').cpf).to.equal('oui');
    expect(on('2026-11-11').regles).to.deep.equal(['A-04']);
  });

  it('Qualiopi covers its first and last days', () => {
    const certificate = { 'organisme.qualiopi': { categories: ['AF'], du: '2026-03-01', au: '2026-03-10' } };
    const on = (date: string) => answerTo(wireDossier({ ...certificate, date }), rules).regles;
    expect(['2026-02-28', '2026-03-01', '2026-03-10', '2026-03-11'].map(on)).to.deep.equal([
      ['P-02'],
      [],
      [],
      ['P-02'],
    ]);
  });

  it('a proof is valid from the day itself to 30 days before', () => {
    const with_ = (day: string) =>
      answerTo(wireDossier({ 'personne.inscriptionFranceTravail': proof(day) }), rules).participation.due;
    expect(['2026-05-10', '2026-05-11', '2026-06-10', '2026-06-11'].map(with_)).to.deep.equal([
      null,
      false,
      false,
      null,
    ]);
  });

  it('five years end on the same day, on 1 March for a 29 February', () => {
    expect(yearsLater('2024-02-29', 5)).to.equal('2029-03-01');
    expect(yearsLater('2021-06-10', 5)).to.equal('2026-06-10');
    expect(daysBetween('2024-02-28', '2024-03-01')).to.equal(2);
    const on = (date: string) =>
      answerTo(wireDossier({ ...assessment, date, 'personne.dernierBilanFinance': '2024-02-29' }), rules).regles;
    expect(['2024-02-28', '2029-02-28', '2029-03-01'].map(on)).to.deep.equal([[], ['A-07'], []]);
  });

  it('a bilan funded after the date refuses nothing', () => {
    const later = { ...assessment, 'personne.dernierBilanFinance': '2026-06-11' };
    expect(answerTo(wireDossier(later), rules).regles).to.deep.equal([]);
    expect(
      answerTo(wireDossier({ ...later, 'personne.dernierBilanFinance': '2026-06-10' }), rules).regles,
    ).to.deep.equal(['A-07']);
  });
});
