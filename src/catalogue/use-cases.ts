/** What a visitor asks of the catalogue: find, read a course, look at a competence or at a school. */
import { AppError } from '../errors.ts';
import type { Framework } from '../framework/model.ts';
import type { Card } from './model/card.ts';
import type { SearchRequest } from './model/choices.ts';
import { groupsOf, offersAmong } from './model/duplicates.ts';
import type { CompetencePage, CoursePage, Home, ProviderPage, SearchResult, StepLink } from './model/pages.ts';
import type { ProviderFacts } from './model/provider-facts.ts';
import { type CourseId, courseIdOfSlug } from './model.ts';
import type { CourseIndex } from './search/course-index.ts';
import type { HistoryStore } from './store/history.ts';
import type { CourseStore } from './store.ts';
import type { AdviceFor } from './use-cases/advice.ts';
import { type CountedParts, rememberPerVersion } from './use-cases/figures.ts';
import type { NothingToPay } from './use-cases/nothing-to-pay.ts';
import { isLiving, makeSearch } from './use-cases/search.ts';

/** What other parts of the site say of pathways; the pathways feature answers. */
export interface PathwayLinks {
  featured(limit: number): Promise<readonly Card[]>;
  /** Pathways whose title holds the words. */
  matching(words: string, limit: number): Promise<readonly Card[]>;
  /** Steps, of any pathway, that offer this course. */
  withCourse(id: CourseId): Promise<readonly StepLink[]>;
}

export interface CatalogueParts {
  readonly courses: Pick<
    CourseStore,
    'byId' | 'byIds' | 'byProvider' | 'providerName' | 'preparing' | 'summary' | 'countsByCompetence' | 'similarTo'
  >;
  readonly index: Pick<CourseIndex, 'search' | 'suggest'> & CountedParts['index'];
  readonly framework: Pick<Framework, 'areas' | 'competences' | 'bands' | 'certifications'>;
  readonly pathways: PathwayLinks;
  readonly history: Pick<HistoryStore, 'ofCourse'>;
  /** Sources that fail now, with the date of their last success or first failure; the others are absent. */
  failingSince(sourceIds: readonly string[]): Promise<ReadonlyMap<string, Date>>;
  /** Since when the link of a course to its school is dead; null while it answers, or nobody knows. */
  linkDeadSince(id: CourseId, url: string): Promise<Date | null>;
  /** Proofs about a school. */
  providerFacts(siret: string): Promise<ProviderFacts | null>;
  /** Of these courses, those that leave nothing to pay. */
  readonly nothingToPay: NothingToPay;
  /** What the training account lacks to pay a course. */
  readonly advice: AdviceFor;
  readonly graceDays: number;
  now(): Date;
}

export interface CatalogueUseCases {
  home(): Promise<Home>;
  search(request: SearchRequest): Promise<SearchResult>;
  /**
   * @param offer the course chosen among those that this one stands for; any other one counts as none
   * @throws AppError `not-found`
   */
  course(slug: string, offer?: CourseId): Promise<CoursePage>;
  competences(): Promise<ReadonlyMap<string, number>>;
  /** @throws AppError `not-found` */
  competence(code: string): Promise<CompetencePage>;
  /** @throws AppError `not-found` */
  provider(id: string): Promise<ProviderPage>;
  /** Courses that prepare a certification, the first of them. */
  preparing(code: string): Promise<Pick<ProviderPage, 'courses' | 'total' | 'failing'>>;
}

const dayMs = 86_400_000;
const listed = 20;
const exampleWords = ['créer un site web', 'protéger mes données', 'utiliser un tableur', 'intelligence artificielle'];

export function makeCatalogueUseCases(parts: CatalogueParts): CatalogueUseCases {
  const { courses, index, framework, pathways, history, graceDays } = parts;
  const figures = rememberPerVersion(parts, () => Promise.all([courses.summary(), courses.countsByCompetence()]));

  const examples = rememberPerVersion(parts, async (): Promise<readonly string[]> => {
    const found = await Promise.all(
      exampleWords.map((q) => index.search({ q, filters: {}, sort: 'relevance', page: 1, facets: [] })),
    );
    return exampleWords.filter((_word, position) => (found[position]?.total ?? 0) > 0).slice(0, 3);
  });

  return {
    async home() {
      const [[summary, counts], featured, words] = await Promise.all([figures(), pathways.featured(3), examples()]);
      return { summary, counts, pathways: featured, examples: words };
    },

    search: makeSearch({ ...parts, summary: async () => (await figures())[0] }),

    async course(slug, chosen) {
      const id = courseIdOfSlug(slug);
      const asked = id === null ? null : await courses.byId(id);
      if (asked === null || asked.state === 'pending') throw unknownPage();
      const group = (await groupsOf([asked], courses.byIds)).get(asked.id) ?? [asked];
      const offers = offersAmong(group);
      // With nothing offered any more, the page of the group says so at the address of its card.
      const card = offers[0] ?? group[0] ?? asked;
      if (card.id !== asked.id) return { kind: 'merged', slug: card.slug, offer: asked.id };
      if (asked.state === 'withdrawn') {
        return { kind: 'withdrawn', course: asked, equivalents: await courses.similarTo(asked, 3) };
      }
      if (asked.slug !== slug) return { kind: 'moved', slug: asked.slug };
      const course = offers.find((offer) => offer.id === chosen) ?? asked;
      const gone = group.find((member) => member.id === chosen && !offers.includes(member)) ?? null;
      const [steps, failing, events, linkDeadSince] = await Promise.all([
        pathways.withCourse(asked.id),
        parts.failingSince([course.sourceId]),
        history.ofCourse(course.id, listed),
        parts.linkDeadSince(course.id, course.draft.url),
      ]);
      const { missingSince } = course;
      return {
        kind: 'course',
        course,
        offers,
        goneOffer: gone,
        steps,
        failingSince: failing.get(course.sourceId) ?? null,
        withdrawnOn:
          course.state === 'missing' && missingSince !== null
            ? new Date(missingSince.getTime() + graceDays * dayMs)
            : null,
        linkDeadSince,
        history: events,
      };
    },

    async competences() {
      return (await figures())[1];
    },

    async competence(code) {
      const competence = framework.competences.find((one) => one.code === code);
      if (competence === undefined) throw unknownPage();
      const found = await index.search({
        q: '',
        filters: { competence: [code] },
        sort: 'relevance',
        page: 1,
        facets: [],
      });
      const shown = await courses.byIds(found.ids.slice(0, listed));
      return { competence, total: found.total, courses: shown.filter(isLiving) };
    },

    async provider(id) {
      const shown = await courses.byProvider(id, { limit: listed });
      if (shown.length === 0) throw unknownPage();
      const siret = shown.find(({ draft }) => draft.provider.siret !== null)?.draft.provider.siret ?? null;
      const [facts, advice, found, failing] = await Promise.all([
        siret === null ? null : parts.providerFacts(siret),
        parts.advice(shown),
        index.search({ q: '', filters: { provider: [id] }, sort: 'relevance', page: 1, facets: [] }),
        parts.failingSince([...new Set(shown.map((course) => course.sourceId))]),
      ]);
      return { id, facts, advice, courses: shown, total: Math.max(found.total, shown.length), failing };
    },

    async preparing(code) {
      const { total, courses: shown } = await courses.preparing(code, listed);
      const failing = await parts.failingSince([...new Set(shown.map((course) => course.sourceId))]);
      return { courses: shown, total, failing };
    },
  };
}

function unknownPage(): AppError {
  return new AppError('not-found', 'PAGE_INCONNUE', "Cette page n'existe pas.");
}
