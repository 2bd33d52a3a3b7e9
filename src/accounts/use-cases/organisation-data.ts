/** What organisations keep about a person, to be shown, downloaded and erased with the rest. */
import { filesOf, withoutSender } from '../model/approval.ts';
import type { Holding, Plain } from '../model/holding.ts';
import { withoutErased } from '../model/team.ts';
import { emailKey, type Organisation } from '../model.ts';
import type { OrganisationStore } from '../store/organisations.ts';
import type { AccountStore } from '../store.ts';

/** Memberships, invitations sent and received, what was sent to have a funder accepted. */
export function organisationHolding(parts: {
  readonly organisations: OrganisationStore;
  readonly accounts: Pick<AccountStore, 'byId'>;
  readonly files: {
    of(owner: string): Promise<readonly { readonly name: string; readonly bytes: number; readonly at: Date }[]>;
    removeOf(owner: string): Promise<number>;
  };
}): Holding {
  const { organisations, accounts, files } = parts;

  /** What this person wrote and sent so that the organisation is accepted. */
  async function requestOf({ id, approval }: Organisation, accountId: string): Promise<Plain | null> {
    if (approval === null || approval.sentBy !== accountId) return null;
    const documents = await files.of(filesOf(id));
    return {
      'Demande de vérification': approval.statement === '' ? 'sans texte' : approval.statement,
      Justificatifs: documents.map(({ name, bytes, at }) => ({ Fichier: name, Octets: bytes, Reçu: at })),
    };
  }
  async function about(accountId: string) {
    const email = (await accounts.byId(accountId))?.email ?? null;
    // An address that nobody proved may be that of somebody else.
    const proved = email !== null && email.verifiedAt !== null;
    return { accountId, emailKey: proved ? emailKey(email.address) : null };
  }

  return {
    name: 'Vos organismes',
    why: 'Savoir pour quels organismes vous agissez, et qui vous a invité ou qui vous avez invité.',
    until:
      "Jusqu'à ce que vous quittiez l'organisme ; une invitation, 30 jours après sa fin de validité ; un justificatif, jusqu'à la décision ou 30 jours.",

    async read(accountId) {
      const [memberships, invitations] = await Promise.all([
        organisations.ofMember(accountId),
        about(accountId).then(organisations.invitationsAbout),
      ]);
      const requests = await Promise.all(memberships.map((each) => requestOf(each, accountId)));
      return [
        ...memberships.map((each) => {
          const member = each.members.find((candidate) => candidate.accountId === accountId);
          const role = member?.owner ? 'propriétaire' : 'membre';
          return { Organisme: each.name, SIRET: each.siret ?? 'non donné', Rôle: role, Depuis: member?.since };
        }),
        ...requests.filter((request) => request !== null),
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
      let documents = 0;
      for (const { id } of memberships) {
        let sent = false;
        const left = await organisations.change(id, ({ members, approval }) => {
          const rest = withoutErased(members, accountId);
          sent = approval?.sentBy === accountId;
          if (rest === null) return null;
          return { members: rest, ...(approval !== null && sent ? { approval: withoutSender(approval) } : {}) };
        });
        if (left === null || sent) documents += await files.removeOf(filesOf(id));
      }
      return erased + memberships.length + documents;
    },
  };
}
