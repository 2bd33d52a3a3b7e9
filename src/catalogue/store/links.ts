/** Links of courses to their schools, one mark per living course, apart from the courses: a harvest never touches them. */
import { type Connection, type mongo, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';
import { type CourseLink, type LinkState, unasked } from '../model/link.ts';
import type { CourseId } from '../model.ts';
import { type CourseDocument, living } from './document.ts';

export interface LinkStore {
  ensureIndexes(): Promise<void>;
  /** One mark for each living course, at its present address; marks of other courses go. */
  bringUpToDate(signal?: AbortSignal): Promise<void>;
  /** Those whose turn came before this, the longest waiting first, never asked ones before all. */
  due(before: Date, limit: number): Promise<readonly CourseLink[]>;
  /** What was seen of the link, unless its course has another address by now. */
  save(link: Pick<CourseLink, 'courseId' | 'url'>, state: LinkState): Promise<void>;
  /** It was not asked: its turn comes again once others had theirs. */
  putOff(courseIds: readonly CourseId[], turnAt: Date): Promise<void>;
  /** Since when the link of a course is dead; null for a link that is not, or at another address. */
  deadSince(courseId: CourseId, url: string): Promise<Date | null>;
  /** Dead ones of a source by course; `after` is the last course of the page before. */
  deadOf(sourceId: string, page: { readonly after: CourseId | null; readonly limit: number }): Promise<CourseLink[]>;
  countDead(sourceId: string): Promise<number>;
}

interface LinkDocument extends Omit<CourseLink, 'courseId'> {
  _id: CourseId;
  /** When it was asked or put off last. */
  turnAt: Date;
}

const linkSchema = new Schema<LinkDocument>(
  { _id: String, sourceId: String, turnAt: Date, deadSince: Date },
  { collection: 'course_links', versionKey: false, strict: false },
);
linkSchema.index({ turnAt: 1, _id: 1 });
linkSchema.index({ sourceId: 1, _id: 1 }, { partialFilterExpression: { deadSince: { $type: 'date' } } });

const never = new Date(0);
const chunk = 500;
const dead = { deadSince: { $type: 'date' } } as const;

const toLink = ({ _id, turnAt: _turnAt, ...link }: LinkDocument): CourseLink => ({ courseId: _id, ...link });

export function makeLinkStore(connection: Connection): LinkStore {
  const model = connection.model('CourseLink', linkSchema);
  const database = connection.getClient().db(connection.name);
  const links = database.collection<LinkDocument>('course_links');
  const courses = database.collection<CourseDocument>('courses');

  const linksOf = joinedFind('_id', (ids) => links.find({ _id: { $in: [...ids] } }).toArray());

  async function* pages<Document extends { _id: string }>(
    collection: mongo.Collection<Document>,
    filter: mongo.Filter<Document>,
    projection: mongo.Document,
  ): AsyncGenerator<readonly Document[]> {
    let last = '';
    for (;;) {
      const here = { ...filter, _id: { $gt: last } } as mongo.Filter<Document>;
      const found = await collection.find(here, { projection }).sort({ _id: 1 }).limit(chunk).toArray();
      const end = found.at(-1);
      if (end === undefined) return;
      last = end._id;
      yield found as unknown as readonly Document[];
    }
  }

  async function add(signal?: AbortSignal): Promise<void> {
    const read = { sourceId: 1, 'draft.url': 1, demo: 1 };
    for await (const page of pages(courses, { state: { $in: [...living] } }, read)) {
      signal?.throwIfAborted();
      const ids = page.map(({ _id }) => _id);
      const known = new Map((await links.find({ _id: { $in: ids } }).toArray()).map((link) => [link._id, link.url]));
      const moved = page.filter(({ _id, draft }) => known.get(_id) !== draft.url);
      if (moved.length === 0) continue;
      await links.bulkWrite(
        moved.map(({ _id, sourceId, draft, demo }) => ({
          replaceOne: {
            filter: { _id },
            // What was seen of another address says nothing of this one.
            replacement: { sourceId, url: draft.url, demo, ...unasked, turnAt: never },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    }
  }

  async function sweep(signal?: AbortSignal): Promise<void> {
    for await (const page of pages(links, {}, { _id: 1 })) {
      signal?.throwIfAborted();
      const ids = page.map(({ _id }) => _id);
      const shown = await courses
        .find({ _id: { $in: ids }, state: { $in: [...living] } }, { projection: { _id: 1 } })
        .toArray();
      const kept = new Set(shown.map(({ _id }) => _id));
      const gone = ids.filter((id) => !kept.has(id));
      if (gone.length > 0) await links.deleteMany({ _id: { $in: gone } });
    }
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async bringUpToDate(signal) {
      await add(signal);
      await sweep(signal);
    },

    async due(before, limit) {
      const found = await links
        .find({ turnAt: { $lte: before } })
        .sort({ turnAt: 1, _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(toLink);
    },

    async save({ courseId, url }, state) {
      await links.updateOne({ _id: courseId, url }, { $set: { ...state, turnAt: state.checkedAt ?? never } });
    },

    async putOff(courseIds, turnAt) {
      if (courseIds.length > 0) await links.updateMany({ _id: { $in: [...courseIds] } }, { $set: { turnAt } });
    },

    async deadSince(courseId, url) {
      const found = (await linksOf(courseId)).find((link) => link.url === url);
      return found?.deadSince ?? null;
    },

    async deadOf(sourceId, { after, limit }) {
      const rest = after === null ? {} : { _id: { $gt: after } };
      const found = await links
        .find({ sourceId, ...dead, ...rest })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(toLink);
    },

    countDead: (sourceId) => links.countDocuments({ sourceId, ...dead }),
  };
}
