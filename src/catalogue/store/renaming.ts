/**
 * A source that gives its records new identifiers: the same page under the same title goes on as the same course, with its
 * address, its history and those who follow it. What is meant is written first, so that a killed process is carried on.
 */
import type { mongo } from 'mongoose';
import type { CourseId } from '../model.ts';
import { type CourseDocument, change, type KnownCourse, living, newEvent, type WriteContext } from './document.ts';

/** A course that its source no longer gives, and the new one that it gave instead, not public yet. */
export interface Renaming {
  readonly course: KnownCourse;
  readonly fresh: KnownCourse;
  /** When a run before this one wrote the new one; null for one that this run made. */
  readonly since: Date | null;
}

/** A new course that waits, and the only other one of its source that has its address and title, on display. */
export interface Twins {
  readonly waiting: { readonly id: CourseId; readonly remoteId: string };
  readonly shown: { readonly remoteId: string };
}

/** A course whose new identifier is written, and which is not yet known by it. */
export interface Intended {
  readonly id: CourseId;
  readonly from: string;
  readonly to: string;
}

export interface CourseRenaming {
  /**
   * Of these courses, which the listing of this run does not hold: those of which it holds a new one instead, or which a new one
   * of a run before may stand for (`since`). Address and title are the same (`claimOf`), and the source has no third course of
   * which they are: one may stand for several sessions.
   */
  renamedAmong(sourceId: string, runId: string, absent: readonly CourseId[]): Promise<Renaming[]>;
  /** @param asTheyAre keep their content: corrections of a person are laid over it by the next run */
  intendRenaming(context: WriteContext, list: readonly Renaming[], asTheyAre: ReadonlySet<CourseId>): Promise<void>;
  intendedRenamings(sourceId: string): Promise<Intended[]>;
  finishRenaming(sourceId: string, list: readonly Intended[]): Promise<void>;
  /**
   * Another course has their identifier now: they are withdrawn by the run, for good, at their address, and known by their own
   * id alone.
   */
  giveUpIdentifier(context: WriteContext, list: readonly KnownCourse[]): Promise<void>;
  /** Courses that wait and may be known ones under a new identifier. */
  waitingTwins(sourceId: string): Promise<Twins[]>;
  /** How many courses this run renamed whose new record is of a run before. */
  rejoinedBy(sourceId: string, runId: string): Promise<number>;
  /** New identifiers of the courses that this run renamed and whose new record it made, in chunks. */
  renamedIn(sourceId: string, runId: string): AsyncIterable<readonly string[]>;
}

const chunkSize = 500;

export function makeCourseRenaming(courses: mongo.Collection<CourseDocument>): CourseRenaming {
  return {
    async renamedAmong(sourceId, runId, absent) {
      if (absent.length === 0) return [];
      const claims = await courses.distinct('claim', { _id: { $in: [...absent] } });
      const found = await courses
        .find(
          { claim: { $in: claims }, sourceId, state: { $ne: 'withdrawn' } },
          { projection: { claim: 1, run: 1, firstPublishedAt: 1, createdAt: 1 } },
        )
        .toArray();
      const lost = new Set(absent);
      const pairs = new Map<CourseId, { readonly fresh: CourseId; readonly since: Date | null }>();
      for (const claim of claims) {
        const [one, other, third] = found.filter((course) => course.claim === claim);
        if (one === undefined || other === undefined || third !== undefined) continue;
        const [old, fresh] = lost.has(one._id) ? [one, other] : [other, one];
        if (!lost.has(old._id) || lost.has(fresh._id) || fresh.firstPublishedAt !== null) continue;
        const isOfThisRun = fresh.run.id === runId && fresh.run.outcome === 'created';
        pairs.set(old._id, { fresh: fresh._id, since: isOfThisRun ? null : fresh.createdAt });
      }
      if (pairs.size === 0) return [];
      const ids = [...pairs].flatMap(([old, { fresh }]) => [old, fresh]);
      const whole = await courses.find({ _id: { $in: ids } }).toArray();
      const byId = new Map(whole.map(({ _id, ...course }) => [_id, { id: _id, ...course }]));
      return [...pairs].flatMap(([old, { fresh: now, since }]) => {
        const [course, fresh] = [byId.get(old), byId.get(now)];
        return course === undefined || fresh === undefined ? [] : [{ course, fresh, since }];
      });
    },

    async intendRenaming(context, list, asTheyAre) {
      if (list.length === 0) return;
      await courses.bulkWrite(
        list.map(({ course, fresh: { remoteId, draft, alignment, harvestedAt }, since }) => {
          const write = { outcome: 'updated' as const, remoteId, known: course, draft, alignment, harvestedAt };
          const { set, events } = change(write, course, context);
          const isKept = asTheyAre.has(course.id);
          const { state, missingSince } = set;
          const content = isKept ? { harvestedAt, updatedAt: context.now, state, missingSince } : set;
          const told = isKept ? events.filter(({ kind }) => kind === 'seen-again') : events;
          const run = { id: context.runId, outcome: since === null ? ('renamed' as const) : ('rejoined' as const) };
          return {
            updateOne: {
              filter: { _id: course.id },
              update: {
                $set: { ...content, run, renamedTo: remoteId },
                ...(told.length === 0 ? {} : { $push: { events: { $each: told } } }),
              },
            },
          };
        }),
        { ordered: false },
      );
    },

    async intendedRenamings(sourceId) {
      // An order, and not a type: bounds on the index, which holds no other course.
      const found = await courses
        .find({ renamedTo: { $gt: '' } }, { projection: { sourceId: 1, remoteId: 1, renamedTo: 1 } })
        .toArray();
      return found.flatMap((course) =>
        course.sourceId === sourceId && course.renamedTo !== undefined
          ? [{ id: course._id, from: course.remoteId, to: course.renamedTo }]
          : [],
      );
    },

    async finishRenaming(sourceId, list) {
      if (list.length === 0) return;
      const to = list.map((one) => one.to);
      // The new course of each goes first: no two courses of a source have one identifier. It was never public.
      await courses.deleteMany({ sourceId, remoteId: { $in: to }, firstPublishedAt: null });
      await courses.bulkWrite(
        list.map((one) => ({
          updateOne: {
            filter: { _id: one.id, renamedTo: one.to },
            update: { $set: { remoteId: one.to }, $unset: { renamedTo: '' as const } },
          },
        })),
        { ordered: false },
      );
    },

    async giveUpIdentifier({ runId, now, origin }, list) {
      const withdrawn = { at: now, reason: 'retire_source' as const, detail: null };
      const reason = { code: withdrawn.reason, detail: null };
      await courses.bulkWrite(
        list.map(({ id, remoteId, state }) => {
          // A slash or a space may be in an identifier of a partner: two colons and the id of a course make none of theirs.
          const apart = { remoteId: `${remoteId}::${id}`, updatedAt: now };
          const run = { id: runId, outcome: 'withdrawn' as const };
          const gone = state === 'withdrawn' ? {} : { state: 'withdrawn' as const, withdrawn, run };
          const events = living.includes(state) ? [newEvent({ kind: 'withdrawn', origin, runId, now, reason })] : [];
          return {
            updateOne: {
              filter: { _id: id, remoteId },
              update: {
                $set: { ...apart, ...gone },
                ...(events.length === 0 ? {} : { $push: { events: { $each: events } } }),
              },
            },
          };
        }),
        { ordered: false },
      );
    },

    async waitingTwins(sourceId) {
      const twins: Twins[] = [];
      const waiting = { sourceId, state: 'pending' as const };
      let chunk: { readonly _id: CourseId; readonly remoteId: string; readonly claim: string }[] = [];
      const look = async () => {
        const found = await courses
          .find(
            { claim: { $in: chunk.map(({ claim }) => claim) }, sourceId, state: { $ne: 'withdrawn' } },
            { projection: { claim: 1, remoteId: 1, state: 1 } },
          )
          .toArray();
        for (const { _id, remoteId, claim } of chunk) {
          const others = found.filter((course) => course.claim === claim && course._id !== _id);
          const [shown] = others;
          if (shown === undefined || others.length > 1 || shown.state === 'pending') continue;
          twins.push({ waiting: { id: _id, remoteId }, shown: { remoteId: shown.remoteId } });
        }
        chunk = [];
      };
      for await (const course of courses.find(waiting, { projection: { remoteId: 1, claim: 1 } })) {
        if (chunk.push(course) === chunkSize) await look();
      }
      if (chunk.length > 0) await look();
      return twins;
    },

    rejoinedBy: (sourceId, runId) =>
      courses.countDocuments({
        ...{ state: { $ne: 'withdrawn' }, sourceId },
        ...{ 'run.id': runId, 'run.outcome': 'rejoined' },
      }),

    async *renamedIn(sourceId, runId) {
      const renamed = { state: { $ne: 'withdrawn' as const }, sourceId, 'run.id': runId, 'run.outcome': 'renamed' };
      let ids: string[] = [];
      for await (const { remoteId } of courses.find(renamed as never, { projection: { remoteId: 1 } })) {
        if (ids.push(remoteId) < chunkSize) continue;
        yield ids;
        ids = [];
      }
      if (ids.length > 0) yield ids;
    },
  };
}
