/** The whole web application over courses and pathways given by the test, with the real search index and framework. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type Express, type Router } from 'express';
import { loadRetention } from '../../src/accounts/data.ts';
import type { JournalEntry } from '../../src/catalogue/model/history.ts';
import type { ProviderFacts } from '../../src/catalogue/model/provider-facts.ts';
import type { Course } from '../../src/catalogue/model.ts';
import { changesRoutes } from '../../src/catalogue/routes/changes.ts';
import { type CostParts, catalogueRoutes, certificationOffer } from '../../src/catalogue/routes.ts';
import { readChanges } from '../../src/catalogue/search/follow.ts';
import { frenchAnalyser } from '../../src/catalogue/search/french.ts';
import { makeScanIndex } from '../../src/catalogue/search/scan-index.ts';
import type { ChangesQuery, HistoryStore } from '../../src/catalogue/store/history.ts';
import { makeAdvice } from '../../src/catalogue/use-cases/advice.ts';
import { makeAims } from '../../src/catalogue/use-cases/aims.ts';
import { makeChanges } from '../../src/catalogue/use-cases/changes.ts';
import { makeFunding } from '../../src/catalogue/use-cases/funding.ts';
import { makeNothingToPay } from '../../src/catalogue/use-cases/nothing-to-pay.ts';
import { type CatalogueParts, makeCatalogueUseCases } from '../../src/catalogue/use-cases.ts';
import { loadRules, loadRulesFile, readCases } from '../../src/eligibility/data.ts';
import type { FindAim } from '../../src/eligibility/model/aim.ts';
import { accessCodes } from '../../src/eligibility/model.ts';
import { journeyRoutes } from '../../src/eligibility/routes/journey.ts';
import { ruleRoutes } from '../../src/eligibility/routes/rules.ts';
import { makePublishedRules } from '../../src/eligibility/use-cases/published-rules.ts';
import { makeRules, type Rules } from '../../src/eligibility/use-cases/rules.ts';
import { AppError } from '../../src/errors.ts';
import { loadFramework } from '../../src/framework/data.ts';
import { certificationRoutes } from '../../src/framework/registry/routes.ts';
import { type LookUpStore, makeLookUps } from '../../src/framework/registry/use-cases/look-up.ts';
import { makeRegister, makeSampleRegister, noRegistry } from '../../src/framework/registry/use-cases.ts';
import { loadProblemHelp } from '../../src/harvest/data.ts';
import { problemHelpRoutes } from '../../src/harvest/routes/problem-help.ts';
import { hasContact, pageRoutes, type SiteFacts, sections } from '../../src/pages/routes.ts';
import type { Pathway } from '../../src/pathways/model.ts';
import { type PathwayReading, pathwayLinks, pathwayRoutes } from '../../src/pathways/routes.ts';
import { makeFindOfferedPathway, makeFindPathwayAim } from '../../src/pathways/use-cases/aim.ts';
import { pathwayCostModel } from '../../src/pathways/view-models/cost.ts';
import { makeLog } from '../../src/platform/log.ts';
import { makeWebApp, readAssets, type WebSettings } from '../../src/platform/web/server.ts';
import { uploadReader } from '../../src/platform/web/upload.ts';
import { loadViews, type Views } from '../../src/platform/web/views.ts';
import type { SourceCoverage } from '../../src/providers/model/coverage.ts';
import { coverageRoutes } from '../../src/providers/routes/coverage.ts';
import { testNow } from './course.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const framework = loadFramework();
const rules = loadRules();

let built: string | null = null;

/** Built once per process, in a temporary folder: the real files, whatever dist/ holds. */
export function builtAssets(): string {
  if (built !== null) return built;
  const target = mkdtempSync(join(tmpdir(), 'en2-assets-'));
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build-assets.mjs'), target], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`build-assets failed: ${stderr}`);
  built = target;
  return target;
}

const living = (course: Course) => course.state === 'published' || course.state === 'missing';

/** A store that holds values; what the database does is tested with the store. */
export function coursesOf(courses: readonly Course[]): CatalogueParts['courses'] {
  const shown = courses.filter((course) => living(course) && course.mergedInto === null);
  return {
    byId: async (id) => courses.find((course) => course.id === id) ?? null,
    byIds: async (ids) => ids.flatMap((id) => courses.find((course) => course.id === id) ?? []),
    byProvider: async (id, { limit }) => shown.filter((course) => course.providerId === id).slice(0, limit),
    providerName: async (id) => shown.find((course) => course.providerId === id)?.draft.provider.name ?? null,
    preparing: async (code, limit) => {
      const found = shown.filter(({ alignment }) => alignment.certifications.some((one) => one.code === code));
      return { total: found.length, courses: found.slice(0, limit) };
    },
    similarTo: async (course, limit) => shown.filter((other) => other.id !== course.id).slice(0, limit),
    countsByCompetence: async () => {
      const counts = new Map<string, number>();
      for (const { alignment } of shown) {
        for (const { code } of alignment.competences) counts.set(code, (counts.get(code) ?? 0) + 1);
      }
      return counts;
    },
    summary: async () => {
      const byAccess = Object.fromEntries(
        accessCodes.map((code) => [code, shown.filter((course) => course.access.code === code).length]),
      ) as Awaited<ReturnType<CatalogueParts['courses']['summary']>>['byAccess'];
      const newest = Math.max(0, ...shown.map(({ harvestedAt }) => harvestedAt.getTime()));
      return {
        published: shown.length,
        withdrawn: courses.length - shown.length,
        newestHarvest: newest === 0 ? null : new Date(newest),
        byAccess,
        providers: new Set(shown.map(({ providerId }) => providerId)).size,
      };
    },
  };
}

/** The rules of the file: nothing was published. */
export function rulesOfTheFile(): Rules {
  return makeRules({
    seed: loadRulesFile(),
    cases: readCases(),
    store: { publicationsAfter: async () => [], snapshot: async () => null, keepSnapshot: async () => {} },
    log: makeLog('silent'),
    now: () => testNow,
  });
}

/** The bodies of forms, as the session layer reads them. */
function bodies(): Router {
  const router = express.Router();
  router.use(express.urlencoded({ extended: false, limit: 32 * 1_024 }), uploadReader('_csrf'));
  return router;
}

type History = Pick<HistoryStore, 'ofCourse' | 'entries' | 'additions'>;

/** What the store answers, from values. */
function historyOf(courses: readonly Course[], events: readonly JournalEntry[]): History {
  type Row = { readonly at: Date; readonly sourceId: string };
  const among = <One extends Row>(rows: readonly One[], query: ChangesQuery, idOf: (row: One) => string) =>
    rows
      .filter(({ sourceId }) => query.sourceId === null || query.sourceId === sourceId)
      .filter(({ at }) => query.since === null || at >= query.since)
      .filter((row) => {
        const { before } = query;
        return before === null || row.at < before.at || (+row.at === +before.at && idOf(row) < before.id);
      })
      .slice(0, query.limit);
  const added = courses
    .flatMap(({ id, sourceId, firstPublishedAt: at }) => (at === null ? [] : [{ courseId: id, sourceId, at }]))
    .sort((a, b) => +b.at - +a.at || (a.courseId < b.courseId ? 1 : -1));
  return {
    ofCourse: async (id, limit) => events.filter(({ courseId }) => courseId === id).slice(0, limit),
    entries: async (query) => among(events, query, ({ courseId, id }) => `${courseId}/${id}`),
    additions: async (query) => among(added, query, ({ courseId }) => courseId),
  };
}

export interface SiteOptions {
  readonly courses?: readonly Course[];
  readonly pathways?: readonly Pathway[];
  readonly providerFacts?: readonly ProviderFacts[];
  readonly facts?: Partial<SiteFacts>;
  readonly settings?: Partial<WebSettings>;
  readonly failing?: ReadonlyMap<string, Date>;
  /** By course. */
  readonly deadLinks?: ReadonlyMap<string, Date>;
  readonly coverage?: readonly SourceCoverage[];
  /** Newest first; each course is added when it was first published. */
  readonly events?: readonly JournalEntry[];
  readonly now?: () => Date;
  /** What the cost can be asked of; the courses and pathways given unless told. */
  readonly findAim?: FindAim;
  /** What is proven of schools, by SIRET. */
  readonly providers?: ReadonlyMap<string, ProviderFacts>;
  readonly receipts?: boolean;
  /** Those of the file unless told. */
  readonly rules?: Rules;
  /** Exports of the register; none by default, so that the built-in sample answers. */
  readonly registry?: LookUpStore;
  /** Mounted before the public pages: a session, the pages of a person. */
  readonly before?: (parts: SiteParts) => readonly Router[];
}

export interface SiteParts {
  readonly views: Views;
  readonly pathways: PathwayReading;
  readonly courses: CatalogueParts['courses'];
  now(): Date;
}

export async function aSite(options: SiteOptions = {}): Promise<Express> {
  const { courses = [], pathways = [], failing = new Map(), now = () => testNow } = options;
  const facts: SiteFacts = {
    contact: { email: null, url: null },
    legal: { publisher: null, host: null },
    ...options.facts,
  };
  const index = makeScanIndex(frenchAnalyser, { now });
  const labels = {
    competence: (code: string) => framework.competences.find((one) => one.code === code)?.fr ?? code,
    level: (band: string) => framework.bands.find((one) => one.band === band)?.fr ?? band,
  };
  const reader = readChanges(
    { ...coursesOf(courses), changedSince: async () => [], removedSince: async () => [] },
    labels,
  );
  await index.upsert(await reader.listed(courses.map(({ id }) => id)));
  const reading = {
    list: async () => pathways.filter(({ retired }) => retired === null),
    bySlug: async (slug: string) => {
      const found = pathways.find((pathway) => pathway.slug === slug);
      if (found === undefined) throw new AppError('not-found', 'E_PARCOURS', "Ce parcours n'existe pas.");
      return found;
    },
  };
  const history = historyOf(courses, options.events ?? []);
  const useCases = makeCatalogueUseCases({
    courses: coursesOf(courses),
    index,
    framework,
    pathways: pathwayLinks(reading, now),
    failingSince: async () => failing,
    history,
    providerFacts: async (siret) => options.providerFacts?.find((facts) => facts.siret === siret) ?? null,
    advice: makeAdvice({
      register: makeSampleRegister({ sample: framework.certifications, now }),
      rules: () => rules,
      now,
    }),
    nothingToPay: (ids, answers) => nothingToPay(ids, answers),
    linkDeadSince: async (id) => options.deadLinks?.get(id) ?? null,
    graceDays: 7,
    now,
  });
  const settings: WebSettings = {
    publicUrl: null,
    trustProxy: 0,
    rateLimitPerMinute: 100_000,
    assetsDirectory: builtAssets(),
    ...options.settings,
  };
  const views = loadViews(join(root, 'views'), {
    sections,
    contact: hasContact(facts),
    demo: false,
    assets: readAssets(settings.assetsDirectory),
  });
  const register = makeSampleRegister({ sample: framework.certifications, now });
  const funding = makeFunding({ register, providerFacts: { bySirets: async () => options.providers ?? new Map() } });
  const registerDate = async () => (await register.state()).date;
  const aims = makeAims({ courses: coursesOf(courses), funding, register, registerDate, now });
  const nothingToPay = makeNothingToPay({ courses: coursesOf(courses), aims, rules: () => rules, now });
  const findPathwayAim = makeFindPathwayAim({
    offered: makeFindOfferedPathway({ pathways: reading, courses: coursesOf(courses), aims }),
    rules: () => rules,
    print: pathwayCostModel,
  });
  const cost = {
    findAim:
      options.findAim ?? (async (ref, date) => (await aims.find(ref, date)) ?? (await findPathwayAim(ref, date))),
    rules: () => rules,
    contact: facts.contact.email ?? facts.contact.url,
  } satisfies CostParts;
  const before = options.before?.({ views, pathways: reading, courses: coursesOf(courses), now }) ?? [];
  const shown = makeRegister({ store: options.registry ?? noRegistry, sample: framework.certifications, now });
  const routers = [
    ...before,
    catalogueRoutes({ useCases, framework, register: shown, views, cost, now }),
    changesRoutes({
      changes: makeChanges({
        history,
        courses: coursesOf(courses),
        sourceTitle: async (id) => courses.find(({ sourceId }) => sourceId === id)?.sourceTitle ?? null,
      }),
      views,
      site: 'https://ecole.example',
      now,
    }),
    pathwayRoutes({ useCases: reading, framework, register: shown, views, cost, now }),
    ruleRoutes({ rules: makePublishedRules({ rules: options.rules ?? rulesOfTheFile() }), views, now }),
    certificationRoutes({
      lookUps: makeLookUps({ store: options.registry ?? noRegistry, sample: framework.certifications, now }),
      framework,
      offer: certificationOffer({ useCases, framework, cost, now }),
      views,
      now,
    }),
    bodies(),
    journeyRoutes({
      ...cost,
      views,
      publicUrl: settings.publicUrl,
      receipts: options.receipts ?? false,
      now,
    }),
    coverageRoutes({ coverage: async () => options.coverage ?? [], views, now }),
    problemHelpRoutes({ helps: loadProblemHelp(), views }),
    pageRoutes({ facts, retention: loadRetention(), views }),
  ];
  return makeWebApp({ routers, views, settings, log: makeLog('silent') });
}
