/**
 * Sign-in by password, then by one-time code for who has one. One answer and one amount of work for a wrong password, an
 * unknown address and an address not yet proved.
 */
import { z } from 'zod';
import { recoveryHash, stepOf } from '../../platform/one-time-code.ts';
import { type Account, emailKey } from '../model.ts';
import type { AccountParts } from '../use-cases.ts';
import { beginAttempt, countedAccount, countedAddress } from './limits.ts';

const credentialsSchema = z.object({
  email: z.string().trim().min(1).max(254),
  password: z.string().min(1).max(1_000),
});

/** A password was right and a one-time code is still to come: kept in the session meanwhile. */
export const pendingSchema = z.object({
  accountId: z.string(),
  rightsVersion: z.number(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Path of this site to open at the end. */
  next: z.string(),
});

export interface SignedInAs {
  readonly kind: 'signed-in';
  readonly accountId: string;
  readonly rightsVersion: number;
  /** A one-time code was given. */
  readonly strong: boolean;
}

export type SignInOutcome =
  | SignedInAs
  | { readonly kind: 'code-needed'; readonly accountId: string; readonly rightsVersion: number }
  | { readonly kind: 'refused' };

const codeMinutes = 10;

export function makeSignIn(
  parts: Pick<AccountParts, 'accounts' | 'attempts' | 'passwords' | 'secrets' | 'audit' | 'now'>,
) {
  const { accounts, attempts, passwords, secrets, audit, now } = parts;

  async function signedIn(account: Account, strong: boolean): Promise<SignedInAs> {
    await accounts.noteSignIn(account.id, now());
    await audit.record({ actor: account.id, act: 'session.opened', target: account.id, details: { strong } });
    return { kind: 'signed-in', accountId: account.id, rightsVersion: account.rightsVersion, strong };
  }

  async function acceptsCode(account: Account, typed: string): Promise<'code' | 'recovery' | null> {
    if (account.oneTimeCode?.confirmedAt == null) return null;
    const code = typed.replace(/\s/g, '');
    if (/^\d{6}$/.test(code)) {
      const step = stepOf(secrets.open(account.oneTimeCode.seed), code, now());
      return step !== null && (await accounts.acceptStep(account.id, step)) ? 'code' : null;
    }
    return (await accounts.useRecoveryCode(account.id, recoveryHash(code))) ? 'recovery' : null;
  }

  return {
    /** @throws AppError `too-many` */
    async withPassword(
      given: { readonly email: string; readonly password: string },
      from: { readonly address: string },
    ): Promise<SignInOutcome> {
      const { email, password } = credentialsSchema.parse(given);
      const counted = countedAccount('sign-in', emailKey(email));
      const attempt = await beginAttempt(attempts, [countedAddress('sign-in', from.address), counted], now());
      const account = await accounts.byEmail(email);
      const stored = account?.passwordHash ?? null;
      const right = await passwords.verify(stored, password);
      if (!right || account?.email?.verifiedAt == null) return { kind: 'refused' };
      await attempts.succeed(attempt, counted.what);
      if (stored !== null && passwords.isOutdated(stored)) {
        const passwordHash = await passwords.hash(password);
        await accounts.update(account.id, { passwordHash }, { atVersion: account.rightsVersion });
      }
      if (account.oneTimeCode?.confirmedAt != null) {
        return { kind: 'code-needed', accountId: account.id, rightsVersion: account.rightsVersion };
      }
      return signedIn(account, false);
    },

    /** Of somebody who is signed in, before an act that matters. Limited like a sign-in. @throws AppError `too-many` */
    async isPassword(accountId: string, password: string): Promise<boolean> {
      const counted = countedAccount('password', accountId);
      const attempt = await beginAttempt(attempts, [counted], now());
      const account = await accounts.byId(accountId);
      const right = await passwords.verify(account?.passwordHash ?? null, password);
      if (right) await attempts.succeed(attempt, counted.what);
      return right;
    },

    /**
     * The second step. `expired` when the password was given too long ago or the account has changed since.
     * @throws AppError `too-many`
     */
    async withCode(
      pending: z.infer<typeof pendingSchema>,
      code: string,
      from: { readonly address: string },
    ): Promise<SignedInAs | { readonly kind: 'refused' } | { readonly kind: 'expired' }> {
      if (now().getTime() - pending.at > codeMinutes * 60_000) return { kind: 'expired' };
      const counted = countedAccount('code', pending.accountId);
      const attempt = await beginAttempt(attempts, [countedAddress('code', from.address), counted], now());
      const account = await accounts.byId(pending.accountId);
      if (account === null || account.rightsVersion !== pending.rightsVersion) return { kind: 'expired' };
      const accepted = await acceptsCode(account, code);
      if (accepted === null) return { kind: 'refused' };
      await attempts.succeed(attempt, counted.what);
      if (accepted === 'recovery') {
        await audit.record({ actor: account.id, act: 'code.recovery-used', target: account.id });
      }
      return signedIn(account, true);
    },
  };
}
