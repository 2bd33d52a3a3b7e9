/**
 * robots.txt, for whoever asks pages and not a feed (RFC 9309): what a server does not want asked is not asked. A file that
 * does not exist allows everything; one that cannot be read, for a fault of the server or of the way to it, forbids everything.
 */
import robotsModule from 'robots-parser';
import { SourceError } from '../errors.ts';
import type { GuardedHttp } from './http.ts';

interface Robot {
  isAllowed(url: string, userAgent: string): boolean | undefined;
  getCrawlDelay(userAgent: string): number | undefined;
}
/** The package exports the function itself; its types say that it has a default export. */
const parse = robotsModule as unknown as (url: string, text: string) => Robot;

export interface RobotsAnswer {
  readonly allowed: boolean;
  /** `rules`: the file says so; `absent`: there is none; `unreadable`: nobody knows, so nothing is allowed. */
  readonly why: 'rules' | 'absent' | 'unreadable';
  /** Seconds between two requests, when the file asks for some. */
  readonly delay: number | null;
}

export interface Robots {
  /** @param url absolute, http or https. @throws what ends the asking from outside: the reason of its signal */
  ask(url: string): Promise<RobotsAnswer>;
}

export interface RobotsOptions {
  readonly http: Pick<GuardedHttp, 'open'>;
  /** Its first word is the name that rules are written for. */
  readonly userAgent: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** What RFC 9309 asks to be read at least; the rest of a larger file is not looked at. */
export const robotsBytes = 500 * 1_024;
/**
 * Characters of the file times characters of the address: matching costs that much when both were written to be slow, here
 * a fifth of a second. Past it the file counts as unreadable.
 */
const costliest = 100_000_000;
const keptMs = 24 * 3_600_000;
const keptOrigins = 1_000;

interface Rules {
  readonly size: number;
  readonly robot: Robot;
}

export function makeRobots({ http, userAgent, clock }: RobotsOptions): Robots {
  const known = new Map<string, { readonly at: number; readonly rules: Promise<Rules | 'absent' | 'unreadable'> }>();

  async function read(origin: string): Promise<Rules | 'absent' | 'unreadable'> {
    const address = `${origin}/robots.txt`;
    try {
      const answer = await http.open(address);
      if (answer.status !== 'ok') return 'unreadable';
      const text = await textOf(answer.bytes);
      return { size: text.length, robot: parse(address, text) };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const { httpStatus: status = 0 } = error;
      // « Too many requests » is a no, whatever the file says.
      return status >= 400 && status < 500 && status !== 429 ? 'absent' : 'unreadable';
    }
  }

  function rulesOf(origin: string): Promise<Rules | 'absent' | 'unreadable'> {
    const kept = known.get(origin);
    if (kept !== undefined && clock() - kept.at < keptMs) return kept.rules;
    const rules = read(origin);
    known.delete(origin);
    known.set(origin, { at: clock(), rules });
    const [oldest] = known.keys();
    if (known.size > keptOrigins && oldest !== undefined) known.delete(oldest);
    rules.catch(() => known.delete(origin));
    return rules;
  }

  return {
    async ask(text) {
      const url = new URL(text);
      const rules = await rulesOf(url.origin);
      if (rules === 'absent') return { allowed: true, why: 'absent', delay: null };
      if (rules === 'unreadable' || rules.size * url.href.length > costliest) {
        return { allowed: false, why: 'unreadable', delay: null };
      }
      const { robot } = rules;
      const delay = robot.getCrawlDelay(userAgent) ?? null;
      return {
        allowed: robot.isAllowed(url.href, userAgent) ?? false,
        why: 'rules',
        delay: delay !== null && delay > 0 ? delay : null,
      };
    },
  };
}

/** Whole lines of the first `robotsBytes` bytes. */
async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let read = 0;
  let isCut = false;
  for await (const chunk of bytes) {
    const part = chunk.subarray(0, robotsBytes - read);
    text += decoder.decode(part, { stream: true });
    read += part.byteLength;
    isCut = read === robotsBytes;
    if (isCut) break;
  }
  const lines = (text + decoder.decode()).split(/\r\n|\r|\n/);
  // Its end is unknown: the half of a rule is another rule.
  if (isCut) lines.pop();
  return lines.join('\n');
}
