/** The pages that belong to no feature: whom to talk to, accessibility, legal notice, personal data. */
import { Router } from 'express';
import { AppError } from '../errors.ts';
import { french } from '../platform/web/format.ts';
import { type PageModel, sendPage, type Views } from '../platform/web/views.ts';
import { loadLexicon } from './data.ts';

/** « AT/MP » → `at-mp`: where a link to a word leads. */
function foldedId(term: string): string {
  return term
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
}

export interface SiteFacts {
  readonly contact: { readonly email: string | null; readonly url: string | null };
  readonly legal: { readonly publisher: string | null; readonly host: string | null };
}

/** The menu: the sections that exist. */
export const sections = [
  { label: 'Trouver un cours', href: '/catalogue' },
  { label: 'Parcours', href: '/parcours' },
  { label: 'Mes droits', href: '/eligibilite' },
  { label: 'Compétences', href: '/competences' },
] as const;

const page = (title: string): PageModel => ({ title, description: null, noindex: false, section: null });

export function hasContact({ contact }: SiteFacts): boolean {
  return contact.email !== null || contact.url !== null;
}

/** A duration of conservation, as the table of accounts states it. */
export interface StatedDuration {
  readonly title: string;
  readonly days: number;
  readonly since: string;
  readonly why: string;
}

export function pageRoutes(parts: {
  readonly facts: SiteFacts;
  readonly retention: readonly StatedDuration[];
  readonly views: Views;
}): Router {
  const { facts, views } = parts;
  const retention = parts.retention.map(({ title, days, since, why }) => ({
    title,
    why,
    duration: `${days} ${days > 1 ? 'jours' : 'jour'} à partir ${since}`,
  }));
  const { contact, legal } = facts;
  const router = Router();

  router.get('/contact', (_request, response) => {
    if (!hasContact(facts)) {
      throw new AppError('not-found', 'CONTACT_INCONNU', "Cette page n'existe pas.");
    }
    sendPage(response, views, 'pages/contact', { ...page("Parler à quelqu'un"), ...contact });
  });

  const entries = loadLexicon().map((entry) => ({
    id: foldedId(entry.term),
    term: entry.term,
    words: french(entry.words),
    plain: french(entry.plain),
  }));
  router.get('/aide/lexique', (_request, response) => {
    const model = { ...page('Les mots expliqués'), entries };
    sendPage(response, views, 'pages/lexicon', model);
  });

  router.get('/accessibilite', (_request, response) => {
    sendPage(response, views, 'pages/accessibility', { ...page('Accessibilité'), ...contact });
  });

  router.get('/mentions-legales', (_request, response) => {
    sendPage(response, views, 'pages/legal', { ...page('Mentions légales'), ...legal, ...contact });
  });

  router.get('/donnees-personnelles', (_request, response) => {
    const model = { ...page('Données personnelles'), ...legal, ...contact, retention };
    sendPage(response, views, 'pages/personal-data', model);
  });

  return router;
}
