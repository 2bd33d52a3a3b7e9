/** The links from one page of a list to the others. Pure. */

export interface Pager {
  readonly previous: string | null;
  readonly next: string | null;
  readonly items: readonly { readonly label: string; readonly href: string | null; readonly gap: boolean }[];
}

/** First, last, and the neighbours of the current page; null for a single page. */
export function pagerOf(current: number, pages: number, address: (page: number) => string): Pager | null {
  if (pages < 2) return null;
  const wanted = [1, current - 1, current, current + 1, pages].filter((page) => page >= 1 && page <= pages);
  const shown = [...new Set(wanted)];
  return {
    previous: current > 1 ? address(current - 1) : null,
    next: current < pages ? address(current + 1) : null,
    items: shown.map((page, position) => ({
      label: String(page),
      href: page === current ? null : address(page),
      gap: position > 0 && page - (shown[position - 1] ?? 0) > 1,
    })),
  };
}
