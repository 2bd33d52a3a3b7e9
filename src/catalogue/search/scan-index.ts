/**
 * The plainest `CourseIndex`: every search looks at every course, held as plain values. It is right before it is fast,
 * and is the oracle that any faster engine is compared with.
 */
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
import { type Group, meaningOf } from './query.ts';
import { type CourseWord, compareText, count, Vocabulary } from './vocabulary.ts';

/** Values listed in one facet, chosen ones apart. */
export const facetValuesCap = 50;
/** A course with the very word in its title is worth this much more for it: stems merge words that differ. */
const titleWordBonus = 1.1;

interface Row {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
  readonly hours: number;
  readonly facets: Readonly<Record<FacetName, ReadonlySet<string>>>;
  readonly runs: readonly RunDays[];
  readonly counts: ReadonlyMap<string, PerField>;
  readonly lengths: PerField;
  readonly words: readonly CourseWord[];
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
}

/** @param options.now decides what is open, coming or closed */
export function makeScanIndex(analyser: Analyser, options: { readonly now: () => Date }): FedCourseIndex {
  const rows = new Map<string, Row>();
  const vocabulary = new Vocabulary();
  /** Courses that have each term. */
  const coursesWith = new Map<string, number>();
  const facetValues = new Map<FacetName, Map<string, number>>(facetNames.map((name) => [name, new Map()]));
  const totalLengths: [number, number, number] = [0, 0, 0];
  let version = 0;
  let newest: number | null = null;
  let markReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });

  function account(row: Row, step: 1 | -1): void {
    if (step === 1) vocabulary.add(row.words);
    else vocabulary.remove(row.words);
    for (const term of row.counts.keys()) count(coursesWith, term, step);
    for (const name of facetNames) {
      const values = facetValues.get(name) ?? new Map<string, number>();
      for (const value of row.facets[name]) count(values, value, step);
    }
    for (let field = 0; field < 3; field += 1) {
      totalLengths[field] = (totalLengths[field] ?? 0) + step * (row.lengths[field] ?? 0);
    }
  }

  function removeOne(id: string): boolean {
    const row = rows.get(id);
    if (row === undefined) return false;
    account(row, -1);
    return rows.delete(id);
  }

  function stateOf(row: Row, today: number): number {
    if (row.day !== today) {
      row.day = today;
      row.state = stateScore(row.runs, today);
    }
    return row.state;
  }

  /** Text score, or null when too few words of the query match. */
  function textScoreOf(row: Row, groups: readonly Group[], needed: number, rarity: ReadonlyMap<string, number>) {
    const all = Math.max(rows.size, 1);
    const averages: PerField = [totalLengths[0] / all, totalLengths[1] / all, totalLengths[2] / all];
    let matched = 0;
    let score = 0;
    for (const { alternatives, surface } of groups) {
      let ofGroup = 0;
      let isMatch = false;
      for (const { term, weight } of alternatives) {
        const counts = row.counts.get(term);
        if (counts === undefined) continue;
        isMatch = true;
        ofGroup += weight * (rarity.get(term) ?? 0) * impact(counts, row.lengths, averages);
      }
      if (isMatch) matched += 1;
      score += surface !== null && row.titleWords.has(surface) ? ofGroup * titleWordBonus : ofGroup;
    }
    return matched >= needed ? score : null;
  }

  async function search(query: SearchQuery): Promise<SearchPage> {
    const today = parisDay(options.now());
    const hasTerm = (term: string): boolean => coursesWith.has(term);
    const meaning = meaningOf(query.q, analyser, vocabulary, hasTerm, query.literal === true);
    const terms = meaning.groups.flatMap(({ alternatives }) => alternatives.map(({ term }) => term));
    const rarity = new Map(terms.map((term) => [term, idf(rows.size, coursesWith.get(term) ?? 0)]));
    const filters = facetNames.flatMap((name) => {
      const chosen = query.filters[name] ?? [];
      return chosen.length === 0 ? [] : [{ name, chosen: new Set(chosen) }];
    });
    const counts = new Map<FacetName, Map<string, number>>(query.facets.map((name) => [name, new Map()]));
    const hits: Hit[] = [];
    for (const row of rows.values()) {
      const text = textScoreOf(row, meaning.groups, meaning.needed, rarity);
      if (text === null) continue;
      const failing = filters.filter(({ name, chosen }) => !hasAny(row.facets[name], chosen));
      const [onlyFailing] = failing;
      if (onlyFailing === undefined) hits.push({ row, score: (text + 1) * stateOf(row, today) });
      if (failing.length > 1) continue;
      // A facet ignores its own filter: what fails that filter alone is still counted there.
      for (const [name, values] of counts) {
        if (onlyFailing !== undefined && onlyFailing.name !== name) continue;
        for (const value of row.facets[name]) values.set(value, (values.get(value) ?? 0) + 1);
      }
    }
    sortHits(hits, query.sort, today);
    const pages = Math.max(1, Math.ceil(Math.min(hits.length, resultCap) / pageSize));
    const page = Math.min(Math.max(1, Math.trunc(query.page) || 1), pages);
    const listed = hits.slice((page - 1) * pageSize, Math.min(page * pageSize, resultCap));
    return {
      ids: listed.map(({ row }) => row.id),
      total: hits.length,
      page,
      pages,
      facets: Object.fromEntries(
        [...counts].map(([name, values]) => [name, listedValues(name, values, query.filters[name] ?? [])]),
      ),
      correction: meaning.correction,
      widenedTo: meaning.widenedTo,
      version,
    };
  }

  /** Values of living courses, those at zero too, and every chosen value. */
  function listedValues(name: FacetName, counted: ReadonlyMap<string, number>, filter: readonly string[]) {
    const chosen = new Set(filter);
    const existing = facetValues.get(name)?.keys() ?? [];
    return [...new Set([...existing, ...chosen])]
      .map((value): FacetValue => ({ value, count: counted.get(value) ?? 0, selected: chosen.has(value) }))
      .sort((a, b) => b.count - a.count || compareText(a.value, b.value))
      .filter((value, index) => index < facetValuesCap || value.selected);
  }

  function titlesWith(prefix: string, limit: number): readonly string[] {
    const titles = new Map<string, number>();
    for (const { title, titleStart } of rows.values()) {
      const place = titleStart.indexOf(` ${prefix}`);
      if (place >= 0) titles.set(title, place === 0 ? 0 : 1);
    }
    return [...titles]
      .sort(([a, placeA], [b, placeB]) => placeA - placeB || compareText(a, b))
      .slice(0, limit)
      .map(([title]) => title);
  }

  return {
    ready: () => ready,
    markReady: () => markReady(),
    async upsert(courses) {
      for (const course of courses) {
        removeOne(course.id);
        const row = rowOf(course, analyser);
        rows.set(course.id, row);
        account(row, 1);
        newest = Math.max(newest ?? row.updatedAt, row.updatedAt);
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

function hasAny(values: ReadonlySet<string>, chosen: ReadonlySet<string>): boolean {
  for (const value of values) if (chosen.has(value)) return true;
  return false;
}

/** Unknown values last; equal ones by relevance, then by id, so that the order is total. */
function sortHits(hits: Hit[], sort: SearchQuery['sort'], today: number): void {
  const keyOf = (row: Row): number => {
    if (sort === 'start') return startKey(row.runs, today);
    return sort === 'duration' ? row.hours : 0;
  };
  const keys = new Map(hits.map(({ row }) => [row, keyOf(row)]));
  hits.sort((a, b) => {
    const keyA = keys.get(a.row) ?? 0;
    const keyB = keys.get(b.row) ?? 0;
    if (keyA !== keyB) return keyA < keyB ? -1 : 1;
    return b.score - a.score || compareText(a.row.id, b.row.id);
  });
}

/** Folded words with one space before each, so that any word may start a suggestion. */
function startText(text: string): string {
  return ` ${fold(text)
    .replace(/[^\p{L}\p{N}+#]+/gu, ' ')
    .trim()}`;
}

function rowOf(course: IndexedCourse, analyser: Analyser): Row {
  const { labels } = course;
  const labelTexts = [labels.provider, labels.level, labels.access, ...labels.competences];
  const fields = [[course.title], labelTexts, [course.description]].map((texts) =>
    texts.map((text) => analyser.words(text ?? '')),
  );
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
    if (!words.has(key)) words.set(key, { term, inTitle: false });
    const word = words.get(key);
    if (field === 0 && word !== undefined) word.inTitle = true;
  };
  for (const [field, texts] of fields.entries()) {
    for (const list of texts) {
      lengths[field] = (lengths[field] ?? 0) + list.length;
      for (const [place, word] of list.entries()) {
        addWord(word, field);
        // The parts of a hyphenated word share one joined word, counted once.
        if (word.joined !== null && word.joined !== list[place - 1]?.joined) addWord(word.joined, field);
      }
      for (const phrase of analyser.phrases(list)) countTerm(phrase, field);
    }
  }
  const all = [...words.values()];
  const facetsOf = (name: FacetName): ReadonlySet<string> => new Set(course.facets[name]);
  return {
    id: course.id,
    title: course.title,
    updatedAt: course.updatedAt.getTime(),
    hours: course.hours ?? Number.POSITIVE_INFINITY,
    facets: {
      provider: facetsOf('provider'),
      language: facetsOf('language'),
      level: facetsOf('level'),
      access: facetsOf('access'),
      competence: facetsOf('competence'),
    },
    runs: course.runs.map(runDaysOf),
    counts,
    lengths,
    words: all,
    titleWords: new Set(all.filter(({ inTitle }) => inTitle).map(({ term }) => term.surface)),
    titleStart: startText(course.title),
    day: Number.NaN,
    state: 0,
  };
}
