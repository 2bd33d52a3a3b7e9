/**
 * The thread that judges records: pure work on text, apart from the thread that reads and writes, so that a long harvest
 * uses two cores. It reaches neither the network nor the database.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadFramework } from '../framework/data.ts';
import { align } from '../framework/model/alignment.ts';
import { makeLog } from '../platform/log.ts';
import { giveWay } from '../platform/worker.ts';
import { discoverConnectors } from './discover.ts';
import { type Judged, type JudgeWork, judge } from './pipeline/judge.ts';

export interface JudgeThreadData {
  readonly logLevel: string;
  /** Patterns; null is all of them. */
  readonly enabledConnectors: readonly string[] | null;
}

export interface ToJudge {
  readonly id: number;
  readonly work: JudgeWork;
}

/** One answer per record, in the order asked. */
export interface FromJudge {
  readonly id: number;
  readonly judged: readonly Judged[];
}

async function serve(port: NonNullable<typeof parentPort>, data: JudgeThreadData): Promise<void> {
  giveWay();
  const connectors = await discoverConnectors(
    data.enabledConnectors === null ? {} : { enabled: data.enabledConnectors },
  );
  const framework = loadFramework();
  const log = makeLog(data.logLevel);
  port.on('message', ({ id, work }: ToJudge) => {
    const { runId, sourceId } = work;
    const connector = connectors.get(work.connector);
    if (connector === undefined) throw new Error(`the connector ${work.connector} is not here`);
    const judged = work.records.map((record) =>
      judge(record, {
        connector,
        align: (draft) => align({ ...draft, provider: draft.provider.name }, framework),
        onError: (error, remoteId) => log.error({ err: error, runId, sourceId, remoteId }, 'record failed'),
      }),
    );
    port.postMessage({ id, judged } satisfies FromJudge);
  });
}

if (parentPort !== null && workerData?.judge !== undefined) await serve(parentPort, workerData.judge);
