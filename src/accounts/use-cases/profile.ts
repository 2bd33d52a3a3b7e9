/** The own account: displayed name, address, password. */
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { PasswordFault } from '../model/password.ts';
import { type Account, emailKey, emailSchema } from '../model.ts';
import type { AccountParts, NewRights } from '../use-cases.ts';
import { beginAttempt, countedAccount } from './limits.ts';
import { makeNewPassword } from './new-password.ts';

/** Shown to the members of the own organisations. Empty is none. */
export const displayNameSchema = z
  .string()
  .trim()
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}<>]*$/u)
  .transform((name) => (name === '' ? null : name.replace(/\s+/g, ' ')));

export const changeEmailHours = 24;

export type PasswordChange =
  | ({ readonly kind: 'done' } & NewRights)
  | { readonly kind: 'wrong-password' }
  | { readonly kind: 'refused'; readonly password: PasswordFault };

export function makeProfile(parts: AccountParts, seen: WeakMap<Actor, Account>) {
  const { accounts, tokens, attempts, passwords, sessions, audit, mail, addressOf, momentWords, newId, now } = parts;
  const newPassword = makeNewPassword(parts);
  const purpose = 'change-email';

  async function own(actor: Actor): Promise<Account> {
    requireRight(actor, 'account:own');
    const account = actor.accountId === null ? null : await accounts.byId(actor.accountId);
    if (account === null) throw new AppError('not-found', 'COMPTE_INCONNU', "Ce compte n'existe plus.");
    return account;
  }

  /** True for an account without password: there is none to ask. */
  async function proves(account: Account, password: string): Promise<boolean> {
    if (account.passwordHash === null) return true;
    const counted = countedAccount('password', account.id);
    const attempt = await beginAttempt(attempts, [counted], now());
    const right = await passwords.verify(account.passwordHash, password);
    if (right) await attempts.succeed(attempt, counted.what);
    return right;
  }

  return {
    /** For a page that shows it: as it was when the request began. */
    async read(actor: Actor): Promise<Account> {
      requireRight(actor, 'account:own');
      return seen.get(actor) ?? own(actor);
    },

    async rename(actor: Actor, displayName: string | null): Promise<void> {
      const account = await own(actor);
      await accounts.update(account.id, { displayName });
      await audit.record({ actor: account.id, act: 'account.renamed', target: account.id });
    },

    /**
     * Sends a link to the new address; the present one stays until it is opened. Says the same when the new one is that of
     * another account. False for a wrong password. @throws AppError `too-many`
     */
    async requestEmail(actor: Actor, given: string, password: string): Promise<boolean> {
      const account = await own(actor);
      const email = emailSchema.parse(given);
      if (!(await proves(account, password))) return false;
      await beginAttempt(attempts, [countedAccount('change-email', account.id)], now());
      const other = await accounts.byEmail(email);
      const isFree = other === null || other.id === account.id;
      const accountId = isFree ? account.id : null;
      const minutes = changeEmailHours * 60;
      const token = await tokens.issue({ purpose, accountId, email, now: now(), minutes });
      const to = { to: email, key: `${purpose} ${newId()}` };
      if (isFree) {
        const link = addressOf(`/mon-espace/profil/adresse/confirmer?jeton=${token}`);
        const until = momentWords(new Date(now().getTime() + minutes * 60_000));
        await mail.send({ ...to, account: account.id, template: 'address-change', values: { link, until } });
      } else {
        const values = { link: addressOf('/connexion'), resetLink: addressOf('/mot-de-passe-oublie') };
        await mail.send({ ...to, template: 'already-registered', values });
      }
      return true;
    },

    /** For the person who asked and nobody else. */
    async isEmailLinkOpen(actor: Actor, token: string): Promise<boolean> {
      const account = await own(actor);
      return (await tokens.peek(purpose, token, now()))?.accountId === account.id;
    },

    /** The former address is told. False for a link that has served, is too old, or is of another account. */
    async confirmEmail(actor: Actor, token: string): Promise<boolean> {
      const account = await own(actor);
      if ((await tokens.peek(purpose, token, now()))?.accountId !== account.id) return false;
      const grant = await tokens.redeem(purpose, token, now());
      if (grant === null) return false;
      const email = { address: grant.email, verifiedAt: now() };
      if ((await accounts.update(account.id, { email })) === null) return false;
      // Links sent to the former address open nothing any more.
      await tokens.removeOf(account.id);
      await audit.record({ actor: account.id, act: 'account.email-changed', target: account.id });
      if (account.email !== null && emailKey(account.email.address) !== emailKey(grant.email)) {
        const values = { at: momentWords(now()), link: addressOf('/') };
        const key = `address-changed ${newId()}`;
        await mail.send({ to: account.email.address, key, account: account.id, template: 'address-changed', values });
      }
      return true;
    },

    /** Every session ends but the one that goes on under the new number. @throws AppError `too-many` */
    async changePassword(actor: Actor, current: string, next: string): Promise<PasswordChange> {
      const account = await own(actor);
      const address = account.email?.address ?? null;
      const fault = newPassword.judge(next, address);
      if (fault !== null) return { kind: 'refused', password: fault };
      // A first password is chosen through a link by mail, never here.
      if (account.passwordHash === null || !(await proves(account, current))) return { kind: 'wrong-password' };
      const passwordHash = await newPassword.hash(next, address);
      const options = { endsSessions: true, atVersion: account.rightsVersion };
      const changed = await accounts.update(account.id, { passwordHash }, options);
      if (changed === null) throw new AppError('conflict', 'COMPTE_CHANGE', 'Votre compte a changé entre-temps.');
      await sessions.revokeAll(account.id);
      await tokens.removeOf(account.id);
      await audit.record({ actor: account.id, act: 'password.changed', target: account.id });
      if (address !== null) {
        const values = { at: momentWords(now()), link: addressOf('/mot-de-passe-oublie') };
        const key = `password-changed ${newId()}`;
        await mail.send({ to: address, key, account: account.id, template: 'password-changed', values });
      }
      return { kind: 'done', rightsVersion: changed.rightsVersion };
    },
  };
}
