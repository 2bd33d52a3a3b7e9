/**
 * French text to terms: one analyser for courses, queries and suggestions. The order of the steps matters and is told
 * in docs/catalogue-search.md: stemming reads the accents, so it comes before folding; the folded word is kept beside
 * the stem, because a query typed without accents cannot be stemmed rightly.
 */
import { stemmer } from '@orama/stemmers/french';
import { type AnalysisData, readAnalysisData } from './data.ts';

export interface Term {
  /** Lower case, as written. */
  readonly form: string;
  /** `form` without accents: what is compared, suggested and judged for typing mistakes. */
  readonly surface: string;
  /** What is searched. */
  readonly stem: string;
}

export interface Word extends Term {
  /** `opensource` for both words of « open-source »: one object shared by the parts. */
  readonly joined: Term | null;
}

/** One side of a synonym: its words, and the term under which it is found in courses. */
export interface Expression {
  readonly text: string;
  readonly words: readonly Term[];
  /** The stem of a single word; the surfaces joined by spaces for several, which no stem can be. */
  readonly term: string;
}

/** Where an expression that has synonyms was found in a list of words. */
export interface Widening {
  readonly from: number;
  readonly length: number;
  readonly others: readonly Expression[];
}

export interface Analyser {
  readonly version: number;
  /** Stop words are dropped. Any string is accepted. */
  words(text: string): readonly Word[];
  /** The terms of the expressions of several words that synonyms look for. */
  phrases(words: readonly Term[]): readonly string[];
  widenings(words: readonly Term[]): readonly Widening[];
  /** True of a word of the data lists: it is spelt right even when no course has it. */
  isListed(surface: string): boolean;
}

/** Words whose analysis is kept: the same few thousand make up most of any catalogue. */
const wordsKept = 20_000;

/** Longer words are cut: nobody types them, and they would be held for ever. */
const longestWord = 40;

/** Lower case, without accents; no normalisation form of Unicode splits the ligatures. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/œ/g, 'oe')
    .replace(/æ/g, 'ae');
}

/** The stem of a lower-case word with its accents, folded. Short words and those with a digit stay whole. */
export function stemOf(form: string): string {
  return fold(form.length < 4 || /\p{N}/u.test(form) ? form : stemmer(form));
}

/** A part of a text keeps the whole text in memory, for as long as it is kept itself. */
function copyOf(part: string): string {
  return Buffer.from(part, 'utf16le').toString('utf16le');
}

function normalise(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .replace(/[\u00ad\u200b-\u200d\ufeff]/g, '');
}

const mark = '[·•‧∙⋅./-]';
const suffix = '(?:euses?|trices?|rices?|ices?|ières?|ères?|esses?|nes?|ves?|les?|tes?|ses?|es?|s)';
/** « développeur·euse·s », « formateur/trice », « inscrit-e-s », « formé(e)s »; the mark is looked for before what stands before it. */
const inclusive = new RegExp(
  `(?=${mark}|\\()(?<=\\p{L}{3})(?:${mark}${suffix}(?:${mark}s)?|\\((?:${mark})?${suffix}\\)s?)(?![\\p{L}\\p{N}])`,
  'gu',
);
/** The end of a segment counts as a letter: a protected form follows it. */
const elision = /(?=[a-z]+')(?<![\p{L}\p{N}'])(?:[ldjmtnsc]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=\p{L}|$)/gu;
const compound = /['-]/;
const wordPattern = /[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*/gu;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Longest first, so that « asp.net » is not read as « .net ». */
function protectedPattern(forms: readonly string[]): RegExp {
  const alternatives = [...forms].sort((a, b) => b.length - a.length).map(escaped);
  return new RegExp(`(?<![\\p{L}\\p{N}])(${alternatives.join('|')})(?![\\p{L}\\p{N}])`, 'gu');
}

export function makeFrenchAnalyser(data: AnalysisData): Analyser {
  const stopWords = new Set([...data.stopWords.french, ...data.stopWords.english].map(fold));
  const pairStems = new Map<string, string>();
  for (const [first, second] of data.pairs) {
    const stem = stemOf(first);
    for (const word of [first, second]) {
      pairStems.set(fold(word), stem);
      pairStems.set(`${fold(word)}s`, stem);
    }
  }
  // A form may be typed without its accents.
  const protectedForms = protectedPattern([...new Set(data.protected.flatMap((form) => [form, fold(form)]))]);

  const known = new Map<string, Word>();

  /** Alone, not joined to another. */
  function wordOf(written: string): Word {
    const seen = known.get(written);
    if (seen !== undefined) return seen;
    const form = copyOf(written.slice(0, longestWord));
    const surface = fold(form);
    const word: Word = { form, surface, stem: pairStems.get(surface) ?? stemOf(form), joined: null };
    if (known.size >= wordsKept) known.clear();
    known.set(form, word);
    return word;
  }

  /** Twice the same compound in a row is two compounds: each has an object that is no other's. */
  function ofItsOwn(written: string): Term {
    const { form, surface, stem } = wordOf(written);
    return { form, surface, stem };
  }

  function protectedWord(form: string): Word {
    const surface = fold(form);
    const isCompound = /^[a-z0-9]+(?:[-.][a-z0-9]+)+$/.test(surface);
    return { form, surface, stem: surface, joined: isCompound ? ofItsOwn(surface.replace(/[-.]/g, '')) : null };
  }

  function addWordsOf(segment: string, found: Word[]): void {
    const plain = segment.replace(inclusive, '').replace(elision, ' ');
    for (const written of plain.match(wordPattern) ?? []) {
      const parts = compound.test(written) ? written.replace(/'s$/, '').split(/['-]/) : [written];
      const joined = parts.length > 1 && /\p{L}/u.test(written) ? ofItsOwn(parts.join('')) : null;
      for (const part of parts) {
        const word = wordOf(part);
        if (word.surface !== '' && !stopWords.has(word.surface))
          found.push(joined === null ? word : { ...word, joined });
      }
    }
  }

  function words(text: string): readonly Word[] {
    const found: Word[] = [];
    // The pattern has one group, so odd places hold the protected forms.
    for (const [place, segment] of normalise(text).split(protectedForms).entries()) {
      if (place % 2 === 1) found.push(protectedWord(segment));
      else addWordsOf(segment, found);
    }
    return found;
  }

  const groups = data.synonyms.map((texts) =>
    texts.map((text): Expression => {
      const parts = words(text);
      const [only] = parts;
      const isSingle = parts.length === 1 && only !== undefined;
      return { text, words: parts, term: isSingle ? only.stem : parts.map(({ surface }) => surface).join(' ') };
    }),
  );
  const byFirstWord = new Map<string, { readonly expression: Expression; readonly group: readonly Expression[] }[]>();
  const listed = new Set([...pairStems.keys(), ...data.protected.map(fold)]);
  for (const group of groups) {
    for (const expression of group) {
      for (const { surface } of expression.words) listed.add(surface);
      const [first] = expression.words;
      if (first === undefined) continue;
      const entry = { expression, group };
      for (const key of new Set([first.surface, first.stem])) {
        byFirstWord.set(key, [...(byFirstWord.get(key) ?? []), entry]);
      }
    }
  }

  function* expressionsIn(list: readonly Term[], shortest: number) {
    for (const [from, word] of list.entries()) {
      const starting = new Set([...(byFirstWord.get(word.surface) ?? []), ...(byFirstWord.get(word.stem) ?? [])]);
      for (const { expression, group } of starting) {
        const length = expression.words.length;
        if (length < shortest) continue;
        const matches = expression.words.every((wanted, index) => {
          const here = list[from + index];
          return here !== undefined && (here.surface === wanted.surface || here.stem === wanted.stem);
        });
        if (matches) yield { from, length, expression, group };
      }
    }
  }

  return {
    version: data.version,
    words,
    phrases: (list) => [...expressionsIn(list, 2)].map(({ expression }) => expression.term),
    widenings: (list) =>
      [...expressionsIn(list, 1)].map(({ from, length, expression, group }) => ({
        from,
        length,
        others: group.filter((other) => other !== expression),
      })),
    isListed: (surface) => listed.has(surface),
  };
}

export const frenchAnalyser: Analyser = makeFrenchAnalyser(readAnalysisData());
