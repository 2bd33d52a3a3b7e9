/**
 * What an operator does with accounts: find one, grant or take back a role, end its sessions, take away a one-time code that
 * its owner lost. Never to act as somebody: nothing here opens a session.
 */
import { AppError } from '../../errors.ts';
import type { Audit, AuditEntry, AuditVerification } from '../../platform/audit.ts';
import type { ListedSession } from '../../platform/web/session.ts';
import { type Actor, requireRight, rolesWithOneTimeCode } from '../../rights.ts';
import { isActive } from '../model/approval.ts';
import type { Account, Organisation } from '../model.ts';
import type { OrganisationStore } from '../store/organisations.ts';
import type { AccountStore } from '../store.ts';
import type { AccountParts } from '../use-cases.ts';

/** Those a person does not have by being signed in or by belonging to an organisation. */
export const grantableRoles = ['reviewer', 'rule-editor', 'operator'] as const;
export type GrantableRole = (typeof grantableRoles)[number];

export function isGrantable(role: string): role is GrantableRole {
  return grantableRoles.some((grantable) => grantable === role);
}

export interface AccountPage {
  readonly account: Account;
  readonly organisations: readonly Organisation[];
  readonly sessions: readonly ListedSession[];
  /** The operator looks at the own account. */
  readonly own: boolean;
  /** Has a role that opens nothing without a one-time code, and no code. */
  readonly codeMissing: boolean;
}

export interface AccountList {
  readonly accounts: readonly Account[];
  readonly page: number;
  readonly more: boolean;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** For the next page; null on the last. */
  readonly before: number | null;
}

/** Number under which the operator's session goes on after a change of the own account; null for another one. */
export interface OwnRights {
  readonly rightsVersion: number | null;
}

export type Administration = ReturnType<typeof makeAdministration>;

const accountsPerPage = 50;
const entriesPerPage = 100;

const unknown = () => new AppError('not-found', 'COMPTE_INCONNU', 'Aucun compte ne correspond.');
const changedMeanwhile = () =>
  new AppError('conflict', 'COMPTE_CHANGE', 'Ce compte vient de changer. Rouvrez sa page et recommencez.');
const lastOperator = () =>
  new AppError(
    'conflict',
    'DERNIER_EXPLOITANT',
    "Il n'y a pas d'autre exploitant : donnez d'abord ce rôle à une autre personne.",
  );

export interface AdministrationDependencies extends Pick<AccountParts, 'mail' | 'addressOf' | 'momentWords' | 'now'> {
  readonly accounts: Pick<AccountStore, 'byId' | 'byEmail' | 'list' | 'update' | 'countWithRole'>;
  readonly organisations: Pick<OrganisationStore, 'ofMember'>;
  readonly sessions: {
    list(accountId: string): Promise<readonly ListedSession[]>;
    revokeAll(accountId: string): Promise<void>;
  };
  readonly audit: Pick<Audit, 'record' | 'list' | 'verify'>;
}

export function makeAdministration(dependencies: AdministrationDependencies) {
  const { accounts, organisations, sessions, audit, mail, addressOf, momentWords, now } = dependencies;
  let verification: Promise<AuditVerification> | null = null;

  async function account(id: string): Promise<Account> {
    const found = await accounts.byId(id);
    if (found === null) throw unknown();
    return found;
  }

  const ownRights = (actor: Actor, changed: Account): OwnRights => ({
    rightsVersion: changed.id === actor.accountId ? changed.rightsVersion : null,
  });

  const record = (actor: Actor, act: string, id: string, details: Record<string, string> = {}) =>
    audit.record({ actor: actor.accountId, act: `account.${act}`, target: id, details });

  /** @throws AppError `conflict` when the account changed meanwhile */
  async function changeRoles(before: Account, roles: Account['roles']): Promise<Account> {
    const changed = await accounts.update(
      before.id,
      { roles },
      { endsSessions: true, atVersion: before.rightsVersion },
    );
    if (changed === null) throw changedMeanwhile();
    return changed;
  }

  return {
    /** @throws AppError `conflict` for an account whose address nobody proved: anybody may have typed it */
    async grant(actor: Actor, id: string, role: GrantableRole): Promise<OwnRights> {
      requireRight(actor, 'users:manage');
      const before = await account(id);
      if (before.roles.includes(role)) return { rightsVersion: null };
      if (!isProved(before)) {
        const message = "L'adresse de ce compte n'est pas confirmée : aucun rôle ne peut lui être donné.";
        throw new AppError('conflict', 'ADRESSE_NON_CONFIRMEE', message);
      }
      const changed = await changeRoles(before, [...before.roles, role]);
      await record(actor, 'role-granted', id, { role });
      return ownRights(actor, changed);
    },

    /** @throws AppError `conflict` for the last operator */
    async takeBack(actor: Actor, id: string, role: GrantableRole): Promise<OwnRights> {
      requireRight(actor, 'users:manage');
      const before = await account(id);
      if (!before.roles.includes(role)) return { rightsVersion: null };
      if (role === 'operator' && (await accounts.countWithRole(role)) < 2) throw lastOperator();
      const changed = await changeRoles(
        before,
        before.roles.filter((held) => held !== role),
      );
      if (role === 'operator' && (await accounts.countWithRole(role)) === 0) {
        // The two last operators left at the same time: both come back.
        await accounts.update(id, { roles: before.roles }, { endsSessions: true });
        throw lastOperator();
      }
      await record(actor, 'role-removed', id, { role });
      return ownRights(actor, changed);
    },

    /** @param page from 1 */
    async list(actor: Actor, page: number): Promise<AccountList> {
      requireRight(actor, 'users:manage');
      const found = await accounts.list({ skip: (page - 1) * accountsPerPage, limit: accountsPerPage + 1 });
      return { accounts: found.slice(0, accountsPerPage), page, more: found.length > accountsPerPage };
    },

    /** By the whole address or the whole id; null when there is none. */
    async find(actor: Actor, text: string): Promise<string | null> {
      requireRight(actor, 'users:manage');
      const asked = text.trim();
      const found = asked.includes('@') ? await accounts.byEmail(asked) : await accounts.byId(asked);
      return found?.id ?? null;
    },

    async account(actor: Actor, id: string): Promise<AccountPage> {
      requireRight(actor, 'users:manage');
      const found = await account(id);
      const [belongsTo, open] = await Promise.all([organisations.ofMember(id), sessions.list(id)]);
      const needsCode =
        found.roles.some((role) => rolesWithOneTimeCode.includes(role)) ||
        belongsTo.some((each) => each.kind === 'funder' && isActive(each));
      return {
        account: found,
        organisations: belongsTo,
        sessions: open,
        own: id === actor.accountId,
        codeMissing: needsCode && !found.oneTimeCode?.confirmedAt,
      };
    },

    async endSessions(actor: Actor, id: string): Promise<void> {
      requireRight(actor, 'users:manage');
      await account(id);
      await sessions.revokeAll(id);
      await record(actor, 'sessions-ended', id);
    },

    /**
     * For a person who lost both the device and the recovery codes. The own code goes away with a code, in the own space: a
     * session left open must not be enough.
     */
    async disableOneTimeCode(actor: Actor, id: string): Promise<void> {
      requireRight(actor, 'users:manage');
      if (id === actor.accountId) {
        const message = 'Votre propre code se retire depuis votre espace, avec un code.';
        throw new AppError('forbidden', 'PROPRE_CODE', message);
      }
      const { oneTimeCode, email } = await account(id);
      if (oneTimeCode === null)
        throw new AppError('conflict', 'SANS_CODE', "Ce compte n'a pas de code à usage unique.");
      const changed = await accounts.update(id, { oneTimeCode: null }, { endsSessions: true });
      if (changed === null) throw unknown();
      await record(actor, 'one-time-code-disabled', id);
      // Whoever asked may not be who they said: the person is told.
      if (email === null) return;
      await mail.send({
        to: email.address,
        key: `code-disabled:${id}:${changed.rightsVersion}`,
        account: id,
        template: 'one-time-code-disabled',
        values: { at: momentWords(now()), link: addressOf('/mon-espace/securite') },
      });
    },

    /** Newest first. @param asked.about entries where this id acts or is acted upon */
    async trail(actor: Actor, asked: { readonly before?: number; readonly about?: string }): Promise<AuditPage> {
      requireRight(actor, 'audit:read');
      const found = await audit.list({ ...asked, limit: entriesPerPage + 1 });
      const entries = found.slice(0, entriesPerPage);
      return { entries, before: found.length > entriesPerPage ? (entries.at(-1)?.sequence ?? null) : null };
    },

    /** Reads the whole trail; those who ask while it is being read get the same answer. */
    async verifyTrail(actor: Actor): Promise<AuditVerification> {
      requireRight(actor, 'audit:read');
      verification ??= audit.verify().finally(() => {
        verification = null;
      });
      return verification;
    },
  };
}

function isProved({ email, identities }: Account): boolean {
  return (email !== null && email.verifiedAt !== null) || identities.length > 0;
}
