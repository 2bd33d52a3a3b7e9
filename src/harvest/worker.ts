/**
 * The harvest thread: an entrance like cli.ts, which wires for itself what a run needs. It connects to the database on its
 * own, so that ten runs at once leave the pages alone.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { makeCourseStore } from '../catalogue/store.ts';
import { AppError, SourceError } from '../errors.ts';
import { loadFramework } from '../framework/data.ts';
import { align } from '../framework/model/alignment.ts';
import { type Files, makeFiles } from '../platform/files.ts';
import { makeSourceHttp } from '../platform/http.ts';
import { makeHostTurns, sleepUnlessAborted } from '../platform/http-pace.ts';
import { makeLog } from '../platform/log.ts';
import { connectTo, type Database } from '../platform/mongo.ts';
import { giveWay } from '../platform/worker.ts';
import { discoverConnectors } from './discover.ts';
import { makeLocalQueue } from './execute.ts';
import { fileHttp } from './file-http.ts';
import type { HarvestRun, HarvestSource } from './model.ts';
import { openerOf } from './open-source.ts';
import type { PipelineSettings, PipelineTools } from './pipeline.ts';
import { makeJudgingThread } from './start-judging.ts';
import { makeHarvestStore } from './store.ts';

/** What the thread is started with. Holds the database address, which may hold credentials: never logged. */
export interface HarvestWorkerData {
  readonly databaseUri: string;
  readonly databaseKind: Database['kind'];
  readonly logLevel: string;
  /** Patterns; null is all of them. */
  readonly enabledConnectors: readonly string[] | null;
  readonly userAgent: string;
  /** Origin of the demonstration server, open to demonstration sources only. */
  readonly demoOrigin: string | null;
  readonly concurrency: number;
  /** Keys of the installation, the current one first: secret settings are opened here and nowhere else. Never logged. */
  readonly secretKeys?: readonly Uint8Array[];
  readonly wireBytes: number;
  readonly decodedBytes: number;
  readonly settings: PipelineSettings;
}

export type ToWorker =
  | { readonly kind: 'run'; readonly runId: string; readonly source: HarvestSource }
  | { readonly kind: 'stop'; readonly runId: string; readonly by: string; readonly at: Date }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'progress'; readonly runId: string; readonly sourceId: string; readonly received: number }
  | { readonly kind: 'ended'; readonly runId: string; readonly run: HarvestRun | null }
  | { readonly kind: 'broken'; readonly runId: string; readonly error: unknown };

/** What a run needs, from the settings and an open database: for the thread and for the command line. */
export function makePipelineTools(
  data: Omit<HarvestWorkerData, 'databaseUri' | 'databaseKind' | 'enabledConnectors' | 'concurrency' | 'secretKeys'>,
  database: Database,
): PipelineTools {
  const framework = loadFramework();
  const store = makeHarvestStore(database.connection);
  // One queue per host for all sources: two catalogues of one partner do not double its load.
  const turns = makeHostTurns({ clock: Date.now, sleep: sleepUnlessAborted });
  const allowedOrigins = data.demoOrigin === null ? [] : [data.demoOrigin];
  const isOurs = (url: unknown) => data.demoOrigin !== null && String(url).startsWith(`${data.demoOrigin}/`);
  // Scanned when it was sent: read only here.
  const files = makeFiles(database.connection, null);
  return {
    courses: makeCourseStore(database.connection),
    records: store.records,
    runs: store.runs,
    patches: store.patches,
    align: (draft) => align({ ...draft, provider: draft.provider.name }, framework),
    frameworkVersion: framework.version,
    openHttp: (source, signal, onRetry) => {
      const { file } = source;
      if (file != null) return fileHttp(() => storedCatalogue(files, file.id, source.id));
      return makeSourceHttp({
        userAgent: data.userAgent,
        signal,
        turns,
        onRetry,
        allowedOrigins: source.demo ? allowedOrigins : [],
        // The pause between two requests is owed to partners, not to our own demonstration server.
        ...(isOurs(source.config.url) ? { minDelayMs: 0 } : {}),
        limits: {
          wireBytes: source.limits.wireBytes ?? data.wireBytes,
          decodedBytes: source.limits.decodedBytes ?? data.decodedBytes,
        },
      });
    },
    now: () => new Date(),
    log: makeLog(data.logLevel),
    settings: data.settings,
  };
}

/** @throws SourceError when it is not here any more: replaced meanwhile, or removed */
async function storedCatalogue(files: Files, id: string, owner: string): Promise<AsyncIterable<Uint8Array>> {
  const gone = (cause: unknown) =>
    new SourceError('unreachable', 'Source injoignable : son fichier a été remplacé', { cause });
  const { bytes } = await files
    .open(id, (file) => file.owner === owner)
    .catch((cause: unknown) => {
      throw cause instanceof AppError ? gone(cause) : cause;
    });
  return bytes;
}

async function serve(port: NonNullable<typeof parentPort>, data: HarvestWorkerData): Promise<void> {
  giveWay();
  const database = await connectTo(data.databaseUri, data.databaseKind);
  const connectors = await discoverConnectors(
    data.enabledConnectors === null ? {} : { enabled: data.enabledConnectors },
  );
  const say = (message: FromWorker) => port.postMessage(message);
  const { logLevel, enabledConnectors } = data;
  const judging = makeJudgingThread({ data: { logLevel, enabledConnectors } });
  const queue = makeLocalQueue({
    tools: { ...makePipelineTools(data, database), judgeElsewhere: judging.judge },
    connectors,
    concurrency: data.concurrency,
    openSecret: openerOf(data.secretKeys ?? []),
    onProgress: (report) => say({ kind: 'progress', ...report }),
  });
  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'run':
        queue.add(message.runId, message.source).then(
          (run) => say({ kind: 'ended', runId: message.runId, run }),
          (error: unknown) => say({ kind: 'broken', runId: message.runId, error }),
        );
        return;
      case 'stop':
        queue.stop(message.runId, message.by, message.at);
        return;
      case 'close':
        queue
          .close()
          .then(() => judging.close())
          .then(() => database.close())
          .finally(() => port.close());
    }
  });
}

// Imported by the command line for makePipelineTools, this file starts nothing.
if (parentPort !== null && workerData?.harvest !== undefined) await serve(parentPort, workerData.harvest);
