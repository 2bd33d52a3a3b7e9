/**
 * A funder organisation acts once an operator has accepted it. Its owner says who it is and may add a document; the operator
 * reads both and decides; the document is erased with the decision.
 */
import { AppError } from '../../errors.ts';
import type { Audit } from '../../platform/audit.ts';
import type { OpenedFile, StoredFile, Upload } from '../../platform/files.ts';
import { type Actor, requireAccount, requireMembership, requireRight } from '../../rights.ts';
import {
  asked as applied,
  decided,
  filesOf,
  pendingApproval,
  reasonSchema,
  statementSchema,
} from '../model/approval.ts';
import { organisationNameSchema } from '../model/team.ts';
import type { Approval, Organisation } from '../model.ts';
import type { OrganisationStore } from '../store/organisations.ts';
import type { AccountStore } from '../store.ts';
import { type Outcome, type ParsedSiret, siretOf } from './organisations.ts';

/** Of the supporting document. */
export const proofPurpose = 'organisation-proof';
export const proofBytes = 5 * 1_048_576;
const proofTypes: Upload['accepted'] = ['application/pdf', 'image/png', 'image/jpeg'];
const perPage = 50;

export interface Application {
  readonly organisation: Organisation;
  readonly approval: Approval;
  /** Null when none was added, or when it was erased. */
  readonly document: StoredFile | null;
}

export interface Applicant {
  readonly name: string | null;
  readonly email: string | null;
}

export interface ApplicationForm {
  readonly name: string;
  readonly siret: string;
  readonly statement: string;
}

/** As `platform/web/upload.ts` gives it. */
export interface SentDocument {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export type ApprovalMail =
  | { readonly template: 'organisation-accepted'; readonly values: { organisation: string; link: string } }
  | {
      readonly template: 'organisation-refused';
      readonly values: { organisation: string; reason: string; link: string };
    };

export interface ApprovalDependencies {
  readonly organisations: Pick<OrganisationStore, 'byId' | 'change' | 'waiting'>;
  readonly accounts: Pick<AccountStore, 'byId' | 'raiseRights'>;
  readonly files: {
    store(upload: Upload): Promise<StoredFile>;
    open(id: string, entitled: (file: StoredFile) => boolean): Promise<OpenedFile>;
    of(owner: string): Promise<readonly StoredFile[]>;
    remove(id: string): Promise<boolean>;
    removeOf(owner: string): Promise<number>;
  };
  readonly audit: Pick<Audit, 'record'>;
  readonly mail: {
    send(
      message: ApprovalMail & { readonly to: string; readonly key: string; readonly account: string },
    ): Promise<void>;
  };
  readonly parseSiret: (text: string) => ParsedSiret;
  readonly addressOf: (path: string) => string;
  readonly now: () => Date;
}

export type Approvals = ReturnType<typeof makeApprovals>;

const unknown = () => new AppError('not-found', 'ORGANISATION_INCONNUE', "Cette page n'existe pas.");

export function makeApprovals(dependencies: ApprovalDependencies) {
  const { organisations, accounts, files, audit, mail, parseSiret, addressOf, now } = dependencies;

  async function organisation(id: string): Promise<Organisation> {
    const found = await organisations.byId(id);
    if (found === null) throw unknown();
    return found;
  }

  /** The one that counts; an earlier one may still be there for the moment of its replacement. */
  const documentOf = async (id: string) => (await files.of(filesOf(id))).at(-1) ?? null;

  async function applicationOf(id: string): Promise<Application> {
    const found = await organisation(id);
    return { organisation: found, approval: pendingApproval(found), document: await documentOf(id) };
  }

  const record = (actor: Actor, act: string, target: string, details: Record<string, boolean> = {}) =>
    audit.record({ actor: actor.accountId, act: `organisation.${act}`, target, details });

  async function tellOwners({ id, members }: Organisation, { at }: Approval, message: ApprovalMail): Promise<void> {
    for (const { accountId } of members.filter(({ owner }) => owner)) {
      const email = (await accounts.byId(accountId))?.email ?? null;
      if (email?.verifiedAt == null) continue;
      const key = `${message.template}:${id}:${at.getTime()}:${accountId}`;
      await mail.send({ ...message, to: email.address, key, account: accountId });
    }
  }

  /** The document goes with the decision: what it served for is over. */
  async function decide(actor: Actor, id: string, reason: string | null): Promise<Organisation> {
    const at = now();
    const after = await organisations.change(id, (before) => ({ approval: decided(before, reason, at) }));
    if (after === null || after.approval === null) throw unknown();
    await files.removeOf(filesOf(id));
    await record(actor, reason === null ? 'accepted' : 'refused', id);
    const link = addressOf(`/mon-espace/organisations/${id}`);
    const values = { organisation: after.name, link };
    await tellOwners(
      after,
      after.approval,
      reason === null
        ? { template: 'organisation-accepted', values }
        : { template: 'organisation-refused', values: { ...values, reason } },
    );
    return after;
  }

  async function requireOpen(actor: Actor, id: string): Promise<Application> {
    requireAccount(actor, 'account:own');
    if (!requireMembership(actor, id).owner) {
      throw new AppError('forbidden', 'PROPRIETAIRE_SEUL', "Cette page n'est pas ouverte à votre compte.");
    }
    return applicationOf(id);
  }

  return {
    /**
     * What is asked for the organisation, for its members; null when it may act, and nothing is to be asked.
     * @throws AppError `not-found` outside the organisation
     */
    async pending(actor: Actor, id: string): Promise<(Application & { readonly owner: boolean }) | null> {
      requireAccount(actor, 'account:own');
      const { active, owner } = requireMembership(actor, id);
      return active ? null : { ...(await applicationOf(id)), owner };
    },

    /**
     * Asked before the form is read, so that no file of somebody without the right is looked at.
     * @throws AppError `not-found` outside the organisation, `forbidden` for another than an owner, `conflict` when there is
     * nothing to ask
     */
    requireOpen,

    /**
     * Sends the request, or corrects it. @param sent the document; null keeps the one that is there
     * @throws what `Files.store` throws, before anything has changed
     */
    async apply(
      actor: Actor,
      id: string,
      form: ApplicationForm,
      sent: SentDocument | null,
    ): Promise<Outcome<object, keyof ApplicationForm>> {
      await requireOpen(actor, id);
      const by = requireAccount(actor, 'account:own');
      const name = organisationNameSchema.safeParse(form.name);
      const siret = siretOf(parseSiret, form.siret);
      const statement = statementSchema.safeParse(form.statement);
      if (!name.success || 'refusal' in siret || !statement.success) {
        const refusals = {
          ...(name.success ? {} : { name: name.error.issues[0]?.message ?? "Donnez le nom de l'organisme." }),
          ...('refusal' in siret ? { siret: siret.refusal } : {}),
          ...(statement.success ? {} : { statement: statement.error.issues[0]?.message ?? 'Corrigez ce texte.' }),
        };
        return { kind: 'refused', refusals };
      }
      const earlier = await files.of(filesOf(id));
      const stored =
        sent === null
          ? null
          : await files.store({
              ...sent,
              owner: filesOf(id),
              purpose: proofPurpose,
              maxBytes: proofBytes,
              accepted: proofTypes,
            });
      try {
        const at = now();
        await organisations.change(id, (before) => ({
          name: name.data,
          siret: siret.siret,
          approval: applied(before, { statement: statement.data, by, at }),
        }));
      } catch (error) {
        if (stored !== null) await files.remove(stored.id);
        if (error instanceof AppError && error.code === 'SIRET_PRIS')
          return { kind: 'refused', refusals: { siret: error.publicMessage } };
        throw error;
      }
      if (stored !== null) for (const file of earlier) await files.remove(file.id);
      await record(actor, 'application-sent', id, { document: stored !== null });
      return { kind: 'done' };
    },

    /** The longest waiting first. @param page from 1 */
    async waiting(actor: Actor, page: number) {
      requireRight(actor, 'organisations:approve');
      const found = await organisations.waiting({ skip: (page - 1) * perPage, limit: perPage + 1 });
      const shown = found.slice(0, perPage);
      const withDocument = await Promise.all(shown.map(async ({ id }) => (await documentOf(id)) !== null));
      return {
        organisations: shown.map((each, index) => ({ organisation: each, document: withDocument[index] === true })),
        page,
        more: found.length > perPage,
      };
    },

    /** @throws AppError `not-found`; `conflict` when it waits for nothing */
    async application(actor: Actor, id: string): Promise<Application & { readonly owners: readonly Applicant[] }> {
      requireRight(actor, 'organisations:approve');
      const found = await applicationOf(id);
      const owners = found.organisation.members.filter(({ owner }) => owner);
      const people = await Promise.all(owners.map(({ accountId }) => accounts.byId(accountId)));
      return {
        ...found,
        owners: people.flatMap((person) =>
          person === null ? [] : [{ name: person.displayName, email: person.email?.address ?? null }],
        ),
      };
    },

    /** @throws AppError `not-found` without a document */
    async document(actor: Actor, id: string): Promise<OpenedFile> {
      requireRight(actor, 'organisations:approve');
      const { document } = await applicationOf(id);
      if (document === null) throw unknown();
      const opened = await files.open(document.id, ({ owner }) => owner === filesOf(id));
      await record(actor, 'document-opened', id);
      return opened;
    },

    /** The members' sessions are over: the next ones have the new right, and ask for a one-time code. */
    async accept(actor: Actor, id: string): Promise<void> {
      requireRight(actor, 'organisations:approve');
      const { members } = await decide(actor, id, null);
      for (const { accountId } of members) await accounts.raiseRights(accountId);
    },

    async refuse(actor: Actor, id: string, reason: string): Promise<Outcome<object, 'reason'>> {
      requireRight(actor, 'organisations:approve');
      const checked = reasonSchema.safeParse(reason);
      if (!checked.success) {
        return { kind: 'refused', refusals: { reason: checked.error.issues[0]?.message ?? 'Écrivez la raison.' } };
      }
      await decide(actor, id, checked.data);
      return { kind: 'done' };
    },
  };
}
