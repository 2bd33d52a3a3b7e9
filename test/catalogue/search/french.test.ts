import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { fold, frenchAnalyser, stemOf } from '../../../src/catalogue/search/french.ts';
import { editDistance } from '../../../src/catalogue/search/vocabulary.ts';

const stems = (text: string): string[] => frenchAnalyser.words(text).map(({ stem }) => stem);
const surfaces = (text: string): string[] => frenchAnalyser.words(text).map(({ surface }) => surface);

describe('French analysis', () => {
  describe('stems the accented word, then folds', () => {
    const examples: readonly (readonly [string, string])[] = [
      ['cybersécurité', 'cybersecur'],
      ['cybersecurite', 'cybersecurit'],
      ['sécurité', 'secur'],
      ['securite', 'securit'],
      ['données', 'don'],
      ['donnees', 'donne'],
      ['référencement', 'referenc'],
      ['referencement', 'referenc'],
      ['programation', 'program'],
      ['développeur', 'developpeur'],
      ['développeurs', 'developpeur'],
      ['développeuse', 'developp'],
      ['développer', 'developp'],
      ['développement', 'developp'],
      ['formateur', 'formateur'],
      ['formatrice', 'formatric'],
      ['concepteur', 'concepteur'],
      ['conceptrice', 'conceptric'],
      ['administrateur', 'administr'],
      ['administratrice', 'administr'],
      ['code', 'cod'],
      ['coder', 'cod'],
      ['codage', 'codag'],
      ['format', 'format'],
      ['formation', 'format'],
      ['formations', 'format'],
      ['donnée', 'don'],
      ['donner', 'don'],
      ['don', 'don'],
      ['intelligence', 'intelligent'],
      ['intelligent', 'intelligent'],
    ];
    for (const [word, stem] of examples) it(`${word} gives ${stem}`, () => expect(stemOf(word)).to.equal(stem));
  });

  it('keeps words under four letters and words with a digit whole', () => {
    expect(stems('3D UX UI RNCP37682 bac2s')).to.deep.equal(['3d', 'ux', 'ui', 'rncp37682', 'bac2s']);
  });

  it('folds ligatures, which no normalisation form splits', () => {
    expect(fold('Œuvre Cælio ÉTÉ')).to.equal('oeuvre caelio ete');
  });

  it('reads composed and decomposed accents, and either apostrophe, alike', () => {
    const text = "l'accessibilité numérique";
    expect(surfaces(text.normalize('NFD'))).to.deep.equal(surfaces(text));
    expect(surfaces(text.replace("'", '’'))).to.deep.equal(['accessibilite', 'numerique']);
    expect(surfaces(text.replace("'", 'ʼ'))).to.deep.equal(['accessibilite', 'numerique']);
  });

  it('strips elisions only before letters, and keeps « aujourd’hui »', () => {
    expect(surfaces("l'eau d'impression qu'internet jusqu'ordinateur lorsqu'excel")).to.deep.equal([
      'eau',
      'impression',
      'internet',
      'ordinateur',
      'excel',
    ]);
    expect(surfaces('aujourd’hui')).to.deep.equal(["aujourd'hui"]);
    expect(surfaces('le web d’aujourd’hui')).to.deep.equal(['web', "aujourd'hui"]);
    expect(surfaces('langage C et R')).to.deep.equal(['langage', 'c', 'r']);
  });

  it('leaves no junk of inclusive writing', () => {
    for (const text of [
      'développeur·euse',
      'développeur•euse',
      'développeur(euse)',
      'développeur/euse',
      'développeur-euse',
    ]) {
      expect(stems(text), text).to.deep.equal(['developpeur']);
    }
    expect(stems('formateur/trice')).to.deep.equal(['formateur']);
    expect(surfaces('inscrit-e-s inscrit·e·s inscrit.e.s inscrit(e)s')).to.deep.equal(Array(4).fill('inscrit'));
    expect(surfaces('html/css multi-sites')).to.deep.equal(['html', 'css', 'multi', 'sites']);
  });

  it('brings the two genders of a job together, and coding with code', () => {
    for (const [one, other] of [
      ['développeur', 'développeuse'],
      ['formateurs', 'formatrices'],
      ['concepteur', 'conceptrice'],
      ['code', 'codage'],
    ]) {
      expect(stems(other ?? ''), other).to.deep.equal(stems(one ?? ''));
    }
    expect(stems('développeuse')).not.to.deep.equal(stems('développement'));
  });

  it('protects technical forms', () => {
    expect(surfaces('C++ C# .NET ASP.NET Node.js e-commerce')).to.deep.equal([
      'c++',
      'c#',
      '.net',
      'asp.net',
      'node.js',
      'e-commerce',
    ]);
    // A protected form is not looked for inside a word.
    expect(surfaces('exemple.net')).to.deep.equal(['exemple', 'net']);
  });

  it('gives a hyphenated word split and joined', () => {
    const [open, source] = frenchAnalyser.words('open-source');
    expect([open?.surface, source?.surface]).to.deep.equal(['open', 'source']);
    expect(open?.joined?.surface).to.equal('opensource');
    expect(source?.joined).to.equal(open?.joined);
  });

  it('drops French and English stop words, never the words that most titles share', () => {
    expect(surfaces('la formation pour les débutants of the web')).to.deep.equal(['formation', 'debutants', 'web']);
    expect(surfaces('formation cours apprendre')).to.deep.equal(['formation', 'cours', 'apprendre']);
  });

  it('knows the expressions of several words that have synonyms', () => {
    const words = frenchAnalyser.words("La protection des données et l'intelligence artificielle");
    expect(frenchAnalyser.phrases(words)).to.deep.equal(['protection donnees', 'intelligence artificielle']);
  });

  it('cuts words that nobody types', () => {
    expect(surfaces('x'.repeat(10_000))).to.deep.equal(['x'.repeat(40)]);
  });

  it('measures typing mistakes, a swap of neighbours as one', () => {
    expect(editDistance('python', 'pyton', 2)).to.equal(1);
    expect(editDistance('python', 'pyhton', 2)).to.equal(1);
    expect(editDistance('python', 'pythons', 2)).to.equal(1);
    expect(editDistance('python', 'pithon', 2)).to.equal(1);
    expect(editDistance('kubernetes', 'kubernets', 2)).to.equal(1);
    expect(editDistance('excel', 'tableur', 2)).to.equal(3);
  });

  it('keeps words and not the texts that they were found in', () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const held = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = held();
    const filler = ', '.repeat(100_000);
    for (let n = 0; n < 60; n += 1) frenchAnalyser.words(`${n} ${filler} anticonstitutionnellement${n}`);
    expect(held() - before).to.be.below(4_000_000);
  });
});
