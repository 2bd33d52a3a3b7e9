/** The part of the composition root that harvests: what its threads are told, where runs execute, what follows their end. */
import type { AppOptions } from './app.ts';
import type { Config } from './config.ts';
import { discoverConnectors } from './harvest/discover.ts';
import { makeLocalQueue, type RunProgressReport, type RunQueue } from './harvest/execute.ts';
import type { HarvestRun } from './harvest/model.ts';
import type { OpenSecret } from './harvest/open-source.ts';
import { defaultSettings, type PipelineSettings } from './harvest/pipeline.ts';
import { makeWorkerQueue } from './harvest/start-worker.ts';
import { makePipelineTools } from './harvest/worker.ts';
import type { Log } from './platform/log.ts';
import type { Database } from './platform/mongo.ts';
import { userAgentOf } from './user-agent.ts';

/** For the threads that read sources. @param demoOrigin of the demonstration server, open to its sources only */
export function threadSettingsOf(config: Config, demoOrigin: string | null) {
  const { wireBytes, decodedBytes } = config.harvest;
  return { logLevel: config.logLevel, userAgent: userAgentOf(config), demoOrigin, wireBytes, decodedBytes };
}

export interface QueueParts {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly threads: ReturnType<typeof threadSettingsOf>;
  readonly runsIn: AppOptions['runsIn'];
  readonly secretKeys: () => readonly Buffer[];
  readonly openSecret: OpenSecret;
  readonly onProgress?: (report: RunProgressReport) => void;
}

export async function openQueue(parts: QueueParts): Promise<RunQueue> {
  const { config, log, database, runsIn, openSecret, onProgress } = parts;
  const { enabledConnectors } = config;
  const { concurrency } = config.harvest;
  const data = { ...parts.threads, settings: pipelineSettingsOf(config) };
  const told = onProgress === undefined ? {} : { onProgress };
  if (runsIn === 'worker') {
    const here = { databaseUri: database.uri, databaseKind: database.kind, secretKeys: parts.secretKeys() };
    return makeWorkerQueue({ data: { ...data, ...here, enabledConnectors, concurrency }, log, ...told });
  }
  const connectors = await discoverConnectors({ enabled: enabledConnectors });
  return makeLocalQueue({ tools: makePipelineTools(data, database), connectors, concurrency, openSecret, ...told });
}

function pipelineSettingsOf({ harvest }: Config): PipelineSettings {
  return {
    ...defaultSettings,
    batch: { ...defaultSettings.batch, records: harvest.batch },
    graceDays: harvest.graceDays,
    minutes: harvest.runMinutes,
    lossShare: harvest.massLoss,
    gainFactor: harvest.massGain,
  };
}

/** What the end of a run is followed by. A fault here is no fault of the run: a job does it again in a few minutes. */
export function followedBy(
  queue: RunQueue,
  acts: readonly ((run: HarvestRun) => Promise<unknown>)[],
  log: Log,
): RunQueue {
  return {
    ...queue,
    async add(runId, source) {
      const run = await queue.add(runId, source);
      if (run === null) return null;
      for (const act of acts) {
        await act(run).catch((err: unknown) => log.error({ err, runId }, 'the end of a run could not be followed up'));
      }
      return run;
    },
  };
}
