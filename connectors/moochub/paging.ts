/** Following `links.next`, and the ways in which servers make it loop or leave. */
import { z } from 'zod';
import { SourceError } from '../../src/harvest/connector.ts';

export const pageSchema = z.object({ number: z.int().min(1), url: z.url({ protocol: /^https?$/ }) });
/** The cursor: the page to read next. */
export type Page = z.infer<typeof pageSchema>;

/**
 * The next page, or null at the end of the listing: no link, null or an empty text (mooin).
 *
 * @throws SourceError when the link is no address, leaves the host of this page, or was read already.
 */
export function nextPage(links: unknown, page: Page, visited: ReadonlySet<string>): Page | null {
  const link = linkOf(links);
  if (link === null) return null;
  if (!URL.canParse(link, page.url)) {
    throw new SourceError('changed', `Le lien vers la page suivante est illisible : ${link.slice(0, 200)}.`, page);
  }
  const here = new URL(page.url);
  const next = new URL(link, here);
  // Behind a proxy, servers write http:// for what they publish over https.
  if (next.hostname === here.hostname && next.protocol === 'http:' && here.protocol === 'https:') {
    next.protocol = here.protocol;
    next.port = here.port;
  }
  if (next.origin !== here.origin) {
    const message = `La page suivante est sur un autre site (${next.origin}) : elle n’est pas lue.`;
    throw new SourceError('refused', message, page);
  }
  if (visited.has(next.href)) {
    const message = `La page ${page.number} renvoie à une page déjà lue : la liste tourne en rond.`;
    throw new SourceError('changed', message, page);
  }
  return { number: page.number + 1, url: next.href };
}

/** A link is an address, or a JSON:API object that holds one. */
function linkOf(links: unknown): string | null {
  const next = memberOf(links, 'next');
  const link = typeof next === 'string' ? next : memberOf(next, 'href');
  return typeof link === 'string' && link.trim() !== '' ? link.trim() : null;
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

export function refuseWithoutNewRecord(page: Page): never {
  const message = `La page ${page.number} n’apporte aucune fiche nouvelle et en annonce d’autres : la liste tourne en rond.`;
  throw new SourceError('changed', message, page);
}

export function refuseMorePages(maxPages: number, page: Page): never {
  const message = `La liste dépasse ${maxPages} pages (réglage « nombre maximal de pages »).`;
  throw new SourceError('too-large', message, page);
}
