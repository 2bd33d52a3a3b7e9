/** People who sign in. One document each; addresses and names are nowhere else but in what waits (store/tokens.ts). */
import { type Connection, type Model, Schema } from 'mongoose';
import { AppError } from '../errors.ts';
import { isDuplicateKey } from '../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../platform/indexes.ts';
import { joinedFind } from '../platform/joined-reads.ts';
import { type Account, type Consent, emailKey, type Identity } from './model.ts';

export type OneTimeCode = NonNullable<Account['oneTimeCode']>;

/** What `update` may change besides what has an act of its own. */
export type AccountChange = Partial<
  Pick<Account, 'email' | 'displayName' | 'passwordHash' | 'oneTimeCode' | 'roles' | 'lastSignInAt'>
>;

export interface AccountStore {
  ensureIndexes(): Promise<void>;
  byId(id: string): Promise<Account | null>;
  byEmail(email: string): Promise<Account | null>;
  byIdentity(provider: string, subject: string): Promise<Account | null>;
  /** Most recent first. */
  list(page: { readonly skip: number; readonly limit: number }): Promise<readonly Account[]>;
  /** Those that were granted the role. */
  withRole(role: Account['roles'][number]): Promise<readonly Account[]>;
  /** How many accounts were granted the role. */
  countWithRole(role: Account['roles'][number]): Promise<number>;
  /** @throws AppError `conflict` when the address or an identity is that of another account */
  create(account: Account): Promise<void>;
  /**
   * Answers the account after the change, or null when it is gone, when the address belongs to another one, or when its
   * number is not `atVersion`. `endsSessions` raises the number in the same write: every session is over.
   */
  update(
    id: string,
    change: AccountChange,
    options?: { readonly endsSessions?: boolean; readonly atVersion?: number },
  ): Promise<Account | null>;
  /** Takes the place of an account whose address was never proved, whole. */
  replaceUnverified(account: Account): Promise<boolean>;
  /** Accepts a code of this step unless one of this step or of a later one was accepted. */
  acceptStep(id: string, step: number): Promise<boolean>;
  /** Answers whether the code was there. */
  useRecoveryCode(id: string, hash: string): Promise<boolean>;
  /** @throws AppError `conflict` when the identity is that of another account */
  addIdentity(id: string, identity: Identity): Promise<void>;
  /**
   * Ends every session in the same write. @param account as it was read. @returns false when its number or its identities
   * are others by now
   */
  removeIdentity(account: Account, identity: Identity): Promise<boolean>;
  /** After a change of key: every one-time code seed under the current one. @returns how many changed */
  resealCodes(reseal: (sealed: string) => string): Promise<number>;
  noteSignIn(id: string, at: Date): Promise<void>;
  /** Ends the sessions that have an older number. @returns the new one; null without such an account */
  raiseRights(id: string): Promise<number | null>;
  addConsent(id: string, consent: Consent): Promise<void>;
  /** @param at when it was given. @returns false when there is no such consent, or it is withdrawn already */
  withdrawConsent(id: string, purpose: string, at: Date, now: Date): Promise<boolean>;
  /** Accounts with an address that nobody proved, and no other way to sign in. */
  unverifiedBefore(date: Date): Promise<readonly string[]>;
  /** Demonstration accounts, whatever visitors made of them. */
  demoIds(): Promise<readonly string[]>;
  remove(id: string): Promise<boolean>;
}

interface AccountDocument extends Omit<Account, 'id'> {
  _id: string;
  /** Absent, not null, when there is none: a sparse index skips what is absent. */
  emailKey?: string;
  /** `provider subject` of each identity; absent when there is none. */
  identityKeys?: string[];
}

const Mixed = Schema.Types.Mixed;
const accountSchema = new Schema<AccountDocument>(
  {
    _id: String,
    emailKey: String,
    identityKeys: { type: [String], default: undefined },
    email: Mixed,
    displayName: String,
    passwordHash: String,
    identities: Mixed,
    roles: [String],
    oneTimeCode: Mixed,
    consents: Mixed,
    rightsVersion: Number,
    demo: Boolean,
    createdAt: Date,
    lastSignInAt: Date,
  },
  { collection: 'accounts', versionKey: false, minimize: false, strict: 'throw' },
);
accountSchema.index({ emailKey: 1 }, { unique: true, sparse: true });
accountSchema.index({ identityKeys: 1 }, { unique: true, sparse: true });
accountSchema.index({ createdAt: -1 });

const identityKey = (provider: string, subject: string) => `${provider} ${subject}`;

function toAccount(document: AccountDocument): Account {
  const { _id, emailKey: _key, identityKeys: _keys, ...account } = document;
  return { id: _id, ...account };
}

const keysOf = (identities: readonly Identity[]) =>
  identities.map(({ provider, subject }) => identityKey(provider, subject));

function toDocument({ id, ...account }: Account): AccountDocument {
  const { email, identities } = account;
  return {
    _id: id,
    ...account,
    ...(email === null ? {} : { emailKey: emailKey(email.address) }),
    ...(identities.length === 0 ? {} : { identityKeys: keysOf(identities) }),
  };
}

const taken = () =>
  new AppError('conflict', 'COMPTE_EXISTANT', "Cette adresse ou cette identité est celle d'un autre compte.");

/** Answers `refused` when a unique index says no. */
async function unlessTaken<T>(write: () => Promise<T>, refused: T): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isDuplicateKey(error)) return refused;
    throw error;
  }
}

export function makeAccountStore(connection: Connection): AccountStore {
  const model: Model<AccountDocument> = connection.model<AccountDocument>('Account', accountSchema);

  // Asked by every page of a person: by the driver, without what a model adds.
  const documents = connection.getClient().db(connection.name).collection<AccountDocument>('accounts');

  const ofIds = joinedFind('_id', (ids) => documents.find({ _id: { $in: [...ids] } }).toArray());

  const ofEmailKeys = joinedFind('emailKey', (keys) => documents.find({ emailKey: { $in: [...keys] } }).toArray());

  async function byId(id: string): Promise<Account | null> {
    const [found] = await ofIds(id);
    return found === undefined ? null : toAccount(found);
  }

  async function idsOf(filter: Record<string, unknown>): Promise<readonly string[]> {
    const found = await model.find(filter).select({ _id: 1 }).lean<{ _id: string }[]>();
    return found.map(({ _id }) => _id);
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    byId,
    async byEmail(email) {
      const [found] = await ofEmailKeys(emailKey(email));
      return found === undefined ? null : toAccount(found);
    },
    async byIdentity(provider, subject) {
      const found = await documents.findOne({ identityKeys: identityKey(provider, subject) });
      return found === null ? null : toAccount(found);
    },

    async list({ skip, limit }) {
      const found = await model.find().sort({ createdAt: -1 }).skip(skip).limit(limit).lean<AccountDocument[]>();
      return found.map(toAccount);
    },

    async withRole(role) {
      return (await documents.find({ roles: role }).sort({ _id: 1 }).toArray()).map(toAccount);
    },

    countWithRole: (role) => model.countDocuments({ roles: role }),

    async create(account) {
      const created = await unlessTaken(async () => {
        await model.insertMany([toDocument(account)]);
        return true;
      }, false);
      if (!created) throw taken();
    },

    update: (id, change, { endsSessions = false, atVersion } = {}) =>
      unlessTaken<Account | null>(async () => {
        const key =
          change.email === undefined || change.email === null ? {} : { emailKey: emailKey(change.email.address) };
        const updated = await model
          .findOneAndUpdate(
            { _id: id, ...(atVersion === undefined ? {} : { rightsVersion: atVersion }) },
            {
              $set: { ...change, ...key },
              ...(change.email === null ? { $unset: { emailKey: 1 } } : {}),
              ...(endsSessions ? { $inc: { rightsVersion: 1 } } : {}),
            },
            { returnDocument: 'after' },
          )
          .lean<AccountDocument | null>();
        return updated === null ? null : toAccount(updated);
      }, null),

    async replaceUnverified(account) {
      const { _id, ...rest } = toDocument(account);
      const { matchedCount } = await model.replaceOne(
        { _id, 'email.verifiedAt': null, identityKeys: { $exists: false } },
        rest,
      );
      return matchedCount === 1;
    },

    async acceptStep(id, step) {
      const { modifiedCount } = await model.updateOne(
        {
          _id: id,
          oneTimeCode: { $ne: null },
          $or: [{ 'oneTimeCode.lastStep': null }, { 'oneTimeCode.lastStep': { $lt: step } }],
        },
        { $set: { 'oneTimeCode.lastStep': step } },
      );
      return modifiedCount === 1;
    },

    async useRecoveryCode(id, hash) {
      const { modifiedCount } = await model.updateOne(
        { _id: id, 'oneTimeCode.recoveryCodes': hash },
        { $pull: { 'oneTimeCode.recoveryCodes': hash } },
      );
      return modifiedCount === 1;
    },

    async addIdentity(id, identity) {
      const key = identityKey(identity.provider, identity.subject);
      const added = await unlessTaken(async () => {
        const filter = { _id: id, identityKeys: { $ne: key } };
        await model.updateOne(filter, { $push: { identities: identity, identityKeys: key } });
        return true;
      }, false);
      if (!added) throw taken();
    },

    async removeIdentity({ id, rightsVersion, identities }, identity) {
      const left = identities.filter((other) => other !== identity);
      const { modifiedCount } = await model.updateOne(
        { _id: id, rightsVersion, identityKeys: keysOf(identities) },
        {
          $inc: { rightsVersion: 1 },
          ...(left.length === 0
            ? { $set: { identities: left }, $unset: { identityKeys: 1 } }
            : { $set: { identities: left, identityKeys: keysOf(left) } }),
        },
      );
      return modifiedCount === 1;
    },

    async resealCodes(reseal) {
      let changed = 0;
      const withCode = { oneTimeCode: { $ne: null } };
      for await (const { _id, oneTimeCode } of model
        .find(withCode, { oneTimeCode: 1 })
        .lean<AccountDocument[]>()
        .cursor()) {
        const seed = oneTimeCode?.seed;
        if (seed === undefined) continue;
        const sealed = reseal(seed);
        if (sealed === seed) continue;
        // Only the seed that was read: one made meanwhile is under the current key already.
        const written = await model.updateOne(
          { _id, 'oneTimeCode.seed': seed },
          { $set: { 'oneTimeCode.seed': sealed } },
        );
        changed += written.modifiedCount;
      }
      return changed;
    },

    async noteSignIn(id, at) {
      await model.updateOne({ _id: id }, { $set: { lastSignInAt: at } });
    },

    async raiseRights(id) {
      const raised = await model
        .findOneAndUpdate({ _id: id }, { $inc: { rightsVersion: 1 } }, { returnDocument: 'after' })
        .lean<AccountDocument | null>();
      return raised?.rightsVersion ?? null;
    },

    async addConsent(id, consent) {
      await model.updateOne({ _id: id }, { $push: { consents: consent } });
    },

    async withdrawConsent(id, purpose, at, now) {
      const account = await byId(id);
      const position = account?.consents.findIndex(
        (consent) =>
          consent.purpose === purpose && consent.at.getTime() === at.getTime() && consent.withdrawnAt === null,
      );
      if (position === undefined || position === -1) return false;
      const { modifiedCount } = await model.updateOne(
        { _id: id, [`consents.${position}.purpose`]: purpose, [`consents.${position}.withdrawnAt`]: null },
        { $set: { [`consents.${position}.withdrawnAt`]: now } },
      );
      return modifiedCount === 1;
    },

    unverifiedBefore: (date) =>
      idsOf({
        emailKey: { $exists: true },
        'email.verifiedAt': null,
        identityKeys: { $exists: false },
        createdAt: { $lt: date },
      }),

    demoIds: () => idsOf({ demo: true }),

    async remove(id) {
      return (await model.deleteOne({ _id: id })).deletedCount === 1;
    },
  };
}
