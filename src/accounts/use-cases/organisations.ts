/**
 * Organisations people act for: who belongs to one, who owns it, and the invitations to it. Rights come from membership: a
 * change of it ends the open sessions of the person concerned.
 */
import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';
import { looksLikeNir, nirRefusal } from '../../nir.ts';
import type { Audit, AuditEvent } from '../../platform/audit.ts';
import { type Actor, type Membership, requireAccount, requireMembership, requireRightIn } from '../../rights.ts';
import { waitingSince } from '../model/approval.ts';
import {
  invitationDays,
  invitationsPerDay,
  isFor,
  isOpen,
  membershipIn,
  organisationNameSchema,
  siretTaken,
  withMember,
  withOwnershipGiven,
  withoutMember,
} from '../model/team.ts';
import { type Account, emailKey, emailSchema, type Invitation, type Organisation } from '../model.ts';
import type { OrganisationStore } from '../store/organisations.ts';
import type { AccountStore } from '../store.ts';
import type { NewRights } from '../use-cases.ts';

export type ParsedSiret =
  | { readonly kind: 'siret'; readonly siret: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly cause: string };

/** One sentence per field that is not accepted. */
export type Refusals<Field extends string> = Readonly<Partial<Record<Field, string>>>;

export type Outcome<Done, Field extends string> =
  | ({ readonly kind: 'done' } & Done)
  | { readonly kind: 'refused'; readonly refusals: Refusals<Field> };

export interface OrganisationsDependencies {
  readonly organisations: OrganisationStore;
  readonly accounts: Pick<AccountStore, 'byId' | 'raiseRights'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly mail: {
    send(message: {
      readonly to: string;
      readonly template: 'invitation';
      readonly values: Readonly<Record<string, string>>;
      /** The same mail is sent once. */
      readonly key: string;
    }): Promise<void>;
  };
  /** Structure and check key; no register is asked. */
  readonly parseSiret: (text: string) => ParsedSiret;
  /** Address of a path of this site, for a mail. */
  readonly addressOf: (path: string) => string;
  /** French, for a mail: « 22 novembre 2026 à 14 h 05 ». */
  readonly momentWords: (date: Date) => string;
  readonly newId: () => string;
  /** 32 random bytes, base64url. */
  readonly newToken: () => string;
  readonly now: () => Date;
}

export interface Member {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly owner: boolean;
  readonly since: Date;
}

export interface OrganisationPage {
  readonly organisation: Organisation;
  readonly membership: Membership;
  readonly me: string;
  readonly members: readonly Member[];
  /** Unanswered ones; empty for those who do not manage members. */
  readonly invitations: readonly Invitation[];
}

export interface InvitationPage {
  readonly organisation: Pick<Organisation, 'id' | 'name' | 'kind'>;
  readonly owner: boolean;
  readonly expiresAt: Date;
  readonly answer: 'sign-in' | 'other-account' | 'already-member' | 'accept';
}

export type Organisations = ReturnType<typeof makeOrganisations>;

const dayMs = 86_400_000;

export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

const invitationLost = () =>
  new AppError('not-found', 'INVITATION_PERDUE', "Cette invitation n'est plus valable. Demandez-en une nouvelle.");
const otherAccount = () =>
  new AppError(
    'forbidden',
    'INVITATION_AUTRE_COMPTE',
    "Cette invitation a été envoyée à une autre adresse que celle de votre compte. Connectez-vous avec le compte de l'adresse invitée.",
  );
/** Erased in another window. */
const accountGone = () =>
  new AppError('unauthenticated', 'CONNEXION_REQUISE', 'Connectez-vous pour ouvrir cette page.');
const unknownOrganisation = () => new AppError('not-found', 'ORGANISATION_INCONNUE', "Cette page n'existe pas.");

/** @param parseSiret structure and check key; no register is asked */
export function siretOf(
  parseSiret: (text: string) => ParsedSiret,
  text: string,
): { readonly siret: string | null } | { readonly refusal: string } {
  if (looksLikeNir(text)) return { refusal: nirRefusal };
  const parsed = parseSiret(text);
  if (parsed.kind === 'refused') return { refusal: `Ce numéro SIRET est refusé : ${parsed.cause}.` };
  return { siret: parsed.kind === 'siret' ? parsed.siret : null };
}

export function makeOrganisations(dependencies: OrganisationsDependencies) {
  const { organisations, accounts, audit, mail, parseSiret, addressOf, momentWords, newId, newToken, now } =
    dependencies;

  async function organisation(id: string): Promise<Organisation> {
    const found = await organisations.byId(id);
    if (found === null) throw unknownOrganisation();
    return found;
  }

  async function account(id: string): Promise<Account> {
    const found = await accounts.byId(id);
    if (found === null) throw accountGone();
    return found;
  }

  /** Every open session of the person is over; the one that acts goes on under the new number. */
  async function newRights(accountId: string): Promise<NewRights> {
    const rightsVersion = await accounts.raiseRights(accountId);
    if (rightsVersion === null) throw accountGone();
    return { rightsVersion };
  }

  async function memberOf({ accountId, owner, since }: Organisation['members'][number]): Promise<Member> {
    const person = await accounts.byId(accountId);
    return { id: accountId, name: person?.displayName ?? null, email: person?.email?.address ?? null, owner, since };
  }

  const record = (actor: Actor, act: string, organisationId: string, details: AuditEvent['details'] = {}) =>
    audit.record({
      actor: actor.accountId,
      act: `organisation.${act}`,
      target: organisationId,
      details,
    });

  /** What happens to a person is found under the id of the person. */
  const recordAbout = (actor: Actor, act: string, organisation: string, member: string) =>
    audit.record({
      actor: actor.accountId,
      act: `organisation.${act}`,
      target: member,
      details: { organisation },
    });

  /** The organisation and the invitation that a link opens. @throws AppError `not-found` for any link that opens nothing */
  async function invited(token: string): Promise<{ invitation: Invitation; organisation: Organisation }> {
    const invitation = await organisations.invitationByToken(hashOfToken(token));
    if (invitation === null) throw invitationLost();
    const found = await organisations.byId(invitation.organisationId);
    if (found === null || !isOpen(invitation, found, now())) throw invitationLost();
    return { invitation, organisation: found };
  }

  return {
    /** Those of the person, by name. */
    async mine(actor: Actor): Promise<readonly { readonly organisation: Organisation; readonly owner: boolean }[]> {
      const me = requireAccount(actor, 'account:own');
      const found = await organisations.ofMember(me);
      return found.map((each) => ({ organisation: each, owner: membershipIn(each, me)?.owner ?? false }));
    },

    /** The person becomes its owner. */
    async create(
      actor: Actor,
      asked: { readonly kind: string; readonly name: string; readonly siret: string },
    ): Promise<Outcome<{ readonly id: string } & NewRights, 'kind' | 'name' | 'siret'>> {
      const me = requireAccount(actor, 'account:own');
      const name = organisationNameSchema.safeParse(asked.name);
      const siret = siretOf(parseSiret, asked.siret);
      const kind = asked.kind === 'provider' || asked.kind === 'funder' ? asked.kind : null;
      if (!name.success || 'refusal' in siret || kind === null) {
        const refusals = {
          ...(kind === null ? { kind: "Choisissez ce que fait l'organisme." } : {}),
          ...(name.success ? {} : { name: name.error.issues[0]?.message ?? "Donnez le nom de l'organisme." }),
          ...('refusal' in siret ? { siret: siret.refusal } : {}),
        };
        return { kind: 'refused', refusals };
      }
      const id = newId();
      const createdAt = now();
      const { demo } = await account(me);
      const created = await organisations.create({
        id,
        kind,
        name: name.data,
        siret: siret.siret,
        members: [{ accountId: me, owner: true, since: createdAt }],
        approval: kind === 'funder' ? waitingSince(createdAt) : null,
        demo,
        createdAt,
      });
      if (!created) return { kind: 'refused', refusals: { siret: siretTaken } };
      await record(actor, 'created', id, { kind });
      return { kind: 'done', id, ...(await newRights(me)) };
    },

    async page(actor: Actor, id: string): Promise<OrganisationPage> {
      const membership = requireRightIn(actor, id, 'organisation:own');
      const found = await organisation(id);
      const members = await Promise.all(found.members.map(memberOf));
      const invitations = membership.owner ? await organisations.unansweredInvitations(id) : [];
      return { organisation: found, membership, me: requireAccount(actor, 'account:own'), members, invitations };
    },

    /** What the page that asks « Quitter ? » says. Giving rights up needs no one-time code. */
    async toLeave(actor: Actor, id: string): Promise<{ organisation: Organisation; me: string }> {
      const me = requireAccount(actor, 'account:own');
      requireMembership(actor, id);
      return { organisation: await organisation(id), me };
    },

    async member(actor: Actor, id: string, memberId: string): Promise<{ organisation: Organisation; member: Member }> {
      requireRightIn(actor, id, 'organisation:manage-members');
      const found = await organisation(id);
      const member = found.members.find(({ accountId }) => accountId === memberId);
      if (member === undefined) throw unknownOrganisation();
      return { organisation: found, member: await memberOf(member) };
    },

    /**
     * Writes to an address. Whether it has an account is not said: the same mail leaves.
     * @throws AppError `too-many` past the number a day
     */
    async invite(
      actor: Actor,
      id: string,
      asked: { readonly email: string; readonly owner: boolean },
    ): Promise<Outcome<{ readonly invitationId: string }, 'email'>> {
      requireRightIn(actor, id, 'organisation:manage-members');
      const me = requireAccount(actor, 'account:own');
      const found = await organisation(id);
      const email = emailSchema.safeParse(asked.email);
      if (!email.success) {
        return {
          kind: 'refused',
          refusals: { email: 'Donnez une adresse e-mail complète, par exemple nom@exemple.fr.' },
        };
      }
      const key = emailKey(email.data);
      const members = await Promise.all(found.members.map(({ accountId }) => accounts.byId(accountId)));
      if (members.some((member) => member?.email && emailKey(member.email.address) === key)) {
        return { kind: 'refused', refusals: { email: "Cette personne fait déjà partie de l'organisme." } };
      }
      const sentAt = now();
      const yesterday = new Date(sentAt.getTime() - dayMs);
      if ((await organisations.invitationsSentBy(me, yesterday)) >= invitationsPerDay) {
        throw new AppError(
          'too-many',
          'TROP_D_INVITATIONS',
          "Vous avez envoyé beaucoup d'invitations aujourd'hui. Revenez demain.",
          {
            details: { until: new Date(sentAt.getTime() + dayMs) },
          },
        );
      }
      const token = newToken();
      const invitation: Invitation = {
        id: newId(),
        organisationId: id,
        emailKey: key,
        owner: asked.owner,
        tokenHash: hashOfToken(token),
        invitedBy: me,
        sentAt,
        expiresAt: new Date(sentAt.getTime() + invitationDays * dayMs),
        usedAt: null,
        withdrawnAt: null,
      };
      await organisations.addInvitation(invitation);
      await mail.send({
        to: email.data,
        template: 'invitation',
        values: {
          organisation: found.name,
          link: addressOf(`/invitations/${token}`),
          until: momentWords(invitation.expiresAt),
        },
        key: `invitation:${invitation.id}`,
      });
      await record(actor, 'invited', id, { invitation: invitation.id, owner: asked.owner });
      return { kind: 'done', invitationId: invitation.id };
    },

    async withdrawInvitation(actor: Actor, id: string, invitationId: string): Promise<void> {
      requireRightIn(actor, id, 'organisation:manage-members');
      if (!(await organisations.withdrawInvitation(id, invitationId, now()))) throw invitationLost();
      await record(actor, 'invitation-withdrawn', id, { invitation: invitationId });
    },

    /** What the link of a mail shows. Opening it changes nothing. */
    async invitation(actor: Actor, token: string): Promise<InvitationPage> {
      const { invitation, organisation: found } = await invited(token);
      const { id, name, kind } = found;
      const page = { organisation: { id, name, kind }, owner: invitation.owner, expiresAt: invitation.expiresAt };
      if (actor.accountId === null) return { ...page, answer: 'sign-in' };
      const me = requireAccount(actor, 'account:own');
      if (!isFor(invitation, await account(me))) return { ...page, answer: 'other-account' };
      const membership = membershipIn(found, me);
      // To a member, an invitation may still bring ownership.
      const nothingNew = membership !== null && (membership.owner || !invitation.owner);
      return { ...page, answer: nothingNew ? 'already-member' : 'accept' };
    },

    /**
     * @throws AppError `not-found` for a link that opens nothing, used ones too; `forbidden` for another account than the
     * invited address
     */
    async accept(actor: Actor, token: string): Promise<{ readonly organisationId: string } & NewRights> {
      const me = requireAccount(actor, 'account:own');
      const { invitation } = await invited(token);
      if (!isFor(invitation, await account(me))) throw otherAccount();
      const at = now();
      // First the single use, then the membership: a crash between the two costs one more invitation, never two members.
      if (!(await organisations.useInvitation(invitation.id, at))) throw invitationLost();
      const { organisationId, owner } = invitation;
      await organisations.changeMembers(organisationId, ({ members }) =>
        withMember(members, { accountId: me, owner, since: at }),
      );
      await record(actor, 'joined', organisationId, { invitation: invitation.id, owner });
      return { organisationId, ...(await newRights(me)) };
    },

    /** @throws AppError `conflict` for the last owner */
    async removeMember(actor: Actor, id: string, memberId: string): Promise<void> {
      requireRightIn(actor, id, 'organisation:manage-members');
      await organisations.changeMembers(id, ({ members }) => withoutMember(members, memberId));
      await accounts.raiseRights(memberId);
      await recordAbout(actor, 'member-removed', id, memberId);
    },

    /** @throws AppError `conflict` for the last owner */
    async leave(actor: Actor, id: string): Promise<NewRights> {
      const me = requireAccount(actor, 'account:own');
      requireMembership(actor, id);
      await organisations.changeMembers(id, ({ members }) => withoutMember(members, me));
      await record(actor, 'left', id);
      return newRights(me);
    },

    /** The person becomes a member like others. */
    async giveOwnership(actor: Actor, id: string, memberId: string): Promise<NewRights> {
      requireRightIn(actor, id, 'organisation:manage-members');
      const me = requireAccount(actor, 'account:own');
      await organisations.changeMembers(id, ({ members }) => withOwnershipGiven(members, me, memberId));
      await accounts.raiseRights(memberId);
      await recordAbout(actor, 'ownership-given', id, memberId);
      return newRights(me);
    },
  };
}
