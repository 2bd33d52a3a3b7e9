/** Words of the operator's pages: accounts and the audit trail. */
import { clock, count, french, longDate, number, shortDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage } from '../../platform/web/forms.ts';
import type { Account, Organisation } from '../model.ts';

export const accountsPath = '/admin/comptes';
export const trailPath = '/admin/journal';
export const accountPath = (id: string) => `${accountsPath}/${encodeURIComponent(id)}`;

const moment = (date: Date) => `${shortDate(date)} à ${clock(date)}`;

type StoredRole = Account['roles'][number];

const roleWords: Readonly<Record<StoredRole, string>> = {
  learner: 'Apprenant',
  reviewer: 'Relecture',
  'rule-editor': 'Rédaction des règles',
  operator: 'Exploitation du site',
};
const roleEffects: Readonly<Record<Exclude<StoredRole, 'learner'>, string>> = {
  reviewer: 'Relit les alignements, les doublons et les signalements de tous les organismes.',
  'rule-editor': 'Prépare les règles et publie celles des autres. Demande un code à usage unique.',
  operator: 'Accepte les sources, gère les comptes et lit le journal. Demande un code à usage unique.',
};

/** What was just done, after a redirection; a code in the address. */
const done: Readonly<Record<string, string>> = {
  donne: 'Rôle donné. La personne doit se reconnecter.',
  retire: 'Rôle retiré. Les connexions de la personne sont fermées.',
  connexions: 'Toutes les connexions de ce compte sont fermées.',
  code: 'Le code à usage unique est désactivé. La personne en est avertie par courriel.',
};
const notice = (code: string) => (Object.hasOwn(done, code) ? french(done[code] ?? '') : null);

/** An address that nobody proved may belong to somebody else. */
function addressWords({ email }: Account): string {
  if (email === null) return 'Sans adresse e-mail';
  return email.verifiedAt === null ? `${email.address} (non confirmée)` : email.address;
}

export function accountsModel(
  list: { readonly accounts: readonly Account[]; readonly page: number; readonly more: boolean },
  form: { readonly typed: string; readonly errors: FieldErrors },
) {
  const { accounts, page: current, more } = list;
  return {
    ...formPage('Comptes', form.errors),
    action: accountsPath,
    fields: [
      field('q', 'Adresse e-mail ou numéro de compte', form.errors, {
        value: form.typed,
        hint: 'En entier : la recherche ne devine pas.',
      }),
    ],
    accounts: accounts.map((account) => ({
      href: accountPath(account.id),
      name: account.displayName ?? addressWords(account),
      email: account.displayName === null ? null : addressWords(account),
      roles: rolesOf(account),
      created: shortDate(account.createdAt),
      lastSignIn: account.lastSignInAt === null ? 'jamais' : shortDate(account.lastSignInAt),
      demo: account.demo,
    })),
    previous: current > 1 ? `${accountsPath}?page=${current - 1}` : null,
    next: more ? `${accountsPath}?page=${current + 1}` : null,
  };
}

function rolesOf({ roles }: Account): string {
  return roles.map((role) => roleWords[role]).join(', ');
}

export function accountModel(
  view: {
    readonly account: Account;
    readonly organisations: readonly Organisation[];
    readonly sessions: readonly { readonly browser: string; readonly since: Date; readonly lastSeen: Date }[];
    readonly own: boolean;
    readonly codeMissing: boolean;
  },
  doneCode: string,
) {
  const { account, organisations, sessions, own, codeMissing } = view;
  const path = accountPath(account.id);
  const { oneTimeCode } = account;
  const grantable = (['reviewer', 'rule-editor', 'operator'] as const).map((role) => ({
    label: roleWords[role],
    effect: french(roleEffects[role]),
    held: account.roles.includes(role),
    action: `${path}/roles/${role}/donner`,
    removeHref: `${path}/roles/${role}/retirer`,
  }));
  return {
    ...formPage(account.displayName ?? addressWords(account)),
    notice: notice(doneCode),
    id: account.id,
    email: addressWords(account),
    created: longDate(account.createdAt),
    lastSignIn: account.lastSignInAt === null ? 'jamais' : moment(account.lastSignInAt),
    waysIn: [
      ...(account.passwordHash === null ? [] : ['mot de passe']),
      ...account.identities.map(({ provider }) => provider),
    ].join(', '),
    demo: account.demo,
    own,
    grantable,
    codeMissing,
    code: {
      text:
        oneTimeCode === null
          ? 'Pas de code.'
          : oneTimeCode.confirmedAt === null
            ? 'Commencé, jamais confirmé.'
            : french(`En place depuis le ${longDate(oneTimeCode.confirmedAt)}.`),
      removeHref: oneTimeCode === null || own ? null : `${path}/code`,
    },
    organisations: organisations.map(({ name, kind, members }) => ({
      name,
      kind: kind === 'provider' ? 'organisme de formation' : 'financeur',
      role: members.some(({ accountId, owner }) => accountId === account.id && owner) ? 'propriétaire' : 'membre',
    })),
    sessions: sessions.map(({ browser, since, lastSeen }) => ({
      browser,
      since: moment(since),
      lastSeen: moment(lastSeen),
    })),
    endHref: sessions.length === 0 ? null : `${path}/connexions`,
    trailHref: `${trailPath}?compte=${encodeURIComponent(account.id)}`,
  };
}

interface Question {
  readonly title: string;
  readonly effects: readonly string[];
  readonly label: string;
  readonly action: string;
}

function question(account: Account, asked: Question) {
  return {
    ...formPage(asked.title),
    effects: asked.effects.map(french),
    button: { label: asked.label, action: asked.action },
    back: { label: 'Annuler', href: accountPath(account.id) },
  };
}

const whose = (account: Account) => account.displayName ?? addressWords(account);

export function takeBackModel(account: Account, role: Exclude<StoredRole, 'learner'>) {
  return question(account, {
    title: `Retirer « ${roleWords[role]} » à ${whose(account)} ?`,
    effects: [
      'Les droits de ce rôle cessent tout de suite, et les connexions du compte sont fermées.',
      'Le compte et ses autres rôles restent.',
    ],
    label: 'Retirer ce rôle',
    action: `${accountPath(account.id)}/roles/${role}/retirer`,
  });
}

export function endSessionsModel(account: Account) {
  return question(account, {
    title: `Fermer les connexions de ${whose(account)} ?`,
    effects: ['La personne devra se reconnecter sur tous ses appareils. Rien de ce qui est enregistré ne change.'],
    label: 'Fermer toutes les connexions',
    action: `${accountPath(account.id)}/connexions`,
  });
}

export function disableCodeModel(account: Account) {
  return question(account, {
    title: `Désactiver le code de ${whose(account)} ?`,
    effects: [
      "À faire seulement à la demande de la personne, après avoir vérifié que c'est elle, par un autre moyen que son adresse e-mail.",
      'Son mot de passe suffira pour se connecter. Les rôles qui demandent un code resteront fermés jusqu’à ce qu’elle en mette un autre en place.',
      'Elle en sera avertie par courriel, et ses connexions seront fermées.',
    ],
    label: 'Désactiver le code',
    action: `${accountPath(account.id)}/code`,
  });
}

interface Entry {
  readonly sequence: number;
  readonly at: Date;
  readonly actor: string | null;
  readonly act: string;
  readonly target: string | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

interface Verification {
  readonly entries: number;
  readonly sound: boolean;
  readonly faults: readonly { readonly kind: FaultKind; readonly sequence: number | null; readonly count: number }[];
  readonly head: { readonly sequence: number; readonly hash: string } | null;
}

type FaultKind = 'altered' | 'removed' | 'broken-link' | 'added' | 'head';
const faultWords: Readonly<Record<FaultKind, string>> = {
  altered: 'contenu modifié',
  removed: 'entrée supprimée',
  'broken-link': 'ne suit pas la précédente',
  added: 'ajoutée sans passer par le site',
  head: 'la tête de la chaîne manque ou ne correspond pas',
};

function verificationModel(verification: Verification) {
  const { entries, sound, faults, head } = verification;
  return {
    sound,
    text: french(
      sound
        ? `La chaîne est intacte : ${count(entries, 'entrée')}, aucune modifiée, supprimée ni déplacée.`
        : `La chaîne n'est pas intacte : ${count(faults.length, 'défaut')} sur ${count(entries, 'entrée')}.`,
    ),
    head: head === null ? null : { sequence: number(head.sequence), hash: head.hash },
    faults: faults.map(({ kind, sequence, count: length }) => {
      if (sequence === null) return french(`${faultWords[kind]}`);
      const where =
        length === 1 ? `n° ${number(sequence)}` : `n° ${number(sequence)} à ${number(sequence + length - 1)}`;
      return french(`${where} : ${faultWords[kind]}`);
    }),
  };
}

export function trailModel(
  trail: { readonly entries: readonly Entry[]; readonly before: number | null },
  asked: { readonly about: string; readonly errors: FieldErrors; readonly verification: Verification | null },
) {
  const { about, errors, verification } = asked;
  const next = new URLSearchParams({
    ...(about === '' ? {} : { compte: about }),
    ...(trail.before === null ? {} : { avant: String(trail.before) }),
  });
  return {
    ...formPage("Journal d'audit", errors),
    action: trailPath,
    verifyAction: `${trailPath}/verification`,
    verification: verification === null ? null : verificationModel(verification),
    fields: [
      field('compte', "Numéro d'un compte ou d'un organisme", errors, {
        value: about,
        hint: "Montre ce qu'il a fait et ce qui lui est arrivé.",
      }),
    ],
    filtered: about !== '',
    entries: trail.entries.map(({ sequence, at, actor, act, target, details }) => ({
      number: number(sequence),
      at: moment(at),
      act,
      actor: actor === null ? null : { id: actor, href: `${trailPath}?compte=${encodeURIComponent(actor)}` },
      target: target === null ? null : { id: target, href: `${trailPath}?compte=${encodeURIComponent(target)}` },
      details: Object.entries(details)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', '),
    })),
    next: trail.before === null ? null : `${trailPath}?${next}`,
  };
}
