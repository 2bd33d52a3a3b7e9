/**
 * The journal of what changed in the catalogue. Courses announce events in their own document; `settle` moves them here, and
 * a process that dies in between leaves them announced: the key makes moving them twice harmless.
 */
import { type Connection, Schema } from 'mongoose';
import { areDuplicateKeys } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { sharedRead } from '../../platform/joined-reads.ts';
import type { CourseEvent, EventKind, JournalEntry } from '../model/history.ts';
import type { CourseId } from '../model.ts';
import type { CourseDocument } from './document.ts';

export interface JournalDocument extends JournalEntry {
  /** `<course>/<event>`. */
  _id: string;
}

/** A course made public for the first time. */
export interface Addition {
  readonly courseId: CourseId;
  readonly sourceId: string;
  readonly at: Date;
}

export interface ChangesQuery {
  /** All sources when null. */
  readonly sourceId: string | null;
  /** From this instant on; null: as far as the journal goes. */
  readonly since: Date | null;
  /** Strictly before this place in the order (newest first); null: from the newest. */
  readonly before: { readonly at: Date; readonly id: string } | null;
  readonly limit: number;
}

export interface HistoryStore {
  ensureIndexes(): Promise<void>;
  /** Moves announced events to the journal. @returns how many. */
  settle(): Promise<number>;
  /** Events of a course, announced or kept, newest first. */
  ofCourse(id: CourseId, limit: number): Promise<CourseEvent[]>;
  /** Settled events, newest first. */
  entries(query: ChangesQuery): Promise<JournalEntry[]>;
  /** Courses by their first publication, newest first; the place in the order is `(at, courseId)`. */
  additions(query: ChangesQuery): Promise<Addition[]>;
}

export const journalName = 'course_events';

const journalSchema = new Schema(
  { _id: String, courseId: String, sourceId: String, at: Date },
  { collection: journalName, versionKey: false, strict: false },
);
journalSchema.index({ at: -1, _id: -1 });
journalSchema.index({ sourceId: 1, at: -1, _id: -1 });
journalSchema.index({ courseId: 1, at: -1 });

const chunkSize = 500;

/** Absences are between the source and us; visitors are told of what they can no longer, or can again, follow. */
const publicKinds: readonly EventKind[] = ['changed', 'price', 'withdrawn', 'restored', 'merged', 'unmerged'];

export function makeHistoryStore(connection: Connection): HistoryStore {
  const model = connection.model('CourseEvent', journalSchema);
  const database = connection.getClient().db(connection.name);
  const journal = database.collection<JournalDocument>(journalName);
  const courses = database.collection<CourseDocument>('courses');

  // Of the page of a course, which many may open at once.
  const readOf = sharedRead((id: CourseId, limit: number) =>
    Promise.all([
      journal.find({ courseId: id }).sort({ courseId: 1, at: -1 }).limit(limit).toArray(),
      courses.findOne({ _id: id }, { projection: { events: 1 } }),
    ]),
  );

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async settle() {
      let settled = 0;
      for (;;) {
        const found = await courses
          .find({ 'events.at': { $type: 'date' } }, { projection: { sourceId: 1, events: 1 } })
          .limit(chunkSize)
          .toArray();
        if (found.length === 0) return settled;
        const entries = found.flatMap(({ _id, sourceId, events = [] }) =>
          events.map((event) => ({ _id: `${_id}/${event.id}`, courseId: _id, sourceId, ...event })),
        );
        try {
          await journal.insertMany(entries, { ordered: false });
        } catch (error) {
          if (!areDuplicateKeys(error)) throw error;
        }
        await courses.bulkWrite(
          found.map(({ _id, events = [] }) => ({
            // An event announced meanwhile makes the list longer: the next turn takes it.
            updateOne: { filter: { _id, events: { $size: events.length } }, update: { $unset: { events: '' } } },
          })),
          { ordered: false },
        );
        settled += entries.length;
      }
    },

    async ofCourse(id, limit) {
      const [kept, course] = await readOf(id, limit);
      const known = new Set(kept.map((event) => event.id));
      const announced = (course?.events ?? []).filter((event) => !known.has(event.id)).toReversed();
      const settled = kept.map(({ _id, courseId: _course, sourceId: _source, ...event }) => event);
      return [...announced, ...settled].slice(0, limit);
    },

    async entries({ sourceId, since, before, limit }) {
      const found = await journal
        .find({
          ...(sourceId === null ? {} : { sourceId }),
          kind: { $in: [...publicKinds] },
          ...(since === null ? {} : { at: { $gte: since } }),
          ...(before === null ? {} : { $or: [{ at: { $lt: before.at } }, { at: before.at, _id: { $lt: before.id } }] }),
        })
        .sort(sourceId === null ? { at: -1, _id: -1 } : { sourceId: 1, at: -1, _id: -1 })
        .limit(limit)
        .toArray();
      return found.map(({ _id, ...entry }) => entry);
    },

    async additions({ sourceId, since, before, limit }) {
      const from = since === null ? { $type: 'date' as const } : { $gte: since };
      const found = await courses
        .find(
          {
            ...(sourceId === null ? {} : { sourceId }),
            firstPublishedAt: from,
            ...(before === null
              ? {}
              : {
                  $or: [
                    { firstPublishedAt: { $lt: before.at } },
                    { firstPublishedAt: before.at, _id: { $lt: before.id } },
                  ],
                }),
          },
          { projection: { sourceId: 1, firstPublishedAt: 1 } },
        )
        .sort({ firstPublishedAt: -1, _id: -1 })
        .limit(limit)
        .toArray();
      return found.flatMap(({ _id, sourceId: source, firstPublishedAt: at }) =>
        at === null ? [] : [{ courseId: _id, sourceId: source, at }],
      );
    },
  };
}
