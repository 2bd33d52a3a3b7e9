/**
 * Pairs of courses found, merged or refused, and the links between courses that they make. The pairs are the truth: links are
 * written from them, and written again whenever they no longer say what the pairs say.
 */
import { type Connection, type mongo, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import type { Pair, PairDecision, PairPage, PairState } from '../model/duplicate-pairs.ts';
import {
  type Candidate,
  cardHolder,
  type Evidence,
  type FoundPair,
  linkedGroups,
  type MergeBasis,
  pairIdOf,
} from '../model/duplicates.ts';
import type { CourseEvent } from '../model/history.ts';
import type { CourseId } from '../model.ts';
import { type CourseDocument, living, newEvent } from './document.ts';

interface PairDocument extends Omit<Pair, 'id' | 'courses'> {
  _id: string;
  courses: CourseId[];
  sources: string[];
}

/** Courses whose card or place changed. */
export interface Regrouped {
  readonly merged: number;
  readonly separated: number;
  /** Groups of which another course has the card now. */
  readonly handedOver: number;
}

export interface DuplicateStore {
  ensureIndexes(): Promise<void>;
  /** Every course on display. */
  candidates(): AsyncIterable<Candidate>;
  /** Those among them of these courses. */
  candidatesOf(ids: readonly CourseId[]): Promise<Candidate[]>;
  /** Courses on display that speak of the same page under the same title as one that this run published. */
  sharingAddressWith(sourceId: string, runId: string): AsyncIterable<readonly Candidate[]>;
  byId(id: string): Promise<Pair | null>;
  /** Pairs of which both courses are among these. */
  among(ids: readonly CourseId[]): Promise<Pair[]>;
  /** Proposals: those nobody was unsure about first, the most probable first. */
  proposed(page: { readonly skip: number; readonly limit: number }): Promise<PairPage>;
  /** How many proposals wait, and since when the first. */
  waiting(): Promise<{ readonly total: number; readonly since: Date | null }>;
  /** Merged ones, the latest first. */
  merged(page: { readonly skip: number; readonly limit: number }): Promise<PairPage>;
  /** Adds what is not known yet: a pair known in any state stays as it is. @returns those added */
  add(found: readonly FoundPair[], now: Date): Promise<FoundPair[]>;
  /** @returns false when it is no longer in one of these states */
  decide(
    id: string,
    from: readonly PairState[],
    set: Partial<Pick<Pair, 'state' | 'basis' | 'unsureAt' | 'decision'>>,
  ): Promise<boolean>;
  /** For ever apart, whatever they have in common. */
  refuse(courses: readonly [CourseId, CourseId], evidence: Evidence, decision: PairDecision): Promise<void>;
  /** Courses merged with this one, itself included. */
  groupOf(id: CourseId): Promise<readonly CourseId[]>;
  /** How many courses of a source are merged with one of another source. */
  mergedOf(sourceId: string): Promise<number>;
  /** Writes the links of these courses, and of all that they are linked to, as the pairs say. Idempotent. */
  regroup(ids: readonly CourseId[], now: Date): Promise<Regrouped>;
  /** The same for every merged pair. */
  regroupAll(now: Date): Promise<Regrouped>;
}

const name = 'course_duplicates';
const chunkSize = 500;

const schema = new Schema(
  { _id: String, courses: [String], sources: [String], state: String, score: Number, unsureAt: Date },
  { collection: name, versionKey: false, strict: false },
);
schema.index({ courses: 1, state: 1 });
schema.index({ sources: 1, state: 1 });
schema.index({ state: 1, unsureAt: 1, score: -1, _id: 1 });

const seen = {
  sourceId: 1,
  providerId: 1,
  'draft.title': 1,
  'draft.url': 1,
  'draft.provider.siret': 1,
  'draft.totalHours': 1,
  'draft.certifications': 1,
  'alignment.certifications.code': 1,
  firstPublishedAt: 1,
  demo: 1,
} as const;

function candidateOf(course: CourseDocument): Candidate {
  const { draft, alignment } = course;
  const declared = draft.certifications.filter(({ kind }) => kind === 'RNCP' || kind === 'RS').map(({ code }) => code);
  return {
    id: course._id,
    sourceId: course.sourceId,
    title: draft.title,
    url: draft.url,
    provider: { id: course.providerId, siret: draft.provider.siret },
    codes: [...new Set([...declared, ...alignment.certifications.map(({ code }) => code)])].sort(),
    hours: draft.totalHours,
    firstPublishedAt: course.firstPublishedAt ?? course.createdAt,
    demo: course.demo,
  };
}

function toPair({ _id, courses, sources: _sources, ...pair }: PairDocument): Pair {
  const [a = '', b = ''] = courses;
  return { id: _id, courses: [a, b], ...pair };
}

type Linked = Pick<CourseDocument, '_id' | 'state' | 'firstPublishedAt' | 'mergedInto' | 'offers' | 'draft' | 'slug'>;

export function makeDuplicateStore(connection: Connection): DuplicateStore {
  const model = connection.model('CourseDuplicate', schema);
  const database = connection.getClient().db(connection.name);
  const pairs = database.collection<PairDocument>(name);
  const courses = database.collection<CourseDocument>('courses');

  const shown: mongo.Filter<CourseDocument> = { state: { $in: [...living] }, firstPublishedAt: { $type: 'date' } };

  async function page(state: PairState, sort: mongo.Sort, { skip, limit }: { skip: number; limit: number }) {
    const [total, found] = await Promise.all([
      pairs.countDocuments({ state }),
      pairs.find({ state }).sort(sort).skip(skip).limit(limit).toArray(),
    ]);
    return { total, pairs: found.map(toPair) };
  }

  /** Courses linked with these, by merged pairs or by what is written in them, with the links of the pairs. */
  async function reach(start: readonly CourseId[]) {
    const found = new Map<CourseId, Linked>();
    const links = new Map<string, readonly [CourseId, CourseId]>();
    const asked = new Set<CourseId>();
    let next = [...new Set(start)];
    while (next.length > 0) {
      for (const id of next) asked.add(id);
      const [documents, merged] = await Promise.all([
        courses
          .find<Linked>(
            { _id: { $in: next } },
            {
              projection: {
                state: 1,
                firstPublishedAt: 1,
                mergedInto: 1,
                offers: 1,
                slug: 1,
                'draft.title': 1,
                'draft.provider.name': 1,
              },
            },
          )
          .toArray(),
        pairs.find({ courses: { $in: next }, state: 'merged' }).toArray(),
      ]);
      for (const document of documents) found.set(document._id, document);
      for (const pair of merged) links.set(pair._id, toPair(pair).courses);
      const neighbours = [
        ...merged.flatMap((pair) => pair.courses),
        ...documents.flatMap(({ mergedInto, offers = [] }) => [
          ...(mergedInto === undefined ? [] : [mergedInto]),
          ...offers,
        ]),
      ];
      next = [...new Set(neighbours)].filter((id) => !asked.has(id));
    }
    return { found, links: [...links].map(([id, [a, b]]) => ({ id, a, b })) };
  }

  async function regroup(ids: readonly CourseId[], now: Date): Promise<Regrouped> {
    const { found, links } = await reach(ids);
    // A course erased for good takes its pairs with it.
    const dead = links.filter(({ a, b }) => !found.has(a) || !found.has(b));
    if (dead.length > 0) await pairs.deleteMany({ _id: { $in: dead.map(({ id }) => id) } });
    const basisOf = new Map<string, MergeBasis | null>();
    for (const pair of await pairs.find({ _id: { $in: links.map(({ id }) => id) } }).toArray())
      basisOf.set(pair._id, pair.basis);
    const groups = linkedGroups(
      [...found.keys()],
      links.map(({ a, b }) => [a, b] as const),
    );
    const report = { merged: 0, separated: 0, handedOver: 0 };
    const operations: mongo.AnyBulkWriteOperation<CourseDocument>[] = [];
    for (const group of groups) {
      const [first, ...others] = group.flatMap((id) => found.get(id) ?? []).map(memberOf);
      if (first === undefined) continue;
      const holder = cardHolder([first, ...others]);
      const wasHeld = [first, ...others].some(({ id, offers }) => id !== holder.id && offers.length > 0);
      if (wasHeld && others.length > 0) report.handedOver += 1;
      for (const { document } of [first, ...others]) {
        const isHolder = document._id === holder.id;
        const offers = isHolder ? group.filter((id) => id !== holder.id) : [];
        const mergedInto = isHolder ? undefined : holder.id;
        const before = document.offers ?? [];
        if (document.mergedInto === mergedInto && before.join() === offers.join()) continue;
        const event = eventOf(document, group, holder.document, found, basisOf, now);
        if (event?.kind === 'merged') report.merged += 1;
        if (event?.kind === 'unmerged') report.separated += 1;
        operations.push({
          updateOne: {
            // Written once: whoever comes second finds it done.
            filter: {
              _id: document._id,
              mergedInto: document.mergedInto ?? null,
              offers: document.offers ?? null,
            } as never,
            update: {
              $set: {
                updatedAt: now,
                ...(mergedInto === undefined ? {} : { mergedInto }),
                ...(offers.length === 0 ? {} : { offers }),
              },
              ...unsetOf(
                mergedInto === undefined && document.mergedInto !== undefined,
                offers.length === 0 && before.length > 0,
              ),
              ...(event === null ? {} : { $push: { events: event } }),
            } as mongo.UpdateFilter<CourseDocument>,
          },
        });
      }
    }
    if (operations.length > 0) await courses.bulkWrite(operations, { ordered: false });
    return report;
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async *candidates() {
      for await (const course of courses.find(shown, { projection: seen, batchSize: chunkSize }))
        yield candidateOf(course);
    },

    async candidatesOf(ids) {
      return (await courses.find({ ...shown, _id: { $in: [...ids] } }, { projection: seen }).toArray()).map(
        candidateOf,
      );
    },

    async *sharingAddressWith(sourceId, runId) {
      const created = courses.find(
        { sourceId, 'run.id': runId, 'run.outcome': 'created' },
        { projection: { claim: 1 }, batchSize: chunkSize },
      );
      let claims: string[] = [];
      const look = async () => {
        const elsewhere = { ...shown, claim: { $in: claims }, sourceId: { $ne: sourceId } };
        claims = [];
        // Mostly none: only then is anything read of the courses themselves.
        const shared = await courses.distinct('claim', elsewhere);
        if (shared.length === 0) return [];
        return (await courses.find({ ...shown, claim: { $in: shared } }, { projection: seen }).toArray()).map(
          candidateOf,
        );
      };
      for await (const { claim } of created) {
        if (claims.push(claim) < chunkSize) continue;
        yield await look();
      }
      if (claims.length > 0) yield await look();
    },

    async byId(id) {
      const found = await pairs.findOne({ _id: id });
      return found === null ? null : toPair(found);
    },

    async among(ids) {
      const set = new Set(ids);
      const found = await pairs.find({ courses: { $in: [...ids] } }).toArray();
      return found.map(toPair).filter(({ courses: [a, b] }) => set.has(a) && set.has(b));
    },

    async waiting() {
      const [total, first] = await Promise.all([
        pairs.countDocuments({ state: 'proposed' }),
        pairs.findOne({ state: 'proposed' }, { sort: { foundAt: 1 }, projection: { foundAt: 1 } }),
      ]);
      return { total, since: first?.foundAt ?? null };
    },

    proposed: (asked) => page('proposed', { unsureAt: 1, score: -1, _id: 1 }, asked),
    merged: (asked) => page('merged', { 'decision.at': -1, _id: 1 }, asked),

    async add(found, now) {
      const added: FoundPair[] = [];
      for (let from = 0; from < found.length; from += chunkSize) {
        const chunk = found.slice(from, from + chunkSize);
        const known = new Set(
          (
            await pairs
              .find({ _id: { $in: chunk.map(({ courses }) => pairIdOf(courses)) } }, { projection: { _id: 1 } })
              .toArray()
          ).map(({ _id }) => _id),
        );
        const fresh = chunk.filter(({ courses }) => !known.has(pairIdOf(courses)));
        if (fresh.length === 0) continue;
        await pairs.bulkWrite(
          fresh.map((pair) => ({
            updateOne: {
              filter: { _id: pairIdOf(pair.courses) },
              update: { $setOnInsert: documentOf(pair, now) },
              upsert: true,
            },
          })),
          { ordered: false },
        );
        added.push(...fresh);
      }
      return added;
    },

    async decide(id, from, set) {
      const { matchedCount } = await pairs.updateOne({ _id: id, state: { $in: [...from] } }, { $set: set });
      return matchedCount === 1;
    },

    async refuse([a, b], evidence, decision) {
      const refused = { state: 'refused' as const, basis: null, unsureAt: null, decision };
      await pairs.updateOne(
        { _id: pairIdOf([a, b]) },
        {
          $set: refused,
          $setOnInsert: { courses: [a, b].sort(), sources: [], score: 0, evidence, foundAt: decision.at },
        },
        { upsert: true },
      );
    },

    async groupOf(id) {
      const { found, links } = await reach([id]);
      const groups = linkedGroups(
        [...found.keys()],
        links.map(({ a, b }) => [a, b] as const),
      );
      return groups.find((group) => group.includes(id)) ?? [id];
    },

    async mergedOf(sourceId) {
      const found = pairs.find({ sources: sourceId, state: 'merged' }, { projection: { courses: 1, sources: 1 } });
      const merged = new Set<CourseId | undefined>();
      for await (const pair of found) merged.add(pair.courses[pair.sources.indexOf(sourceId)]);
      return merged.size;
    },

    regroup,

    async regroupAll(now) {
      const report = { merged: 0, separated: 0, handedOver: 0 };
      let last = '';
      for (;;) {
        const found = await pairs
          .find({ state: 'merged', _id: { $gt: last } })
          .sort({ _id: 1 })
          .limit(chunkSize)
          .toArray();
        const end = found.at(-1);
        if (end === undefined) return report;
        last = end._id;
        const done = await regroup([...new Set(found.flatMap((pair) => pair.courses))], now);
        report.merged += done.merged;
        report.separated += done.separated;
        report.handedOver += done.handedOver;
      }
    },
  };
}

function documentOf({ courses, sources, basis, score, evidence }: FoundPair, now: Date): Omit<PairDocument, '_id'> {
  const automatic = { by: 'platform' as const, at: now, reason: '' };
  return {
    courses: [...courses],
    sources: [...sources],
    state: basis === null ? 'proposed' : 'merged',
    basis,
    score,
    evidence,
    foundAt: now,
    unsureAt: null,
    decision: basis === null ? null : automatic,
  };
}

function memberOf(document: Linked) {
  const { _id: id, state, firstPublishedAt, offers = [] } = document;
  return { id, state, firstPublishedAt, offers, document };
}

function unsetOf(card: boolean, offers: boolean) {
  if (!card && !offers) return {};
  return { $unset: { ...(card ? { mergedInto: '' } : {}), ...(offers ? { offers: '' } : {}) } };
}

/** Joining a group, and leaving one, are told once, by the course that has no card, or has its own again. */
function eventOf(
  document: Linked,
  group: readonly CourseId[],
  holder: Linked,
  found: ReadonlyMap<CourseId, Linked>,
  basisOf: ReadonlyMap<string, MergeBasis | null>,
  now: Date,
): CourseEvent | null {
  const { _id, mergedInto, offers = [] } = document;
  const wasAlone = mergedInto === undefined && offers.length === 0;
  const told = (kind: 'merged' | 'unmerged', other: Linked | undefined, basis: MergeBasis | null) => {
    if (other === undefined) return null;
    const { slug, draft } = other;
    const merge = { with: other._id, slug, title: draft.title, provider: draft.provider.name, basis };
    // By the platform, whether a person or a rule of ours decided: no source said so.
    return { ...newEvent({ kind, origin: 'operator', runId: null, now }), merge };
  };
  if (group.length > 1) {
    if (!wasAlone || holder._id === _id) return null;
    const direct = basisOf.get(pairIdOf([_id, holder._id]));
    const any = group.map((id) => basisOf.get(pairIdOf([_id, id]))).find((basis) => basis !== undefined);
    return told('merged', holder, direct ?? any ?? 'person');
  }
  if (mergedInto !== undefined) return told('unmerged', found.get(mergedInto), null);
  // It had the card of others, who stay together without it; with one other left, that one tells.
  return offers.length > 1 ? told('unmerged', found.get(offers[0] ?? ''), null) : null;
}
