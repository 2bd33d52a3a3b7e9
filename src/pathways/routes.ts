/** The pages of pathways, and what the catalogue's pages say of them. */
import { Router } from 'express';
import type { PathwayLinks } from '../catalogue/use-cases.ts';
import type { FindAim } from '../eligibility/model/aim.ts';
import type { RuleSet } from '../eligibility/model/rule-set.ts';
import { answersIn, type Cost, costOf, withAnswers } from '../eligibility/view-models/cost.ts';
import type { Framework } from '../framework/model.ts';
import type { Register } from '../framework/registry/model.ts';
import { certificationsShown } from '../framework/registry/shown.ts';
import { remembered } from '../platform/remembered.ts';
import { isoDay, shortDate } from '../platform/web/format.ts';
import { sendPage, type Views } from '../platform/web/views.ts';
import type { Pathway } from './model.ts';
import {
  type ForYou,
  pathwayAddress,
  pathwayCard,
  pathwayListModel,
  pathwayModel,
  retiredModel,
  titleMatch,
} from './view-models.ts';

export interface PathwayReading {
  /** Living pathways, by title. */
  list(): Promise<readonly Pathway[]>;
  /** Retired ones too. @throws AppError `not-found` */
  bySlug(slug: string): Promise<Pathway>;
}

/** The list says the same to all: that of so many milliseconds ago will do. */
const listMs = 1_000;

export function pathwayRoutes(parts: {
  readonly useCases: PathwayReading;
  readonly framework: Pick<Framework, 'occupations' | 'bands' | 'competences'>;
  readonly register: Pick<Register, 'certifications'>;
  readonly views: Views;
  readonly cost: { readonly findAim: FindAim; rules(): RuleSet; readonly contact: string | null };
  now(): Date;
}): Router {
  const { useCases, framework, register, views, now, cost } = parts;
  const router = Router();

  const listPage = remembered(async () => pathwayListModel(await useCases.list(), now()), listMs);

  router.get('/parcours', async (_request, response) => {
    sendPage(response, views, 'pathways/list', await listPage());
  });

  router.get('/parcours/:slug', async (request, response) => {
    const pathway = await useCases.bySlug(request.params.slug);
    if (pathway.retired !== null) {
      const model = retiredModel({ ...pathway, retired: pathway.retired }, await useCases.list(), now());
      sendPage(response, views, 'pathways/retired', model, 410);
      return;
    }
    const today = isoDay(now());
    const aim = await cost.findAim(`parcours:${pathway.slug}`, today);
    // Without a course in any step, there is nothing to calculate.
    const settings = { rules: cost.rules(), contact: cost.contact, today };
    const r = answersIn(request.query.r);
    const mine = aim === null ? null : costOf(aim, r, settings);
    const { certification } = pathway.target;
    const certifications = await certificationsShown(register, certification === null ? [] : [certification]);
    const reference = { ...framework, certifications };
    const model = { ...pathwayModel(pathway, reference, now(), forYouOf(mine, r, now())), cost: mine };
    sendPage(response, views, 'pathways/pathway', { ...model, noindex: mine?.whole != null });
  });

  return router;
}

function forYouOf(mine: Cost | null, r: string, now: Date): ForYou | undefined {
  if (mine?.whole == null) return undefined;
  const rows = mine.whole.rows.flatMap(({ course, rest }) => (course === null ? [] : [[course.href, rest] as const]));
  const calculated = `, calculé le ${shortDate(now)}`;
  return {
    total: mine.forYou,
    byCourse: new Map(rows.map(([href, rest]) => [href, `${rest}${calculated}`])),
    keep: (href) => withAnswers(href, r),
  };
}

/** For the home page, the search and the page of a course. */
export function pathwayLinks(useCases: Pick<PathwayReading, 'list'>, now: () => Date): PathwayLinks {
  return {
    async featured(limit) {
      const complete = [...(await useCases.list())].sort((a, b) => a.uncovered.length - b.uncovered.length);
      return complete.slice(0, limit).map((pathway) => pathwayCard(pathway, now()));
    },

    async matching(words, limit) {
      return (await useCases.list())
        .map((pathway) => ({ pathway, found: titleMatch(words, pathway.title) }))
        .filter(({ found }) => found > 0)
        .sort((a, b) => b.found - a.found)
        .slice(0, limit)
        .map(({ pathway }) => pathwayCard(pathway, now()));
    },

    async withCourse(id) {
      return (await useCases.list())
        .flatMap(({ title, slug, steps }) => {
          const position = steps.findIndex(({ main, alternatives }) =>
            [main, ...alternatives].some((course) => course?.id === id),
          );
          return position === -1 ? [] : [{ title, href: pathwayAddress(slug), step: position + 1 }];
        })
        .slice(0, 3);
    },
  };
}
