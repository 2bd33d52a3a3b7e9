/**
 * The plainest `CourseIndex`: maps of plain values, every candidate looked at, scored, counted and sorted. It is right
 * before it is fast, and is the oracle that any faster engine is compared with.
 */
import { deferred } from '../../platform/deferred.ts';
import { idf, impact, type PerField } from './bm25.ts';
import {
  type FacetName,
  type FacetValue,
  type FedCourseIndex,
  facetNames,
  type IndexedCourse,
  pageSize,
  resultCap,
  type SearchPage,
  type SearchQuery,
  type Suggestion,
} from './course-index.ts';
import { parisDay, type RunDays, runDaysOf, startKey, stateScore } from './course-state.ts';
import { type Analyser, fold, type Term } from './french.ts';
import { type Meaning, meaningOf } from './query.ts';
import { type CourseWord, compareText, Vocabulary } from './vocabulary.ts';

/** Values listed in one facet, chosen ones apart. */
export const facetValuesCap = 50;
/** A course with the very word in its title is worth this much more for it: stems merge words that differ. */
const titleWordBonus = 1.1;

interface Row {
  readonly course: IndexedCourse;
  /** Codes of its values in each `FacetColumn`, without repetition. */
  readonly facets: Readonly<Record<FacetName, readonly number[]>>;
  readonly runs: readonly RunDays[];
  /** Words of each field. */
  readonly lengths: PerField;
  readonly titleWords: ReadonlySet<string>;
  /** The title as suggestions compare it, with a space before each word. */
  readonly titleStart: string;
  /** For the day that `state` was computed for. */
  day: number;
  state: number;
}

interface Hit {
  readonly row: Row;
  readonly score: number;
  /** What the chosen sort compares first, ascending. */
  readonly key: number;
}

/** The values of one facet as numbers, so that counting them is counting in an array. */
class FacetColumn {
  readonly values: string[] = [];
  /** Living courses with each value. */
  readonly living: number[] = [];
  readonly #codes = new Map<string, number>();

  codeOf(value: string): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    this.#codes.set(value, this.values.length);
    this.living.push(0);
    return this.values.push(value) - 1;
  }

  knownCodes(values: readonly string[]): ReadonlySet<number> {
    return new Set(values.flatMap((value) => this.#codes.get(value) ?? []));
  }
}

/** @param options.now decides what is open, coming or closed */
export function makeScanIndex(analyser: Analyser, options: { readonly now: () => Date }): FedCourseIndex {
  const rows = new Map<string, Row>();
  const vocabulary = new Vocabulary();
  /** For each term, the courses that have it and how often. */
  const postings = new Map<string, Map<Row, PerField>>();
  const columns: Readonly<Record<FacetName, FacetColumn>> = {
    provider: new FacetColumn(),
    language: new FacetColumn(),
    level: new FacetColumn(),
    access: new FacetColumn(),
    cpf: new FacetColumn(),
    competence: new FacetColumn(),
  };
  const totalLengths: [number, number, number] = [0, 0, 0];
  let version = 0;
  let newest: number | null = null;
  const ready = deferred<void>();

  function addOne(course: IndexedCourse): void {
    const { words, counts, lengths } = textOf(course, analyser);
    const row = rowOf(course, words, lengths, columns);
    rows.set(course.id, row);
    vocabulary.add(words);
    for (const [term, ofTerm] of counts) {
      const posting = postings.get(term) ?? new Map<Row, PerField>();
      postings.set(term, posting.set(row, ofTerm));
    }
    account(row, 1);
  }

  function removeOne(id: string): boolean {
    const row = rows.get(id);
    if (row === undefined) return false;
    // Read again rather than kept: the words of every course would fill the memory.
    const { words, counts } = textOf(row.course, analyser);
    vocabulary.remove(words);
    for (const term of counts.keys()) {
      const posting = postings.get(term);
      posting?.delete(row);
      if (posting?.size === 0) postings.delete(term);
    }
    account(row, -1);
    return rows.delete(id);
  }

  function account(row: Row, step: 1 | -1): void {
    for (const name of facetNames) {
      const { living } = columns[name];
      for (const code of row.facets[name]) living[code] = (living[code] ?? 0) + step;
    }
    for (let field = 0; field < 3; field += 1) {
      totalLengths[field] = (totalLengths[field] ?? 0) + step * (row.lengths[field] ?? 0);
    }
  }

  function stateOf(row: Row, today: number): number {
    if (row.day !== today) {
      row.day = today;
      row.state = stateScore(row.runs, today);
    }
    return row.state;
  }

  async function search(query: SearchQuery): Promise<SearchPage> {
    const today = parisDay(options.now());
    const hasTerm = (term: string): boolean => postings.has(term);
    const meaning = meaningOf(query.q, analyser, vocabulary, hasTerm, query.literal === true);
    const keyOf = sortKey(query.sort, today);
    const filters = facetNames.flatMap((name) => {
      const chosen = query.filters[name] ?? [];
      return chosen.length === 0 ? [] : [{ name, chosen: columns[name].knownCodes(chosen) }];
    });
    const counted = query.facets.map((name) => ({ name, counts: columns[name].values.map(() => 0) }));
    const hits: Hit[] = [];
    for (const [row, text] of candidates(meaning)) {
      if (query.among?.has(row.course.id) === false) continue;
      let failed = 0;
      let failedFacet: FacetName | null = null;
      for (const { name, chosen } of filters) {
        if (row.facets[name].some((code) => chosen.has(code))) continue;
        failed += 1;
        failedFacet = name;
      }
      if (failed > 1) continue;
      if (failed === 0) hits.push({ row, score: (text + 1) * stateOf(row, today), key: keyOf(row) });
      // A facet ignores its own filter: what fails that filter alone is still counted there.
      for (const { name, counts } of counted) {
        if (failedFacet !== null && failedFacet !== name) continue;
        for (const code of row.facets[name]) counts[code] = (counts[code] ?? 0) + 1;
      }
    }
    hits.sort(byKeyThenRelevance);
    const size = Math.min(query.size ?? pageSize, resultCap);
    const pages = Math.max(1, Math.ceil(Math.min(hits.length, resultCap) / size));
    const page = Math.min(Math.max(1, Math.trunc(query.page) || 1), pages);
    const listed = hits.slice((page - 1) * size, page * size);
    return {
      ids: listed.map(({ row }) => row.course.id),
      total: hits.length,
      page,
      pages,
      facets: Object.fromEntries(
        counted.map(({ name, counts }) => [name, listedValues(columns[name], counts, query.filters[name] ?? [])]),
      ),
      correction: meaning.correction,
      widenedTo: meaning.widenedTo,
      version,
    };
  }

  /** The courses that match enough words of the query, with their text score; all of them when it has no word. */
  function* candidates({ groups, needed }: Meaning): Generator<readonly [row: Row, text: number]> {
    if (groups.length === 0) for (const row of rows.values()) yield [row, 0];
    const all = Math.max(rows.size, 1);
    const averages: PerField = [totalLengths[0] / all, totalLengths[1] / all, totalLengths[2] / all];
    const found = new Map<Row, { matched: number; score: number }>();
    for (const { alternatives, surface } of groups) {
      const ofGroup = new Map<Row, number>();
      for (const { term, weight } of alternatives) {
        const posting = postings.get(term);
        if (posting === undefined) continue;
        const factor = weight * idf(rows.size, posting.size);
        for (const [row, counts] of posting) {
          ofGroup.set(row, (ofGroup.get(row) ?? 0) + factor * impact(counts, row.lengths, averages));
        }
      }
      for (const [row, score] of ofGroup) {
        const gained = surface !== null && row.titleWords.has(surface) ? score * titleWordBonus : score;
        const soFar = found.get(row);
        if (soFar === undefined) found.set(row, { matched: 1, score: gained });
        else {
          soFar.matched += 1;
          soFar.score += gained;
        }
      }
    }
    for (const [row, { matched, score }] of found) if (matched >= needed) yield [row, score];
  }

  function titlesWith(prefix: string, limit: number): readonly string[] {
    const titles = new Map<string, number>();
    for (const { course, titleStart } of rows.values()) {
      const place = titleStart.indexOf(` ${prefix}`);
      if (place >= 0) titles.set(course.title, place === 0 ? 0 : 1);
    }
    return [...titles]
      .sort(([a, placeA], [b, placeB]) => placeA - placeB || compareText(a, b))
      .slice(0, limit)
      .map(([title]) => title);
  }

  return {
    ready: () => ready.promise,
    markReady: () => ready.resolve(),
    async upsert(courses) {
      for (const course of courses) {
        removeOne(course.id);
        addOne(course);
        newest = Math.max(newest ?? Number.NEGATIVE_INFINITY, course.updatedAt.getTime());
      }
      if (courses.length > 0) version += 1;
    },
    async remove(ids) {
      const removed = ids.filter((id) => removeOne(id));
      if (removed.length > 0) version += 1;
    },
    search,
    async suggest(typed, limit) {
      const prefix = startText(typed.slice(0, 200)).trim();
      if (prefix === '' || limit < 1) return [];
      const titles = titlesWith(prefix, limit);
      const words = vocabulary.startingWith(prefix, limit);
      // Both kinds have their half; what one leaves, the other takes.
      const half = Math.ceil(limit / 2);
      const wordsKept = words.slice(0, Math.max(half, limit - titles.length));
      return [
        ...wordsKept.map((text): Suggestion => ({ text, kind: 'word' })),
        ...titles.slice(0, limit - wordsKept.length).map((text): Suggestion => ({ text, kind: 'title' })),
      ];
    },
    stats: () => ({
      courses: rows.size,
      version,
      lagMs: newest === null ? null : options.now().getTime() - newest,
    }),
  };
}

/** Values of living courses, those at zero too, and every chosen value. */
function listedValues(column: FacetColumn, counts: readonly number[], filter: readonly string[]): FacetValue[] {
  const chosen = new Set(filter);
  const existing = column.values.flatMap((value, code) =>
    column.living[code] === 0 ? [] : [{ value, count: counts[code] ?? 0, selected: chosen.has(value) }],
  );
  const shown = new Set(existing.map(({ value }) => value));
  const absent = [...chosen].filter((value) => !shown.has(value));
  return [...existing, ...absent.map((value) => ({ value, count: 0, selected: true }))]
    .sort((a, b) => b.count - a.count || compareText(a.value, b.value))
    .filter(({ selected }, index) => index < facetValuesCap || selected);
}

/** Unknown values are last. */
function sortKey(sort: SearchQuery['sort'], today: number): (row: Row) => number {
  if (sort === 'start') return (row) => startKey(row.runs, today);
  return sort === 'duration' ? (row) => row.course.hours ?? Number.POSITIVE_INFINITY : () => 0;
}

/** Ends with the id, so that the order is total and pages never overlap. */
function byKeyThenRelevance(a: Hit, b: Hit): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return b.score - a.score || compareText(a.row.course.id, b.row.course.id);
}

/** Folded words with one space before each, so that any word may start a suggestion. */
function startText(text: string): string {
  return ` ${fold(text)
    .replace(/[^\p{L}\p{N}+#]+/gu, ' ')
    .trim()}`;
}

interface CourseText {
  readonly words: readonly CourseWord[];
  /** Occurrences of each term in each field. */
  readonly counts: ReadonlyMap<string, PerField>;
  readonly lengths: PerField;
}

/** The same for the same course, so that what was added can be taken away. */
function textOf({ title, labels, description }: IndexedCourse, analyser: Analyser): CourseText {
  const labelTexts = [labels.provider, labels.level, labels.access, ...labels.competences];
  const counts = new Map<string, [number, number, number]>();
  const words = new Map<string, { term: Term; inTitle: boolean }>();
  const lengths: [number, number, number] = [0, 0, 0];
  const countTerm = (stem: string, field: number): void => {
    const ofTerm = counts.get(stem) ?? [0, 0, 0];
    ofTerm[field] = (ofTerm[field] ?? 0) + 1;
    counts.set(stem, ofTerm);
  };
  const addWord = (term: Term, field: number): void => {
    countTerm(term.stem, field);
    const key = `${term.form} ${term.stem}`;
    const word = words.get(key) ?? { term, inTitle: false };
    word.inTitle ||= field === 0;
    words.set(key, word);
  };
  for (const [field, texts] of [[title], labelTexts, [description]].entries()) {
    for (const text of texts) {
      const found = analyser.words(text ?? '');
      lengths[field] = (lengths[field] ?? 0) + found.length;
      for (const [place, word] of found.entries()) {
        addWord(word, field);
        // The parts of a hyphenated word share one joined word, counted once.
        if (word.joined !== null && word.joined !== found[place - 1]?.joined) addWord(word.joined, field);
      }
      for (const phrase of analyser.phrases(found)) countTerm(phrase, field);
    }
  }
  return { words: [...words.values()], counts, lengths };
}

function rowOf(
  course: IndexedCourse,
  words: readonly CourseWord[],
  lengths: PerField,
  columns: Readonly<Record<FacetName, FacetColumn>>,
): Row {
  const codesOf = (name: FacetName): readonly number[] => [
    ...new Set(course.facets[name].map((value) => columns[name].codeOf(value))),
  ];
  return {
    course,
    facets: {
      provider: codesOf('provider'),
      language: codesOf('language'),
      level: codesOf('level'),
      access: codesOf('access'),
      cpf: codesOf('cpf'),
      competence: codesOf('competence'),
    },
    runs: course.runs.map(runDaysOf),
    lengths,
    titleWords: new Set(words.filter(({ inTitle }) => inTitle).map(({ term }) => term.surface)),
    titleStart: startText(course.title),
    day: Number.NaN,
    state: 0,
  };
}
