/** Receipts, lists and the API over the real stores and use cases; a register, rules, courses and a clock that a test moves. */
import { randomBytes } from 'node:crypto';
import express, { type Express, Router } from 'express';
import type { Course } from '../../src/catalogue/model.ts';
import { makeProviderFactsStore } from '../../src/catalogue/store/provider-facts.ts';
import { makeFunding } from '../../src/catalogue/use-cases/funding.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import type { RuleSet } from '../../src/eligibility/model/rule-set.ts';
import { AppError } from '../../src/errors.ts';
import type { Habilitation, Register, RegisterRecord } from '../../src/framework/registry/model.ts';
import { pairKey } from '../../src/framework/registry/model.ts';
import { listRoutes } from '../../src/funding/routes/lists.ts';
import { receiptRoutes } from '../../src/funding/routes/receipts.ts';
import { type ListStore, makeListStore } from '../../src/funding/store/lists.ts';
import { makeReceiptStore, type ReceiptStore } from '../../src/funding/store/receipts.ts';
import type { Pathway } from '../../src/pathways/model.ts';
import { pathwayCostModel } from '../../src/pathways/view-models/cost.ts';
import { takeLock } from '../../src/platform/lock.ts';
import { makeLog } from '../../src/platform/log.ts';
import { type Database, openDatabase } from '../../src/platform/mongo.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { makeSigner, type Signer } from '../../src/platform/signature.ts';
import { uploadReader } from '../../src/platform/web/upload.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { makeVerdicts, type Verdicts } from '../../src/verdicts.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testNow } from './course.ts';
import { aFundedCourse, aRecord, rsRecord, someFacts } from './funding.ts';
import { aSite, coursesOf, type SiteOptions } from './site.ts';

export const funder: Actor = {
  accountId: 'funder-1',
  roles: ['funder-member'],
  memberships: [{ organisationId: 'fonds', kind: 'funder', owner: false, active: true }],
  strong: true,
};

export interface FundingWorld {
  readonly database: Database;
  readonly receiptStore: ReceiptStore;
  readonly listStore: ListStore;
  readonly signer: Signer;
  readonly verdicts: Verdicts;
  clock: Date;
  courses: Course[];
  pathways: Pathway[];
  records: RegisterRecord[];
  registerDate: string | null;
  rules: RuleSet;
  /** Who asks the site from now on. */
  actor: Actor;
  /** With the same stores, for another process. */
  again(): Verdicts;
  site(options?: SiteOptions): Promise<Express>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

const collections = ['receipts', 'receipt_incidents', 'checked_lists', 'checked_list_pieces', 'signing_keys', 'locks'];

export const formToken = 'jeton-de-ce-formulaire';

/** @param joined the address of a database that another process serves; a fresh one unless told */
export async function openFundingWorld(joined?: { readonly uri: string; readonly key: Buffer }): Promise<FundingWorld> {
  const test: TestDatabase | null = joined === undefined ? await testDatabase() : null;
  const database = await openDatabase({ mongodbUri: joined?.uri ?? test?.uri ?? '', dataDir: '' });
  const { connection } = database;
  const secrets = makeSecrets(joined?.key ?? randomBytes(32));
  const now = () => world.clock;
  const signer = makeSigner(connection, { secrets, now });
  const receiptStore = makeReceiptStore(connection);
  const listStore = makeListStore(connection);
  const providerFacts = makeProviderFactsStore(connection);
  for (const store of [signer, receiptStore, listStore]) await store.ensureIndexes();
  await providerFacts.save([someFacts()]);

  const register: Register = {
    state: async () => ({ date: world.registerDate, records: world.records.length, offersDate: null }),
    certification: async (code) => world.records.find((one) => one.code === code.replace(/BC\d{2}$/, '')) ?? null,
    certifications: async (codes) =>
      new Map(world.records.filter((one) => codes.includes(one.code)).map((one) => [one.code, one])),
    habilitation: async () => null,
    habilitations: async (pairs) => new Map(pairs.map((pair) => [pairKey(pair), null as Habilitation | null])),
    hasOffer: async () => null,
    hasOffers: async (pairs) => new Map(pairs.map((pair) => [pairKey(pair), null as boolean | null])),
    successors: async () => ({ codes: [], end: 'none-known' }),
  };
  const known = new Map<string, RuleSet>();
  const log = makeLog('silent');

  function make(): Verdicts {
    return makeVerdicts({
      config: { publicUrl: null, rateLimitPerMinute: 100_000, batchLimitPerMinute: 100_000 },
      log,
      courses: {
        byId: (id) => coursesOf(world.courses).byId(id),
        byIds: (ids) => coursesOf(world.courses).byIds(ids),
      },
      register,
      funding: makeFunding({ register, providerFacts }),
      rules: {
        current: () => {
          known.set(world.rules.version, world.rules);
          return world.rules;
        },
        byVersion: async (version) => known.get(version) ?? null,
      },
      pathways: {
        async bySlug(slug) {
          const found = world.pathways.find((pathway) => pathway.slug === slug);
          if (found === undefined) throw new AppError('not-found', 'PAGE_INCONNUE', 'Ce parcours n’existe pas.');
          return found;
        },
      },
      secrets,
      signer,
      receiptStore,
      listStore,
      lock: (name, seconds) => takeLock(connection, name, seconds),
      listDays: 1,
      now,
    });
  }

  const world: FundingWorld = {
    database,
    receiptStore,
    listStore,
    signer,
    verdicts: undefined as unknown as Verdicts,
    clock: testNow,
    courses: [aFundedCourse()],
    pathways: [],
    records: [aRecord(), rsRecord()],
    registerDate: '2026-11-20',
    rules: loadRules(),
    actor: visitor,
    again: make,
    site: (options = {}) =>
      aSite({
        ...options,
        before: ({ views }) => {
          const session = Router();
          session.use(express.urlencoded({ extended: false }), uploadReader('_csrf'), (_request, response, next) => {
            Object.assign(response.locals.shell, { signedIn: world.actor.accountId !== null, csrf: formToken });
            next();
          });
          const parts = { ...world.verdicts, views, contact: 'aide@exemple.fr', actorOf: async () => world.actor };
          return [
            session,
            receiptRoutes({ ...parts, printPathway: pathwayCostModel }),
            listRoutes({ ...parts, rules: () => world.rules }),
          ];
        },
      }),
    async clear() {
      for (const name of collections) await connection.collection(name).deleteMany({});
      world.clock = testNow;
      world.courses = [aFundedCourse()];
      world.pathways = [];
      world.records = [aRecord(), rsRecord()];
      world.registerDate = '2026-11-20';
      world.rules = loadRules();
      world.actor = visitor;
    },
    async close() {
      await database.close();
      await test?.drop();
    },
  };
  Object.assign(world, { verdicts: make() });
  return world;
}
