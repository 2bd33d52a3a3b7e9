/** How values are written in French: dates of Europe/Paris, amounts, counts, and the no-break spaces of our sentences. */

const nbsp = '\u00a0';
const timeZone = 'Europe/Paris';
const short = new Intl.DateTimeFormat('fr-FR', { timeZone, day: '2-digit', month: '2-digit', year: 'numeric' });
const long = new Intl.DateTimeFormat('fr-FR', { timeZone, day: 'numeric', month: 'long', year: 'numeric' });
const month = new Intl.DateTimeFormat('fr-FR', { timeZone, month: 'long', year: 'numeric' });
const year = new Intl.DateTimeFormat('fr-FR', { timeZone, year: 'numeric' });
const time = new Intl.DateTimeFormat('fr-FR', { timeZone, hour: 'numeric', minute: '2-digit', hourCycle: 'h23' });

const hourMs = 3_600_000;
/** Between two instants of one hour since then no day of Paris begins: its offset is of whole hours (tzdb 2025c). */
const wholeHoursSince = Date.UTC(1911, 2, 12);
const daysKept = 2_000;
const days = new Map<number, string>();

/** « 22/11/2026 », in tables, cards and price lines. */
export function shortDate(date: Date): string {
  // A page prints the same few days many times, and the formatter takes longer than the rest of a card.
  const hour = Math.floor(date.getTime() / hourMs);
  const known = days.get(hour);
  if (known !== undefined) return known;
  const text = short.format(date);
  if (date.getTime() < wholeHoursSince) return text;
  if (days.size >= daysKept) days.clear();
  days.set(hour, text);
  return text;
}

/** `2026-11-22`: the day of an instant in Europe/Paris, as rules and registers write it. */
export function isoDay(date: Date): string {
  return shortDate(date).split('/').reverse().join('-');
}

/** « 22 novembre 2026 », « 1er février 2028 », in sentences. */
export function longDate(date: Date): string {
  return long.format(date).replace(/^1 /, '1er ').replaceAll(' ', nbsp);
}

/** « novembre 2026 ». */
export function monthOf(date: Date): string {
  return month.format(date).replace(' ', nbsp);
}

/** « 2026 ». */
export function yearOf(date: Date): string {
  return year.format(date);
}

/** « 14 h 05 ». */
export function clock(date: Date): string {
  return time.format(date).replace(':', `${nbsp}h${nbsp}`);
}

/** Whole days of Europe/Paris between two instants: 0 on the same day, whatever the hours. */
export function daysBetween(from: Date, to: Date): number {
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}

function midnight(date: Date): number {
  const [day = 1, monthNumber = 1, fullYear = 1970] = shortDate(date).split('/').map(Number);
  return Date.UTC(fullYear, monthNumber - 1, day);
}

/** « 1 846 ». */
export function number(value: number): string {
  const [whole = '0', decimals] = Math.abs(value)
    .toFixed(Number.isInteger(value) ? 0 : 1)
    .split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, nbsp);
  return `${value < 0 ? '−' : ''}${grouped}${decimals === undefined || decimals === '0' ? '' : `,${decimals}`}`;
}

/** « 1 546,80 € », « 150 € », « 49 USD »; `amount` in cents. */
export function money(value: { readonly amount: number; readonly currency: string }): string {
  const cents = value.amount % 100;
  const decimals = cents === 0 ? '' : `,${String(cents).padStart(2, '0')}`;
  const unit = value.currency === 'EUR' ? '€' : value.currency;
  return `${number(Math.floor(value.amount / 100))}${decimals}${nbsp}${unit}`;
}

/** « 0 étape », « 1 étape », « 2 étapes »: in French the plural starts at two. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)}${nbsp}${Math.abs(value) < 2 ? one : many}`;
}

/** « 45 min », « 1 h 30 », « 70 h ». */
export function duration(minutes: number): string {
  const rounded = Math.round(minutes);
  if (rounded < 60) return `${rounded}${nbsp}min`;
  const rest = rounded % 60;
  const hours = `${number(Math.floor(rounded / 60))}${nbsp}h`;
  // Minutes mean nothing beside many hours.
  return rest === 0 || rounded >= 600 ? hours : `${hours}${nbsp}${String(rest).padStart(2, '0')}`;
}

/** « a, b et c ». */
export function listed(words: readonly string[], last = 'et'): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** No-break spaces of French typography, for sentences of ours; partners' text is printed as it came. */
export function french(text: string): string {
  return text.replace(/ (?=[:;?!»€%])/g, nbsp).replace(/« /g, `«${nbsp}`);
}
