/**
 * The composition root: configuration in, use cases out. The only place that wires; the entrances (cli.ts, the web server,
 * jobs) take from here what they need.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PersonalData } from './accounts/use-cases/personal-data.ts';
import type { Retention } from './accounts/use-cases/retention.ts';
import { makeCourseAssessing } from './catalogue/store/assessing.ts';
import { makeDuplicateStore } from './catalogue/store/duplicates.ts';
import { type HistoryStore, makeHistoryStore } from './catalogue/store/history.ts';
import { type LinkStore, makeLinkStore } from './catalogue/store/links.ts';
import { makeProviderFactsStore } from './catalogue/store/provider-facts.ts';
import { type CourseStore, makeCourseStore } from './catalogue/store.ts';
import { type AdviceFor, makeAdvice } from './catalogue/use-cases/advice.ts';
import { type Assessing, makeAssessing } from './catalogue/use-cases/assessing.ts';
import { type DuplicateParts, type Duplicates, makeDuplicates } from './catalogue/use-cases/duplicates.ts';
import { makeForesee } from './catalogue/use-cases/foresee.ts';
import { type Funding, makeFunding } from './catalogue/use-cases/funding.ts';
import type { LinkCheck } from './catalogue/use-cases/links.ts';
import { makeProviderFacts, type ProviderFactsUseCases } from './catalogue/use-cases/provider-facts.ts';
import { makeReassessing, type Reassessing, reassessingLockSeconds } from './catalogue/use-cases/reassessing.ts';
import type { Config } from './config.ts';
import { demoProviderFacts } from './demo/provider-facts.ts';
import { startDemoServer } from './demo/server.ts';
import { demoSources } from './demo/sources.ts';
import { loadRulesFile, readCases } from './eligibility/data.ts';
import { makeRuleStore, type RuleStore } from './eligibility/store.ts';
import { makeRules, type Rules } from './eligibility/use-cases/rules.ts';
import { loadFramework } from './framework/data.ts';
import { align } from './framework/model/alignment.ts';
import type { Framework } from './framework/model.ts';
import { datasetAddress } from './framework/registry/discover.ts';
import type { Register } from './framework/registry/model.ts';
import { makeRegistryStore } from './framework/registry/store.ts';
import { makeRegistry, type Registry } from './framework/registry/use-cases/registry.ts';
import { makeRegister } from './framework/registry/use-cases.ts';
import { makeFrameworkStore } from './framework/store.ts';
import { discoverConnectors } from './harvest/discover.ts';
import type { RunProgressReport } from './harvest/execute.ts';
import { failingSince } from './harvest/model/failing.ts';
import type { HarvestRun, RunTrigger } from './harvest/model.ts';
import { parseSiret } from './harvest/parse/codes.ts';
import { makeExaminer } from './harvest/start-examining.ts';
import { makeHarvestStore } from './harvest/store.ts';
import { type HeldRuns, makeHeldRuns } from './harvest/use-cases/held.ts';
import { type Harvest, makeHarvest } from './harvest/use-cases.ts';
import { followedBy, openQueue, threadSettingsOf } from './harvesting.ts';
import { type Operating, openLinkCheck, openOperating } from './operating.ts';
import type { Digest } from './operations/use-cases/digest.ts';
import { hasContact, sections } from './pages/routes.ts';
import { openPartners, type Partners } from './partners.ts';
import { loadPathways } from './pathways/data.ts';
import { pathwayCoursesOf } from './pathways/model/course.ts';
import type { Pathway } from './pathways/model.ts';
import { makePathwayStore } from './pathways/store.ts';
import { makeListPathways, makePathwayBySlug, makeRebuildPathways, type RebuildReport } from './pathways/use-cases.ts';
import { openPeople, type People } from './people.ts';
import { makeSourceHttp } from './platform/http.ts';
import { takeLock } from './platform/lock.ts';
import type { Log } from './platform/log.ts';
import type { Delivery } from './platform/mail.ts';
import { type Database, openDatabase } from './platform/mongo.ts';
import { remembered } from './platform/remembered.ts';
import { makeSecrets, parseKey, readOrMakeKey } from './platform/secrets.ts';
import { readAssets } from './platform/web/server.ts';
import { loadViews, type Views } from './platform/web/views.ts';
import { loadKnownSources } from './providers/data.ts';
import type { Source } from './providers/model.ts';
import { makeSourceStore } from './providers/store.ts';
import { type Due, makeDue } from './providers/use-cases/due.ts';
import type { Notices } from './providers/use-cases/notices.ts';
import { makeSources, type Sources } from './providers/use-cases.ts';
import { openRuleEditing, type RuleEditing } from './rule-editing.ts';
import { userAgentOf } from './user-agent.ts';
import { openVerdicts, type Verdicts } from './verdicts.ts';

/** The folder of package.json: `views/` and `dist/` are there, whether this file runs from `src/` or from `dist/src/`. */
export const projectRoot = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

export interface UseCases extends Due {
  readonly harvest: Harvest;
  readonly held: HeldRuns;
  readonly sources: Sources;
  readonly pathways: {
    rebuild(): Promise<RebuildReport>;
    list(): Promise<Pathway[]>;
    /** How many `list` answers. */
    count(): Promise<number>;
    bySlug(slug: string): Promise<Pathway>;
  };
  readonly registry: Registry;
  /** Whether the register is imported every night. */
  readonly registryNightly: boolean;
  readonly courses: Pick<CourseStore, 'refreshAccess' | 'summary'>;
  /** What the training account says of each course. */
  readonly assessing: Assessing;
  /** The same after a change of the day, the rules or the register, with the pathways. */
  readonly reassessing: Reassessing;
  /** What the training account lacks to pay a course, in the terms of its school. */
  readonly advice: AdviceFor;
  /** Proofs about schools. */
  readonly providerFacts: ProviderFactsUseCases;
  /** Harvests these sources one after another, then rebuilds the pathways. */
  collect(
    sourceIds: readonly string[],
    trigger: RunTrigger,
    options?: { readonly everything?: boolean; readonly signal?: AbortSignal },
  ): Promise<readonly HarvestRun[]>;
  readonly history: Pick<HistoryStore, 'settle'>;
  /** One course that several sources give. */
  readonly duplicates: Duplicates;
  readonly mail: { deliver(signal?: AbortSignal): Promise<Delivery> };
  readonly retention: Pick<Retention, 'enforce'>;
  readonly personalData: Pick<PersonalData, 'finishErasures'>;
  readonly files: { removeUnfinished(before: Date): Promise<number> };
  readonly sourceNotices: Pick<Notices, 'catchUp'>;
  readonly digest: Digest;
  /** Links of courses to their schools. */
  readonly linkCheck: LinkCheck;
  /** Lists that funders sent, past their hours. */
  readonly checkedLists: { eraseExpired(): Promise<number> };
  /** Sources that fail now, with the date since when; the others are absent. */
  failingSince(sourceIds: readonly string[]): Promise<ReadonlyMap<string, Date>>;
}

export interface App {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly framework: Framework;
  /** The registers of certifications; the built-in sample as long as no export is imported. */
  readonly register: Register;
  /** What registers and proofs say of courses: with it, `dossierOf` makes the dossier that the rules judge. */
  readonly funding: Funding;
  readonly courses: CourseStore;
  readonly history: HistoryStore;
  /** What the review of duplicates is made of. */
  readonly duplicates: DuplicateParts;
  readonly links: LinkStore;
  /** The dated rules: the file and what was published since. */
  readonly rules: Rules;
  /** Drafts of versions, what each would change, and where published ones go. */
  readonly ruleEditing: RuleEditing & { readonly store: RuleStore };
  readonly useCases: UseCases;
  /** Pages, as the server and the mails print them; read at the first call. */
  views(): { readonly views: Views; readonly assetsDirectory: string };
  /** Accounts and all that concerns people; opened at the first call. */
  people(): Promise<People>;
  /** Sources of organisations, and what operators decide about all of them; opened at the first call. */
  partners(): Promise<Partners>;
  /** What operators look at, and the mail they get; opened at the first call. */
  operating(): Promise<Operating>;
  /** Receipts, lists and the programs' API; opened at the first call. */
  verdicts(): Promise<Verdicts>;
  close(): Promise<void>;
}

export interface AppOptions {
  /** Where runs execute: a thread of their own for the server, this thread for one command. */
  readonly runsIn: 'worker' | 'this-thread';
  /** Told what is being done, one French line each. */
  readonly onStep?: (text: string) => void;
  readonly onHarvest?: (report: RunProgressReport) => void;
}

/**
 * Opens the database, loads the reference data and the known partners, starts the demonstration server when it is on.
 * @throws AppError, or the engine's own sentence when the data directory cannot be used
 */
export async function openApp(config: Config, log: Log, options: AppOptions): Promise<App> {
  const step = options.onStep ?? (() => {});
  const now = () => new Date();
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    step(
      config.mongodbUri === null
        ? `Base de données embarquée : ${config.dataDir}`
        : 'Base de données : serveur MongoDB',
    );
    const database = await openDatabase(config);
    closers.push(() => database.close());
    const { connection } = database;
    const framework = loadFramework();
    const registryStore = makeRegistryStore(connection);
    const register = makeRegister({ store: registryStore, sample: framework.certifications, now });
    const providerFacts = makeProviderFactsStore(connection);
    const funding = makeFunding({ register, providerFacts });
    const courses = makeCourseStore(connection);
    const history = makeHistoryStore(connection);
    const duplicateParts: DuplicateParts = {
      duplicates: makeDuplicateStore(connection),
      courses,
      takeLock: () => takeLock(connection, 'duplicates', 600, now),
      now,
    };
    const duplicates = makeDuplicates(duplicateParts);
    const links = makeLinkStore(connection);
    const pathwayStore = makePathwayStore(connection);
    const harvestStore = makeHarvestStore(connection);
    const sourceStore = makeSourceStore(connection);
    const frameworkStore = makeFrameworkStore(connection);
    const ruleStore = makeRuleStore(connection);
    await Promise.all([
      courses.ensureIndexes(),
      history.ensureIndexes(),
      duplicateParts.duplicates.ensureIndexes(),
      links.ensureIndexes(),
      pathwayStore.ensureIndexes(),
      harvestStore.ensureIndexes(),
      sourceStore.ensureIndexes(),
      ruleStore.ensureIndexes(),
      registryStore.ensureIndexes(),
    ]);
    const rules = makeRules({ seed: loadRulesFile(), cases: readCases(), store: ruleStore, log, now });
    await rules.refresh();
    closers.push(rules.follow());
    const assessing = makeAssessing({
      courses: makeCourseAssessing(connection),
      funding,
      register,
      rules: () => rules.current(),
      now,
    });
    closers.push(() => assessing.stop());
    const registry = makeRegistry({
      store: registryStore,
      sample: framework.certifications,
      subjects: framework.subjects,
      now,
      takeLock: () => takeLock(connection, 'registry-import', 60, now),
      openHttp: (signal) =>
        makeSourceHttp({
          userAgent: userAgentOf(config),
          limits: { wireBytes: 500_000_000 },
          ...(signal === undefined ? {} : { signal }),
        }),
      address: datasetAddress,
      folder: join(config.dataDir, 'registry'),
    });
    const { written } = await frameworkStore.load(framework);
    if (written)
      step(
        `Référentiel chargé : ${framework.competences.length} compétences, ${framework.certifications.size} certifications.`,
      );

    const demo = config.demo ? await startDemoServer({ now }) : null;
    if (demo !== null) closers.push(() => demo.close());

    const keys = once(() => secretKeys(config));
    const secrets = once(() => {
      const [key, ...older] = keys();
      return makeSecrets(key, older);
    });
    const threads = threadSettingsOf(config, demo?.origin ?? null);
    const queue = await openQueue({
      ...{ config, log, database, threads, runsIn: options.runsIn },
      secretKeys: keys,
      openSecret: (sealed) => secrets().open(sealed),
      ...(options.onHarvest === undefined ? {} : { onProgress: options.onHarvest }),
    });
    closers.push(() => queue.close());

    const sources = makeSources({ sources: sourceStore, courses, harvest: harvestStore, now });
    await sources.plantKnown(loadKnownSources());
    const demonstration = demo === null ? [] : demoSources(demo.origin);
    if (demo !== null) await sources.plantDemo(demonstration, { putBack: options.runsIn === 'worker' });
    if (demo !== null) await providerFacts.save(demoProviderFacts(now()));
    // Each process has a demonstration server of its own: the stored address may be that of another one.
    const settingsHere = new Map(demonstration.map(({ id, config: own }) => [id, own]));
    const here = (source: Source): Source => ({ ...source, config: settingsHere.get(source.id) ?? source.config });
    const reachable = (source: Source) => !source.demo || demo !== null;
    const harvested = {
      byId: async (id: string) => {
        const source = await sourceStore.byId(id);
        return source === null ? null : here(source);
      },
      active: async () => (await sourceStore.active()).filter(reachable).map(here),
    };
    const rebuildAll = makeRebuildPathways({
      courses: { published: () => pathwayCoursesOf(courses.published()) },
      pathways: pathwayStore,
      definitions: loadPathways(framework),
      framework,
      register,
      now,
    });
    const readPathways = () => ({
      list: remembered(makeListPathways({ pathways: pathwayStore }), pathwaysMs),
      bySlug: remembered(makePathwayBySlug({ pathways: pathwayStore }), pathwaysMs),
    });
    let pathwayReading = readPathways();
    const rebuild = async () => {
      const due = await assessing.pathwaysDue();
      const report = await rebuildAll();
      // Who built them sees them.
      pathwayReading = readPathways();
      if (due !== null) await assessing.pathwaysBuilt(due);
      return report;
    };
    const reassessing = makeReassessing({
      assessing,
      rebuildPathways: rebuild,
      lock: () => takeLock(connection, 'reassessing', reassessingLockSeconds),
      log,
    });
    /** Those that nobody is told about need no people: a command on the known partners has none open. */
    const tellOf = async ({ sourceId }: HarvestRun) => {
      const source = await sourceStore.byId(sourceId);
      if (source === null || (source.organisationId === null && source.state !== 'closed')) return;
      await (await partners()).notices.followUp(sourceId);
    };
    const harvest = makeHarvest({
      ...harvestStore,
      sources: harvested,
      queue: followedBy(queue, [(run) => duplicates.afterRun(run), () => assessing.refresh(), tellOf], log),
      newId: randomUUID,
      now,
      log,
    });
    const due = makeDue({ sources: async () => (await sources.list()).filter(reachable), harvest, now });
    const advice = makeAdvice({ register, rules: () => rules.current(), now });
    const { graceDays } = config.harvest;
    const held = makeHeldRuns({ ...harvestStore, courses, sources: harvested, graceDays, now });
    const pathways = {
      rebuild,
      list: () => pathwayReading.list(),
      count: pathwayStore.countLiving,
      bySlug: (slug: string) => pathwayReading.bySlug(slug),
    };
    const editing = await openRuleEditing({ connection, rules, courses, funding, pathways, log });
    closers.push(() => editing.flips.close());
    const views = once(() => readViews(config));
    const people = once(() =>
      openPeople({
        config,
        log,
        database,
        views: views().views,
        viewsDirectory,
        courses,
        history,
        pathways,
        drafts: editing.drafts,
        runs: harvestStore.runs,
        secrets: secrets(),
        sources: sourceStore,
      }),
    );
    const partners = once(async () => {
      const examiner = makeExaminer({
        data: {
          ...threads,
          databaseUri: database.uri,
          databaseKind: database.kind,
          enabledConnectors: config.enabledConnectors,
          secretKeys: keys(),
        },
        log,
      });
      closers.push(() => examiner.close());
      const connectors = await discoverConnectors({ enabled: config.enabledConnectors });
      return openPartners({
        ...{ courses, links, harvest, held, due, connectors, examiner, now },
        runs: harvestStore.runs,
        records: harvestStore.records,
        mergedOf: duplicateParts.duplicates.mergedOf,
        patches: harvestStore.patches,
        ...{ history, log },
        align: (draft) => align({ ...draft, provider: draft.provider.name }, framework),
        foresee: makeForesee({ funding, register, advice, rules: () => rules.current(), now }),
        rebuildPathways: rebuild,
        people: await people(),
        sources: sourceStore,
      });
    });
    const operating = once(async () =>
      openOperating({
        ...{ connection, harvest, register, now },
        proposals: duplicateParts.duplicates.waiting,
        sources: sourceStore,
        runs: harvestStore.runs,
        people: await people(),
      }),
    );
    const verdicts = once(() =>
      openVerdicts({ config, log, database, courses, register, funding, rules, people, pathways }),
    );
    // Asked by every page that lists courses, for the sources of all of them.
    const failing = remembered(
      async (id: string) => failingSince(await harvest.endingsOf(id, runsLookedAt)),
      failingMs,
    );
    const useCases: UseCases = {
      harvest,
      held,
      sources,
      pathways,
      registry,
      registryNightly: config.registryNightly,
      mail: { deliver: async (signal) => (await people()).mail.deliver(signal) },
      files: { removeUnfinished: async (before) => (await people()).files.removeUnfinished(before) },
      personalData: { finishErasures: async () => (await people()).personalData.finishErasures() },
      checkedLists: { eraseExpired: async () => (await verdicts()).lists.eraseExpired() },
      retention: { enforce: async (options) => (await people()).retention.enforce(options) },
      courses,
      assessing,
      reassessing,
      advice,
      providerFacts: makeProviderFacts({ store: providerFacts, assessing, siretOf, now }),
      history,
      duplicates,
      async collect(sourceIds, trigger, { everything = false, signal } = {}) {
        const runs: HarvestRun[] = [];
        const requested: Awaited<ReturnType<Harvest['request']>>[] = [];
        for (const id of sourceIds) requested.push(await harvest.request(id, trigger, { everything }));
        for (const { ended } of requested) {
          signal?.throwIfAborted();
          runs.push(await ended);
        }
        await rebuild();
        return runs;
      },
      ...due,
      linkCheck: openLinkCheck({ links, config, demoOrigin: demo?.origin ?? null, now }),
      digest: { send: async (signal) => (await operating()).digest.send(signal) },
      sourceNotices: { catchUp: async (signal) => (await partners()).notices.catchUp(signal) },
      async failingSince(sourceIds) {
        const found = await Promise.all(sourceIds.map(async (id) => [id, await failing(id)] as const));
        return new Map(found.flatMap(([id, since]) => (since === null ? [] : [[id, since] as const])));
      },
    };
    return {
      history,
      duplicates: duplicateParts,
      links,
      config,
      log,
      database,
      framework,
      register,
      funding,
      rules,
      ruleEditing: { ...editing, store: ruleStore },
      courses,
      useCases,
      views,
      people,
      partners,
      operating,
      verdicts,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws AppError `invalid` when the key of the installation cannot be used */
function secretKeys(config: Config): readonly [current: Buffer, ...older: Buffer[]] {
  const production = config.environment === 'production';
  const key = readOrMakeKey({ dataDir: config.dataDir, configured: config.secretKey, production });
  return [key, ...config.oldSecretKeys.map((old) => parseKey(old, 'OLD_SECRET_KEYS'))];
}

/** As the harvest reads one, in the words of an import. */
function siretOf(text: string): { readonly siret: string } | { readonly cause: string } {
  const parsed = parseSiret(text);
  if (parsed.kind === 'siret') return { siret: parsed.siret };
  return { cause: parsed.kind === 'refused' ? parsed.cause : 'il est vide' };
}

const viewsDirectory = join(projectRoot, 'views');

function readViews(config: Config) {
  const assetsDirectory = join(projectRoot, 'dist', 'assets');
  const site = { sections, assets: readAssets(assetsDirectory), contact: hasContact(config), demo: config.demo };
  return { views: loadViews(viewsDirectory, site), assetsDirectory };
}

/** The same value at every call. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const runsLookedAt = 30;
/** Every page that names pathways reads them: those of so many milliseconds ago will do. */
const pathwaysMs = 2_000;
/** A source that stopped answering, or answers again, is told so many milliseconds later at most. */
const failingMs = 5_000;
