/**
 * What follows a change of the day, of the rules or of the register: what the training account says of every course is
 * computed again, then the pathways that print it. By one process at a time; killed anywhere, the next one goes on.
 */
import type { Lock } from '../../platform/lock.ts';
import type { Log } from '../../platform/log.ts';
import type { Assessing, AssessingOptions, AssessingReport } from './assessing.ts';

export interface Reassessing {
  /** null: another process is at it. */
  reassess(options?: Pick<AssessingOptions, 'everything' | 'signal' | 'onProgress'>): Promise<AssessingReport | null>;
  /**
   * At once, for what a killed process left; then looks every few seconds whether something changed, whichever process changed it.
   * @returns ends it, after the batch under way
   */
  follow(): () => Promise<void>;
}

/** A killed process leaves the work to another one after this. */
export const reassessingLockSeconds = 30;
const everyMs = 3_000;

export function makeReassessing(parts: {
  readonly assessing: Pick<Assessing, 'refresh' | 'isDue' | 'pathwaysDue'>;
  /** Pathways print what their courses say; done, it is no longer due. */
  readonly rebuildPathways: () => Promise<unknown>;
  readonly lock: () => Promise<Lock | null>;
  readonly log: Pick<Log, 'info' | 'error'>;
  readonly intervalMs?: number;
}): Reassessing {
  const { assessing, rebuildPathways, lock, log, intervalMs = everyMs } = parts;

  async function reassess(options: Parameters<Reassessing['reassess']>[0] = {}): Promise<AssessingReport | null> {
    const held = await lock();
    if (held === null) return null;
    const keep = setInterval(
      () => held.renew().catch((err: unknown) => log.error({ err }, 'the lock of a reassessment could not be renewed')),
      (reassessingLockSeconds * 1_000) / 3,
    );
    try {
      const report = await assessing.refresh(options);
      if (await assessing.pathwaysDue()) await rebuildPathways();
      return report;
    } finally {
      clearInterval(keep);
      await held.release();
    }
  }

  return {
    reassess,
    follow() {
      const abort = new AbortController();
      async function look(first: boolean): Promise<void> {
        try {
          if (!first && !(await assessing.isDue())) return;
          const report = await reassess({ signal: abort.signal });
          if (report?.scope === 'everything')
            log.info({ report }, 'the answers of the training account follow a change');
        } catch (err) {
          if (!abort.signal.aborted) log.error({ err }, 'courses could not be assessed again; it will be tried again');
        }
      }
      let working: Promise<void> | null = null;
      const turn = (first: boolean) => {
        working ??= look(first).finally(() => {
          working = null;
        });
      };
      turn(true);
      const timer = setInterval(() => turn(false), intervalMs);
      timer.unref();
      return async () => {
        clearInterval(timer);
        abort.abort(new Error('arrêt du serveur'));
        await working;
      };
    },
  };
}
