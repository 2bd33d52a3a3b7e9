/**
 * The part of the composition root that knows people: keys, audit trail, mail, accounts, organisations, enrolments, and what
 * is kept about a person. Opened by the server, by jobs and by the commands that need it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { commonPasswords } from './accounts/common-passwords.ts';
import { loadRetention } from './accounts/data.ts';
import { makeDemoAccounts } from './accounts/demo.ts';
import type { Holding } from './accounts/model/holding.ts';
import { makeAttemptStore } from './accounts/store/attempts.ts';
import { makeErasureStore } from './accounts/store/erasures.ts';
import { makeOrganisationStore } from './accounts/store/organisations.ts';
import { makeTokenStore } from './accounts/store/tokens.ts';
import { makeAccountStore } from './accounts/store.ts';
import {
  accountHolding,
  attemptHolding,
  fileHolding,
  mailHolding,
  sessionHolding,
  tokenHolding,
} from './accounts/use-cases/account-data.ts';
import { makeAdministration } from './accounts/use-cases/administration.ts';
import { makeIdentities } from './accounts/use-cases/identity.ts';
import { makeApprovals, proofPurpose } from './accounts/use-cases/organisation-approval.ts';
import { organisationHolding } from './accounts/use-cases/organisation-data.ts';
import { makeOrganisations } from './accounts/use-cases/organisations.ts';
import { makePersonalData } from './accounts/use-cases/personal-data.ts';
import { makeRetention } from './accounts/use-cases/retention.ts';
import { makeTeams } from './accounts/use-cases/teams.ts';
import { type Accounts, makeAccounts } from './accounts/use-cases.ts';
import type { HistoryStore } from './catalogue/store/history.ts';
import type { CourseStore } from './catalogue/store.ts';
import { type Config, siteAddress } from './config.ts';
import type { DraftStore } from './eligibility/store/drafts.ts';
import { draftHolding } from './eligibility/use-cases/personal-data.ts';
import { questionPath } from './eligibility/view-models/way.ts';
import { makeListStore } from './funding/store/lists.ts';
import { makeReceiptStore } from './funding/store/receipts.ts';
import { listHolding, receiptHolding } from './funding/use-cases/personal-data.ts';
import { receiptsPath } from './funding/view-models/receipt.ts';
import { parseSiret } from './harvest/parse/codes.ts';
import type { RunStore } from './harvest/store/runs.ts';
import type { Pathway } from './pathways/model.ts';
import { makeEnrolmentStore } from './pathways/store/enrolments.ts';
import { makeKeptStore } from './pathways/store/kept-courses.ts';
import { makeEnrolments } from './pathways/use-cases/enrolment.ts';
import { makeKeeping } from './pathways/use-cases/keeping.ts';
import { enrolmentHolding, keptHolding } from './pathways/use-cases/personal-data.ts';
import { makeAudit } from './platform/audit.ts';
import { makeClamdScanner } from './platform/clamd.ts';
import { expiringDocuments } from './platform/expiring.ts';
import { makeFiles } from './platform/files.ts';
import type { Log } from './platform/log.ts';
import { makeMail } from './platform/mail.ts';
import type { Database } from './platform/mongo.ts';
import { makeOidcProvider } from './platform/oidc.ts';
import { makePasswordHasher } from './platform/password-hash.ts';
import type { Secrets } from './platform/secrets.ts';
import { makeSigner } from './platform/signature.ts';
import { clock, longDate } from './platform/web/format.ts';
import { loadMailViews } from './platform/web/mail-views.ts';
import { sessionLayer } from './platform/web/session.ts';
import type { Views } from './platform/web/views.ts';
import type { Actor } from './rights.ts';

export type People = Awaited<ReturnType<typeof openPeople>>;

export interface PeopleParts {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly views: Views;
  /** Folder of `views/`. */
  readonly viewsDirectory: string;
  readonly courses: CourseStore;
  readonly history: Pick<HistoryStore, 'ofCourse'>;
  readonly pathways: { list(): Promise<Pathway[]>; bySlug(slug: string): Promise<Pathway> };
  readonly drafts: Pick<DraftStore, 'ofAuthor' | 'forgetAuthor'>;
  readonly runs: Pick<RunStore, 'countEndedBefore' | 'eraseEndedBefore'>;
  readonly secrets: Secrets;
  /** Where secret settings of sources are kept. */
  readonly sources: { reseal(reseal: (sealed: string) => string): Promise<void> };
}

export async function openPeople(parts: PeopleParts) {
  const { config, log, database, views, courses, history, pathways, runs, secrets } = parts;
  const { connection } = database;
  const now = () => new Date();
  const [sessionSecret = ''] = secrets.derived('sessions');
  const [attemptSecret = ''] = secrets.derived('sign-in-attempts');

  const accountStore = makeAccountStore(connection);
  const tokens = makeTokenStore(connection);
  const attempts = makeAttemptStore(connection, attemptSecret);
  const organisationStore = makeOrganisationStore(connection);
  const enrolmentStore = makeEnrolmentStore(connection);
  const keptStore = makeKeptStore(connection);
  const receiptStore = makeReceiptStore(connection);
  const listStore = makeListStore(connection);
  const signer = makeSigner(connection, { secrets, now });
  const audit = makeAudit(connection, { secrets, now });
  const { smtpUrl, from } = config.mail;
  const mail = makeMail(connection, {
    views: loadMailViews(parts.viewsDirectory),
    secrets,
    smtp: smtpUrl === null || from === null ? null : { url: smtpUrl, from },
    now,
    log,
  });
  const files = makeFiles(connection, config.clamd === null ? null : makeClamdScanner(config.clamd));
  const passwords = await makePasswordHasher();

  const site = siteAddress(config);
  const shared = {
    addressOf: (path: string) => new URL(path, site).href,
    momentWords: (date: Date) => `${longDate(date)} à ${clock(date)}`,
    newId: randomUUID,
    now,
  };

  let accounts: Accounts | null = null;
  const sessions = sessionLayer<Actor>({
    connection,
    secret: sessionSecret,
    secure: config.publicUrl?.startsWith('https:') === true,
    views,
    log,
    withoutToken: [questionPath, receiptsPath],
    load: async (signedIn) => accounts?.actorFor(signedIn) ?? null,
    now,
  });
  for (const store of [
    accountStore,
    tokens,
    attempts,
    organisationStore,
    enrolmentStore,
    keptStore,
    receiptStore,
    listStore,
    signer,
    mail,
    audit,
    files,
    sessions,
  ]) {
    await store.ensureIndexes();
  }
  accounts = makeAccounts({
    ...shared,
    accounts: accountStore,
    tokens,
    attempts,
    passwords,
    commonPasswords,
    secrets,
    audit,
    mail,
    sessions,
    membershipsOf: organisationStore.membershipsOf,
  });

  const holdings: readonly Holding[] = [
    sessionHolding(sessions),
    tokenHolding(tokens),
    attemptHolding(attempts, accountStore),
    organisationHolding({ organisations: organisationStore, accounts: accountStore, files }),
    enrolmentHolding(enrolmentStore),
    keptHolding(keptStore),
    draftHolding(parts.drafts),
    listHolding(listStore),
    receiptHolding(receiptStore),
    mailHolding(mail, accountStore),
    fileHolding(files),
  ];
  const personalData = makePersonalData({
    holdings,
    account: accountHolding(accountStore),
    erasures: makeErasureStore(connection),
    person: async (id) => {
      const account = await accountStore.byId(id);
      if (account === null) return null;
      const { email, passwordHash, consents } = account;
      return { address: email?.address ?? null, hasPassword: passwordHash !== null, consents };
    },
    isPassword: accounts.signIn.isPassword,
    withdrawConsent: accountStore.withdrawConsent,
    organisationsOf: organisationStore.ofMember,
    tell: (to, mailKey) => mail.send({ to, template: 'account-erased', values: {}, key: mailKey }),
    audit,
    site,
    now,
    newId: randomUUID,
  });
  const retention = makeRetention({
    rules: loadRetention(),
    expiring: [
      {
        what: 'unverified-accounts',
        count: async (before) => (await accountStore.unverifiedBefore(before)).length,
        erase: async (before) => {
          const ids = await accountStore.unverifiedBefore(before);
          for (const id of ids) await personalData.erase(id, { by: null, tell: false });
          return ids.length;
        },
      },
      expiringDocuments(connection, 'tokens', { collection: 'account-tokens', field: 'expiresAt' }),
      expiringDocuments(connection, 'invitations', { collection: 'invitations', field: 'expiresAt' }),
      {
        what: 'organisation-proofs',
        count: (before) => files.countSent(proofPurpose, before),
        erase: (before) => files.removeSent(proofPurpose, before),
      },
      expiringDocuments(connection, 'sessions', { collection: 'sessions', field: 'expires' }),
      expiringDocuments(connection, 'sign-in-attempts', { collection: 'sign-in-attempts', field: 'at' }),
      expiringDocuments(connection, 'sent-mails', { collection: 'outbox', field: 'endedAt' }),
      {
        what: 'harvest-runs',
        count: (before) => runs.countEndedBefore(before),
        erase: (before) => runs.eraseEndedBefore(before),
      },
      {
        what: 'receipts',
        count: (before) => receiptStore.countIssuedBefore(before),
        erase: (before) => receiptStore.eraseIssuedBefore(before, now()),
      },
      {
        what: 'checked-lists',
        count: (before) => listStore.countBefore(before),
        erase: (before) => listStore.eraseBefore(before),
      },
      expiringDocuments(connection, 'job-runs', { collection: 'jobRuns', field: 'endedAt' }),
    ],
    now,
  });
  const keeping = makeKeeping({ kept: keptStore, courses, pathways, audit, now });
  return {
    accounts,
    sessions,
    secrets,
    signer,
    receiptStore,
    listStore,
    audit,
    mail,
    files,
    addressOf: shared.addressOf,
    /** Funders that wait for an operator, the longest waiting first. */
    async waitingOrganisations(limit: number) {
      const found = await organisationStore.waiting({ skip: 0, limit });
      return found.map(({ id, name, approval, createdAt }) => ({ id, name, since: approval?.at ?? createdAt }));
    },
    teams: makeTeams({ organisations: organisationStore, accounts: accountStore }),
    personalData,
    retention,
    organisations: makeOrganisations({
      ...shared,
      organisations: organisationStore,
      accounts: accountStore,
      audit,
      mail,
      parseSiret,
      newToken: () => randomBytes(32).toString('base64url'),
    }),
    approvals: makeApprovals({
      ...shared,
      organisations: organisationStore,
      accounts: accountStore,
      files,
      audit,
      mail,
      parseSiret,
    }),
    administration: makeAdministration({
      ...shared,
      accounts: accountStore,
      organisations: organisationStore,
      sessions,
      audit,
      mail,
    }),
    identities: makeIdentities({
      ...shared,
      accounts: accountStore,
      sessions,
      audit,
      providers: config.identityProviders.map((settings) => makeOidcProvider(settings)),
    }),
    enrolments: makeEnrolments({
      ...{ enrolments: enrolmentStore, courses, history, pathways, audit, now },
      newId: randomUUID,
    }),
    keeping,
    /** After a change of key: everything sealed at rest under the current one. The former key can then be forgotten. */
    async rotateSecrets() {
      const codes = await accountStore.resealCodes(secrets.reseal);
      await mail.reseal();
      await parts.sources.reseal(secrets.reseal);
      await audit.reseal();
      await signer.reseal();
      return { keyId: secrets.keyId, codes };
    },
    demoAccounts: makeDemoAccounts({
      accounts: accountStore,
      organisations: organisationStore,
      passwords,
      secrets,
      erase: (id) => personalData.erase(id, { by: null, tell: false }),
      newId: randomUUID,
      now,
    }),
  };
}
