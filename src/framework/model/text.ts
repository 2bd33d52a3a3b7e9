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

/** One pass; `#` and `+` count after a letter (C#, C++); combining marks of decomposed text are passed over. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let word = '';
  let start = 0;
  let letters = 0;
  let uppers = 0;
  let firstIsUpper = false;
  const close = (end: number): void => {
    if (word !== '' && !ignored.has(word)) {
      const capitals: Capitals = letters > 1 && uppers === letters ? 2 : firstIsUpper ? 1 : 0;
      words.push({ stem: stemOf(word), start, end, capitals });
    }
    word = '';
    letters = 0;
    uppers = 0;
  };
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x300 && code <= 0x36f) continue;
    const char = code < foldedLimit ? (folded[code] ?? '') : '';
    if (char === '') {
      if ((code === 0x23 || code === 0x2b) && word !== '') word += text[index];
      else close(index);
      continue;
    }
    if (word === '') {
      start = index;
      firstIsUpper = isUpper[code] ?? false;
    }
    word += char;
    if (code > 0x39) {
      letters += 1;
      if (isUpper[code]) uppers += 1;
    }
  }
  close(text.length);
  return words;
}

/** The same text for two spellings of one title: used to recognise titles of frameworks. */
export function foldedTitle(text: string): string {
  return wordsOf(text)
    .map((word) => word.stem)
    .join(' ');
}
