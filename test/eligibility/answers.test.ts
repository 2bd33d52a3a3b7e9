import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Answers,
  answerNames,
  answersOf,
  declinedFacts,
  noAnswers,
  personOf,
  readAnswers,
  registrationAnswers,
  writeAnswers,
} from '../../src/eligibility/model/answers.ts';
import { funders, readDossier, statuts } from '../../src/eligibility/model/dossier.ts';
import { wireDossier } from '../builders/dossier.ts';

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const told = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: null });
const cents = fc.integer({ min: 0, max: 1_000_000_000 }).map((value) => value / 100);
const anyAnswers: fc.Arbitrary<Answers> = fc.record(
  {
    v: fc.constant(1 as const),
    statut: told(fc.constantFrom(...statuts)),
    age: told(fc.integer({ min: 0, max: 130 })),
    apprenti: told(fc.boolean()),
    retraiteTauxPlein: told(fc.boolean()),
    inscription: told(fc.constantFrom(...registrationAnswers)),
    exonerationAutre: told(fc.boolean()),
    dernierBilan: told(fc.constantFrom('aucun' as const, '2021-02-03', '1999-12-31')),
    aides: told(
      fc.array(fc.record({ par: fc.constantFrom(...funders), montant: told(cents), accorde: told(fc.boolean()) }), {
        maxLength: 10,
      }),
    ),
    solde: fc.constant(null),
  },
  { requiredKeys: ['v'] },
);

describe('answers of a person', () => {
  it('come back from a link exactly as they were, for any answers', () => {
    fc.assert(
      fc.property(anyAnswers, (answers) => {
        const text = writeAnswers(answers);
        if (text.length > 2_000) return;
        expect(text).to.match(/^[\w-]*$/);
        expect(readAnswers(text)).to.deep.equal({ ok: true, answers });
      }),
    );
  });

  it('nothing answered is an empty text, and nobody was asked', () => {
    expect(writeAnswers(noAnswers)).to.equal('');
    expect(readAnswers('')).to.deep.equal({ ok: true, answers: noAnswers });
    expect(personOf(noAnswers)).to.deep.equal({ personne: null, cofinancements: [] });
  });

  it('« je ne sais pas » is not the same as not asked', () => {
    expect(writeAnswers({ v: 1, age: null })).to.not.equal(writeAnswers(noAnswers));
    expect(personOf({ v: 1, age: null }).personne).to.include({ age: null });
    expect([...declinedFacts({ v: 1, age: null }, ['personne.age', 'personne.statut'])]).to.deep.equal([
      'personne.age',
    ]);
  });

  it('a link that was cut anywhere is refused', () => {
    const text = writeAnswers({ v: 1, statut: 'salarie', age: 38, retraiteTauxPlein: false, aides: [] });
    for (let length = 1; length < text.length; length += 1)
      expect(readAnswers(text.slice(0, length)).ok, text.slice(0, length)).to.equal(false);
  });

  for (const [why, value] of [
    ['a negative balance', { v: 1, solde: -1 }],
    ['a balance under another name', { v: 1, soldeCpf: 3_000 }],
    ['an unknown key', { v: 1, nom: 'Camille' }],
    ['an unknown key in an aid', { v: 1, aides: [{ par: 'opco', montant: 1, accorde: true, siret: '1' }] }],
    ['another version', { v: 2, age: 30 }],
    ['no version', { age: 30 }],
    ['a proof, which no link can give', { v: 1, inscription: 'ft_connect_statut' }],
    ['an age that nobody has', { v: 1, age: 400 }],
    ['a tenth of a cent', { v: 1, aides: [{ par: 'opco', montant: 1.001, accorde: true }] }],
    ['a negative aid', { v: 1, aides: [{ par: 'opco', montant: -1, accorde: true }] }],
    ['a list', []],
    ['nothing', null],
  ] as const) {
    it(`${why} is refused`, () => {
      expect(answersOf(value).ok).to.equal(false);
      expect(readAnswers(encoded(value)).ok).to.equal(false);
    });
  }

  it('a balance is among the answers only when it was put there, and is then that of the dossier', () => {
    const told = { v: 1 as const, age: 38, solde: 1777.5 };
    const read = readAnswers(writeAnswers(told));
    expect(read).to.deep.equal({ ok: true, answers: told });
    expect(personOf(told).personne?.soldeCpf).to.equal(1777.5);
    expect(personOf(told, 20).personne?.soldeCpf, 'one that was typed since').to.equal(20);
    expect(personOf({ v: 1, age: 38, solde: null }).personne?.soldeCpf).to.equal(null);
  });

  it('what is no base64url, no UTF-8, no JSON or too long is refused', () => {
    const badUtf8 = Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url');
    for (const text of ['{"v":1}', 'é', 'AA==', badUtf8, encoded('x').slice(1), 'A'.repeat(2_001), ' '])
      expect(readAnswers(text).ok, text).to.equal(false);
  });

  it('a registration told in a link is a declaration, never a proof', () => {
    for (const inscription of ['avis', 'sans_preuve'] as const) {
      const { personne } = personOf({ v: 1, inscription });
      expect(personne?.inscriptionFranceTravail).to.deep.include({ inscrit: true, source: 'declaratif' });
    }
    const { personne } = personOf({ v: 1, inscription: 'non' });
    expect(personne?.inscriptionFranceTravail).to.deep.include({ inscrit: false });
  });

  it('any answers make a dossier that is accepted, with the balance that is carried apart', () => {
    fc.assert(
      fc.property(anyAnswers, told(cents), (answers, balance) => {
        const wire: unknown = { ...(wireDossier() as object), ...personOf(answers, balance) };
        const read = readDossier(wire);
        expect(read.ok ? [] : read.errors).to.deep.equal([]);
        if (read.ok && read.dossier.personne !== null)
          expect(read.dossier.personne.soldeCpf).to.equal(balance === null ? null : Math.round(balance * 100));
      }),
    );
  });

  it('names every answer once', () => {
    expect(new Set(answerNames).size).to.equal(9);
  });
});
