/** `npm run bench:harvest`: how fast and in how much memory a large file is harvested, as JSON on stdout. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AlignResult, DatabaseResult, ParseResult, PhaseInput, Timed } from './harvest-phase.ts';
import { writeLheoFile } from './lheo-file.ts';

const help = `Usage: npm run bench:harvest -- [--records N] [--flat]

Generates a LHEO file of N formations (100000 by default), always the same for the same N, and measures:
  bare      a pass of the XML tokenizer alone
  parse     read, validate, normalise, hash; without database
  align     alignment alone
  database  a first harvest into the embedded database, as the server does it
  again     the same bytes harvested again, then a partner that answers "not modified"
--flat also reads a file of 3N formations, to see that memory does not grow.

Prints one JSON object; progress goes to stderr. Needs about 9 kB of temporary space per formation.
Ends with 1 when a target is missed.
`;

const targets = {
  parseRatio: 3,
  coursesPerSecond: 2_000,
  recordsPerSecond: 1_500,
  peakMb: 400,
  againRatio: 1 / 3,
  growth: 0.1,
} as const;

/** Old generation of the harvest thread: the phases without database have the same, so that their memory is comparable. */
const threadHeapMb = 192;
/** Other work on the machine only ever adds time: each short phase keeps its best of so many. */
const rounds = 3;

const say = (text: string) => console.error(text);
const round = (value: number, digits = 2) => Number(value.toFixed(digits));

async function runPhase<Result>(input: PhaseInput): Promise<Result> {
  const here = (name: string) => new URL(name, import.meta.url);
  const flags =
    input.phase === 'database' ? ['--import', here('thread-heap.js').href] : [`--max-old-space-size=${threadHeapMb}`];
  const child = spawn(process.execPath, [...flags, fileURLToPath(here('harvest-phase.js')), JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`the phase ${input.phase} ended with ${code ?? signal}`);
  return JSON.parse(printed);
}

/** Serves the file to the three harvests: new, then the same bytes under another validator, then not modified. */
async function serveFile(path: string, bytes: number) {
  let answers = 0;
  const server = createServer((request, response) => {
    answers += 1;
    const etag = `"${Math.min(answers, 2)}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    response.writeHead(200, { etag, 'content-type': 'application/xml', 'content-length': bytes });
    createReadStream(path, { highWaterMark: 262_144 }).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/lheo.xml`, close: () => server.close() };
}

function best(times: readonly Timed[]): Timed {
  return times.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
}

function shownTime({ seconds, cpuSeconds }: Timed) {
  return { seconds: round(seconds, 3), cpuSeconds: round(cpuSeconds, 3) };
}

async function measure(records: number, flat: boolean, directory: string) {
  const path = join(directory, 'lheo.xml');
  say(`Generating ${records} formations`);
  const bytes = await writeLheoFile(path, records);
  const input = { path, records, bytes, url: '', dataDir: directory };

  const bares: Timed[] = [];
  const parses: ParseResult[] = [];
  for (let turn = 1; turn <= rounds; turn += 1) {
    say(`Bare pass and parse, ${turn} of ${rounds}`);
    bares.push(await runPhase<Timed>({ ...input, phase: 'bare' }));
    parses.push(await runPhase<ParseResult>({ ...input, phase: 'parse' }));
  }
  const bare = best(bares);
  const parse = best(parses);
  const ratio = parse.seconds / bare.seconds;
  const peakMb = Math.max(...parses.map((each) => each.peakMb));

  say('Align');
  const { coursesPerSecond } = await runPhase<AlignResult>({ ...input, phase: 'align' });

  say('Embedded database');
  const server = await serveFile(path, bytes);
  const stored = await runPhase<DatabaseResult>({ ...input, phase: 'database', url: server.url });
  server.close();
  const recordsPerSecond = records / stored.first.seconds;
  const ratioOf = (time: Timed) => time.seconds / stored.first.seconds;

  return {
    bench: 'harvest',
    records,
    bytes,
    node: process.version,
    bare: { ...shownTime(bare), recordsPerSecond: Math.round(records / bare.seconds) },
    parse: {
      ...shownTime(parse),
      recordsPerSecond: Math.round(records / parse.seconds),
      ratio: round(ratio),
      target: targets.parseRatio,
      ok: ratio <= targets.parseRatio,
    },
    align: { coursesPerSecond, target: targets.coursesPerSecond, ok: coursesPerSecond >= targets.coursesPerSecond },
    database: {
      ...shownTime(stored.first),
      recordsPerSecond: Math.round(recordsPerSecond),
      target: targets.recordsPerSecond,
      ok: recordsPerSecond >= targets.recordsPerSecond,
      peakRssAnonMb: stored.peakMb,
      peakTargetMb: targets.peakMb,
      peakOk: stored.peakMb < targets.peakMb,
      perThread: stored.perThread,
    },
    again: {
      ...shownTime(stored.again),
      ratio: round(ratioOf(stored.again)),
      target: round(targets.againRatio),
      ok: ratioOf(stored.again) < targets.againRatio,
      notModified: {
        ...shownTime(stored.notModified),
        ratio: round(ratioOf(stored.notModified)),
        ok: ratioOf(stored.notModified) < targets.againRatio,
      },
    },
    memoryWithoutDatabase: { peakMb, ...(flat ? { flat: await measureFlat(records, peakMb, directory) } : {}) },
  };
}

async function measureFlat(records: number, peakMb: number, directory: string) {
  const more = records * 3;
  say(`Memory with ${more} formations`);
  const path = join(directory, 'lheo-3.xml');
  const bytes = await writeLheoFile(path, more);
  const large = await runPhase<ParseResult>({
    phase: 'parse',
    path,
    records: more,
    bytes,
    url: '',
    dataDir: directory,
  });
  const growth = large.peakMb / peakMb - 1;
  return {
    records: more,
    peakMb: large.peakMb,
    growth: round(growth),
    target: targets.growth,
    ok: growth <= targets.growth,
  };
}

/** One sentence for each target missed. */
function shortfallsOf({
  parse,
  align,
  database,
  again,
  memoryWithoutDatabase: memory,
}: Awaited<ReturnType<typeof measure>>) {
  const checks: readonly (readonly [boolean, string])[] = [
    [parse.ok, `parse takes ${parse.ratio} times the bare pass, ${parse.target} at most`],
    [align.ok, `${align.coursesPerSecond} courses aligned per second, ${align.target} at least`],
    [database.ok, `${database.recordsPerSecond} records per second with the database, ${database.target} at least`],
    [database.peakOk, `${database.peakRssAnonMb} MB with the database, under ${database.peakTargetMb}`],
    [again.ok, `an unchanged harvest costs ${again.ratio} of the first, under ${again.target}`],
    [again.notModified.ok, `« not modified » costs ${again.notModified.ratio} of the first, under ${again.target}`],
    [
      memory.flat?.ok ?? true,
      `memory grows by ${memory.flat?.growth} on three times the records, ${targets.growth} at most`,
    ],
  ];
  return checks.flatMap(([ok, text]) => (ok ? [] : [text]));
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    flat: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const records = Number(values.records);
if (values.help) {
  process.stdout.write(help);
} else if (!Number.isInteger(records) || records < 100) {
  say('--records takes a whole number of at least 100');
  process.exitCode = 2;
} else {
  const directory = await mkdtemp(join(tmpdir(), 'bench-harvest-'));
  // An interrupted phase fails, and the directory is removed all the same.
  process.on('SIGINT', () => {});
  try {
    const result = await measure(records, values.flat, directory);
    const shortfalls = shortfallsOf(result);
    console.log(JSON.stringify({ ...result, shortfalls, ok: shortfalls.length === 0 }, null, 2));
    for (const text of shortfalls) say(`Target missed: ${text}`);
    if (shortfalls.length > 0) process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
