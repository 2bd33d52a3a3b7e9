/** The real server in a process of its own, a visitor who signs in, and a load of connections: for the programs of bench/. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const connections = 50;

export const round = (value: number) => Number(value.toFixed(1));
export const cookieOf = (answer: Response) => answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');

export interface Server {
  readonly origin: string;
  readonly pid: number;
  /** Processor time spent since the start, in milliseconds; null where the system does not say. */
  cpuMs(): Promise<number | null>;
  stop(): Promise<void>;
}

/** The built server with the demonstration, on a free port of this machine. */
export async function startServer(dataDir: string): Promise<Server> {
  const cli = fileURLToPath(new URL('../src/cli.js', import.meta.url));
  const child = spawn(process.execPath, [cli, 'serve', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: '0',
      PUBLIC_URL: '',
      MONGODB_URI: '',
      DATA_DIR: dataDir,
      DEMO: 'true',
      LOG_LEVEL: 'error',
      // Each visitor of a burst has an address of its own, as behind a proxy.
      TRUST_PROXY: '1',
      RATE_LIMIT_PER_MINUTE: '10000000',
    },
  });
  const origin = await addressOf(child);
  return { origin, pid: child.pid ?? 0, cpuMs: () => cpuOf(child), stop: () => stopped(child) };
}

/** The address that a program prints as JSON once it listens. */
export async function addressOf(child: ChildProcess): Promise<string> {
  let printed = '';
  for await (const bytes of child.stdout ?? []) {
    printed += String(bytes);
    const url = /"url": "([^"]+)"/.exec(printed)?.[1];
    if (url !== undefined) return new URL(url).origin;
  }
  throw new Error('the server ended before it was ready');
}

/** Linux counts in hundredths of a second; fields 14 and 15, after a name that may hold spaces. */
export async function cpuOf(child: ChildProcess): Promise<number | null> {
  try {
    const text = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}

export async function stopped(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null ? once(child, 'exit') : null;
  child.kill('SIGTERM');
  await ended;
}

/** A browser as far as a form needs one: its cookies, its token. */
export async function signIn(origin: string, given: { email: string; password: string; from: string }) {
  const page = await fetch(`${origin}/connexion`, { headers: { 'X-Forwarded-For': given.from } });
  const token = /name="_csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
  const before = cookieOf(page).join('; ');
  const started = performance.now();
  const answer = await fetch(`${origin}/connexion`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Cookie: before, 'X-Forwarded-For': given.from },
    body: new URLSearchParams({ _csrf: token, email: given.email, password: given.password }),
  });
  await answer.arrayBuffer();
  return { ms: performance.now() - started, status: answer.status, cookie: cookieOf(answer).join('; ') || before };
}

export interface Load {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly answers: number;
}

export interface LoadOptions {
  readonly cookie?: string | null;
  /** JSON, sent with POST. */
  readonly body?: string | null;
  /** Visitors a second who come at random moments, without cookie or body; unless told, as many as are answered. */
  readonly rate?: number | null;
  readonly seconds: number;
}

/** In a process of its own, so that what measures does not slow what is measured. */
export async function load(
  url: string,
  { cookie = null, body = null, rate = null, seconds }: LoadOptions,
): Promise<Load> {
  const saturating = () => [
    createRequire(import.meta.url).resolve('autocannon/autocannon.js'),
    ...['-j', '-n', '-c', String(connections), '-d', String(seconds), '-t', '10'],
    ...(cookie === null ? [] : ['-H', `Cookie=${cookie}`]),
    ...(body === null ? [] : ['-m', 'POST', '-H', 'Content-Type=application/json', '-b', body]),
    url,
  ];
  const paced = () => [fileURLToPath(new URL('./paced-load.js', import.meta.url)), url, String(rate), String(seconds)];
  const child = spawn(process.execPath, rate === null ? saturating() : paced(), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(child, 'close');
  const { latency, requests, errors, timeouts, non2xx } = JSON.parse(printed);
  if (errors + timeouts + non2xx > 0 || requests.total === 0) {
    throw new Error(`${url}: ${errors} errors, ${timeouts} timeouts, ${non2xx} answers of another status than 2xx`);
  }
  return { p50Ms: latency.p50, p99Ms: latency.p99, perSecond: Math.round(requests.average), answers: requests.total };
}

/** Waits until what a start leaves to do in the background is done: two looks in a row without work, a minute at most. */
export async function calm({ cpuMs }: Server): Promise<void> {
  let before = await cpuMs();
  for (let look = 0, quiet = 0; look < 120 && quiet < 2 && before !== null; look += 1) {
    await wait(500);
    const after: number | null = await cpuMs();
    quiet = after !== null && after - before < 50 ? quiet + 1 : 0;
    before = after;
  }
}
