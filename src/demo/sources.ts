/** The demonstration partners as sources: what the platform stores to harvest them. */
import { loadCatalogues, type Partner } from './data.ts';
import { catalogueOf } from './feeds.ts';

export interface DemoSource {
  readonly id: string;
  readonly title: string;
  /** Id of the connector that reads it. */
  readonly connector: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly provider: {
    readonly name: string;
    readonly siret: string | null;
    readonly activityNumber: string | null;
  };
  readonly homepage: string;
  /** The demonstration organisation whose source it is, so that its members have one to look at. */
  readonly organisationId: string | null;
}

/** By partner. The organisation is planted with the accounts of the demonstration. */
const owned: Readonly<Record<string, string>> = { 'passerelle-web': 'demo-organisme' };

/** @param origin the one of the demonstration server. */
export function demoSources(origin: string): readonly DemoSource[] {
  return loadCatalogues().partners.map((partner) => ({
    id: `demo-${partner.id}`,
    title: partner.title,
    connector: partner.format.replace(/-.*$/, ''),
    config: configOf(partner, new URL(`/${partner.id}/${catalogueOf[partner.format]}`, origin).href),
    provider: {
      name: partner.name,
      siret: partner.siret ?? null,
      activityNumber: partner.activityNumber ?? null,
    },
    homepage: partner.homepage,
    organisationId: owned[partner.id] ?? null,
  }));
}

function configOf(partner: Partner, url: string): Readonly<Record<string, unknown>> {
  if (partner.format !== 'richie') return { url };
  const language = partner.languages.includes('fr') ? 'fr' : 'en';
  return { url, language, resolve: ['subjects', 'levels'], modality: partner.defaultWhere };
}

/**
 * Where the demonstration server answers for a page of an invented school; an address of none of them is left as it is.
 * @param origin the one of the demonstration server
 */
export function demoPages(origin: string): (url: string) => string {
  const folders = new Map(loadCatalogues().partners.map(({ id, homepage }) => [new URL(homepage).origin, id]));
  return (url) => {
    const { origin: school, pathname, search } = new URL(url);
    const folder = folders.get(school);
    return folder === undefined ? url : `${origin}/${folder}${pathname}${search}`;
  };
}
