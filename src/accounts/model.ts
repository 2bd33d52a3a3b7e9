/** A person who signs in, and the organisations people act for. Names and addresses live here and nowhere else. */
import { z } from 'zod';
import type { Role } from '../rights.ts';

/** As typed, trimmed; compared by `emailKey`. */
export const emailSchema = z.string().trim().max(254).pipe(z.email());

/** Two spellings of one address are one account. */
export function emailKey(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

/** A citizen's and a professional's identity are never merged on an e-mail address alone. */
export type IdentityKind = 'citizen' | 'professional';

export interface Identity {
  /** Setting name of the provider: `france-travail`, `franceconnect`, `proconnect`. */
  readonly provider: string;
  readonly kind: IdentityKind;
  /** The provider's own identifier of the person. */
  readonly subject: string;
  readonly linkedAt: Date;
}

export interface Consent {
  /** What for: `terms`, `enrolment:<pathway slug>`… */
  readonly purpose: string;
  /** The words that were on the screen. */
  readonly words: string;
  readonly at: Date;
  readonly withdrawnAt: Date | null;
}

export interface Account {
  /** Opaque, drawn at creation. */
  readonly id: string;
  /** Null for an identity that gives none. */
  readonly email: { readonly address: string; readonly verifiedAt: Date | null } | null;
  readonly displayName: string | null;
  /** argon2id; null for people who sign in elsewhere only. */
  readonly passwordHash: string | null;
  readonly identities: readonly Identity[];
  /** Granted by an operator or by a membership is computed; only what was granted is stored. `learner` for everybody. */
  readonly roles: readonly Exclude<Role, 'visitor' | 'provider-member' | 'provider-owner' | 'funder-member'>[];
  readonly oneTimeCode: {
    /** Encrypted by platform/secrets.ts. */
    readonly seed: string;
    readonly confirmedAt: Date | null;
    /** Step of the last accepted code: each code opens once. */
    readonly lastStep: number | null;
    /** Hashes; each opens once. */
    readonly recoveryCodes: readonly string[];
  } | null;
  readonly consents: readonly Consent[];
  /** Raised at every change of rights, password or one-time code: sessions of an older number are over. */
  readonly rightsVersion: number;
  /** Demonstration account: refused in production. */
  readonly demo: boolean;
  readonly createdAt: Date;
  readonly lastSignInAt: Date | null;
}

/** Of a funder organisation, by an operator. */
export interface Approval {
  readonly state: 'waiting' | 'accepted' | 'refused';
  /** Since when it is so. */
  readonly at: Date;
  /** What its owner wrote about it; may be empty. */
  readonly statement: string;
  /** Who sent the statement and the document. */
  readonly sentBy: string | null;
  /** Of a refusal. */
  readonly reason: string | null;
}

export interface Organisation {
  readonly id: string;
  readonly kind: 'provider' | 'funder';
  readonly name: string;
  readonly siret: string | null;
  readonly members: readonly { readonly accountId: string; readonly owner: boolean; readonly since: Date }[];
  /** Null for a provider organisation. */
  readonly approval: Approval | null;
  readonly demo: boolean;
  readonly createdAt: Date;
}

export interface Invitation {
  readonly id: string;
  readonly organisationId: string;
  /** Only the account that has proved this address may use it. */
  readonly emailKey: string;
  readonly owner: boolean;
  /** SHA-256 of the token in the mail. */
  readonly tokenHash: string;
  readonly invitedBy: string;
  readonly sentAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  /** Taken back, or replaced by a later one to the same address. */
  readonly withdrawnAt: Date | null;
}
