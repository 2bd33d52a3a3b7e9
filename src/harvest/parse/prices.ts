/** Prices as partners write them, to integer cents. A missing price is unknown, never 0. */

export type ParsedPrice =
  | { readonly kind: 'price'; readonly cents: number }
  /** Nothing, or a word for nothing: `-`, `N/A`, « nous consulter ». */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreadable' };

const nothing = /^(?:-+|n\/?a|nc|n\.c\.|non communiqué|nous consulter|sur devis)$/i;
const free = /^(?:gratuite?|free)$/i;
const euro = /\s*(?:€|euros?|eur)\s*/i;
const maxCents = 100_000_000;

/**
 * Reads `60`, `"60.00"`, `"60,5"`, `"1 234,50 €"` (any space), `"1.234,50"`, `"1,234.50"`, « gratuit ». A single
 * separator before exactly three digits (`1.200`) can be read two ways, so it is unreadable, as is a range, a negative
 * amount, another currency than the euro in the text or a price over 1,000,000.
 */
export function parsePrice(value: unknown): ParsedPrice {
  if (value === null || value === undefined) return { kind: 'unknown' };
  if (typeof value === 'number') return ofNumber(value);
  if (typeof value !== 'string') return { kind: 'unreadable' };
  // \s holds the no-break (U+00A0) and narrow no-break (U+202F) spaces.
  const text = value.replace(/\s+/g, ' ').trim();
  if (text === '' || nothing.test(text)) return { kind: 'unknown' };
  if (free.test(text)) return { kind: 'price', cents: 0 };
  const number = text
    .replace(/\s*TTC$/i, '')
    .replace(euro, ' ')
    .trim();
  const amount = amountOf(number);
  return amount === null ? { kind: 'unreadable' } : ofNumber(amount);
}

function ofNumber(amount: number): ParsedPrice {
  const cents = Math.round(amount * 100);
  if (!Number.isFinite(amount) || amount < 0 || cents > maxCents) return { kind: 'unreadable' };
  // 19.999 is not a price: no currency of our partners has thousandths.
  if (Math.abs(amount * 100 - cents) > 0.001) return { kind: 'unreadable' };
  return { kind: 'price', cents };
}

function amountOf(text: string): number | null {
  const plain = /^(\d+)(?:[.,](\d{1,2}|\d{4,}))?$/.exec(text);
  if (plain !== null) return Number(`${plain[1]}.${plain[2] ?? '0'}`);
  // Groups of three, one separator for groups and another for decimals.
  const grouped = /^(\d{1,3})((?<group>[ .,'’])\d{3}(?:\k<group>\d{3})*)(?:(?<decimal>[.,])(\d{1,2}))?$/.exec(text);
  if (grouped?.groups === undefined) return null;
  const { group, decimal } = grouped.groups;
  const hasOnlyOneMark = (group === '.' || group === ',') && decimal === undefined && grouped[2]?.length === 4;
  if (group === decimal || hasOnlyOneMark) return null;
  const units = `${grouped[1]}${grouped[2] ?? ''}`.replace(/\D/g, '');
  return Number(`${units}.${grouped[5] ?? '0'}`);
}
