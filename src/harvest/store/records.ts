/**
 * One small mark per record, and its raw text apart: an unchanged harvest rewrites the marks and never the texts.
 * The key holds the source, so that one index, the primary one, serves look-ups and listings.
 */
import { type Connection, type mongo, Schema } from 'mongoose';
import type { CourseId } from '../../catalogue/model.ts';
import { areDuplicateKeys } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import type { Claim } from '../model/claim.ts';
import { type Reuse, type ReuseDecision, reuseChoices } from '../model/reuse.ts';
import type { RecordOutcome } from '../pipeline/outcome.ts';

/** A `Problem` as it is kept: the value cut short, as text. */
export interface KeptProblem {
  readonly code: string;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** accepted: a course has this content; the two others have no course, or a course of an earlier content. */
export type Verdict = 'accepted' | 'out-of-scope' | 'quarantined';

/** The run that last met a record; `batch` and `attempt` say whether a resumed run meets it again. */
export interface RunMark {
  readonly id: string;
  readonly attempt: number;
  readonly batch: number;
  readonly outcome: RecordOutcome;
}

export interface RecordMark {
  readonly sourceId: string;
  readonly remoteId: string;
  /** Of the content that was judged; '' when unknown, which makes the next run judge it. */
  readonly hash: string;
  readonly verdict: Verdict;
  /** Why it is out of scope. */
  readonly reason: string | null;
  readonly problems: readonly KeptProblem[];
  readonly warnings: readonly KeptProblem[];
  readonly run: RunMark;
  readonly seenAt: Date;
  /** The run in which the source declared it deleted. */
  readonly removedIn: string | null;
  /** In no complete listing any more, and without a course on display. */
  readonly gone: boolean;
  /** Set while its identifier names another course than the one on display. */
  readonly reuse?: Reuse;
  /** The course of another source that it claims. */
  readonly claim: Claim | null;
}

export interface RawRecord {
  readonly remoteId: string;
  /** Canonical JSON. */
  readonly raw: string;
  readonly at: Date;
}

/** By remoteId. */
export type Marked = Pick<ReadonlyMap<string, unknown>, 'has'>;

interface Keyed {
  _id: string;
}

interface MarkDocument extends RecordMark {
  _id: string;
}

interface RawDocument {
  _id: string;
  raw: string;
  at: Date;
}

export interface ProblemRecords {
  readonly total: number;
  readonly records: readonly Pick<RecordMark, 'remoteId' | 'problems' | 'verdict' | 'seenAt'>[];
}

/** At most this many quarantined records are listed for one run; the total stays exact. */
export const listedProblems = 10_000;

export interface RecordStore {
  ensureIndexes(): Promise<void>;
  /** The key is the remoteId. */
  marks(sourceId: string, remoteIds: readonly string[]): Promise<Map<string, RecordMark>>;
  /** `marked` has the records that have a mark: the others are written as new, which costs less than looking for them. */
  saveRaws(sourceId: string, raws: readonly RawRecord[], marked: Marked): Promise<void>;
  /** Judged records: the whole mark, but an answer that a person gave to the same question since it was read. */
  saveMarks(marks: readonly RecordMark[], marked: Marked): Promise<void>;
  /** Seen again with the content already judged: problems of another reading end, the verdict stays. */
  markSeen(sourceId: string, remoteIds: readonly string[], run: RunMark, seenAt: Date): Promise<void>;
  /** Met again while a batch is replayed. */
  markReplayed(sourceId: string, remoteIds: readonly string[], attempt: number): Promise<void>;
  /** Counted as created before it was seen that the course was known under another identifier. */
  markRenamed(sourceId: string, remoteIds: readonly string[]): Promise<void>;
  markContradicted(sourceId: string, remoteId: string, problem: KeptProblem): Promise<void>;
  markRemoved(sourceId: string, remoteIds: readonly string[], runId: string): Promise<void>;
  markGone(sourceId: string, remoteIds: readonly string[]): Promise<void>;
  /** Marks of this run after batch `committed`: what a resumed run has already counted. */
  uncommitted(sourceId: string, runId: string, committed: number): AsyncIterable<RecordMark>;
  /** Identifiers that this run did not meet, those gone before left out, in chunks. */
  notMet(sourceId: string, runId: string): AsyncIterable<readonly string[]>;
  removed(sourceId: string, runId: string): AsyncIterable<readonly string[]>;
  /** Identifiers whose last content was accepted, in chunks. */
  accepted(sourceId: string): AsyncIterable<readonly string[]>;
  /** One of them, as it was given last; null when it was never given, or cannot be kept. */
  raw(sourceId: string, remoteId: string): Promise<RawRecord | null>;
  /** Raw records still given by the source, to be judged again without asking it. */
  raws(sourceId: string): AsyncIterable<RawRecord>;
  /** Records of the last reading that have a problem. */
  problems(sourceId: string, limit?: number): Promise<ProblemRecords>;
  /** How many have one. */
  problemCount(sourceId: string): Promise<number>;
  /** Marks of the records that this run was the last to meet, in the order of their identifiers, in chunks. */
  ofRun(sourceId: string, runId: string): AsyncIterable<readonly RecordMark[]>;
  /** Those of them that have a problem: at most `limit`, after the identifier `after`. */
  problemsOfRun(
    sourceId: string,
    runId: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly RecordMark[]>;
  /** Records whose identifier names another course, and that nobody has answered for: of a source, or of all. */
  reused(
    sourceId: string | null,
    page: { readonly skip: number; readonly limit: number },
  ): Promise<{ readonly total: number; readonly records: readonly RecordMark[] }>;
  /** @param claim what the person saw. @returns false when it is another question by now, or answered */
  decideReuse(sourceId: string, remoteId: string, claim: string, decision: ReuseDecision): Promise<boolean>;
  /** Records that claim a course of another source, and that nobody has decided about. */
  claiming(page: { readonly skip: number; readonly limit: number }): Promise<{
    readonly total: number;
    readonly records: readonly RecordMark[];
  }>;
  /** @returns false when it claims another course by now, or is decided */
  decideClaim(
    sourceId: string,
    remoteId: string,
    courseId: CourseId,
    decision: NonNullable<Claim['decision']>,
  ): Promise<boolean>;
  /** True while an answer of a person about a record of the source waits for a run that meets the record. */
  answersWait(sourceId: string): Promise<boolean>;
  /** How many records of other sources claim a course of this one. */
  claimsOn(sourceId: string): Promise<readonly { readonly sourceId: string; readonly courseId: CourseId }[]>;
  erase(sourceIds: readonly string[]): Promise<void>;
}

const marksName = 'harvest_records';
const rawsName = 'harvest_raw_records';

const markSchema = new Schema(
  { _id: String, claim: Schema.Types.Mixed },
  { collection: marksName, versionKey: false, strict: false },
);
markSchema.index({ 'claim.sourceId': 1 }, { sparse: true });
markSchema.index({ 'reuse.courseId': 1 }, { sparse: true });

const chunkSize = 1_000;

function keyOf(sourceId: string, remoteId: string): string {
  return `${sourceId}/${remoteId}`;
}

/** Source ids hold no slash, and `0` is the character after it. */
function rangeOf(sourceId: string) {
  return { $gte: `${sourceId}/`, $lt: `${sourceId}0` };
}

function withProblems(sourceId: string) {
  return { _id: rangeOf(sourceId), 'problems.0': { $exists: true }, gone: { $ne: true } };
}

interface Asking {
  readonly mark: RecordMark;
  /** The open question, as a field of the mark and what tells it from another one. */
  readonly field: 'reuse.claim' | 'claim.courseId';
  readonly value: string;
}

/** Empty when nothing is asked about the record, or when it is answered. */
function askingOf(mark: RecordMark): Asking[] {
  const { reuse, claim } = mark;
  if (reuse?.decision === null) return [{ mark, field: 'reuse.claim', value: reuse.claim }];
  if (claim === null || claim.decision !== undefined) return [];
  return [{ mark, field: 'claim.courseId', value: claim.courseId }];
}

/** The same question stands as it is, with the answer that it may have by now; another one replaces it. */
function keepingAnswers({ mark, field, value }: Asking): mongo.AnyBulkWriteOperation<MarkDocument>[] {
  const _id = keyOf(mark.sourceId, mark.remoteId);
  const { reuse, claim, ...rest } = mark;
  const $set = field === 'reuse.claim' ? { ...rest, claim } : { ...rest, ...(reuse === undefined ? {} : { reuse }) };
  return [
    { updateOne: { filter: { _id, [field]: value }, update: { $set } } },
    { replaceOne: { filter: { _id, [field]: { $ne: value } }, replacement: mark } },
  ] as mongo.AnyBulkWriteOperation<MarkDocument>[];
}

/** Replaces the documents that are known, inserts the others; one that an attempt which died left there is replaced too. */
async function put(
  collection: mongo.Collection<Keyed>,
  documents: readonly Keyed[],
  isKnown: (at: number) => boolean,
): Promise<void> {
  const replaceOne = ({ _id, ...replacement }: Keyed) => ({
    replaceOne: { filter: { _id }, replacement, upsert: true },
  });
  try {
    await collection.bulkWrite(
      documents.map((document, at) => (isKnown(at) ? replaceOne(document) : { insertOne: { document } })),
      { ordered: false },
    );
  } catch (error) {
    if (!areDuplicateKeys(error)) throw error;
    const there = error.writeErrors.flatMap(({ index }) => documents[index] ?? []);
    await collection.bulkWrite(there.map(replaceOne), { ordered: false });
  }
}

export function makeRecordStore(connection: Connection): RecordStore {
  const model = connection.model('HarvestRecord', markSchema);
  const database = connection.getClient().db(connection.name);
  const marks = database.collection<MarkDocument>(marksName);
  const raws = database.collection<RawDocument>(rawsName);
  const keyed = (name: string) => database.collection<Keyed>(name);

  const keysOf = (sourceId: string, remoteIds: readonly string[]) => ({
    _id: { $in: remoteIds.map((remoteId) => keyOf(sourceId, remoteId)) },
  });

  /** Pages by key, so that the marks may be rewritten meanwhile. */
  async function* pages(sourceId: string, filter: mongo.Filter<MarkDocument>, idsOnly: boolean) {
    let from: { $gte: string } | { $gt: string } = { $gte: `${sourceId}/` };
    for (;;) {
      const page: MarkDocument[] = await marks
        .find({ ...filter, _id: { ...from, $lt: `${sourceId}0` } }, idsOnly ? { projection: { remoteId: 1 } } : {})
        .sort({ _id: 1 })
        .limit(chunkSize)
        .toArray();
      const last = page.at(-1);
      if (last === undefined) return;
      from = { $gt: last._id };
      yield page;
    }
  }

  async function* ids(sourceId: string, filter: mongo.Filter<MarkDocument>): AsyncGenerator<readonly string[]> {
    for await (const page of pages(sourceId, filter, true)) yield page.map((mark) => mark.remoteId);
  }

  return {
    async ensureIndexes() {
      await ensureIndexesOf(model);
    },

    async marks(sourceId, remoteIds) {
      // In one answer: more than can be found.
      const found = await marks.find(keysOf(sourceId, remoteIds), { batchSize: remoteIds.length + 1 }).toArray();
      return new Map(found.map(({ _id, ...mark }) => [mark.remoteId, mark]));
    },

    async saveRaws(sourceId, list, marked) {
      if (list.length === 0) return;
      const documents = list.map(({ remoteId, raw, at }) => ({ _id: keyOf(sourceId, remoteId), raw, at }));
      await put(keyed(rawsName), documents, (at) => marked.has(list[at]?.remoteId ?? ''));
    },

    async saveMarks(list, marked) {
      if (list.length === 0) return;
      const asking = list.flatMap((mark) => (marked.has(mark.remoteId) ? askingOf(mark) : []));
      const apart = new Set(asking.map(({ mark }) => mark));
      const others = apart.size === 0 ? list : list.filter((mark) => !apart.has(mark));
      if (others.length > 0) {
        const documents = others.map((mark) => ({ _id: keyOf(mark.sourceId, mark.remoteId), ...mark }));
        await put(keyed(marksName), documents, (at) => marked.has(others[at]?.remoteId ?? ''));
      }
      if (asking.length > 0) await marks.bulkWrite(asking.flatMap(keepingAnswers));
    },

    async markSeen(sourceId, remoteIds, run, seenAt) {
      if (remoteIds.length === 0) return;
      await marks.updateMany(keysOf(sourceId, remoteIds), {
        $set: { run, seenAt, problems: [], removedIn: null, gone: false },
      });
    },

    async markReplayed(sourceId, remoteIds, attempt) {
      if (remoteIds.length === 0) return;
      await marks.updateMany(keysOf(sourceId, remoteIds), { $set: { 'run.attempt': attempt, removedIn: null } });
    },

    async markRenamed(sourceId, remoteIds) {
      if (remoteIds.length === 0) return;
      await marks.updateMany(keysOf(sourceId, remoteIds), { $set: { 'run.outcome': 'updated' } });
    },

    async markContradicted(sourceId, remoteId, problem) {
      await marks.updateOne({ _id: keyOf(sourceId, remoteId) }, { $addToSet: { problems: problem } });
    },

    async markRemoved(sourceId, remoteIds, runId) {
      if (remoteIds.length === 0) return;
      await marks.updateMany(keysOf(sourceId, remoteIds), { $set: { removedIn: runId } });
    },

    async markGone(sourceId, remoteIds) {
      if (remoteIds.length === 0) return;
      await marks.updateMany(keysOf(sourceId, remoteIds), { $set: { gone: true } });
    },

    async *uncommitted(sourceId, runId, committed) {
      for await (const page of pages(sourceId, { 'run.id': runId, 'run.batch': { $gt: committed } }, false))
        yield* page;
    },

    notMet: (sourceId, runId) => ids(sourceId, { 'run.id': { $ne: runId }, gone: { $ne: true } }),
    removed: (sourceId, runId) => ids(sourceId, { removedIn: runId }),
    accepted: (sourceId) => ids(sourceId, { verdict: 'accepted', gone: { $ne: true } }),

    async *raws(sourceId) {
      for await (const page of pages(sourceId, { gone: { $ne: true } }, true)) {
        const found = await raws.find({ _id: { $in: page.map((mark) => mark._id) } }).toArray();
        for (const { _id, raw, at } of found) yield { remoteId: _id.slice(sourceId.length + 1), raw, at };
      }
    },

    async raw(sourceId, remoteId) {
      const found = await raws.findOne({ _id: keyOf(sourceId, remoteId) });
      return found === null ? null : { remoteId, raw: found.raw, at: found.at };
    },

    problemCount: (sourceId) => marks.countDocuments(withProblems(sourceId)),

    async problems(sourceId, limit = listedProblems) {
      const filter = withProblems(sourceId);
      const [total, found] = await Promise.all([
        marks.countDocuments(filter),
        marks.find(filter).sort({ _id: 1 }).limit(limit).toArray(),
      ]);
      const records = found.map(({ remoteId, problems, verdict, seenAt }) => ({ remoteId, problems, verdict, seenAt }));
      return { total, records };
    },

    async *ofRun(sourceId, runId) {
      for await (const page of pages(sourceId, { 'run.id': runId }, false)) yield page.map(({ _id, ...mark }) => mark);
    },

    async problemsOfRun(sourceId, runId, { after, limit }) {
      const range = rangeOf(sourceId);
      const found = await marks
        .find({
          _id: after === null ? range : { $gt: keyOf(sourceId, after), $lt: range.$lt },
          'run.id': runId,
          'problems.0': { $exists: true },
        })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      return found.map(({ _id, ...mark }) => mark);
    },

    async reused(sourceId, { skip, limit }) {
      const open: mongo.Filter<MarkDocument> = {
        'reuse.courseId': { $type: 'string' },
        'reuse.decision': null,
        ...(sourceId === null ? {} : { sourceId }),
        gone: { $ne: true },
      };
      const [total, found] = await Promise.all([
        marks.countDocuments(open),
        marks.find(open).sort({ 'reuse.courseId': 1 }).skip(skip).limit(limit).toArray(),
      ]);
      return { total, records: found.map(({ _id, ...mark }) => mark) };
    },

    async decideReuse(sourceId, remoteId, claim, decision) {
      const { matchedCount } = await marks.updateOne(
        { _id: keyOf(sourceId, remoteId), 'reuse.claim': claim, 'reuse.decision': null },
        { $set: { 'reuse.decision': decision } },
      );
      return matchedCount === 1;
    },

    async claiming({ skip, limit }) {
      const open: mongo.Filter<MarkDocument> = {
        'claim.sourceId': { $type: 'string' },
        'claim.decision': null,
        gone: { $ne: true },
      };
      const [total, found] = await Promise.all([
        marks.countDocuments(open),
        marks.find(open).sort({ 'claim.sourceId': 1 }).skip(skip).limit(limit).toArray(),
      ]);
      return { total, records: found.map(({ _id, ...mark }) => mark) };
    },

    async decideClaim(sourceId, remoteId, courseId, decision) {
      const { matchedCount } = await marks.updateOne(
        { _id: keyOf(sourceId, remoteId), 'claim.courseId': courseId, 'claim.decision': null },
        { $set: { 'claim.decision': decision } },
      );
      return matchedCount === 1;
    },

    async answersWait(sourceId) {
      const here = { sourceId, gone: { $ne: true } };
      // Orders, and not types: bounds on the indexes, which hold the records that something was asked about.
      const [reuse, claim] = await Promise.all([
        marks.findOne({ 'reuse.courseId': { $gt: '' }, 'reuse.decision.choice': { $in: [...reuseChoices] }, ...here }),
        // The other answer leaves everything as it is.
        marks.findOne({ 'claim.sourceId': { $gt: '' }, 'claim.decision.choice': 'offer', ...here }),
      ]);
      return reuse !== null || claim !== null;
    },

    async claimsOn(sourceId) {
      const found = await marks.find({ 'claim.sourceId': sourceId, gone: { $ne: true } }).toArray();
      return found.flatMap((mark) =>
        mark.claim === null ? [] : [{ sourceId: mark.sourceId, courseId: mark.claim.courseId }],
      );
    },

    async erase(sourceIds) {
      for (const sourceId of sourceIds) {
        for await (const page of pages(sourceId, {}, true)) {
          const list = { _id: { $in: page.map((mark) => mark._id) } };
          await raws.deleteMany(list);
          await marks.deleteMany(list);
        }
      }
    },
  };
}
