/**
 * The history of a course: what visitors were told, and when it changed. A course announces its events in its own document,
 * in the very write that changes it; the journal keeps them for good. Adding is no event: `firstPublishedAt` says it.
 */
import type { AccessCode } from '../../eligibility/model.ts';
import type { Course, CourseDraft, CourseId, Money, WithdrawalReason } from '../model.ts';
import type { MergeBasis } from './duplicates.ts';

/** Who changed it: the source, a mapping done again, a person, or time alone (a price too old to be called free). */
export const eventOrigins = ['harvest', 'replay', 'provider', 'operator', 'clock'] as const;
export type EventOrigin = (typeof eventOrigins)[number];

/**
 * `changed` has changes; `price` is `changed` with a price or an access code among them; `merged`: another course has its card
 * since, `unmerged`: it has its own again.
 */
export const eventKinds = [
  'changed',
  'price',
  'missing',
  'seen-again',
  'withdrawn',
  'restored',
  'merged',
  'unmerged',
] as const;
export type EventKind = (typeof eventKinds)[number];

/** What is read of the values of each field; a long text only says that it changed. */
export interface FieldValues {
  readonly price: Money | null;
  readonly contentFree: boolean | null;
  readonly certificate: Pick<CourseDraft['certificate'], 'type' | 'free' | 'included' | 'price'>;
  readonly exam: CourseDraft['exam'];
  readonly funding: string | null;
  readonly access: AccessCode;
  readonly certifications: readonly string[];
  readonly dates: readonly SessionDates[];
  readonly title: string;
  readonly url: string;
  readonly provider: string;
  readonly effort: Pick<CourseDraft, 'totalHours' | 'effortMinutesPerWeek' | 'durationWeeks'>;
  readonly languages: readonly string[];
  readonly modality: CourseDraft['modality'];
  readonly description: null;
}
export type HistoryField = keyof FieldValues;

interface SessionDates {
  readonly start: string | null;
  readonly end: string | null;
  readonly enrolmentStart: string | null;
  readonly enrolmentEnd: string | null;
}

export type FieldChange = {
  readonly [Field in HistoryField]: {
    readonly field: Field;
    readonly before: FieldValues[Field];
    readonly after: FieldValues[Field];
  };
}[HistoryField];

export interface CourseEvent {
  /** Unique within its course. */
  readonly id: string;
  readonly at: Date;
  readonly kind: EventKind;
  readonly origin: EventOrigin;
  readonly runId: string | null;
  readonly changes: readonly FieldChange[];
  /** Why it was withdrawn; null for the other kinds. */
  readonly reason: { readonly code: WithdrawalReason; readonly detail: string | null } | null;
  /** The course that it was merged with or separated from, as it was called then; of these two kinds alone. */
  readonly merge?: MergeNote;
}

export interface MergeNote {
  readonly with: CourseId;
  readonly slug: string;
  readonly title: string;
  readonly provider: string;
  /** null for a separation. */
  readonly basis: MergeBasis | null;
}

/** An event as the journal gives it. */
export interface JournalEntry extends CourseEvent {
  readonly courseId: CourseId;
  readonly sourceId: string;
}

/** What the public log of changes tells; `added`: public for the first time. */
export type ChangeKind = 'added' | Exclude<EventKind, 'missing' | 'seen-again'>;

export interface Change {
  /** Stable for ever; the order is `(at, id)`. */
  readonly id: string;
  readonly at: Date;
  readonly kind: ChangeKind;
  readonly changes: readonly FieldChange[];
  readonly reason: CourseEvent['reason'];
  readonly merge?: MergeNote;
  /** As it is today. */
  readonly course: Course;
}

export interface ChangesPage {
  /** null: the whole site. */
  readonly source: { readonly id: string; readonly title: string } | null;
  readonly since: Date | null;
  /** Newest first. */
  readonly changes: readonly Change[];
  /** Where the next page starts; null on the last one. */
  readonly next: { readonly at: Date; readonly id: string } | null;
}

interface Shown {
  readonly draft: CourseDraft;
  readonly access: { readonly code: AccessCode };
}

/** A source that lists every day of a year moves them all each night: the first ones tell. */
const keptDates = 20;

/** Values are compared as texts: their fields are always in one order. */
function moneyOf(price: Money | null): Money | null {
  return price === null ? null : { amount: price.amount, currency: price.currency, taxIncluded: price.taxIncluded };
}

const readings: { readonly [Field in Exclude<HistoryField, 'description'>]: (course: Shown) => FieldValues[Field] } = {
  price: ({ draft }) => moneyOf(draft.price),
  contentFree: ({ draft }) => draft.contentFree,
  certificate: ({ draft: { certificate } }) => ({
    type: certificate.type,
    free: certificate.free,
    included: certificate.included,
    price: moneyOf(certificate.price),
  }),
  exam: ({ draft: { exam } }) => ({ exists: exam.exists, included: exam.included, price: moneyOf(exam.price) }),
  funding: ({ draft }) => draft.fundedForJobSeekers?.text ?? null,
  access: ({ access }) => access.code,
  certifications: ({ draft }) =>
    draft.certifications.map(({ kind, code }) => (/^\d/.test(code) ? `${kind} ${code}` : code)),
  dates: ({ draft }) =>
    draft.sessions
      .slice(0, keptDates)
      .map(({ start, end, enrolmentStart, enrolmentEnd }) => ({ start, end, enrolmentStart, enrolmentEnd })),
  title: ({ draft }) => draft.title,
  url: ({ draft }) => draft.url,
  provider: ({ draft }) => draft.provider.name,
  effort: ({ draft: { totalHours, effortMinutesPerWeek, durationWeeks } }) => ({
    totalHours,
    effortMinutesPerWeek,
    durationWeeks,
  }),
  languages: ({ draft }) => draft.languages,
  modality: ({ draft }) => draft.modality,
};

/** What a visitor reads differently, field by field; empty when nothing. */
export function changesBetween(before: Shown, after: Shown): FieldChange[] {
  const changes: FieldChange[] = [];
  for (const field of Object.keys(readings) as (keyof typeof readings)[]) {
    const [was, is] = [readings[field](before), readings[field](after)];
    // The union of fields cannot follow that both values come from one reading.
    if (JSON.stringify(was) !== JSON.stringify(is)) changes.push({ field, before: was, after: is } as FieldChange);
  }
  if (before.draft.description !== after.draft.description) {
    changes.push({ field: 'description', before: null, after: null });
  }
  return changes;
}

const priceFields: ReadonlySet<HistoryField> = new Set([
  'price',
  'contentFree',
  'certificate',
  'exam',
  'funding',
  'access',
]);

export function kindOf(changes: readonly FieldChange[]): 'changed' | 'price' {
  return changes.some(({ field }) => priceFields.has(field)) ? 'price' : 'changed';
}

/** N7: what was free is paid now. The course itself, its certificate apart. */
export function turnedPaid({ changes }: Pick<CourseEvent, 'changes'>): boolean {
  return isFree(changes, 'before') && isPaid(changes, 'after');
}

function isFree(changes: readonly FieldChange[], side: 'before' | 'after'): boolean {
  return changes.some(
    (change) =>
      (change.field === 'price' && change[side]?.amount === 0) ||
      (change.field === 'contentFree' && change[side] === true),
  );
}

function isPaid(changes: readonly FieldChange[], side: 'before' | 'after'): boolean {
  return changes.some(
    (change) =>
      (change.field === 'price' && (change[side]?.amount ?? 0) > 0) ||
      (change.field === 'contentFree' && change[side] === false),
  );
}

/**
 * When a course that was free turned paid after `since`, and did not turn back; null when it did not.
 * @param events newest first
 */
export function paidSince(events: readonly CourseEvent[], since: Date): Date | null {
  for (const event of events) {
    if (event.at <= since) return null;
    if (turnedPaid(event)) return event.at;
    if (isFree(event.changes, 'after')) return null;
  }
  return null;
}
