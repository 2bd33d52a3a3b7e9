/**
 * The folded words of the living courses: which stems each stands for, in how many courses, and how it is written.
 * Queries typed without accents and typing mistakes are resolved here, on words, never on stems.
 */
import type { Term } from './french.ts';

/** Fewer courses than this may be a mistake of theirs: such words are neither suggested nor proposed as corrections. */
export const commonFrom = 3;

export interface CourseWord {
  readonly term: Term;
  readonly inTitle: boolean;
}

export interface NearWord {
  readonly surface: string;
  readonly distance: number;
  readonly courses: number;
}

interface Entry {
  courses: number;
  inTitles: number;
  readonly stems: Map<string, number>;
  readonly forms: Map<string, number>;
  /** One bit per letter: two words at distance d differ by at most 2d bits. */
  readonly letters: number;
}

export class Vocabulary {
  readonly #entries = new Map<string, Entry>();
  /** Those of at least `commonFrom` courses, by length. */
  readonly #common = new Map<number, Map<string, Entry>>();

  /** `words`: of one course, each written form once. */
  add(words: readonly CourseWord[]): void {
    this.#count(words, 1);
  }

  /** `words`: the same as when the course was added. */
  remove(words: readonly CourseWord[]): void {
    this.#count(words, -1);
  }

  /** Stems of a known word, most courses first; empty when no course has the word. */
  stemsOf(surface: string): readonly string[] {
    const entry = this.#entries.get(surface);
    return entry === undefined ? [] : mostFirst(entry.stems);
  }

  /** As courses write it most often. */
  shown(surface: string): string {
    const entry = this.#entries.get(surface);
    return (entry && mostFirst(entry.forms)[0]) ?? surface;
  }

  /** Common words one typing mistake away (4 to 7 letters) or two (8 and more), nearest first, then most common. */
  near(surface: string, limit: number): readonly NearWord[] {
    if (surface.length < 4) return [];
    const most = surface.length < 8 ? 1 : 2;
    const letters = lettersOf(surface);
    const found: NearWord[] = [];
    for (let length = surface.length - most; length <= surface.length + most; length += 1) {
      for (const [known, entry] of this.#common.get(length) ?? []) {
        if (bitCount(entry.letters ^ letters) > 2 * most) continue;
        const distance = editDistance(surface, known, most);
        if (distance <= most) found.push({ surface: known, distance, courses: entry.courses });
      }
    }
    return found
      .sort((a, b) => a.distance - b.distance || b.courses - a.courses || compareText(a.surface, b.surface))
      .slice(0, limit);
  }

  /** Common words that begin so, those of titles first, then most common. */
  startingWith(prefix: string, limit: number): readonly string[] {
    const found: { surface: string; inTitles: boolean; courses: number }[] = [];
    for (const entries of this.#common.values()) {
      for (const [surface, { courses, inTitles }] of entries) {
        if (surface.startsWith(prefix)) found.push({ surface, inTitles: inTitles > 0, courses });
      }
    }
    return found
      .sort(
        (a, b) => Number(b.inTitles) - Number(a.inTitles) || b.courses - a.courses || compareText(a.surface, b.surface),
      )
      .slice(0, limit)
      .map(({ surface }) => this.shown(surface));
  }

  #count(words: readonly CourseWord[], step: 1 | -1): void {
    for (const [surface, { inTitle, stems, forms }] of bySurface(words)) {
      const entry = this.#entries.get(surface) ?? newEntry(surface);
      entry.courses += step;
      if (inTitle) entry.inTitles += step;
      for (const stem of stems) count(entry.stems, stem, step);
      for (const form of forms) count(entry.forms, form, step);
      if (entry.courses === 0) this.#entries.delete(surface);
      else this.#entries.set(surface, entry);
      const sameLength = this.#common.get(surface.length) ?? new Map<string, Entry>();
      this.#common.set(surface.length, sameLength);
      if (entry.courses >= commonFrom) sameLength.set(surface, entry);
      else sameLength.delete(surface);
    }
  }
}

function newEntry(surface: string): Entry {
  return { courses: 0, inTitles: 0, stems: new Map(), forms: new Map(), letters: lettersOf(surface) };
}

/** A course counts once for a word, however often and in whatever form it writes it. */
function bySurface(words: readonly CourseWord[]) {
  const found = new Map<string, { inTitle: boolean; stems: Set<string>; forms: Set<string> }>();
  for (const { term, inTitle } of words) {
    const known = found.get(term.surface) ?? { inTitle: false, stems: new Set<string>(), forms: new Set<string>() };
    known.inTitle ||= inTitle;
    known.stems.add(term.stem);
    known.forms.add(term.form);
    found.set(term.surface, known);
  }
  return found;
}

/** Keeps counts; what reaches zero is forgotten. */
function count(counts: Map<string, number>, key: string, step: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + step;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

function mostFirst(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts].sort(([a, n], [b, m]) => m - n || compareText(a, b)).map(([key]) => key);
}

/** By code units: the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function lettersOf(word: string): number {
  let letters = 0;
  for (let index = 0; index < word.length; index += 1) letters |= 1 << (word.charCodeAt(index) % 32);
  return letters;
}

function bitCount(bits: number): number {
  let left = bits;
  let ones = 0;
  while (left !== 0) {
    left &= left - 1;
    ones += 1;
  }
  return ones;
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours (Damerau, each letter edited once) that turn `a` into
 * `b`; more than `most` is answered as `most + 1`.
 */
export function editDistance(a: string, b: string, most: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, at(before, j - 2) + 1);
      row.push(best);
      least = Math.min(least, best);
    }
    if (least > most) return most + 1;
    before = previous;
    previous = row;
  }
  return Math.min(at(previous, b.length), most + 1);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
