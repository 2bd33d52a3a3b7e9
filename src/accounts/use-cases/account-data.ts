/** What the account itself keeps about a person, part by part. Organisations, pathways and files say theirs. */
import type { Holding, Plain } from '../model/holding.ts';
import { type Account, emailKey } from '../model.ts';
import type { AttemptStore } from '../store/attempts.ts';
import type { TokenPurpose, TokenStore } from '../store/tokens.ts';
import type { AccountStore } from '../store.ts';
import type { OpenSessions } from '../use-cases.ts';
import { countedOfAccount, countedOfAddress } from './limits.ts';

const roleWords: Readonly<Record<Account['roles'][number], string>> = {
  learner: 'suivre des parcours',
  'rule-editor': 'rédiger des règles',
  reviewer: 'relire des alignements',
  operator: 'exploiter le site',
};

function accountValue(account: Account): Plain {
  const { email, displayName, passwordHash, identities, roles, oneTimeCode, consents, createdAt, lastSignInAt } =
    account;
  return {
    'Numéro du compte': account.id,
    Adresse: email?.address ?? null,
    'Adresse confirmée': email?.verifiedAt ?? null,
    'Nom affiché': displayName,
    // Neither the digest nor the seed leaves the database: they would serve a thief, and nobody else.
    'Mot de passe': passwordHash === null ? 'aucun' : 'enregistré sous une forme que personne ne peut lire',
    'Code à usage unique': oneTimeCode?.confirmedAt ?? 'aucun',
    'Codes de secours restants': oneTimeCode?.recoveryCodes.length ?? 0,
    'Connexion par': identities.map(({ provider, subject, linkedAt }) => ({
      Fournisseur: provider,
      'Numéro chez lui': subject,
      Depuis: linkedAt,
    })),
    Droits: roles.map((role) => roleWords[role]),
    Accords: consents.map(({ words, at, withdrawnAt }) => ({ Texte: words, Donné: at, Retiré: withdrawnAt ?? 'non' })),
    'Compte créé': createdAt,
    'Dernière connexion': lastSignInAt,
  };
}

export function accountHolding(accounts: Pick<AccountStore, 'byId' | 'remove'>): Holding {
  return {
    name: 'Votre compte',
    why: 'Vous reconnaître quand vous vous connectez, et savoir ce que vous avez accepté.',
    until: "Jusqu'à ce que vous l'effaciez. Un compte dont l'adresse n'est pas confirmée est effacé après 7 jours.",
    async read(accountId) {
      const account = await accounts.byId(accountId);
      return account === null ? [] : [accountValue(account)];
    },
    erase: async (accountId) => ((await accounts.remove(accountId)) ? 1 : 0),
  };
}

export function sessionHolding(sessions: Pick<OpenSessions, 'list' | 'revokeAll'>): Holding {
  return {
    name: 'Vos connexions ouvertes',
    why: 'Ne pas vous demander votre mot de passe à chaque page, et vous montrer les appareils connectés.',
    until: '12 heures après votre dernière visite, 7 jours au plus.',
    async read(accountId) {
      const open = await sessions.list(accountId);
      return open.map(({ since, lastSeen, browser, strong }) => ({
        Navigateur: browser,
        Depuis: since,
        'Dernière page': lastSeen,
        'Avec un code à usage unique': strong,
      }));
    },
    async erase(accountId) {
      const { length } = await sessions.list(accountId);
      await sessions.revokeAll(accountId);
      return length;
    },
  };
}

const tokenWords: Readonly<Record<TokenPurpose, string>> = {
  'verify-email': "confirmer l'adresse",
  'reset-password': 'choisir un nouveau mot de passe',
  'change-email': "changer d'adresse",
};

export function tokenHolding(tokens: Pick<TokenStore, 'of' | 'removeOf'>): Holding {
  return {
    name: 'Les liens envoyés qui attendent',
    why: "Reconnaître le lien d'un courriel quand vous l'ouvrez. Le lien lui-même n'est pas gardé, seulement son empreinte.",
    until: "Jusqu'à ce que vous ouvriez le lien, ou jusqu'à la fin de sa validité.",
    async read(accountId) {
      return (await tokens.of(accountId)).map(({ purpose, email, expiresAt }) => ({
        'Pour quoi': tokenWords[purpose],
        'Envoyé à': email,
        "Valable jusqu'à": expiresAt,
      }));
    },
    erase: (accountId) => tokens.removeOf(accountId),
  };
}

export function attemptHolding(
  attempts: Pick<AttemptStore, 'datesOf' | 'forget'>,
  accounts: Pick<AccountStore, 'byId'>,
): Holding {
  async function countedOf(accountId: string): Promise<string[]> {
    const email = (await accounts.byId(accountId))?.email ?? null;
    const byAddress = email === null ? [] : countedOfAddress(emailKey(email.address));
    return [...byAddress, ...countedOfAccount(accountId)].map(({ what }) => what);
  }
  return {
    name: 'Les essais de connexion',
    why: 'Arrêter celui qui chercherait votre mot de passe. Ni adresse ni nom : une empreinte et une heure.',
    until: '15 minutes.',
    read: async (accountId) => (await attempts.datesOf(await countedOf(accountId))).map((at) => ({ Essai: at })),
    erase: async (accountId) => attempts.forget(await countedOf(accountId)),
  };
}

/** What platform/mail.ts knows of the mails about an account. */
export interface MailRecords {
  of(account: string): Promise<
    readonly {
      readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
      readonly template: string;
      readonly since: Date;
      readonly endedAt: Date | null;
    }[]
  >;
  erase(account: string, address: string | null): Promise<number>;
}

const stateWords = { waiting: 'attend', sending: 'part', sent: 'envoyé', failed: 'refusé' } as const;
const templateWords: Readonly<Record<string, string>> = {
  'account-erased': 'compte effacé',
  'address-change': "changement d'adresse",
  'address-changed': 'adresse changée',
  'already-registered': 'inscription demandée une seconde fois',
  invitation: 'invitation',
  'organisation-accepted': 'organisme accepté',
  'organisation-refused': 'organisme refusé',
  'one-time-code-disabled': 'code à usage unique retiré',
  'one-time-code-enabled': 'code à usage unique activé',
  'password-changed': 'mot de passe changé',
  reset: 'nouveau mot de passe',
  'reset-without-account': 'nouveau mot de passe demandé sans compte',
  'sign-in-new-device': 'connexion sur un nouvel appareil',
  verification: "confirmation de l'adresse",
};

export function mailHolding(mail: MailRecords, accounts: Pick<AccountStore, 'byId'>): Holding {
  return {
    name: 'Les courriels',
    why: "Vous écrire, et savoir qu'un courriel est parti. Une fois envoyé, l'adresse et le texte ne sont plus gardés.",
    until: "90 jours après l'envoi.",
    async read(accountId) {
      return (await mail.of(accountId)).map(({ template, state, since, endedAt }) => ({
        Courriel: templateWords[template] ?? template,
        État: stateWords[state],
        Écrit: since,
        Terminé: endedAt,
      }));
    },
    async erase(accountId) {
      return mail.erase(accountId, (await accounts.byId(accountId))?.email?.address ?? null);
    },
  };
}

/** What platform/files.ts knows of the files of an account. */
export interface OwnedFiles {
  of(
    owner: string,
  ): Promise<readonly { readonly name: string; readonly type: string; readonly bytes: number; readonly at: Date }[]>;
  removeOf(owner: string): Promise<number>;
}

export function fileHolding(files: OwnedFiles): Holding {
  return {
    name: 'Vos fichiers',
    why: 'Ce que vous avez envoyé, pour ce que la page disait.',
    until: "Jusqu'à ce que vous le retiriez, ou que vous effaciez votre compte.",
    async read(accountId) {
      return (await files.of(accountId)).map(({ name, type, bytes, at }) => ({
        Fichier: name,
        Nature: type,
        Octets: bytes,
        Reçu: at,
      }));
    },
    erase: (accountId) => files.removeOf(accountId),
  };
}
