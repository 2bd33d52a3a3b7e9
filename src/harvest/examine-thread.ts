/**
 * The thread of previews: catalogues of strangers are read here, so that pages never wait for them and a document that fills
 * the memory or never ends costs this thread only. It writes nothing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError, SourceError } from '../errors.ts';
import { loadFramework } from '../framework/data.ts';
import { align } from '../framework/model/alignment.ts';
import { makeFiles } from '../platform/files.ts';
import { makeSourceHttp } from '../platform/http.ts';
import { makeHostTurns, sleepUnlessAborted } from '../platform/http-pace.ts';
import { makeLog } from '../platform/log.ts';
import { connectTo, type Database } from '../platform/mongo.ts';
import type { AnyConnector, SourceHttp } from './connector.ts';
import { discoverConnectors } from './discover.ts';
import { type ExamineOptions, examine, examinedRecords, readingMs } from './examine.ts';
import { addressOfFile, fileHttp, pathHttp } from './file-http.ts';
import { discreet, opened, openerOf } from './open-source.ts';
import type { SourcePatches } from './pipeline/patches.ts';
import { type Recognised, recognise } from './recognise.ts';

/** What the thread is started with. Holds the database address, which may hold credentials: never logged. */
export interface ExamineThreadData {
  readonly databaseUri: string;
  readonly databaseKind: Database['kind'];
  readonly logLevel: string;
  /** Patterns; null is all of them. */
  readonly enabledConnectors: readonly string[] | null;
  readonly userAgent: string;
  /** Origin of the demonstration server, open to demonstration sources only. */
  readonly demoOrigin: string | null;
  readonly wireBytes: number;
  readonly decodedBytes: number;
  /** Keys of the installation, the current one first, for secret settings. Never logged. */
  readonly secretKeys?: readonly Uint8Array[];
}

/** Where the catalogue is. */
export type Where =
  | { readonly kind: 'address'; readonly url: string }
  /** Kept by platform/files.ts for this owner. */
  | { readonly kind: 'stored'; readonly file: string; readonly owner: string; readonly site: string }
  /** On the disk of this machine, only for the time of the question. */
  | { readonly kind: 'path'; readonly path: string; readonly site: string };

export interface ExamineRequest {
  readonly where: Where;
  /** Null: to be recognised. Secret settings are in `sealed`, and opened in the thread. */
  readonly format: {
    readonly connector: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly sealed: Readonly<Record<string, string>>;
  } | null;
  /** May reach the demonstration server. */
  readonly demo: boolean;
  /** Corrections in place, of a source of ours. */
  readonly patches?: SourcePatches;
}

export interface ToExaminer {
  readonly id: number;
  readonly request: ExamineRequest;
}

export type FromExaminer =
  | { readonly kind: 'examined'; readonly id: number; readonly found: Recognised }
  | { readonly kind: 'refused'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'broken'; readonly id: number; readonly error: unknown };

/** The whole answer; a source that has not begun by then does not answer. */
const longestMs = 12_000;

async function serve(port: NonNullable<typeof parentPort>, data: ExamineThreadData): Promise<void> {
  const connectors = await discoverConnectors(
    data.enabledConnectors === null ? {} : { enabled: data.enabledConnectors },
  );
  const framework = loadFramework();
  const log = makeLog(data.logLevel);
  const openSecret = openerOf(data.secretKeys ?? []);
  // One queue per host for everybody: many previews of one site do not become its load.
  const turns = makeHostTurns({ clock: Date.now, sleep: sleepUnlessAborted });
  let database: Promise<Database> | null = null;

  async function stored(file: string, owner: string): Promise<AsyncIterable<Uint8Array>> {
    database ??= connectTo(data.databaseUri, data.databaseKind);
    const { connection } = await database;
    return (await makeFiles(connection, null).open(file, (found) => found.owner === owner)).bytes;
  }

  function network(demo: boolean, signal: AbortSignal): SourceHttp {
    const origins = demo && data.demoOrigin !== null ? [data.demoOrigin] : [];
    const { wireBytes, decodedBytes } = data;
    const limits = { wireBytes, decodedBytes, timeoutMs: longestMs, seconds: longestMs / 1_000 };
    return makeSourceHttp({ userAgent: data.userAgent, signal, turns, allowedOrigins: origins, limits });
  }

  async function answer({ where, format, demo, patches = new Map() }: ExamineRequest): Promise<Recognised> {
    const signal = AbortSignal.timeout(longestMs);
    const options: Omit<ExamineOptions, 'all'> = {
      shown: examinedRecords,
      readingMs,
      align: (draft) => align({ ...draft, provider: draft.provider.name }, framework),
      signal,
      onError: (error, remoteId) => log.error({ err: error, remoteId }, 'record failed in a preview'),
    };
    const open = (): SourceHttp => {
      if (where.kind === 'address') return network(demo, signal);
      return where.kind === 'path' ? pathHttp(where.path) : fileHttp(() => stored(where.file, where.owner));
    };
    try {
      if (format === null) {
        const source =
          where.kind === 'address'
            ? ({ kind: 'address', url: where.url, http: open() } as const)
            : ({ kind: 'file', site: where.site, open } as const);
        return await recognise(connectors.values(), source, options);
      }
      const connector = known(connectors, format.connector);
      const url = where.kind === 'address' ? where.url : addressOfFile(connector, where.site);
      const { source, values } = opened(format, openSecret);
      const config = { ...source.config, url };
      const report = await examine(discreet(connector, values), config, open(), { ...options, patches, all: false });
      return { connector: connector.id, title: connector.title, config: {}, report };
    } catch (error) {
      if (!signal.aborted) throw error;
      const message = `La source n’a pas répondu en ${longestMs / 1_000} secondes.`;
      throw new AppError('invalid', 'SOURCE_LENTE', message, { cause: error });
    }
  }

  port.on('message', ({ id, request }: ToExaminer) => {
    answer(request).then(
      (found) => port.postMessage({ kind: 'examined', id, found } satisfies FromExaminer),
      (error: unknown) => port.postMessage(failureOf(id, error)),
    );
  });
}

function known(connectors: ReadonlyMap<string, AnyConnector>, id: string): AnyConnector {
  const connector = connectors.get(id);
  if (connector !== undefined) return connector;
  throw new AppError('invalid', 'FORMAT_ABSENT', 'Ce format n’est pas lu sur cette installation.');
}

/** An error does not cross to another thread with its class: what people read goes as words. */
function failureOf(id: number, error: unknown): FromExaminer {
  if (error instanceof AppError) return { kind: 'refused', id, code: error.code, message: error.publicMessage };
  if (error instanceof SourceError)
    return { kind: 'refused', id, code: error.code ?? error.kind, message: error.publicMessage };
  return { kind: 'broken', id, error: error instanceof Error ? new Error(error.message) : new Error('preview failed') };
}

if (parentPort !== null && workerData?.examine !== undefined) await serve(parentPort, workerData.examine);
