/** What a query means: for each of its words, the terms that count as that word, and how much. */
import type { Analyser, Word } from './french.ts';
import { stemOf } from './french.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface Alternative {
  readonly term: string;
  readonly weight: number;
}

/** One word of the query; a course matches it by any alternative. */
export interface Group {
  readonly alternatives: readonly Alternative[];
  /** The word as typed, when it was understood as it is: courses with it in their title get a little more. */
  readonly surface: string | null;
}

export interface Meaning {
  /** Empty: nothing to search for, all courses match. */
  readonly groups: readonly Group[];
  /** How many groups a course must match. */
  readonly needed: number;
  readonly correction: string | null;
  readonly widenedTo: readonly string[];
}

const longestQuery = 100;
const mistakeWeights: readonly number[] = [1, 0.9, 0.7];
const rawStemWeight = 0.35;
const synonymWeight = 0.8;
const mostCorrections = 3;

interface Understood {
  readonly alternatives: readonly Alternative[];
  /** The word put in its place, as courses write it. */
  readonly corrected: string | null;
}

/**
 * @param hasTerm whether any living course has the term: only what can be found is announced
 * @param literal without correction nor synonyms
 */
export function meaningOf(
  q: string,
  analyser: Analyser,
  vocabulary: Vocabulary,
  hasTerm: (term: string) => boolean,
  literal: boolean,
): Meaning {
  // Cut twice: by code units first, so that a huge text is never spread into characters.
  const text = [...q.slice(0, 2 * longestQuery)].slice(0, longestQuery).join('');
  const words = distinct(analyser.words(text));
  const understood = words.map((word) => understand(word, analyser, vocabulary, literal));
  const added = words.map((): Map<string, string> => new Map());
  if (!literal) {
    for (const { from, length, others } of analyser.widenings(words)) {
      for (const other of others.filter(({ term }) => hasTerm(term))) {
        for (const terms of added.slice(from, from + length)) terms.set(other.term, other.text);
      }
    }
  }
  const groups = understood.map(({ alternatives, corrected }, index): Group => {
    const own = new Set(alternatives.map(({ term }) => term));
    const widened = [...(added[index]?.keys() ?? [])].filter((term) => !own.has(term));
    return {
      alternatives: [...alternatives, ...widened.map((term) => ({ term, weight: synonymWeight }))],
      surface: corrected === null ? (words[index]?.surface ?? null) : null,
    };
  });
  const isCorrected = understood.some(({ corrected }) => corrected !== null);
  return {
    groups,
    needed: groups.length > 2 ? groups.length - 1 : groups.length,
    correction: isCorrected ? words.map((word, index) => understood[index]?.corrected ?? word.form).join(' ') : null,
    widenedTo: [...new Set(added.flatMap((terms) => [...terms.values()]))],
  };
}

function distinct(words: readonly Word[]): readonly Word[] {
  const seen = new Set<string>();
  return words.filter(({ surface }) => !seen.has(surface) && seen.add(surface));
}

function understand(word: Word, analyser: Analyser, vocabulary: Vocabulary, literal: boolean): Understood {
  const joined = word.joined === null ? [] : termsOf(word.joined.surface, word.joined.stem, vocabulary);
  const known = vocabulary.stemsOf(word.surface);
  if (known.length > 0) return { alternatives: weighted([...known, ...joined], 1), corrected: null };
  const plain = weighted([word.stem, ...joined], 1);
  if (literal || analyser.isListed(word.surface)) return { alternatives: plain, corrected: null };
  const near = vocabulary.near(word.surface, mostCorrections);
  const [nearest] = near;
  if (nearest === undefined) {
    return { alternatives: weighted([word.stem, ...joined], joined.length > 0 ? 1 : rawStemWeight), corrected: null };
  }
  // « programmations » when courses only say « programmation »: another ending of the same word is no mistake.
  const family = near.filter(({ surface }) => stemOf(surface) === stemOf(word.surface));
  if (family.length > 0) {
    const stems = family.flatMap(({ surface }) => vocabulary.stemsOf(surface));
    return { alternatives: weighted([...stems, word.stem, ...joined], 1), corrected: null };
  }
  const weights = new Map<string, number>();
  for (const { surface, distance } of near) {
    for (const stem of vocabulary.stemsOf(surface)) {
      weights.set(stem, Math.max(weights.get(stem) ?? 0, mistakeWeights[distance] ?? 0));
    }
  }
  if (!weights.has(word.stem)) weights.set(word.stem, rawStemWeight);
  const alternatives = [...weights].map(([term, weight]) => ({ term, weight }));
  return { alternatives, corrected: vocabulary.shown(nearest.surface) };
}

function termsOf(surface: string, stem: string, vocabulary: Vocabulary): readonly string[] {
  const stems = vocabulary.stemsOf(surface);
  return stems.length > 0 ? stems : [stem];
}

function weighted(terms: readonly string[], weight: number): readonly Alternative[] {
  return [...new Set(terms)].map((term) => ({ term, weight }));
}
