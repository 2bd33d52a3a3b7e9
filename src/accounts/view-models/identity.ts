/** Words of signing in with an identity of elsewhere. */
import { french, longDate } from '../../platform/web/format.ts';
import { formPage, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Identity } from '../model.ts';
import type { Confirmation } from './organisations.ts';
import { identitiesPath, securityPath } from './security.ts';

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
  return {
    ...formPage('Se connecter autrement', {}, inSpace(links, securityPath)),
    notice: done === 'relie' ? french('Le lien est fait. Ce service ouvre maintenant votre compte.') : null,
    linked: linked.map((identity) => ({
      title: titleOf(choices, identity.provider),
      since: french(`Relié le ${longDate(identity.linkedAt)}`),
      removeHref: unlinkPath(identity),
    })),
    // Another identity of the same service may be linked: at some, it changes with the employer.
    identities: choices.map(({ id, title }) => ({
      action: `${identitiesPath}/${id}`,
      label: french(`Relier ${title}`),
      next: null,
    })),
  };
}

export function unlinkPath({ provider, linkedAt }: Pick<Identity, 'provider' | 'linkedAt'>): string {
  return `${identitiesPath}/${encodeURIComponent(provider)}/${linkedAt.getTime()}/retirer`;
}

/** A service that is no longer one of this site has no other name than its setting's. */
function titleOf(choices: readonly Choice[], provider: string): string {
  return choices.find(({ id }) => id === provider)?.title ?? provider;
}

export function unlinkingConfirmation(
  choices: readonly Choice[],
  { identity, lastWayIn }: { readonly identity: Identity; readonly lastWayIn: boolean },
): Confirmation {
  const title = titleOf(choices, identity.provider);
  if (lastWayIn) {
    return {
      title: french(`${title} est le seul moyen d'ouvrir votre compte`),
      effects: [
        "Retiré, plus rien ne l'ouvrirait. Il reste donc.",
        "Reliez d'abord un autre service, ou choisissez un mot de passe dans « Ma sécurité ».",
      ],
      button: null,
      back: { label: 'Ma sécurité', href: securityPath },
    };
  }
  return {
    title: french(`Retirer ${title} de votre compte ?`),
    effects: [
      `${title} n'ouvrira plus votre compte. Votre compte et vos parcours restent.`,
      "Toutes vos connexions seront fermées, celle-ci aussi. Vous vous reconnecterez d'une autre façon.",
    ],
    button: { label: `Retirer ${title}`, action: unlinkPath(identity) },
    back: { label: 'Annuler', href: identitiesPath },
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
      ? { href: identitiesPath, label: 'Revenir aux services qui ouvrent votre compte' }
      : { href: '/connexion', label: refusal.reason === 'address-known' ? 'Se connecter autrement' : 'Se connecter' },
  };
}
