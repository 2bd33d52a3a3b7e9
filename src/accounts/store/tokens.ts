/** Links sent by mail: 32 random bytes, of which only a digest is stored. Each opens once, for a short time. */
import { createHash, randomBytes } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';

export type TokenPurpose = 'verify-email' | 'reset-password' | 'change-email';

export interface TokenGrant {
  readonly accountId: string;
  /** The address the mail went to. */
  readonly email: string;
}

export interface TokenStore {
  ensureIndexes(): Promise<void>;
  /**
   * The text for the link. Those given before for the same purpose and account open nothing any more. Without an account
   * the same work is done and the text opens nothing: the time of the answer says nothing of who has an account.
   */
  issue(grant: {
    readonly purpose: TokenPurpose;
    readonly accountId: string | null;
    readonly email: string;
    readonly now: Date;
    readonly minutes: number;
  }): Promise<string>;
  /** What the link would open; does not use it. */
  peek(purpose: TokenPurpose, token: string, now: Date): Promise<TokenGrant | null>;
  /** Opens the link, once: two at the same time give one grant. */
  redeem(purpose: TokenPurpose, token: string, now: Date): Promise<TokenGrant | null>;
  /** Links of one account that wait, whatever their purpose. */
  of(accountId: string): Promise<readonly { purpose: TokenPurpose; email: string; expiresAt: Date }[]>;
  /** Of one account, whatever their purpose. @returns how many */
  removeOf(accountId: string): Promise<number>;
}

interface TokenDocument {
  _id: string;
  purpose: TokenPurpose;
  accountId: string | null;
  email: string;
  expiresAt: Date;
}

const tokenSchema = new Schema<TokenDocument>(
  { _id: String, purpose: String, accountId: String, email: String, expiresAt: Date },
  { collection: 'account-tokens', versionKey: false, strict: 'throw' },
);
tokenSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
tokenSchema.index({ accountId: 1 });

function grantOf(found: TokenDocument | null): TokenGrant | null {
  return found === null || found.accountId === null ? null : { accountId: found.accountId, email: found.email };
}

const digest = (token: string) => createHash('sha256').update(token).digest('hex');

export function makeTokenStore(connection: Connection): TokenStore {
  const model: Model<TokenDocument> = connection.model<TokenDocument>('AccountToken', tokenSchema);
  const ofAccounts = joinedFind('accountId', (accountIds) =>
    model
      .find({ accountId: { $in: accountIds } })
      .sort({ expiresAt: 1 })
      .lean<TokenDocument[]>(),
  );
  const open = (purpose: TokenPurpose, token: string, now: Date) => ({
    _id: digest(token),
    purpose,
    accountId: { $ne: null },
    expiresAt: { $gt: now },
  });

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async issue({ purpose, accountId, email, now, minutes }) {
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(now.getTime() + minutes * 60_000);
      await model.deleteMany({ purpose, accountId: accountId ?? 'nobody' });
      // An address without account is not ours to keep.
      const kept = accountId === null ? '' : email;
      await model.insertMany([{ _id: digest(token), purpose, accountId, email: kept, expiresAt }]);
      return token;
    },

    async peek(purpose, token, now) {
      return grantOf(await model.findOne(open(purpose, token, now)).lean<TokenDocument | null>());
    },

    async redeem(purpose, token, now) {
      return grantOf(await model.findOneAndDelete(open(purpose, token, now)).lean<TokenDocument | null>());
    },

    async of(accountId) {
      return (await ofAccounts(accountId)).map(({ purpose, email, expiresAt }) => ({ purpose, email, expiresAt }));
    },

    async removeOf(accountId) {
      return (await model.deleteMany({ accountId })).deletedCount;
    },
  };
}
