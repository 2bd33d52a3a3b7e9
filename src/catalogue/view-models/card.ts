/** A course in a list. */
import { listed } from '../../platform/web/format.ts';
import { courseAddress } from '../model/addresses.ts';
import { type Badge, type Card, type Fact, isStacked, keepOf, type PriceCell } from '../model/card.ts';
import { zeroPossibleNow } from '../model/cpf.ts';
import { cpfBadge, zeroText } from '../model/cpf-words.ts';
import { pricesFreshness, silentSince } from '../model/freshness.ts';
import { accessNow, accessText, fundedText, priceLineNames, pricesOf, shortPriceText } from '../model/prices.ts';
import { inOrder, paceText } from '../model/sessions.ts';
import type { Course } from '../model.ts';
import { otherOfferNotes } from './offers.ts';
import { type BandTitles, effortText, languagesText, levelName, modalityText } from './words.ts';

export const priceLabels = { course: 'Cours', certificate: 'Certificat', exam: 'Examen' } as const;

export interface CardContext {
  readonly now: Date;
  readonly bands: BandTitles;
  readonly failing: ReadonlyMap<string, Date>;
  /** The other offers of those that stand for several, by id. */
  readonly otherOffers?: ReadonlyMap<string, readonly Course[]>;
  /** The fourth price by id, and the answers that it was calculated with: the page of the course keeps them. */
  readonly forYou?: ReadonlyMap<string, string>;
  readonly answers?: string;
}

export function courseCard(course: Course, context: CardContext): Card {
  const { now, bands, failing, otherOffers, forYou, answers = '' } = context;
  const { draft, alignment, harvestedAt } = course;
  const silent = failing.get(course.sourceId);
  const prices = priceCells(course, now, forYou?.get(course.id));
  const zero = zeroPossibleNow(course, now);
  return {
    title: draft.title,
    href: answers === '' ? courseAddress(course.slug) : `${courseAddress(course.slug)}?r=${answers}`,
    who: draft.provider.name,
    badge: accessBadge(course, now),
    cpf: cpfBadge(course.cpf),
    facts: factsOf(course, now, bands),
    prices,
    stacked: isStacked(prices),
    funding: draft.fundedForJobSeekers === null ? null : fundedText(course.sourceTitle, harvestedAt),
    zero: zero === null ? null : zeroText(zero),
    freshness: [pricesFreshness(course, now), ...(silent === undefined ? [] : [silentSince(silent)])].join(' ; '),
    notes: [
      ...otherOfferNotes(otherOffers?.get(course.id) ?? [], now),
      ...(alignment.digital === null ? ['Sujet numérique à vérifier'] : []),
      ...(course.demo ? ['Cours de démonstration'] : []),
    ],
    keep: keepOf('cours', course.id, draft.title, courseAddress(course.slug)),
  };
}

/** The state worth seeing first: free for all, or free content. Prices and unknowns are in the block below. */
function accessBadge(course: Course, now: Date): Badge | null {
  const access = accessNow(course, now);
  const text = accessText(access, course, now);
  if (access.code === 'free-for-all') return { tone: 'ok', icon: 'coche', text };
  return access.code === 'content-free' ? { tone: 'info', icon: 'info', text } : null;
}

function priceCells(course: Course, now: Date, forYou = 'à calculer'): readonly PriceCell[] {
  const prices = pricesOf(course.draft);
  return [
    ...priceLineNames.map((name) => ({
      label: priceLabels[name],
      text: shortPriceText(name, prices[name], course, now),
      mine: false,
    })),
    { label: 'Pour vous', text: forYou, mine: true },
  ];
}

function factsOf({ draft, alignment }: Course, now: Date, bands: BandTitles): readonly Fact[] {
  const [best] = inOrder(draft.sessions, now);
  const pace = best === undefined ? null : paceText(best);
  const effort = [effortText(draft) ?? 'durée non communiquée', ...(pace === 'à votre rythme' ? [pace] : [])];
  const modality = modalityText(draft.modality);
  const codes = alignment.certifications.map(({ code }) => code);
  return [
    ...(codes.length === 0 ? [] : [{ icon: 'certificat', text: `Prépare ${listed(codes.slice(0, 3))}` }]),
    { icon: 'horloge', text: effort.join(', ') },
    ...(modality === null ? [] : [modality]),
    ...(alignment.level === null ? [] : [{ icon: 'niveau', text: levelName(alignment.level, bands) }]),
    ...(pace === null || pace === 'à votre rythme' ? [] : [{ icon: 'agenda', text: pace }]),
    ...(draft.languages.length === 0 || draft.languages.includes('fr')
      ? []
      : [{ icon: 'langue', text: languagesText(draft.languages) }]),
  ];
}
