/**
 * Lists to check and their answers, in pieces. A piece holds its lines until its answers take their place, in one write: a
 * line is answered once or not yet, whatever is killed. What a list adds up to is read from its pieces, never counted apart.
 */
import { type Connection, type Model, Schema } from 'mongoose';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedFind } from '../../platform/joined-reads.ts';
import type { ListAnswer } from '../model/list-answer.ts';
import type { Line, UnreadableLine } from '../model/list-line.ts';

export type ListedLine = Line | UnreadableLine;

export interface CheckedList {
  /** Not to be guessed. */
  readonly id: string;
  /** Account that sent it; only that one opens it. */
  readonly by: string;
  readonly createdAt: Date;
  readonly total: number;
  /** One receipt for each line with a verdict. */
  readonly receipts: boolean;
  /** Titles of the columns that were left out. */
  readonly ignored: readonly string[];
  readonly doneAt: Date | null;
}

/** How many answers of a piece have this verdict and reason; `''` is no verdict. */
export interface Tally {
  readonly verdict: string;
  readonly reason: string;
  readonly count: number;
}

export interface PieceTally {
  readonly number: number;
  readonly size: number;
  /** Null: not answered yet. */
  readonly tally: readonly Tally[] | null;
}

export interface ListStore {
  ensureIndexes(): Promise<void>;
  /** Acknowledged whole: a crash before its end leaves no list. */
  add(list: Omit<CheckedList, 'doneAt'>, pieces: readonly (readonly ListedLine[])[]): Promise<void>;
  byId(id: string): Promise<CheckedList | null>;
  /** The newest first. */
  ofAccount(by: string, limit: number): Promise<readonly CheckedList[]>;
  /** Those that wait for answers, the oldest first. */
  waiting(): Promise<readonly CheckedList[]>;
  /** The first one after `after` that is not answered; -1 for the first of all. */
  nextPiece(
    id: string,
    after: number,
  ): Promise<{ readonly number: number; readonly lines: readonly ListedLine[] } | null>;
  /** False when the piece is answered already: nothing was written. */
  answerPiece(id: string, number: number, answers: readonly ListAnswer[], tally: readonly Tally[]): Promise<boolean>;
  finish(id: string, at: Date): Promise<void>;
  /** In the order of the list. */
  tallies(id: string): Promise<readonly PieceTally[]>;
  /** Empty for a piece that is not answered. */
  answersOf(id: string, piece: number): Promise<readonly ListAnswer[]>;
  countBefore(before: Date): Promise<number>;
  /** Lists and answers. @returns how many lists */
  eraseBefore(before: Date): Promise<number>;
  eraseOf(by: string): Promise<number>;
}

interface ListDocument extends Omit<CheckedList, 'id'> {
  _id: string;
}

interface PieceDocument {
  /** `<list>/<number>`. */
  _id: string;
  list: string;
  number: number;
  size: number;
  /** Of the list, for what a crash left without one. */
  createdAt: Date;
  /** JSON: hundreds of lines that nothing is searched in, written and read as one value. */
  lines: string | null;
  /** The same. */
  answers: string | null;
  tally: Tally[] | null;
}

const Mixed = Schema.Types.Mixed;
const listSchema = new Schema<ListDocument>(
  { _id: String, by: String, createdAt: Date, total: Number, receipts: Boolean, ignored: [String], doneAt: Date },
  { collection: 'checked_lists', versionKey: false },
);
listSchema.index({ by: 1, createdAt: -1 });
listSchema.index({ doneAt: 1, createdAt: 1 });

const pieceSchema = new Schema<PieceDocument>(
  {
    _id: String,
    list: String,
    number: Number,
    size: Number,
    createdAt: Date,
    lines: String,
    answers: String,
    tally: Mixed,
  },
  { collection: 'checked_list_pieces', versionKey: false, minimize: false },
);
pieceSchema.index({ list: 1, number: 1 });
pieceSchema.index({ createdAt: 1 });

const readText = (text: string | null) => (text === null ? [] : JSON.parse(text));
const pieceId = (list: string, number: number) => `${list}/${number}`;
const toList = ({ _id, ...rest }: ListDocument): CheckedList => ({ id: _id, ...rest });
/** Pieces sent to the database at once. */
const written = 20;

export function makeListStore(connection: Connection): ListStore {
  const lists: Model<ListDocument> = connection.model<ListDocument>('CheckedList', listSchema);
  // A day's lists of one account are few.
  const ofAccounts = joinedFind('by', (accountIds) =>
    lists
      .find({ by: { $in: accountIds } })
      .sort({ createdAt: -1, _id: 1 })
      .lean<ListDocument[]>(),
  );
  const pieces: Model<PieceDocument> = connection.model<PieceDocument>('CheckedListPiece', pieceSchema);
  // Hundreds of lines at once: written as they are, without a mongoose document each.
  const rows = connection.collection<PieceDocument>('checked_list_pieces');

  async function erase(filter: Readonly<Record<string, unknown>>, orphansBefore: Date | null): Promise<number> {
    const found = await lists.find(filter, { _id: 1 }).lean<{ _id: string }[]>();
    const ids = found.map(({ _id }) => _id);
    await pieces.deleteMany({ list: { $in: ids } });
    if (orphansBefore !== null) await pieces.deleteMany({ createdAt: { $lt: orphansBefore } });
    return (await lists.deleteMany({ _id: { $in: ids } })).deletedCount;
  }

  return {
    async ensureIndexes() {
      for (const model of [lists, pieces] as const) {
        await ensureIndexesOf(model);
      }
    },

    async add({ id, ...list }, given) {
      for (let at = 0; at < given.length; at += written) {
        await rows.insertMany(
          given.slice(at, at + written).map((lines, index) => ({
            _id: pieceId(id, at + index),
            list: id,
            number: at + index,
            size: lines.length,
            createdAt: list.createdAt,
            lines: JSON.stringify(lines),
            answers: null,
            tally: null,
          })),
        );
      }
      await lists.create({ _id: id, ...list, doneAt: null });
    },

    async byId(id) {
      const found = await lists.findById(id).lean<ListDocument | null>();
      return found === null ? null : toList(found);
    },

    async ofAccount(by, limit) {
      return (await ofAccounts(by)).slice(0, limit).map(toList);
    },

    async waiting() {
      const found = await lists.find({ doneAt: null }).sort({ createdAt: 1, _id: 1 }).lean<ListDocument[]>();
      return found.map(toList);
    },

    async nextPiece(id, after) {
      const found = await pieces
        // Without `after`, every piece answered so far would be read again at each turn.
        .findOne({ list: id, number: { $gt: after }, answers: null }, { number: 1, lines: 1 })
        .sort({ number: 1 })
        .lean<PieceDocument | null>();
      return found === null ? null : { number: found.number, lines: readText(found.lines) };
    },

    async answerPiece(id, number, answers, tally) {
      const { matchedCount } = await rows.updateOne(
        { _id: pieceId(id, number), answers: null },
        { $set: { answers: JSON.stringify(answers), tally: [...tally], lines: null } },
      );
      return matchedCount === 1;
    },

    async finish(id, at) {
      await lists.updateOne({ _id: id, doneAt: null }, { $set: { doneAt: at } });
    },

    async tallies(id) {
      const found = await pieces
        .find({ list: id }, { number: 1, size: 1, tally: 1 })
        .sort({ number: 1 })
        .lean<PieceDocument[]>();
      return found.map(({ number, size, tally }) => ({ number, size, tally }));
    },

    async answersOf(id, piece) {
      const found = await pieces.findById(pieceId(id, piece), { answers: 1 }).lean<PieceDocument | null>();
      return readText(found?.answers ?? null);
    },

    countBefore: (before) => lists.countDocuments({ createdAt: { $lt: before } }),
    eraseBefore: (before) => erase({ createdAt: { $lt: before } }, before),
    eraseOf: (by) => erase({ by }, null),
  };
}
