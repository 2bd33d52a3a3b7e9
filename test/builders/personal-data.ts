/** Everything that keeps something about a person, over the real stores, and the pages that show and erase it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Express, Router as makeRouter, type Router } from 'express';
import mongoose, { type Connection } from 'mongoose';
import { filesOf } from '../../src/accounts/model/approval.ts';
import type { Holding } from '../../src/accounts/model/holding.ts';
import type { Account } from '../../src/accounts/model.ts';
import { personalDataRoutes } from '../../src/accounts/routes/personal-data.ts';
import { type AttemptStore, makeAttemptStore } from '../../src/accounts/store/attempts.ts';
import { makeErasureStore } from '../../src/accounts/store/erasures.ts';
import { makeOrganisationStore, type OrganisationStore } from '../../src/accounts/store/organisations.ts';
import { makeTokenStore, type TokenStore } from '../../src/accounts/store/tokens.ts';
import { type AccountStore, makeAccountStore } from '../../src/accounts/store.ts';
import {
  accountHolding,
  attemptHolding,
  fileHolding,
  mailHolding,
  sessionHolding,
  tokenHolding,
} from '../../src/accounts/use-cases/account-data.ts';
import { makeActors } from '../../src/accounts/use-cases/actor.ts';
import { organisationHolding } from '../../src/accounts/use-cases/organisation-data.ts';
import { makePersonalData, type PersonalData } from '../../src/accounts/use-cases/personal-data.ts';
import { makeSignIn } from '../../src/accounts/use-cases/sign-in.ts';
import { type EnrolmentStore, makeEnrolmentStore } from '../../src/pathways/store/enrolments.ts';
import { type KeptStore, makeKeptStore } from '../../src/pathways/store/kept-courses.ts';
import { enrolmentHolding, keptHolding } from '../../src/pathways/use-cases/personal-data.ts';
import { type Audit, makeAudit } from '../../src/platform/audit.ts';
import { type Files, makeFiles } from '../../src/platform/files.ts';
import { makeLog } from '../../src/platform/log.ts';
import { type Mail, makeMail } from '../../src/platform/mail.ts';
import { makePasswordHasher, type PasswordHasher } from '../../src/platform/password-hash.ts';
import { makeSecrets, type Secrets } from '../../src/platform/secrets.ts';
import { loadMailViews } from '../../src/platform/web/mail-views.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { type Sessions, sessionLayer } from '../../src/platform/web/session.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { anEnrolment } from './enrolment.ts';
import { builtAssets } from './site.ts';

export const personPassword = 'quatre mots sans rapport';

export interface PersonalDataWorld {
  readonly connection: Connection;
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly attempts: AttemptStore;
  readonly organisations: OrganisationStore;
  readonly enrolments: EnrolmentStore;
  readonly kept: KeptStore;
  readonly files: Files;
  readonly mail: Mail;
  readonly audit: Audit;
  readonly secrets: Secrets;
  readonly passwords: PasswordHasher;
  readonly sessions: Sessions<Actor>;
  readonly holdings: readonly Holding[];
  readonly personalData: PersonalData;
  readonly app: Express;
  clock: Date;
  /** Another instance over the same database, some of its parts replaced: a process that dies, then its successor. */
  personalDataWith(change: { readonly holdings?: readonly Holding[] }): PersonalData;
  person(change?: Partial<Account>): Promise<Account>;
  close(): Promise<void>;
}

export async function openPersonalDataWorld(): Promise<PersonalDataWorld> {
  const database: TestDatabase = await testDatabase();
  const connection = await mongoose.createConnection(database.uri, { autoIndex: false, autoCreate: false }).asPromise();
  const state = { clock: new Date('2026-11-22T10:00:00Z') };
  const now = () => state.clock;
  const secrets = makeSecrets(randomBytes(32));
  const accounts = makeAccountStore(connection);
  const tokens = makeTokenStore(connection);
  const attempts = makeAttemptStore(connection, 'a secret of the tests');
  const organisations = makeOrganisationStore(connection);
  const enrolments = makeEnrolmentStore(connection);
  const kept = makeKeptStore(connection);
  const files = makeFiles(connection, null);
  const audit = makeAudit(connection, { secrets, now });
  const mail = makeMail(connection, {
    views: loadMailViews('views'),
    secrets,
    smtp: null,
    now,
    log: makeLog('silent'),
  });
  // The least argon2 accepts: not its time is tested here.
  const passwords = await makePasswordHasher({ memoryCost: 8, timeCost: 1 });
  const stores = [accounts, tokens, attempts, organisations, enrolments, kept, files, mail];
  for (const store of stores) await store.ensureIndexes();

  const assetsDirectory = builtAssets();
  const views = loadViews('views', { sections: [], contact: true, demo: false, assets: readAssets(assetsDirectory) });
  const actors = makeActors({ accounts, membershipsOf: organisations.membershipsOf });
  const sessions = sessionLayer<Actor>({
    connection,
    secret: 'a secret of the tests',
    secure: false,
    views,
    log: makeLog('silent'),
    load: actors.actorFor,
    now,
  });
  await sessions.ensureIndexes();

  const holdings: readonly Holding[] = [
    sessionHolding(sessions),
    tokenHolding(tokens),
    attemptHolding(attempts, accounts),
    organisationHolding({ organisations, accounts, files }),
    enrolmentHolding(enrolments),
    keptHolding(kept),
    fileHolding(files),
    mailHolding(mail, accounts),
  ];
  const { isPassword } = makeSignIn({ accounts, attempts, passwords, secrets, audit, now });
  const personalDataWith = (change: { readonly holdings?: readonly Holding[] }) =>
    makePersonalData({
      holdings: change.holdings ?? holdings,
      account: accountHolding(accounts),
      erasures: makeErasureStore(connection),
      person: async (id) => {
        const account = await accounts.byId(id);
        if (account === null) return null;
        const { email, passwordHash, consents } = account;
        return { address: email?.address ?? null, hasPassword: passwordHash !== null, consents };
      },
      isPassword,
      withdrawConsent: accounts.withdrawConsent,
      organisationsOf: organisations.ofMember,
      tell: (address, key) => mail.send({ to: address, template: 'account-erased', values: {}, key }),
      audit,
      site: 'https://exemple.fr',
      now,
      newId: randomUUID,
    });
  const personalData = personalDataWith({});

  const routers: Router[] = [
    entrance(sessions),
    personalDataRoutes({
      personalData,
      views,
      actorOf: async (request) => sessions.personOf(request) ?? visitor,
      signedInAt: (request) => (request.user === undefined ? null : new Date(request.user.since)),
      signOut: sessions.signOut,
      spaceLinks: [
        { label: 'Mes parcours', href: '/mon-espace' },
        { label: 'Mes données', href: '/mon-espace/donnees' },
      ],
    }),
  ];
  const settings = { publicUrl: null, trustProxy: 0, rateLimitPerMinute: 100_000, assetsDirectory };
  const app = makeWebApp({ routers, views, settings, log: makeLog('silent') });

  return {
    connection,
    accounts,
    tokens,
    attempts,
    organisations,
    enrolments,
    kept,
    files,
    mail,
    audit,
    secrets,
    passwords,
    sessions,
    holdings,
    personalData,
    personalDataWith,
    app,
    get clock() {
      return state.clock;
    },
    set clock(date) {
      state.clock = date;
    },
    async person(change = {}) {
      const account: Account = {
        id: randomUUID(),
        email: { address: 'Ada.Lovelace@exemple.fr', verifiedAt: now() },
        displayName: 'Ada Lovelace',
        passwordHash: await passwords.hash(personPassword),
        identities: [],
        roles: ['learner'],
        oneTimeCode: null,
        consents: [],
        rightsVersion: 1,
        demo: false,
        createdAt: now(),
        lastSignInAt: null,
        ...change,
      };
      await accounts.create(account);
      return account;
    },
    async close() {
      await connection.close();
      await database.drop();
    },
  };

  /** Signs in whoever is named, without a password: sign-in itself is tested elsewhere. */
  function entrance(layer: Sessions<Actor>): Router {
    const router = makeRouter();
    router.use(...layer.middleware);
    router.get('/jeton', (_request, response) => {
      response.send(String(response.locals.shell.csrf));
    });
    router.post('/entrer/:id', async (request, response) => {
      const account = await accounts.byId(request.params.id);
      await layer.signIn(request, request.params.id, { strong: false, rightsVersion: account?.rightsVersion ?? 0 });
      response.sendStatus(204);
    });
    return router;
  }
}

/** Every part that may keep something of Ada keeps something, sessions apart; Grace shares an organisation with her. */
export async function aPersonWithEverything(world: PersonalDataWorld): Promise<{ ada: Account; grace: Account }> {
  const { clock, tokens, attempts, organisations, enrolments, kept, files, mail, audit } = world;
  const email = 'Ada.Lovelace@exemple.fr';
  const ada = await world.person({
    identities: [{ provider: 'proconnect', kind: 'professional', subject: 'sub-of-ada', linkedAt: clock }],
    consents: [{ purpose: 'news', words: "J'accepte les nouvelles.", at: clock, withdrawnAt: null }],
    oneTimeCode: { seed: 'sealed', confirmedAt: clock, lastStep: null, recoveryCodes: ['hash'] },
  });
  const grace = await world.person({
    email: { address: 'grace@exemple.fr', verifiedAt: clock },
    displayName: 'Grace Hopper',
  });
  const link = { now: clock, minutes: 60 };
  await tokens.issue({ ...link, purpose: 'reset-password', accountId: ada.id, email });
  await tokens.issue({ ...link, purpose: 'change-email', accountId: ada.id, email: 'lovelace@exemple.fr' });
  // Before she had an account, she asked for a link that led nowhere.
  await tokens.issue({ ...link, purpose: 'reset-password', accountId: null, email });
  for (const what of ['sign-in ada.lovelace@exemple.fr', `password ${ada.id}`]) {
    await attempts.begin([{ what, limit: 5 }], clock);
  }
  const organisation = { kind: 'provider' as const, siret: null, approval: null, demo: false, createdAt: clock };
  const member = (accountId: string, owner: boolean) => ({ accountId, owner, since: clock });
  await organisations.create({ ...organisation, id: 'alone', name: 'Atelier', members: [member(ada.id, true)] });
  const both = [member(ada.id, true), member(grace.id, false)];
  await organisations.create({ ...organisation, id: 'shared', name: 'Fabrique', members: both });
  // A funder that waits for an operator: she wrote about it and sent a document.
  const approval = {
    state: 'waiting',
    at: clock,
    statement: 'Ada Lovelace finance.',
    sentBy: ada.id,
    reason: null,
  } as const;
  await organisations.create({ ...organisation, kind: 'funder', id: 'fonds', name: 'Fonds', members: both, approval });
  const statutes = Readable.from([Buffer.from('%PDF-1.4\n% Statutes, Ada Lovelace\n%%EOF\n')]);
  const sent = { owner: filesOf('fonds'), purpose: 'organisation-proof', name: 'Statuts.pdf', bytes: statutes };
  await files.store({ ...sent, maxBytes: 1_000, accepted: ['application/pdf'] });
  const invitation = { owner: false, sentAt: clock, expiresAt: clock, usedAt: null, withdrawnAt: null };
  const to = (id: string, emailKey: string, invitedBy: string) =>
    organisations.addInvitation({ ...invitation, id, organisationId: 'shared', emailKey, tokenHash: id, invitedBy });
  await to('received', 'ada.lovelace@exemple.fr', grace.id);
  await to('sent', 'mary@exemple.fr', ada.id);
  await enrolments.add(anEnrolment({ id: 'of-ada', accountId: ada.id }));
  await enrolments.add(anEnrolment({ id: 'of-grace', accountId: grace.id }));
  await kept.add(ada.id, { kind: 'course', target: '7k2m9qzx', title: 'Un cours', at: clock });
  const pdf = Readable.from([Buffer.from('%PDF-1.4\n% Notes of Ada Lovelace\n%%EOF\n')]);
  const upload = {
    purpose: 'essai',
    name: 'Notes de Ada Lovelace.pdf',
    maxBytes: 1_000,
    accepted: ['application/pdf'] as const,
  };
  await files.store({ ...upload, owner: ada.id, bytes: pdf });
  const values = { link: 'https://exemple.fr/mot-de-passe', at: 'hier' };
  await mail.send({ to: email, template: 'password-changed', values, key: 'a', account: ada.id });
  // Sent before anybody knew whose address it is.
  await mail.send({ to: email.toLowerCase(), template: 'password-changed', values, key: 'b' });
  await audit.record({ actor: ada.id, act: 'session.opened', target: ada.id });
  await audit.record({ actor: grace.id, act: 'session.opened', target: grace.id });
  return { ada, grace };
}
