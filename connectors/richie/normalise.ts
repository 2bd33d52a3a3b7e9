/** A Richie course to a course draft. State and offers are codes; the sentences of the portal are never tested. */
import {
  type AnyConnector,
  type CourseDraft,
  draftOf,
  type Normalised,
  type Problem,
} from '../../src/harvest/connector.ts';
import { sessionDates } from '../../src/harvest/parse/dates.ts';
import { parseEffort } from '../../src/harvest/parse/effort.ts';
import { cleanHtml, plainText } from '../../src/harvest/parse/html.ts';
import { languageTags } from '../../src/harvest/parse/languages.ts';
import { parsePrice } from '../../src/harvest/parse/prices.ts';
import {
  fieldTooLong,
  missingField,
  refusedUrl,
  reversedDates,
  unknownLanguage,
  unreadableDate,
  unreadableDuration,
  unreadablePrice,
} from '../../src/harvest/parse/problems.ts';
import { parseUrl, urlOrNull } from '../../src/harvest/parse/urls.ts';
import type { Priced, RichieRecord, Run } from './record.ts';

type Session = CourseDraft['sessions'][number];
type Money = NonNullable<CourseDraft['price']>;

/** The fields of a course, as problems name them. */
export const corrects: NonNullable<AnyConnector['corrects']> = {
  title: 'title',
  introduction: 'description',
  absolute_url: 'url',
  organization_highlighted: 'provider',
  price: 'price',
  certificate_price: 'certificate',
  'course_runs.*.price': 'price',
  'course_runs.*.certificate_price': 'certificate',
  'course_runs.*.start': 'sessions',
  'course_runs.*.end': 'sessions',
  'course_runs.*.enrollment_start': 'sessions',
  'course_runs.*.enrollment_end': 'sessions',
  'course_runs.languages': 'languages',
  effort: 'weeklyHours',
  duration: 'weeks',
};

export function normalise(raw: RichieRecord): Normalised {
  const { reading } = raw;
  const problems: Problem[] = [];
  const warnings: Problem[] = [];

  const title = plainText(raw.title);
  if (title === '') problems.push(missingField('title'));
  if (title.length > 500) problems.push(fieldTooLong('title', title, 500));
  const url = parseUrl(raw.absolute_url, reading.url);
  if (url.kind === 'unknown') problems.push(missingField('absolute_url'));
  if (url.kind === 'refused') problems.push(refusedUrl('absolute_url', raw.absolute_url));
  const schools = Object.values(reading.organizations);
  const provider = plainText(raw.organization_highlighted) || plainText(schools[0]);
  if (provider === '') problems.push(missingField('organization_highlighted'));
  const introduction = cleanHtml(raw.introduction);
  if (introduction.html.length > 60_000) problems.push(fieldTooLong('introduction', introduction.html, 60_000));

  const runs = (raw.course_runs ?? []).slice(0, 500);
  const courseFields = pricesOf(raw, '', problems);
  const sessions = runs.flatMap((run, index) => sessionOf(run, index, stateOf(raw, runs.length), problems, warnings));

  const languages = languageTags(runs.flatMap((run) => run.languages ?? []));
  for (const language of languages.unknown) warnings.push(unknownLanguage('course_runs.languages', language));
  const level = Object.values(reading.levels).map(plainText).join(', ');
  const course = draftOf({
    title,
    descriptionHtml: introduction.html,
    description: introduction.text,
    url: url.kind === 'url' ? url.url : '',
    languages: languages.tags,
    provider: { name: provider.slice(0, 300), url: null, siret: null, activityNumber: null },
    level: { label: level.slice(0, 200) || null, eqf: null },
    ...workOf(raw, warnings),
    sessions,
    ...courseFields,
    subjects: Object.entries(reading.subjects).map(([code, label]) => ({
      scheme: 'free',
      code: code.slice(0, 80),
      label: plainText(label).slice(0, 300),
    })),
    modality: reading.modality ?? 'unknown',
    image: urlOrNull(raw.cover_image?.src, reading.url),
  });
  if (problems.length > 0) return { kind: 'rejected', problems, draft: course };
  return { kind: 'course', course, ...(warnings.length === 0 ? {} : { warnings }) };
}

const isFreeOf: Readonly<Record<string, boolean>> = { free: true, paid: false, subscription: false };

/** `partially_free` and absent offers stay unknown. */
function pricesOf(
  priced: Priced,
  path: string,
  problems: Problem[],
): Pick<CourseDraft, 'contentFree' | 'price' | 'certificate'> {
  const { offer, certificate_offer: certificateOffer } = priced;
  const price = moneyOf('price', priced.discounted_price ?? priced.price);
  const certificatePrice = moneyOf(
    'certificate_price',
    priced.certificate_discounted_price ?? priced.certificate_price,
  );
  const isFree = isFreeOf[certificateOffer ?? ''] ?? null;
  return {
    contentFree: isFreeOf[offer ?? ''] ?? null,
    // The price of a subscription is by the month, that of a free course is that of an option.
    price: offer === 'paid' || offer === 'partially_free' ? price : null,
    certificate: {
      type: isFree === null ? 'unknown' : isFree ? 'attestation' : 'paid-certificate',
      free: isFree,
      included: null,
      price: certificateOffer === 'paid' ? certificatePrice : null,
    },
  };

  function moneyOf(field: string, value: number | string | null | undefined): Money | null {
    const parsed = parsePrice(value);
    if (parsed.kind === 'unreadable') problems.push(unreadablePrice(`${path}${field}`, value));
    const currency = plainText(priced.price_currency).toUpperCase();
    if (parsed.kind !== 'price' || !/^[A-Z]{3}$/.test(currency)) return null;
    return { amount: parsed.cents, currency, taxIncluded: null };
  }
}

/** Priorities 0, 1 and 2 are open for enrolment, 3 will be, 4 to 6 are closed, 7 is to be scheduled. */
const states: readonly Session['state'][] = ['open', 'open', 'open', 'coming', 'closed', 'closed', 'closed', 'unknown'];

/**
 * The state is that of the best run of the course: with several runs, only "closed" holds for each of them.
 */
function stateOf({ state }: RichieRecord, runs: number): Session['state'] {
  const best = states[state?.priority ?? 7] ?? 'unknown';
  return runs === 1 || best === 'closed' ? best : 'unknown';
}

function sessionOf(
  run: Run,
  index: number,
  state: Session['state'],
  problems: Problem[],
  warnings: Problem[],
): Session[] {
  const path = `course_runs.${index}.`;
  const raw = {
    start: run.start,
    end: run.end,
    enrolmentStart: run.enrollment_start,
    enrolmentEnd: run.enrollment_end,
  };
  const { dates, unreadable, reversed } = sessionDates(raw);
  for (const field of unreadable) problems.push(unreadableDate(`${path}${fieldNames[field]}`, raw[field]));
  for (const { field, start, end } of reversed) warnings.push(reversedDates(`${path}${fieldNames[field]}`, start, end));
  const isDated = Object.values(raw).some((date) => date !== null && date !== undefined && date !== '');
  if (!isDated && state === 'unknown') return [];
  return [
    {
      id: null,
      ...dates,
      state,
      location: null,
      price: pricesOf(run, path, problems).price,
      languages: languageTags(run.languages ?? []).tags,
    },
  ];
}

const fieldNames = {
  start: 'start',
  end: 'end',
  enrolmentStart: 'enrollment_start',
  enrolmentEnd: 'enrollment_end',
} as const;

/** Two sentences in the language of the portal; a time without period is the whole course's. */
function workOf(
  raw: RichieRecord,
  warnings: Problem[],
): Pick<CourseDraft, 'effortMinutesPerWeek' | 'durationWeeks' | 'totalHours' | 'effortText' | 'durationText'> {
  const effort = read('effort');
  const duration = read('duration');
  const minutes = effort.work?.minutes ?? duration.work?.minutes ?? null;
  return {
    effortMinutesPerWeek: effort.work?.minutesPerWeek ?? duration.work?.minutesPerWeek ?? null,
    durationWeeks: duration.work?.weeks ?? effort.work?.weeks ?? null,
    totalHours: minutes === null ? null : Math.round((minutes / 60) * 100) / 100,
    effortText: effort.text,
    durationText: duration.text,
  };

  function read(field: 'effort' | 'duration') {
    const text = plainText(raw[field]);
    if (text === '' || /^(?:n\/?a|-)$/i.test(text)) return { work: null, text: null };
    const work = parseEffort(text);
    if (work !== null) return { work, text: null };
    warnings.push(unreadableDuration(field, text));
    return { work: null, text: text.slice(0, 500) };
  }
}
