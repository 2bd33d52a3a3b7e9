/** What the training account says of each course, read and written in batches; idempotent, resumed where it stopped. */
import type { Connection, mongo } from 'mongoose';
import { type CpfSummary, saysTheSame } from '../model/cpf.ts';
import type { FundedCourse } from '../model/dossier.ts';
import type { Course, CourseId } from '../model.ts';
import type { CourseDocument } from './document.ts';

export interface CourseToAssess extends FundedCourse, Pick<Course, 'id' | 'cpf' | 'updatedAt'> {
  /** The key it was assessed with before; null when its content changed since, or never. */
  readonly assessed: string | null;
}

export interface CourseAssessing {
  /**
   * Courses not withdrawn that were not assessed with this key; with null, those whose content changed since they were.
   * In batches, without what an assessment does not read of a draft.
   */
  toAssess(key: string | null): AsyncIterable<readonly CourseToAssess[]>;
  /**
   * `updatedAt` moves for those that say something else only. A course written meanwhile is left for the next time.
   * @returns how many say something else.
   */
  saveAssessments(
    assessed: readonly { readonly course: CourseToAssess; readonly cpf: CpfSummary }[],
    key: string,
    now: Date,
  ): Promise<number>;
  /** The courses of these schools, or all, are to be assessed again. */
  forgetAssessments(providerIds?: readonly string[]): Promise<void>;
  /** The key that every course was assessed with last, and when. */
  lastAssessment(): Promise<{ readonly key: string; readonly at: Date } | null>;
  markAssessed(key: string, now: Date): Promise<void>;
  /** Courses not withdrawn, and how many of them were not assessed with this key. */
  countAssessments(key: string): Promise<{ readonly courses: number; readonly left: number }>;
  /** Courses are about to say something else at `at`: the pathways that print them have to follow. */
  markPathwaysDue(at: Date): Promise<void>;
  pathwaysDue(): Promise<Date | null>;
  /** Unless something else came up after `seen`. */
  pathwaysBuilt(seen: Date): Promise<void>;
}

const batchSize = 100;

/** The parts of a draft that `dossierOf` reads. */
const read = {
  'draft.price': 1,
  'draft.contentFree': 1,
  'draft.certificate': 1,
  'draft.exam': 1,
  'draft.certifications': 1,
  'draft.provider': 1,
  'draft.totalHours': 1,
  'draft.sessions.state': 1,
  'draft.sessions.price': 1,
  'alignment.certifications': 1,
  harvestedAt: 1,
  updatedAt: 1,
  cpf: 1,
  assessed: 1,
} as const;

export function makeCourseAssessing(connection: Connection): CourseAssessing {
  const database = connection.getClient().db(connection.name);
  const courses = database.collection<CourseDocument>('courses');
  const passes = database.collection<{ _id: string; key: string; at: Date }>('assessments');
  const living: mongo.Filter<CourseDocument> = { state: { $ne: 'withdrawn' } };

  return {
    async *toAssess(key) {
      const filter: mongo.Filter<CourseDocument> = {
        ...living,
        assessed: key === null ? null : { $ne: key },
      };
      let batch: CourseToAssess[] = [];
      for await (const { _id, ...course } of courses.find(filter, { projection: read, batchSize })) {
        const { cpf = null, assessed = null, ...rest } = course;
        if (batch.push({ id: _id, ...rest, cpf, assessed }) < batchSize) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },

    async saveAssessments(assessed, key, now) {
      const operations: mongo.AnyBulkWriteOperation<CourseDocument>[] = [];
      /** By what they were assessed with and whether a zero is among what is dated: one command for each kind. */
      const same = new Map<string, { readonly ids: CourseId[]; readonly was: string; readonly cpf: CpfSummary }>();
      let changed = 0;
      for (const { course, cpf } of assessed) {
        const says = saysTheSame(course.cpf, cpf);
        if (!says) changed += 1;
        if (says && course.assessed !== null) {
          const kind = JSON.stringify([course.assessed, cpf.registerDate, cpf.zeroPossible !== null]);
          const others = same.get(kind) ?? { ids: [], was: course.assessed, cpf };
          others.ids.push(course.id);
          same.set(kind, others);
          continue;
        }
        operations.push({
          updateOne: {
            filter: { _id: course.id, updatedAt: course.updatedAt, assessed: course.assessed },
            update: { $set: { cpf, assessed: key, ...(says ? {} : { updatedAt: now }) } },
          },
        });
      }
      for (const { ids, was, cpf } of same.values()) {
        const { assessedOn, rulesVersion, registerDate, zeroPossible } = cpf;
        const dated: Record<string, unknown> = {
          assessed: key,
          'cpf.assessedOn': assessedOn,
          'cpf.rulesVersion': rulesVersion,
          'cpf.registerDate': registerDate,
          ...(zeroPossible === null ? {} : { 'cpf.zeroPossible.date': zeroPossible.date }),
        };
        operations.push({ updateMany: { filter: { _id: { $in: ids }, assessed: was }, update: { $set: dated } } });
      }
      if (operations.length > 0) await courses.bulkWrite(operations, { ordered: false });
      return changed;
    },

    async forgetAssessments(providerIds) {
      if (providerIds?.length === 0) return;
      const concerned: mongo.Filter<CourseDocument> = {
        ...(providerIds === undefined ? {} : { providerId: { $in: [...providerIds] } }),
        assessed: { $ne: null },
      };
      const ids = await courses
        .find(concerned, { projection: { _id: 1 } })
        .map(({ _id }) => _id)
        .toArray();
      // A batch at a time: pages never wait for a mass change.
      for (let at = 0; at < ids.length; at += batchSize)
        await courses.updateMany({ _id: { $in: ids.slice(at, at + batchSize) } }, { $set: { assessed: null } });
    },

    async lastAssessment() {
      return passes.findOne({ _id: 'courses' }, { projection: { _id: 0, key: 1, at: 1 } });
    },

    async markAssessed(key, at) {
      await passes.updateOne({ _id: 'courses' }, { $set: { key, at } }, { upsert: true });
    },

    async countAssessments(key) {
      const [all, left] = await Promise.all([
        courses.countDocuments(living),
        courses.countDocuments({ ...living, assessed: { $ne: key } }),
      ]);
      return { courses: all, left };
    },

    async markPathwaysDue(at) {
      await passes.updateOne({ _id: 'pathways' }, { $set: { key: '', at } }, { upsert: true });
    },

    async pathwaysDue() {
      return (await passes.findOne({ _id: 'pathways' }))?.at ?? null;
    },

    async pathwaysBuilt(seen) {
      await passes.deleteOne({ _id: 'pathways', at: { $lte: seen } });
    },
  };
}
