/** Organisations, their members and the invitations to them, in MongoDB. Returns model values, never documents. */
import { type Connection, Schema } from 'mongoose';
import { AppError } from '../../errors.ts';
import { isDuplicateKey } from '../../platform/duplicate-key.ts';
import { unlessInTheWay } from '../../platform/in-the-way.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';
import type { Membership } from '../../rights.ts';
import { waitingSince } from '../model/approval.ts';
import { type Members, membershipIn, type OrganisationChange, siretTaken } from '../model/team.ts';
import type { Invitation, Organisation } from '../model.ts';

interface OrganisationDocument extends Omit<Organisation, 'id' | 'approval'> {
  _id: string;
  /** Absent from what was stored before funders were checked. */
  approval?: Organisation['approval'];
  /** Raised at each change of members: two changes at the same time cannot both start from the same list. */
  revision: number;
}

interface InvitationDocument extends Omit<Invitation, 'id'> {
  _id: string;
}

export interface OrganisationStore {
  ensureIndexes(): Promise<void>;
  /** @returns false when an organisation of this kind has this SIRET already */
  create(organisation: Organisation): Promise<boolean>;
  byId(id: string): Promise<Organisation | null>;
  /** By name. */
  ofMember(accountId: string): Promise<Organisation[]>;
  membershipsOf(accountId: string): Promise<Membership[]>;
  /**
   * `changed` gets the organisation as it is and may be called again when somebody else changed it in between; what it
   * throws goes through. Null removes the organisation and its invitations.
   * @throws AppError `not-found`; `conflict` `SIRET_PRIS` when another organisation of this kind has this SIRET
   */
  change(id: string, changed: (organisation: Organisation) => OrganisationChange | null): Promise<Organisation | null>;
  /** As `change`. */
  changeMembers(id: string, changed: (organisation: Organisation) => Members | null): Promise<Organisation | null>;
  /** Those that wait for an operator, the longest waiting first. */
  waiting(page: { readonly skip: number; readonly limit: number }): Promise<Organisation[]>;
  /** Earlier open invitations of the organisation to the same address are taken back. */
  addInvitation(invitation: Invitation): Promise<void>;
  invitationByToken(tokenHash: string): Promise<Invitation | null>;
  /** Neither used nor taken back, past ones too, newest first. */
  unansweredInvitations(organisationId: string): Promise<Invitation[]>;
  invitationsSentBy(accountId: string, since: Date): Promise<number>;
  /** Marks it used, once: of two calls at the same time one answers true. */
  useInvitation(id: string, now: Date): Promise<boolean>;
  /** @returns false when there is no such open invitation in this organisation */
  withdrawInvitation(organisationId: string, id: string, now: Date): Promise<boolean>;
  /** To an address, and by an account. */
  invitationsAbout(about: { accountId: string; emailKey: string | null }): Promise<Invitation[]>;
  /** @returns how many were */
  removeInvitationsAbout(about: { accountId: string; emailKey: string | null }): Promise<number>;
}

const organisationSchema = new Schema(
  { _id: String },
  { collection: 'organisations', versionKey: false, strict: false },
);
organisationSchema.index(
  { kind: 1, siret: 1 },
  { unique: true, partialFilterExpression: { siret: { $type: 'string' } } },
);
organisationSchema.index({ 'members.accountId': 1 });
organisationSchema.index({ 'approval.state': 1, 'approval.at': 1 });

const invitationSchema = new Schema({ _id: String }, { collection: 'invitations', versionKey: false, strict: false });
invitationSchema.index({ tokenHash: 1 }, { unique: true });
invitationSchema.index({ organisationId: 1, emailKey: 1 });
invitationSchema.index({ invitedBy: 1, sentAt: 1 });
invitationSchema.index({ emailKey: 1 });
invitationSchema.index({ expiresAt: 1 });

const attempts = 20;
const open = { usedAt: null, withdrawnAt: null };

/** Nobody has checked a funder without approval: it waits, since it was created. */
function toOrganisation({ _id, revision: _revision, ...stored }: OrganisationDocument): Organisation {
  const waits = stored.kind === 'funder' ? waitingSince(stored.createdAt) : null;
  return { id: _id, ...stored, approval: stored.approval ?? waits };
}

function toInvitation({ _id, ...invitation }: InvitationDocument): Invitation {
  return { id: _id, ...invitation };
}

export function makeOrganisationStore(connection: Connection): OrganisationStore {
  const models = [
    connection.model('Organisation', organisationSchema),
    connection.model('Invitation', invitationSchema),
  ];
  const database = connection.getClient().db(connection.name);
  const organisations = database.collection<OrganisationDocument>('organisations');
  const invitations = database.collection<InvitationDocument>('invitations');

  const withMember = joinedFind('members.accountId', (accountIds) =>
    organisations
      .find({ 'members.accountId': { $in: [...accountIds] } })
      .sort({ name: 1, _id: 1 })
      .toArray(),
  );

  const invitedBy = joinedFind('invitedBy', (accountIds) =>
    invitations.find({ invitedBy: { $in: [...accountIds] } }).toArray(),
  );
  const invitedTo = joinedFind('emailKey', (keys) => invitations.find({ emailKey: { $in: [...keys] } }).toArray());

  async function ofMember(accountId: string): Promise<Organisation[]> {
    return (await withMember(accountId)).map(toOrganisation);
  }

  async function change(
    id: string,
    changed: (organisation: Organisation) => OrganisationChange | null,
  ): Promise<Organisation | null> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const found = await organisations.findOne({ _id: id });
      if (found === null) throw new AppError('not-found', 'ORGANISATION_INCONNUE', "Cette page n'existe pas.");
      const asked = changed(toOrganisation(found));
      const unchanged = { _id: id, revision: found.revision };
      if (asked === null) {
        const { deletedCount } = await organisations.deleteOne(unchanged);
        if (deletedCount === 0) continue;
        await invitations.deleteMany({ organisationId: id });
        return null;
      }
      const after = await organisations
        .findOneAndUpdate(unchanged, { $set: asked, $inc: { revision: 1 } }, { returnDocument: 'after' })
        .catch((error: unknown) => {
          throw isDuplicateKey(error) ? new AppError('conflict', 'SIRET_PRIS', siretTaken, { cause: error }) : error;
        });
      if (after !== null) return toOrganisation(after);
    }
    throw new AppError(
      'unavailable',
      'ORGANISATION_OCCUPEE',
      'Une autre personne fait le même changement. Recommencez.',
    );
  }

  const about = ({ accountId, emailKey }: { accountId: string; emailKey: string | null }) => ({
    $or: [{ invitedBy: accountId }, ...(emailKey === null ? [] : [{ emailKey }])],
  });

  return {
    async ensureIndexes() {
      for (const model of models) {
        await ensureIndexesOf(model);
      }
    },

    async create({ id, ...organisation }) {
      try {
        await unlessInTheWay(() => organisations.insertOne({ _id: id, ...organisation, revision: 0 }));
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async byId(id) {
      const found = await organisations.findOne({ _id: id });
      return found === null ? null : toOrganisation(found);
    },

    ofMember,

    async waiting({ skip, limit }) {
      const found = organisations
        .find({ kind: 'funder', 'approval.state': { $in: ['waiting', null] } })
        .sort({ 'approval.at': 1, _id: 1 });
      return (await found.skip(skip).limit(limit).toArray()).map(toOrganisation);
    },

    async membershipsOf(accountId) {
      return (await ofMember(accountId)).flatMap((organisation) => membershipIn(organisation, accountId) ?? []);
    },

    change,

    async changeMembers(id, changed) {
      return change(id, (organisation) => {
        const members = changed(organisation);
        return members === null ? null : { members };
      });
    },

    async addInvitation({ id, ...invitation }) {
      const { organisationId, emailKey, sentAt } = invitation;
      await invitations.updateMany({ organisationId, emailKey, ...open }, { $set: { withdrawnAt: sentAt } });
      await invitations.insertOne({ _id: id, ...invitation });
    },

    async invitationByToken(tokenHash) {
      const found = await invitations.findOne({ tokenHash });
      return found === null ? null : toInvitation(found);
    },

    async unansweredInvitations(organisationId) {
      const found = invitations.find({ organisationId, ...open }).sort({ sentAt: -1, _id: 1 });
      return (await found.toArray()).map(toInvitation);
    },

    async invitationsSentBy(accountId, since) {
      return invitations.countDocuments({ invitedBy: accountId, sentAt: { $gt: since } });
    },

    async useInvitation(id, now) {
      const used = await invitations.updateOne(
        { _id: id, ...open, expiresAt: { $gt: now } },
        { $set: { usedAt: now } },
      );
      return used.modifiedCount === 1;
    },

    async withdrawInvitation(organisationId, id, now) {
      const filter = { _id: id, organisationId, ...open };
      return (await invitations.updateOne(filter, { $set: { withdrawnAt: now } })).modifiedCount === 1;
    },

    async invitationsAbout(person) {
      const { accountId, emailKey } = person;
      const [sent, received] = await Promise.all([invitedBy(accountId), emailKey === null ? [] : invitedTo(emailKey)]);
      // Somebody may have invited themselves.
      const found = new Map([...sent, ...received].map((invitation) => [invitation._id, invitation]));
      return [...found.values()].map(toInvitation);
    },

    async removeInvitationsAbout(person) {
      return (await invitations.deleteMany(about(person))).deletedCount;
    },
  };
}
