/**
 * The price block of a course: four lines, always in the same order, each in one of the states of product 3.1, and the
 * one sentence a stored access code is shown with. Words are the specification's.
 */
import { type Access, accessOf, isFresh } from '../../eligibility/model.ts';
import { listed, money, shortDate } from '../../platform/web/format.ts';
import { accessFactsOf, type Course, type CourseDraft, type Money } from '../model.ts';
import { type CourseCorrection, type CourseField, correctedBy, correctedNames } from './corrections.ts';

export type PriceState =
  | { readonly kind: 'amount'; readonly price: Money }
  | { readonly kind: 'range'; readonly min: Money; readonly max: Money }
  | { readonly kind: 'free' }
  | { readonly kind: 'included' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown' };

export const priceLineNames = ['course', 'certificate', 'exam'] as const;
export type PriceLineName = (typeof priceLineNames)[number];
/** `Pour vous` is the fourth line: it needs answers, which nobody can give yet. */
export type Prices = Readonly<Record<PriceLineName, PriceState>>;

const unknown: PriceState = { kind: 'unknown' };

export function pricesOf(draft: CourseDraft): Prices {
  return { course: coursePrice(draft), certificate: certificatePrice(draft), exam: examPrice(draft) };
}

function priced(price: Money): PriceState {
  return price.amount === 0 ? { kind: 'free' } : { kind: 'amount', price };
}

function coursePrice(draft: CourseDraft): PriceState {
  const open = draft.sessions.filter((session) => session.state !== 'closed');
  const prices = open.flatMap((session) => session.price ?? draft.price ?? []);
  const [first] = prices;
  if (first !== undefined && prices.every((price) => price.currency === first.currency)) {
    const sorted = [...prices].sort((a, b) => a.amount - b.amount);
    const min = sorted[0] ?? first;
    const max = sorted.at(-1) ?? first;
    if (min.amount !== max.amount) return { kind: 'range', min, max };
    if (draft.price === null && draft.contentFree !== true) return priced(first);
  }
  if (draft.price !== null && draft.price.amount > 0) return priced(draft.price);
  return draft.contentFree === true || draft.price !== null ? { kind: 'free' } : unknown;
}

function certificatePrice({ certificate }: CourseDraft): PriceState {
  if (certificate.type === 'none') return { kind: 'absent' };
  if (certificate.included === true) return { kind: 'included' };
  if (certificate.free === true) return { kind: 'free' };
  return certificate.price === null ? unknown : priced(certificate.price);
}

function examPrice({ exam }: CourseDraft): PriceState {
  if (exam.exists === false) return { kind: 'absent' };
  if (exam.included === true) return { kind: 'included' };
  return exam.price === null ? unknown : priced(exam.price);
}

/** « 1 080 € », « 900 € HT », « de 900 à 1 080 € ». */
export function amountText(state: PriceState & { readonly kind: 'amount' | 'range' }): string {
  const last = state.kind === 'amount' ? state.price : state.max;
  const tax = last.taxIncluded === false ? ' HT' : '';
  if (state.kind === 'amount') return `${money(last)}${tax}`;
  const [from = ''] = money(state.min).split(/\u00a0\D+$/);
  return `de ${from} à ${money(last)}${tax}`;
}

/** What dates the prices of a course: the day its source was read, and what a person wrote over what it says. */
export type PriceDates = Pick<Course, 'harvestedAt' | 'corrections'>;

const priceFields: Readonly<Record<PriceLineName, CourseField>> = {
  course: 'price',
  certificate: 'certificate',
  exam: 'exam',
};

/** Those of the three prices. */
export function priceCorrectionsOf(dates: Pick<Course, 'corrections'>): readonly CourseCorrection[] {
  return priceLineNames.flatMap((name) => priceCorrectionOf(name, dates) ?? []);
}

export function priceCorrectionOf(
  name: PriceLineName,
  { corrections = [] }: Pick<Course, 'corrections'>,
): CourseCorrection | undefined {
  return corrections.find(({ field }) => field === priceFields[name]);
}

const personAndDay = ({ by, at }: CourseCorrection) => `${correctedBy[by]} le ${shortDate(at)}`;

/** « prix du cours et prix du certificat corrigés par l'organisme le 21/11/2026 »; null when nobody corrected a price. */
export function correctedPricesText(dates: Pick<Course, 'corrections'>): string | null {
  const fields = new Map<string, string[]>();
  for (const correction of priceCorrectionsOf(dates)) {
    const said = personAndDay(correction);
    fields.set(said, [...(fields.get(said) ?? []), correctedNames[correction.field]]);
  }
  const texts = [...fields].map(
    ([said, names]) => `${listed(names)} ${names.length > 1 ? 'corrigés' : 'corrigé'} ${said}`,
  );
  return texts.length === 0 ? null : texts.join(', ');
}

/**
 * The whole line, with its date: « 60 €, relevé le 20/11/2026 ». « relevé » is read at the source (T46): what a person wrote
 * is « corrigé par l'organisme le 21/11/2026 ».
 */
export function priceText(name: PriceLineName, state: PriceState, dates: PriceDates, now: Date): string {
  const { harvestedAt } = dates;
  const correction = priceCorrectionOf(name, dates);
  const said = (ending: '' | 'e') =>
    correction === undefined
      ? `relevé${ending} le ${shortDate(harvestedAt)}`
      : `corrigé${ending} ${personAndDay(correction)}`;
  const fresh = isFresh(harvestedAt, now);
  switch (state.kind) {
    case 'amount':
    case 'range':
      return `${amountText(state)}, ${fresh ? said('') : `donnée ancienne : ${said('e')}`}`;
    case 'free':
      return fresh ? `gratuit, ${said('')}` : wasFree(shortDate(correction?.at ?? harvestedAt));
    case 'included':
      return 'compris dans le prix du cours';
    case 'absent':
      return absent[name];
    case 'unknown':
      // The provider may well have given one, which a person took away.
      return correction === undefined
        ? `non communiqué par l'organisme (au ${shortDate(harvestedAt)})`
        : `non communiqué, ${said('')}`;
  }
}

/** The same for a card, where the date stands once for the four. */
export function shortPriceText(name: PriceLineName, state: PriceState, dates: PriceDates, now: Date): string {
  const { harvestedAt } = dates;
  switch (state.kind) {
    case 'amount':
    case 'range':
      return amountText(state);
    case 'free':
      return isFresh(harvestedAt, now)
        ? 'gratuit'
        : `était gratuit le ${shortDate(priceCorrectionOf(name, dates)?.at ?? harvestedAt)}`;
    case 'included':
      return 'compris';
    case 'absent':
      return absent[name];
    case 'unknown':
      return 'non communiqué';
  }
}

const absent: Readonly<Record<PriceLineName, string>> = {
  course: "non communiqué par l'organisme",
  certificate: 'pas de certificat',
  exam: "pas d'examen",
};

function wasFree(date: string): string {
  return `était gratuit le ${date}, à vérifier auprès de l'organisme`;
}

/** The access of a course at this instant: the stored code is renewed daily, a page is truer than that. */
export function accessNow(course: Course, now: Date): Access {
  return accessOf(accessFactsOf(course.draft, { title: course.sourceTitle }, course.harvestedAt), now);
}

/** The sentence any visitor reads for an access code (product 3.1, table of what is stored). */
export function accessText(access: Access, course: Pick<Course, 'draft' | 'corrections'>, now: Date): string {
  const { corrections = [] } = course;
  const date = shortDate(access.date);
  const prices = pricesOf(course.draft);
  const line = (name: PriceLineName) => priceText(name, prices[name], { harvestedAt: access.date, corrections }, now);
  switch (access.code) {
    case 'free-for-all':
      return `gratuit pour tous, ${correctedPricesText(course) ?? `relevé le ${date}`}`;
    case 'funded-for-job-seekers':
      return fundedText(access.source, access.date);
    case 'content-free':
      return `contenu gratuit, ${paidPart(prices, line)}`;
    case 'paid':
      return prices.course.kind === 'amount' || prices.course.kind === 'range'
        ? line('course')
        : `non communiqué par l'organisme (au ${date})`;
    case 'unknown':
      return access.reason === 'too-old' ? wasFree(date) : `non communiqué par l'organisme (au ${date})`;
  }
}

/** What a source declares, never what we promise (J12). */
export function fundedText(source: string, date: Date): string {
  return `Financée pour les demandeurs d'emploi, selon ${source}, au ${shortDate(date)}`;
}

/** Of a course with free content: the certificate is named first, the exam only when the certificate costs nothing. */
function paidPart({ certificate, exam }: Prices, line: (name: PriceLineName) => string): string {
  if (certificate.kind === 'amount') return `certificat payant : ${line('certificate')}`;
  if (certificate.kind === 'unknown') return "certificat : non communiqué par l'organisme";
  const settled = certificate.kind === 'absent' ? 'pas de certificat' : 'certificat compris';
  if (exam.kind === 'amount') return `${settled}, examen payant : ${line('exam')}`;
  return `${settled}, examen : non communiqué par l'organisme`;
}
