/** Who belongs to an organisation. It always has an owner: a change that would leave none is refused. */
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { freeText } from '../../nir.ts';
import type { Membership } from '../../rights.ts';
import type { Account, Invitation, Organisation } from '../model.ts';
import { emailKey } from '../model.ts';
import { isActive } from './approval.ts';

/** What may change of an organisation. */
export type OrganisationChange = Partial<Pick<Organisation, 'name' | 'siret' | 'members' | 'approval'>>;

export type Members = Organisation['members'];

/** Of another organisation of this kind. */
export const siretTaken = 'Cet organisme est déjà inscrit. Demandez à le rejoindre.';

export const invitationDays = 7;
/** Invitations one person sends in 24 hours: more would make the site a way to write to strangers. */
export const invitationsPerDay = 20;

/** The name goes into mails to people who do not know the sender: it cannot carry an address of another site. */
export const organisationNameSchema = freeText({ max: 120 })
  .transform((text) => text.replace(/\s+/g, ' '))
  .pipe(
    z
      .string()
      .min(2, "Donnez le nom de l'organisme.")
      .regex(/^[^\p{Cc}\p{Cf}@<>]*$/u, "Le nom contient un caractère qui n'est pas accepté.")
      .refine((name) => !/:\/\/|\bwww\./i.test(name), "Donnez un nom, pas l'adresse d'un site."),
  );

const lastOwner = () =>
  new AppError(
    'conflict',
    'DERNIER_PROPRIETAIRE',
    "Un organisme a toujours un propriétaire. Transmettez d'abord ce rôle à une autre personne.",
  );

function memberOf(members: Members, accountId: string): Members[number] {
  const member = members.find((candidate) => candidate.accountId === accountId);
  if (member === undefined) throw new AppError('not-found', 'MEMBRE_INCONNU', "Cette page n'existe pas.");
  return member;
}

/** @throws AppError `not-found` when the person is no member, `conflict` for the last owner */
export function withoutMember(members: Members, accountId: string): Members {
  memberOf(members, accountId);
  const rest = members.filter((member) => member.accountId !== accountId);
  if (!rest.some(({ owner }) => owner)) throw lastOwner();
  return rest;
}

/**
 * `from` becomes a member like others, `to` an owner.
 * @throws AppError `not-found` when one of them is no member, `conflict` when `from` owns nothing or gives to itself
 */
export function withOwnershipGiven(members: Members, from: string, to: string): Members {
  memberOf(members, to);
  if (!memberOf(members, from).owner || from === to) throw lastOwner();
  return members.map((member) => {
    if (member.accountId === from) return { ...member, owner: false };
    return member.accountId === to ? { ...member, owner: true } : member;
  });
}

/** A second invitation to the same person adds nobody; one that makes an owner of a member does so. */
export function withMember(members: Members, member: Members[number]): Members {
  const known = members.find(({ accountId }) => accountId === member.accountId);
  if (known === undefined) return [...members, member];
  return members.map((other) => (other === known ? { ...known, owner: known.owner || member.owner } : other));
}

/**
 * A person's account is erased: nothing refuses that. The member of longest standing owns the organisation that would be
 * left without an owner. Null when nobody is left.
 */
export function withoutErased(members: Members, accountId: string): Members | null {
  const rest = members.filter((member) => member.accountId !== accountId);
  const [oldest] = [...rest].sort((a, b) => a.since.getTime() - b.since.getTime());
  if (oldest === undefined) return null;
  if (rest.some(({ owner }) => owner)) return rest;
  return rest.map((member) => (member === oldest ? { ...member, owner: true } : member));
}

export function membershipIn(organisation: Organisation, accountId: string): Membership | null {
  const member = organisation.members.find((candidate) => candidate.accountId === accountId);
  if (member === undefined) return null;
  const { id, kind } = organisation;
  return { organisationId: id, kind, owner: member.owner, active: isActive(organisation) };
}

/**
 * Whether an invitation still opens something: not used, not taken back, in time, and the one who sent it still belongs to
 * the organisation, so that a person who is put out leaves no door behind.
 */
export function isOpen(invitation: Invitation, organisation: Organisation, now: Date): boolean {
  return (
    invitation.usedAt === null &&
    invitation.withdrawnAt === null &&
    invitation.expiresAt > now &&
    organisation.members.some(({ accountId }) => accountId === invitation.invitedBy)
  );
}

/** Only an account that proved the invited address may use the invitation. */
export function isFor(invitation: Invitation, { email }: Pick<Account, 'email'>): boolean {
  return email !== null && email.verifiedAt !== null && emailKey(email.address) === invitation.emailKey;
}
