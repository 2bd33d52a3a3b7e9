/** `npm run bench:web`: how fast pages answer and passwords are checked, on a server of its own, as JSON on stdout. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hash, verify } from '@node-rs/argon2';
import { demoPassword } from '../src/accounts/demo.ts';
import { AppError } from '../src/errors.ts';
import { makePasswordHasher } from '../src/platform/password-hash.ts';
import { connections, load, round, type Server, signIn, startServer } from './server.ts';
import { measureDuringHarvest } from './web-during-harvest.ts';

const help = `Usage: npm run bench:web -- [--seconds N] [--during-harvest [--rate N]]

Starts the server with the demonstration on a temporary data directory, then measures:
  pages    public and signed-in pages, 50 connections at once for N seconds each (4 by default, 30 at most)
  sign-in  passwords checked one after another, then a burst of them while pages are read
  hashes   how many run at once when far more are asked than may wait
--during-harvest measures, instead of all that, public pages while ten sources are harvested at once: N visitors a second
(--rate, 50 by default) who come at random moments, which is what the target is for; then, under « saturated », as many as
50 connections that never pause are answered.
Loopback only. Prints one JSON object; progress goes to stderr. Ends with 1 when a target is missed.
`;

const targets = { signedInP99Ms: 120, duringHarvestP99Ms: 200, signInMs: 400, hashesPerCore: 2 } as const;
const signIns = 20;
const burst = 150;
/** A server that has just started still compiles what it runs. */
const warmUpSeconds = 2;
const asked = 300;
/** Few visitors a second: for a 99th percentile they are watched so many times longer. */
const visitSeconds = 3;

const say = (text: string) => console.error(text);

async function firstLink(origin: string, path: string, pattern: RegExp): Promise<string> {
  const found = pattern.exec(await (await fetch(`${origin}${path}`)).text())?.[1];
  if (found === undefined) throw new Error(`${path} leads to nothing like ${pattern}`);
  return found;
}

async function publicPathsOf(origin: string): Promise<string[]> {
  return [
    '/',
    '/catalogue?q=web',
    '/parcours',
    await firstLink(origin, '/parcours', /href="(\/parcours\/[^"?#]+)"/),
    await firstLink(origin, '/catalogue?q=web', /href="(\/cours\/[^"?#]+)"/),
    '/connexion',
  ];
}

async function measurePages({ origin, cpuMs }: Server, seconds: number) {
  const publicPaths = await publicPathsOf(origin);
  const ownPaths = [
    '/mon-espace',
    '/mon-espace/gardes',
    '/mon-espace/profil',
    '/mon-espace/securite',
    '/mon-espace/donnees',
  ];
  const { status, cookie } = await signIn(origin, {
    email: 'apprenant@demo.example',
    password: demoPassword,
    from: '10.0.0.1',
  });
  if (status !== 303 || cookie === '') throw new Error(`the demonstration account cannot sign in: ${status}`);
  const pages = [];
  for (const path of [...publicPaths, ...ownPaths]) {
    const mine = ownPaths.includes(path);
    say(`${connections} connections on ${path}${mine ? ', signed in' : ''}`);
    await load(`${origin}${path}`, { cookie: mine ? cookie : null, seconds: warmUpSeconds });
    const before = await cpuMs();
    const { answers, ...measured } = await load(`${origin}${path}`, { cookie: mine ? cookie : null, seconds });
    const after = await cpuMs();
    const cpuMsEach = before === null || after === null ? null : round((after - before) / answers);
    // The target is of the pages that nobody shares.
    const ok = !mine || measured.p99Ms < targets.signedInP99Ms;
    pages.push({ path, signedIn: mine, ...measured, cpuMsEach, ok });
  }
  return pages;
}

async function measureSignIn(origin: string) {
  say(`${signIns} sign-ins one after another`);
  const times: number[] = [];
  for (let at = 0; at < signIns; at += 1) {
    const one = await signIn(origin, { email: 'apprenant@demo.example', password: demoPassword, from: `10.0.1.${at}` });
    if (one.status !== 303) throw new Error(`a right password was answered ${one.status}`);
    times.push(one.ms);
  }
  times.sort((a, b) => a - b);
  const slowest = times.at(-1) ?? Number.NaN;

  say(`A burst of ${burst} sign-ins`);
  const visitors = Array.from({ length: burst }, (_, at) => ({
    email: `personne-${at}@exemple.fr`,
    password: 'un mot de passe quelconque',
    from: `10.1.${Math.floor(at / 250)}.${(at % 250) + 1}`,
  }));
  const answers = await Promise.all(visitors.map((visitor) => signIn(origin, visitor)));
  const statuses: Record<string, number> = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  const unexpected = answers.filter(({ status }) => status !== 422 && status !== 429).length;
  return {
    oneAfterAnother: {
      times: signIns,
      p50Ms: round(times[Math.floor(signIns / 2)] ?? Number.NaN),
      maxMs: round(slowest),
      targetMs: targets.signInMs,
      ok: slowest < targets.signInMs,
    },
    burst: { asked: burst, statuses, slowestMs: round(Math.max(...answers.map(({ ms }) => ms))), ok: unexpected === 0 },
  };
}

/** The real hasher with its real settings; only its two costly functions are watched. */
async function measureHashes() {
  say(`${asked} passwords at the same moment`);
  let running = 0;
  let most = 0;
  const watched =
    <Given extends readonly unknown[], Result>(work: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      running += 1;
      most = Math.max(most, running);
      try {
        return await work(...given);
      } finally {
        running -= 1;
      }
    };
  const hasher = await makePasswordHasher({}, { hash: watched(hash), verify: watched(verify) });
  const started = performance.now();
  const outcomes = await Promise.allSettled(
    Array.from({ length: asked }, () => hasher.verify(null, 'un mot de passe')),
  );
  const seconds = (performance.now() - started) / 1_000;
  const refused = outcomes.filter(
    (outcome) =>
      outcome.status === 'rejected' && outcome.reason instanceof AppError && outcome.reason.kind === 'too-many',
  ).length;
  const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
  const cores = availableParallelism();
  return {
    asked,
    atOnce: most,
    cores,
    target: targets.hashesPerCore * cores,
    done,
    refused,
    msEach: round((seconds * 1_000) / done),
    ok: most <= targets.hashesPerCore * cores && refused > 0 && done + refused === asked,
  };
}

interface Measured {
  readonly figures: object;
  /** One sentence for each target missed. */
  readonly shortfalls: readonly string[];
}

async function measureAlone(server: Server, seconds: number): Promise<Measured> {
  const pages = await measurePages(server, seconds);
  const signIn = await measureSignIn(server.origin);
  const hashes = await measureHashes();
  const shortfalls = [
    ...pages.flatMap(({ path, p99Ms, ok }) => (ok ? [] : [`${path}: p99 ${p99Ms} ms, under ${targets.signedInP99Ms}`])),
    ...(signIn.oneAfterAnother.ok
      ? []
      : [`a sign-in takes ${signIn.oneAfterAnother.maxMs} ms, under ${targets.signInMs}`]),
    ...(signIn.burst.ok ? [] : ['a burst of sign-ins is answered otherwise than refused or « come back later »']),
    ...(hashes.ok ? [] : [`${hashes.atOnce} hashes at once, ${hashes.target} at most`]),
  ];
  return { figures: { signedInP99TargetMs: targets.signedInP99Ms, pages, signIn, hashes }, shortfalls };
}

async function measureHarvested(
  { origin }: Server,
  dataDir: string,
  { seconds, rate }: { readonly seconds: number; readonly rate: number },
): Promise<Measured> {
  const duringHarvest = await measureDuringHarvest({
    origin,
    dataDir,
    paths: await publicPathsOf(origin),
    load: async (url) => {
      await load(url, { seconds: warmUpSeconds });
      const visited = await load(url, { seconds: visitSeconds * seconds, rate });
      return { ...visited, saturated: await load(url, { seconds }) };
    },
    targetMs: targets.duringHarvestP99Ms,
    say,
  });
  const shortfalls = duringHarvest.pages.flatMap(({ path, p99Ms, ok }) =>
    ok ? [] : [`${path}, during a harvest: p99 ${p99Ms} ms, under ${targets.duringHarvestP99Ms}`],
  );
  return { figures: { rate, duringHarvest }, shortfalls };
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    'during-harvest': { type: 'boolean', default: false },
    rate: { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
if (values.help) {
  process.stdout.write(help);
} else if (!Number.isInteger(seconds) || seconds < 1 || seconds > 30) {
  say('--seconds takes a whole number from 1 to 30');
  process.exitCode = 2;
} else if (!Number.isInteger(rate) || rate < 1 || rate > 1_000) {
  say('--rate takes a whole number from 1 to 1000');
  process.exitCode = 2;
} else {
  const directory = await mkdtemp(join(tmpdir(), 'bench-web-'));
  try {
    const loadBefore = round(loadavg()[0] ?? Number.NaN);
    say('Starting the server with the demonstration');
    const dataDir = join(directory, 'data');
    const server = await startServer(dataDir);
    try {
      const { figures, shortfalls } = values['during-harvest']
        ? await measureHarvested(server, dataDir, { seconds, rate })
        : await measureAlone(server, seconds);
      const ok = shortfalls.length === 0;
      const result = {
        bench: 'web',
        node: process.version,
        connections,
        secondsEach: seconds,
        // Another program at work makes every figure worse: this says how quiet the machine was.
        loadBefore,
      };
      console.log(JSON.stringify({ ...result, ...figures, shortfalls, ok }, null, 2));
      for (const text of shortfalls) say(`Target missed: ${text}`);
      if (!ok) process.exitCode = 1;
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
