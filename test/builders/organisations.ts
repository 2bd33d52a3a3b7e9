/** Organisations and the operator's acts over the real stores, audit trail and sessions; mails are a list a test can read. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type Express, Router } from 'express';
import type { Account } from '../../src/accounts/model.ts';
import { administrationRoutes } from '../../src/accounts/routes/administration.ts';
import { barsByRight } from '../../src/accounts/routes/administration-bar.ts';
import { organisationApprovalRoutes } from '../../src/accounts/routes/organisation-approval.ts';
import { organisationRoutes } from '../../src/accounts/routes/organisations.ts';
import { accountRoutes, makeActorOf } from '../../src/accounts/routes.ts';
import { makeOrganisationStore, type OrganisationStore } from '../../src/accounts/store/organisations.ts';
import { type Administration, makeAdministration } from '../../src/accounts/use-cases/administration.ts';
import {
  type ApprovalMail,
  type Approvals,
  makeApprovals,
} from '../../src/accounts/use-cases/organisation-approval.ts';
import { makeOrganisations, type Organisations } from '../../src/accounts/use-cases/organisations.ts';
import { makeAccounts } from '../../src/accounts/use-cases.ts';
import { parseSiret } from '../../src/harvest/parse/codes.ts';
import { type Audit, type AuditEntry, makeAudit } from '../../src/platform/audit.ts';
import { type Files, makeFiles } from '../../src/platform/files.ts';
import { type Log, makeLog } from '../../src/platform/log.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { type Sessions, sessionLayer } from '../../src/platform/web/session.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import type { Actor } from '../../src/rights.ts';
import { type AccountsWorld, openAccountsWorld } from './accounts.ts';
import { builtAssets } from './site.ts';

/** Pass the check key. */
export const siret = '73282932000074';
export const otherSiret = '35600000000048';

interface InvitationMail {
  readonly to: string;
  readonly template: 'invitation';
  readonly values: Readonly<Record<string, string>>;
}

export interface OrganisationsWorld {
  readonly people: AccountsWorld;
  readonly store: OrganisationStore;
  readonly organisations: Organisations;
  readonly approvals: Approvals;
  readonly files: Files;
  readonly administration: Administration;
  readonly audit: Audit;
  readonly sessions: Sessions<Actor>;
  readonly invitations: InvitationMail[];
  /** Mails of decisions on funders. */
  readonly decisions: (ApprovalMail & { readonly to: string })[];
  /** An account with a proved address, and who it is after every change of its rights. */
  person(name: string, change?: Partial<Account>): Promise<Account>;
  actor(account: Pick<Account, 'id'>, strong?: boolean): Promise<Actor>;
  /** Of the last invitation sent. */
  lastToken(): string;
  trail(): Promise<readonly AuditEntry[]>;
  site(log?: Log): Express;
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openOrganisationsWorld(): Promise<OrganisationsWorld> {
  const people = await openAccountsWorld();
  const { connection } = people;
  const store = makeOrganisationStore(connection);
  await store.ensureIndexes();
  const now = () => people.clock;
  const secrets = makeSecrets(randomBytes(32));
  const audit = makeAudit(connection, { secrets, now });
  await audit.ensureIndexes();
  const assetsDirectory = builtAssets();
  const views = loadViews('views', {
    sections: [],
    contact: false,
    demo: false,
    assets: readAssets(assetsDirectory),
  });
  const membershipsOf = (id: string) => store.membershipsOf(id);
  const sessions: Sessions<Actor> = sessionLayer<Actor>({
    connection,
    secret: 'a secret of the tests',
    secure: false,
    views,
    log: makeLog('silent'),
    load: (signedIn) => accounts.actorFor(signedIn),
    now,
  });
  await sessions.ensureIndexes();
  const accounts = makeAccounts({ ...people.parts, sessions, membershipsOf });
  const invitations: InvitationMail[] = [];
  const decisions: OrganisationsWorld['decisions'] = [];
  const { addressOf, momentWords, mail } = people.parts;
  const organisations = makeOrganisations({
    organisations: store,
    accounts: people.store,
    audit,
    mail: {
      send: async ({ key: _key, ...message }) => {
        invitations.push(message);
      },
    },
    parseSiret,
    addressOf,
    momentWords,
    newId: randomUUID,
    newToken: () => randomBytes(32).toString('base64url'),
    now,
  });
  const files = makeFiles(connection, null);
  await files.ensureIndexes();
  const approvals = makeApprovals({
    organisations: store,
    accounts: people.store,
    files,
    audit,
    mail: {
      send: async ({ key: _key, account: _account, ...message }) => {
        decisions.push(message);
      },
    },
    parseSiret,
    addressOf,
    now,
  });
  const administration = makeAdministration({
    accounts: people.store,
    organisations: store,
    sessions,
    audit,
    mail,
    addressOf,
    momentWords,
    now,
  });

  return {
    people,
    store,
    organisations,
    approvals,
    files,
    decisions,
    administration,
    audit,
    sessions,
    invitations,
    person: (name, change = {}) =>
      people.person({
        displayName: name,
        email: { address: `${name.toLowerCase()}@exemple.fr`, verifiedAt: people.clock },
        ...change,
      }),
    async actor({ id }, strong = false) {
      const account = await people.store.byId(id);
      const actor = await accounts.actorFor({ accountId: id, rightsVersion: account?.rightsVersion ?? 0, strong });
      if (actor === null) throw new Error('no such account');
      return actor;
    },
    lastToken: () => invitations.at(-1)?.values.link?.split('/').at(-1) ?? '',
    trail: () => audit.list({ limit: 100 }),
    site(log = makeLog('silent')) {
      const router = Router();
      const spaceLinks = [
        { label: 'Mon profil', href: '/mon-espace/profil' },
        { label: 'Mes organismes', href: '/mon-espace/organisations' },
      ];
      const actorOf = makeActorOf(sessions);
      const approval = organisationApprovalRoutes({ approvals, views, spaceLinks, actorOf });
      router.use(...sessions.middleware);
      const links = [
        { label: 'Comptes', href: '/admin/comptes', right: 'users:manage' },
        { label: 'Organismes', href: '/admin/organismes', right: 'organisations:approve' },
        { label: "Journal d'audit", href: '/admin/journal', right: 'audit:read' },
      ] as const;
      router.use(
        barsByRight({ administration: links, spaces: [] }, sessions.personOf),
        accountRoutes({
          accounts,
          sessions,
          views,
          spaceLinks,
          extras: async () => ({ identities: [], demoAccounts: [] }),
          identitiesOffered: false,
          beforeSignOut: async () => null,
          now,
        }).router,
        approval.router,
        organisationRoutes({
          organisations,
          sendApplication: approval.sendApplication,
          sessions,
          views,
          spaceLinks,
          actorOf,
          now,
        }),
        administrationRoutes({ administration, sessions, views, actorOf }),
      );
      const settings = { publicUrl: null, trustProxy: 1, rateLimitPerMinute: 100_000, assetsDirectory };
      return makeWebApp({ routers: [router], views, settings, log });
    },
    async clear() {
      await people.clear();
      const collections = ['organisations', 'invitations', 'sessions', 'audit', 'auditHead'];
      for (const name of [...collections, 'files.files', 'files.chunks']) {
        await connection.collection(name).deleteMany({});
      }
      invitations.length = 0;
      decisions.length = 0;
    },
    close: () => people.close(),
  };
}
