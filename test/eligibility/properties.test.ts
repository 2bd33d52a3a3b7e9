import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadRules } from '../../src/eligibility/data.ts';
import { assess } from '../../src/eligibility/model/assess.ts';
import {
  actionTypes,
  funders,
  proofSources,
  qualiopiCategories,
  statuts,
} from '../../src/eligibility/model/dossier.ts';
import { readRules } from '../../src/eligibility/model/rule-set.ts';
import { answerTo, dossierOf, withFact } from '../builders/dossier.ts';

const rules = loadRules();

const bool = fc.constantFrom(true, true, false, false, null);
const day = fc.constantFrom(
  '2021-12-31',
  '2022-01-01',
  '2024-03-31',
  '2024-04-01',
  '2024-05-01',
  '2024-05-02',
  '2025-01-01',
  '2025-02-15',
  '2025-02-16',
  '2026-02-20',
  '2026-02-21',
  '2026-02-25',
  '2026-02-26',
  '2026-04-01',
  '2026-04-02',
  '2026-05-20',
  '2026-06-10',
  '2026-10-01',
  '2026-10-02',
  '2026-12-31',
  '2027-01-01',
);
const cents = fc.oneof(fc.constantFrom(0, 100, 9_999, 10_000, 15_000, 150_000), fc.nat(600_000));
const amount = fc.option(
  cents.map((one) => one / 100),
  { freq: 6 },
);
const orNull = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { freq: 6 });
const likely = <Value>(usual: Value, others: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

const person = fc.record({
  statut: orNull(fc.constantFrom(...statuts)),
  age: orNull(fc.constantFrom(14, 15, 16, 30, 64)),
  apprenti: bool,
  retraiteTauxPlein: likely<boolean | null>(false, bool),
  inscriptionFranceTravail: orNull(
    fc.record({
      inscrit: bool,
      source: orNull(fc.constantFrom(...proofSources)),
      dateVerification: orNull(day),
      categorie: orNull(fc.constantFrom('A', 'E', 'G')),
    }),
  ),
  exonerationAutre: bool,
  soldeCpf: amount,
  dernierBilanFinance: orNull(fc.oneof(day, fc.constant('aucun'))),
});
const certification = fc.record({
  code: orNull(fc.constantFrom('RNCP37873', 'RNCP37674')),
  repertoire: fc.constant(null),
  active: likely<boolean | null>(true, bool),
  finEnregistrement: orNull(likely('2030-01-01', day)),
  clea: bool,
});
const specific = certification.map((one) => ({ ...one, code: one.code === null ? null : 'RS6604', repertoire: 'RS' }));
const action = fc.constantFrom(...actionTypes).chain((type) =>
  fc.record({
    type: fc.constant(type),
    certification: orNull<unknown>(type === 'bloc' ? certification : fc.oneof(certification, specific)),
    prix: amount,
    contenuGratuit: bool,
    heuresAccompagnement: orNull(fc.constantFrom(12, 13, 24)),
  }),
);
const provider = fc.record({
  nda: likely<string | null>('84691234567', fc.constantFrom('123', null)),
  ndaValide: likely<boolean | null>(true, bool),
  qualiopi: orNull(
    fc.record({
      categories: likely<string[] | null>(
        ['AF', 'BC', 'VAE'],
        orNull(fc.array(fc.constantFrom(...qualiopiCategories), { maxLength: 2 })),
      ),
      du: likely<string | null>('2019-01-01', orNull(day)),
      au: likely<string | null>('2030-01-01', orNull(day)),
    }),
  ),
  habilitation: likely<string | null>('former', fc.constantFrom('organiser', 'certificateur', 'aucune', null)),
  offreEdof: likely<boolean | null>(true, bool),
  dereference: likely<boolean | null>(false, bool),
  sousTraitance: likely<unknown>(
    null,
    fc.oneof(
      fc.constant('inconnu'),
      fc.record({
        contratEcrit: likely<boolean | null>(true, bool),
        dateContrat: orNull(day),
        nda: likely<string | null>('11750000000', fc.constantFrom('aucun', null)),
        qualiopi: bool,
        microSocialSousSeuil: bool,
        blocComplet: bool,
        habilitation: orNull(fc.constantFrom('former', 'organiser', 'aucune')),
        dereference: likely<boolean | null>(false, bool),
        cascade: likely<boolean | null>(false, bool),
      }),
    ),
  ),
});
const dossier = fc.record({
  date: day,
  personne: likely<unknown>({}, fc.constant(null)).chain((asked) => (asked === null ? fc.constant(null) : person)),
  action,
  organisme: orNull(provider),
  cofinancements: fc.array(fc.record({ par: fc.constantFrom(...funders), montant: amount, accorde: bool }), {
    maxLength: 3,
  }),
});

interface Wire {
  readonly action: { readonly type: string };
}

/** Every fact, objects and leaves, as dotted paths; not the statements, whose absence says something. */
function factsOf(wire: Wire, where: unknown = wire, under: readonly string[] = []): (readonly string[])[] {
  if (where === null || typeof where !== 'object') return [];
  return Object.entries(where).flatMap(([key, value]) => {
    const path = [...under, key];
    return [...(isStatement(path, wire) ? [] : [path]), ...(key === 'categories' ? [] : factsOf(wire, value, path))];
  });
}

const neverNull = new Set(['date', 'personne', 'action', 'action.type', 'cofinancements']);

/** The four absences of the rules document, and what is never null. */
function isStatement(path: readonly string[], { action: { type } }: Wire): boolean {
  const name = path.join('.');
  if (neverNull.has(name) || /^cofinancements\.\d+(\.par)?$/.test(name)) return true;
  if (name === 'organisme.sousTraitance' || name === 'action.certification.finEnregistrement') return true;
  return type === 'vae' && (name === 'action.certification' || name === 'action.certification.code');
}

const at = (wire: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((where, key) => (where as Readonly<Record<string, unknown>> | null)?.[key], wire);

const runs = { numRuns: 2_500 };

describe('verdicts of any dossier', function () {
  this.timeout(60_000);

  it('B12 removing a fact never turns « non » or « indecidable » into « oui »', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(dossier, (wire) => {
        const { cpf } = answerTo(wire, rules);
        seen.add(cpf);
        if (cpf !== 'non' && cpf !== 'indecidable') return;
        for (const path of factsOf(wire))
          expect(answerTo(withFact(wire, path, null), rules).cpf, path.join('.')).to.not.equal('oui');
      }),
      runs,
    );
    expect([...seen]).to.have.members(['oui', 'non', 'indecidable', 'hors_perimetre']);
  });

  it('removing a fact of a « oui » never gives « non »', () => {
    fc.assert(
      fc.property(dossier, (wire) => {
        if (answerTo(wire, rules).cpf !== 'oui') return;
        for (const path of factsOf(wire))
          expect(answerTo(withFact(wire, path, null), rules).cpf, path.join('.')).to.be.oneOf(['oui', 'indecidable']);
      }),
      runs,
    );
  });

  it('B24 a certain refusal stays whatever is added elsewhere', () => {
    let added = 0;
    fc.assert(
      fc.property(dossier, dossier, (wire, other) => {
        const refusal = answerTo(wire, rules);
        if (refusal.cpf !== 'non') return;
        for (const path of factsOf(wire)) {
          const value = at(other, path) ?? null;
          const publicServant = path.at(-1) === 'statut' && value === 'agent_public';
          if (at(wire, path) !== null || value === null || publicServant) continue;
          // The other dossier's certification may be of a register that blocks do not have.
          if (path.join('.').startsWith('action.certification')) continue;
          const answer = answerTo(withFact(wire, path, value), rules);
          expect(answer.cpf, path.join('.')).to.equal('non');
          expect(answer.regles, path.join('.')).to.include.members([...refusal.regles]);
          added += 1;
        }
      }),
      runs,
    );
    expect(added).to.be.greaterThan(200);
  });

  it('B25 price = granted aid + rights + rest wherever all are known, and no amount is negative', () => {
    let known = 0;
    fc.assert(
      fc.property(dossier, (wire) => {
        const read = dossierOf(wire);
        const { prix } = read.action;
        const { cpf, droitsMobilisables: rights, resteACharge: rest } = assess(read, read.date, rules);
        if (prix === null || rights === null || rest === null) return;
        const granted = (read.cofinancements ?? []).reduce(
          (sum, one) => sum + (one.accorde === true ? (one.montant ?? 0) : 0),
          0,
        );
        expect(rights).to.be.at.least(0);
        expect(rest).to.be.at.least(0);
        expect(Math.min(granted, prix) + rights + rest).to.equal(prix);
        if (cpf === 'oui') known += 1;
      }),
      runs,
    );
    expect(known).to.be.greaterThan(20);
  });

  it('B25 rights never pass the balance nor the cap, and a participation that is due stays to pay', () => {
    fc.assert(
      fc.property(dossier, (wire) => {
        const read = dossierOf(wire);
        const { cpf, droitsMobilisables, plafond, participation, resteACharge } = assess(read, read.date, rules);
        if (cpf !== 'oui' || droitsMobilisables === null || resteACharge === null) return;
        expect(droitsMobilisables).to.be.at.most(read.personne?.soldeCpf ?? 0);
        if (plafond !== null) expect(droitsMobilisables).to.be.at.most(plafond);
        if (droitsMobilisables > 0) expect(resteACharge).to.be.at.least(participation.montant ?? 0);
      }),
      runs,
    );
  });

  it('the shape of an answer follows its verdict', () => {
    fc.assert(
      fc.property(dossier, (wire) => {
        const answer = answerTo(wire, rules);
        expect(answer.regles.length > 0).to.equal(answer.cpf === 'non' || answer.cpf === 'hors_perimetre');
        if (answer.regles.length > 0) expect([...answer.manquants, ...answer.avertissements]).to.deep.equal([]);
        if (answer.cpf === 'indecidable') expect(answer.manquants).to.not.deep.equal([]);
        expect(new Set(answer.manquants).size).to.equal(answer.manquants.length);
        if (answer.acces === 'gratuit_demandeur_emploi') expect(answer.cpf).to.equal('oui');
        if (wire.action.prix === 0) expect(answer.acces).to.equal('gratuit_pour_tous');
        if (wire.personne === null) {
          expect(answer).to.deep.include({ droitsMobilisables: null, resteACharge: null, avertissements: [] });
          expect(answer.manquants.filter((path) => /^(personne|cofinancements|parametres)/.test(path))).to.deep.equal(
            [],
          );
        }
      }),
      runs,
    );
  });

  it('the order of the rules does not matter, and the same question has the same answer', () => {
    const file = JSON.parse(
      readFileSync(new URL('../../src/eligibility/rules.data.json', import.meta.url), 'utf8'),
    ) as {
      rules: { versions: unknown[] }[];
    };
    fc.assert(
      fc.property(
        dossier,
        fc.shuffledSubarray(file.rules, { minLength: file.rules.length }),
        fc.boolean(),
        (wire, shuffled, turned) => {
          const turn = (rule: { versions: unknown[] }) =>
            turned ? { ...rule, versions: rule.versions.toReversed() } : rule;
          const other = readRules({ ...file, rules: shuffled.map(turn) }, rules.version);
          if (!other.ok) throw new Error(other.problems.join('\n'));
          const read = dossierOf(wire);
          expect(assess(read, read.date, other.rules)).to.deep.equal(assess(read, read.date, rules));
        },
      ),
      { numRuns: 500 },
    );
  });
});
