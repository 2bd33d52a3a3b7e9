/** Search: what was found, what had to be ignored, and, when nothing was found, ways out that do lead somewhere. */
import { accessCodes } from '../../eligibility/model.ts';
import { bands } from '../../framework/model.ts';
import { type Choice, choicesOf, filtersOf, type SearchRequest } from '../model/choices.ts';
import { cpfAnswers, zeroPossibleValue } from '../model/cpf.ts';
import { groupsOf, isShown } from '../model/duplicates.ts';
import type { CatalogueFigures, Proposal, SearchResult } from '../model/pages.ts';
import type { Course } from '../model.ts';
import { type FacetName, type Filters, facetNames, type SearchPage, type SearchQuery } from '../search/course-index.ts';
import type { CatalogueParts } from '../use-cases.ts';
import { mayCostNothing, tellsBalance } from './nothing-to-pay.ts';

type Parts = CatalogueParts & { summary(): Promise<CatalogueFigures> };

const shownPathways = 2;
/** Courses judged for one person at one search. */
const mostJudged = 500;
const namedProviders = 60;

export function makeSearch(parts: Parts): (request: SearchRequest) => Promise<SearchResult> {
  const { index, courses } = parts;
  const providerName = rememberNames(courses);

  const ask = (query: Partial<SearchQuery>): Promise<SearchPage> =>
    index.search({ q: '', filters: {}, sort: 'relevance', page: 1, facets: [], ...query });

  /** Judged before anything is narrowed, so that the counts of the filters are of the courses that cost nothing. */
  async function nothingToPay({ q, literal, answers }: SearchRequest) {
    const { ids, total } = await ask({ q, literal, filters: mayCostNothing(answers), size: mostJudged });
    const among = await parts.nothingToPay(ids, answers);
    return { among, lookedAt: { courses: ids.length, of: total, withBalance: tellsBalance(answers) } };
  }

  return async (asked) => {
    const { filters, ignored } = await knownOnly(asked.filters, parts, ask);
    const mine = asked.nothingToPay ? await nothingToPay(asked) : null;
    const askAmong: Ask = (query) => ask(mine === null ? query : { ...query, among: mine.among });
    const { answers: _answers, nothingToPay: _chosen, ...words } = asked;
    const found = await askAmong({ ...words, filters, facets: facetNames });
    const request = { ...asked, filters, page: found.page };
    const shown = (await courses.byIds(found.ids)).filter(isLiving);
    const groups = await groupsOf(shown, courses.byIds);
    const facets = Object.fromEntries(
      facetNames.map((name) => [name, found.facets[name] ?? []]),
    ) as SearchResult['facets'];
    const named = [
      ...new Set([...facets.provider.slice(0, namedProviders).map(({ value }) => value), ...(filters.provider ?? [])]),
    ];
    const [names, failing, pathways, summary, proposals] = await Promise.all([
      Promise.all(named.map(async (id) => [id, await providerName(id)] as const)),
      parts.failingSince([...new Set(shown.map((course) => course.sourceId))]),
      request.q.trim() === '' || request.page > 1
        ? []
        : parts.pathways.matching(found.correction ?? request.q, shownPathways),
      parts.summary(),
      found.total === 0 ? waysOut(request, parts, { ask, askAmong }) : [],
    ]);
    return {
      request,
      ignored,
      lookedAt: mine === null ? null : mine.lookedAt,
      pastEnd: asked.page > found.pages,
      total: found.total,
      pages: found.pages,
      courses: shown,
      otherOffers: new Map(
        [...groups].map(([id, group]) => [id, group.filter((other) => other.id !== id && isShown(other.state))]),
      ),
      failing,
      facets,
      providerNames: new Map(names),
      correction: found.correction,
      widenedTo: found.widenedTo,
      pathways,
      summary,
      proposals,
    };
  };
}

/** The index is a moment late on the store: a course withdrawn or merged meanwhile is in no list. */
export function isLiving(course: Course): boolean {
  return isShown(course.state) && course.mergedInto === null;
}

type Ask = (query: Partial<SearchQuery>) => Promise<SearchPage>;

/** A value that no course and no list of ours knows is set aside and said. */
async function knownOnly(
  filters: Filters,
  { framework }: Parts,
  ask: Ask,
): Promise<{ filters: Filters; ignored: readonly Choice[] }> {
  const choices = choicesOf(filters);
  if (choices.length === 0) return { filters: {}, ignored: [] };
  const known: Record<FacetName, ReadonlySet<string>> = {
    provider: new Set(),
    language: new Set(),
    level: new Set(bands),
    access: new Set([...accessCodes, zeroPossibleValue]),
    cpf: new Set(cpfAnswers),
    competence: new Set(framework.competences.map(({ code }) => code)),
  };
  // Alone, a facet ignores its own filter and lists what was chosen: its counts are those of the whole catalogue.
  const alone = await Promise.all(
    facetNames
      .filter((facet) => (filters[facet] ?? []).length > 0)
      .map(async (facet) => {
        const { facets } = await ask({ filters: { [facet]: filters[facet] }, facets: [facet] });
        return (facets[facet] ?? []).filter(({ count }) => count > 0).map(({ value }) => `${facet} ${value}`);
      }),
  );
  const existing = new Set(alone.flat());
  const isKnown = ({ facet, value }: Choice) => known[facet].has(value) || existing.has(`${facet} ${value}`);
  return { filters: filtersOf(choices.filter(isKnown)), ignored: choices.filter((choice) => !isKnown(choice)) };
}

const maxSubjects = 3;

/** Only what gives something, with what it gives (product 3.6). */
async function waysOut(
  request: SearchRequest,
  { index }: Parts,
  { ask, askAmong }: { readonly ask: Ask; readonly askAmong: Ask },
): Promise<readonly Proposal[]> {
  const { q, filters, literal, nothingToPay } = request;
  const choices = choicesOf(filters);
  const count = async (query: Partial<SearchQuery>) => (await askAmong({ ...query, literal })).total;
  const paid: Proposal[] = nothingToPay
    ? [{ kind: 'without-nothing-to-pay', count: (await ask({ q, filters, literal })).total }]
    : [];
  const without = await Promise.all(
    choices.slice(0, 10).map(async (choice): Promise<Proposal> => {
      const others = choices.filter((other) => other !== choice);
      return { kind: 'without', choice, count: await count({ q, filters: filtersOf(others) }) };
    }),
  );
  const all: Proposal[] =
    choices.length > 1 ? [{ kind: 'without-filters', count: await count({ q, filters: {} }) }] : [];
  const subjects = await nearSubjects(q, index, askAmong);
  return [...paid, ...without, ...all, ...subjects].filter((proposal) => proposal.count > 0);
}

/** The longest words typed, and what the index completes them to. */
async function nearSubjects(q: string, index: Parts['index'], ask: Ask): Promise<readonly Proposal[]> {
  const words = [...new Set(q.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [])]
    .sort((a, b) => b.length - a.length)
    .slice(0, 3);
  const completed = await Promise.all(words.map((word) => index.suggest(word.slice(0, 5), 3)));
  const typed = q.trim().toLowerCase();
  const candidates = [
    ...words,
    ...completed
      .flat()
      .filter(({ kind }) => kind === 'word')
      .map(({ text }) => text),
  ];
  const distinct = [...new Set(candidates)].filter((text) => text.toLowerCase() !== typed).slice(0, 8);
  const counted = await Promise.all(
    distinct.map(
      async (text): Promise<Proposal> => ({ kind: 'subject', words: text, count: (await ask({ q: text })).total }),
    ),
  );
  return counted.filter(({ count }) => count > 0).slice(0, maxSubjects);
}

/** A school's facet value is its id; its name is read once from one of its courses. */
function rememberNames(courses: Parts['courses']): (id: string) => Promise<string> {
  const names = new Map<string, string>();
  const capacity = 10_000;
  return async (id) => {
    const kept = names.get(id);
    if (kept !== undefined) return kept;
    const name = await courses.providerName(id);
    if (name === null) return id;
    if (names.size >= capacity) names.clear();
    names.set(id, name);
    return name;
  };
}
