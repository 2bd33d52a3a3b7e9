/** Politeness towards partners: one request at a time per host, a pause between two, and their `Retry-After`. */
import { setTimeout as wait } from 'node:timers/promises';

type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface HostTurns {
  /**
   * Waits for one's turn, at least `minDelayMs` after the start of the previous one.
   * @returns what ends the turn; it is called when the answer has begun, so that a body left open blocks nobody.
   */
  enter(host: string, minDelayMs: number, signal: AbortSignal): Promise<() => void>;
}

/** @throws the signal's reason */
export const sleepUnlessAborted: Sleep = async (milliseconds, signal) => {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
};

export function makeHostTurns({ clock, sleep }: { clock: () => number; sleep: Sleep }): HostTurns {
  const hosts = new Map<string, { queue: Promise<void>; startedAt: number }>();
  return {
    async enter(host, minDelayMs, signal) {
      const known = hosts.get(host) ?? { queue: Promise.resolve(), startedAt: Number.NEGATIVE_INFINITY };
      hosts.set(host, known);
      const before = known.queue;
      let leave: () => void = () => {};
      known.queue = new Promise((resolve) => {
        leave = resolve;
      });
      try {
        await before;
        const pause = known.startedAt + minDelayMs - clock();
        if (pause > 0) await sleep(pause, signal);
        signal.throwIfAborted();
      } catch (error) {
        leave();
        throw error;
      }
      known.startedAt = clock();
      return leave;
    },
  };
}

/** Seconds to wait, from `Retry-After` as seconds or as an HTTP date; null when absent or unreadable. */
export function retryAfterSeconds(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}
