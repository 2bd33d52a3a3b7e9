import { expect } from 'chai';
import { loadRules } from '../../src/eligibility/data.ts';
import { nextQuestion, type Question } from '../../src/eligibility/model/question.ts';
import { type Changes, dossierOf, proof, wireDossier } from '../builders/dossier.ts';

const rules = loadRules();

function asked(changes: Changes, declined: readonly string[] = []): Question | null {
  const dossier = dossierOf(wireDossier(changes));
  return nextQuestion(dossier, dossier.date, rules, new Set(declined));
}

const nobody = { personne: {} };

describe('the next useful question', () => {
  it('nothing is asked when the answer is certain', () => {
    expect(asked({})).to.equal(null);
    expect(asked({ 'personne.age': 12, 'personne.soldeCpf': null })).to.equal(null);
    expect(asked({ ...nobody, 'organisme.dereference': true })).to.equal(null);
    expect(asked({ 'personne.statut': 'agent_public', 'personne.age': null })).to.equal(null);
  });

  it('nothing is asked of the person when only the course can tell', () => {
    expect(asked({ ...nobody, 'organisme.habilitation': null })).to.equal(null);
    expect(asked({ 'action.prix': null, 'personne.soldeCpf': null })).to.equal(null);
  });

  it('a person who was not asked is asked the situation first, in the words of the product', () => {
    for (const changes of [nobody, { personne: null }]) {
      const question = asked(changes);
      expect(question?.fact).to.equal('personne.statut');
      expect(question?.text).to.equal("Quelle est votre situation aujourd'hui ?");
      expect(question?.answers.map(({ label }) => label)).to.deep.equal([
        'je cherche un emploi',
        'je travaille pour un employeur privé',
        'je travaille pour un employeur public (agent public)',
        'je travaille à mon compte',
        'je suis à la retraite',
        'aucune de ces situations',
        'je ne sais pas',
      ]);
      expect(question?.answers[2]?.verdict.cpf).to.equal('hors_perimetre');
    }
  });

  it('the last answer is always not to know, and changes nothing', () => {
    const question = asked({ 'personne.age': null });
    expect(question?.text).to.equal('Quel âge avez-vous ?');
    const last = question?.answers.at(-1);
    expect(last?.label).to.equal('je préfère ne pas répondre');
    expect(last?.verdict).to.deep.include({ cpf: 'indecidable', manquants: ['personne.age'] });
    expect(question?.answers.map(({ verdict }) => verdict.cpf)).to.deep.equal(['oui', 'non', 'non', 'indecidable']);
  });

  it('what each answer would give is the verdict of the dossier with that answer', () => {
    const question = asked({ 'personne.inscriptionFranceTravail': null, 'personne.soldeCpf': 5000 });
    expect(question?.fact).to.equal('personne.inscriptionFranceTravail');
    expect(question?.answers.map(({ label, verdict }) => [label, verdict.resteACharge])).to.deep.equal([
      ['oui, je me connecte avec France Travail', 0],
      ["oui, j'ai un avis de situation", 0],
      ["oui, sans preuve pour l'instant", null],
      ['non', 15_000],
      ['je ne sais pas', null],
    ]);
  });

  it('facts that matter only together are still asked, one after the other', () => {
    const together = {
      'personne.soldeCpf': null,
      cofinancements: [{ par: 'region', montant: 100, accorde: null }],
    };
    const first = asked(together);
    expect(first?.fact).to.equal('personne.soldeCpf');
    expect(asked(together, ['personne.soldeCpf', 'cofinancements[0].accorde'])).to.equal(null);
    expect(asked({ ...together, 'personne.soldeCpf': 100 })?.fact).to.equal('cofinancements[0].accorde');
  });

  it('a balance is not asked when the rights are 0 whatever it is', () => {
    expect(asked({ 'action.prix': 100, 'personne.soldeCpf': null })).to.equal(null);
    const registered = { 'personne.inscriptionFranceTravail': proof('2026-06-10') };
    expect(asked({ 'action.prix': 100, 'personne.soldeCpf': null, ...registered })?.fact).to.equal('personne.soldeCpf');
  });

  it('no fact is asked where no amount is known for the date', () => {
    expect(asked({ date: '2027-01-01', 'personne.soldeCpf': null })).to.equal(null);
  });

  it('a declined question is not asked again', () => {
    expect(asked(nobody, ['personne.statut'])?.fact).to.equal('personne.age');
    const all = ['statut', 'age', 'retraiteTauxPlein', 'inscriptionFranceTravail', 'exonerationAutre', 'soldeCpf'];
    expect(
      asked(
        nobody,
        all.map((fact) => `personne.${fact}`),
      ),
    ).to.equal(null);
  });

  for (const choice of [0, 1, -2]) {
    it(`answering always with choice ${choice} ends in at most eight questions, none asked twice`, () => {
      let dossier = dossierOf(wireDossier({ ...nobody, 'action.prix': 900 }));
      const facts: string[] = [];
      for (;;) {
        const question = nextQuestion(dossier, dossier.date, rules);
        if (question === null) break;
        facts.push(question.fact);
        expect(facts.length).to.be.at.most(8);
        const answer = question.answers.at(choice);
        if (answer === undefined) throw new Error('no answer');
        dossier = answer.dossier;
      }
      expect(new Set(facts).size).to.equal(facts.length);
      expect(facts.length).to.be.greaterThan(1);
    });
  }

  it('the licence of a person asks for the registration, then for the aid', () => {
    const licence = { 'action.type': 'permis_leger', 'action.certification': null };
    const pending = { cofinancements: [{ par: 'region', montant: 300, accorde: null }] };
    expect(asked({ ...licence, 'personne.inscriptionFranceTravail': null })?.fact).to.equal(
      'personne.inscriptionFranceTravail',
    );
    const aid = asked({ ...licence, ...pending });
    expect(aid?.text).to.equal('Une aide est-elle déjà accordée ?');
    expect(aid?.answers.map(({ label, verdict }) => [label, verdict.cpf])).to.deep.equal([
      ['oui', 'oui'],
      ['demandée, pas de réponse', 'indecidable'],
      ['non', 'non'],
      ['je ne sais pas', 'indecidable'],
    ]);
  });
});
