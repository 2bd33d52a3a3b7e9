/** The price block of a certification: it has no price of its own, so each line says what the courses that prepare it cost. */
import { isFresh } from '../../eligibility/model.ts';
import { count, french, shortDate } from '../../platform/web/format.ts';
import {
  type PriceDates,
  type PriceLineName,
  type PriceState,
  priceCorrectionOf,
  priceLineNames,
  pricesOf,
  priceText,
} from '../model/prices.ts';
import type { Course, Money } from '../model.ts';
import { priceLabels } from './card.ts';

export interface CertificationPrices {
  readonly rows: readonly { readonly label: string; readonly text: string; readonly mine: boolean }[];
  readonly source: string;
}

type Priced = Pick<Course, 'draft' | 'harvestedAt' | 'corrections'>;

/**
 * @param courses those that are shown
 * @param total how many prepare it
 * @param forYou the fourth line, by the answers of the person
 */
export function certificationPrices(
  { courses, total }: { readonly courses: readonly Priced[]; readonly total: number },
  now: Date,
  forYou: string,
): CertificationPrices {
  const whole =
    total > courses.length ? `${count(courses.length, 'cours', 'cours')} les plus récents, sur ${total},` : null;
  return {
    rows: [
      ...priceLineNames.map((name) => ({ label: priceLabels[name], text: lineText(name, courses, now), mine: false })),
      { label: 'Pour vous', text: forYou, mine: true },
    ].map((row) => ({ ...row, text: french(row.text) })),
    source: french(
      courses.length === 0
        ? 'Une certification n’a pas de prix : ce sont les cours qui en ont un.'
        : `Une certification n’a pas de prix : ce sont ceux des ${whole ?? 'cours du catalogue'} qui disent la préparer.`,
    ),
  };
}

interface Group {
  readonly state: PriceState;
  readonly dates: PriceDates;
  readonly courses: number;
}

function lineText(name: PriceLineName, courses: readonly Priced[], now: Date): string {
  if (courses.length === 0) return `pas de cours dans notre catalogue (au ${shortDate(now)})`;
  const groups = groupsOf(name, courses, now);
  return groups
    .map((group) => {
      const text = priceText(name, group.state, group.dates, now);
      return groups.length === 1 ? text : `${text} (${count(group.courses, 'cours', 'cours')})`;
    })
    .join(' ; ');
}

/** Alike states together, amounts as a range; each dated by its oldest reading, or by its oldest correction. */
function groupsOf(name: PriceLineName, courses: readonly Priced[], now: Date): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const course of courses) {
    const { draft, harvestedAt } = course;
    const state = pricesOf(draft)[name];
    const correction = priceCorrectionOf(name, course);
    const key = `${keyOf(state, harvestedAt, now)} ${correction?.by ?? ''}`;
    const known = groups.get(key);
    const dates = { harvestedAt, corrections: correction === undefined ? [] : [correction] };
    groups.set(key, {
      state: known === undefined ? state : together(known.state, state),
      dates: known === undefined || saidAt(dates) < saidAt(known.dates) ? dates : known.dates,
      courses: (known?.courses ?? 0) + 1,
    });
  }
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

const saidAt = ({ harvestedAt, corrections }: PriceDates): Date => corrections?.[0]?.at ?? harvestedAt;

const order: Readonly<Record<PriceState['kind'], number>> = {
  free: 0,
  amount: 1,
  range: 1,
  included: 2,
  absent: 3,
  unknown: 4,
};

function keyOf(state: PriceState, readAt: Date, now: Date): string {
  const dated = state.kind === 'free' || isAmount(state) ? (isFresh(readAt, now) ? 'a' : 'b') : '';
  const last = isAmount(state) ? boundsOf(state).max : null;
  return `${order[state.kind]}${dated} ${last?.currency ?? ''} ${last?.taxIncluded === false ? 'HT' : ''}`;
}

type AmountState = PriceState & { readonly kind: 'amount' | 'range' };

function isAmount(state: PriceState): state is AmountState {
  return state.kind === 'amount' || state.kind === 'range';
}

function boundsOf(state: AmountState): { readonly min: Money; readonly max: Money } {
  return state.kind === 'amount' ? { min: state.price, max: state.price } : state;
}

function together(one: PriceState, other: PriceState): PriceState {
  if (!isAmount(one) || !isAmount(other)) return one;
  const [a, b] = [boundsOf(one), boundsOf(other)];
  const min = b.min.amount < a.min.amount ? b.min : a.min;
  const max = b.max.amount > a.max.amount ? b.max : a.max;
  return min.amount === max.amount ? { kind: 'amount', price: max } : { kind: 'range', min, max };
}
