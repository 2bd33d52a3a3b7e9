/** How a course is stored, and the pure half of writing one: what a new reading makes of it. */
import { createHash, randomUUID } from 'node:crypto';
import { accessOf } from '../../eligibility/model.ts';
import type { Alignment } from '../../framework/model.ts';
import type { CourseCorrection } from '../model/corrections.ts';
import { type CourseEvent, changesBetween, type EventOrigin, type HistoryField, kindOf } from '../model/history.ts';
import {
  accessFactsOf,
  type Course,
  type CourseDraft,
  type CourseId,
  type CourseState,
  providerIdOf,
  slugOf,
  slugWords,
} from '../model.ts';

/** How a course is stored: the model value, plus what the harvest needs to know of it. */
export interface CourseDocument extends Omit<Course, 'id' | 'mergedInto' | 'offers'> {
  _id: CourseId;
  /** Both are absent from a course that is merged with none; a harvest never writes them. */
  mergedInto?: CourseId;
  offers?: readonly CourseId[];
  /** What a run last did to it, so that a batch written twice counts the same. */
  run: { readonly id: string; readonly outcome: RunEffect };
  /** What `cpf` was assessed with (`assessmentKey`); null when the content changed since. */
  assessed: string | null;
  /** The identifier that its source gives it now, written before it takes it (store/renaming.ts). */
  renamedTo?: string;
  /** `claimOf`: the same value in two sources is one course claimed twice. */
  claim: string;
  /** Announced and not yet in the journal (store/history.ts); absent when there is none. */
  events?: readonly CourseEvent[];
}

export interface RemovalDocument {
  _id: CourseId;
  removedAt: Date;
}

export type WriteOutcome = 'created' | 'updated' | 'restored';
/** `rejoined`: renamed, by a new record that a run before had made. */
export type RunEffect = WriteOutcome | 'renamed' | 'rejoined' | 'missing' | 'withdrawn';

/** States that visitors see. */
export const living: readonly CourseState[] = ['published', 'missing'];

/** What the harvest sees of a course that it met before. */
export type KnownCourse = Pick<
  CourseDocument,
  | 'slug'
  | 'remoteId'
  | 'draft'
  | 'corrections'
  | 'alignment'
  | 'state'
  | 'missingSince'
  | 'withdrawn'
  | 'firstPublishedAt'
  | 'harvestedAt'
  | 'run'
  | 'access'
> & { readonly id: CourseId };

export type CourseStanding = Pick<KnownCourse, 'id' | 'remoteId' | 'state' | 'missingSince' | 'withdrawn' | 'run'> & {
  readonly firstPublishedAt: Date | null;
};

export interface CourseWrite {
  readonly outcome: WriteOutcome;
  readonly remoteId: string;
  /** null for a new course. */
  readonly known: KnownCourse | null;
  readonly draft: CourseDraft;
  readonly alignment: Alignment;
  /** « relevé le ». */
  readonly harvestedAt: Date;
  /** Of a record that people corrected or corrected once; absent: what is stored stands. */
  readonly corrections?: readonly CourseCorrection[];
  /** What a person changed, and not the source. */
  readonly edit?: CourseEdit | null;
}

/** Changes of a course that a person made: the history says so, and leaves the others to the harvest. */
export interface CourseEdit {
  readonly origin: 'provider' | 'operator';
  readonly fields: readonly HistoryField[];
}

export interface WriteContext {
  readonly source: { readonly id: string; readonly title: string; readonly demo: boolean };
  readonly runId: string;
  readonly now: Date;
  /** Of the events that this writing makes. */
  readonly origin: EventOrigin;
}

/** Two sources that give the same address the same title speak of the same course; one address alone may serve many. */
export function claimOf(draft: CourseDraft): string {
  const url = new URL(draft.url);
  const address = `${url.host}${url.pathname.replace(/\/+$/, '')}${url.search}`;
  return createHash('sha256')
    .update(`${address}\n${slugWords(draft.title)}`)
    .digest('base64url')
    .slice(0, 16);
}

/** What a person reviewed outlives a new reading. */
export function keepReviewed(alignment: Alignment, known: KnownCourse | null): Alignment {
  const reviewed = known?.alignment.competences.filter((competence) => competence.origin === 'reviewed') ?? [];
  if (reviewed.length === 0) return alignment;
  const codes = new Set(reviewed.map((competence) => competence.code));
  const others = alignment.competences.filter((competence) => !codes.has(competence.code));
  return { ...alignment, competences: [...reviewed, ...others] };
}

function contentOf(write: CourseWrite, { source, now }: WriteContext) {
  const { draft, harvestedAt } = write;
  return {
    sourceTitle: source.title,
    providerId: providerIdOf(draft.provider),
    draft,
    ...(write.corrections === undefined ? {} : { corrections: write.corrections }),
    alignment: keepReviewed(write.alignment, write.known),
    access: accessOf(accessFactsOf(draft, source, harvestedAt), now),
    harvestedAt,
    demo: source.demo,
    updatedAt: now,
    claim: claimOf(draft),
    assessed: null,
  };
}

/** A record seen is never absent; whether it waits or is public does not change by being seen. */
function seenState(course: CourseStanding): CourseState {
  return course.state === 'missing' ? 'published' : course.state;
}

/** Back to what it was before it was withdrawn. */
export function restoration(course: CourseStanding, { runId, now }: WriteContext) {
  return {
    state: course.firstPublishedAt === null ? ('pending' as const) : ('published' as const),
    withdrawn: null,
    missingSince: null,
    restoredAt: now,
    updatedAt: now,
    assessed: null,
    run: { id: runId, outcome: 'restored' as const },
  };
}

/** A new course waits for the end of its run. */
export function creation(write: CourseWrite, id: CourseId, context: WriteContext): CourseDocument {
  return {
    _id: id,
    slug: slugOf(write.draft.title, id),
    sourceId: context.source.id,
    remoteId: write.remoteId,
    ...contentOf(write, context),
    cpf: null,
    state: 'pending',
    missingSince: null,
    withdrawn: null,
    restoredAt: null,
    firstPublishedAt: null,
    createdAt: context.now,
    run: { id: context.runId, outcome: 'created' },
  };
}

/** What a new reading of a known course sets, and what it announces to visitors who saw it before. */
export function change(write: CourseWrite, known: KnownCourse, context: WriteContext) {
  const content = { ...contentOf(write, context), slug: slugOf(write.draft.title, known.id) };
  const changes = known.firstPublishedAt === null ? [] : changesBetween(known, content);
  const events: CourseEvent[] = [];
  const announce = (kind: CourseEvent['kind'], changed: CourseEvent['changes'], origin = context.origin) =>
    events.push(newEvent({ ...context, origin, kind, changes: changed }));
  if (write.outcome === 'restored') {
    if (known.firstPublishedAt !== null) announce('restored', changes);
    return { set: { ...content, ...restoration(known, context) }, events };
  }
  if (known.state !== 'withdrawn') {
    const { edit = null } = write;
    const isEdited = ({ field }: CourseEvent['changes'][number]) => edit?.fields.includes(field) === true;
    const [edited, harvested] = [changes.filter(isEdited), changes.filter((one) => !isEdited(one))];
    if (harvested.length > 0) announce(kindOf(harvested), harvested);
    if (edit !== null && edited.length > 0) announce(kindOf(edited), edited, edit.origin);
  }
  if (known.state === 'missing') announce('seen-again', []);
  const missingSince = known.state === 'withdrawn' ? known.missingSince : null;
  const run = { id: context.runId, outcome: write.outcome };
  return { set: { ...content, state: seenState(known), missingSince, run }, events };
}

type NewEvent = Pick<CourseEvent, 'kind'> &
  Partial<Pick<CourseEvent, 'changes' | 'reason'>> & {
    readonly origin: EventOrigin;
    readonly runId: string | null;
    readonly now: Date;
  };

export function newEvent({ kind, origin, runId, now, changes = [], reason = null }: NewEvent): CourseEvent {
  return { id: randomUUID(), at: now, kind, origin, runId, changes, reason };
}
