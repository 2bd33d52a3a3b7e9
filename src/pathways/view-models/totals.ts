/** What a pathway costs: one sum per line of the price block, which says what it leaves out and what a person corrected. */
import {
  amountText,
  type PriceLineName,
  type PriceState,
  priceCorrectionOf,
  priceLineNames,
  priceText,
  shortPriceText,
} from '../../catalogue/model/prices.ts';
import { isFresh } from '../../eligibility/model.ts';
import { listed, shortDate } from '../../platform/web/format.ts';
import { euroCents, type PriceLine } from '../model/price.ts';
import type { Pathway, PathwayStep, StepCourse } from '../model.ts';

/** « étapes 2 et 4 ». */
export function stepNumbers(steps: readonly PathwayStep[], ids: readonly string[]): string {
  const numbers = steps.flatMap(({ id }, position) => (ids.includes(id) ? [String(position + 1)] : []));
  return `${numbers.length > 1 ? 'étapes' : 'étape'} ${listed(numbers)}`.replaceAll(' ', '\u00a0');
}

/** A 0 grows old between two nights: the lines are judged again at the moment of the page. */
export function lineAt(course: StepCourse, name: PriceLineName, now: Date): PriceLine {
  const line = course.prices[name];
  return line.status === 'free' && !isFresh(course.harvestedAt, now) ? { status: 'too-old' } : line;
}

export function stateOf(line: PriceLine): PriceState {
  switch (line.status) {
    case 'amount':
      return { kind: 'amount', price: { amount: line.cents, currency: line.currency, taxIncluded: null } };
    case 'free':
    case 'too-old':
      return { kind: 'free' };
    case 'included':
      return { kind: 'included' };
    case 'none':
      return { kind: 'absent' };
    case 'unknown':
      return { kind: 'unknown' };
  }
}

interface Total {
  readonly cents: number;
  readonly unknown: readonly string[];
  readonly readAt: Date | null;
  /** What a sum of nothing means. */
  readonly whenZero: PriceState;
}

function totalOf(pathway: Pathway, name: PriceLineName, now: Date): Total {
  const lines = pathway.steps.map(({ id, main }) => ({ id, line: main === null ? null : lineAt(main, name, now) }));
  const cents = lines.map(({ id, line }) => ({ id, cents: line === null ? null : euroCents(line) }));
  return {
    cents: cents.reduce((sum, one) => sum + (one.cents ?? 0), 0),
    unknown: cents.flatMap((one) => (one.cents === null ? [one.id] : [])),
    readAt: oldestReading(pathway),
    whenZero: zeroState(lines.map(({ line }) => line?.status)),
  };
}

/** Included in a price is not free: one such part is enough. */
function zeroState(statuses: readonly (PriceLine['status'] | undefined)[]): PriceState {
  if (statuses.includes('included')) return { kind: 'included' };
  return { kind: statuses.every((status) => status === 'none') ? 'absent' : 'free' };
}

/** What the prices of a whole pathway rest on; null when no step has a course. */
export function oldestReading({ steps }: Pathway): Date | null {
  const dates = steps.flatMap(({ main }) => main?.harvestedAt.getTime() ?? []);
  return dates.length === 0 ? null : new Date(Math.min(...dates));
}

const euros = (cents: number): PriceState & { kind: 'amount' } => ({
  kind: 'amount',
  price: { amount: cents, currency: 'EUR', taxIncluded: null },
});

/**
 * « …, prix corrigé à l'étape 2 »: the day of a reading says nothing of what a person wrote (T46). Who and when stands at
 * the step.
 */
export function withCorrected(
  text: string,
  { steps }: Pathway,
  names: readonly PriceLineName[] = priceLineNames,
): string {
  const ids = steps.flatMap(({ id, main }) =>
    main !== null && names.some((name) => isCorrected(main, name)) ? [id] : [],
  );
  if (ids.length === 0) return text;
  const corrected = ids.length > 1 ? 'prix corrigés aux ' : "prix corrigé à l'";
  return `${text}, ${corrected}${stepNumbers(steps, ids)}`;
}

/** Only amounts and what is free have a day. */
function isCorrected(course: StepCourse, name: PriceLineName): boolean {
  return (
    priceCorrectionOf(name, course) !== undefined && ['amount', 'free', 'too-old'].includes(course.prices[name].status)
  );
}

/** A sum only when every part is known (T7); never « 0 € » for what nobody told us (T2). */
export function totalText(pathway: Pathway, name: PriceLineName, now: Date): string {
  const { cents, unknown, readAt, whenZero } = totalOf(pathway, name, now);
  const date = readAt === null ? shortDate(pathway.computedAt) : shortDate(readAt);
  const dates = { harvestedAt: readAt ?? pathway.computedAt };
  if (unknown.length === pathway.steps.length) return `non communiqué par les organismes (au ${date})`;
  const missing = stepNumbers(pathway.steps, unknown);
  if (unknown.length > 0) {
    return cents === 0
      ? `non communiqué pour : ${missing} (au ${date})`
      : withCorrected(`au moins ${amountText(euros(cents))}, sans compter : ${missing}, relevé le ${date}`, pathway, [
          name,
        ]);
  }
  return withCorrected(priceText(name, cents > 0 ? euros(cents) : whenZero, dates, now), pathway, [name]);
}

export function shortTotal(pathway: Pathway, name: PriceLineName, now: Date): string {
  const { cents, unknown, readAt, whenZero } = totalOf(pathway, name, now);
  if (unknown.length === pathway.steps.length) return 'non communiqué';
  const missing = stepNumbers(pathway.steps, unknown);
  if (unknown.length > 0) {
    return cents === 0
      ? `non communiqué pour : ${missing}`
      : `au moins ${amountText(euros(cents))}, sans compter : ${missing}`;
  }
  if (cents > 0) return amountText(euros(cents));
  return shortPriceText(name, whenZero, { harvestedAt: readAt ?? pathway.computedAt }, now);
}

/** Only the two claims that help to choose; every price is in the table. */
export function accessSentence(pathway: Pathway, now: Date): string | null {
  const readAt = oldestReading(pathway);
  if (readAt === null || pathway.access !== 'free-for-all' || !isFresh(readAt, now)) return null;
  return withCorrected(`gratuit pour tous, relevé le ${shortDate(readAt)}`, pathway);
}
