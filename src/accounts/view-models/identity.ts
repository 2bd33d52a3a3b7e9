/** Words of signing in with an identity of elsewhere. */
import { french, longDate } from '../../platform/web/format.ts';
import { formPage, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Identity } from '../model.ts';
import { profilePath } from './security.ts';

export const identitiesPath = `${profilePath}/identites`;

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

/** The page of the own space: what is linked, and what can be. `fait` is what has just been done. */
export function identitiesModel(
  choices: readonly Choice[],
  linked: readonly Identity[],
  links: readonly SpaceLink[],
  done: string,
) {
  const titleOf = (provider: string) => choices.find(({ id }) => id === provider)?.title ?? provider;
  return {
    ...formPage('Se connecter autrement', {}, inSpace(links, profilePath)),
    notice: done === 'relie' ? french('Le lien est fait. Ce service ouvre maintenant votre compte.') : null,
    linked: linked.map(({ provider, linkedAt }) => french(`${titleOf(provider)}, relié le ${longDate(linkedAt)}`)),
    // Another identity of the same service may be linked: at some, it changes with the employer.
    identities: choices.map(({ id, title }) => ({
      action: `${identitiesPath}/${id}`,
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
    title: linking ? "Le lien n'est pas fait" : "Vous n'êtes pas connecté",
    message: french(refusal.message),
    back: linking
      ? { href: identitiesPath, label: 'Revenir à votre profil' }
      : { href: '/connexion', label: refusal.reason === 'address-known' ? 'Se connecter autrement' : 'Se connecter' },
  };
}
