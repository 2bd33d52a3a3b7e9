/** The server: pages over the use cases, the search index that follows the database, and the jobs. */
import { randomUUID } from 'node:crypto';
import { administrationRoutes } from './accounts/routes/administration.ts';
import { barsByRight, type LinkByRight } from './accounts/routes/administration-bar.ts';
import { identityRoutes } from './accounts/routes/identity.ts';
import { organisationApprovalRoutes } from './accounts/routes/organisation-approval.ts';
import { organisationRoutes } from './accounts/routes/organisations.ts';
import { personalDataRoutes } from './accounts/routes/personal-data.ts';
import { accountRoutes, makeActorOf } from './accounts/routes.ts';
import { identityButtons } from './accounts/view-models/identity.ts';
import type { App } from './app.ts';
import { changesRoutes } from './catalogue/routes/changes.ts';
import { reviewRoutes } from './catalogue/routes/review.ts';
import { catalogueRoutes, certificationOffer } from './catalogue/routes.ts';
import { makeSearchThread, type SearchThread } from './catalogue/search/start-search.ts';
import { makeChanges } from './catalogue/use-cases/changes.ts';
import { makeDuplicateReview } from './catalogue/use-cases/duplicates.ts';
import { makeNothingToPay } from './catalogue/use-cases/nothing-to-pay.ts';
import { makeCatalogueUseCases } from './catalogue/use-cases.ts';
import { draftCard } from './catalogue/view-models/draft-card.ts';
import { historyLines } from './catalogue/view-models/history.ts';
import { siteAddress } from './config.ts';
import { journeyRoutes } from './eligibility/routes/journey.ts';
import { ruleEditorRoutes } from './eligibility/routes/rule-editor.ts';
import { ruleRoutes } from './eligibility/routes/rules.ts';
import { makePublishedRules } from './eligibility/use-cases/published-rules.ts';
import { makeRuleEditor } from './eligibility/use-cases/rule-editor.ts';
import { AppError } from './errors.ts';
import { certificationRoutes } from './framework/registry/routes.ts';
import { listRoutes } from './funding/routes/lists.ts';
import { receiptRoutes } from './funding/routes/receipts.ts';
import { funderPath } from './funding/view-models/lists.ts';
import { loadProblemHelp } from './harvest/data.ts';
import { problemHelpRoutes } from './harvest/routes/problem-help.ts';
import { discoverJobs } from './jobs.ts';
import { operationsRoutes } from './operations/routes.ts';
import { dashboardPath, jobsPath } from './operations/view-models/words.ts';
import { healthRoutes } from './pages/api.ts';
import { makeHealth } from './pages/health.ts';
import { pageRoutes } from './pages/routes.ts';
import { enrolmentRoutes } from './pathways/routes/enrolment.ts';
import { pathwayLinks, pathwayRoutes } from './pathways/routes.ts';
import { makeFindPathwayAim } from './pathways/use-cases/aim.ts';
import { pathwayCostModel } from './pathways/view-models/cost.ts';
import { remembered } from './platform/remembered.ts';
import { makeScheduler } from './platform/schedule.ts';
import { devMailRoutes } from './platform/web/dev-mail.ts';
import { type Listener, listen } from './platform/web/listener.ts';
import { makeWebApp, messagesOf } from './platform/web/server.ts';
import { behindSession } from './platform/web/session.ts';
import { conflictRoutes } from './providers/routes/conflicts.ts';
import { correctingRoutes } from './providers/routes/correcting.ts';
import { coverageRoutes } from './providers/routes/coverage.ts';
import { deadLinkRoutes } from './providers/routes/dead-links.ts';
import { draftingRoutes } from './providers/routes/drafting.ts';
import { identifierRoutes } from './providers/routes/identifiers.ts';
import { operatingRoutes } from './providers/routes/operating.ts';
import { ownSourceRoutes } from './providers/routes/own.ts';
import { reportRoutes } from './providers/routes/reports.ts';
import { homePath } from './providers/view-models/space.ts';

export interface RunningServer {
  readonly url: string;
  readonly courses: number;
  /** What answers at that address, for the test that asks of every route who may use it. */
  readonly web: ReturnType<typeof makeWebApp>;
  /** Stops accepting, answers who waits, then ends jobs; leaves harvest runs to be resumed. Does not close the app. */
  close(): Promise<void>;
}

/** The bar of the own space. */
const spaceLinks = [
  { label: 'Mes parcours', href: '/mon-espace' },
  { label: 'Gardés', href: '/mon-espace/gardes' },
  { label: 'Mes organismes', href: '/mon-espace/organisations' },
  { label: 'Mon profil', href: '/mon-espace/profil' },
  { label: 'Ma sécurité', href: '/mon-espace/securite' },
  { label: 'Mes données', href: '/mon-espace/donnees' },
];

/** Where the bar of the own space leads besides: the spaces of those who act for an organisation. */
const otherSpaces: readonly LinkByRight[] = [
  { label: 'Espace organisme', href: homePath, right: 'source:own' },
  { label: 'Espace financeur', href: funderPath, right: 'verdicts:check' },
];

/** The bar of /admin, in its order: one line for each page, with the right that opens it. */
const administrationLinks: readonly LinkByRight[] = [
  { label: 'À traiter', href: dashboardPath, right: 'site:watch', exact: true },
  { label: 'Sources', href: '/admin/sources', right: 'source:manage' },
  { label: 'Collectes', href: '/admin/collectes', right: 'source:manage' },
  { label: 'Travaux', href: jobsPath, right: 'jobs:run' },
  { label: 'Revue', href: '/admin/revue', right: 'catalogue:review' },
  { label: 'Comptes', href: '/admin/comptes', right: 'users:manage' },
  { label: 'Organismes', href: '/admin/organismes', right: 'organisations:approve' },
  { label: "Journal d'audit", href: '/admin/journal', right: 'audit:read' },
  { label: 'Règles', href: '/admin/regles', right: 'rules:edit' },
  { label: 'Écarts des reçus', href: '/admin/ecarts', right: 'incidents:read' },
];

/** What pathways can be paid for, before anybody's answers: read for a page, that of so many milliseconds ago will do. */
const offeredMs = 2_000;

/** The page prints codes that change every 30 seconds and are accepted longer. */
const demoAccountsMs = 1_000;

/** For those who wait for an answer when the server stops: less than the ten seconds that supervisors leave. */
const stopGraceMs = 5_000;

const embeddedNote = 'Base embarquée : sous-ensemble de MongoDB, un seul processus serveur.';

/** @throws AppError `conflict` when the port is taken */
export async function serve(app: App): Promise<RunningServer> {
  const { config, log, database } = app;
  const index = makeSearchThread({
    data: { databaseUri: database.uri, databaseKind: database.kind, logLevel: config.logLevel },
    log,
  });
  try {
    return await serveWith(app, index);
  } catch (error) {
    // It would keep the process alive.
    await index.close();
    throw error;
  }
}

async function serveWith(app: App, index: SearchThread): Promise<RunningServer> {
  const { config, log, framework, courses, history, useCases, database } = app;
  const now = () => new Date();
  const { views, assetsDirectory } = app.views();
  const people = await app.people();
  const { accounts, sessions } = people;
  const partners = await app.partners();
  const actorOf = makeActorOf(sessions);
  const verdicts = await app.verdicts();
  const { aims } = verdicts;
  const rules = app.rules.current;
  const catalogue = makeCatalogueUseCases({
    courses,
    index,
    framework,
    pathways: pathwayLinks(useCases.pathways, now),
    failingSince: useCases.failingSince,
    history,
    providerFacts: (siret) => useCases.providerFacts.show(siret),
    advice: useCases.advice,
    linkDeadSince: app.links.deadSince,
    nothingToPay: makeNothingToPay({ courses, aims, rules, now }),
    graceDays: config.harvest.graceDays,
    now,
  });
  const contact = config.contact.email ?? config.contact.url;
  const findPathwayAim = makeFindPathwayAim({
    offered: remembered(verdicts.offered, offeredMs),
    rules,
    print: pathwayCostModel,
  });
  const cost = {
    findAim: async (ref: string, date: string) => (await aims.find(ref, date)) ?? findPathwayAim(ref, date),
    rules,
    contact,
  };
  let ready = true;
  const identity = identityRoutes({
    identities: people.identities,
    sessions,
    secrets: people.secrets,
    views,
    log,
    spaceLinks,
    actorOf,
    askCode: (request, response, pending) => account.askCode(request, response, pending),
  });
  const demoAccounts = remembered(people.demoAccounts.shown, demoAccountsMs);
  const account = accountRoutes({
    accounts,
    sessions,
    views,
    spaceLinks,
    extras: async (next) => ({
      identities: identityButtons(people.identities.choices, next),
      demoAccounts: config.demo ? await demoAccounts() : [],
    }),
    identitiesOffered: people.identities.choices.length > 0,
    beforeSignOut: identity.beforeSignOut,
    now,
  });
  const approval = organisationApprovalRoutes({ approvals: people.approvals, views, spaceLinks, actorOf });
  // What courses and pathways say of the training account follows the rules and the register without waiting for the job.
  const endReassessing = useCases.reassessing.follow();
  const ruleEditor = makeRuleEditor({
    ...app.ruleEditing,
    rules: app.rules,
    audit: people.audit,
    following: useCases.assessing.progress,
    newId: randomUUID,
    now,
  });
  const health = makeHealth({
    database: { kind: database.kind, note: database.kind === 'embedded' ? embeddedNote : null },
    courses: () => index.stats().courses,
    ping: () => database.connection.getClient().db(database.connection.name).command({ ping: 1 }),
    countPathways: useCases.pathways.count,
    lastHarvest: useCases.harvest.lastComplete,
    now,
    log,
  });
  const scheduler = makeScheduler({ jobs: await discoverJobs(), useCases, connection: database.connection, log });
  const operations = (await app.operating()).operations(scheduler);
  const web = makeWebApp({
    programs: [verdicts.api()],
    routers: [
      healthRoutes({ ...health, isReady: () => ready }),
      behindSession(sessions),
      barsByRight({ administration: administrationLinks, spaces: otherSpaces }, sessions.personOf),
      enrolmentRoutes({ ...people, views, space: spaceLinks, actorOf, now }),
      catalogueRoutes({ useCases: catalogue, framework, register: app.register, views, cost, now }),
      changesRoutes({
        changes: makeChanges({ history, courses, sourceTitle: useCases.sources.titleOf }),
        views,
        site: siteAddress(config),
        now,
      }),
      pathwayRoutes({ useCases: useCases.pathways, framework, register: app.register, views, cost, now }),
      certificationRoutes({
        lookUps: useCases.registry,
        framework,
        offer: certificationOffer({ useCases: catalogue, framework, cost, now }),
        views,
        now,
      }),
      ruleRoutes({ rules: makePublishedRules(app), views, now }),
      journeyRoutes({
        ...cost,
        views,
        publicUrl: config.publicUrl,
        receipts: true,
        now,
      }),
      receiptRoutes({ ...verdicts, printPathway: pathwayCostModel, views, contact, actorOf }),
      listRoutes({ ...verdicts, rules, views, contact, actorOf }),
      account.router,
      identity.router,
      approval.router,
      organisationRoutes({
        organisations: people.organisations,
        sendApplication: approval.sendApplication,
        sessions,
        views,
        spaceLinks,
        actorOf,
        now,
      }),
      administrationRoutes({ administration: people.administration, sessions, views, actorOf }),
      ruleEditorRoutes({ editor: ruleEditor, views, actorOf, now }),
      personalDataRoutes({
        personalData: people.personalData,
        views,
        spaceLinks,
        actorOf,
        signedInAt: (request) => (request.user === undefined ? null : new Date(request.user.since)),
        signOut: sessions.signOut,
      }),
      ownSourceRoutes({ own: partners.own, drafting: partners.drafting, views, actorOf }),
      draftingRoutes({
        own: partners.own,
        drafting: partners.drafting,
        views,
        async declareOrganisation(request, actor, asked) {
          const outcome = await people.organisations.create(actor, { kind: 'provider', ...asked });
          if (outcome.kind === 'refused') return { kind: 'refused', refusals: { ...outcome.refusals } };
          const { accountId, strong } = actor;
          const { id, rightsVersion } = outcome;
          if (accountId !== null) await sessions.signIn(request, accountId, { strong, rightsVersion });
          return { kind: 'done', id };
        },
        cardOf: (read, source) => draftCard(read, source, { now: now(), bands: framework.bands }),
        actorOf,
        now,
      }),
      operationsRoutes({ operations, views, actorOf, now }),
      conflictRoutes({ conflicts: partners.conflicts, views, actorOf }),
      identifierRoutes({ identifiers: partners.identifiers, views, actorOf }),
      correctingRoutes({
        correcting: partners.correcting,
        views,
        cardOf: (read, source) => draftCard(read, source, { now: now(), bands: framework.bands }),
        historyOf: historyLines,
        actorOf,
      }),
      operatingRoutes({ operating: partners.operating, views, actorOf }),
      reportRoutes({ reports: partners.reports, views, site: siteAddress(config), actorOf }),
      reviewRoutes({
        duplicates: makeDuplicateReview({
          ...app.duplicates,
          audit: people.audit,
          rebuildPathways: useCases.pathways.rebuild,
        }),
        countOthers: async (actor) => ({
          reused: (await partners.identifiers.waiting(actor, 1)).total,
          claimed: (await partners.conflicts.waiting(actor, 1)).total,
        }),
        views,
        actorOf,
        now,
      }),
      deadLinkRoutes({ deadLinks: partners.deadLinks, views, site: siteAddress(config), actorOf }),
      coverageRoutes({ coverage: partners.coverage, views, now }),
      problemHelpRoutes({ helps: loadProblemHelp(), views }),
      devMailRoutes({
        mail: people.mail,
        views,
        shown: config.environment !== 'production' && config.mail.smtpUrl === null,
      }),
      pageRoutes({ facts: config, retention: people.retention.rules, views }),
    ],
    views,
    settings: {
      publicUrl: config.publicUrl,
      trustProxy: config.trustProxy,
      rateLimitPerMinute: config.rateLimitPerMinute,
      assetsDirectory,
    },
    log,
  });

  /** A run whose process was killed goes on here, from its last checkpoint; so does a decision about a held one. */
  async function takeOverDeadRuns(): Promise<void> {
    try {
      const runs = [...(await useCases.held.finishDecisions()), ...(await useCases.harvest.reclaimDead())];
      if (runs.length > 0) log.warn({ runs }, 'harvest runs taken over');
    } catch (err) {
      log.error({ err }, 'dead harvest runs could not be taken over');
    }
  }

  await index.ready();
  let listener: Listener;
  try {
    listener = await listen(web, config, messagesOf(web));
  } catch (cause) {
    const message = `Le port ${config.port} de ${config.host} ne peut pas être ouvert. Choisissez-en un autre : PORT=3001 npm start.`;
    throw new AppError('conflict', 'PORT_TAKEN', message, { cause });
  }
  await scheduler.start();
  await takeOverDeadRuns();
  const endLists = verdicts.workOnLists();
  let takingOver = Promise.resolve();
  const takeover = setInterval(() => {
    takingOver = takingOver.then(takeOverDeadRuns);
  }, 60_000);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;

  return {
    url: config.publicUrl ?? `http://${host}:${listener.port}/`,
    courses: index.stats().courses,
    web,
    async close() {
      ready = false;
      clearInterval(takeover);
      const cut = await listener.stop(stopGraceMs);
      if (cut > 0) log.warn({ cut }, 'requests cut by the stop');
      // Nobody asks for anything any more: what requests begin ends after them.
      await Promise.all([scheduler.stop(), endLists(), endReassessing(), takingOver]);
      await index.close();
    },
  };
}
