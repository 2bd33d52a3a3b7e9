/**
 * The search thread: an entrance like cli.ts, which wires for itself the index and what feeds it. It reads the database on
 * its own, so that neither following a large harvest nor a long search keeps the other pages waiting.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadFramework } from '../../framework/data.ts';
import { makeLog } from '../../platform/log.ts';
import { connectTo, type Database } from '../../platform/mongo.ts';
import { makeCourseStore } from '../store.ts';
import type { IndexStats, SearchPage, SearchQuery, Suggestion } from './course-index.ts';
import { followCatalogue, readChanges } from './follow.ts';
import { frenchAnalyser } from './french.ts';
import { indexLabels } from './indexed-course.ts';
import { makeScanIndex } from './scan-index.ts';

/** What the thread is started with. Holds the database address, which may hold credentials: never logged. */
export interface SearchThreadData {
  readonly databaseUri: string;
  readonly databaseKind: Database['kind'];
  readonly logLevel: string;
}

/** Of the index when it was told. */
export type ToldStats = Pick<IndexStats, 'courses' | 'version'>;

export type ToSearch =
  | { readonly kind: 'search'; readonly id: number; readonly query: SearchQuery }
  | { readonly kind: 'suggest'; readonly id: number; readonly typed: string; readonly limit: number }
  | { readonly kind: 'close' };

export type FromSearch =
  /** The first complete load is in the index; questions that came before wait for it. */
  | { readonly kind: 'ready'; readonly stats: ToldStats }
  | { readonly kind: 'changed'; readonly stats: ToldStats }
  | { readonly kind: 'answered'; readonly id: number; readonly answer: SearchPage | readonly Suggestion[] }
  | { readonly kind: 'broken'; readonly id: number; readonly error: unknown };

/** Figures counted once per version are counted again at most so often. */
const tellEveryMs = 250;

async function serve(port: NonNullable<typeof parentPort>, data: SearchThreadData): Promise<void> {
  const database = await connectTo(data.databaseUri, data.databaseKind);
  const say = (message: FromSearch) => port.postMessage(message);
  const index = makeScanIndex(frenchAnalyser, { now: () => new Date() });
  const following = followCatalogue({
    index,
    reader: readChanges(makeCourseStore(database.connection), indexLabels(loadFramework())),
    log: makeLog(data.logLevel),
  });
  let closing = false;
  let told: ToldStats | null = null;
  const tell = (kind: 'ready' | 'changed') => {
    const { courses, version } = index.stats();
    if (version === told?.version) return;
    told = { courses, version };
    say({ kind, stats: told });
  };
  let telling: NodeJS.Timeout | undefined;

  async function answer(message: Exclude<ToSearch, { kind: 'close' }>): Promise<void> {
    const { id } = message;
    try {
      const answer =
        message.kind === 'search' ? index.search(message.query) : index.suggest(message.typed, message.limit);
      say({ kind: 'answered', id, answer: await answer });
    } catch (error) {
      say({ kind: 'broken', id, error });
    }
  }

  port.on('message', (message: ToSearch) => {
    if (message.kind !== 'close') {
      void index.ready().then(() => answer(message));
      return;
    }
    closing = true;
    clearInterval(telling);
    following
      .stop()
      .then(() => database.close())
      .finally(() => port.close());
  });
  try {
    await following.start();
  } catch (error) {
    if (closing) return;
    throw error;
  }
  if (closing) return;
  tell('ready');
  telling = setInterval(tell, tellEveryMs, 'changed');
}

if (parentPort !== null && workerData?.search !== undefined) await serve(parentPort, workerData.search);
