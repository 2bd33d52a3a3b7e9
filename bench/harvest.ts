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
import { type Format, formats, writeCatalogue } from './catalogue-text.ts';
import type { AlignResult, DatabaseResult, MemoryResult, ParseResult, PhaseInput, Timed } from './harvest-phase.ts';

const help = `Usage: npm run bench:harvest -- [--records N] [--format lheo|moochub|csv] [--flat]

Generates a catalogue of N courses (100000 by default), always the same for the same N, and measures:
  bare      a pass of the tokenizer of the format alone, with empty handlers
  parse     read, validate, normalise, hash; without database. Of CSV, the reader alone
and for LHEO, the format by default:
  align     alignment alone
  database  a first harvest into the embedded database, as the server does it
  again     the same bytes harvested again, then a partner that answers "not modified"
--flat also reads N courses, then 10N, made while they are read: memory must not grow.

Prints one JSON object; progress goes to stderr. Needs about 9 kB of temporary space per course.
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
/** How many times more records must not need more memory. */
const flatTimes = 10;

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

interface Bench {
  readonly records: number;
  readonly format: Format;
  readonly flat: boolean;
  readonly directory: string;
}

async function measure(bench: Bench) {
  const { records, format, directory } = bench;
  const path = join(directory, `catalogue.${format}`);
  say(`Generating ${records} courses (${format})`);
  const bytes = await writeCatalogue(path, format, records);
  const input = { path, format, records, bytes, url: '', dataDir: directory };

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
  return {
    bench: 'harvest',
    format,
    records,
    bytes,
    node: process.version,
    bare: { ...shownTime(bare), recordsPerSecond: Math.round(records / bare.seconds) },
    parse: {
      ...shownTime(parse),
      recordsPerSecond: Math.round(records / parse.seconds),
      ratio: round(ratio),
      // Of processor time: another program at work makes the one above less certain.
      cpuRatio: round(parse.cpuSeconds / bare.cpuSeconds),
      target: targets.parseRatio,
      ok: ratio <= targets.parseRatio,
    },
    ...(format === 'lheo' ? await measureHarvest(input) : {}),
    memoryWithoutDatabase: {
      peakMb: Math.max(...parses.map((each) => each.peakMb)),
      ...(bench.flat ? { flat: await measureFlat(input) } : {}),
    },
  };
}

type Input = Omit<PhaseInput, 'phase'>;

async function measureHarvest(input: Input) {
  say('Align');
  const { coursesPerSecond } = await runPhase<AlignResult>({ ...input, phase: 'align' });

  say('Embedded database');
  const server = await serveFile(input.path, input.bytes);
  const stored = await runPhase<DatabaseResult>({ ...input, phase: 'database', url: server.url });
  server.close();
  const recordsPerSecond = input.records / stored.first.seconds;
  // What a harvest costs is processor time: the first one spreads over the threads, the second mostly reads, in one.
  const ratioOf = (time: Timed) => time.cpuSeconds / stored.first.cpuSeconds;
  const timeRatioOf = (time: Timed) => round(time.seconds / stored.first.seconds);
  return {
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
      timeRatio: timeRatioOf(stored.again),
      target: round(targets.againRatio),
      ok: ratioOf(stored.again) < targets.againRatio,
      notModified: {
        ...shownTime(stored.notModified),
        ratio: round(ratioOf(stored.notModified)),
        timeRatio: timeRatioOf(stored.notModified),
        ok: ratioOf(stored.notModified) < targets.againRatio,
      },
    },
  };
}

async function measureFlat(input: Input) {
  const peaks: number[] = [];
  for (const records of [input.records, input.records * flatTimes]) {
    say(`Memory with ${records} courses`);
    peaks.push((await runPhase<MemoryResult>({ ...input, records, phase: 'memory' })).peakMb);
  }
  const [peakMb = Number.NaN, largePeakMb = Number.NaN] = peaks;
  const growth = largePeakMb / peakMb - 1;
  return {
    records: input.records * flatTimes,
    peakMb,
    largePeakMb,
    growth: round(growth),
    target: targets.growth,
    ok: growth <= targets.growth,
  };
}

/** One sentence for each target missed. */
function shortfallsOf(result: Awaited<ReturnType<typeof measure>>) {
  const { parse, align, database, again, memoryWithoutDatabase: memory } = result;
  const checks: [boolean, string][] = [
    [parse.ok, `parse takes ${parse.ratio} times the bare pass, ${parse.target} at most`],
    [
      memory.flat?.ok ?? true,
      `memory grows by ${memory.flat?.growth} on ${flatTimes} times the records, ${targets.growth} at most`,
    ],
  ];
  // The three of one format come together.
  if (align !== undefined && database !== undefined && again !== undefined) {
    checks.push(
      [align.ok, `${align.coursesPerSecond} courses aligned per second, ${align.target} at least`],
      [database.ok, `${database.recordsPerSecond} records per second with the database, ${database.target} at least`],
      [database.peakOk, `${database.peakRssAnonMb} MB with the database, under ${database.peakTargetMb}`],
      [again.ok, `an unchanged harvest costs ${again.ratio} of the first, under ${again.target}`],
      [again.notModified.ok, `« not modified » costs ${again.notModified.ratio} of the first, under ${again.target}`],
    );
  }
  return checks.flatMap(([ok, text]) => (ok ? [] : [text]));
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    format: { type: 'string', default: 'lheo' },
    flat: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const records = Number(values.records);
const format = formats.find((one) => one === values.format);
if (values.help) {
  process.stdout.write(help);
} else if (!Number.isInteger(records) || records < 100) {
  say('--records takes a whole number of at least 100');
  process.exitCode = 2;
} else if (format === undefined) {
  say(`--format takes one of ${formats.join(', ')}`);
  process.exitCode = 2;
} else {
  const directory = await mkdtemp(join(tmpdir(), 'bench-harvest-'));
  // An interrupted phase fails, and the directory is removed all the same.
  process.on('SIGINT', () => {});
  try {
    const result = await measure({ records, format, flat: values.flat, directory });
    const shortfalls = shortfallsOf(result);
    console.log(JSON.stringify({ ...result, shortfalls, ok: shortfalls.length === 0 }, null, 2));
    for (const text of shortfalls) say(`Target missed: ${text}`);
    if (shortfalls.length > 0) process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
