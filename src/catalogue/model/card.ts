/** What a card of a list prints, whether of a course or of a pathway. */
export interface Card {
  readonly title: string;
  readonly href: string;
  readonly who: string;
  readonly badge: Badge | null;
  /** What the training account says; null where that is not shown. */
  readonly cpf: Badge | null;
  readonly facts: readonly Fact[];
  readonly prices: readonly PriceCell[];
  /** The prices are sentences: one under the other rather than side by side. */
  readonly stacked: boolean;
  /** What a source declares, in a whole sentence; null when it declares nothing. */
  readonly funding: string | null;
  /** « 0 € possible avec le CPF », always with its two conditions; null when that is not known to be so. */
  readonly zero: string | null;
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

/** A state in words and a shape. `neutre` has no colour of its own: neither good nor bad news. */
export interface Badge {
  readonly tone: 'ok' | 'non' | 'att' | 'info' | 'cpf' | 'neutre';
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
