/** Lists that funders check: kept while they are answered in the background, read in pages or whole, erased after a day. */
import type { DossierInput } from '../../eligibility/model/dossier.ts';
import { AppError } from '../../errors.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { ListAnswer } from '../model/list-answer.ts';
import type { LineTools } from '../model/list-line.ts';
import type { CheckedList, ListedLine, ListStore, PieceTally, Tally } from '../store/lists.ts';
import type { JudgeLines } from './judging.ts';
import { readList } from './read-list.ts';

export const mostPasted = 2_000;
export const mostSent = 100_000;
const tooManyPasted = 'Au-delà de 2 000 lignes, envoyez un fichier.';
const tooManySent = 'Une liste compte 100 000 lignes au plus.';

export interface ListRequest {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly pasted: boolean;
  /** For the lines that have no date of their own. */
  readonly date: string;
  readonly receipts: boolean;
}

export interface ListState extends CheckedList {
  readonly answered: number;
  readonly tally: readonly Tally[];
  readonly expiresAt: Date;
}

export interface ListFilter {
  /** A verdict, `''` for lines without one; null: all. */
  readonly verdict: string | null;
  /** A reason code; null: all. */
  readonly reason: string | null;
}

export interface Lists {
  /** @returns its id. @throws AppError without the right, `invalid` for a list that is refused whole: nothing is kept */
  submit(actor: Actor, request: ListRequest): Promise<string>;
  /** The own last ones, erased ones left out. @throws AppError without the right */
  mine(actor: Actor): Promise<readonly ListState[]>;
  /** @throws AppError `not-found` for one that is not the own, or was erased */
  state(actor: Actor, id: string): Promise<ListState>;
  /** One page of answers. `total` counts those of the filter. @throws as `state` */
  page(
    actor: Actor,
    id: string,
    options: { readonly filter: ListFilter; readonly page: number; readonly perPage: number },
  ): Promise<{ readonly answers: readonly ListAnswer[]; readonly total: number; readonly page: number }>;
  /** Every answer, in the order of the list. @throws as `state`, before the first; `conflict` while it is answered */
  everyAnswer(actor: Actor, id: string): Promise<AsyncIterable<ListAnswer>>;
  /** Answers what waits, one list after another, until nothing does. @returns how many lines were answered */
  work(signal?: AbortSignal): Promise<number>;
  /** @returns how many lists were erased */
  eraseExpired(): Promise<number>;
}

export interface ListParts {
  readonly lists: ListStore;
  readonly judge: JudgeLines;
  /** Makes the receipt of a judged line. @returns its code */
  readonly receiptOf: (judged: {
    readonly ref: string;
    readonly dossier: DossierInput;
    readonly origin: string;
    readonly by: string;
  }) => Promise<string>;
  /** Null while another process works on it. */
  readonly lock: (name: string) => Promise<{ renew(): Promise<boolean>; release(): Promise<void> } | null>;
  readonly parseSiret: LineTools['parseSiret'];
  readonly newId: () => string;
  /** Told after a list was added. */
  readonly wake: () => void;
  readonly keepHours: number;
  readonly pieceSize: number;
  readonly now: () => Date;
  /** YYYY-MM-DD in Paris. */
  readonly today: () => string;
}

const shown = 10;
const renewMs = 10_000;
/** Lets the requests of visitors in between two pieces. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

export function makeLists(parts: ListParts): Lists {
  const { lists, judge, receiptOf, lock, now, today } = parts;
  const oldest = () => new Date(now().getTime() - parts.keepHours * 3_600_000);
  const expiresAt = ({ createdAt }: CheckedList) => new Date(createdAt.getTime() + parts.keepHours * 3_600_000);

  async function withState(list: CheckedList): Promise<ListState> {
    const pieces = await lists.tallies(list.id);
    return { ...list, expiresAt: expiresAt(list), ...sumOf(pieces) };
  }

  async function own(actor: Actor, id: string): Promise<CheckedList> {
    requireRight(actor, 'verdicts:check');
    const list = await lists.byId(id);
    if (list === null || list.by !== actor.accountId || list.createdAt < oldest())
      throw new AppError('not-found', 'LISTE_INCONNUE', "Cette vérification n'existe pas, ou a été effacée.");
    return list;
  }

  async function answerPiece(list: CheckedList, number: number, lines: readonly ListedLine[]): Promise<number> {
    const answers: ListAnswer[] = [];
    for (const { answer, judged } of await judge(lines)) {
      const receipt =
        list.receipts && judged !== null
          ? await receiptOf({ ...judged, origin: `${list.id}/${answer.line}`, by: list.by })
          : null;
      answers.push(receipt === null ? answer : { ...answer, receipt });
    }
    await lists.answerPiece(list.id, number, answers, tallyOf(answers));
    return answers.length;
  }

  async function answer(list: CheckedList, signal?: AbortSignal): Promise<number> {
    const held = await lock(`list:${list.id}`);
    if (held === null) return 0;
    let answered = 0;
    let renewed = Date.now();
    let done = -1;
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (Date.now() - renewed > renewMs) {
          // Lost after a long pause: another process goes on.
          if (!(await held.renew())) return answered;
          renewed = Date.now();
        }
        const piece = await lists.nextPiece(list.id, done);
        if (piece === null) break;
        answered += await answerPiece(list, piece.number, piece.lines);
        done = piece.number;
        await breathe();
      }
      await lists.finish(list.id, now());
      return answered;
    } finally {
      await held.release();
    }
  }

  return {
    async submit(actor, { bytes, pasted, date, receipts }) {
      requireRight(actor, 'verdicts:check');
      const { accountId } = actor;
      if (accountId === null) throw new Error('a visitor holds no such right');
      const tools = { parseSiret: parts.parseSiret, defaultDate: date, today: today() };
      const limit = pasted
        ? { mostLines: mostPasted, tooMany: tooManyPasted }
        : { mostLines: mostSent, tooMany: tooManySent };
      const { lines, ignored } = await readList(bytes, tools, limit);
      const id = parts.newId();
      const pieces = Array.from({ length: Math.ceil(lines.length / parts.pieceSize) }, (_, at) =>
        lines.slice(at * parts.pieceSize, (at + 1) * parts.pieceSize),
      );
      await lists.add({ id, by: accountId, createdAt: now(), total: lines.length, receipts, ignored }, pieces);
      parts.wake();
      return id;
    },

    async mine(actor) {
      requireRight(actor, 'verdicts:check');
      const found = actor.accountId === null ? [] : await lists.ofAccount(actor.accountId, shown);
      return Promise.all(found.filter(({ createdAt }) => createdAt >= oldest()).map(withState));
    },

    async state(actor, id) {
      return withState(await own(actor, id));
    },

    async page(actor, id, { filter, page: asked, perPage }) {
      await own(actor, id);
      const pieces = (await lists.tallies(id)).map(({ number, tally }) => ({ number, count: matching(tally, filter) }));
      const total = pieces.reduce((sum, { count }) => sum + count, 0);
      const page = Math.min(Math.max(asked, 1), Math.max(1, Math.ceil(total / perPage)));
      let skip = (page - 1) * perPage;
      const answers: ListAnswer[] = [];
      for (const { number, count } of pieces) {
        if (answers.length === perPage) break;
        if (skip >= count) {
          skip -= count;
          continue;
        }
        const found = (await lists.answersOf(id, number)).filter((one) => passes(one, filter));
        answers.push(...found.slice(skip, skip + perPage - answers.length));
        skip = 0;
      }
      return { answers, total, page };
    },

    async everyAnswer(actor, id) {
      const list = await own(actor, id);
      if (list.doneAt === null)
        throw new AppError('conflict', 'LISTE_EN_COURS', 'Cette vérification est en cours. Revenez dans un instant.');
      const pieces = await lists.tallies(id);
      return (async function* () {
        for (const { number } of pieces) yield* await lists.answersOf(id, number);
      })();
    },

    async work(signal) {
      let answered = 0;
      for (const list of await lists.waiting()) answered += await answer(list, signal);
      return answered;
    },

    eraseExpired: () => lists.eraseBefore(oldest()),
  };
}

function tallyOf(answers: readonly ListAnswer[]): Tally[] {
  const counts = new Map<string, Tally>();
  for (const { verdict, reason } of answers) {
    const key = `${verdict ?? ''} ${reason.code}`;
    const count = (counts.get(key)?.count ?? 0) + 1;
    counts.set(key, { verdict: verdict ?? '', reason: reason.code, count });
  }
  return [...counts.values()];
}

function sumOf(pieces: readonly PieceTally[]): { readonly answered: number; readonly tally: readonly Tally[] } {
  const counts = new Map<string, Tally>();
  let answered = 0;
  for (const { size, tally } of pieces) {
    if (tally === null) continue;
    answered += size;
    for (const one of tally) {
      const key = `${one.verdict} ${one.reason}`;
      counts.set(key, { ...one, count: (counts.get(key)?.count ?? 0) + one.count });
    }
  }
  return { answered, tally: [...counts.values()] };
}

function matching(tally: readonly Tally[] | null, { verdict, reason }: ListFilter): number {
  return (tally ?? [])
    .filter((one) => (verdict === null || one.verdict === verdict) && (reason === null || one.reason === reason))
    .reduce((sum, { count }) => sum + count, 0);
}

function passes(answer: ListAnswer, { verdict, reason }: ListFilter): boolean {
  return (verdict === null || (answer.verdict ?? '') === verdict) && (reason === null || answer.reason.code === reason);
}
