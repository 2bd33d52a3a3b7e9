import { expect } from 'chai';
import {
  certificationTaken,
  dossierOf,
  type FundingFacts,
  fullPriceOf,
  offerDossierOf,
} from '../../src/catalogue/model/dossier.ts';
import { proofOn, provenOn } from '../../src/catalogue/model/provider-facts.ts';
import type { CourseDraft, Money } from '../../src/catalogue/model.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import { assess } from '../../src/eligibility/model/assess.ts';
import { readDossier } from '../../src/eligibility/model/dossier.ts';
import { wireVerdict } from '../../src/eligibility/model/verdict.ts';
import { aSession, daysAgo, euros } from '../builders/course.ts';
import { aFundedCourse, aRecord, fundingFacts, rsRecord, seen, someFacts, today } from '../builders/funding.ts';

const rules = loadRules();

function verdictOf(draft: Partial<CourseDraft>, facts: FundingFacts, codes?: readonly string[]) {
  const read = readDossier(dossierOf(aFundedCourse(draft, codes), facts, { date: today }));
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  const { cpf, regles, manquants, plafond, acces } = wireVerdict(assess(read.dossier, today, rules));
  return { cpf, regles, manquants, plafond, acces };
}

const none: FundingFacts = { code: null, certification: null, habilitation: null, offer: null, provider: null };
const certificate = (type: CourseDraft['certificate']['type'], changes: Partial<CourseDraft['certificate']> = {}) => ({
  type,
  free: null,
  included: null,
  price: null,
  ...changes,
});
const noExam: CourseDraft['exam'] = { exists: false, included: null, price: null };
const free = { price: null, contentFree: true, certificate: certificate('none'), exam: noExam };

describe('the dossier of a course', () => {
  it('with everything known and in order is payable, for nobody in particular', () => {
    expect(verdictOf({}, fundingFacts())).to.deep.equal({
      cpf: 'oui',
      regles: [],
      manquants: [],
      plafond: null,
      acces: 'indecidable',
    });
  });

  describe('says what kind of action it is', () => {
    const rows: readonly {
      readonly when: string;
      readonly draft: Partial<CourseDraft>;
      readonly codes?: readonly string[];
      readonly facts?: FundingFacts;
      readonly type: string;
      readonly certification: unknown;
    }[] = [
      {
        when: 'a registered certification',
        draft: {},
        facts: fundingFacts(),
        type: 'certification',
        certification: { code: 'RNCP37674', active: true, finEnregistrement: '2028-09-01', clea: false },
      },
      {
        when: 'a block of one',
        draft: { certifications: [{ kind: 'RNCP', code: 'RNCP37674BC01' }] },
        codes: [],
        facts: fundingFacts({ code: 'RNCP37674BC01' }),
        type: 'bloc',
        certification: { code: 'RNCP37674BC01', active: true, finEnregistrement: '2028-09-01', clea: false },
      },
      {
        when: 'a code that the register does not hold',
        draft: {},
        facts: fundingFacts({ code: 'RNCP99999', certification: null }),
        type: 'certification',
        certification: { code: 'RNCP99999', active: null, finEnregistrement: null, clea: false },
      },
      {
        when: 'nothing said of a certificate: unknown, not none',
        draft: { certificate: certificate('unknown') },
        codes: [],
        type: 'certification',
        certification: null,
      },
      {
        when: 'a paid certificate without a number: perhaps one of the register',
        draft: { certificate: certificate('paid-certificate', { price: euros(60) }) },
        codes: [],
        type: 'certification',
        certification: null,
      },
      {
        when: 'a registered one without its number',
        draft: { certificate: certificate('registered') },
        codes: [],
        type: 'certification',
        certification: { code: null },
      },
      {
        when: 'a number of another nomenclature only',
        draft: { certificate: certificate('unknown'), certifications: [{ kind: 'CERTIFINFO', code: '84503' }] },
        codes: [],
        type: 'certification',
        certification: { code: null },
      },
      ...(['none', 'attestation', 'record-of-achievement'] as const).map((type) => ({
        when: `only ${type}, from the school itself`,
        draft: { certificate: certificate(type) },
        codes: [],
        type: 'sans_certification',
        certification: null,
      })),
    ];
    for (const { when, draft, codes, facts = none, type, certification } of rows) {
      it(when, () => {
        const { action } = dossierOf(
          aFundedCourse({ ...(codes === undefined ? {} : { certifications: [] }), ...draft }, codes),
          facts,
          { date: today },
        );
        expect(action.type).to.equal(type);
        expect(action.certification).to.deep.equal(certification);
      });
    }

    it('so a course that says nothing is to check, and a free MOOC without certificate is not payable yet free (S06)', () => {
      const silent = verdictOf({ certificate: certificate('unknown'), certifications: [] }, none, []);
      expect(silent.cpf).to.equal('indecidable');
      expect(silent.manquants).to.include('action.certification');
      const mooc = verdictOf({ ...free, certifications: [] }, none, []);
      expect(mooc).to.deep.include({ cpf: 'non', regles: ['A-05'], acces: 'gratuit_pour_tous' });
    });

    it('CléA by its title is not guessed: the cap of a specific certification asks for it', () => {
      const clea = rsRecord({ code: 'RS9991', title: 'CléA numérique' });
      expect(verdictOf({}, fundingFacts({ certification: clea }), ['RS9991']).manquants).to.deep.equal([
        'action.certification.clea',
      ]);
      const other = verdictOf({}, fundingFacts({ certification: rsRecord() }), ['RS6604']);
      expect(other).to.deep.include({ cpf: 'oui', plafond: 1500, manquants: [] });
    });
  });

  describe('takes one certification of several', () => {
    const of = (code: string, changes: Partial<Omit<FundingFacts, 'code'>> = {}) => ({
      code,
      certification: aRecord({ code }),
      habilitation: 'former' as const,
      offer: true,
      ...changes,
    });
    const ended = { certification: aRecord({ endOfRegistration: '2026-11-21' }) };
    const rows: readonly [string, readonly ReturnType<typeof of>[], string | null][] = [
      ['the first of the source when all can be paid', [of('RNCP1'), of('RNCP2')], 'RNCP1'],
      ['one that can be paid before an ended one', [of('RNCP1', ended), of('RNCP2')], 'RNCP2'],
      ['one that can be paid before one not known', [of('RNCP1', { habilitation: null }), of('RNCP2')], 'RNCP2'],
      [
        'one not known before one refused',
        [of('RNCP1', { offer: false }), of('RNCP2', { certification: null })],
        'RNCP2',
      ],
      ['the first when all are refused', [of('RNCP1', ended), of('RNCP2', { habilitation: 'organiser' })], 'RNCP1'],
      ['none of none', [], null],
    ];
    for (const [when, candidates, code] of rows)
      it(when, () => expect(certificationTaken(candidates, today)?.code ?? null).to.equal(code));

    it('its last day counts', () => {
      const last = { certification: aRecord({ endOfRegistration: today, active: false }) };
      expect(certificationTaken([of('RNCP1', last), of('RNCP2')], today)?.code).to.equal('RNCP1');
    });
  });

  describe('has the price of course, certificate and exam together', () => {
    const all = { certificate: certificate('registered', { included: true }), exam: noExam };
    const ht: Money = { amount: 90_000, currency: 'EUR', taxIncluded: false };
    const rows: readonly [string, Partial<CourseDraft>, number | null][] = [
      ['everything included', {}, 480_000],
      [
        'each line added',
        {
          certificate: certificate('registered', { price: euros(60) }),
          exam: { exists: true, included: false, price: euros(120) },
        },
        498_000,
      ],
      ['cents kept', { ...all, price: { amount: 154_680, currency: 'EUR', taxIncluded: true } }, 154_680],
      ['all known to be free or absent', free, 0],
      ['a free certificate and no exam', { ...free, certificate: certificate('attestation', { free: true }) }, 0],
      ['the exam not known', { exam: { exists: null, included: null, price: null } }, null],
      ['an exam that exists, price not known', { exam: { exists: true, included: false, price: null } }, null],
      ['the certificate not known', { certificate: certificate('registered') }, null],
      ['the course not known', { price: null, contentFree: null }, null],
      ['not free, amount not said', { price: null, contentFree: false }, null],
      ['without taxes', { ...all, price: ht }, null],
      ['another currency', { ...all, price: { amount: 90_000, currency: 'USD', taxIncluded: true } }, null],
      [
        'depends on the session',
        { sessions: [aSession({ price: euros(900) }), aSession({ id: 's2', price: euros(1080) })] },
        null,
      ],
    ];
    for (const [when, draft, cents] of rows)
      it(when, () => expect(fullPriceOf(aFundedCourse(draft), today)).to.equal(cents));

    it('a 0 counts for 30 days after it was read (T1), an amount stays', () => {
      const read = (days: number, draft: Partial<CourseDraft>) =>
        fullPriceOf({ ...aFundedCourse(draft), harvestedAt: daysAgo(days) }, today);
      expect(read(30, free)).to.equal(0);
      expect(read(31, free)).to.equal(null);
      expect(read(400, {})).to.equal(480_000);
      const paidCertificate = { ...free, certificate: certificate('paid-certificate', { price: euros(60) }) };
      expect(read(31, paidCertificate)).to.equal(null);
    });

    it('in euros in the dossier, with the hours and whether the content is free', () => {
      const { action } = dossierOf(aFundedCourse(), fundingFacts(), { date: today });
      expect(action).to.deep.include({ prix: 4800, heuresAccompagnement: 910, contenuGratuit: false });
      const content = (draft: Partial<CourseDraft>, days = 1) =>
        dossierOf({ ...aFundedCourse(draft), harvestedAt: daysAgo(days) }, fundingFacts(), { date: today }).action
          .contenuGratuit;
      expect(content(free)).to.equal(true);
      expect(content(free, 31)).to.equal(null);
      expect(content({ price: null, contentFree: false })).to.equal(false);
      expect(content({ price: null, contentFree: null })).to.equal(null);
    });
  });

  describe('holds of the school only what was proven', () => {
    const organisme = (facts: Partial<FundingFacts>, date = today) =>
      dossierOf(aFundedCourse(), fundingFacts(facts), { date }).organisme;

    it('everything, with the number of its declaration', () => {
      expect(organisme({})).to.deep.equal({
        nda: '52440999901',
        ndaValide: true,
        qualiopi: { categories: ['AF'], du: '2025-03-01', au: '2028-02-29' },
        habilitation: 'former',
        offreEdof: true,
        dereference: false,
        sousTraitance: null,
      });
    });

    it('a number in the catalogue is a number, not a valid declaration; subcontracting is not known', () => {
      expect(organisme({ provider: null, habilitation: null, offer: null })).to.deep.equal({
        nda: '52440999901',
        ndaValide: null,
        qualiopi: null,
        habilitation: null,
        offreEdof: null,
        dereference: null,
        sousTraitance: 'inconnu',
      });
    });

    it('nothing but a name: the school itself is missing', () => {
      const unnamed = { provider: { name: 'Atelier', url: null, siret: null, activityNumber: null } };
      const dossier = dossierOf(
        aFundedCourse(unnamed),
        { ...none, code: 'RNCP37674', certification: aRecord() },
        { date: today },
      );
      expect(dossier.organisme).to.equal(null);
    });

    it('what it declares of itself decides nothing', () => {
      const says = { proof: 'declared' } as const;
      const provider = someFacts({
        declarationValid: seen(true, says),
        qualiopi: seen({ categories: ['AF'], from: '2025-03-01', to: '2028-02-29' }, says),
        delisted: seen(false, says),
      });
      expect(organisme({ provider })).to.deep.include({ ndaValide: null, qualiopi: null, dereference: null });
      expect(verdictOf({}, fundingFacts({ provider })).cpf).to.equal('indecidable');
    });

    it('a Qualiopi certificate seen before its end proves nothing after; seen over, it refuses', () => {
      const over = { categories: ['AF' as const], from: '2023-03-01', to: '2026-10-31' };
      const before = someFacts({ qualiopi: seen(over, { date: '2026-09-01' }) });
      expect(organisme({ provider: before })).to.deep.include({ qualiopi: null });
      expect(verdictOf({}, fundingFacts({ provider: before })).manquants).to.deep.equal(['organisme.qualiopi']);
      const after = someFacts({ qualiopi: seen(over, { date: '2026-11-02' }) });
      expect(verdictOf({}, fundingFacts({ provider: after }))).to.deep.include({ cpf: 'non', regles: ['P-02'] });
    });

    it('« no subcontracting » is a statement; subcontracting without its contract is to check', () => {
      expect(organisme({ provider: someFacts({ subcontracting: seen(true) }) })).to.deep.include({ sousTraitance: {} });
      const asks = verdictOf({}, fundingFacts({ provider: someFacts({ subcontracting: seen(true) }) })).manquants;
      expect(asks).to.deep.equal(['organisme.sousTraitance.dateContrat']);
    });
  });

  it('carries the person and the aids as they were given', () => {
    const personne = { statut: 'salarie', age: 40 } as const;
    const cofinancements = [{ par: 'region', montant: 500, accorde: true }] as const;
    const dossier = dossierOf(aFundedCourse(), fundingFacts(), {
      date: today,
      personne,
      cofinancements: [...cofinancements],
    });
    expect(dossier.personne).to.equal(personne);
    expect(dossier.cofinancements).to.deep.equal(cofinancements);
    expect(dossierOf(aFundedCourse(), fundingFacts(), { date: today })).to.deep.include({
      personne: null,
      cofinancements: [],
    });
  });
});

describe('the dossier of a certification that a school would give', () => {
  const answer = (code: string | null, facts: FundingFacts, named: string | null = '73282932000074') => {
    const offer = { code, siret: named, activityNumber: null, price: 1_200 };
    const read = readDossier(offerDossierOf(offer, facts, { date: today }));
    if (!read.ok) throw new Error(JSON.stringify(read.errors));
    const { cpf, manquants } = wireVerdict(assess(read.dossier, today, rules));
    return { type: read.dossier.action.type, price: read.dossier.action.prix, cpf, manquants };
  };

  it('is payable with the facts that make a course payable', () => {
    expect(answer('RNCP37674', fundingFacts())).to.deep.equal({
      type: 'certification',
      price: 120_000,
      cpf: 'oui',
      manquants: [],
    });
  });

  it('of a block is judged as a block', () => {
    expect(answer('RNCP37674BC01', { ...fundingFacts(), code: 'RNCP37674BC01' }).type).to.equal('bloc');
  });

  it('without a school, or without a code, misses that side', () => {
    const alone = { ...none, code: 'RNCP37674', certification: aRecord() };
    expect(answer('RNCP37674', alone, null).manquants).to.deep.equal(['organisme']);
    expect(answer(null, { ...fundingFacts(), code: null, certification: null }).manquants).to.include(
      'action.certification',
    );
  });
});

describe('proofs about a school', () => {
  it('hold from their day, to their end or for a year', () => {
    const fact = seen(true, { date: '2026-01-10' });
    expect(provenOn(fact, '2026-01-09')).to.equal(null);
    expect(provenOn(fact, '2026-01-10')).to.equal(true);
    expect(proofOn(fact, '2027-01-10')).to.equal('verified');
    expect(proofOn(fact, '2027-01-11')).to.equal('expired');
    expect(proofOn({ ...fact, until: '2026-03-31' }, '2026-03-31')).to.equal('verified');
    expect(provenOn({ ...fact, until: '2026-03-31' }, '2026-04-01')).to.equal(null);
    expect(proofOn({ ...fact, proof: 'declared' }, '2026-02-01')).to.equal('declared');
    expect(proofOn(null, '2026-02-01')).to.equal('unknown');
  });
});
