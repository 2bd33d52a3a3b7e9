/** The public pages of the catalogue. */
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { FindAim } from '../eligibility/model/aim.ts';
import type { RuleSet } from '../eligibility/model/rule-set.ts';
import { notCalculated } from '../eligibility/view-models/amounts.ts';
import { answersIn, costOf, forYouOf, questionsFor } from '../eligibility/view-models/cost.ts';
import type { Framework } from '../framework/model.ts';
import type { Register } from '../framework/registry/model.ts';
import { certificationsShown } from '../framework/registry/shown.ts';
import { remembered } from '../platform/remembered.ts';
import { queryText } from '../platform/web/answers.ts';
import { isoDay } from '../platform/web/format.ts';
import { sendPage, type Views } from '../platform/web/views.ts';
import { courseAddress, offerAddress } from './model/addresses.ts';
import {
  facetParameters,
  nothingToPayParameter,
  type SearchRequest,
  searchAddress,
  sortParameters,
} from './model/choices.ts';
import { type Course, type CourseId, courseIdOfSlug } from './model.ts';
import { type FacetName, facetNames, sorts } from './search/course-index.ts';
import { longestSearchAim, searchAim } from './use-cases/aims.ts';
import type { CatalogueUseCases } from './use-cases.ts';
import { courseCard } from './view-models/card.ts';
import { certificationPrices } from './view-models/certification-prices.ts';
import { courseModel } from './view-models/course.ts';
import { competenceModel, competencesModel, homeModel, providerModel } from './view-models/home.ts';
import { searchModel } from './view-models/search.ts';
import { withdrawnModel } from './view-models/withdrawn.ts';

/** A page that says the same to all may be that of so many milliseconds ago: the index that feeds it is as far behind. */
const pageMs = 1_000;
const longestQuery = 100;
const longestValue = 200;
const mostValues = 100;

/** Cut by whole characters: half of one could not be written in an address again. */
const cut = (text: string, length: number) => [...text].slice(0, length).join('');
const one = z.union([z.string(), z.array(z.string()).transform((values) => values[0] ?? '')]).catch('');
const many = z
  .union([z.string().transform((value) => [value]), z.array(z.string())])
  .catch([])
  .transform((values) => [...new Set(values.map((value) => cut(value.trim(), longestValue)))])
  .transform((values) => values.filter((value) => value !== '').slice(0, mostValues));

/** Whatever the address holds, a search can be made of it: a wrong part counts as absent. */
const searchSchema = z.object({
  q: one.transform((text) => cut(text.trim().replace(/\s+/g, ' '), longestQuery)),
  tri: one,
  page: one.transform((text) => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1)),
  exact: one,
  acces: many,
  cpf: many,
  organisme: many,
  langue: many,
  niveau: many,
  competence: many,
  [nothingToPayParameter]: one,
  r: one.transform(answersIn),
});

export function readSearch(query: unknown): SearchRequest {
  const asked = searchSchema.parse(query);
  const filters: Partial<Record<FacetName, readonly string[]>> = {};
  for (const name of facetNames) {
    const values = asked[facetParameters[name]];
    if (values.length > 0) filters[name] = values;
  }
  return {
    q: asked.q,
    filters,
    sort: sorts.find((sort) => sortParameters[sort] === asked.tri) ?? 'relevance',
    page: asked.page,
    literal: asked.exact === '1',
    nothingToPay: asked[nothingToPayParameter] === '1',
    answers: asked.r,
  };
}

/** What tells a person what a course costs them. */
export interface CostParts {
  readonly findAim: FindAim;
  rules(): RuleSet;
  /** Whom to ask for a person's look. */
  readonly contact: string | null;
}

export function catalogueRoutes(parts: {
  readonly useCases: CatalogueUseCases;
  readonly framework: Pick<Framework, 'areas' | 'competences' | 'bands'>;
  readonly register: Pick<Register, 'certifications'>;
  readonly views: Views;
  readonly cost: CostParts;
  now(): Date;
}): Router {
  const { useCases, framework, register, views, now, cost } = parts;
  const router = Router();

  const aimOf = async (id: CourseId | null) => (id === null ? null : cost.findAim(`cours:${id}`, isoDay(now())));

  /** What the page of a course says to everybody, before the answers that its address may hold. */
  async function readCourse(slug: string, offer: string) {
    const asked = offer === '' ? courseIdOfSlug(slug) : offer;
    // Both read the course: asked for at the same moment, it is read once.
    const [page, aimAsked] = await Promise.all([useCases.course(slug, offer), aimOf(asked)]);
    const course = page.kind === 'course' ? page.course : null;
    const codes = (course?.alignment.certifications ?? []).map(({ code }) => code);
    const [aim, certifications] = await Promise.all([
      course === null || course.id === asked ? aimAsked : aimOf(course.id),
      certificationsShown(register, codes),
    ]);
    return { page, aim, certifications };
  }

  const readCourseForVisitors = remembered(readCourse, pageMs);

  const homePage = remembered(async () => homeModel(await useCases.home(), framework, now()), pageMs);

  async function searchPage(asked: SearchRequest) {
    const result = await useCases.search(asked);
    const { bands, competences } = framework;
    const forYou = await pricesFor(result.courses, result.request.answers, cost, isoDay(now()));
    return searchModel(result, { now: now(), bands, competences, forYou });
  }

  const searchPageOfAll = remembered(searchPage, pageMs);

  router.get('/', async (_request, response) => {
    sendPage(response, views, 'catalogue/home', await homePage());
  });

  router.get('/catalogue', async (request, response) => {
    const asked = readSearch(request.query);
    // Nobody knows yet what is left for this person to pay: the questions first, which lead back here.
    if (asked.nothingToPay && asked.answers === '') {
      const query = searchAddress(asked).replace(/^[^?]*\?/, '');
      response.redirect(
        302,
        questionsFor(`${searchAim}${query.length > longestSearchAim ? `${nothingToPayParameter}=1` : query}`),
      );
      return;
    }
    // What somebody's answers found is nobody else's.
    const model = await (asked.answers === '' ? searchPageOfAll(asked) : searchPage(asked));
    sendPage(response, views, model.empty === null ? 'catalogue/search' : 'catalogue/no-result', model);
  });

  router.get('/cours/:slug', async (request, response) => {
    // Who is signed in may have changed the course a moment ago.
    const read = request.user === undefined ? readCourseForVisitors : readCourse;
    const {
      page,
      aim = null,
      certifications = new Map(),
    } = await read(request.params.slug, queryText(request, 'offre'));
    switch (page.kind) {
      case 'moved':
        response.redirect(301, courseAddress(page.slug) + searchOf(request));
        return;
      case 'merged':
        // Of two courses, the one that leads to the other may be the other one tomorrow: no browser keeps it.
        response.set('Cache-Control', 'no-cache').redirect(301, offerAddress(page.slug, page.offer));
        return;
      case 'withdrawn':
        sendPage(response, views, 'catalogue/withdrawn', withdrawnModel(page, framework.bands, now()), 410);
        return;
      case 'course': {
        const settings = { rules: cost.rules(), contact: cost.contact, today: isoDay(now()) };
        const mine = aim === null ? null : costOf(aim, answersIn(request.query.r), settings);
        const reference = { ...framework, certifications };
        const model = { ...courseModel(page, reference, now(), mine?.forYou), cost: mine, facile: false };
        // An address with answers is not one for search engines.
        sendPage(response, views, 'catalogue/course', { ...model, noindex: model.noindex || mine?.detail != null });
      }
    }
  });

  router.get('/competences', async (_request, response) => {
    sendPage(response, views, 'catalogue/competences', competencesModel(framework, await useCases.competences()));
  });

  router.get('/competences/:code', async (request, response) => {
    const page = await useCases.competence(request.params.code);
    sendPage(response, views, 'catalogue/competence', competenceModel(page, framework, now()));
  });

  router.get('/organismes/:id', async (request, response) => {
    const page = await useCases.provider(request.params.id);
    sendPage(response, views, 'catalogue/provider', providerModel(page, framework, now()));
  });

  return router;
}

/** The query of an address as it came, to follow a course to its new address. */
function searchOf(request: Request): string {
  return new URL(request.originalUrl, 'http://site.invalid').search;
}

/**
 * For the page of a certification: the courses that prepare it, their prices, and what the training account says to the person
 * whose answers are in the address.
 */
export function certificationOffer(parts: {
  readonly useCases: Pick<CatalogueUseCases, 'preparing'>;
  readonly framework: Pick<Framework, 'bands'>;
  readonly cost: CostParts;
  now(): Date;
}) {
  const { useCases, framework, cost, now } = parts;
  return async (code: string, query: unknown) => {
    const { r } = z.object({ r: one.transform(answersIn) }).parse(query);
    const date = isoDay(now());
    const [{ total, courses, failing }, aim] = await Promise.all([
      useCases.preparing(code),
      cost.findAim(`certification:${code}`, date),
    ]);
    const mine = aim === null ? null : costOf(aim, r, { rules: cost.rules(), contact: cost.contact, today: date });
    const forYou = await pricesFor(courses, r, cost, date);
    return {
      total,
      cards: courses.map((course) =>
        courseCard(course, { now: now(), bands: framework.bands, failing, forYou, answers: r }),
      ),
      prices: certificationPrices({ courses, total }, now(), mine?.forYou ?? notCalculated),
      cost: mine,
    };
  };
}

/** The fourth price of each course of a list, by the answers of the address. */
async function pricesFor(
  courses: readonly Pick<Course, 'id'>[],
  r: string,
  { findAim, rules }: CostParts,
  today: string,
): Promise<ReadonlyMap<string, string>> {
  if (r === '') return new Map();
  const priced = courses.map(async ({ id }) => {
    const aim = await findAim(`cours:${id}`, today);
    return aim === null ? [] : [[id, forYouOf(aim, r, today, rules())] as const];
  });
  return new Map((await Promise.all(priced)).flat());
}
