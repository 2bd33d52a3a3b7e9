/** What organisations keep about a person, to be shown, downloaded and erased with the rest. */
import type { Holding } from '../model/holding.ts';
import { withoutErased } from '../model/team.ts';
import { emailKey } from '../model.ts';
import type { OrganisationStore } from '../store/organisations.ts';
import type { AccountStore } from '../store.ts';

/** Memberships, invitations sent and received. */
export function organisationHolding(parts: {
  readonly organisations: OrganisationStore;
  readonly accounts: Pick<AccountStore, 'byId'>;
}): Holding {
  const { organisations, accounts } = parts;
  async function about(accountId: string) {
    const email = (await accounts.byId(accountId))?.email ?? null;
    // An address that nobody proved may be that of somebody else.
    const proved = email !== null && email.verifiedAt !== null;
    return { accountId, emailKey: proved ? emailKey(email.address) : null };
  }

  return {
    name: 'Vos organismes',
    why: 'Savoir pour quels organismes vous agissez, et qui vous a invité ou qui vous avez invité.',
    until: "Jusqu'à ce que vous quittiez l'organisme ; une invitation, 30 jours après sa fin de validité.",

    async read(accountId) {
      const [memberships, invitations] = await Promise.all([
        organisations.ofMember(accountId),
        about(accountId).then(organisations.invitationsAbout),
      ]);
      return [
        ...memberships.map((each) => {
          const member = each.members.find((candidate) => candidate.accountId === accountId);
          const role = member?.owner ? 'propriétaire' : 'membre';
          return { Organisme: each.name, SIRET: each.siret ?? 'non donné', Rôle: role, Depuis: member?.since };
        }),
        ...invitations.map(({ invitedBy, emailKey: address, sentAt, expiresAt, usedAt }) => ({
          Invitation: invitedBy === accountId ? 'envoyée par vous' : 'reçue',
          Adresse: address,
          Envoyée: sentAt,
          "Valable jusqu'au": expiresAt,
          Acceptée: usedAt,
        })),
      ];
    },

    async erase(accountId) {
      const erased = await organisations.removeInvitationsAbout(await about(accountId));
      const memberships = await organisations.ofMember(accountId);
      for (const { id } of memberships) {
        await organisations.changeMembers(id, ({ members }) => withoutErased(members, accountId));
      }
      return erased + memberships.length;
    },
  };
}
