/** The three prices of a course, and totals that never hide an unknown part (rule T7). */
import { type AccessFacts, isFresh } from '../../eligibility/model.ts';

/**
 * amount: a price above 0; free: known to be 0, at most 30 days ago; too-old: it was free, longer ago; included: in the
 * price of the course; none: does not exist; unknown. `cents` only with `amount`.
 */
export type PriceLine =
  | { readonly status: 'amount'; readonly cents: number; readonly currency: string }
  | { readonly status: 'free' | 'too-old' | 'included' | 'none' | 'unknown' };

type Price = NonNullable<AccessFacts['price']>;

export interface CoursePrices {
  readonly course: PriceLine;
  readonly certificate: PriceLine;
  readonly exam: PriceLine;
}

export function pricesOf(facts: AccessFacts, now: Date): CoursePrices {
  const free: PriceLine = { status: isFresh(facts.readAt, now) ? 'free' : 'too-old' };
  const line = (price: Price | null, isFree: boolean): PriceLine => {
    if (price !== null && price.amount > 0) {
      return { status: 'amount', cents: price.amount, currency: price.currency };
    }
    return isFree || price !== null ? free : { status: 'unknown' };
  };
  const { certificate, exam } = facts;
  return {
    course: line(facts.price, facts.contentFree === true),
    certificate:
      certificate.type === 'none'
        ? { status: 'none' }
        : certificate.included === true
          ? { status: 'included' }
          : line(certificate.price, certificate.free === true),
    exam:
      exam.exists === false
        ? { status: 'none' }
        : exam.included === true
          ? { status: 'included' }
          : line(exam.price, false),
  };
}

/** « au moins {known} €, sans compter : {unknownSteps} »: only without unknown steps is `known` the whole price. */
export interface PriceTotal {
  /** Integer euro cents. */
  readonly known: number;
  readonly unknownSteps: readonly string[];
}

/** Euro cents of a line; null when unknown, too old, or in another currency: we change no money. */
export function euroCents(line: PriceLine): number | null {
  if (line.status === 'amount') return line.currency === 'EUR' ? line.cents : null;
  return line.status === 'unknown' || line.status === 'too-old' ? null : 0;
}

/** `line` null: the step has no course, so its price is unknown. */
export function priceTotal(steps: readonly { readonly id: string; readonly line: PriceLine | null }[]): PriceTotal {
  let known = 0;
  const unknownSteps: string[] = [];
  for (const { id, line } of steps) {
    const cents = line === null ? null : euroCents(line);
    if (cents === null) unknownSteps.push(id);
    else known += cents;
  }
  return { known, unknownSteps };
}
