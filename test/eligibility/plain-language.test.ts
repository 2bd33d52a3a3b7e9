/** T47: simple texts are measured, and a word that nobody explains fails the build. */
import { expect } from 'chai';
import { loadRules } from '../../src/eligibility/data.ts';
import { answerNames } from '../../src/eligibility/model/answers.ts';
import { displays, headings, plainHeadings } from '../../src/eligibility/model/displays.ts';
import { plainQuestions, plainSentences } from '../../src/eligibility/view-models/plain.ts';
import { loadLexicon } from '../../src/pages/data.ts';

const rules = loadRules();
const lexicon = loadLexicon();
const simple: readonly (readonly [where: string, text: string])[] = [
  ...rules.rules.map(({ id, plain }) => [`rule ${id}`, plain] as const),
  ...displays.map((display) => [`heading ${display}`, plainHeadings[display]] as const),
  ...answerNames.map((name) => [`question ${name}`, plainQuestions[name]] as const),
  ...Object.entries(plainSentences).map(([name, text]) => [`sentence ${name}`, text] as const),
  ...lexicon.map(({ term, plain }) => [`word ${term}`, plain] as const),
];

const sentencesOf = (text: string) => text.split(/(?<=[.!?])\s+/).filter((sentence) => /\p{L}/u.test(sentence));
const wordsOf = (sentence: string) => sentence.match(/[\p{L}\d]+(?:['’-][\p{L}\d]+)*/gu) ?? [];
/** Two capitals or more, or a capital inside a word. */
const acronymsOf = (text: string) => text.match(/\b\p{Lu}[\p{Lu}\d]+(?:\/\p{Lu}+)?\b/gu) ?? [];
const explained = new Set(lexicon.map(({ term }) => term));

/** What is wrong with texts, one line each. */
function hardToRead(texts: readonly (readonly [where: string, text: string])[]): string[] {
  return texts.flatMap(([where, text]) => [
    ...sentencesOf(text)
      .filter((sentence) => wordsOf(sentence).length > 20)
      .map((sentence) => `${where}: more than 20 words: ${sentence}`),
    ...acronymsOf(text)
      .filter((acronym) => !explained.has(acronym))
      .map((acronym) => `${where}: ${acronym} is not in the lexicon`),
  ]);
}

const meanOf = (texts: readonly (readonly [string, string])[]) => {
  const lengths = texts.flatMap(([, text]) => sentencesOf(text)).map((sentence) => wordsOf(sentence).length);
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
};

describe('simple texts', () => {
  it('no sentence has more than 20 words, no acronym is missing from the lexicon', () => {
    expect(hardToRead(simple)).to.deep.equal([]);
  });

  it('a sentence has 12 words at most on average, of each kind of text', () => {
    expect(meanOf(simple)).to.be.at.most(12);
    for (const kind of ['rule', 'heading', 'question', 'sentence', 'word'])
      expect(meanOf(simple.filter(([where]) => where.startsWith(kind))), kind).to.be.at.most(12);
  });

  it('the measure sees what is too long, and what is not explained', () => {
    const long = Array.from({ length: 21 }, () => 'mot').join(' ');
    expect(hardToRead([['a', `${long}.`]])).to.have.length(1);
    expect(hardToRead([['a', 'Demandez à la CDC ou au CPF.']])).to.deep.equal(['a: CDC is not in the lexicon']);
    expect(meanOf([['a', `${long}.`]])).to.equal(21);
  });

  it('every rule, display, question has one', () => {
    for (const [where, text] of simple) expect(text.trim(), where).to.match(/\p{L}.*[.?]$/su);
  });

  it('the words of the questions, of the reasons and of the headings are explained too', () => {
    const shown = [
      ...Object.values(headings),
      ...rules.rules.flatMap(({ condition, reasons, remedy }) => [condition, ...reasons, remedy ?? '']),
    ];
    expect(shown.flatMap(acronymsOf).filter((acronym) => !explained.has(acronym))).to.deep.equal([]);
  });

  it('the lexicon explains each word once', () => {
    expect(explained.size).to.equal(lexicon.length);
  });
});
