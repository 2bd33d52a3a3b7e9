import type { AnyConnector, CourseDraft, Normalised, Problem } from '../../src/harvest/connector.ts';
import { parseActivityNumber, parseCertification, parseSiret, subjectCode } from '../../src/harvest/parse/codes.ts';
import { instantOf, sessionDates } from '../../src/harvest/parse/dates.ts';
import { parseEffort } from '../../src/harvest/parse/effort.ts';
import { cleanHtml, plainText } from '../../src/harvest/parse/html.ts';
import { languageTags } from '../../src/harvest/parse/languages.ts';
import { parsePrice } from '../../src/harvest/parse/prices.ts';
import {
  badField,
  fieldTooLong,
  invalidActivityNumber,
  invalidSiret,
  missingField,
  refusedUrl,
  reversedDates,
  unknownLanguage,
  unreadableDate,
  unreadableDuration,
  unreadablePrice,
} from '../../src/harvest/parse/problems.ts';
import { parseUrl, urlOrNull } from '../../src/harvest/parse/urls.ts';
import {
  type Offer,
  type OfferPlace,
  offerOfAction,
  offerOfLaBonneFormation,
  offerOfSummary,
  type Said,
} from './offer.ts';
import type { LheoRecord } from './record.ts';
import { levels, modalities, recruitmentStates } from './tables.ts';

/** The fields of the three shapes, as problems name them. */
export const corrects: NonNullable<AnyConnector['corrects']> = {
  'intitule-formation': 'title',
  intitule: 'title',
  'objectif-formation + contenu-formation': 'description',
  'url-session': 'url',
  'url-action': 'url',
  'url-formation': 'url',
  'coordonnees-organisme/coordonnees/web/urlweb': 'url',
  'resume-offre/@href': 'url',
  'resume-offre/@file': 'url',
  'organisme.contact.url': 'url',
  'nom-organisme': 'provider',
  'organisme.nom': 'provider',
  'SIRET-organisme-formation/SIRET': 'siret',
  SIRET: 'siret',
  'organisme.siret': 'siret',
  'numero-activite': 'activityNumber',
  'prix-total-TTC': 'price',
  'certification/code-RNCP': 'certifications',
  'certification/code-RS': 'certifications',
  'code-rncp': 'certifications',
  'session/periode/debut': 'sessions',
  'session/periode/fin': 'sessions',
  'session/periode-inscription/periode/debut': 'sessions',
  'session/periode-inscription/periode/fin': 'sessions',
  'sessions.debut': 'sessions',
  'sessions.fin': 'sessions',
  'langue-formation': 'languages',
  'nombre-heures-total': 'hours',
  'nombre-heures-centre': 'hours',
  'nombre-heures-entreprise': 'hours',
  'sessions.nombre-heures-total': 'hours',
  'duree-indicative': 'weeks',
  'conditions-specifiques': 'prerequisites',
  equipement: 'equipment',
  'acces-handicapes': 'accessibility',
};

const maxDescription = 60_000;
const maxSessions = 500;

/** One offer of training becomes one course. */
export function normalise(record: LheoRecord): Normalised {
  switch (record.shape) {
    case 'action':
      if (record.action === null) return { kind: 'rejected', problems: [missingField('action')] };
      return courseOf(offerOfAction(record.formation, record.action));
    case 'summary':
      return courseOf(offerOfSummary(record.offer));
    case 'labonneformation':
      return courseOf(offerOfLaBonneFormation(record.document));
  }
}

/** What was found wrong while one offer is read: `errors` quarantine it, `warnings` do not. */
interface Findings {
  readonly errors: Problem[];
  readonly warnings: Problem[];
}

function courseOf(offer: Offer): Normalised {
  const findings: Findings = { errors: [], warnings: [] };
  for (const { field, value } of offer.ids) if (value === '') findings.errors.push(missingField(field));
  const price = priceOf(offer.price, findings);
  const languages = languagesOf(offer, findings);
  const title = required(offer.title, 500, findings);
  const { description, descriptionHtml } = descriptionOf(offer, findings);
  const url = urlOf(offer, findings);
  const provider = providerOf(offer, findings);
  const effort = effortOf(offer, findings);
  const sessions = sessionsOf(offer, findings);
  const certifications = certificationsOf(offer, findings);
  const isRegistered = certifications.some(({ kind }) => kind === 'RNCP' || kind === 'RS');
  // Without a price there is nothing to be part of.
  const included = offer.feesIncluded && price !== null ? true : null;
  const course: CourseDraft = {
    title,
    description,
    descriptionHtml,
    url,
    languages,
    provider,
    level: levels.get(offer.levelCode) ?? { label: null, eqf: null },
    effortMinutesPerWeek: effort.effortMinutesPerWeek,
    durationWeeks: effort.durationWeeks,
    totalHours: effort.totalHours,
    effortText: effort.effortText,
    durationText: effort.durationText,
    sessions,
    contentFree: price === null ? null : price.amount === 0,
    fundedForJobSeekers: fundingOf(offer),
    price,
    exam: { exists: null, included, price: null },
    certificate: { type: isRegistered ? 'registered' : 'unknown', free: null, included, price: null },
    certifications,
    subjects: offer.subjects.flatMap(({ scheme, code }) => {
      const known = subjectCode(scheme, code);
      return known === null ? [] : [{ scheme, code: known, label: null }];
    }),
    competences: [],
    objectives: [],
    prerequisites: longText('conditions-specifiques', offer.prerequisites, findings),
    equipment: longText('equipement', offer.equipment, findings),
    assessment: null,
    modality: modalities.get(offer.modality) ?? 'unknown',
    accessibility: accessibilityOf(offer, findings),
    licence: null,
    image: null,
    sourceUpdatedAt: instantOf(offer.updated),
  };
  if (findings.errors.length > 0) return { kind: 'rejected', problems: findings.errors, draft: course };
  const warnings = findings.warnings.length === 0 ? {} : { warnings: findings.warnings };
  return { kind: 'course', course, ...warnings };
}

function required({ field, value }: Said, max: number, findings: Findings): string {
  const text = plainText(value);
  if (text === '') findings.errors.push(missingField(field));
  if (text.length > max) findings.errors.push(fieldTooLong(field, text, max));
  return text;
}

function longText(field: string, value: string, findings: Findings): string | null {
  const { text } = cleanHtml(value);
  if (text.length > 5_000) findings.errors.push(fieldTooLong(field, text, 5_000));
  return text === '' ? null : text;
}

/** Aim, then content; each is HTML or plain text. */
function descriptionOf(offer: Offer, findings: Findings) {
  const parts = offer.descriptions.map(cleanHtml).filter(({ text }) => text !== '');
  const description = parts.map(({ text }) => text).join('\n\n');
  const descriptionHtml = parts.map(({ html }) => (html.startsWith('<') ? html : `<p>${html}</p>`)).join('\n');
  if (descriptionHtml.length > maxDescription) {
    findings.errors.push(fieldTooLong('objectif-formation + contenu-formation', descriptionHtml, maxDescription));
  }
  return { description, descriptionHtml };
}

function urlOf(offer: Offer, findings: Findings): string {
  for (const { field, value } of offer.urls) {
    const parsed = parseUrl(value);
    if (parsed.kind === 'url') return parsed.url;
    if (parsed.kind === 'refused') {
      findings.errors.push(refusedUrl(field, value));
      return '';
    }
  }
  findings.errors.push(missingField(offer.urls.find(({ field }) => field !== '')?.field ?? 'url-action'));
  return '';
}

function providerOf(offer: Offer, findings: Findings): CourseDraft['provider'] {
  const { name, url, siret, activityNumber } = offer.provider;
  const company = parseSiret(siret.value);
  if (company.kind === 'refused') findings.errors.push(invalidSiret(siret.field, siret.value, company.cause));
  const declared = parseActivityNumber(activityNumber.value);
  if (declared.kind === 'refused') {
    findings.errors.push(invalidActivityNumber(activityNumber.field, activityNumber.value));
  }
  return {
    name: required(name, 300, findings),
    url: urlOrNull(url),
    siret: company.kind === 'siret' ? company.siret : null,
    activityNumber: declared.kind === 'number' ? declared.number : null,
  };
}

/** LHÉO describes the French offer: an action that names no language is taught in French. */
function languagesOf(offer: Offer, findings: Findings): string[] {
  if (offer.languages.length === 0) return ['fr'];
  const { tags, unknown } = languageTags(offer.languages);
  for (const value of unknown) findings.warnings.push(unknownLanguage('langue-formation', value));
  return tags;
}

function effortOf(offer: Offer, findings: Findings) {
  const length = parseEffort(offer.duration.value);
  if (length === null && offer.duration.value !== '') {
    findings.warnings.push(unreadableDuration(offer.duration.field, offer.duration.value));
  }
  const hoursPerWeek = numberOf(offer.hoursPerWeek);
  const fromLength = length?.minutes === null || length === null ? null : length.minutes / 60;
  return {
    effortMinutesPerWeek: hoursPerWeek === null || hoursPerWeek > 168 ? null : hoursPerWeek * 60,
    durationWeeks: length?.weeks ?? null,
    totalHours: totalHoursOf(offer, findings) ?? fromLength,
    effortText: textOrNull(offer.pace),
    durationText: length === null ? textOrNull(offer.duration.value) : null,
  };
}

/** The first alternative of which something is said. */
function totalHoursOf(offer: Offer, findings: Findings): number | null {
  for (const parts of offer.hours) {
    const spoken = parts.filter(({ value }) => value !== '' && !/^0+$/.test(value));
    if (spoken.length === 0) continue;
    const hours = spoken.map(({ value }) => numberOf(value));
    const total = hours.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0);
    if (total > 0 && total <= 20_000) return Math.round(total * 100) / 100;
    for (const { field, value } of spoken) findings.warnings.push(unreadableDuration(field, value));
    return null;
  }
  return null;
}

/** A positive number with a point or a comma; null for anything else. */
function numberOf(text: string): number | null {
  if (!/^\d{1,6}(?:[.,]\d{1,2})?$/.test(text)) return null;
  const value = Number(text.replace(',', '.'));
  return value > 0 ? value : null;
}

function textOrNull(value: string): string | null {
  const text = plainText(value).slice(0, 500);
  return text === '' ? null : text;
}

function priceOf({ field, value }: Said, findings: Findings): CourseDraft['price'] {
  const parsed = parsePrice(value);
  if (parsed.kind === 'unreadable') findings.errors.push(unreadablePrice(field, value));
  return parsed.kind === 'price' ? { amount: parsed.cents, currency: 'EUR', taxIncluded: true } : null;
}

/**
 * An action bought by a public funder (`conventionnement` 1) that leaves nothing to pay. It is a declaration, kept in the
 * source's words: whether a person is entitled to it is not said here, and the course is not free for that.
 */
function fundingOf({ funding }: Offer): CourseDraft['fundedForJobSeekers'] {
  const left = parsePrice(funding.leftToPay);
  if (!funding.isAgreed || left.kind !== 'price' || left.cents !== 0) return null;
  const words = plainText(funding.words) || `Action conventionnée, frais restants : ${plainText(funding.leftToPay)}`;
  return { text: words.slice(0, 1_000) };
}

function certificationsOf(offer: Offer, findings: Findings): CourseDraft['certifications'] {
  const certifications = new Map<string, CourseDraft['certifications'][number]>();
  for (const { kind, code } of offer.certifications) {
    if (kind === 'CPF' || kind === 'CERTIFINFO') {
      if (/^[A-Za-z0-9]{1,40}$/.test(code.value) && !/^0+$/.test(code.value)) {
        certifications.set(`${kind} ${code.value}`, { kind, code: code.value });
      }
      continue;
    }
    const parsed = parseCertification(code.value, kind);
    if (parsed.kind === 'code') certifications.set(parsed.certification.code, parsed.certification);
    else if (parsed.kind !== 'unknown') findings.errors.push(badField(code.field, code.value, `un code ${kind}`));
  }
  return [...certifications.values()];
}

function sessionsOf(offer: Offer, findings: Findings): CourseDraft['sessions'] {
  if (offer.sessions.length > maxSessions) {
    findings.errors.push(badField('session', offer.sessions.length, `${maxSessions} sessions au plus`));
    return [];
  }
  const always = offer.isAlwaysOpen ? 'open' : 'unknown';
  const sessions = offer.sessions.map((session): CourseDraft['sessions'][number] => {
    const said = {
      start: session.start,
      end: session.end,
      enrolmentStart: session.enrolmentStart,
      enrolmentEnd: session.enrolmentEnd,
    };
    const { dates, unreadable, reversed } = sessionDates({
      start: said.start.value,
      end: said.end.value,
      enrolmentStart: said.enrolmentStart.value,
      enrolmentEnd: said.enrolmentEnd.value,
    });
    for (const name of unreadable) findings.errors.push(unreadableDate(said[name].field, said[name].value));
    for (const { field, start, end } of reversed) findings.warnings.push(reversedDates(said[field].field, start, end));
    return {
      id: session.id === '' ? null : session.id.slice(0, 200),
      ...dates,
      state: recruitmentStates.get(session.recruitment) ?? always,
      location: locationOf(session.place),
      price: null,
      languages: [],
    };
  });
  if (sessions.length > 0 || !offer.isAlwaysOpen) return sessions;
  const dates = { start: null, end: null, enrolmentStart: null, enrolmentEnd: null, datePrecision: 'none' as const };
  return [{ id: null, ...dates, state: 'open', location: null, price: null, languages: [] }];
}

function locationOf(place: OfferPlace | undefined): CourseDraft['sessions'][number]['location'] {
  if (place === undefined) return null;
  const location = {
    name: plainText(place.name).slice(0, 300) || null,
    postalCode: /^[0-9A-Za-z -]{2,10}$/.test(place.postalCode) ? place.postalCode : null,
    city: plainText(place.city).slice(0, 200) || null,
    lat: degrees(place.latitude, 90),
    lon: degrees(place.longitude, 180),
  };
  return Object.values(location).every((value) => value === null) ? null : location;
}

function degrees(text: string, max: number): number | null {
  if (!/^-?\d{1,3}(?:[.,]\d+)?$/.test(text)) return null;
  const value = Number(text.replace(',', '.'));
  return Math.abs(value) <= max ? value : null;
}

function accessibilityOf(offer: Offer, findings: Findings): CourseDraft['accessibility'] {
  const text = longText('acces-handicapes', offer.accessibility, findings);
  return text === null ? null : { accessModes: [], text };
}
