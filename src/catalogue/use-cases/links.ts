/**
 * The check of the links of courses to their schools (O17): some each night, the longest unasked first; one request at a
 * time per host, what its robots.txt forbids is not asked. Each answer is kept as it comes, so that a stop loses nothing.
 */
import type { GuardedHttp } from '../../platform/http.ts';
import { probe } from '../../platform/link-probe.ts';
import type { Robots } from '../../platform/robots.ts';
import { type CourseLink, linkAfter, recheckMs } from '../model/link.ts';
import type { LinkStore } from '../store/links.ts';

/** How a link is reached. */
export interface LinkWay {
  /** Where it is asked: its own address, but for the invented schools of the demonstration. */
  readonly url: string;
  readonly http: Pick<GuardedHttp, 'open'>;
  readonly robots: Robots;
}

export interface LinkCheckDependencies {
  readonly links: LinkStore;
  /** Ways for one night. */
  readonly wayTo: (signal: AbortSignal | undefined) => (link: CourseLink) => LinkWay;
  /** Links asked in one night at most. */
  readonly perNight: number;
  /** Between two requests to one host, in seconds, when its robots.txt asks for less. */
  readonly pauseSeconds: number;
  /** Past it no link is asked any more tonight: those left keep their turn. */
  readonly nightSeconds: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => Date;
}

export interface LinkCheckReport {
  readonly asked: number;
  readonly alive: number;
  readonly gone: number;
  readonly unknown: number;
  /** Not asked: robots.txt forbids it, or cannot be read. */
  readonly forbidden: number;
  /** Not asked tonight: the host is slow, busy or silent. */
  readonly putOff: number;
  /** Of those asked, dead now. */
  readonly dead: number;
}

/** Hosts asked side by side. */
const hostsAtOnce = 8;
/** A host that gives no answer so many times in a row is left alone until tomorrow. */
const silencesToLeave = 3;
/** For one host in one night: a robots.txt may ask for an hour between two requests. */
const hostBudgetSeconds = 45 * 60;
const dayMs = 24 * 3_600_000;

export interface LinkCheck {
  check(signal?: AbortSignal): Promise<LinkCheckReport>;
}

export function makeLinkCheck(dependencies: LinkCheckDependencies): LinkCheck {
  const { links, wayTo, perNight, pauseSeconds, nightSeconds, sleep, now } = dependencies;

  async function checkHost(
    list: readonly CourseLink[],
    wayOf: (link: CourseLink) => LinkWay,
    report: Record<keyof LinkCheckReport, number>,
    dawn: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const until = now().getTime() + hostBudgetSeconds * 1_000;
    let silences = 0;
    for (const [at, link] of list.entries()) {
      signal?.throwIfAborted();
      if (now().getTime() >= dawn) return;
      const { url, http, robots } = wayOf(link);
      const { allowed, delay } = await robots.ask(url);
      if (!allowed) {
        report.forbidden += 1;
        await links.putOff([link.courseId], now());
        continue;
      }
      const pause = Math.max(delay ?? 0, pauseSeconds);
      const next = now().getTime() + pause * 1_000;
      const isLate = at > 0 && next > until;
      if (at > 0 && next >= dawn) return;
      if (isLate || silences === silencesToLeave) return putOff(list.slice(at), report);
      // The pace of `http` is the least; the host may ask for more.
      if (delay !== null && at > 0) await sleep(delay * 1_000);
      const seen = await probe(http, url, async () => {
        if (delay !== null) await sleep(delay * 1_000);
      });
      if (seen.busy) return putOff(list.slice(at), report);
      silences = seen.silent ? silences + 1 : 0;
      const state = linkAfter(link, seen, now());
      await links.save(link, state);
      report.asked += 1;
      report[seen.answer] += 1;
      if (state.deadSince !== null) report.dead += 1;
    }
  }

  /** Due again tomorrow, after those that wait for longer. */
  async function putOff(rest: readonly CourseLink[], report: Record<keyof LinkCheckReport, number>): Promise<void> {
    report.putOff += rest.length;
    const turnAt = new Date(now().getTime() - recheckMs + dayMs);
    await links.putOff(
      rest.map(({ courseId }) => courseId),
      turnAt,
    );
  }

  return {
    async check(signal) {
      await links.bringUpToDate(signal);
      const due = await links.due(new Date(now().getTime() - recheckMs), perNight);
      const wayOf = wayTo(signal);
      const byHost = new Map<string, CourseLink[]>();
      for (const link of due) {
        const { host } = new URL(link.url);
        const list = byHost.get(host);
        if (list === undefined) byHost.set(host, [link]);
        else list.push(link);
      }
      const report = { asked: 0, alive: 0, gone: 0, unknown: 0, forbidden: 0, putOff: 0, dead: 0 };
      const dawn = now().getTime() + nightSeconds * 1_000;
      const waiting = [...byHost.values()];
      const worker = async () => {
        for (let list = waiting.shift(); list !== undefined; list = waiting.shift()) {
          await checkHost(list, wayOf, report, dawn, signal);
        }
      };
      const ended = await Promise.allSettled(Array.from({ length: hostsAtOnce }, worker));
      const failed = ended.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return report;
    },
  };
}
