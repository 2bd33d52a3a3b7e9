/** Text as alignment reads it: words without accents, case or plural endings, each with its place in the original. */

/** How a word was written: 0 lower case, 1 first letter capital, 2 capitals throughout (two letters or more). */
export type Capitals = 0 | 1 | 2;

export interface Word {
  /** Folded and stemmed. */
  readonly stem: string;
  /** Offsets in the original text. */
  readonly start: number;
  readonly end: number;
  readonly capitals: Capitals;
}

const foldedLimit = 0x250;

/** Folded text of each Latin letter or digit below U+0250; an empty string separates words. */
const folded: readonly string[] = Array.from({ length: foldedLimit }, (_, code) => {
  const plain = String.fromCharCode(code)
    .toLowerCase()
    .replace(/œ/g, 'oe')
    .replace(/æ/g, 'ae')
    .replace(/ß/g, 'ss')
    .normalize('NFD')
    .replace(/\p{M}/gu, '');
  return /^[a-z0-9]+$/.test(plain) ? plain : '';
});

const space = 0x20;
const hash = 0x23;
const plus = 0x2b;
const isMark = (code: number): boolean => code >= 0x300 && code <= 0x36f;

const isUpper: readonly boolean[] = Array.from({ length: foldedLimit }, (_, code) => {
  const char = String.fromCharCode(code);
  return char !== char.toLowerCase();
});

/** Articles and the like, which vary freely inside a phrase: « protection de la donnée », « protection des données ». */
const ignored: ReadonlySet<string> = new Set('de des du d l la le les un une the of a an s'.split(' '));

function stemOf(word: string): string {
  if (word.length <= 3) return word;
  if (word.endsWith('s') && !word.endsWith('ss')) return word.slice(0, -1);
  return word.endsWith('aux') || word.endsWith('eux') ? word.slice(0, -1) : word;
}

interface Reading {
  /** Empty for a word that says nothing. */
  readonly stem: string;
  readonly capitals: Capitals;
}

function readWord(word: string): Reading {
  let plain = '';
  let letters = 0;
  let uppers = 0;
  for (let index = 0; index < word.length; index += 1) {
    const code = word.charCodeAt(index);
    if (isMark(code)) continue;
    plain += code === hash || code === plus ? word[index] : (folded[code] ?? '');
    if (code <= 0x39) continue;
    letters += 1;
    if (isUpper[code]) uppers += 1;
  }
  const capitals: Capitals = letters > 1 && uppers === letters ? 2 : isUpper[word.charCodeAt(0)] ? 1 : 0;
  return { stem: ignored.has(plain) ? '' : stemOf(plain), capitals };
}

/** The same few thousand words make most of every text: with each read once, aligning a course takes a quarter less time. */
const known = new Map<string, Reading>();
const mostKnown = 20_000;
/** A longer piece of a text is not copied by V8, and would keep the whole text in memory. */
const longestKnown = 12;

function knownWord(word: string): Reading {
  const before = known.get(word);
  if (before !== undefined) return before;
  const reading = readWord(word);
  if (word.length > longestKnown) return reading;
  if (known.size === mostKnown) known.clear();
  known.set(word, reading);
  return reading;
}

/** One pass; `#` and `+` count after a letter (C#, C++); combining marks of decomposed text are passed over. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let start = -1;
  for (let index = 0; index <= text.length; index += 1) {
    const code = index < text.length ? text.charCodeAt(index) : space;
    const isLetter = code < foldedLimit && folded[code] !== '';
    if (start === -1) {
      if (isLetter) start = index;
    } else if (!isLetter && code !== hash && code !== plus && !isMark(code)) {
      const { stem, capitals } = knownWord(text.slice(start, index));
      if (stem !== '') words.push({ stem, start, end: index, capitals });
      start = -1;
    }
  }
  return words;
}

/** The same text for two spellings of one title: used to recognise titles of frameworks. */
export function foldedTitle(text: string): string {
  return wordsOf(text)
    .map((word) => word.stem)
    .join(' ');
}
