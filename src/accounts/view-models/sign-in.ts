/** Words of the pages where one signs in, registers, and chooses a password. */
import { french } from '../../platform/web/format.ts';
import { type FieldErrors, field, formPage } from '../../platform/web/forms.ts';
import { emailSentence, passwordHint } from './forms.ts';

/** Values of `?fait=`: what has just been done, said on the next page. */
const done: Readonly<Record<string, string>> = {
  'adresse-confirmee': 'Votre adresse est confirmée. Vous pouvez vous connecter.',
  'mot-de-passe': 'Votre mot de passe est changé et toutes vos connexions sont fermées. Connectez-vous.',
  'service-retire': "Ce service n'ouvre plus votre compte. Toutes vos connexions sont fermées. Connectez-vous.",
  deconnecte: 'Vous êtes déconnecté.',
};

export interface TypedSignIn {
  readonly email: string;
  /** Path of this site to open at the end. */
  readonly next: string;
}

export interface SignInExtras {
  readonly identities: readonly { readonly action: string; readonly label: string; readonly next: string | null }[];
  readonly demoAccounts: readonly {
    readonly title: string;
    readonly email: string;
    readonly password: string;
    readonly code: string | null;
  }[];
}

export const wrongCredentials =
  "L'adresse ou le mot de passe ne convient pas, ou l'adresse n'est pas encore confirmée.";

export function signInModel(typed: TypedSignIn, extras: SignInExtras, errors: FieldErrors = {}, doneKey = '') {
  const notice = Object.hasOwn(done, doneKey) ? (done[doneKey] ?? null) : null;
  return {
    ...formPage('Se connecter', errors),
    notice: notice === null ? null : french(notice),
    next: typed.next,
    fields: [
      field('email', 'Adresse e-mail', errors, { type: 'email', value: typed.email, autocomplete: 'username' }),
      field('password', 'Mot de passe', errors, { type: 'password', autocomplete: 'current-password' }),
    ],
    identities: extras.identities,
    demoAccounts: extras.demoAccounts.map((account) => ({
      ...account,
      code: account.code === null ? 'aucun' : account.code,
    })),
  };
}

export function codeModel(errors: FieldErrors = {}) {
  const hint = "Six chiffres, dans votre application. Sans téléphone : l'un de vos codes de secours.";
  return {
    ...formPage('Votre code à usage unique', errors),
    fields: [field('code', 'Code', errors, { hint, autocomplete: 'one-time-code' })],
  };
}

export interface TypedRegistration {
  readonly email: string;
  readonly displayName: string;
  readonly terms: boolean;
}

export function registrationModel(typed: TypedRegistration, terms: string, errors: FieldErrors = {}) {
  const nameHint = 'Facultatif. Montré aux membres de votre organisation, si vous en avez une.';
  return {
    ...formPage('Créer un compte', errors),
    fields: [
      field('email', 'Adresse e-mail', errors, { type: 'email', value: typed.email, autocomplete: 'email' }),
      field('password', 'Mot de passe', errors, {
        type: 'password',
        hint: passwordHint,
        autocomplete: 'new-password',
      }),
      field('displayName', 'Nom affiché', errors, { value: typed.displayName, hint: nameHint, autocomplete: 'name' }),
    ],
    terms: { words: french(terms), checked: typed.terms, error: errors.terms ?? null },
  };
}

export function forgottenModel(email = '', errors: FieldErrors = {}) {
  return {
    ...formPage('Mot de passe oublié', errors),
    fields: [
      field('email', 'Adresse e-mail de votre compte', errors, { type: 'email', value: email, autocomplete: 'email' }),
    ],
  };
}

export function newPasswordModel(token: string, errors: FieldErrors = {}) {
  return {
    ...formPage('Choisir un nouveau mot de passe', errors),
    token,
    fields: [
      field('password', 'Nouveau mot de passe', errors, {
        type: 'password',
        hint: passwordHint,
        autocomplete: 'new-password',
      }),
    ],
  };
}

/** One sentence and where to go on from there. */
export function messageModel(title: string, text: string, next: { readonly label: string; readonly href: string }) {
  return { ...formPage(title), text: french(text), next };
}

/** A link of a mail: nothing is done before the button is pressed. */
export function linkModel(title: string, text: string, action: string, button: string, token: string) {
  return { ...formPage(title), text: french(text), action, button, token };
}

export const refusedEmail = { email: emailSentence } satisfies FieldErrors;
