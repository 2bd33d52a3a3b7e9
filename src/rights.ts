/**
 * Roles and rights, in one table. A use case asks `requireRight(actor, right)` before it does anything; no template decides.
 * A right of a member holds inside the own organisation only: such a use case asks `requireRightIn` that organisation.
 */
import { AppError } from './errors.ts';

export const roles = [
  'visitor',
  'learner',
  'provider-member',
  'provider-owner',
  'funder-member',
  'rule-editor',
  'reviewer',
  'operator',
] as const;
export type Role = (typeof roles)[number];

export const rights = [
  'catalogue:read',
  'account:own',
  'pathway:enrol',
  'organisation:own',
  'organisation:manage-members',
  'source:own',
  'source:close',
  'source:manage',
  'users:manage',
  'organisations:approve',
  'audit:read',
  'rules:edit',
  'verdicts:check',
  'incidents:read',
  'site:watch',
  'jobs:run',
  'catalogue:review',
] as const;
export type Right = (typeof rights)[number];

const everybody: readonly Right[] = ['catalogue:read'];
const signedIn: readonly Right[] = [...everybody, 'account:own', 'pathway:enrol'];

const rightsOf: Readonly<Record<Role, readonly Right[]>> = {
  visitor: everybody,
  learner: signedIn,
  'provider-member': [...signedIn, 'organisation:own', 'source:own'],
  'provider-owner': [...signedIn, 'organisation:own', 'organisation:manage-members', 'source:own', 'source:close'],
  // Managing members also needs to own the organisation: `requireRightIn` looks at the membership.
  'funder-member': [...signedIn, 'organisation:own', 'organisation:manage-members', 'verdicts:check'],
  'rule-editor': [...signedIn, 'organisation:own', 'rules:edit'],
  reviewer: [...signedIn, 'catalogue:review'],
  operator: [
    ...signedIn,
    'source:manage',
    'users:manage',
    'organisations:approve',
    'audit:read',
    'incidents:read',
    'site:watch',
    'jobs:run',
    'catalogue:review',
  ],
};

/** Roles whose rights beyond the own account need a one-time code in the session. */
export const rolesWithOneTimeCode: readonly Role[] = ['operator', 'rule-editor', 'funder-member'];

export interface Membership {
  readonly organisationId: string;
  readonly kind: 'provider' | 'funder';
  /** Manages members; the first one created the organisation. */
  readonly owner: boolean;
  /** False for a funder that no operator has accepted: it gives no right. */
  readonly active: boolean;
}

/** Rights of an owner of the organisation alone, whatever the role. */
const rightsOfOwners: readonly Right[] = ['organisation:manage-members'];

function roleIn(membership: Membership): Role {
  if (!membership.active) return 'learner';
  if (membership.kind === 'funder') return 'funder-member';
  return membership.owner ? 'provider-owner' : 'provider-member';
}

/** Roles that come from memberships; they are computed, never stored. */
export function rolesOfMemberships(memberships: readonly Membership[]): Role[] {
  return [...new Set(memberships.map(roleIn))];
}

/** Who acts. Built once per request from the session; handed to every use case. */
export interface Actor {
  /** Opaque; null for a visitor. */
  readonly accountId: string | null;
  readonly roles: readonly Role[];
  readonly memberships: readonly Membership[];
  /** A one-time code was given in this session. */
  readonly strong: boolean;
}

export const visitor: Actor = { accountId: null, roles: ['visitor'], memberships: [], strong: false };

export function can(actor: Actor, right: Right): boolean {
  return actor.roles.some((role) => {
    if (!rightsOf[role].includes(right)) return false;
    return signedIn.includes(right) || !rolesWithOneTimeCode.includes(role) || actor.strong;
  });
}

/** @throws AppError `unauthenticated` for a visitor, `forbidden` for an account without the right */
export function requireRight(actor: Actor, right: Right): void {
  if (can(actor, right)) return;
  if (actor.accountId === null) throw signInFirst();
  const weak = actor.roles.some((role) => rightsOf[role].includes(right));
  if (weak) throw new AppError('forbidden', 'CODE_REQUIS', 'Cette page demande un code à usage unique.');
  throw new AppError('forbidden', 'DROIT_MANQUANT', "Cette page n'est pas ouverte à votre compte.");
}

/**
 * The right, for an act on what is the account's own.
 * @returns the account. @throws AppError as `requireRight`
 */
export function requireAccount(actor: Actor, right: Right): string {
  requireRight(actor, right);
  if (actor.accountId === null) throw signInFirst();
  return actor.accountId;
}

function signInFirst(): AppError {
  return new AppError('unauthenticated', 'CONNEXION_REQUISE', 'Connectez-vous pour ouvrir cette page.');
}

/** @throws AppError `not-found` when the actor is not in the organisation: it must not learn that it exists */
export function requireMembership(actor: Actor, organisationId: string): Membership {
  const membership = actor.memberships.find((candidate) => candidate.organisationId === organisationId);
  if (membership === undefined) throw new AppError('not-found', 'ORGANISATION_INCONNUE', "Cette page n'existe pas.");
  return membership;
}

/**
 * The right inside one organisation: what the person may do for another one does not count.
 * @throws AppError `unauthenticated`; `not-found` outside the organisation; `forbidden` without the right or the code
 */
export function requireRightIn(actor: Actor, organisationId: string, right: Right): Membership {
  requireRight(actor, 'account:own');
  const membership = requireMembership(actor, organisationId);
  requireRight({ ...actor, roles: [roleIn(membership)], memberships: [membership] }, right);
  if (rightsOfOwners.includes(right) && !membership.owner) {
    throw new AppError('forbidden', 'PROPRIETAIRE_SEUL', "Cette page n'est pas ouverte à votre compte.");
  }
  return membership;
}
