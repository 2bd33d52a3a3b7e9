/** One course with several offers: the choice on its page, and what its card says of the others. */
import { count, french, longDate } from '../../platform/web/format.ts';
import { offerAddress } from '../model/addresses.ts';
import type { CoursePage } from '../model/pages.ts';
import { pricesOf, priceText } from '../model/prices.ts';
import { enrolmentText, inOrder, isSelfPaced, paceText } from '../model/sessions.ts';
import { catalogueOf, withdrawalMotive } from '../model/source-words.ts';
import type { Course } from '../model.ts';

export interface OffersModel {
  readonly intro: string;
  readonly rows: readonly {
    readonly provider: string;
    readonly source: string;
    readonly price: string;
    readonly certificate: string;
    readonly dates: string;
    /** null for the one that the page shows. */
    readonly href: string | null;
  }[];
}

/** @returns null for a course with one offer */
export function offersModel({ course, offers }: CoursePage & { kind: 'course' }, now: Date): OffersModel | null {
  const [card] = offers;
  if (card === undefined || offers.length < 2) return null;
  return {
    intro: french(
      `${count(offers.length, 'offre')} de ce cours, de plusieurs catalogues. Comparez l'organisme, le prix et les dates. Cette page montre l'offre de ${course.draft.provider.name}, ${catalogueOf(course.sourceTitle)}.`,
    ),
    rows: offers.map((offer) => {
      const prices = pricesOf(offer.draft);
      const text = (name: 'course' | 'certificate') => french(priceText(name, prices[name], offer, now));
      return {
        provider: offer.draft.provider.name,
        source: french(catalogueOf(offer.sourceTitle).replace(/^c/, 'C')),
        price: text('course'),
        certificate: text('certificate'),
        dates: datesText(offer, now),
        href: offer.id === course.id ? null : offerAddress(card.slug, offer.id),
      };
    }),
  };
}

/** « Inscriptions ouvertes », with the start when there is one. */
function datesText({ draft }: Course, now: Date): string {
  const [best] = inOrder(draft.sessions, now);
  const pace = best === undefined || isSelfPaced(best) ? null : paceText(best);
  const enrolment = enrolmentText(draft.sessions, now).text;
  return french(pace === null || enrolment.includes(pace) ? enrolment : `${enrolment}, ${pace}`);
}

/** What a reader who followed a link to an offer is told when it has ended. */
export function goneOfferText(offer: Course): string {
  const since = offer.withdrawn === null ? '' : ` depuis le ${longDate(offer.withdrawn.at)}`;
  return `${offer.draft.provider.name} ne propose plus ce cours${since}. Raison : ${withdrawalMotive(offer)}. Voici une autre offre.`;
}

const namedOffers = 2;

/** Each of the other offers with its price and date, so that a card found by one of them tells which. */
export function otherOfferNotes(others: readonly Course[], now: Date): string[] {
  const notes = others.slice(0, namedOffers).map((offer) => {
    const prices = pricesOf(offer.draft);
    const text = (name: 'course' | 'certificate') => priceText(name, prices[name], offer, now);
    return `Aussi proposé par ${offer.draft.provider.name}. Cours : ${text('course')}. Certificat : ${text('certificate')}.`;
  });
  const more = others.length - namedOffers;
  return (more > 0 ? [...notes, `Et ${count(more, 'autre offre', 'autres offres')}.`] : notes).map(french);
}
