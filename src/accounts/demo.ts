/**
 * One account per role for the demonstration, with a password that everybody may read on the sign-in page. Planted only when
 * DEMO is on, put back as they were at each start (visitors change them), and erased when it is off; a production server
 * refuses to start with them (src/production.ts).
 */
import { AppError } from '../errors.ts';
import { codeAt, newSeed } from '../platform/one-time-code.ts';
import type { PasswordHasher } from '../platform/password-hash.ts';
import type { Secrets } from '../platform/secrets.ts';
import { accepted, isActive } from './model/approval.ts';
import { withMember } from './model/team.ts';
import type { Account, Organisation } from './model.ts';
import type { OrganisationStore } from './store/organisations.ts';
import type { AccountStore } from './store.ts';

export const demoPassword = 'quatre-etapes-et-un-tableau';

interface DemoPerson {
  /** French, on the sign-in page. */
  readonly title: string;
  /** Of a domain where no mail can be received. */
  readonly email: string;
  readonly name: string;
  readonly roles: Account['roles'];
  readonly organisation: { readonly id: string; readonly owner: boolean } | null;
  readonly code: boolean;
}

const organisations: readonly Pick<Organisation, 'id' | 'kind' | 'name'>[] = [
  { id: 'demo-organisme', kind: 'provider', name: 'Passerelle Numérique (démonstration)' },
  { id: 'demo-financeur', kind: 'funder', name: 'Fonds Avenir Métiers (démonstration)' },
];

const person = (title: string, key: string, name: string, more: Partial<DemoPerson> = {}): DemoPerson => ({
  title,
  email: `${key}@demo.example`,
  name,
  roles: ['learner'],
  organisation: null,
  code: false,
  ...more,
});

const people: readonly DemoPerson[] = [
  person("Demandeur d'emploi", 'apprenant', 'Camille Exemple'),
  person("Organisme de formation, propriétaire de l'équipe", 'organisme', 'Dominique Exemple', {
    organisation: { id: 'demo-organisme', owner: true },
  }),
  person("Organisme de formation, membre de l'équipe", 'membre', 'Sacha Exemple', {
    organisation: { id: 'demo-organisme', owner: false },
  }),
  person('Financeur', 'financeur', 'Claude Exemple', {
    organisation: { id: 'demo-financeur', owner: true },
    code: true,
  }),
  person('Rédaction des règles', 'regles', 'Alix Exemple', { roles: ['learner', 'rule-editor'], code: true }),
  // A version is published by another person than the one who prepared it.
  person('Rédaction des règles, deuxième personne', 'regles-relecture', 'Ange Exemple', {
    roles: ['learner', 'rule-editor'],
    code: true,
  }),
  person('Relecture des doublons', 'relecture', 'Lou Exemple', { roles: ['learner', 'reviewer'] }),
  person('Exploitation du site', 'exploitation', 'Charlie Exemple', { roles: ['learner', 'operator'], code: true }),
];

export interface ShownDemoAccount {
  readonly title: string;
  readonly email: string;
  readonly password: string;
  /** Changes every 30 seconds; null for those who need none. */
  readonly code: string | null;
}

export interface DemoAccounts {
  /** Makes those that are missing and puts the others back as they were. */
  plant(): Promise<void>;
  /** As they are now, for the sign-in page; a planted account that a visitor erased is not among them. */
  shown(): Promise<readonly ShownDemoAccount[]>;
  /** All of them, those that visitors renamed included. @returns how many */
  eraseAll(): Promise<number>;
}

export function makeDemoAccounts(parts: {
  readonly accounts: Pick<AccountStore, 'byEmail' | 'create' | 'update' | 'demoIds'>;
  readonly organisations: Pick<OrganisationStore, 'create' | 'byId' | 'change' | 'changeMembers'>;
  readonly passwords: Pick<PasswordHasher, 'hash' | 'verify'>;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  /** Everything that is kept about an account. */
  erase(accountId: string): Promise<unknown>;
  newId(): string;
  now(): Date;
}): DemoAccounts {
  const { accounts, passwords, secrets, newId, now } = parts;

  const freshCode = () => ({ seed: secrets.seal(newSeed()), confirmedAt: now(), lastStep: null, recoveryCodes: [] });

  async function create({ email, name, roles, code }: DemoPerson): Promise<Account | null> {
    const at = now();
    const account: Account = {
      id: newId(),
      email: { address: email, verifiedAt: at },
      displayName: name,
      passwordHash: await passwords.hash(demoPassword),
      identities: [],
      roles,
      oneTimeCode: code ? freshCode() : null,
      consents: [],
      rightsVersion: 1,
      demo: true,
      createdAt: at,
      lastSignInAt: null,
    };
    try {
      await accounts.create(account);
      return account;
    } catch (error) {
      // Another process starts at the same moment.
      if (error instanceof AppError && error.kind === 'conflict') return accounts.byEmail(email);
      throw error;
    }
  }

  /** A visitor may have changed the password, the roles or the code: the next one finds what the page says. */
  async function putBack(account: Account, { roles, code, name }: DemoPerson): Promise<Account | null> {
    const samePassword = await passwords.verify(account.passwordHash, demoPassword);
    const sameCode = code ? account.oneTimeCode?.confirmedAt != null && canOpen(account) : account.oneTimeCode === null;
    const sameRoles = roles.length === account.roles.length && roles.every((role) => account.roles.includes(role));
    if (samePassword && sameCode && sameRoles) return account;
    const change = {
      displayName: name,
      roles,
      passwordHash: samePassword ? account.passwordHash : await passwords.hash(demoPassword),
      oneTimeCode: sameCode ? account.oneTimeCode : code ? freshCode() : null,
    };
    return accounts.update(account.id, change, { endsSessions: true });
  }

  /** The key of the installation may be another one than at the last start. */
  function canOpen({ oneTimeCode }: Account): boolean {
    return oneTimeCode !== null && openedSeed(oneTimeCode.seed) !== null;
  }

  function openedSeed(sealed: string): string | null {
    try {
      return secrets.open(sealed);
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  async function join(account: Account, organisation: { readonly id: string; readonly owner: boolean }) {
    const member = { accountId: account.id, owner: organisation.owner, since: now() };
    let changed = false;
    await parts.organisations.changeMembers(organisation.id, ({ members }) => {
      const found = members.find(({ accountId }) => accountId === account.id);
      changed = found === undefined || (organisation.owner && !found.owner);
      return withMember(members, member);
    });
    if (changed) await accounts.update(account.id, {}, { endsSessions: true });
  }

  /** Planted before funders were checked, or left in a state where it gives no right. */
  async function accept(id: string, approval: Organisation['approval']): Promise<void> {
    const known = await parts.organisations.byId(id);
    if (known === null || isActive(known)) return;
    const after = await parts.organisations.change(id, () => ({ approval }));
    for (const { accountId } of after?.members ?? []) await accounts.update(accountId, {}, { endsSessions: true });
  }

  return {
    async plant() {
      for (const organisation of organisations) {
        const approved = accepted(now());
        const approval = organisation.kind === 'funder' ? approved : null;
        const known = { ...organisation, siret: null, members: [], approval, demo: true, createdAt: now() };
        if (!(await parts.organisations.create(known))) await accept(organisation.id, approved);
      }
      for (const each of people) {
        const known = await accounts.byEmail(each.email);
        // Nobody receives mail there, so nobody proves it: an account that is not ours is one that was never confirmed.
        if (known !== null && !known.demo) await parts.erase(known.id);
        const account = known?.demo ? await putBack(known, each) : await create(each);
        if (account !== null && each.organisation !== null) await join(account, each.organisation);
      }
    },

    async shown() {
      const found = await Promise.all(
        people.map(async ({ title, email }) => ({ title, email, account: await accounts.byEmail(email) })),
      );
      return found.flatMap(({ title, email, account }) => {
        if (account?.demo !== true) return [];
        const seed = account.oneTimeCode === null ? null : openedSeed(account.oneTimeCode.seed);
        return [{ title, email, password: demoPassword, code: seed === null ? null : codeAt(seed, now()) }];
      });
    },

    async eraseAll() {
      const ids = await accounts.demoIds();
      for (const id of ids) await parts.erase(id);
      for (const { id } of organisations) {
        try {
          await parts.organisations.changeMembers(id, () => null);
        } catch (error) {
          // Gone with its last member, or never planted.
          if (!(error instanceof AppError && error.kind === 'not-found')) throw error;
        }
      }
      return ids.length;
    },
  };
}
