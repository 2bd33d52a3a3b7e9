/** One record as its source gave it, and what would become of it with corrections: the judge of a run, writing nothing. */

import { type CourseCorrection, type CourseField, courseFields } from '../../catalogue/model/corrections.ts';
import type { CourseDraft } from '../../catalogue/model.ts';
import type { KnownCourse } from '../../catalogue/store/document.ts';
import type { CourseWriter } from '../../catalogue/store/writing.ts';
import type { Alignment } from '../../framework/model.ts';
import type { AnyConnector, Problem } from '../connector.ts';
import { rawText } from '../examine.ts';
import type { Patch, SourceValue } from '../model/patch.ts';
import type { HarvestSource } from '../model.ts';
import { canonicalText, FieldRefusal, fieldTexts } from '../pipeline/course-fields.ts';
import { judge } from '../pipeline/judge.ts';
import { keptProblem } from '../pipeline/outcome.ts';
import { correctionsOf, fieldOfProblem, overlay, sourceValueOf } from '../pipeline/patches.ts';
import { type Entry, entryOf } from '../pipeline/read.ts';
import { claimIn, settle } from '../pipeline/write.ts';
import type { PatchStore } from '../store/patches.ts';
import type { KeptProblem, RecordMark, RecordStore } from '../store/records.ts';

/** A problem, with the field of the form that corrects it; null when none does. */
export interface PlacedProblem extends KeptProblem {
  readonly corrects: CourseField | null;
}

export interface RecordField {
  readonly field: CourseField;
  readonly source: SourceValue;
  /** What the form starts with. */
  readonly shown: string;
}

export interface LookedRecord {
  readonly remoteId: string;
  /** With its corrections; '' when none can be read. */
  readonly title: string;
  /** As received, cut short; null when nothing could be kept. */
  readonly raw: string | null;
  readonly at: Date | null;
  readonly mark: RecordMark | null;
  /** On display, or once on display. */
  readonly course: KnownCourse | null;
  /** Every correction of it, ended ones too. */
  readonly patches: readonly Patch[];
  /** Of the record as its source gives it, corrections apart. */
  readonly problems: readonly PlacedProblem[];
  /** What the next run would refuse, with the corrections. */
  readonly left: readonly PlacedProblem[];
  /** Empty when the record cannot be corrected here. */
  readonly fields: readonly RecordField[];
}

export interface Trial {
  readonly result: 'valid' | 'out-of-scope' | 'quarantined';
  readonly problems: readonly PlacedProblem[];
  readonly reason: string | null;
  /** As it would be published; null when it would not. */
  readonly course: {
    readonly draft: CourseDraft;
    readonly alignment: Alignment;
    readonly corrections: readonly CourseCorrection[];
    readonly harvestedAt: Date;
  } | null;
}

/** What a person typed, field by field, read as the next run would. */
export interface ReadForm {
  /** What is really changed, in the one way it is written. */
  readonly changed: ReadonlyMap<CourseField, string>;
  /** Typed back to what the source says: the correction of the field ends. */
  readonly back: ReadonlySet<CourseField>;
  /** Sentences of fields that cannot be read. */
  readonly refused: ReadonlyMap<CourseField, string>;
}

export interface Correcting {
  /** null for a record that the source never gave. */
  look(source: HarvestSource, remoteId: string): Promise<LookedRecord | null>;
  read(source: HarvestSource, remoteId: string, typed: ReadonlyMap<CourseField, string>): Promise<ReadForm>;
  /** With what `by` typed in a form, as it was read; with nothing changed, as it stands. */
  try(source: HarvestSource, remoteId: string, form: Omit<ReadForm, 'refused'>, by: Patch['by']): Promise<Trial>;
}

export interface CorrectingDependencies {
  readonly records: Pick<RecordStore, 'raw' | 'marks'>;
  readonly courses: Pick<CourseWriter, 'known' | 'ownersElsewhere'>;
  readonly patches: Pick<PatchStore, 'ofRecord'>;
  readonly connectors: ReadonlyMap<string, AnyConnector>;
  readonly align: (draft: CourseDraft) => Alignment;
  readonly log: { error(fields: object, message: string): void };
  readonly now: () => Date;
}

/** What a form can hold: longer texts are corrected in the catalogue, unless one of them is the problem. */
const longestText = 1_500;
const longestProblem = 10_000;

const identifier = 'identifiant';
const nameCodes: ReadonlySet<string> = new Set(['E_CHAMP_MANQUANT', 'E_CHAMP_TROP_LONG']);

const isLive = ({ ended }: Patch) => ended === null;

export function makeCorrecting(dependencies: CorrectingDependencies): Correcting {
  const { records, courses, patches, connectors, align, log, now } = dependencies;

  interface Found {
    readonly entry: Entry;
    readonly at: Date;
    readonly connector: AnyConnector;
    readonly own: readonly Patch[];
    readonly known: KnownCourse | null;
    readonly mark: RecordMark | null;
    /** What could be read of it; null: nothing. */
    readonly draft: CourseDraft | null;
    readonly problems: readonly Problem[];
  }

  async function find(source: HarvestSource, remoteId: string): Promise<Found | null> {
    const connector = connectors.get(source.connector);
    if (connector === undefined) return null;
    const [raw, marks, own, known] = await Promise.all([
      records.raw(source.id, remoteId),
      records.marks(source.id, [remoteId]),
      patches.ofRecord(source.id, remoteId),
      courses.known(source.id, [remoteId]),
    ]);
    if (raw === null) return null;
    const value: unknown = JSON.parse(raw.raw);
    const mark = marks.get(remoteId) ?? null;
    const read = entryOf(remoteId, value, connector.id, raw.at);
    // Kept under a name of ours: the record has none, or one that cannot be kept.
    const nameless = (mark?.problems ?? []).filter(({ code, field }) => field === identifier && nameCodes.has(code));
    const entry = nameless.length === 0 ? read : { ...read, problems: nameless };
    const common = { entry, at: raw.at, connector, own, known: known.get(remoteId) ?? null };
    const answer = overlay(connector.normalise(value), [], connector);
    const draft = answer.kind === 'skip' ? null : (answer.source ?? null);
    return { ...common, mark, draft, problems: answer.kind === 'rejected' ? answer.problems : [] };
  }

  async function settled(source: HarvestSource, found: Found, corrections: readonly Patch[]) {
    const { entry, connector, known, at } = found;
    const patched: Entry = corrections.length === 0 ? entry : { ...entry, patches: corrections };
    const judged = judge(patched, {
      connector,
      align,
      onError: (err, remoteId) => log.error({ err, sourceId: source.id, remoteId }, 'record failed'),
    });
    const claim = claimIn(judged, known);
    const owners = claim === null ? undefined : (await courses.ownersElsewhere(source.id, [claim])).get(claim);
    const end = settle(patched, judged, known, owners ?? [], false, at, found.mark ?? undefined);
    return { judged, end };
  }

  const placed = (problems: readonly KeptProblem[], connector: AnyConnector): PlacedProblem[] =>
    problems.map((problem) => ({ ...problem, corrects: fieldOfProblem(problem, connector) }));

  /** All that stands between the record and its publication can be typed in the form. */
  function fieldsOf({ draft, problems, connector, own }: Found, left: readonly PlacedProblem[]): RecordField[] {
    if (draft === null) return [];
    const live = new Map(own.filter(isLive).map((patch) => [patch.field, patch]));
    const fields = courseFields.flatMap((field) => {
      const source = sourceValueOf(field, draft, problems, connector);
      // Beside the words that could not be read, what could be: a title that is too long is read whole.
      const given = source.readable ? source.text : fieldTexts[field].read(draft) || source.text;
      const shown = live.get(field)?.value ?? given;
      const concerns = left.some(({ corrects }) => corrects === field);
      return shown.length > (concerns ? longestProblem : longestText) ? [] : [{ field, source, shown }];
    });
    return left.every(({ corrects }) => fields.some(({ field }) => field === corrects)) ? fields : [];
  }

  async function look(source: HarvestSource, remoteId: string): Promise<LookedRecord | null> {
    const found = await find(source, remoteId);
    if (found === null) return null;
    const { entry, at, connector, own, known, mark, problems } = found;
    const live = own.filter(isLive);
    const alone = live.length === 0 ? problems.map(keptProblem) : null;
    const { end } = await settled(source, found, live);
    const left = placed(end.problems, connector);
    const title = live.find(({ field }) => field === 'title')?.value ?? found.draft?.title ?? '';
    return {
      ...{ remoteId, title },
      raw: entry.json === null ? null : rawText(JSON.parse(entry.json)),
      at,
      mark,
      course: known,
      patches: own,
      problems: placed(alone ?? (await settled(source, found, [])).end.problems, connector),
      left,
      fields: fieldsOf(found, left),
    };
  }

  async function needed(source: HarvestSource, remoteId: string): Promise<Found & { readonly draft: CourseDraft }> {
    const found = await find(source, remoteId);
    if (found === null || found.draft === null) throw new TypeError(`the record ${remoteId} cannot be corrected`);
    return { ...found, draft: found.draft };
  }

  return {
    look,

    async read(source, remoteId, typed) {
      const found = await needed(source, remoteId);
      const { end } = await settled(source, found, found.own.filter(isLive));
      const changed = new Map<CourseField, string>();
      const back = new Set<CourseField>();
      const refused = new Map<CourseField, string>();
      const live = new Map(found.own.filter(isLive).map((patch) => [patch.field, patch]));
      const offered = fieldsOf(found, placed(end.problems, found.connector));
      for (const { field, source: said } of offered) {
        const text = typed.get(field);
        if (text === undefined) continue;
        try {
          const value = canonicalText(field, found.draft, text);
          const patch = live.get(field);
          if (said.readable && value === said.text) {
            if (patch !== undefined && patch.value !== value) back.add(field);
          } else if (patch === undefined || patch.value !== value) changed.set(field, value);
        } catch (error) {
          if (!(error instanceof FieldRefusal)) throw error;
          // A value of the source that our form cannot hold is not for the person to explain.
          if (said.readable && text.replace(/\r\n?/g, '\n').trim() === said.text) continue;
          refused.set(field, error.message);
        }
      }
      return { changed, back, refused };
    },

    async try(source, remoteId, { changed, back }, by) {
      const found = await needed(source, remoteId);
      const { connector, draft, problems, at } = found;
      const kept = found.own.filter((patch) => isLive(patch) && !changed.has(patch.field) && !back.has(patch.field));
      const at0 = now();
      const written = [...changed].map(([field, value]): Patch => {
        const said = sourceValueOf(field, draft, problems, connector);
        return {
          ...{ sourceId: source.id, remoteId, field, version: 0, revision: 0, source: said, value },
          ...{ by, at: at0, why: '', seen: { value: said, at }, appliedAt: null },
          ...{ ended: null, undoneAt: null, past: [] },
        };
      });
      const corrections = [...kept, ...written];
      const { judged, end } = await settled(source, found, corrections);
      const left = placed(end.problems, connector);
      const result = { accepted: 'valid', 'out-of-scope': 'out-of-scope', quarantined: 'quarantined' } as const;
      return {
        result: result[end.verdict],
        problems: left,
        reason: end.reason,
        course:
          judged.kind === 'course' && end.verdict !== 'quarantined'
            ? {
                ...{ draft: judged.draft, alignment: judged.alignment },
                ...{ corrections: correctionsOf(corrections), harvestedAt: at },
              }
            : null,
      };
    },
  };
}
