/** One-time codes: setting up an authenticator application, recovery codes, and giving it up. */

import { AppError } from '../../errors.ts';
import { newRecoveryCodes, newSeed, recoveryHash, seedAddress, stepOf } from '../../platform/one-time-code.ts';
import { type Actor, requireRight, rolesWithOneTimeCode } from '../../rights.ts';
import type { Account } from '../model.ts';
import type { AccountParts, NewRights } from '../use-cases.ts';
import { beginAttempt, countedAccount } from './limits.ts';

export interface CodeSetUp {
  /** Base32, to type into the application. */
  readonly seed: string;
  /** `otpauth://` address. */
  readonly address: string;
}

export type CodeState = { readonly active: boolean; readonly recoveryCodesLeft: number; readonly required: boolean };

export function makeOneTimeCodes(parts: AccountParts, seen: WeakMap<Actor, Account>) {
  const { accounts, attempts, passwords, secrets, sessions, audit, mail, addressOf, momentWords, newId, now } = parts;

  async function own(actor: Actor): Promise<Account> {
    requireRight(actor, 'account:own');
    const account = actor.accountId === null ? null : await accounts.byId(actor.accountId);
    if (account === null) throw new AppError('not-found', 'COMPTE_INCONNU', "Ce compte n'existe plus.");
    return account;
  }

  async function tell(account: Account, active: boolean): Promise<void> {
    await audit.record({ actor: account.id, act: active ? 'code.set-up' : 'code.removed', target: account.id });
    if (account.email === null) return;
    const values = { at: momentWords(now()), link: addressOf('/mon-espace/securite') };
    const template = active ? 'one-time-code-enabled' : 'one-time-code-disabled';
    await mail.send({ to: account.email.address, key: `code ${newId()}`, account: account.id, template, values });
  }

  const required = (actor: Actor) => actor.roles.some((role) => rolesWithOneTimeCode.includes(role));

  return {
    /** For a page that shows it: as it was when the request began. */
    async state(actor: Actor): Promise<CodeState> {
      requireRight(actor, 'account:own');
      const { oneTimeCode } = seen.get(actor) ?? (await own(actor));
      const active = oneTimeCode?.confirmedAt != null;
      return { active, recoveryCodesLeft: oneTimeCode?.recoveryCodes.length ?? 0, required: required(actor) };
    },

    /** The seed to set up: the same until it is confirmed, so that a page opened twice shows one. @throws `conflict` */
    async setUp(actor: Actor): Promise<CodeSetUp> {
      const account = await own(actor);
      if (account.oneTimeCode?.confirmedAt != null) {
        throw new AppError('conflict', 'CODE_DEJA_EN_PLACE', 'Votre code à usage unique est déjà en place.');
      }
      const known = account.oneTimeCode === null ? null : secrets.open(account.oneTimeCode.seed);
      const seed = known ?? newSeed();
      if (known === null) {
        const oneTimeCode = { seed: secrets.seal(seed), confirmedAt: null, lastStep: null, recoveryCodes: [] };
        await accounts.update(account.id, { oneTimeCode }, { atVersion: account.rightsVersion });
      }
      return { seed, address: seedAddress(seed, account.email?.address ?? account.displayName ?? 'compte') };
    },

    /**
     * A first code proves that the application holds the seed. The other sessions end; the recovery codes are given here and
     * never again. @throws AppError `too-many`
     */
    async confirm(
      actor: Actor,
      code: string,
    ): Promise<
      ({ readonly kind: 'done'; readonly recoveryCodes: readonly string[] } & NewRights) | { readonly kind: 'refused' }
    > {
      const account = await own(actor);
      const counted = countedAccount('code', account.id);
      const attempt = await beginAttempt(attempts, [counted], now());
      const waiting = account.oneTimeCode;
      if (waiting === null || waiting.confirmedAt !== null) return { kind: 'refused' };
      const step = stepOf(secrets.open(waiting.seed), code.replace(/\s/g, ''), now());
      if (step === null) return { kind: 'refused' };
      const recoveryCodes = newRecoveryCodes();
      const oneTimeCode = {
        seed: waiting.seed,
        confirmedAt: now(),
        lastStep: step,
        recoveryCodes: recoveryCodes.map(recoveryHash),
      };
      const options = { endsSessions: true, atVersion: account.rightsVersion };
      const changed = await accounts.update(account.id, { oneTimeCode }, options);
      if (changed === null) return { kind: 'refused' };
      await attempts.succeed(attempt, counted.what);
      await sessions.revokeAll(account.id);
      await tell(account, true);
      return { kind: 'done', recoveryCodes, rightsVersion: changed.rightsVersion };
    },

    /**
     * Gives the codes up, on proof of the password. People whose role asks for a code cannot. The other sessions end.
     * @throws AppError `forbidden`, `too-many`
     */
    async remove(
      actor: Actor,
      password: string,
    ): Promise<({ readonly kind: 'done' } & NewRights) | { readonly kind: 'refused' }> {
      const account = await own(actor);
      if (required(actor)) {
        throw new AppError('forbidden', 'CODE_OBLIGATOIRE', 'Votre rôle demande un code à usage unique.');
      }
      const counted = countedAccount('password', account.id);
      const attempt = await beginAttempt(attempts, [counted], now());
      if (!(await passwords.verify(account.passwordHash, password))) return { kind: 'refused' };
      await attempts.succeed(attempt, counted.what);
      const options = { endsSessions: true, atVersion: account.rightsVersion };
      const changed = await accounts.update(account.id, { oneTimeCode: null }, options);
      if (changed === null) return { kind: 'refused' };
      await sessions.revokeAll(account.id);
      await tell(account, false);
      return { kind: 'done', rightsVersion: changed.rightsVersion };
    },
  };
}
