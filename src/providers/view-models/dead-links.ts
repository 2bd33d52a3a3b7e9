/** Words of the page of dead links, and the rows of its CSV. */
import { courseAddress } from '../../catalogue/model/addresses.ts';
import { deadLink } from '../../catalogue/model/source-words.ts';
import { count, french, shortDate } from '../../platform/web/format.ts';
import { formPage, inSpace } from '../../platform/web/forms.ts';
import type { Reader } from '../model/report.ts';
import type { Source } from '../model.ts';
import { homePath, providerLinks } from './space.ts';

interface DeadLink {
  readonly title: string;
  readonly slug: string;
  readonly url: string;
  readonly status: number | null;
  readonly since: Date;
  readonly checkedAt: Date | null;
}

const sourcePath = (id: string, reader: Reader) =>
  `${reader === 'operator' ? '/admin' : '/fournisseur'}/sources/${encodeURIComponent(id)}`;

/** What the page of a source says of them; null when every link that was asked answers. */
export function deadLinksLine(id: string, reader: Reader, dead: number) {
  if (dead === 0) return null;
  return {
    href: `${sourcePath(id, reader)}/liens`,
    text: french(count(dead, 'lien de cours ne répond plus', 'liens de cours ne répondent plus')),
  };
}

export function deadLinksModel(page: {
  readonly source: Source;
  readonly reader: Reader;
  readonly total: number;
  readonly links: readonly DeadLink[];
  readonly next: string | null;
}) {
  const { source, reader, total, links, next } = page;
  const path = sourcePath(source.id, reader);
  const space = reader === 'organisation' ? inSpace(providerLinks, homePath) : null;
  return {
    ...formPage('Liens qui ne répondent plus', {}, space),
    organisation: null,
    isOperator: reader === 'operator',
    back: { text: source.title, href: path },
    intro:
      total === 0
        ? 'Tous les liens vérifiés répondent, ou nous ne savons pas encore.'
        : french(`${count(total, 'cours concerné', 'cours concernés')}. Rien n'est retiré pour autant.`),
    links: links.map(({ title, slug, url, status, since, checkedAt }) => ({
      title,
      here: courseAddress(slug),
      url,
      sentence: french(`${deadLink(since)}.`),
      checked:
        checkedAt === null
          ? 'pas encore vérifié'
          : french(`réponse ${status ?? 'inconnue'}, vérifié le ${shortDate(checkedAt)}`),
    })),
    next: next === null ? null : `${path}/liens?apres=${encodeURIComponent(next)}`,
    csv: total === 0 ? null : `${path}/liens.csv`,
  };
}

export const deadLinkColumns = [
  'titre',
  'adresse',
  'ne_repond_plus_depuis',
  'reponse',
  'verifie_le',
  'page_ici',
] as const;

export function deadLinkRow({ title, slug, url, status, since, checkedAt }: DeadLink, site: string): string[] {
  const here = new URL(courseAddress(slug), site).href;
  return [title, url, since.toISOString(), String(status ?? ''), checkedAt?.toISOString() ?? '', here];
}
