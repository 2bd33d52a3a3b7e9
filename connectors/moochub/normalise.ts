/** A MOOChub resource to a course draft. The version is read in the data: servers announce any, or none. */
import {
  type AnyConnector,
  type CourseDraft,
  draftOf,
  type Normalised,
  type Problem,
} from '../../src/harvest/connector.ts';
import { instantOf } from '../../src/harvest/parse/dates.ts';
import { isoDurationMinutes, isoDurationWeeks } from '../../src/harvest/parse/durations.ts';
import { cleanHtml, plainText } from '../../src/harvest/parse/html.ts';
import { languageTags } from '../../src/harvest/parse/languages.ts';
import {
  fieldTooLong,
  missingField,
  refusedUrl,
  unknownLanguage,
  unreadableDuration,
} from '../../src/harvest/parse/problems.ts';
import { parseUrl, urlOrNull } from '../../src/harvest/parse/urls.ts';
import { competencesOf, labelOf, levelOf, licenceOf, subjectsOf } from './concepts.ts';
import { offersOf } from './offers.ts';
import type { Attributes, MoochubRecord } from './record.ts';
import { sessionsOf } from './sessions.ts';

type Version = 1 | 2 | 3;

/** The fields of a resource, as problems name them. */
export const corrects: NonNullable<AnyConnector['corrects']> = {
  'attributes.name': 'title',
  'attributes.description': 'description',
  'attributes.url': 'url',
  'attributes.publisher': 'provider',
  'attributes.moocProvider': 'provider',
  'attributes.offer': 'price',
  'attributes.startDate': 'sessions',
  'attributes.endDate': 'sessions',
  'attributes.applicationStartDate': 'sessions',
  'attributes.applicationDeadline': 'sessions',
  'attributes.languages': 'languages',
  'attributes.inLanguage': 'languages',
  'attributes.duration': 'weeks',
  'attributes.workload': 'weeklyHours',
};

export function normalise(raw: MoochubRecord): Normalised {
  const type = raw.type?.toLowerCase();
  if (type !== undefined && type !== 'course' && type !== 'courses') {
    return { kind: 'skip', reason: `type ${raw.type} : ce n’est pas un cours` };
  }
  const { attributes, reading } = raw;
  const version = versionOf(raw);

  const problems: Problem[] = [];
  const title = plainText(attributes.name);
  if (title === '') problems.push(missingField('attributes.name'));
  if (title.length > 500) problems.push(fieldTooLong('attributes.name', title, 500));
  const text = firstText(attributes.description, attributes.abstract, attributes.abtract);
  const { html, text: description } = cleanHtml(text);
  if (html.length > 60_000) problems.push(fieldTooLong('attributes.description', html, 60_000));
  const url = parseUrl(attributes.url, reading.url);
  if (url.kind === 'unknown') problems.push(missingField('attributes.url'));
  if (url.kind === 'refused') problems.push(refusedUrl('attributes.url', attributes.url));
  const provider = providerOf(attributes, reading.url);
  if (provider === null) problems.push(missingField(`attributes.${version === 3 ? 'publisher' : 'moocProvider'}`));
  const offers = offersOf(attributes);
  const sessions = sessionsOf(attributes);
  problems.push(...offers.problems, ...sessions.problems);

  const warnings: Problem[] = [...sessions.warnings];
  const languages = languageTags([attributes.languages, attributes.inLanguage].flat());
  for (const language of languages.unknown) {
    warnings.push(unknownLanguage(version === 3 ? 'attributes.inLanguage' : 'attributes.languages', language));
  }
  const duration = durationOf(attributes);
  const workload = workloadOf(attributes, version, reading.workloadUnit);
  warnings.push(...duration.warnings, ...workload.warnings);

  const { image } = attributes;
  const course = draftOf({
    title,
    descriptionHtml: html,
    description,
    url: url.kind === 'url' ? url.url : '',
    languages: languages.tags,
    provider: provider ?? { name: '', url: null, siret: null, activityNumber: null },
    level: levelOf(attributes),
    effortMinutesPerWeek: workload.minutesPerWeek,
    effortText: workload.text,
    durationWeeks: duration.weeks,
    durationText: duration.text,
    totalHours: workload.totalHours ?? duration.hours,
    sessions: sessions.sessions,
    contentFree: offers.contentFree,
    price: offers.price,
    certificate: offers.certificate,
    exam: offers.exam,
    subjects: subjectsOf(attributes),
    competences: competencesOf(attributes),
    objectives: (attributes.learningObjectives ?? attributes.learningobjectives ?? [])
      .map((objective) => plainText(objective).slice(0, 1_000))
      .filter((objective) => objective !== '')
      .slice(0, 100),
    prerequisites:
      (attributes.competencyRequired ?? []).map(labelOf).filter(isPresent).join('\n').slice(0, 5_000) || null,
    modality: modalityOf(attributes),
    accessibility: accessibilityOf(attributes),
    licence: licenceOf(attributes),
    image: urlOrNull(typeof image === 'string' ? image : (image?.contentUrl ?? image?.url), reading.url),
    sourceUpdatedAt: instantOf(attributes.dateModified),
  });
  if (problems.length > 0) return { kind: 'rejected', problems, draft: course };
  return { kind: 'course', course, ...(warnings.length === 0 ? {} : { warnings }) };
}

/** v1 and v2 both say `courses`; only v2 has `access` and `courseLicenses`. */
function versionOf({ type, attributes }: MoochubRecord): Version {
  if (type?.toLowerCase() === 'course' || attributes.inLanguage !== undefined) return 3;
  return attributes.access !== undefined || attributes.courseLicenses !== undefined ? 2 : 1;
}

/** The schools; without any, the platform. */
function providerOf(attributes: Attributes, base: string): CourseDraft['provider'] | null {
  const { partnerInstitute, partnerInstitutes, contributor, publisher, moocProvider } = attributes;
  for (const candidates of [partnerInstitutes, partnerInstitute, contributor, publisher, moocProvider]) {
    const schools = (candidates ?? []).flatMap((school) => {
      const { name, url, identifier, type } = typeof school === 'string' ? { name: school } : school;
      const shown = plainText(name);
      return shown === '' || type === 'Person' ? [] : [{ name: shown, url: urlOrNull(url ?? identifier, base) }];
    });
    const [first] = schools;
    if (first === undefined) continue;
    const name = schools.map((school) => school.name).join(', ');
    return {
      name: name.slice(0, 300),
      url: schools.length === 1 ? first.url : null,
      siret: null,
      activityNumber: null,
    };
  }
  return null;
}

function durationOf({ duration }: Attributes): {
  weeks: number | null;
  hours: number | null;
  text: string | null;
  warnings: Problem[];
} {
  const nothing = { weeks: null, hours: null, text: null, warnings: [] };
  if (duration === null || duration === undefined || duration.trim() === '') return nothing;
  const weeks = isoDurationWeeks(duration);
  if (weeks !== null && weeks <= 1_000) return { ...nothing, weeks };
  const minutes = isoDurationMinutes(duration);
  const hours = minutes === null ? null : Math.round((minutes / 60) * 100) / 100;
  if (hours !== null && hours > 0 && hours <= 20_000) return { ...nothing, hours };
  const problem = unreadableDuration('attributes.duration', duration);
  return { ...nothing, text: duration.slice(0, 500), warnings: [problem] };
}

/** `h/day` is not used: nothing says how many days of a week are days of study. */
const minutesPerWeekOf: Readonly<Record<string, number>> = { 'h/week': 60, 'h/month': (60 * 12) / 52 };

function workloadOf(
  { workload }: Attributes,
  version: Version,
  unit: MoochubRecord['reading']['workloadUnit'],
): { minutesPerWeek: number | null; totalHours: number | null; text: string | null; warnings: Problem[] } {
  const nothing = { minutesPerWeek: null, totalHours: null, text: null, warnings: [] };
  if (workload === null || workload === undefined || workload === '' || workload === 0) return nothing;
  if (typeof workload === 'object') {
    const { timeValue, timeUnit } = workload;
    if (timeValue === null || timeValue === undefined || timeValue === 0) return nothing;
    const minutes = Math.round(timeValue * (minutesPerWeekOf[timeUnit ?? ''] ?? 0));
    if (minutes > 0 && minutes <= 10_080) return { ...nothing, minutesPerWeek: minutes };
    return unread(`${timeValue} ${timeUnit ?? ''}`.trim());
  }
  const value = Number(workload);
  // The schema of v2 says hours a week; v1 says nothing, and its servers do not agree.
  const counted = unit ?? (version === 2 ? 'hours-per-week' : null);
  if (value > 0 && counted === 'hours-per-week' && value <= 168) {
    return { ...nothing, minutesPerWeek: Math.round(value * 60) };
  }
  const hours = counted === 'total-hours' ? value : counted === 'total-minutes' ? value / 60 : 0;
  if (hours > 0 && hours <= 20_000) return { ...nothing, totalHours: Math.round(hours * 100) / 100 };
  return unread(String(workload));

  function unread(text: string) {
    return { ...nothing, text: text.slice(0, 500), warnings: [unreadableDuration('attributes.workload', text)] };
  }
}

function modalityOf({ courseMode }: Attributes): CourseDraft['modality'] {
  const modes = (courseMode ?? []).map((mode) => mode.toLowerCase());
  const remote = modes.includes('online') || modes.includes('mooc');
  if (modes.includes('blended') || (remote && modes.includes('onsite'))) return 'blended';
  if (modes.includes('onsite')) return 'onsite';
  return remote ? 'remote' : 'unknown';
}

function accessibilityOf({ accessMode }: Attributes): CourseDraft['accessibility'] {
  const accessModes = (accessMode ?? []).map((mode) => mode.slice(0, 60));
  return accessModes.length === 0 ? null : { accessModes, text: null };
}

function isPresent<T>(value: T | null): value is T {
  return value !== null;
}

function firstText(...texts: (string | null | undefined)[]): string {
  return texts.find((text) => typeof text === 'string' && text.trim() !== '') ?? '';
}
