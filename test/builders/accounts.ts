/** Accounts over the real stores, with the mail, the audit trail and the sessions as lists a test can read. */
import { randomBytes, randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import mongoose, { type Connection } from 'mongoose';
import { commonPasswords } from '../../src/accounts/common-passwords.ts';
import type { Account } from '../../src/accounts/model.ts';
import { type AttemptStore, makeAttemptStore } from '../../src/accounts/store/attempts.ts';
import { makeTokenStore, type TokenStore } from '../../src/accounts/store/tokens.ts';
import { type AccountStore, makeAccountStore } from '../../src/accounts/store.ts';
import { type AccountMail, type AccountParts, type Accounts, makeAccounts } from '../../src/accounts/use-cases.ts';
import { makePasswordHasher, type PasswordHasher } from '../../src/platform/password-hash.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import type { Membership } from '../../src/rights.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

export const password = 'quatre mots sans rapport';
export const email = 'ada@exemple.fr';
export const from = { address: '192.0.2.1' };

export interface AccountsWorld {
  readonly connection: Connection;
  readonly accounts: Accounts;
  readonly parts: AccountParts;
  readonly store: AccountStore;
  readonly tokens: TokenStore;
  readonly attempts: AttemptStore;
  readonly mails: (AccountMail & { readonly to: string })[];
  readonly acts: { readonly actor: string | null; readonly act: string }[];
  /** Accounts whose sessions were ended. */
  readonly ended: string[];
  readonly memberships: Map<string, readonly Membership[]>;
  /** Calls of the hash function, whoever they are for. */
  readonly work: { hashes: number; verifications: number };
  clock: Date;
  /** Minutes. */
  later(minutes: number): void;
  /** The token of the last mail sent. */
  lastToken(): string;
  /** A proved account with `password`. */
  person(change?: Partial<Account>): Promise<Account>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openAccountsWorld(): Promise<AccountsWorld> {
  const database: TestDatabase = await testDatabase();
  const connection = await mongoose.createConnection(database.uri, { autoIndex: false, autoCreate: false }).asPromise();
  const store = makeAccountStore(connection);
  const tokens = makeTokenStore(connection);
  const attempts = makeAttemptStore(connection, 'a secret of the tests');
  await Promise.all([store.ensureIndexes(), tokens.ensureIndexes(), attempts.ensureIndexes()]);
  const work = { hashes: 0, verifications: 0 };
  // The least argon2 accepts: what is tested is how often it runs, not how long.
  const passwords: PasswordHasher = await makePasswordHasher(
    { memoryCost: 8, timeCost: 1 },
    {
      hash: (...given) => {
        work.hashes += 1;
        return hash(...given);
      },
      verify: (...given) => {
        work.verifications += 1;
        return verify(...given);
      },
    },
  );
  const world = {
    connection,
    store,
    tokens,
    attempts,
    mails: [] as AccountsWorld['mails'],
    acts: [] as AccountsWorld['acts'],
    ended: [] as string[],
    memberships: new Map<string, readonly Membership[]>(),
    work,
    clock: new Date(),
  };
  const parts: AccountParts = {
    accounts: store,
    tokens,
    attempts,
    passwords,
    commonPasswords,
    secrets: makeSecrets(randomBytes(32)),
    audit: {
      record: async ({ actor, act }) => {
        world.acts.push({ actor, act });
      },
    },
    mail: {
      send: async ({ key: _key, account: _account, ...message }) => {
        world.mails.push(message);
      },
    },
    sessions: {
      list: async () => [],
      revoke: async () => false,
      revokeAll: async (accountId) => {
        world.ended.push(accountId);
      },
    },
    membershipsOf: async (accountId) => world.memberships.get(accountId) ?? [],
    addressOf: (path) => `https://exemple.fr${path}`,
    momentWords: (date) => date.toISOString(),
    newId: randomUUID,
    now: () => world.clock,
  };
  return Object.assign(world, {
    parts,
    accounts: makeAccounts(parts),
    later(minutes: number) {
      world.clock = new Date(world.clock.getTime() + minutes * 60_000);
    },
    lastToken: () => tokenOf(world.mails.at(-1)),
    async person(change: Partial<Account> = {}) {
      const account: Account = {
        id: randomUUID(),
        email: { address: email, verifiedAt: world.clock },
        displayName: 'Ada',
        passwordHash: await passwords.hash(password),
        identities: [],
        roles: ['learner'],
        oneTimeCode: null,
        consents: [],
        rightsVersion: 1,
        demo: false,
        createdAt: world.clock,
        lastSignInAt: null,
        ...change,
      };
      await store.create(account);
      return account;
    },
    async clear() {
      for (const name of ['accounts', 'account-tokens', 'sign-in-attempts']) {
        await connection.collection(name).deleteMany({});
      }
      world.clock = new Date();
      world.memberships.clear();
      for (const list of [world.mails, world.acts, world.ended]) list.length = 0;
    },
    async close() {
      await connection.close();
      await database.drop();
    },
  });
}

function tokenOf(mail: AccountMail | undefined): string {
  const link = mail !== undefined && 'link' in mail.values ? mail.values.link : 'https://exemple.fr/';
  return new URL(link).searchParams.get('jeton') ?? '';
}
