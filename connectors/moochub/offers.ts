/** What MOOChub says of prices and certificates. A missing price stays unknown. */
import type { CourseDraft, Problem } from '../../src/harvest/connector.ts';
import { parsePrice } from '../../src/harvest/parse/prices.ts';
import { unreadablePrice } from '../../src/harvest/parse/problems.ts';
import type { Attributes, Offer } from './record.ts';

type Money = NonNullable<CourseDraft['price']>;

export function offersOf(
  attributes: Attributes,
): Pick<CourseDraft, 'contentFree' | 'price' | 'certificate' | 'exam'> & { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const offers = [...(attributes.offer ?? []), ...(attributes.offers ?? [])];
  const course = amountOf('course');
  const certificate = amountOf('certificate');
  /** Everything, certification included. */
  const whole = amountOf('complete');

  const price = course ?? whole;
  const isSubscribed = offers.some(
    (offer) => (offer.category === 'course' || offer.category === 'complete') && !isPaidOnce(offer) && costs(offer),
  );
  const certificateIncluded = course === null && whole !== null;
  const certificatePrice = certificateIncluded ? null : certificate;
  const types = credentialsOf(attributes);
  const access = accessOf(attributes);
  const certificateIsFree = freeOf(certificatePrice) ?? (access.certificatePaid ? false : null);
  return {
    problems,
    price,
    contentFree: agreed(access.contentFree, freeOf(price) ?? (isSubscribed ? false : null)),
    certificate: {
      type: certificateIsFree === false ? 'paid-certificate' : types.certificate,
      free: certificateIncluded && price?.amount === 0 ? true : certificateIsFree,
      included: certificateIncluded ? true : null,
      price: certificatePrice,
    },
    exam: {
      exists: types.hasExam,
      included: certificateIncluded ? true : null,
      price: null,
    },
  };

  /** The first offer of a category that is paid once, or is free. A price by the month is no price of the course. */
  function amountOf(category: string): Money | null {
    for (const offer of offers) {
      if (offer.category !== category) continue;
      const parsed = parsePrice(offer.price);
      if (parsed.kind === 'unreadable') problems.push(unreadablePrice('attributes.offer', offer.price));
      if (parsed.kind !== 'price') continue;
      if (parsed.cents > 0 && !isPaidOnce(offer)) continue;
      const currency = (offer.priceCurrency ?? offer.price_currency ?? '').trim().toUpperCase();
      // 0 is 0 in any currency; another amount without its currency is unknown.
      if (parsed.cents > 0 && !/^[A-Z]{3}$/.test(currency)) continue;
      return { amount: parsed.cents, currency: /^[A-Z]{3}$/.test(currency) ? currency : 'EUR', taxIncluded: null };
    }
    return null;
  }
}

function isPaidOnce(offer: Offer): boolean {
  const frequency = offer.paymentFrequency ?? offer.payment_frequency;
  return frequency === null || frequency === undefined || frequency === 'one-time';
}

function costs(offer: Offer): boolean {
  const parsed = parsePrice(offer.price);
  return parsed.kind === 'price' && parsed.cents > 0;
}

function freeOf(price: Money | null): boolean | null {
  return price === null ? null : price.amount === 0;
}

/** A source that says free and gives a price contradicts itself: unknown. */
function agreed(declared: boolean | null, byPrice: boolean | null): boolean | null {
  if (declared === null || byPrice === null) return declared ?? byPrice;
  return declared === byPrice ? declared : null;
}

/** `["free", "paid"]` is a free course with a paid certificate; members, students and others: unknown. */
function accessOf(attributes: Attributes): { contentFree: boolean | null; certificatePaid: boolean } {
  const access = (attributes.access ?? []).map((word) => word.toLowerCase());
  if (access.includes('free')) return { contentFree: true, certificatePaid: access.includes('paid') };
  if (access.length > 0)
    return { contentFree: access.every((word) => word === 'paid') ? false : null, certificatePaid: false };
  const v1 = String(attributes.isAccessibleForFree ?? '').toLowerCase();
  return { contentFree: v1 === 'true' ? true : v1 === 'false' ? false : null, certificatePaid: false };
}

/**
 * Omitted means unknown; null or an empty list means that none is awarded (so says the schema). A confirmation of
 * participation is awarded for taking part, so nothing is examined.
 */
function credentialsOf({ educationalCredentialsAwarded }: Attributes): {
  certificate: CourseDraft['certificate']['type'];
  hasExam: boolean | null;
} {
  if (educationalCredentialsAwarded === undefined) return { certificate: 'unknown', hasExam: null };
  const awarded = (educationalCredentialsAwarded ?? []).map((word) => word.toLowerCase());
  if (awarded.length === 0) return { certificate: 'none', hasExam: false };
  if (awarded.includes('record of achievement')) return { certificate: 'record-of-achievement', hasExam: null };
  const isParticipation = awarded.every((word) => word === 'confirmation of participation');
  return { certificate: 'attestation', hasExam: isParticipation ? false : null };
}
