/**
 * A new account, then the proof of its address. Whether the address has an account already is never said on the page, only in
 * a mail to that address; the work done is the same.
 */
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { PasswordFault } from '../model/password.ts';
import { type Account, emailKey, emailSchema } from '../model.ts';
import type { AccountParts } from '../use-cases.ts';
import { beginAttempt, countedAccount, countedAddress } from './limits.ts';
import { makeNewPassword } from './new-password.ts';

/** The words beside the box, kept with the consent. */
export const termsWords =
  "J'accepte que mon adresse et mon nom affiché soient gardés pour mon compte, comme le dit la page « Données personnelles ».";
export const termsPurpose = 'terms';
export const verifyHours = 24;

const registrationSchema = z.object({
  email: emailSchema,
  password: z.string().max(1_000),
  displayName: z.string().nullable(),
});
export type RegistrationInput = z.infer<typeof registrationSchema>;

export type RegistrationOutcome =
  | { readonly kind: 'mail-sent' }
  | { readonly kind: 'refused'; readonly password: PasswordFault };

export function makeRegistration(parts: AccountParts) {
  const { accounts, tokens, attempts, audit, mail, addressOf, momentWords, newId, now } = parts;
  const newPassword = makeNewPassword(parts);

  /** The account to prove, or null when the address has a proved one. */
  async function accountToProve(email: string, passwordHash: string, displayName: string | null) {
    const existing = await accounts.byEmail(email);
    const at = now();
    const account: Account = {
      id: existing?.id ?? newId(),
      email: { address: email, verifiedAt: null },
      displayName,
      passwordHash,
      identities: [],
      roles: ['learner'],
      oneTimeCode: null,
      consents: [{ purpose: termsPurpose, words: termsWords, at, withdrawnAt: null }],
      rightsVersion: (existing?.rightsVersion ?? 0) + 1,
      demo: false,
      createdAt: at,
      lastSignInAt: null,
    };
    // Somebody may have registered this address before its owner: nothing of that stays, its password above all.
    if (existing !== null) return (await accounts.replaceUnverified(account)) ? account : null;
    try {
      await accounts.create(account);
      return account;
    } catch (error) {
      if (error instanceof AppError && error.kind === 'conflict') return null;
      throw error;
    }
  }

  return {
    judgePassword: newPassword.judge,

    /** @throws AppError `too-many` */
    async register(given: RegistrationInput, from: { readonly address: string }): Promise<RegistrationOutcome> {
      const { email, password, displayName } = registrationSchema.parse(given);
      const fault = newPassword.judge(password, email);
      if (fault !== null) return { kind: 'refused', password: fault };
      const counted = [countedAddress('register', from.address), countedAccount('register', emailKey(email))];
      await beginAttempt(attempts, counted, now());
      const hash = await newPassword.hash(password, email);
      const account = await accountToProve(email, hash, displayName);
      const accountId = account?.id ?? null;
      const purpose = 'verify-email';
      const minutes = verifyHours * 60;
      const until = momentWords(new Date(now().getTime() + minutes * 60_000));
      const token = await tokens.issue({ purpose, accountId, email, now: now(), minutes });
      const to = { to: email, key: `${purpose} ${newId()}` };
      if (accountId === null) {
        const values = { link: addressOf('/connexion'), resetLink: addressOf('/mot-de-passe-oublie') };
        await mail.send({ ...to, template: 'already-registered', values });
      } else {
        const link = addressOf(`/inscription/verifier?jeton=${token}`);
        await mail.send({ ...to, account: accountId, template: 'verification', values: { link, until } });
        await audit.record({ actor: accountId, act: 'account.registered', target: accountId });
      }
      return { kind: 'mail-sent' };
    },

    /** Whether the link would open; opens nothing, since mail programs follow links by themselves. */
    isOpen: async (token: string) => (await tokens.peek('verify-email', token, now())) !== null,

    /** False for a link that has served, is too old, or is not one. */
    async verify(token: string): Promise<boolean> {
      const grant = await tokens.redeem('verify-email', token, now());
      if (grant === null) return false;
      const account = await accounts.byId(grant.accountId);
      if (account?.email?.address !== grant.email) return false;
      const email = { address: grant.email, verifiedAt: now() };
      if ((await accounts.update(account.id, { email })) === null) return false;
      await audit.record({ actor: account.id, act: 'account.verified', target: account.id });
      return true;
    },
  };
}
