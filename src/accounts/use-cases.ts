/** What people do with their own account. Each subject has its file; this one puts them together. */
import type { PasswordHasher } from '../platform/password-hash.ts';
import type { Membership } from '../rights.ts';
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
  | { readonly template: 'verify-email'; readonly values: { readonly link: string; readonly hours: number } }
  | { readonly template: 'account-exists'; readonly values: { readonly signIn: string; readonly reset: string } }
  | { readonly template: 'reset-password'; readonly values: { readonly link: string; readonly hours: number } }
  | { readonly template: 'reset-unknown'; readonly values: { readonly register: string } }
  | { readonly template: 'password-changed'; readonly values: { readonly reset: string } }
  | { readonly template: 'change-email'; readonly values: { readonly link: string; readonly hours: number } }
  | { readonly template: 'email-changed'; readonly values: { readonly contact: string } }
  | { readonly template: 'code-changed'; readonly values: { readonly active: boolean; readonly reset: string } };

export interface AccountParts {
  readonly accounts: AccountStore;
  readonly tokens: TokenStore;
  readonly attempts: AttemptStore;
  readonly passwords: PasswordHasher;
  readonly commonPasswords: ReadonlySet<string>;
  readonly secrets: { seal(text: string): string; open(sealed: string): string };
  readonly audit: {
    record(entry: {
      readonly actor: string | null;
      readonly act: string;
      readonly target: string | null;
      readonly details?: Readonly<Record<string, string | number | boolean | null>>;
    }): Promise<void>;
  };
  readonly mail: {
    send(message: AccountMail & { readonly to: string; readonly key: string }): Promise<void>;
  };
  readonly sessions: OpenSessions;
  membershipsOf(accountId: string): Promise<readonly Membership[]>;
  /** Address of a path of this site, for a mail. */
  addressOf(path: string): string;
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
  return {
    ...makeActors(parts),
    registration: makeRegistration(parts),
    signIn: makeSignIn(parts),
    reset: makeReset(parts),
    codes: makeOneTimeCodes(parts),
    sessions: makeOwnSessions(parts),
    profile: makeProfile(parts),
  };
}
