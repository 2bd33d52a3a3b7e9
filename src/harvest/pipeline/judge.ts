/** The pure stages: validate, normalise, align, scope. Each is a function from a value to a value. */
import { type CourseDraft, courseDraftSchema } from '../../catalogue/model.ts';
import type { Alignment } from '../../framework/model.ts';
import { type AnyConnector, type Normalised, type Problem, problemOf } from '../connector.ts';
import { overlay, type Sighting } from './patches.ts';
import type { Entry } from './read.ts';

export type Judged = (
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[] }
  | { readonly kind: 'out-of-scope'; readonly reason: string }
  | AlignedCourse
) & {
  /** Of a record with patches: what its source says of the corrected fields. */
  readonly sightings?: readonly Sighting[];
};

export interface AlignedCourse {
  readonly kind: 'course';
  readonly draft: CourseDraft;
  /** Of a record with patches: the same without them. */
  readonly source?: CourseDraft;
  readonly alignment: Alignment;
  readonly warnings: readonly Problem[];
}

/** What judging reads of an entry. */
export type JudgedRecord = Pick<Entry, 'remoteId' | 'json' | 'problems' | 'patches'>;

/** Records to be judged elsewhere: plain data, which another thread can be given. */
export interface JudgeWork {
  readonly connector: string;
  /** Told with an error. */
  readonly runId: string;
  readonly sourceId: string;
  readonly records: readonly JudgedRecord[];
}

export interface JudgeTools {
  readonly connector: Pick<AnyConnector, 'normalise' | 'corrects'>;
  readonly align: (draft: CourseDraft) => Alignment;
  /** A record that makes our own code throw is quarantined alone, and the error is told here. */
  readonly onError: (error: unknown, remoteId: string) => void;
}

export const notDigital = 'Ce cours ne relève pas des compétences numériques.';

/** The connector's answer, held to the common course record. */
export function normalise(connector: Pick<AnyConnector, 'normalise'>, raw: unknown): Normalised {
  const answer = connector.normalise(raw);
  if (answer.kind !== 'course') return answer;
  const checked = courseDraftSchema.safeParse(answer.course);
  if (checked.success) return { ...answer, course: checked.data };
  return { kind: 'rejected', problems: checked.error.issues.map((issue) => problemOf(issue, answer.course)) };
}

/** null cannot be judged: it is published and reviewed, never out of scope. */
export function isOutOfScope(alignment: Alignment): boolean {
  return alignment.digital === false;
}

export function judge(entry: JudgedRecord, tools: JudgeTools): Judged {
  if (entry.problems.length > 0) return { kind: 'rejected', problems: entry.problems };
  try {
    const raw: unknown = JSON.parse(entry.json ?? 'null');
    if (entry.patches !== undefined) return judgePatched(entry.patches, raw, tools);
    const answer = normalise(tools.connector, raw);
    if (answer.kind === 'rejected') return answer;
    if (answer.kind === 'skip') return { kind: 'out-of-scope', reason: answer.reason };
    return {
      kind: 'course',
      draft: answer.course,
      alignment: tools.align(answer.course),
      warnings: answer.warnings ?? [],
    };
  } catch (error) {
    tools.onError(error, entry.remoteId);
    const message = 'Cette fiche provoque une erreur de notre programme, qui nous a été signalée.';
    return { kind: 'rejected', problems: [{ code: 'E_FORMAT_CHAMP', field: '(fiche)', value: null, message }] };
  }
}

/** @throws what `align` or the connector throws */
function judgePatched(patches: NonNullable<Entry['patches']>, raw: unknown, tools: JudgeTools): Judged {
  const answer = overlay(tools.connector.normalise(raw), patches, tools.connector);
  const { sightings } = answer;
  if (answer.kind === 'rejected') return { kind: 'rejected', problems: answer.problems, sightings };
  if (answer.kind === 'skip') return { kind: 'out-of-scope', reason: answer.reason, sightings };
  const { course, source = course, warnings = [] } = answer;
  return { kind: 'course', draft: course, source, alignment: tools.align(course), warnings, sightings };
}
