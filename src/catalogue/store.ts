/** Courses in MongoDB: what pages, search and the harvest pipeline read and write. Returns model values, never documents. */
import { type Connection, type Model, Schema } from 'mongoose';
import { type AccessCode, accessCodes } from '../eligibility/model.ts';
import type { Band, CompetenceCode } from '../framework/model.ts';
import { ensureIndexesOf } from '../platform/indexes.ts';
import { joinedFind } from '../platform/joined-reads.ts';
import type { FilledFields } from './model/filled.ts';
import type { Course, CourseId } from './model.ts';
import { type CourseDocument, living, type RemovalDocument } from './store/document.ts';
import { type JournalDocument, journalName } from './store/history.ts';
import { type CourseWriter, drawCourseId, makeCourseWriter } from './store/writing.ts';

/** Position in the order (updatedAt, id). */
export interface Watermark {
  readonly updatedAt: Date;
  readonly id: CourseId;
}

/** A course erased for good (demonstration data): nothing of it is left but this. */
export interface Removal {
  readonly id: CourseId;
  readonly removedAt: Date;
}

export interface CatalogueSummary {
  /** Shown to visitors: published, or missing for less than the grace period. */
  readonly published: number;
  readonly withdrawn: number;
  /** Most recent « relevé le » of the published courses. */
  readonly newestHarvest: Date | null;
  readonly byAccess: Readonly<Record<AccessCode, number>>;
  /** Schools with at least one published course. */
  readonly providers: number;
}

export interface CourseStore extends CourseWriter {
  ensureIndexes(): Promise<void>;
  byId(id: CourseId): Promise<Course | null>;
  /** In the order asked; unknown ids are left out. */
  byIds(ids: readonly CourseId[]): Promise<Course[]>;
  /** Published courses of a school, newest first; of those merged with one another, the one that has the card. */
  byProvider(providerId: string, options: { limit: number }): Promise<Course[]>;
  /** As one of its courses gives it; null when none is shown. */
  providerName(providerId: string): Promise<string | null>;
  /** Published courses that prepare a certification, newest first, and how many there are. */
  preparing(code: string, limit: number): Promise<{ readonly total: number; readonly courses: readonly Course[] }>;
  /** Every state, in the order of the partner's identifiers; `after` is the remoteId of the last one of the page before. */
  bySource(sourceId: string, options: { limit: number; after?: string }): Promise<Course[]>;
  /**
   * Every state, oldest change first, as dates alone: a reader of the index reads again the last 30 seconds at each turn,
   * because a batch is dated before it is committed, and has seen most of them.
   */
  changedSince(watermark: Watermark | null, limit: number): Promise<Watermark[]>;
  removedSince(watermark: Removal | null, limit: number): Promise<Removal[]>;
  /** Every published or missing course, streamed, those merged into another one too. */
  published(): AsyncIterable<Course>;
  summary(): Promise<CatalogueSummary>;
  /** Published courses per competence whose score reaches the threshold. */
  countsByCompetence(): Promise<ReadonlyMap<CompetenceCode, number>>;
  filledBySource(): Promise<ReadonlyMap<string, FilledFields>>;
  /** For a tombstone: living courses with a session open; same certification first, then same main competence and level. */
  similarTo(course: Course, limit: number): Promise<Course[]>;
}

const courseSchema = new Schema<CourseDocument>(
  {
    _id: String,
    slug: String,
    sourceId: String,
    sourceTitle: String,
    remoteId: String,
    providerId: String,
    draft: Schema.Types.Mixed,
    alignment: Schema.Types.Mixed,
    access: Schema.Types.Mixed,
    cpf: Schema.Types.Mixed,
    state: String,
    missingSince: Date,
    withdrawn: Schema.Types.Mixed,
    restoredAt: Date,
    firstPublishedAt: Date,
    harvestedAt: Date,
    demo: Boolean,
    mergedInto: String,
    offers: { type: [String], default: undefined },
    createdAt: Date,
    updatedAt: Date,
    run: Schema.Types.Mixed,
    renamedTo: String,
    claim: String,
    assessed: String,
    events: { type: Schema.Types.Mixed, default: undefined },
  },
  { collection: 'courses', versionKey: false },
);
courseSchema.index({ sourceId: 1, remoteId: 1 }, { unique: true });
courseSchema.index({ updatedAt: 1, _id: 1 });
courseSchema.index({ state: 1, sourceId: 1 });
courseSchema.index({ providerId: 1 });
courseSchema.index({ claim: 1 });
courseSchema.index({ renamedTo: 1 }, { sparse: true });
courseSchema.index({ assessed: 1 });
courseSchema.index({ 'events.at': 1 }, { sparse: true });
courseSchema.index(
  { firstPublishedAt: -1, _id: -1 },
  { partialFilterExpression: { firstPublishedAt: { $type: 'date' } } },
);
courseSchema.index({ 'alignment.competences.code': 1 });
courseSchema.index({ 'alignment.certifications.code': 1 });

const removalSchema = new Schema<RemovalDocument>(
  { _id: String, removedAt: Date },
  { collection: 'removed_courses', versionKey: false },
);
removalSchema.index({ removedAt: 1, _id: 1 });

function toCourse(document: CourseDocument): Course {
  const { _id, run: _run, claim: _claim, assessed: _assessed, events: _events, renamedTo: _to, ...course } = document;
  // A course stored before the account was looked at has no answer yet.
  return {
    id: _id,
    ...course,
    cpf: course.cpf ?? null,
    mergedInto: course.mergedInto ?? null,
    offers: course.offers ?? [],
  };
}

/** Courses with a card of their own: one that another stands for is in no list and no count. */
const carded = { state: { $in: living }, mergedInto: null };

/** The first condition says nothing more than the others: with it the index is read from there, and not from its start. */
function after(field: string, at: Date, id: string) {
  return { [field]: { $gte: at }, $or: [{ [field]: { $gt: at } }, { _id: { $gt: id } }] };
}

/** `drawId` gives the 8 characters of a new course. */
export function makeCourseStore(connection: Connection, drawId: () => CourseId = drawCourseId): CourseStore {
  const courses: Model<CourseDocument> = connection.model<CourseDocument>('Course', courseSchema);
  const removals: Model<RemovalDocument> = connection.model<RemovalDocument>('RemovedCourse', removalSchema);

  const database = connection.getClient().db(connection.name);

  // The course of a page, those of its cards: the same ones stand on many pages.
  const documentsOf = joinedFind('_id', (ids) => courses.find({ _id: { $in: ids } }).lean<CourseDocument[]>());

  /**
   * These fields of all courses that are shown, some at a time: one command over the whole catalogue would keep the pages
   * waiting that ask for a course meanwhile.
   */
  function shownWith(fields: Readonly<Record<string, number>>) {
    const all = database.collection<CourseDocument>('courses');
    return all.find({ state: { $in: living } }, { projection: { _id: 0, ...fields }, batchSize: 250 });
  }

  async function byIds(ids: readonly CourseId[]): Promise<Course[]> {
    return (await Promise.all(ids.map(documentsOf))).flat().map(toCourse);
  }

  /** Those of them that the group of each has no other course for: the holder of the card is of the same school. */
  async function withoutOwnDoubles(found: readonly Course[]): Promise<Course[]> {
    const cards = found.flatMap(({ mergedInto }) => mergedInto ?? []);
    const schools =
      cards.length === 0 ? [] : await courses.find({ _id: { $in: cards } }, { providerId: 1 }).lean<CourseDocument[]>();
    const schoolOf = new Map(schools.map(({ _id, providerId }) => [_id, providerId]));
    return found.filter(({ mergedInto, providerId }) => mergedInto === null || schoolOf.get(mergedInto) !== providerId);
  }

  /** Living courses with an open session that pass `filter`; a bounded look, since this feeds a list of three. */
  async function openAmong(filter: Record<string, unknown>, limit: number): Promise<Course[]> {
    const found = await courses
      .find({ ...filter, ...carded, 'draft.sessions.state': 'open' })
      .sort({ updatedAt: -1, _id: 1 })
      .limit(limit)
      .lean<CourseDocument[]>();
    return found.map(toCourse);
  }

  return {
    ...makeCourseWriter(
      database.collection<CourseDocument>('courses'),
      database.collection<RemovalDocument>('removed_courses'),
      database.collection<JournalDocument>(journalName),
      drawId,
    ),

    async ensureIndexes() {
      await ensureIndexesOf(courses);
      await ensureIndexesOf(removals);
    },

    async byId(id) {
      const [found] = await byIds([id]);
      return found ?? null;
    },

    byIds,

    async byProvider(providerId, { limit }) {
      const found = await courses
        .find({ providerId, state: { $in: living } })
        .sort({ updatedAt: -1, _id: 1 })
        .limit(limit)
        .lean<CourseDocument[]>();
      return withoutOwnDoubles(found.map(toCourse));
    },

    async providerName(providerId) {
      const found = await courses
        .findOne({ providerId, state: { $in: living } }, { 'draft.provider.name': 1 })
        .lean<CourseDocument | null>();
      return found?.draft.provider.name ?? null;
    },

    async preparing(code, limit) {
      // An offer may name the certification where the card of its group is silent: it counts as that card.
      const filter = { 'alignment.certifications.code': code, state: { $in: living } };
      const [counted, found] = await Promise.all([
        courses.aggregate<{ total: number }>([
          { $match: filter },
          { $group: { _id: { $ifNull: ['$mergedInto', '$_id'] } } },
          { $count: 'total' },
        ]),
        courses
          .find(filter, { mergedInto: 1 })
          .sort({ updatedAt: -1, _id: 1 })
          .limit(2 * limit)
          .lean<CourseDocument[]>(),
      ]);
      const cards = [...new Set(found.map(({ _id, mergedInto }) => mergedInto ?? _id))].slice(0, limit);
      return { total: counted[0]?.total ?? 0, courses: await byIds(cards) };
    },

    async bySource(sourceId, { limit, after: last }) {
      const found = await courses
        .find({ sourceId, ...(last === undefined ? {} : { remoteId: { $gt: last } }) })
        .sort({ sourceId: 1, remoteId: 1 })
        .limit(limit)
        .lean<CourseDocument[]>();
      return found.map(toCourse);
    },

    async changedSince(watermark, limit) {
      const found = await courses
        .find(watermark === null ? {} : after('updatedAt', watermark.updatedAt, watermark.id), { updatedAt: 1 })
        .sort({ updatedAt: 1, _id: 1 })
        .limit(limit)
        .lean<Pick<CourseDocument, '_id' | 'updatedAt'>[]>();
      return found.map(({ _id, updatedAt }) => ({ id: _id, updatedAt }));
    },

    async removedSince(watermark, limit) {
      const found = await removals
        .find(watermark === null ? {} : after('removedAt', watermark.removedAt, watermark.id))
        .sort({ removedAt: 1, _id: 1 })
        .limit(limit)
        .lean<RemovalDocument[]>();
      return found.map(({ _id, removedAt }) => ({ id: _id, removedAt }));
    },

    async *published() {
      const cursor = courses
        .find({ state: { $in: living } })
        .lean<CourseDocument[]>()
        .cursor({ batchSize: 100 });
      for await (const document of cursor) yield toCourse(document);
    },

    async summary() {
      const withdrawn = await courses.countDocuments({ state: 'withdrawn' });
      const byAccess = Object.fromEntries(accessCodes.map((code) => [code, 0])) as Record<AccessCode, number>;
      const providers = new Set<string>();
      let published = 0;
      let newest = 0;
      const read = { 'access.code': 1, harvestedAt: 1, providerId: 1, mergedInto: 1 };
      for await (const { access, harvestedAt, providerId, mergedInto } of shownWith(read)) {
        providers.add(providerId);
        if ((mergedInto ?? null) !== null) continue;
        published += 1;
        byAccess[access.code] += 1;
        newest = Math.max(newest, harvestedAt.getTime());
      }
      return {
        published,
        withdrawn,
        newestHarvest: newest === 0 ? null : new Date(newest),
        byAccess,
        providers: providers.size,
      };
    },

    async countsByCompetence() {
      const counts = new Map<CompetenceCode, number>();
      const read = { 'alignment.competences': 1, 'alignment.threshold': 1, mergedInto: 1 };
      for await (const { alignment, mergedInto } of shownWith(read)) {
        if ((mergedInto ?? null) !== null) continue;
        for (const { code, score } of alignment.competences)
          if (score >= alignment.threshold) counts.set(code, (counts.get(code) ?? 0) + 1);
      }
      return counts;
    },

    async filledBySource() {
      const given = (...conditions: object[]) => ({ $sum: { $cond: [{ $or: conditions }, 1, 0] } });
      const known = (path: string) => ({ $ne: [{ $ifNull: [path, null] }, null] });
      const some = (path: string) => ({ $gt: [{ $size: path }, 0] });
      const found = await courses.aggregate<{ _id: string } & FilledFields>([
        { $match: { state: { $in: living } } },
        {
          $group: {
            _id: '$sourceId',
            courses: { $sum: 1 },
            price: given(known('$draft.price'), known('$draft.contentFree')),
            certificate: given({ $ne: ['$draft.certificate.type', 'unknown'] }),
            dates: given(some('$draft.sessions')),
            effort: given(
              known('$draft.totalHours'),
              known('$draft.effortMinutesPerWeek'),
              known('$draft.durationWeeks'),
              known('$draft.effortText'),
            ),
            level: given(known('$alignment.level')),
            languages: given(some('$draft.languages')),
            description: given({ $ne: ['$draft.description', ''] }),
            competences: given(some('$alignment.competences')),
          },
        },
      ]);
      return new Map(found.map(({ _id, ...filled }) => [_id, filled]));
    },

    async similarTo(course, limit) {
      const others = { _id: { $ne: course.id } };
      const codes = course.alignment.certifications.map((certification) => certification.code);
      const same =
        codes.length === 0
          ? []
          : await openAmong({ ...others, 'alignment.certifications.code': { $in: codes } }, limit);
      const main = course.alignment.competences[0]?.code;
      const level: Band | null = course.alignment.level;
      if (same.length >= limit || main === undefined) return same;
      const near = await openAmong(
        {
          _id: { $nin: [course.id, ...same.map((other) => other.id)] },
          'alignment.competences.0.code': main,
          'alignment.competences.code': main,
          'alignment.level': level,
        },
        limit - same.length,
      );
      return [...same, ...near];
    },
  };
}
