/** Whether an address still answers: HEAD first, then GET where HEAD is refused. No body is read. */
import { SourceError } from '../errors.ts';
import type { Download, GuardedHttp } from './http.ts';

export interface Probe {
  /** `gone` for 404 and 410 alone; `unknown` for every other answer, and for none. */
  readonly answer: 'alive' | 'gone' | 'unknown';
  /** Of the last answer; null without one. */
  readonly status: number | null;
  /** The server asked to be left alone for a while. */
  readonly busy: boolean;
  /** No answer came at all. */
  readonly silent: boolean;
}

/**
 * @param pause waited between HEAD and GET
 * @throws what ends the asking from outside: the reason of the signal of `http`
 */
export async function probe(
  http: Pick<GuardedHttp, 'open'>,
  url: string,
  pause: () => Promise<void> = async () => {},
): Promise<Probe> {
  const head = await ask(http, url, 'HEAD');
  // Servers that do not know HEAD say so in many ways, 404 among them: only a GET is believed.
  if (head.answer === 'alive' || head.status === null || head.busy) return head;
  await pause();
  return ask(http, url, 'GET');
}

async function ask(http: Pick<GuardedHttp, 'open'>, url: string, method: 'HEAD' | 'GET'): Promise<Probe> {
  try {
    await close(await http.open(url, { method }));
    return { answer: 'alive', status: 200, busy: false, silent: false };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const status = error.httpStatus ?? null;
    return {
      answer: status === 404 || status === 410 ? 'gone' : 'unknown',
      status,
      busy: status === 429 || status === 503,
      silent: status === null,
    };
  }
}

/** The first bytes are enough; leaving the loop closes the connection. What follows may be cut: the address answered. */
async function close(download: Download): Promise<void> {
  if (download.status !== 'ok') return;
  try {
    for await (const _bytes of download.bytes) break;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
  }
}
