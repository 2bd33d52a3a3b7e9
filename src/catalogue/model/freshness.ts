/** How old a reading is, and how that is said (rule T29). */
import { freshDays, isFresh } from '../../eligibility/model.ts';
import { shortDate } from '../../platform/web/format.ts';
import { correctedPricesText, type PriceDates } from './prices.ts';

const dayMs = 86_400_000;
/** Up to this age the date says enough. */
const recentDays = 7;

/**
 * « relevé le 20/11/2026 » for a week, then « relevé il y a 12 jours », then, when prices stop counting,
 * « donnée ancienne : relevée le 01/09/2026 ».
 */
export function freshness(readAt: Date, now: Date): string {
  if (!isFresh(readAt, now)) return `donnée ancienne : relevée le ${shortDate(readAt)}`;
  const days = Math.min(freshDays, Math.floor((now.getTime() - readAt.getTime()) / dayMs));
  return days <= recentDays ? `relevé le ${shortDate(readAt)}` : `relevé il y a ${days} jours`;
}

/** The same under the prices of a course: what a person corrected of them was not read at the source (T46). */
export function pricesFreshness(dates: PriceDates, now: Date): string {
  const corrected = correctedPricesText(dates);
  return [freshness(dates.harvestedAt, now), ...(corrected === null ? [] : [corrected])].join(' ; ');
}

/** Added when the source fails. */
export function silentSince(date: Date): string {
  return `la source ne répond plus depuis le ${shortDate(date)}`;
}
