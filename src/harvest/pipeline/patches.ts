/**
 * Corrections laid over what a source gives, between normalising and validating. What the source says is never lost: each
 * run tells what it saw of the corrected fields (`Sighting`), whatever is published.
 */

import type { CourseCorrection, CourseField } from '../../catalogue/model/corrections.ts';
import type { HistoryField } from '../../catalogue/model/history.ts';
import { type CourseDraft, courseDraftSchema } from '../../catalogue/model.ts';
import type { CourseEdit } from '../../catalogue/store/document.ts';
import { type AnyConnector, type Normalised, type Problem, problemOf } from '../connector.ts';
import { type Patch, patchState, type SourceValue, sameValue } from '../model/patch.ts';
import { FieldRefusal, fieldAtPath, fieldTexts } from './course-fields.ts';
import { sha256 } from './fingerprint.ts';
import { keptProblem } from './outcome.ts';
import type { Batch, Entry } from './read.ts';

/** The patches of a source, by the identifier of their record. */
export type SourcePatches = ReadonlyMap<string, readonly Patch[]>;

/** What a run saw of a patched field. */
export interface Sighting {
  readonly patch: Patch;
  readonly value: SourceValue;
}

/** Changes with every act of a person on a patch of the source; '' without any live patch. */
export function stampOfPatches(patches: SourcePatches): string {
  const marks = [...patches.values()].flatMap((list) => list.filter(isLive)).map(markOf);
  return marks.length === 0 ? '' : sha256(...marks.sort());
}

const isLive = (patch: Patch) => patch.ended === null;
const markOf = ({ remoteId, field, version }: Patch) => JSON.stringify([remoteId, field, version]);

/** A patched record is another content: it is judged again when a patch changes, and only then. */
export function withPatches(batch: Batch, patches: SourcePatches): Batch {
  if (!batch.entries.some(({ remoteId }) => patches.has(remoteId))) return batch;
  const entries = batch.entries.map((entry): Entry => {
    const own = patches.get(entry.remoteId);
    if (own === undefined) return entry;
    const marks = own.filter(isLive).map(markOf).sort();
    const hash = marks.length === 0 ? entry.hash : `${entry.hash}.${sha256(...marks)}`;
    return { ...entry, hash, patches: own };
  });
  return { ...batch, entries };
}

/** The hash of what the source gave, corrections apart. */
export function contentHash(hash: string): string {
  const at = hash.indexOf('.');
  return at === -1 ? hash : hash.slice(0, at);
}

/** The field of the course that a problem is about, in the partner's names or in ours; null for what no form can correct. */
export function fieldOfProblem(
  problem: Pick<Problem, 'field'>,
  connector: Pick<AnyConnector, 'corrects'>,
): CourseField | null {
  const { corrects = {} } = connector;
  const name = problem.field.replace(/\b\d+\b/g, '*');
  return (Object.hasOwn(corrects, name) ? corrects[name] : undefined) ?? fieldAtPath(problem.field);
}

/** What the source says of one field. */
export function sourceValueOf(
  field: CourseField,
  draft: CourseDraft,
  problems: readonly Problem[],
  connector: Pick<AnyConnector, 'corrects'>,
): SourceValue {
  const problem = problems.find((one) => fieldOfProblem(one, connector) === field);
  if (problem !== undefined) return { text: keptProblem(problem).value, readable: false };
  return { text: fieldTexts[field].read(draft), readable: true };
}

export type Overlaid = Normalised & { readonly sightings: readonly Sighting[]; readonly source?: CourseDraft };

/** The connector's answer with the corrections laid over it, held to the common course record. */
export function overlay(
  answer: Normalised,
  patches: readonly Patch[],
  connector: Pick<AnyConnector, 'corrects'>,
): Overlaid {
  if (answer.kind === 'skip') return { ...answer, sightings: [] };
  const source = answer.kind === 'course' ? answer.course : answer.draft;
  // Nothing could be read of it: nothing is known of its fields either.
  if (source === undefined) return { ...answer, sightings: [] };
  const problems = answer.kind === 'course' ? [] : answer.problems;
  const sightings = patches.map((patch) => ({
    patch,
    value: sourceValueOf(patch.field, source, problems, connector),
  }));
  const refused: Problem[] = [];
  let course = source;
  for (const patch of patches.filter(isLive)) {
    try {
      course = fieldTexts[patch.field].write(course, patch.value);
    } catch (error) {
      if (!(error instanceof FieldRefusal)) throw error;
      refused.push({ code: 'E_FORMAT_CHAMP', field: patch.field, value: patch.value, message: error.message });
    }
  }
  const corrected = new Set<CourseField | null>(patches.filter(isLive).map(({ field }) => field));
  const isLeft = (problem: Problem) => !corrected.has(fieldOfProblem(problem, connector));
  const left = [...problems.filter(isLeft), ...refused];
  if (left.length > 0) return { kind: 'rejected', problems: left, draft: course, sightings, source };
  const checked = courseDraftSchema.safeParse(course);
  if (!checked.success) {
    return {
      kind: 'rejected',
      problems: checked.error.issues.map((issue) => problemOf(issue, course)),
      draft: course,
      sightings,
      source,
    };
  }
  const warnings = answer.kind === 'course' ? (answer.warnings ?? []).filter(isLeft) : [];
  return { kind: 'course', course: checked.data, warnings, sightings, source };
}

/** What is published, as its source would have it: what a person corrected says nothing of which course it is. */
export function withoutPatches(draft: CourseDraft, patches: readonly Patch[]): CourseDraft {
  return patches.reduce((course, { field, seen }) => {
    if (!seen.value.readable) return course;
    try {
      return fieldTexts[field].write(course, seen.value.text);
    } catch (error) {
      if (error instanceof FieldRefusal) return course;
      throw error;
    }
  }, draft);
}

/** A sighting that tells something new: another value, or the first run that publishes the patch, or puts it back. */
export function isNews({ patch, value }: Sighting, isAccepted: boolean): boolean {
  if (!sameValue(patch.seen.value, value)) return true;
  if (!isAccepted) return false;
  return patch.ended === null ? patch.appliedAt === null : patch.undoneAt === null;
}

/** Those that are published, as the page of the course tells them. */
export function correctionsOf(patches: readonly Patch[]): CourseCorrection[] {
  const live = patches.filter(isLive).map(({ field, by, at }) => ({ field, by, at }));
  return live.toSorted((a, b) => (a.field < b.field ? -1 : 1));
}

const historyFields: Partial<Readonly<Record<CourseField, readonly HistoryField[]>>> = {
  title: ['title'],
  description: ['description'],
  url: ['url'],
  provider: ['provider'],
  price: ['price', 'contentFree', 'access'],
  certificate: ['certificate', 'access'],
  exam: ['exam', 'access'],
  certifications: ['certifications', 'certificate'],
  sessions: ['dates'],
  languages: ['languages'],
  modality: ['modality'],
  hours: ['effort'],
  weeklyHours: ['effort'],
  weeks: ['effort'],
};

/** Which changes of a course this run owes to a person and not to the source; null when none. */
export function editOf(patches: readonly Patch[]): CourseEdit | null {
  const acted = patches.filter((patch) => {
    const state = patchState(patch);
    return patch.ended === null ? patch.appliedAt === null : state === 'undoing';
  });
  const fields = acted.flatMap(({ field }) => historyFields[field] ?? []);
  const [last] = acted.toSorted((a, b) => actedAt(b) - actedAt(a));
  if (last === undefined || fields.length === 0) return null;
  return { origin: last.ended?.by ?? last.by, fields };
}

function actedAt({ at, ended }: Patch): number {
  return (ended?.at ?? at).getTime();
}
