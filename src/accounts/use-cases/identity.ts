/**
 * Signing in with an identity of elsewhere (France Travail, FranceConnect, ProConnect: settings, not code), and linking one
 * to an account. An account is found by provider and subject and by nothing else: an e-mail address never opens one, never
 * merges two, and is kept only when the provider says that it checked it, so that nobody learns here who has an account.
 */
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { OidcPerson, OidcProvider } from '../../platform/oidc.ts';
import { type Actor, requireAccount, requireRight } from '../../rights.ts';
import type { Account, Identity } from '../model.ts';
import type { AccountParts } from '../use-cases.ts';
import { displayNameSchema } from './profile.ts';

/** What the session keeps between the start and the return; secret, for one use. */
export const attemptSchema = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  /** The account an identity is being linked to; null to sign in. */
  linkTo: z.string().nullable(),
  /** Path of this site to open at the end. */
  next: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
});
export type IdentityAttempt = z.infer<typeof attemptSchema>;

export interface IdentityChoice {
  readonly id: string;
  readonly title: string;
  readonly kind: OidcProvider['kind'];
}

/** A sentence for the person, and a code for the log. */
export interface IdentityRefusal {
  readonly outcome: 'refused';
  readonly reason: 'consent' | 'unavailable' | 'expired' | 'unverified' | 'rejected' | 'taken' | 'address-known';
  readonly message: string;
  readonly detail: string;
}

export type IdentityEnd =
  | { readonly outcome: 'signed-in'; readonly account: Account; readonly idToken: string; readonly next: string }
  /** The account has a one-time code: no session opens before it is given. */
  | { readonly outcome: 'code-needed'; readonly account: Account; readonly next: string }
  | { readonly outcome: 'linked'; readonly next: string }
  | IdentityRefusal;

export interface IdentityParts
  extends Pick<AccountParts, 'accounts' | 'sessions' | 'audit' | 'addressOf' | 'newId' | 'now'> {
  readonly providers: readonly OidcProvider[];
}

/** An identity of the own account, without the provider's identifier of the person. */
export interface IdentityName {
  readonly provider: string;
  /** Milliseconds since the epoch: one service may have two identities of a person. */
  readonly linkedAt: number;
}

export interface Identities {
  readonly choices: readonly IdentityChoice[];
  /** @throws AppError `unauthenticated` for a visitor */
  ownIdentities(actor: Actor): Promise<readonly Identity[]>;
  /** Before `unlink`. @throws AppError `not-found` for an identity that is not of this account */
  unlinking(actor: Actor, name: IdentityName): Promise<{ readonly identity: Identity; readonly lastWayIn: boolean }>;
  /**
   * The identity opens the account no more, and every session ends, the one of the person who asks included: they come back by
   * a way that is left. @throws AppError `not-found` as `unlinking`; `conflict` for the last way in, or when the account has
   * changed meanwhile
   */
  unlink(actor: Actor, name: IdentityName): Promise<void>;
  /** @throws AppError `not-found` for a provider that is not configured, `unauthenticated` to link without an account */
  begin(
    request: { readonly provider: string; readonly link: boolean; readonly next: string },
    actor: Actor,
  ): Promise<{ readonly outcome: 'begun'; readonly url: string; readonly attempt: IdentityAttempt } | IdentityRefusal>;
  /** @param attempt what `begin` gave, taken out of the session so that it serves once; null when there is none */
  finish(
    request: { readonly provider: string; readonly attempt: IdentityAttempt | null; readonly callbackUrl: string },
    actor: Actor,
  ): Promise<IdentityEnd>;
  /** Where to go after our own sign-out; null when there is nothing to do there. */
  logoutUrl(request: {
    readonly provider: string;
    readonly idToken: string;
    readonly state: string;
  }): Promise<string | null>;
}

/** Time to find one's password again at the provider. */
const attemptMinutes = 15;

export const callbackPath = (provider: string) => `/connexion/${provider}/retour`;
export const signedOutPath = '/deconnexion/retour';

export function makeIdentities(parts: IdentityParts): Identities {
  const { accounts, sessions, audit, addressOf, newId, now } = parts;
  const providers = new Map(parts.providers.map((provider) => [provider.id, provider]));

  function providerOf(id: string): OidcProvider {
    const provider = providers.get(id);
    if (provider === undefined) throw new AppError('not-found', 'FOURNISSEUR_INCONNU', "Cette page n'existe pas.");
    return provider;
  }

  const redirectUriOf = (provider: OidcProvider) => addressOf(callbackPath(provider.id));

  async function link(provider: OidcProvider, { subject }: OidcPerson, accountId: string): Promise<'taken' | 'linked'> {
    const owner = await accounts.byIdentity(provider.id, subject);
    if (owner !== null) return owner.id === accountId ? 'linked' : 'taken';
    const identity = { provider: provider.id, kind: provider.kind, subject, linkedAt: now() };
    if (!(await unlessConflict(() => accounts.addIdentity(accountId, identity)))) return 'taken';
    await record('account.identity-linked', accountId, provider);
    return 'linked';
  }

  async function create(provider: OidcProvider, person: OidcPerson): Promise<Account | 'address-known'> {
    const { subject, emailVerified, givenName, familyName } = person;
    const at = now();
    let address = emailVerified ? person.email : null;
    const holder = address === null ? null : await accounts.byEmail(address);
    if (holder !== null && holder.email?.verifiedAt !== null) return 'address-known';
    // Somebody typed this address and never proved it: the account begins without, the address can be asked for later.
    if (holder !== null) address = null;
    const names = [givenName, familyName].filter((name) => name !== null);
    const account: Account = {
      id: newId(),
      email: address === null ? null : { address, verifiedAt: at },
      displayName: displayNameSchema.catch(null).parse(names.join(' ')),
      passwordHash: null,
      identities: [{ provider: provider.id, kind: provider.kind, subject, linkedAt: at }],
      roles: ['learner'],
      oneTimeCode: null,
      consents: [],
      rightsVersion: 1,
      demo: false,
      createdAt: at,
      lastSignInAt: null,
    };
    if (!(await unlessConflict(() => accounts.create(account)))) {
      // Two tabs at once: the other one created it. Else the address was taken in between.
      return (await accounts.byIdentity(provider.id, subject)) ?? 'address-known';
    }
    await record('account.registered', account.id, provider);
    return account;
  }

  /** A password opens an account only with a proved address; an identity, only when its service is one of this site. */
  function otherWayIn({ email, passwordHash, identities }: Account, without: Identity): boolean {
    const byPassword = passwordHash !== null && email !== null && email.verifiedAt !== null;
    return byPassword || identities.some((other) => other !== without && providers.has(other.provider));
  }

  async function found(actor: Actor, { provider, linkedAt }: IdentityName) {
    const account = await accounts.byId(requireAccount(actor, 'account:own'));
    const identity = account?.identities.find(
      (candidate) => candidate.provider === provider && candidate.linkedAt.getTime() === linkedAt,
    );
    if (account == null || identity === undefined) {
      throw new AppError('not-found', 'IDENTITE_INCONNUE', "Ce service n'ouvre pas votre compte.");
    }
    return { account, identity, lastWayIn: !otherWayIn(account, identity) };
  }

  async function record(act: string, accountId: string, provider: { readonly id: string }): Promise<void> {
    await audit.record({ actor: accountId, act, target: accountId, details: { provider: provider.id } });
  }

  return {
    choices: parts.providers.map(({ id, title, kind }) => ({ id, title, kind })),

    async ownIdentities(actor) {
      requireRight(actor, 'account:own');
      const account = actor.accountId === null ? null : await accounts.byId(actor.accountId);
      return account?.identities ?? [];
    },

    async unlinking(actor, name) {
      const { identity, lastWayIn } = await found(actor, name);
      return { identity, lastWayIn };
    },

    async unlink(actor, name) {
      const { account, identity, lastWayIn } = await found(actor, name);
      if (lastWayIn) {
        throw new AppError('conflict', 'DERNIERE_ENTREE', "C'est le seul moyen d'ouvrir votre compte : il reste.");
      }
      if (!(await accounts.removeIdentity(account, identity))) {
        throw new AppError('conflict', 'COMPTE_CHANGE', 'Votre compte a changé entre-temps. Recommencez.');
      }
      await sessions.revokeAll(account.id);
      await record('account.identity-unlinked', account.id, { id: identity.provider });
    },

    async begin({ provider: id, link: linking, next }, actor) {
      if (linking) requireRight(actor, 'account:own');
      const provider = providerOf(id);
      const begun = await provider.begin({ redirectUri: redirectUriOf(provider) });
      if (begun.outcome === 'refused') return begun;
      const { url, state, nonce, codeVerifier } = begun;
      const linkTo = linking ? actor.accountId : null;
      const attempt = { provider: id, state, nonce, codeVerifier, linkTo, next, startedAt: now().getTime() };
      return { outcome: 'begun', url, attempt };
    },

    async finish({ provider: id, attempt, callbackUrl }, actor) {
      const provider = providerOf(id);
      const tooLate = attempt === null || now().getTime() - attempt.startedAt > attemptMinutes * 60_000;
      // Each provider has its own return address: an answer meant for one is not taken for another's. A link is for the
      // person who asked for it.
      if (tooLate || attempt.provider !== id || (attempt.linkTo !== null && attempt.linkTo !== actor.accountId)) {
        return expired;
      }
      const { state, nonce, codeVerifier, linkTo, next } = attempt;
      const redirectUri = redirectUriOf(provider);
      const person = await provider.finish({ callbackUrl, redirectUri, state, nonce, codeVerifier });
      if (person.outcome === 'refused') return person;
      if (linkTo !== null) {
        return (await link(provider, person, linkTo)) === 'taken' ? taken : { outcome: 'linked', next };
      }
      const known = await accounts.byIdentity(provider.id, person.subject);
      const account = known ?? (await create(provider, person));
      if (account === 'address-known') return addressKnown(provider.title);
      if (account.oneTimeCode?.confirmedAt != null) return { outcome: 'code-needed', account, next };
      await accounts.noteSignIn(account.id, now());
      await record('session.opened', account.id, provider);
      return { outcome: 'signed-in', account, idToken: person.idToken, next };
    },

    async logoutUrl({ provider: id, idToken, state }) {
      const provider = providers.get(id);
      // A provider that is no longer configured: the person is signed out here all the same.
      return provider === undefined ? null : provider.logoutUrl({ idToken, returnTo: addressOf(signedOutPath), state });
    },
  };
}

async function unlessConflict(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'conflict') return false;
    throw error;
  }
}

const expired: IdentityRefusal = {
  outcome: 'refused',
  reason: 'expired',
  message: "Cette tentative de connexion n'est plus valable. Rien n'a été enregistré.",
  detail: 'no_attempt',
};

const taken: IdentityRefusal = {
  outcome: 'refused',
  reason: 'taken',
  message: "Cette identité ouvre déjà un autre compte. Rien n'a été changé.",
  detail: 'identity_taken',
};

/** Only for an address the provider checked: the person who reads this is the one who receives its mail. */
const addressKnown = (title: string): IdentityRefusal => ({
  outcome: 'refused',
  reason: 'address-known',
  message: `Un compte existe déjà avec votre adresse. Connectez-vous à ce compte, puis reliez-le à ${title} dans « Ma sécurité ». Rien n'a été enregistré.`,
  detail: 'address_known',
});
