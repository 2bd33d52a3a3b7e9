/** The words that speak of digital skills: their data, and the tree that finds them in one pass over a text. */
import { z } from 'zod';
import { type Capitals, type Word, wordsOf } from './text.ts';

const weight = z.number().min(-5).max(5);

const groupSchema = z
  .strictObject({
    subject: z.string().min(1),
    codes: z.record(z.string().regex(/^[1-5]\.[1-6]$/), weight.positive()).optional(),
    /** What a term says of the course being digital; absent, the largest weight of `codes`. */
    digital: weight.optional(),
    /** What the subject itself asks, 1 foundation to 4 highly specialised. */
    level: z.int().min(1).max(4).optional(),
    /** Moves the level, in bands. */
    shift: z.number().min(-2).max(2).optional(),
    /** For terms that are everyday words in the other language. */
    language: z.enum(['fr', 'en']).optional(),
    terms: z.array(z.string().min(1)).min(1),
  })
  .refine((group) => group.codes !== undefined || group.digital !== undefined, 'a group says something');

export const lexiconSchema = z.object({
  threshold: z.number().min(0).max(1),
  groups: z.array(groupSchema).min(1),
});
export type LexiconData = z.infer<typeof lexiconSchema>;

/** What a found term says. */
export interface Sense {
  readonly subject: string;
  readonly codes: readonly (readonly [code: string, weight: number])[];
  readonly digital: number;
  readonly level: number | null;
  readonly shift: number;
  readonly language: 'fr' | 'en' | null;
  /** Per word of the term, the least capitals it needs. */
  readonly capitals: readonly Capitals[];
}

interface Node {
  readonly next: Map<string, Node>;
  readonly senses: Sense[];
}

/** A compiled lexicon; built once by `compileLexicon`, never changed afterwards. */
export interface Lexicon {
  readonly threshold: number;
  readonly root: Node;
}

export interface Found {
  readonly senses: readonly Sense[];
  /** The folded term: the same for each of its spellings. */
  readonly key: string;
  /** Offsets in the original text. */
  readonly start: number;
  readonly end: number;
}

const newNode = (): Node => ({ next: new Map(), senses: [] });

/** Throws when a term holds no word at all. */
export function compileLexicon(data: LexiconData): Lexicon {
  const root = newNode();
  for (const group of data.groups) {
    const codes = Object.entries(group.codes ?? {});
    const sense = {
      subject: group.subject,
      codes,
      digital: group.digital ?? Math.max(0, ...codes.map(([, value]) => value)),
      level: group.level ?? null,
      shift: group.shift ?? 0,
      language: group.language ?? null,
    };
    for (const term of group.terms) {
      const words = wordsOf(term);
      if (words.length === 0) throw new Error(`lexicon term without a word: ${term}`);
      let node = root;
      for (const { stem } of words) {
        const known = node.next.get(stem) ?? newNode();
        node.next.set(stem, known);
        node = known;
      }
      if (!node.senses.some((other) => other.subject === group.subject)) {
        node.senses.push({ ...sense, capitals: words.map((word) => word.capitals) });
      }
    }
  }
  return { threshold: data.threshold, root };
}

/** The longest terms from left to right; a word belongs to one term only. */
export function findTerms(words: readonly Word[], lexicon: Lexicon, languages: ReadonlySet<string>): Found[] {
  const found: Found[] = [];
  let index = 0;
  while (index < words.length) {
    let node: Node | undefined = lexicon.root;
    let length = 0;
    let best: readonly Sense[] = [];
    for (let at = index; at < words.length; at += 1) {
      const word = words[at];
      node = word === undefined ? undefined : node.next.get(word.stem);
      if (node === undefined) break;
      if (node.senses.length === 0) continue;
      const senses = node.senses.filter((sense) => suits(sense, words, index, languages));
      if (senses.length === 0) continue;
      best = senses;
      length = at - index + 1;
    }
    const first = words[index];
    const last = words[index + length - 1];
    if (length > 0 && first !== undefined && last !== undefined) {
      const key = words
        .slice(index, index + length)
        .map((word) => word.stem)
        .join(' ');
      found.push({ senses: best, key, start: first.start, end: last.end });
    }
    index += Math.max(1, length);
  }
  return found;
}

function suits(sense: Sense, words: readonly Word[], index: number, languages: ReadonlySet<string>): boolean {
  if (sense.language !== null && !languages.has(sense.language)) return false;
  return sense.capitals.every((needed, offset) => needed === 0 || (words[index + offset]?.capitals ?? 0) >= needed);
}
