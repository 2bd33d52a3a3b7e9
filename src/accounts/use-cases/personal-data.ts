/**
 * What is kept about a person: shown, downloaded, and erased for good. The parts that keep something are handed in as
 * `Holding`s; nothing here knows how they store it.
 */
import { AppError } from '../../errors.ts';
import type { Audit } from '../../platform/audit.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { Holding, Plain } from '../model/holding.ts';
import { withoutErased } from '../model/team.ts';
import type { Consent, Organisation } from '../model.ts';
import type { ErasureStore } from '../store/erasures.ts';
import { termsPurpose } from './registration.ts';

export interface HeldPart {
  readonly name: string;
  readonly why: string;
  readonly until: string;
  readonly values: readonly Plain[];
}

/** What becomes of an organisation of the person. */
export interface OrganisationEffect {
  readonly name: string;
  /** erased: nobody is left; handed-over: the oldest member becomes owner; kept: it has other owners. */
  readonly becomes: 'erased' | 'handed-over' | 'kept';
}

export interface ErasureEffect {
  readonly organisations: readonly OrganisationEffect[];
  /** How the person proves that it is them: a password, this session, or one that has yet to begin. */
  readonly proof: 'password' | 'this-sign-in' | 'new-sign-in';
  /** Where the last mail goes. */
  readonly address: string | null;
}

export interface ErasureProof {
  /** As typed; empty when none was. */
  readonly password: string;
  /** Start of the session that asks: the proof of people who sign in elsewhere. */
  readonly signedInAt: Date | null;
}

export interface Person {
  readonly address: string | null;
  readonly hasPassword: boolean;
  readonly consents: readonly Consent[];
}

export interface PersonalData {
  held(actor: Actor): Promise<readonly HeldPart[]>;
  consents(actor: Actor): Promise<readonly Consent[]>;
  /** Everything, as it is downloaded. */
  download(actor: Actor): Promise<{ readonly fileName: string; readonly content: DownloadedData }>;
  /** @param at when it was given. @throws AppError `not-found`; `conflict` for the consent that the account needs */
  withdrawConsent(actor: Actor, purpose: string, at: Date): Promise<void>;
  effect(actor: Actor, signedInAt: Date | null): Promise<ErasureEffect>;
  /** @returns false, and nothing erased, when the proof is not one. @throws AppError `forbidden` for a sign-in too old */
  eraseOwn(actor: Actor, proof: ErasureProof): Promise<boolean>;
  /** Without asking anybody: an account that nobody confirmed, a demonstration that ended. @returns things erased */
  erase(accountId: string, options: { readonly by: string | null; readonly tell: boolean }): Promise<number>;
  /** Goes on with what a stop cut short. @returns how many accounts */
  finishErasures(): Promise<number>;
}

export interface DownloadedData {
  readonly site: string;
  readonly downloadedAt: Date;
  readonly parts: readonly HeldPart[];
}

export interface PersonalDataParts {
  /**
   * In the order of erasure: sessions first, so that no page of the person writes any more. The account is not among them:
   * it goes last, since others find by it what is theirs.
   */
  readonly holdings: readonly Holding[];
  readonly account: Holding;
  readonly erasures: ErasureStore;
  person(accountId: string): Promise<Person | null>;
  /** Limited and queued like a sign-in. @throws AppError when there were too many tries */
  isPassword(accountId: string, password: string): Promise<boolean>;
  /** False when there is no such consent, or it is withdrawn already. */
  withdrawConsent(accountId: string, purpose: string, at: Date, now: Date): Promise<boolean>;
  organisationsOf(accountId: string): Promise<readonly Organisation[]>;
  /** Puts the last mail in the outbox, once per key. */
  tell(address: string, key: string): Promise<void>;
  readonly audit: Pick<Audit, 'record'>;
  readonly site: string;
  now(): Date;
  newId(): string;
}

const freshMs = 5 * 60_000;

export function makePersonalData(parts: PersonalDataParts): PersonalData {
  const { holdings, account, erasures, audit, now } = parts;
  const everything = [...holdings, account];

  const isFresh = (signedInAt: Date | null) => signedInAt !== null && now().getTime() - signedInAt.getTime() <= freshMs;

  async function held(accountId: string): Promise<HeldPart[]> {
    return Promise.all(
      [account, ...holdings].map(async ({ name, why, until, read }) => ({
        name,
        why,
        until,
        values: await read(accountId),
      })),
    );
  }

  async function personOf(accountId: string): Promise<Person> {
    const person = await parts.person(accountId);
    if (person === null) throw signInAgain();
    return person;
  }

  /** Every part erases what is left of it, so that this may be cut anywhere and done again. */
  async function carryOut(erasure: { accountId: string; address: string | null; mailKey: string }, by: string | null) {
    const { accountId, address, mailKey } = erasure;
    let erased = 0;
    for (const holding of everything) erased += await holding.erase(accountId);
    // Once more: a page that was being answered may have written after its part was erased.
    for (const holding of everything) erased += await holding.erase(accountId);
    if (address !== null) await parts.tell(address, mailKey);
    await audit.record({ actor: by, act: 'account.erased', target: accountId, details: { things: erased } });
    await erasures.end(accountId);
    return erased;
  }

  async function erase(accountId: string, options: { by: string | null; tell: boolean }): Promise<number> {
    const person = await parts.person(accountId);
    const erasure = await erasures.begin({
      accountId,
      address: options.tell ? (person?.address ?? null) : null,
      mailKey: `account-erased:${parts.newId()}`,
      startedAt: now(),
    });
    return carryOut(erasure, options.by);
  }

  return {
    erase,

    async held(actor) {
      return held(ownId(actor));
    },

    async consents(actor) {
      return (await personOf(ownId(actor))).consents;
    },

    async download(actor) {
      const accountId = ownId(actor);
      const at = now();
      const content = { site: parts.site, downloadedAt: at, parts: await held(accountId) };
      await audit.record({ actor: accountId, act: 'account.data-downloaded', target: accountId });
      return { fileName: `mes-donnees-${at.toISOString().slice(0, 10)}.json`, content };
    },

    async withdrawConsent(actor, purpose, at) {
      const accountId = ownId(actor);
      if (purpose === termsPurpose) {
        const message = 'Le compte ne va pas sans cet accord. Pour le retirer, effacez votre compte.';
        throw new AppError('conflict', 'ACCORD_NECESSAIRE', message);
      }
      if (!(await parts.withdrawConsent(accountId, purpose, at, now()))) {
        throw new AppError('not-found', 'ACCORD_INCONNU', "Cet accord n'existe pas, ou il est déjà retiré.");
      }
      await audit.record({ actor: accountId, act: 'consent.withdrawn', target: accountId });
    },

    async effect(actor, signedInAt) {
      const accountId = ownId(actor);
      const [person, organisations] = await Promise.all([personOf(accountId), parts.organisationsOf(accountId)]);
      return {
        organisations: organisations.map((organisation) => effectOn(organisation, accountId)),
        proof: person.hasPassword ? 'password' : isFresh(signedInAt) ? 'this-sign-in' : 'new-sign-in',
        address: person.address,
      };
    },

    async eraseOwn(actor, { password, signedInAt }) {
      const accountId = ownId(actor);
      const person = await personOf(accountId);
      if (person.hasPassword) {
        if (password === '' || !(await parts.isPassword(accountId, password))) return false;
      } else if (!isFresh(signedInAt)) {
        throw new AppError('forbidden', 'CONNEXION_ANCIENNE', 'Connectez-vous à nouveau, puis effacez votre compte.');
      }
      await erase(accountId, { by: accountId, tell: true });
      return true;
    },

    async finishErasures() {
      const underWay = await erasures.underWay();
      for (const erasure of underWay) await carryOut(erasure, null);
      return underWay.length;
    },
  };
}

function effectOn(organisation: Organisation, accountId: string): OrganisationEffect {
  const { name, members } = organisation;
  const left = withoutErased(members, accountId);
  if (left === null) return { name, becomes: 'erased' };
  const otherOwners = members.some((member) => member.owner && member.accountId !== accountId);
  return { name, becomes: otherOwners ? 'kept' : 'handed-over' };
}

function ownId(actor: Actor): string {
  requireRight(actor, 'account:own');
  if (actor.accountId === null) throw signInAgain();
  return actor.accountId;
}

function signInAgain(): AppError {
  return new AppError('unauthenticated', 'CONNEXION_REQUISE', 'Connectez-vous pour ouvrir cette page.');
}
