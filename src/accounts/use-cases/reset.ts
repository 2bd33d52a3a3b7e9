/** A forgotten password: a link by mail, then a new password that ends every session. */
import { AppError } from '../../errors.ts';
import type { PasswordFault } from '../model/password.ts';
import { emailKey, emailSchema } from '../model.ts';
import type { AccountParts } from '../use-cases.ts';
import { beginAttempt, countedAccount, countedAddress } from './limits.ts';
import { makeNewPassword } from './new-password.ts';

export const resetHours = 1;

export type ResetOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly password: PasswordFault }
  | { readonly kind: 'closed' };

export function makeReset(parts: AccountParts) {
  const { accounts, tokens, attempts, sessions, audit, mail, addressOf, momentWords, newId, now } = parts;
  const newPassword = makeNewPassword(parts);
  const purpose = 'reset-password';

  return {
    /** Same answer and same work whether the address has an account: the mail says it. @throws AppError `too-many` */
    async request(given: string, from: { readonly address: string }): Promise<void> {
      const email = emailSchema.parse(given);
      const counted = [countedAddress('reset', from.address), countedAccount('reset', emailKey(email))];
      await beginAttempt(attempts, counted, now());
      const account = await accounts.byEmail(email);
      const accountId = account?.id ?? null;
      const minutes = resetHours * 60;
      const token = await tokens.issue({ purpose, accountId, email, now: now(), minutes });
      const key = `${purpose} ${newId()}`;
      // To the address of the account: one spelt otherwise may be somebody else's mailbox.
      const to = account?.email?.address ?? email;
      if (account === null) {
        await mail.send({ to, key, template: 'reset-without-account', values: { link: addressOf('/inscription') } });
        return;
      }
      const link = addressOf(`/mot-de-passe/nouveau?jeton=${token}`);
      const until = momentWords(new Date(now().getTime() + minutes * 60_000));
      await mail.send({ to, key, account: account.id, template: 'reset', values: { link, until } });
    },

    isOpen: async (token: string) => (await tokens.peek(purpose, token, now())) !== null,

    /** The link serves once, and only for a password that is accepted. @throws AppError `too-many` */
    async choose(token: string, password: string): Promise<ResetOutcome> {
      const promised = await tokens.peek(purpose, token, now());
      if (promised === null) return { kind: 'closed' };
      const fault = newPassword.judge(password, promised.email);
      if (fault !== null) return { kind: 'refused', password: fault };
      const passwordHash = await newPassword.hash(password, promised.email);
      const grant = await tokens.redeem(purpose, token, now());
      const account = grant === null ? null : await accounts.byId(grant.accountId);
      if (grant === null || account?.email == null || emailKey(account.email.address) !== emailKey(grant.email)) {
        return { kind: 'closed' };
      }
      // The mail was received: the address is proved too.
      const email = { ...account.email, verifiedAt: account.email.verifiedAt ?? now() };
      const changed = await accounts.update(account.id, { passwordHash, email }, { endsSessions: true });
      if (changed === null) throw new AppError('not-found', 'COMPTE_INCONNU', "Ce compte n'existe plus.");
      await sessions.revokeAll(account.id);
      await tokens.removeOf(account.id);
      await audit.record({ actor: account.id, act: 'password.reset', target: account.id });
      const values = { at: momentWords(now()), link: addressOf('/mot-de-passe-oublie') };
      const key = `password-changed ${newId()}`;
      await mail.send({ to: email.address, key, account: account.id, template: 'password-changed', values });
      return { kind: 'done' };
    },
  };
}
