/** Words of signing in with an identity of elsewhere. */
import { french } from '../../platform/web/format.ts';
import type { Identity } from '../model.ts';

interface Choice {
  readonly id: string;
  readonly title: string;
  readonly kind: 'citizen' | 'professional';
}

const base = { description: null, noindex: true, section: null } as const;

/** The buttons of partials/identites.hbs, citizens' providers first. */
export function identityButtons(choices: readonly Choice[], next: string) {
  const ordered = [...choices].sort((a, b) => Number(a.kind === 'professional') - Number(b.kind === 'professional'));
  return ordered.map(({ id, title }) => ({
    action: `/connexion/${id}`,
    label: french(`Se connecter avec ${title}`),
    next,
  }));
}

/** The same partial on the profile: what is linked, and what can be. */
export function linkedIdentities(
  choices: readonly Choice[],
  identities: readonly Identity[],
  day: (date: Date) => string,
) {
  const titleOf = (provider: string) => choices.find(({ id }) => id === provider)?.title ?? provider;
  return {
    linked: identities.map(({ provider, linkedAt }) => french(`${titleOf(provider)}, relié le ${day(linkedAt)}`)),
    buttons: choices
      .filter(({ id }) => !identities.some(({ provider }) => provider === id))
      .map(({ id, title }) => ({
        action: `/mon-espace/profil/relier/${id}`,
        label: french(`Relier ${title}`),
        next: null,
      })),
  };
}

export function awayModel(away: {
  readonly url: string;
  readonly title: string;
  readonly purpose: 'sign-in' | 'sign-out';
}) {
  const { url, title, purpose } = away;
  return {
    ...base,
    title: french(`Vous allez sur le site de ${title}`),
    why: french(
      purpose === 'sign-in'
        ? 'Vous vous y connectez, puis vous revenez ici.'
        : `Vous êtes déconnecté ici. ${title} vous propose de vous déconnecter aussi chez lui.`,
    ),
    url,
    label: french(`Continuer vers ${title}`),
  };
}

export function refusalModel(refusal: { readonly reason: string; readonly message: string }, linking: boolean) {
  return {
    ...base,
    title: linking ? 'Le lien n’est pas fait' : 'Vous n’êtes pas connecté',
    message: french(refusal.message),
    back: linking
      ? { href: '/mon-espace/profil', label: 'Revenir à votre profil' }
      : { href: '/connexion', label: refusal.reason === 'address-known' ? 'Se connecter autrement' : 'Se connecter' },
  };
}
