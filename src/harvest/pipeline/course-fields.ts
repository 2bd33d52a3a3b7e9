/**
 * The correctable fields of the common course record as texts: how each is shown in a form, and how what a person types is
 * read. `write` then `read` gives the canonical text, the only one that is kept and compared.
 */

import type { CourseField } from '../../catalogue/model/corrections.ts';
import type { CourseDraft, Money, Session } from '../../catalogue/model.ts';
import { parseActivityNumber, parseCertification, parseSiret } from '../parse/codes.ts';
import { parseDate, sessionDates } from '../parse/dates.ts';
import { cleanHtml } from '../parse/html.ts';
import { languageTags } from '../parse/languages.ts';
import { parsePrice } from '../parse/prices.ts';
import { parseUrl } from '../parse/urls.ts';

/** What is typed cannot be read: a French sentence that says what to write. */
export class FieldRefusal extends Error {}

interface FieldText {
  read(draft: CourseDraft): string;
  /** @throws FieldRefusal */
  write(draft: CourseDraft, text: string): CourseDraft;
}

const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ');
const lines = (text: string) => text.replace(/\r\n?/g, '\n').trim();

function required(text: string, what: string, max: number): string {
  const line = oneLine(text);
  if (line === '') throw new FieldRefusal(`Écrivez ${what} : une fiche ne peut pas être publiée sans.`);
  if (line.length > max) throw new FieldRefusal(`Écrivez ${max} caractères au plus : il y en a ${line.length}.`);
  return line;
}

function longText(name: 'prerequisites' | 'equipment' | 'assessment'): FieldText {
  return {
    read: (draft) => lines(draft[name] ?? ''),
    write: (draft, text) => ({ ...draft, [name]: bounded(text, 5_000) || null }),
  };
}

function bounded(text: string, max: number): string {
  const written = lines(text);
  if (written.length <= max) return written;
  throw new FieldRefusal(`Écrivez ${max} caractères au plus : il y en a ${written.length}.`);
}

function positive(
  name: 'totalHours' | 'durationWeeks' | 'effortMinutesPerWeek',
  max: number,
  unit: string,
  times = 1,
): FieldText {
  return {
    read: (draft) => {
      const value = draft[name];
      return value === null ? '' : String(Math.round((value / times) * 100) / 100).replace('.', ',');
    },
    write: (draft, text) => {
      const typed = oneLine(text);
      if (typed === '') return { ...draft, [name]: null };
      const value = /^\d{1,6}(?:[.,]\d{1,2})?$/.test(typed) ? Number(typed.replace(',', '.')) : 0;
      if (value > 0 && value <= max) return { ...draft, [name]: value * times };
      throw new FieldRefusal(`Écrivez un nombre de ${unit} entre 1 et ${max}, par exemple 12 ou 1,5.`);
    },
  };
}

/** « 1080 », « 1080,50 », « 60 USD ». */
function moneyText(price: Money): string {
  const cents = price.amount % 100;
  const amount = `${Math.floor(price.amount / 100)}${cents === 0 ? '' : `,${String(cents).padStart(2, '0')}`}`;
  return price.currency === 'EUR' ? amount : `${amount} ${price.currency}`;
}

function moneyOf(text: string): Money | null {
  const typed = oneLine(text);
  if (typed === '') return null;
  const foreign = /^(.+?) ?([A-Z]{3})$/.exec(typed);
  const isEuro = foreign === null || foreign[2] === 'EUR' || foreign[2] === 'TTC';
  const parsed = parsePrice(isEuro ? typed : foreign[1]);
  if (parsed.kind !== 'price') throw new FieldRefusal('Écrivez un nombre en euros, par exemple 1080 ou 1080,50.');
  return { amount: parsed.cents, currency: isEuro ? 'EUR' : (foreign[2] ?? 'EUR'), taxIncluded: true };
}

/** One price for all sessions is a price of the course. */
function coursePrice(draft: CourseDraft): Money | null {
  if (draft.price !== null) return draft.price;
  const [first] = draft.sessions;
  if (first === undefined || first.price === null) return null;
  const text = moneyText(first.price);
  return draft.sessions.every(({ price }) => price !== null && moneyText(price) === text) ? first.price : null;
}

/** The day as the source wrote it: an instant of a connector has the offset of Paris, or the one of its source. */
function dayText(instant: string | null): string {
  if (instant === null) return '?';
  const [year, month, day] = instant.slice(0, 10).split('-');
  return `${day}/${month}/${year}`;
}

function sessionText({ start, end }: Session): string {
  return `${dayText(start)} - ${dayText(end)}`;
}

const newSession: Session = {
  id: null,
  start: null,
  end: null,
  enrolmentStart: null,
  enrolmentEnd: null,
  datePrecision: 'none',
  state: 'unknown',
  location: null,
  price: null,
  languages: [],
};

/** The sessions that keep their dates stay as they are; another date changes the dates alone. */
function sessionOf(line: string, before: Session | undefined): Session {
  const [from = '', to = '', ...more] = line.split(/\s+-\s+|\s*→\s*|\s+au\s+/).map((side) => side.trim());
  const sides = { start: from === '?' ? '' : from, end: to === '?' ? '' : to };
  const isRead = (side: string) => side === '' || parseDate(side).kind === 'date';
  if (more.length > 0 || !isRead(sides.start) || !isRead(sides.end)) {
    throw new FieldRefusal(
      `Nous ne pouvons pas lire « ${line.slice(0, 60)} ». Écrivez 12/01/2027 - 20/03/2027, et ? pour une date inconnue.`,
    );
  }
  const { dates, reversed } = sessionDates(sides);
  if (reversed.length > 0) throw new FieldRefusal(`La fin précède le début : « ${line.slice(0, 60)} ».`);
  const { start, end, datePrecision } = dates;
  const written: Session = { ...(before ?? newSession), start, end, datePrecision };
  return before !== undefined && sessionText(before) === sessionText(written) ? before : written;
}

const mostSessions = 500;
const registerCode = /^RNCP[1-9]\d{0,5}BC\d{2}$/i;

function certificationOf(text: string): CourseDraft['certifications'][number] {
  if (registerCode.test(text)) return { kind: 'RNCP', code: text.toUpperCase() };
  const parsed = parseCertification(text);
  if (parsed.kind === 'ambiguous') throw new FieldRefusal(`${text} : précisez RNCP ou RS.`);
  if (parsed.kind === 'code') return parsed.certification;
  throw new FieldRefusal(`« ${text.slice(0, 60)} » n'est pas un code. Écrivez par exemple RNCP37674 ou RS6604.`);
}

const isRegistered = ({ kind }: CourseDraft['certifications'][number]) => kind === 'RNCP' || kind === 'RS';

/** Paragraphs of plain text, as HTML. */
function htmlOf(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const paragraphs = escaped.split(/\n{2,}/).map((part) => `<p>${part.replace(/\n/g, '<br>')}</p>`);
  return text === '' ? '' : cleanHtml(paragraphs.join('\n')).html;
}

const modalities = ['remote', 'blended', 'onsite', 'unknown'] as const;

export const fieldTexts: Readonly<Record<CourseField, FieldText>> = {
  title: {
    read: ({ title }) => oneLine(title),
    write: (draft, text) => ({ ...draft, title: required(text, 'le titre du cours', 500) }),
  },
  description: {
    read: ({ description }) => lines(description),
    write: (draft, text) => {
      const description = bounded(text, 50_000);
      const descriptionHtml = htmlOf(description);
      // Markup and entities take room too.
      if (descriptionHtml.length > 60_000) throw new FieldRefusal('Écrivez un texte plus court.');
      return { ...draft, description, descriptionHtml };
    },
  },
  url: {
    read: ({ url }) => url,
    write: (draft, text) => {
      const parsed = parseUrl(required(text, "l'adresse du cours", 2_000));
      if (parsed.kind === 'url') return { ...draft, url: parsed.url };
      throw new FieldRefusal(
        `L'adresse ${oneLine(text).slice(0, 100)} n'est pas une adresse web publique. Exemple : https://www.exemple.fr/cours`,
      );
    },
  },
  provider: {
    read: ({ provider }) => oneLine(provider.name),
    write: (draft, text) => ({
      ...draft,
      provider: { ...draft.provider, name: required(text, "le nom de l'organisme", 300) },
    }),
  },
  siret: {
    read: ({ provider }) => provider.siret ?? '',
    write: (draft, text) => {
      const parsed = parseSiret(text);
      if (parsed.kind === 'refused') {
        throw new FieldRefusal(`Le SIRET ${oneLine(text).slice(0, 40)} est refusé : ${parsed.cause}.`);
      }
      return { ...draft, provider: { ...draft.provider, siret: parsed.kind === 'siret' ? parsed.siret : null } };
    },
  },
  activityNumber: {
    read: ({ provider }) => provider.activityNumber ?? '',
    write: (draft, text) => {
      const parsed = parseActivityNumber(text);
      if (parsed.kind === 'refused') throw new FieldRefusal('Le numéro de déclaration doit compter 11 chiffres.');
      const activityNumber = parsed.kind === 'number' ? parsed.number : null;
      return { ...draft, provider: { ...draft.provider, activityNumber } };
    },
  },
  price: {
    read: (draft) => {
      const price = coursePrice(draft);
      if (price !== null) return moneyText(price);
      return draft.contentFree === true ? '0' : '';
    },
    write: (draft, text) => {
      const price = moneyOf(text);
      // Prices of sessions would be shown in its place.
      const sessions = draft.sessions.map((session) =>
        session.price === null ? session : { ...session, price: null },
      );
      return { ...draft, sessions, price, contentFree: price === null ? null : price.amount === 0 };
    },
  },
  certificate: {
    read: ({ certificate: { free, price } }) => (price !== null ? moneyText(price) : free === true ? '0' : ''),
    write: (draft, text) => {
      const price = moneyOf(text);
      const { type } = draft.certificate;
      const paid = price !== null && price.amount > 0;
      return {
        ...draft,
        certificate: {
          type: paid && (type === 'unknown' || type === 'none') ? 'paid-certificate' : type,
          free: price === null ? null : !paid,
          included: price === null ? null : false,
          price,
        },
      };
    },
  },
  exam: {
    read: ({ exam: { price } }) => (price === null ? '' : moneyText(price)),
    write: (draft, text) => {
      const price = moneyOf(text);
      const { exists } = draft.exam;
      return {
        ...draft,
        exam: price === null ? { exists, included: null, price } : { exists: true, included: false, price },
      };
    },
  },
  certifications: {
    read: ({ certifications }) =>
      certifications
        .filter(isRegistered)
        .map(({ code }) => code)
        .join(', '),
    write: (draft, text) => {
      const codes = text.split(/[,;\n]/).map(oneLine);
      const typed = codes.filter((code) => code !== '').map(certificationOf);
      const unique = [...new Map(typed.map((one) => [one.code, one])).values()];
      const { certificate } = draft;
      return {
        ...draft,
        certifications: [...unique, ...draft.certifications.filter((one) => !isRegistered(one))],
        certificate:
          unique.length > 0 && (certificate.type === 'unknown' || certificate.type === 'none')
            ? { ...certificate, type: 'registered' }
            : certificate,
      };
    },
  },
  sessions: {
    read: ({ sessions }) => sessions.map(sessionText).join('\n'),
    write: (draft, text) => {
      const written = lines(text)
        .split('\n')
        .map(oneLine)
        .filter((line) => line !== '');
      if (written.length > mostSessions) throw new FieldRefusal(`Écrivez ${mostSessions} sessions au plus.`);
      return { ...draft, sessions: written.map((line, at) => sessionOf(line, draft.sessions[at])) };
    },
  },
  languages: {
    read: ({ languages }) => languages.join(', '),
    write: (draft, text) => {
      const { tags, unknown } = languageTags(text.split(/[,;\n]/).map(oneLine));
      const [first] = unknown;
      if (first === undefined) return { ...draft, languages: tags };
      throw new FieldRefusal(`Nous ne reconnaissons pas la langue « ${String(first).slice(0, 40)} ». Exemple : fr, en`);
    },
  },
  modality: {
    read: ({ modality }) => modality,
    write: (draft, text) => {
      const modality = modalities.find((one) => one === text);
      if (modality !== undefined) return { ...draft, modality };
      throw new FieldRefusal('Choisissez une des réponses.');
    },
  },
  hours: positive('totalHours', 20_000, 'heures'),
  weeklyHours: positive('effortMinutesPerWeek', 168, 'heures par semaine', 60),
  weeks: positive('durationWeeks', 1_000, 'semaines'),
  objectives: {
    read: ({ objectives }) => objectives.map(oneLine).join('\n'),
    write: (draft, text) => {
      const objectives = lines(text)
        .split('\n')
        .map(oneLine)
        .filter((line) => line !== '');
      if (objectives.length > 100) throw new FieldRefusal('Écrivez 100 objectifs au plus, un par ligne.');
      if (objectives.some((line) => line.length > 1_000)) {
        throw new FieldRefusal('Écrivez chaque objectif en 1000 caractères au plus.');
      }
      return { ...draft, objectives };
    },
  },
  prerequisites: longText('prerequisites'),
  equipment: longText('equipment'),
  assessment: longText('assessment'),
  accessibility: {
    read: ({ accessibility }) => lines(accessibility?.text ?? ''),
    write: (draft, text) => {
      const written = bounded(text, 5_000) || null;
      const accessModes = draft.accessibility?.accessModes ?? [];
      return {
        ...draft,
        accessibility: written === null && accessModes.length === 0 ? null : { accessModes, text: written },
      };
    },
  },
};

/**
 * The canonical text of what a person typed for a field of this draft.
 * @throws FieldRefusal
 */
export function canonicalText(field: CourseField, draft: CourseDraft, typed: string): string {
  const { read, write } = fieldTexts[field];
  return read(write(draft, typed));
}

/** Where the common course record holds each field, to name the field that a refusal of its schema is about. */
const places: readonly (readonly [string, CourseField])[] = [
  ['title', 'title'],
  ['description', 'description'],
  ['descriptionHtml', 'description'],
  ['url', 'url'],
  ['provider.name', 'provider'],
  ['provider.siret', 'siret'],
  ['provider.activityNumber', 'activityNumber'],
  ['price', 'price'],
  ['contentFree', 'price'],
  ['certificate', 'certificate'],
  ['exam', 'exam'],
  ['certifications', 'certifications'],
  ['sessions', 'sessions'],
  ['languages', 'languages'],
  ['modality', 'modality'],
  ['totalHours', 'hours'],
  ['effortMinutesPerWeek', 'weeklyHours'],
  ['durationWeeks', 'weeks'],
  ['objectives', 'objectives'],
  ['prerequisites', 'prerequisites'],
  ['equipment', 'equipment'],
  ['assessment', 'assessment'],
  ['accessibility', 'accessibility'],
];

/** `sessions.3.start` is about `sessions`; null for what no form corrects. */
export function fieldAtPath(path: string): CourseField | null {
  return places.find(([place]) => path === place || path.startsWith(`${place}.`))?.[1] ?? null;
}
