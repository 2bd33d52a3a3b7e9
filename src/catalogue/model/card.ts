/** What a card of a list prints, whether of a course or of a pathway. */
export interface Card {
  readonly title: string;
  readonly href: string;
  readonly who: string;
  readonly badge: Badge | null;
  readonly facts: readonly Fact[];
  readonly prices: readonly PriceCell[];
  /** The prices are sentences: one under the other rather than side by side. */
  readonly stacked: boolean;
  /** What a source declares, in a whole sentence; null when it declares nothing. */
  readonly funding: string | null;
  /** « relevé le 20/11/2026 », in the block of the prices. */
  readonly freshness: string;
  /** Warnings of one line each. */
  readonly notes: readonly string[];
  readonly keep: Keep;
}

/** What « Garder pour plus tard » sends, and where a visitor signs in to come back to the page of the course or pathway. */
export interface Keep {
  readonly field: 'cours' | 'parcours';
  /** Id of the course, or slug of the pathway. */
  readonly value: string;
  /** One per thing that can be kept, also an id of the page. */
  readonly key: string;
  readonly title: string;
  readonly signIn: string;
}

export function keepOf(field: Keep['field'], value: string, title: string, href: string): Keep {
  return { field, value, title, key: `${field}-${value}`, signIn: `/connexion?suite=${encodeURIComponent(href)}` };
}

/** A state in words and a shape; `tone` is one of ok, non, att, info. */
export interface Badge {
  readonly tone: 'ok' | 'non' | 'att' | 'info';
  readonly icon: string;
  readonly text: string;
}

export interface Fact {
  readonly icon: string;
  readonly text: string;
}

export interface PriceCell {
  readonly label: string;
  readonly text: string;
  /** The line « Pour vous ». */
  readonly mine: boolean;
}

const longestCell = 24;

export function isStacked(prices: readonly PriceCell[]): boolean {
  return prices.some(({ text }) => text.length > longestCell);
}
