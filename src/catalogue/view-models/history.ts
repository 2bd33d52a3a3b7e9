/** What an event says to people: one word, and a sentence for each thing that changed, with its old and new value. */
import { french, listed, longDate, money, shortDate } from '../../platform/web/format.ts';
import type { MergeBasis } from '../model/duplicates.ts';
import { type ChangeKind, type CourseEvent, type FieldChange, type MergeNote, turnedPaid } from '../model/history.ts';
import { motiveWords } from '../model/source-words.ts';
import type { Course, Money } from '../model.ts';
import { languagesText, modalityText, unsaid } from './words.ts';

export const changeWords: Readonly<Record<ChangeKind, string>> = {
  added: 'ajouté',
  changed: 'modifié',
  price: 'prix modifié',
  withdrawn: 'retiré',
  restored: 'rétabli',
  merged: 'réuni',
  unmerged: 'séparé',
};

const yesNo = (value: boolean | null, yes: string, no: string) => (value === null ? unsaid : value ? yes : no);
const amount = (price: Money | null) => (price === null ? unsaid : money(price));

function certificateText(value: (FieldChange & { field: 'certificate' })['after']): string {
  if (value.type === 'none') return 'pas de certificat';
  if (value.included === true) return 'compris dans le prix du cours';
  if (value.free === true) return '0 €';
  return amount(value.price);
}

function examText(value: (FieldChange & { field: 'exam' })['after']): string {
  if (value.exists === false) return "pas d'examen";
  return value.included === true ? 'compris dans le prix du cours' : amount(value.price);
}

/** The first dates: a whole year of sessions would say nothing. */
function datesText(dates: (FieldChange & { field: 'dates' })['after']): string {
  const starts = dates.flatMap(({ start }) => (start === null ? [] : [shortDate(new Date(start))]));
  const [shown, more] = [starts.slice(0, 3), starts.length - 3];
  if (shown.length === 0) return 'aucune date annoncée';
  return more > 0 ? `${shown.join(', ')} et ${more} autres` : listed(shown);
}

function effortOf({ totalHours, effortMinutesPerWeek, durationWeeks }: (FieldChange & { field: 'effort' })['after']) {
  const parts = [
    totalHours === null ? null : `${totalHours} h`,
    effortMinutesPerWeek === null ? null : `${Math.round(effortMinutesPerWeek / 6) / 10} h par semaine`,
    durationWeeks === null ? null : `${durationWeeks} semaines`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? unsaid : parts.join(', ').replaceAll('.', ',');
}

const codesText = (codes: readonly string[]) => (codes.length === 0 ? 'aucune' : codes.join(', '));

/** `[label, old, new]`; null for what has no value worth printing, or is said by another line. */
function spoken(change: FieldChange): readonly [string, string, string] | null {
  const both = <Value>(label: string, text: (value: Value) => string, before: Value, after: Value) =>
    [label, text(before), text(after)] as const;
  switch (change.field) {
    case 'price':
      return both('prix du cours', amount, change.before, change.after);
    case 'contentFree':
      return both('cours gratuit', (value) => yesNo(value, 'oui', 'non'), change.before, change.after);
    case 'certificate':
      return both('certificat', certificateText, change.before, change.after);
    case 'exam':
      return both('examen', examText, change.before, change.after);
    case 'certifications':
      return both('certification', codesText, change.before, change.after);
    case 'dates':
      return both('début', datesText, change.before, change.after);
    case 'title':
      return both('titre', (value) => `« ${value} »`, change.before, change.after);
    case 'provider':
      return both('organisme', String, change.before, change.after);
    case 'effort':
      return both('durée', effortOf, change.before, change.after);
    case 'languages':
      return both('langue', languagesText, change.before, change.after);
    case 'modality':
      return both('lieu', (value) => modalityText(value)?.text ?? unsaid, change.before, change.after);
    case 'funding':
      return both(
        'financement annoncé',
        (value) => (value === null ? 'aucun' : `« ${value} »`),
        change.before,
        change.after,
      );
    case 'access':
    case 'url':
    case 'description':
      return null;
  }
}

const silent: Readonly<Record<string, string>> = { url: "l'adresse", description: 'la présentation' };

/** One sentence a change; those without a printable value together in the last one. */
export function changeLines(
  event: Pick<CourseEvent, 'changes' | 'reason' | 'merge'>,
  course: Pick<Course, 'sourceTitle' | 'draft'>,
): string[] {
  const lines = event.changes.flatMap((change) => {
    const said = spoken(change);
    if (said === null) return [];
    const [label, before, after] = said;
    // Two values that read the same (a currency aside, a date past the ones shown) are no news.
    return before === after ? [] : [`${label} : ${before} → ${after}`];
  });
  const others = event.changes.flatMap(({ field }) => silent[field] ?? []);
  if (others.length > 0) lines.push(`${listed(others)} ${others.length > 1 ? 'ont changé' : 'a changé'}`);
  if (event.reason !== null) {
    const { code: reason, detail } = event.reason;
    const { sourceTitle, draft } = course;
    lines.push(motiveWords({ reason, detail }, { sourceTitle, school: draft.provider.name, since: null }));
  }
  if (event.merge !== undefined) lines.push(mergeLine(event.merge));
  return lines.map(french);
}

/** Why, in the words that an operator's page uses too. */
export const basisWords: Readonly<Record<MergeBasis, string>> = {
  address: 'même page et même titre',
  registry: 'même organisme, même certification et même titre',
  person: 'décision de la plateforme',
};

function mergeLine({ title, provider, basis }: MergeNote): string {
  const other = `« ${title} », ${provider}`;
  return basis === null
    ? `a de nouveau sa propre page ; était avec ${other}`
    : `est maintenant une offre de ${other} (${basisWords[basis]})`;
}

export interface HistoryLine {
  readonly date: string;
  readonly what: string;
  readonly lines: readonly string[];
  /** N7: was free, is paid. */
  readonly turnedPaid: boolean;
}

const ownWords: Readonly<Record<CourseEvent['kind'], string>> = {
  changed: 'Modifié',
  price: 'Prix modifié',
  missing: 'Absent du catalogue de la source',
  'seen-again': 'De nouveau dans le catalogue de la source',
  withdrawn: 'Retiré',
  restored: 'De nouveau proposé',
  merged: 'Réuni avec une autre fiche du même cours',
  unmerged: "Séparé d'une autre fiche",
};

const originWords: Readonly<Record<CourseEvent['origin'], string>> = {
  harvest: 'collecte',
  replay: 'relecture par la plateforme',
  provider: "corrigé par l'organisme",
  operator: 'plateforme',
  clock: 'prix lu il y a plus de 30 jours',
};

/** The history of a course page, newest first, its first publication last. */
export function historyLines(
  course: Pick<Course, 'firstPublishedAt' | 'sourceTitle' | 'draft'>,
  events: readonly CourseEvent[],
): HistoryLine[] {
  const lines = events.map((event) => ({
    date: longDate(event.at),
    what: `${ownWords[event.kind]} (${originWords[event.origin]})`,
    lines: changeLines(event, course),
    turnedPaid: turnedPaid(event),
  }));
  if (course.firstPublishedAt === null) return lines;
  return [...lines, { date: longDate(course.firstPublishedAt), what: 'Publié', lines: [], turnedPaid: false }];
}
