/**
 * From a course to the dossier that the rules judge: pure, amounts in euros, names of the law. What is unknown is null and
 * stays so: no certification said is not « none », a missing price is not 0, an old 0 is not a price.
 */
import { daysBetween, type IsoDate } from '../../eligibility/model/dates.ts';
import type { DossierInput } from '../../eligibility/model/dossier.ts';
import { freshDays } from '../../eligibility/model.ts';
import type { Habilitation, RegisterRecord } from '../../framework/registry/model.ts';
import { isoDay } from '../../platform/web/format.ts';
import type { Course, CourseDraft } from '../model.ts';
import { type PriceState, type Prices, pricesOf } from './prices.ts';
import { type ProviderFacts, proofOn, provenOn } from './provider-facts.ts';

/** What the dossier of a course reads of it. */
export type FundedCourse = Pick<Course, 'draft' | 'alignment' | 'harvestedAt'>;

/** What others know of a course on a day; every null is unknown. Made by `use-cases/funding.ts`. */
export interface FundingFacts {
  /** The certification judged, as `certificationTaken` chose it; null: the course names none that can be read. */
  readonly code: string | null;
  /** The record of `code`; null: the register does not hold it. */
  readonly certification: RegisterRecord | null;
  readonly habilitation: Habilitation | null;
  /** On Mon Compte Formation. */
  readonly offer: boolean | null;
  readonly provider: ProviderFacts | null;
}

export interface DossierQuestion {
  /** The day that the person commits. */
  readonly date: IsoDate;
  /** null, or left out: nobody was asked. */
  readonly personne?: DossierInput['personne'];
  /** Left out: none. */
  readonly cofinancements?: DossierInput['cofinancements'];
}

const block = /^RNCP[1-9]\d{0,5}BC\d{2}$/;

/** Codes that the course says it prepares, in the order of its source; blocks of a certification included. */
export function preparedCodes({ draft, alignment }: Pick<Course, 'draft' | 'alignment'>): readonly string[] {
  const blocks = draft.certifications.flatMap(({ code }) => (block.test(code) ? [code] : []));
  return [...new Set([...alignment.certifications.map(({ code }) => code), ...blocks])];
}

/** The record that a block belongs to, else the code itself: `RNCP37674` of `RNCP37674BC01`. */
export function recordCodeOf(code: string): string {
  return code.replace(/BC\d{2}$/, '');
}

type Candidate = Pick<FundingFacts, 'certification' | 'habilitation' | 'offer'> & { readonly code: string };

/** 0: known to allow; 1: not known; 2: known to refuse. */
function standing({ certification, habilitation, offer }: Candidate, date: IsoDate): number {
  const end = certification?.endOfRegistration ?? null;
  const active = end === null ? (certification?.active ?? null) : end >= date;
  const trains = habilitation === null ? null : habilitation !== 'aucune' && habilitation !== 'organiser';
  const facts = [active, trains, offer];
  if (facts.includes(false)) return 2;
  return facts.includes(null) ? 1 : 0;
}

/**
 * One dossier has one certification. Of several, the first of the source's order that the account can pay as far as is
 * known; else the first of which something is unknown; else the first: so a course is refused only when each of them is.
 */
export function certificationTaken<One extends Candidate>(candidates: readonly One[], date: IsoDate): One | null {
  return candidates.reduce<One | null>(
    (best, one) => (best === null || standing(one, date) < standing(best, date) ? one : best),
    null,
  );
}

/** Certificates that a school awards by itself: with no code beside, the course is known to prepare none of the registers. */
const ofTheSchool: readonly string[] = ['none', 'attestation', 'record-of-achievement'];

/** A course that says nothing of a certification, or a paid certificate without its number, is asked for it, not refused. */
function actionTypeOf({ draft }: FundedCourse, code: string | null): 'certification' | 'bloc' | 'sans_certification' {
  if (code !== null) return block.test(code) ? 'bloc' : 'certification';
  const none = draft.certifications.length === 0 && ofTheSchool.includes(draft.certificate.type);
  return none ? 'sans_certification' : 'certification';
}

/** A title that speaks of CléA: whether it is the one that F-02 exempts is not for us to guess. */
const maybeClea = /cl[ée]a|socle de connaissances/i;

function certificationOf({ draft }: FundedCourse, { code, certification }: FundingFacts) {
  if (code !== null) return registered(code, certification);
  // A number that cannot be read is a certification without its code; nothing said is no certification known.
  const named = draft.certifications.length > 0 || draft.certificate.type === 'registered';
  return named ? { code: null } : null;
}

function registered(code: string, record: RegisterRecord | null) {
  return {
    code,
    active: record?.active ?? null,
    finEnregistrement: record?.endOfRegistration ?? null,
    clea: code.startsWith('RNCP') ? false : record === null || maybeClea.test(record.title) ? null : false,
  };
}

const included = new Set<PriceState['kind']>(['included', 'absent']);

/**
 * Cents of one line; null when unknown. A range depends on the session, an amount without taxes or in another currency is
 * no price in euros all taxes included, and a 0 counts for 30 days after it was read (T1). A price shown to the public is
 * with taxes unless its source says otherwise.
 */
function centsOf(state: PriceState, fresh: boolean): number | null {
  if (included.has(state.kind)) return 0;
  if (state.kind === 'free') return fresh ? 0 : null;
  if (state.kind !== 'amount') return null;
  const { amount, currency, taxIncluded } = state.price;
  return currency === 'EUR' && taxIncluded !== false ? amount : null;
}

function isFreshOn(course: Pick<Course, 'harvestedAt'>, date: IsoDate): boolean {
  return daysBetween(isoDay(course.harvestedAt), date) <= freshDays;
}

/** Cents: course, certificate and exam together; null when one of them is unknown on that day (T2, Z15). */
export function fullPriceOf(course: Pick<Course, 'draft' | 'harvestedAt'>, date: IsoDate): number | null {
  const fresh = isFreshOn(course, date);
  const prices = pricesOf(course.draft);
  const lines = [prices.course, prices.certificate, prices.exam].map((state) => centsOf(state, fresh));
  return lines.reduce<number | null>((sum, cents) => (sum === null || cents === null ? null : sum + cents), 0);
}

function contentFreeOf(course: FundedCourse, prices: Prices, date: IsoDate): boolean | null {
  switch (prices.course.kind) {
    case 'free':
      return isFreshOn(course, date) ? true : null;
    case 'amount':
    case 'range':
      return false;
    default:
      return course.draft.contentFree === false ? false : null;
  }
}

/** Only what was proven decides; the number is the source's own word, and « no subcontracting » can only be a statement. */
function providerOf(
  { siret, activityNumber }: Pick<CourseDraft['provider'], 'siret' | 'activityNumber'>,
  facts: FundingFacts,
  date: IsoDate,
): DossierInput['organisme'] {
  const { provider, habilitation, offer } = facts;
  if (provider === null && siret === null && activityNumber === null && habilitation === null && offer === null)
    return null;
  const qualiopi = qualiopiOn(provider, date);
  const subcontracting = provider?.subcontracting ?? null;
  const says = proofOn(subcontracting, date) === 'expired' ? null : (subcontracting?.value ?? null);
  return {
    nda: provider?.activityNumber?.value ?? activityNumber,
    ndaValide: provenOn(provider?.declarationValid ?? null, date),
    qualiopi,
    habilitation,
    offreEdof: offer,
    dereference: provenOn(provider?.delisted ?? null, date),
    // An object with nothing known: the rule asks for the date of the contract first.
    sousTraitance: says === null ? 'inconnu' : says ? {} : null,
  };
}

/** The certificate's own days decide; once over, it may have been renewed unless somebody looked after its end. */
function qualiopiOn(provider: ProviderFacts | null, date: IsoDate) {
  const fact = provider?.qualiopi ?? null;
  if (fact === null || fact.proof !== 'verified') return null;
  const { categories, from, to } = fact.value;
  if (to !== null && to < date && fact.date <= to) return null;
  if (to === null && provenOn(fact, date) === null) return null;
  return { categories: [...categories], du: from, au: to };
}

/** Ready for `readDossier`: a course as it was read, judged on `date`. */
export function dossierOf(course: FundedCourse, facts: FundingFacts, question: DossierQuestion): DossierInput {
  const { date, personne = null, cofinancements = [] } = question;
  const { draft } = course;
  const type = actionTypeOf(course, facts.code);
  const cents = fullPriceOf(course, date);
  return {
    date,
    personne,
    action: {
      type,
      certification: type === 'sans_certification' ? null : certificationOf(course, facts),
      prix: cents === null ? null : cents / 100,
      contenuGratuit: contentFreeOf(course, pricesOf(draft), date),
      heuresAccompagnement: draft.totalHours,
    },
    organisme: providerOf(draft.provider, facts, date),
    cofinancements,
  };
}

/** A certification, or a block of one, that a school would give, without a course; a null is a side that nobody named. */
export interface NamedOffer {
  readonly code: string | null;
  readonly siret: string | null;
  readonly activityNumber: string | null;
  /** Euros, all included; null: not known. */
  readonly price: number | null;
}

/** As `dossierOf`, with the facts of `manyFacts`. */
export function offerDossierOf(offer: NamedOffer, facts: FundingFacts, question: DossierQuestion): DossierInput {
  const { date, personne = null, cofinancements = [] } = question;
  const { code, price } = offer;
  return {
    date,
    personne,
    action: {
      type: code !== null && block.test(code) ? 'bloc' : 'certification',
      certification: code === null ? null : registered(code, facts.certification),
      prix: price,
    },
    organisme: providerOf(offer, facts, date),
    cofinancements,
  };
}
