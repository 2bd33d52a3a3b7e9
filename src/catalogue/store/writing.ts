/**
 * The writing half of the course store: batches of the harvest, changes of state, erasure. Every write is idempotent.
 * It speaks to the driver's collections: mongoose would cast every field of every draft again.
 */
import { randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';
import { type Access, accessOf, freshDays } from '../../eligibility/model.ts';
import { AppError } from '../../errors.ts';
import { areDuplicateKeys } from '../../platform/duplicate-key.ts';
import { unlessInTheWay } from '../../platform/in-the-way.ts';
import { readAhead } from '../../platform/read-ahead.ts';
import type { EventOrigin } from '../model/history.ts';
import { type CourseEvent, changesBetween } from '../model/history.ts';
import { accessFactsOf, type CourseId, type CourseState, courseIdAlphabet, type WithdrawalReason } from '../model.ts';
import {
  type CourseDocument,
  type CourseStanding,
  type CourseWrite,
  change,
  creation,
  type KnownCourse,
  living,
  newEvent,
  type RemovalDocument,
  type RunEffect,
  restoration,
  type WriteContext,
} from './document.ts';
import type { JournalDocument } from './history.ts';
import { type CourseRenaming, makeCourseRenaming } from './renaming.ts';

/** Records not withdrawn. */
export interface Presence {
  readonly pending: number;
  readonly published: number;
  readonly missing: number;
}

export interface Withdrawal {
  readonly at: Date;
  readonly reason: WithdrawalReason;
  /** The written reason, required for `operateur`. */
  readonly detail: string | null;
}

export interface Owner {
  readonly courseId: CourseId;
  readonly providerId: string;
  readonly sourceId: string;
  readonly sourceTitle: string;
}

export interface CourseWriter extends CourseRenaming {
  /** Courses of these records, whole; the key is the remoteId. */
  known(sourceId: string, remoteIds: readonly string[]): Promise<Map<string, KnownCourse>>;
  /** The same, without content, of those only that are absent or withdrawn. */
  unsettled(sourceId: string, remoteIds: readonly string[]): Promise<CourseStanding[]>;
  /** Courses not withdrawn of these records. */
  present(sourceId: string, remoteIds: readonly string[]): Promise<CourseStanding[]>;
  /** Who publishes these courses already, in another source; the key is the claim. */
  ownersElsewhere(sourceId: string, claims: readonly string[]): Promise<Map<string, readonly Owner[]>>;
  /** New courses wait (`pending`); a known one keeps its address and its reviewed competences. */
  write(context: WriteContext, writes: readonly CourseWrite[]): Promise<void>;
  /** Renews « relevé le » of those that are neither absent nor withdrawn. */
  renew(sourceId: string, remoteIds: readonly string[], now: Date): Promise<void>;
  /** The same for those of them whose price is not too old: it stays as it was judged. @returns how many those are */
  renewFresh(sourceId: string, remoteIds: readonly string[], now: Date): Promise<number>;
  /** Seen again before the end of the grace period. */
  clearMissing(context: WriteContext, ids: readonly CourseId[]): Promise<void>;
  /** Withdrawn, and seen again unchanged. */
  restore(context: WriteContext, courses: readonly CourseStanding[]): Promise<void>;
  presence(sourceId: string): Promise<Presence>;
  /** Absent from a complete listing. A waiting course stays waiting, with the date. */
  markMissing(ids: readonly CourseId[], now: Date, runId: string): Promise<void>;
  /** @returns how many were not withdrawn before. @throws AppError `invalid` for `operateur` without a written reason. */
  withdraw(ids: readonly CourseId[], withdrawal: Withdrawal, runId?: string): Promise<number>;
  /** All those of a source that are not withdrawn yet, chunk by chunk: to be called again when it was cut. @returns how many. */
  withdrawSource(sourceId: string, withdrawal: Withdrawal, origin: 'provider' | 'operator'): Promise<number>;
  /** Courses whose content this run wrote, in chunks. */
  writtenBy(sourceId: string, runId: string): AsyncIterable<readonly CourseStanding[]>;
  /** Courses that this run made absent or withdrew and that still are, whole, in chunks. */
  retiredIn(sourceId: string, runId: string): AsyncIterable<readonly KnownCourse[]>;
  /** How many courses this run made absent, and how many it withdrew. */
  retiredBy(sourceId: string, runId: string): Promise<{ readonly missing: number; readonly withdrawn: number }>;
  /** Withdrawn since `from` by anybody else than this run. */
  withdrawnByOthers(sourceId: string, runId: string, from: Date): Promise<number>;
  /** True when a course is absent since before `limit`, and so due to be withdrawn by the next complete listing. */
  hasOverdue(sourceId: string, limit: Date): Promise<boolean>;
  /** Makes waiting courses public. */
  publish(ids: readonly CourseId[], now: Date): Promise<void>;
  /** The same for all those of a source that are neither absent nor judged not digital. @returns how many. */
  publishWaiting(sourceId: string, now: Date, except?: ReadonlySet<CourseId>): Promise<number>;
  /** Judges again the courses whose price became too old, or is fresh again. @returns how many changed. */
  refreshAccess(now: Date, sourceId?: string): Promise<number>;
  /** Erases for good and leaves a removal mark for each: demonstration data only. @returns how many. */
  hardDelete(sourceIds: readonly string[], now: Date): Promise<number>;
}

/** One command holds up to this many courses, so that pages never wait for a mass change. */
const chunkSize = 100;

/** 8 characters of 32: 1.1e12 addresses. */
export function drawCourseId(): CourseId {
  let id = '';
  for (const byte of randomBytes(8)) id += courseIdAlphabet[byte % courseIdAlphabet.length];
  return id;
}

/** A price read before is too old to be shown as one of today. */
function freshSince(now: Date): Date {
  return new Date(now.getTime() - freshDays * 86_400_000);
}

/** A change and what it announces, in one write: a killed process loses neither without the other. */
function changing({ set, events }: { readonly set: object; readonly events: readonly CourseEvent[] }) {
  const update: mongo.UpdateFilter<CourseDocument> = { $set: set };
  return events.length === 0 ? update : { ...update, $push: { events: { $each: [...events] } } };
}

export function makeCourseWriter(
  courses: mongo.Collection<CourseDocument>,
  removals: mongo.Collection<RemovalDocument>,
  journal: mongo.Collection<JournalDocument>,
  drawId: () => CourseId,
): CourseWriter {
  const standing = {
    remoteId: 1,
    state: 1,
    missingSince: 1,
    withdrawn: 1,
    firstPublishedAt: 1,
    run: 1,
  } as const;
  const whole = { ...standing, slug: 1, draft: 1, corrections: 1, alignment: 1, harvestedAt: 1, access: 1 } as const;

  async function standings(filter: mongo.Filter<CourseDocument>): Promise<CourseStanding[]> {
    const found = await courses.find(filter, { projection: standing }).toArray();
    return found.map(({ _id, ...course }) => ({ id: _id, ...course }));
  }

  /** In one pass: looking for the next ids page after page would read the courses of a large source again each time. */
  function chunksOf(filter: mongo.Filter<CourseDocument>): AsyncGenerator<CourseId[]> {
    return readAhead(chunks(filter));
  }

  async function* chunks(filter: mongo.Filter<CourseDocument>): AsyncGenerator<CourseId[]> {
    let ids: CourseId[] = [];
    for await (const { _id } of courses.find(filter, { projection: { _id: 1 }, batchSize: chunkSize })) {
      if (ids.push(_id) < chunkSize) continue;
      yield ids;
      ids = [];
    }
    if (ids.length > 0) yield ids;
  }

  /** What the harvest writes and what people decide may meet on the same courses; each of these filters leaves what is done. */
  function updateMany(filter: mongo.Filter<CourseDocument>, update: mongo.UpdateFilter<CourseDocument>) {
    return unlessInTheWay(() => courses.updateMany(filter, update));
  }

  async function publish(ids: readonly CourseId[], now: Date): Promise<void> {
    await updateMany(
      { _id: { $in: [...ids] }, state: 'pending' },
      { $set: { state: 'published', firstPublishedAt: now, missingSince: null, updatedAt: now } },
    );
  }

  async function renew(
    sourceId: string,
    remoteIds: readonly string[],
    now: Date,
    only: mongo.Filter<CourseDocument> = {},
  ): Promise<number> {
    const usual: mongo.Filter<CourseDocument> = {
      sourceId,
      remoteId: { $in: [...remoteIds] },
      state: { $ne: 'withdrawn' },
      missingSince: null,
      ...only,
    };
    const renewed = await updateMany(usual, { $set: { harvestedAt: now, 'access.date': now } });
    return renewed.matchedCount;
  }

  async function withdraw(
    ids: readonly CourseId[],
    withdrawal: Withdrawal,
    runId?: string,
    origin: EventOrigin = runId === undefined ? 'operator' : 'harvest',
  ): Promise<number> {
    if (withdrawal.reason === 'operateur' && (withdrawal.detail ?? '').trim() === '')
      throw new AppError('invalid', 'withdrawal-without-reason', 'Écrivez la raison de ce retrait.');
    const run = runId === undefined ? {} : { run: { id: runId, outcome: 'withdrawn' as const } };
    const set = { state: 'withdrawn' as const, withdrawn: withdrawal, updatedAt: withdrawal.at, ...run };
    const event = newEvent({
      kind: 'withdrawn',
      origin,
      runId: runId ?? null,
      now: withdrawal.at,
      reason: { code: withdrawal.reason, detail: withdrawal.detail },
    });
    const list = { $in: [...ids] };
    const shown = await updateMany({ _id: list, state: { $in: living } }, changing({ set, events: [event] }));
    // One that waited was never shown: its end is no news.
    const waiting = await updateMany({ _id: list, state: 'pending' }, { $set: set });
    return shown.modifiedCount + waiting.modifiedCount;
  }

  return {
    ...makeCourseRenaming(courses),

    async known(sourceId, remoteIds) {
      const found = await courses
        .find({ sourceId, remoteId: { $in: [...remoteIds] } }, { projection: whole })
        .toArray();
      return new Map(found.map(({ _id, ...course }) => [course.remoteId, { id: _id, ...course }]));
    },

    unsettled(sourceId, remoteIds) {
      const unusual: mongo.Filter<CourseDocument>[] = [{ state: 'withdrawn' }, { missingSince: { $ne: null } }];
      return standings({ sourceId, remoteId: { $in: [...remoteIds] }, $or: unusual });
    },

    present(sourceId, remoteIds) {
      return standings({ sourceId, remoteId: { $in: [...remoteIds] }, state: { $ne: 'withdrawn' } });
    },

    async ownersElsewhere(sourceId, claims) {
      const found = await courses
        .find(
          { claim: { $in: [...claims] }, sourceId: { $ne: sourceId }, state: { $ne: 'withdrawn' } },
          { projection: { claim: 1, sourceId: 1, sourceTitle: 1, providerId: 1 } },
        )
        .toArray();
      const owners = new Map<string, Owner[]>();
      for (const { _id, claim, ...owner } of found)
        owners.set(claim, [...(owners.get(claim) ?? []), { courseId: _id, ...owner }]);
      return owners;
    },

    async write(context, writes) {
      let left = writes;
      while (left.length > 0) {
        const operations: mongo.AnyBulkWriteOperation<CourseDocument>[] = left.map((write) =>
          write.known === null
            ? { insertOne: { document: creation(write, drawId(), context) } }
            : { updateOne: { filter: { _id: write.known.id }, update: changing(change(write, write.known, context)) } },
        );
        try {
          await courses.bulkWrite(operations, { ordered: false });
          return;
        } catch (error) {
          if (!areDuplicateKeys(error)) throw error;
          // An identifier drawn twice: draw again. The record itself already there: write it as known.
          const again = error.writeErrors.flatMap(({ index }) => left[index] ?? []);
          const there = await this.known(
            context.source.id,
            again.map((write) => write.remoteId),
          );
          left = again.map((write) => ({ ...write, known: there.get(write.remoteId) ?? null }));
        }
      }
    },

    async renew(sourceId, remoteIds, now) {
      await renew(sourceId, remoteIds, now);
    },

    renewFresh: (sourceId, remoteIds, now) =>
      renew(sourceId, remoteIds, now, { harvestedAt: { $gte: freshSince(now) } }),

    async clearMissing(context, ids) {
      const list = { $in: [...ids] };
      const { now } = context;
      await updateMany(
        { _id: list, state: 'missing' },
        changing({
          set: { state: 'published', missingSince: null, updatedAt: now },
          events: [newEvent({ ...context, kind: 'seen-again' })],
        }),
      );
      await updateMany({ _id: list, state: 'pending' }, { $set: { missingSince: null } });
    },

    async restore(context, gone) {
      if (gone.length === 0) return;
      await courses.bulkWrite(
        gone.map((course) => ({
          updateOne: {
            filter: { _id: course.id },
            update: changing({
              set: restoration(course, context),
              events: course.firstPublishedAt === null ? [] : [newEvent({ ...context, kind: 'restored' })],
            }),
          },
        })),
        { ordered: false },
      );
    },

    async presence(sourceId) {
      const count = (state: CourseState) => courses.countDocuments({ state, sourceId });
      const [pending, published, missing] = await Promise.all([count('pending'), count('published'), count('missing')]);
      return { pending, published, missing };
    },

    async markMissing(ids, now, runId) {
      const list = { $in: [...ids] };
      const run = { id: runId, outcome: 'missing' as const };
      await updateMany(
        { _id: list, state: 'published' },
        changing({
          set: { state: 'missing', missingSince: now, updatedAt: now, run },
          events: [newEvent({ kind: 'missing', origin: 'harvest', runId, now })],
        }),
      );
      await updateMany({ _id: list, state: 'pending', missingSince: null }, { $set: { missingSince: now, run } });
    },

    withdraw: (ids, withdrawal, runId) => withdraw(ids, withdrawal, runId),

    async withdrawSource(sourceId, withdrawal, origin) {
      let withdrawn = 0;
      for await (const ids of chunksOf({ sourceId, state: { $ne: 'withdrawn' } })) {
        withdrawn += await withdraw(ids, withdrawal, undefined, origin);
      }
      return withdrawn;
    },

    async *writtenBy(sourceId, runId) {
      const written = { sourceId, 'run.id': runId, 'run.outcome': { $in: ['created', 'updated', 'restored'] } };
      for await (const ids of chunksOf(written)) yield await standings({ _id: { $in: ids } });
    },

    async *retiredIn(sourceId, runId) {
      const gone: mongo.Filter<CourseDocument> = {
        sourceId,
        state: { $in: ['missing', 'withdrawn'] },
        'run.id': runId,
        'run.outcome': { $in: ['missing', 'withdrawn'] },
      };
      for await (const ids of chunksOf(gone)) {
        const found = await courses.find({ _id: { $in: ids } }, { projection: whole }).toArray();
        yield found.map(({ _id, ...course }) => ({ id: _id, ...course }));
      }
    },

    async retiredBy(sourceId, runId) {
      const by = (outcome: RunEffect) => ({ sourceId, 'run.id': runId, 'run.outcome': outcome });
      const [missing, withdrawn] = await Promise.all([
        courses.countDocuments({ state: { $in: ['missing', 'pending'] }, ...by('missing') }),
        courses.countDocuments({ state: 'withdrawn', ...by('withdrawn') }),
      ]);
      return { missing, withdrawn };
    },

    withdrawnByOthers: (sourceId, runId, from) =>
      courses.countDocuments({
        state: 'withdrawn',
        sourceId,
        'withdrawn.at': { $gte: from },
        $nor: [{ 'run.id': runId, 'run.outcome': 'withdrawn' }],
      }),

    async hasOverdue(sourceId, limit) {
      const state = { $in: ['missing', 'pending'] as CourseState[] };
      return (await courses.findOne({ state, sourceId, missingSince: { $lte: limit } })) !== null;
    },

    publish,

    async publishWaiting(sourceId, now, except) {
      let published = 0;
      const waiting: mongo.Filter<CourseDocument> = {
        sourceId,
        state: 'pending',
        missingSince: null,
        'alignment.digital': { $ne: false },
      };
      for await (const found of chunksOf(waiting)) {
        const ids = except === undefined ? found : found.filter((id) => !except.has(id));
        await publish(ids, now);
        published += ids.length;
      }
      return published;
    },

    async refreshAccess(now, sourceId) {
      const limit = freshSince(now);
      const candidates: mongo.Filter<CourseDocument> = {
        ...(sourceId === undefined ? {} : { sourceId }),
        $or: [
          { harvestedAt: { $lt: limit }, 'access.code': { $in: ['free-for-all', 'content-free'] } },
          { harvestedAt: { $gte: limit }, 'access.reason': 'too-old' },
          // Perhaps free for all while it is fresh. Asking the draft here would decode it for every course of the source.
          { harvestedAt: { $gte: limit }, 'access.code': 'funded-for-job-seekers' },
        ],
      };
      let changed = 0;
      for await (const ids of chunksOf(candidates)) {
        const found = await courses
          .find(
            { _id: { $in: ids } },
            { projection: { draft: 1, sourceTitle: 1, harvestedAt: 1, access: 1, state: 1 } },
          )
          .toArray();
        const updates = found.flatMap((course) => {
          const source = { title: course.sourceTitle };
          const access: Access = accessOf(accessFactsOf(course.draft, source, course.harvestedAt), now);
          if (access.code === course.access.code && access.reason === course.access.reason) return [];
          const changes = living.includes(course.state) ? changesBetween(course, { draft: course.draft, access }) : [];
          const events =
            changes.length === 0 ? [] : [newEvent({ kind: 'price', origin: 'clock', runId: null, now, changes })];
          return [
            {
              updateOne: {
                filter: { _id: course._id },
                update: changing({ set: { access, updatedAt: now }, events }),
              },
            },
          ];
        });
        if (updates.length > 0) await courses.bulkWrite(updates, { ordered: false });
        changed += updates.length;
      }
      return changed;
    },

    async hardDelete(sourceIds, now) {
      let erased = 0;
      for await (const ids of chunksOf({ sourceId: { $in: [...sourceIds] } })) {
        // The marks first: a crash in between leaves a mark too many, which the next call puts right.
        await removals.bulkWrite(
          ids.map((id) => ({
            updateOne: { filter: { _id: id }, update: { $set: { removedAt: now } }, upsert: true },
          })),
          { ordered: false },
        );
        await journal.deleteMany({ courseId: { $in: ids } });
        const { deletedCount } = await courses.deleteMany({ _id: { $in: ids } });
        erased += deletedCount;
      }
      return erased;
    },
  };
}
