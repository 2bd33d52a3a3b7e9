import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadRules, readCases } from '../../src/eligibility/data.ts';
import { assess } from '../../src/eligibility/model/assess.ts';
import { wireVerdict } from '../../src/eligibility/model/verdict.ts';
import { dossierOf, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();

interface File {
  rules: {
    id: string;
    versions: {
      from: string;
      to: string | null;
      parameters: Record<string, unknown>;
      legalBasis: { reference: string };
      gapBefore?: string;
    }[];
  }[];
}

const text = readFileSync(new URL('../../src/eligibility/rules.data.json', import.meta.url), 'utf8');

/** The real file with one rule changed. */
function changed(id: string, change: (versions: File['rules'][number]['versions']) => void): string {
  const file = JSON.parse(text) as File;
  const rule = file.rules.find((one) => one.id === id);
  if (rule === undefined) throw new Error(id);
  change(rule.versions);
  return JSON.stringify(file);
}

describe('rules as dated data', () => {
  it('every rule has a condition, an easy sentence, a reference, a check date and a certainty', () => {
    expect(rules.rules.length).to.equal(48);
    for (const { id, condition, plain, versions } of rules.rules) {
      expect(condition.length, id).to.be.greaterThan(10);
      expect(plain.split(' ').length, id).to.be.lessThan(25);
      for (const { legalBasis } of versions) expect(legalBasis.checkedOn, id).to.equal('2026-11-22');
    }
  });

  it('rules are listed in the order T, A, P, F, D', () => {
    expect(rules.rules.map(({ id }) => id.charAt(0)).join('')).to.match(/^T+A+P+F+D+$/);
  });

  it('versions that overlap stop the start, both named', () => {
    const wrong = changed('F-03', (versions) => {
      const second = versions[1];
      if (second !== undefined) second.from = '2024-12-31';
    });
    expect(() => loadRules(wrong)).to.throw(
      /F-03.*« 2024-05-02 → 2024-12-31 » et « 2024-12-31 → 2025-12-31 » se chevauchent/,
    );
  });

  it('a version without end cannot be followed by another', () => {
    const wrong = changed('A-08', ([first]) => {
      if (first !== undefined) first.to = null;
    });
    expect(() => loadRules(wrong)).to.throw(
      /A-08.*sans fin connue » et « 2026-02-26 → sans fin connue » se chevauchent/,
    );
  });

  it('a gap stops the start, both versions named, unless it is explained', () => {
    const gap = (explanation?: string) =>
      changed('F-03', (versions) => {
        const second = versions[1];
        if (second === undefined) return;
        second.from = '2025-01-02';
        if (explanation !== undefined) second.gapBefore = explanation;
      });
    expect(() => loadRules(gap())).to.throw(/F-03.*2024-12-31 » et « 2025-01-02 → 2025-12-31 » laissent un vide/);
    const explained = loadRules(gap('aucun texte ce jour-là'));
    const dossier = dossierOf(wireDossier({ date: '2025-01-01' }));
    expect(assess(dossier, dossier.date, explained).manquants).to.deep.equal(['parametres.participation']);
  });

  it('a version that ends before it starts, a missing reference, a wrong value and a missing rule stop the start', () => {
    const reversed = changed('T-02', ([first]) => {
      if (first !== undefined) first.to = '2018-01-01';
    });
    expect(() => loadRules(reversed)).to.throw(/T-02.*finit avant de commencer/);
    const silent = changed('T-02', ([first]) => {
      if (first !== undefined) first.legalBasis.reference = ' ';
    });
    expect(() => loadRules(silent)).to.throw(/reference/);
    for (const value of ['seize', -1, 16.5, undefined]) {
      const wrong = changed('T-01', ([first]) => {
        if (first !== undefined) first.parameters.ageMinimum = value;
      });
      expect(() => loadRules(wrong), String(value)).to.throw(Error);
    }
    const file = JSON.parse(text) as File;
    expect(() => loadRules(JSON.stringify({ ...file, rules: file.rules.filter(({ id }) => id !== 'P-03') }))).to.throw(
      /P-03 : la règle manque/,
    );
    expect(() => loadRules(JSON.stringify({ ...file, rules: [...file.rules, file.rules[0]] }))).to.throw(/deux fois/);
  });

  it('a value past its last known date is missing for any rule, never prolonged', () => {
    const ended = (id: string, to: string) =>
      loadRules(
        changed(id, (versions) => {
          const last = versions.at(-1);
          if (last !== undefined) last.to = to;
        }),
      );
    const bilan = dossierOf(wireDossier({ 'action.type': 'bilan', 'action.certification': null }));
    const verdict = assess(bilan, bilan.date, ended('A-07', '2026-06-09'));
    expect(verdict).to.deep.include({ cpf: 'indecidable', manquants: ['parametres.bilan'] });
    expect(assess(bilan, bilan.date, ended('A-07', '2026-06-10')).cpf).to.equal('oui');
    const capped = assess(bilan, bilan.date, ended('F-02', '2026-06-09'));
    expect(capped).to.deep.include({ cpf: 'oui', manquants: ['parametres.plafonds'], resteACharge: null });
  });

  it('a new version changes verdicts from its first day and leaves the past as it was', () => {
    const raised = loadRules(
      changed('F-03', (versions) => {
        const [first] = versions;
        if (first !== undefined)
          versions.push({ ...first, from: '2027-01-01', to: null, parameters: { montant: 160.5 } });
      }),
    );
    const on = (date: string, set = raised) => {
      const dossier = dossierOf(wireDossier({ date }));
      return wireVerdict(assess(dossier, date, set));
    };
    expect(on('2027-01-01').participation).to.deep.equal({ due: true, montant: 160.5 });
    expect(on('2026-12-31')).to.deep.equal(on('2026-12-31', rules));
    expect(raised.version).to.not.equal(rules.version);
  });
});

describe('trace of a verdict', () => {
  it('every refusal gives what was received, what is expected, the reason of the rule and its reference', () => {
    const refusing = new Set<string>();
    for (const { entree } of readCases()) {
      const dossier = dossierOf(entree);
      for (const { ruleId, version, finding } of assess(dossier, dossier.date, rules).trace) {
        if (finding.result !== 'not-met') continue;
        refusing.add(ruleId);
        expect(finding.received, ruleId).to.not.equal('');
        expect(finding.expected, ruleId).to.not.equal('');
        expect(finding.reason, ruleId).to.not.match(/[{}]/).and.not.equal('');
        expect(finding.reference, ruleId).to.equal(
          rules.byId.get(ruleId)?.versions.find(({ from }) => from === version)?.legalBasis.reference,
        );
      }
    }
    const able = rules.rules.filter(({ role }) => role === 'refusal' || role === 'outside').map(({ id }) => id);
    expect([...refusing]).to.have.members(able);
  });

  it('a refusal says whether only the person is refused, or the course', () => {
    const personal = (changes: Readonly<Record<string, unknown>>) => {
      const dossier = dossierOf(wireDossier(changes));
      return assess(dossier, dossier.date, rules).trace.flatMap(({ finding }) =>
        finding.result === 'not-met' ? [finding.personal] : [],
      );
    };
    const recent = { 'personne.dernierBilanFinance': '2026-01-01' };
    expect(personal({ 'personne.age': 12 })).to.deep.equal([true]);
    expect(personal({ 'personne.retraiteTauxPlein': true })).to.deep.equal([true]);
    expect(personal({ 'action.type': 'permis_leger' })).to.deep.equal([true]);
    expect(personal({ 'action.type': 'bilan', ...recent })).to.deep.equal([true]);
    expect(personal({ 'action.type': 'bilan', ...recent, 'action.heuresAccompagnement': 1 })).to.deep.equal([false]);
    expect(personal({ 'organisme.offreEdof': false })).to.deep.equal([false]);
  });

  const reasonOf = (changes: Readonly<Record<string, unknown>>) => {
    const dossier = dossierOf(wireDossier(changes));
    const found = assess(dossier, dossier.date, rules).trace.find(({ finding }) => finding.result === 'not-met');
    return found?.finding.result === 'not-met' ? found.finding.reason : undefined;
  };
  const bilan = { 'action.type': 'bilan', 'action.certification': null };
  const sentences: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
    [{ 'personne.age': 12 }, "Le compte formation s'ouvre à 16 ans (15 ans pour un apprenti)."],
    [{ 'personne.retraiteTauxPlein': true }, "Le compte n'est plus utilisable après une retraite à taux plein."],
    [
      { 'personne.statut': 'agent_public' },
      "Les droits des agents publics sont en heures et passent par l'employeur public.",
    ],
    [
      { 'action.certification.finEnregistrement': '2026-05-31' },
      "La certification n'est plus active depuis le 01/06/2026.",
    ],
    [
      { 'action.type': 'creation_entreprise' },
      "L'accompagnement à la création d'entreprise n'est plus finançable depuis le 16/02/2025.",
    ],
    [{ ...bilan, 'action.heuresAccompagnement': 1 }, "Un bilan doit compter au moins 13 h d'accompagnement"],
    [{ ...bilan, 'personne.dernierBilanFinance': '2026-01-01' }, 'Un bilan a déjà été financé il y a moins de 5 ans.'],
    [{ 'organisme.dereference': true }, "L'organisme est déréférencé."],
  ];
  for (const [changes, sentence] of sentences)
    it(`says « ${sentence} »`, () => {
      expect(reasonOf(changes)).to.equal(sentence);
    });

  it('a rule is not looked at before its first day, nor when it is not about the action', () => {
    const looked = (changes: Readonly<Record<string, unknown>>) => {
      const dossier = dossierOf(wireDossier(changes));
      return assess(dossier, dossier.date, rules).trace.map(({ ruleId }) => ruleId);
    };
    expect(looked({ date: '2021-12-31' })).to.not.include('P-02');
    expect(looked({ date: '2022-01-01' })).to.include('P-02');
    expect(looked({ 'action.type': 'sans_certification' }).filter((id) => id.startsWith('P'))).to.deep.equal([]);
    expect(looked({ personne: null }).filter((id) => id.startsWith('T'))).to.deep.equal([]);
    expect(looked({})).to.include.members(['A-01', 'F-03', 'F-06']);
  });

  it('a course alone prints its conditions on the person in words, outside rules and missing facts', () => {
    const alone = (changes: Readonly<Record<string, unknown>>) => {
      const dossier = dossierOf(wireDossier({ ...changes, personne: null, 'action.certification': null }));
      return assess(dossier, dossier.date, rules);
    };
    const assessment = alone({ 'action.type': 'bilan' });
    expect(assessment).to.deep.include({ cpf: 'oui', manquants: [], plafond: 160_000 });
    expect(assessment.conditions.map(({ ruleId }) => ruleId)).to.deep.equal(['A-07']);
    expect(alone({ 'action.type': 'bilan', date: '2026-02-25' }).conditions).to.deep.equal([]);
    const licence = alone({ 'action.type': 'permis_leger' });
    expect(licence.conditions[0]?.text).to.include('100 €');
    const paid = { cofinancements: [{ par: 'region', montant: 100, accorde: true }] };
    expect(alone({ 'action.type': 'permis_leger', ...paid }).conditions).to.deep.equal([]);
  });
});
