/** What people do with their own account. Each subject has its file; this one puts them together. */

import type { Audit } from '../platform/audit.ts';
import type { PasswordHasher } from '../platform/password-hash.ts';
import type { Actor, Membership } from '../rights.ts';
import type { Account } from './model.ts';
import type { AttemptStore } from './store/attempts.ts';
import type { TokenStore } from './store/tokens.ts';
import type { AccountStore } from './store.ts';
import { makeActors } from './use-cases/actor.ts';
import { makeOneTimeCodes } from './use-cases/one-time-code.ts';
import { makeProfile } from './use-cases/profile.ts';
import { makeRegistration } from './use-cases/registration.ts';
import { makeReset } from './use-cases/reset.ts';
import { makeOwnSessions } from './use-cases/sessions.ts';
import { makeSignIn } from './use-cases/sign-in.ts';

/** Templates of views/mail/ and what each prints. */
export type AccountMail =
  | { readonly template: 'verification' | 'reset' | 'address-change'; readonly values: LinkValues & { until: string } }
  | { readonly template: 'already-registered'; readonly values: LinkValues & { resetLink: string } }
  | { readonly template: 'reset-without-account'; readonly values: LinkValues }
  | {
      readonly template: 'password-changed' | 'one-time-code-enabled' | 'one-time-code-disabled' | 'address-changed';
      readonly values: LinkValues & { at: string };
    };
type LinkValues = { readonly link: string };

export interface AccountParts {
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly attempts: AttemptStore;
  readonly passwords: PasswordHasher;
  readonly commonPasswords: ReadonlySet<string>;
  readonly secrets: { seal(text: string): string; open(sealed: string): string };
  readonly audit: Pick<Audit, 'record'>;
  readonly mail: {
    send(
      message: AccountMail & { readonly to: string; readonly key: string; readonly account?: string },
    ): Promise<void>;
  };
  readonly sessions: OpenSessions;
  membershipsOf(accountId: string): Promise<readonly Membership[]>;
  /** Address of a path of this site, for a mail. */
  addressOf(path: string): string;
  /** French, for a mail: « 22 novembre 2026 à 14 h 05 ». */
  momentWords(date: Date): string;
  newId(): string;
  now(): Date;
}

/** What platform/web/session.ts knows of open sessions. */
export interface OpenSessions {
  list(accountId: string): Promise<
    readonly {
      readonly id: string;
      readonly since: Date;
      readonly lastSeen: Date;
      readonly browser: string;
      readonly strong: boolean;
    }[]
  >;
  revoke(accountId: string, sessionId: string): Promise<boolean>;
  revokeAll(accountId: string, except?: string): Promise<void>;
}

/** The session of the person who acts goes on under this number; the others are over. */
export interface NewRights {
  readonly rightsVersion: number;
}

export type Accounts = ReturnType<typeof makeAccounts>;

export function makeAccounts(parts: AccountParts) {
  const seen = new WeakMap<Actor, Account>();
  return {
    ...makeActors(parts, seen),
    registration: makeRegistration(parts),
    signIn: makeSignIn(parts),
    reset: makeReset(parts),
    codes: makeOneTimeCodes(parts, seen),
    sessions: makeOwnSessions(parts),
    profile: makeProfile(parts, seen),
  };
}
