/** What every page of a person's own space says of itself. */

/** An entry of the bar of the own space. */
export interface SpaceLink {
  readonly label: string;
  readonly href: string;
}

/** Of one person: in no menu and in no search engine. */
export interface PrivatePage {
  readonly title: string;
  readonly description: null;
  readonly noindex: true;
  readonly section: null;
}

export interface SpacePage extends PrivatePage {
  readonly space: readonly (SpaceLink & { readonly current: boolean })[];
}

/** @param path of this page, when it is an entry of the bar */
export function spacePage(title: string, path: string, links: readonly SpaceLink[]): SpacePage {
  const space = links.map((link) => ({ ...link, current: link.href === path }));
  return { title, description: null, noindex: true, section: null, space };
}
