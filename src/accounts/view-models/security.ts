/** Words of the own account: profile, open sessions, password, one-time code. */
import { clock, count, french, longDate } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Account } from '../model.ts';
import { passwordHint } from './forms.ts';

export const profilePath = '/mon-espace/profil';
export const securityPath = '/mon-espace/securite';
export const identitiesPath = `${profilePath}/identites`;

const done: Readonly<Record<string, string>> = {
  nom: 'Votre nom affiché est enregistré.',
  'adresse-demandee':
    "Un courriel est parti à la nouvelle adresse. L'adresse de votre compte change quand vous ouvrez son lien.",
  adresse: "L'adresse de votre compte est changée.",
  'mot-de-passe': 'Votre mot de passe est changé. Vos autres connexions sont fermées.',
  session: 'La connexion est fermée.',
  sessions: 'Vos autres connexions sont fermées.',
  'sans-code': 'Le code à usage unique est retiré. Vos autres connexions sont fermées.',
};

function notice(key: string): string | null {
  return Object.hasOwn(done, key) ? french(done[key] ?? '') : null;
}

export interface TypedProfile {
  readonly displayName: string;
  readonly email: string;
}

export function profileModel(
  account: Account,
  links: readonly SpaceLink[],
  options: { readonly typed?: TypedProfile; readonly errors?: FieldErrors; readonly done?: string } = {},
) {
  const { errors = {}, typed } = options;
  return {
    ...formPage('Mon profil', errors, inSpace(links, profilePath)),
    notice: notice(options.done ?? ''),
    address: account.email?.address ?? null,
    nameFields: [
      field('displayName', 'Nom affiché', errors, {
        value: typed?.displayName ?? account.displayName,
        hint: 'Facultatif. Montré aux membres de votre organisation, si vous en avez une.',
        autocomplete: 'name',
      }),
    ],
    addressFields: [
      field('email', 'Nouvelle adresse e-mail', errors, {
        type: 'email',
        value: typed?.email ?? '',
        autocomplete: 'email',
      }),
      ...(account.passwordHash === null
        ? []
        : [
            field('password', 'Votre mot de passe', errors, {
              type: 'password',
              hint: "Pour être sûrs que c'est vous.",
              autocomplete: 'current-password',
            }),
          ]),
    ],
  };
}

interface ShownSession {
  readonly id: string;
  readonly since: Date;
  readonly lastSeen: Date;
  readonly browser: string;
}

const moment = (date: Date) => `${longDate(date)} à ${clock(date)}`;

interface OtherServices {
  /** How many identities of elsewhere open the account. */
  readonly linked: number;
  /** Whether the site has identity providers to link. */
  readonly offered: boolean;
}

/** Null where there is nothing to link and nothing to take off. */
function otherServices({ linked, offered }: OtherServices) {
  if (linked === 0) {
    if (!offered) return null;
    const text = french("Aucun autre service n'ouvre votre compte.");
    return { text, href: identitiesPath, label: 'Relier un autre service' };
  }
  const text =
    linked === 1 ? 'Un autre service ouvre votre compte.' : `${linked} autres services ouvrent votre compte.`;
  return { text: french(text), href: identitiesPath, label: 'Voir, relier ou retirer' };
}

export function securityModel(
  state: {
    readonly sessions: readonly ShownSession[];
    readonly currentId: string;
    readonly hasPassword: boolean;
    readonly identities: OtherServices;
    readonly code: { readonly active: boolean; readonly recoveryCodesLeft: number; readonly required: boolean };
  },
  links: readonly SpaceLink[],
  options: { readonly errors?: FieldErrors; readonly done?: string } = {},
) {
  const { errors = {} } = options;
  const { sessions, currentId, code } = state;
  const left = count(state.code.recoveryCodesLeft, 'code de secours', 'codes de secours');
  return {
    ...formPage('Ma sécurité', errors, inSpace(links, securityPath)),
    notice: notice(options.done ?? ''),
    sessions: sessions.map(({ id, since, lastSeen, browser }) => ({
      id,
      browser,
      since: moment(since),
      lastSeen: moment(lastSeen),
      current: id === currentId,
    })),
    identities: otherServices(state.identities),
    others: sessions.some(({ id }) => id !== currentId),
    passwordFields: state.hasPassword
      ? [
          field('current', 'Mot de passe actuel', errors, { type: 'password', autocomplete: 'current-password' }),
          field('next', 'Nouveau mot de passe', errors, {
            type: 'password',
            hint: passwordHint,
            autocomplete: 'new-password',
          }),
        ]
      : null,
    code: {
      active: code.active,
      text: french(
        code.active
          ? `En place. Il vous reste ${left}.`
          : code.required
            ? "Votre rôle demande un code. Sans lui, vous n'avez pas encore les droits de ce rôle."
            : 'Facultatif. Un code de votre téléphone, en plus du mot de passe, protège mieux votre compte.',
      ),
      removable: code.active && !code.required,
      fields: [
        field('codePassword', 'Votre mot de passe', errors, { type: 'password', autocomplete: 'current-password' }),
      ],
    },
  };
}

export function codeSetUpModel(
  setUp: { readonly seed: string; readonly address: string },
  links: readonly SpaceLink[],
  required: boolean,
  errors: FieldErrors = {},
) {
  return {
    ...formPage('Mettre en place le code à usage unique', errors, inSpace(links, securityPath)),
    required,
    seed: setUp.seed.match(/.{1,4}/g)?.join(' ') ?? setUp.seed,
    address: setUp.address,
    fields: [
      field('code', 'Code à six chiffres', errors, {
        hint: "Celui que l'application affiche maintenant.",
        autocomplete: 'one-time-code',
      }),
    ],
  };
}

export function recoveryCodesModel(recoveryCodes: readonly string[], links: readonly SpaceLink[]) {
  return { ...formPage('Vos codes de secours', {}, inSpace(links, securityPath)), recoveryCodes };
}
