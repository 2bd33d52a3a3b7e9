/** Drafts of rule versions, and what each would change, in MongoDB. */
import { type Connection, type Model, Schema } from 'mongoose';
import { isDuplicateKey } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';
import type { Draft } from '../model/draft.ts';
import type { Flip } from '../model/flip.ts';

/** One computation of what a draft would change. */
export interface FlipRun {
  readonly draftId: string;
  /** Names the run: its flips carry it. */
  readonly runId: string;
  /** The revision of the draft and the rules it was compared with. */
  readonly revision: number;
  readonly baseVersion: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly courses: number;
  readonly pathways: number;
  readonly flips: number;
  /** `oui → non`: how many. */
  readonly turns: readonly { readonly turn: string; readonly count: number }[];
  /** The day that both answers are about. */
  readonly date: string;
  readonly startedAt: Date;
  /** Last sign of life. */
  readonly seenAt: Date;
}

export interface DraftStore {
  ensureIndexes(): Promise<void>;
  create(draft: Draft): Promise<void>;
  byId(id: string): Promise<Draft | null>;
  /** Open ones, oldest first. */
  open(): Promise<Draft[]>;
  /** Published and withdrawn ones, newest first. */
  ended(limit: number): Promise<Draft[]>;
  /** Only from this revision of an open draft, or from a published one when it is opened again. @returns null: it changed meanwhile */
  change(
    id: string,
    from: Pick<Draft, 'revision' | 'state'>,
    to: Partial<Omit<Draft, 'id' | 'ruleId' | 'createdAt'>>,
  ): Promise<Draft | null>;
  /** Open ones that this account wrote. */
  ofAuthor(accountId: string): Promise<Draft[]>;
  /** @returns how many no longer name the account */
  forgetAuthor(accountId: string): Promise<number>;
  /** The last run of a draft. */
  run(draftId: string): Promise<FlipRun | null>;
  /** Takes the place of the run that was read. False when another one did. */
  startRun(run: FlipRun, instead: FlipRun | null): Promise<boolean>;
  /** Adds flips and figures to a run that is still the last one. False when it is not. */
  advance(run: FlipRun, flips: readonly Flip[]): Promise<boolean>;
  /** In the order they were found. */
  flips(runId: string, skip: number, limit: number): Promise<Flip[]>;
  allFlips(runId: string): AsyncIterable<Flip>;
}

interface DraftDocument extends Omit<Draft, 'id'> {
  _id: string;
}
interface RunDocument extends Omit<FlipRun, 'draftId'> {
  _id: string;
}
interface FlipDocument extends Flip {
  runId: string;
  draftId: string;
  at: number;
}

const draftSchema = new Schema<DraftDocument>(
  {
    _id: String,
    ruleId: String,
    version: Schema.Types.Mixed,
    why: String,
    caseChanges: [Schema.Types.Mixed],
    authors: [String],
    baseVersion: String,
    revision: Number,
    state: String,
    createdAt: Date,
    updatedAt: Date,
    endedAt: Date,
  },
  { collection: 'rule_drafts', versionKey: false, minimize: false },
);
draftSchema.index({ state: 1, updatedAt: -1 });

const runSchema = new Schema<RunDocument>(
  {
    _id: String,
    runId: String,
    revision: Number,
    baseVersion: String,
    state: String,
    courses: Number,
    pathways: Number,
    flips: Number,
    turns: [Schema.Types.Mixed],
    date: String,
    startedAt: Date,
    seenAt: Date,
  },
  { collection: 'rule_flip_runs', versionKey: false },
);

const flipSchema = new Schema<FlipDocument>(
  {
    runId: String,
    draftId: String,
    at: Number,
    kind: String,
    title: String,
    provider: String,
    href: String,
    before: Schema.Types.Mixed,
    after: Schema.Types.Mixed,
  },
  { collection: 'rule_flips', versionKey: false, minimize: false },
);
flipSchema.index({ runId: 1, at: 1 });
flipSchema.index({ draftId: 1 });

const toDraft = ({ _id, ...rest }: DraftDocument): Draft => ({ id: _id, ...rest });
const toRun = ({ _id, ...rest }: RunDocument): FlipRun => ({ draftId: _id, ...rest });
const toFlip = ({ kind, title, provider, href, before, after }: FlipDocument): Flip => ({
  kind,
  title,
  provider,
  href,
  before,
  after,
});

export function makeDraftStore(connection: Connection): DraftStore {
  const drafts: Model<DraftDocument> = connection.model<DraftDocument>('RuleDraft', draftSchema);
  const ofAuthors = joinedFind('authors', (accountIds) =>
    drafts
      .find({ authors: { $in: accountIds } })
      .sort({ createdAt: 1 })
      .lean<DraftDocument[]>(),
  );
  const runs: Model<RunDocument> = connection.model<RunDocument>('RuleFlipRun', runSchema);
  const flips: Model<FlipDocument> = connection.model<FlipDocument>('RuleFlip', flipSchema);
  return {
    async ensureIndexes() {
      await ensureIndexesOf(drafts);
      await ensureIndexesOf(runs);
      await ensureIndexesOf(flips);
    },

    async create({ id, ...draft }) {
      await drafts.create({ _id: id, ...draft });
    },

    async byId(id) {
      const found = await drafts.findById(id).lean<DraftDocument | null>();
      return found === null ? null : toDraft(found);
    },

    async open() {
      return (await drafts.find({ state: 'open' }).sort({ createdAt: 1 }).lean<DraftDocument[]>()).map(toDraft);
    },

    async ended(limit) {
      const found = await drafts
        .find({ state: { $ne: 'open' } })
        .sort({ updatedAt: -1 })
        .limit(limit)
        .lean<DraftDocument[]>();
      return found.map(toDraft);
    },

    async change(id, { revision, state }, to) {
      const found = await drafts
        .findOneAndUpdate({ _id: id, revision, state }, { $set: to }, { returnDocument: 'after' })
        .lean<DraftDocument | null>();
      return found === null ? null : toDraft(found);
    },

    async ofAuthor(accountId) {
      return (await ofAuthors(accountId)).map(toDraft);
    },

    async forgetAuthor(accountId) {
      const { modifiedCount } = await drafts.updateMany({ authors: accountId }, { $pull: { authors: accountId } });
      return modifiedCount;
    },

    async run(draftId) {
      const found = await runs.findById(draftId).lean<RunDocument | null>();
      return found === null ? null : toRun(found);
    },

    async startRun({ draftId, ...run }, instead) {
      try {
        if (instead === null) await runs.create({ _id: draftId, ...run });
        else {
          const { matchedCount } = await runs.replaceOne({ _id: draftId, runId: instead.runId }, run);
          if (matchedCount === 0) return false;
        }
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
      await flips.deleteMany({ draftId, runId: { $ne: run.runId } });
      return true;
    },

    async advance({ draftId, ...run }, found) {
      const before = run.flips - found.length;
      if (found.length > 0)
        await flips.insertMany(found.map((flip, at) => ({ ...flip, runId: run.runId, draftId, at: before + at })));
      const { matchedCount } = await runs.updateOne({ _id: draftId, runId: run.runId }, { $set: run });
      return matchedCount === 1;
    },

    async flips(runId, skip, limit) {
      const found = await flips.find({ runId }).sort({ at: 1 }).skip(skip).limit(limit).lean<FlipDocument[]>();
      return found.map(toFlip);
    },

    async *allFlips(runId) {
      const cursor = flips.find({ runId }).sort({ at: 1 }).lean<FlipDocument[]>().cursor({ batchSize: 500 });
      for await (const document of cursor) yield toFlip(document as FlipDocument);
    },
  };
}
