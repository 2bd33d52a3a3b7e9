/** `npm run bench:eligibility`: the pure engine, a long list and the API of one dossier, as JSON on stdout. */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadRules, readCases } from '../src/eligibility/data.ts';
import { assess } from '../src/eligibility/model/assess.ts';
import { readDossier } from '../src/eligibility/model/dossier.ts';
import { apiTargetMs, measureApi } from './eligibility-api.ts';
import { batchTargets, measureBatch, writeCatalogue } from './eligibility-batch.ts';
import { calm, connections, round, startServer } from './server.ts';

const help = `Usage: npm run bench:eligibility -- [--only engine|batch|api] [--verdicts N] [--lines N] [--seconds N]

Measures, one after another:
  engine  verdicts of the worked cases, N (200000 by default), each with its whole trace, on one core; then the same with
          the reading of the dossier
  batch   a list of N lines (100000 by default: courses, certifications, schools) without receipts, sent by a funder to the
          server over 5000 courses and a register of 1000 records, on the embedded database: from its sending to its last
          answer, with the peak of anonymous memory of the server
  api     POST /api/v1/eligibility, ${connections} connections for N seconds (5 by default, 30 at most), and the floor: a bare
          express that parses the same body and answers the same bytes

The server is started on a temporary data directory; loopback only. Prints one JSON object; progress goes to stderr. Ends
with 1 when a target is missed.
`;

const leastPerSecond = 20_000;
const parts = ['engine', 'batch', 'api'] as const;
const say = (text: string) => console.error(text);

function measureEngine(verdicts: number) {
  const rules = loadRules();
  const inputs = readCases().map(({ entree }) => entree);
  const dossiers = inputs.flatMap((input) => {
    const read = readDossier(input);
    return read.ok ? [read.dossier] : [];
  });
  const perSecond = <Given>(given: readonly Given[], work: (one: Given) => unknown): number => {
    for (const one of given) work(one);
    const rounds = Math.ceil(verdicts / given.length);
    const start = performance.now();
    for (let round = 0; round < rounds; round += 1) for (const one of given) work(one);
    return Math.round((rounds * given.length) / ((performance.now() - start) / 1_000));
  };
  say(`${verdicts} verdicts, twice`);
  const verdictsPerSecond = perSecond(dossiers, (dossier) => assess(dossier, dossier.date, rules));
  const readAndVerdictsPerSecond = perSecond(inputs, (input) => {
    const read = readDossier(input);
    return read.ok ? assess(read.dossier, read.dossier.date, rules) : null;
  });
  const ok = verdictsPerSecond >= leastPerSecond;
  const target = leastPerSecond;
  return { verdicts, dossiers: dossiers.length, verdictsPerSecond, readAndVerdictsPerSecond, target, ok };
}

async function measureServer(
  measured: { readonly batch: boolean; readonly api: boolean },
  lines: number,
  seconds: number,
) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-eligibility-'));
  try {
    const dataDir = join(folder, 'data');
    say('writing the catalogue and the register');
    const slugs = await writeCatalogue(dataDir, folder);
    say('starting the server');
    const server = await startServer(dataDir);
    try {
      await calm(server);
      return {
        batch: measured.batch ? await measureBatch(server, slugs, lines, say) : null,
        api: measured.api ? await measureApi(server, seconds, say) : null,
      };
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    verdicts: { type: 'string', default: '200000' },
    lines: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
const whole = (text: string, most: number) => /^[1-9]\d*$/.test(text) && Number(text) <= most;
const wrong = [
  ...(values.only === undefined || parts.some((part) => part === values.only)
    ? []
    : ['--only takes engine, batch or api']),
  ...(whole(values.verdicts, 1e9) ? [] : ['--verdicts takes a whole number of at least 1']),
  ...(whole(values.lines, 100_000) ? [] : ['--lines takes a whole number from 1 to 100000']),
  ...(whole(values.seconds, 30) ? [] : ['--seconds takes a whole number from 1 to 30']),
];
if (values.help) process.stdout.write(help);
else if (wrong.length > 0) {
  for (const text of wrong) say(text);
  process.exitCode = 2;
} else {
  const wanted = (part: (typeof parts)[number]) => values.only === undefined || values.only === part;
  // Another program at work makes every figure worse: this says how quiet the machine was.
  const loadBefore = round(loadavg()[0] ?? Number.NaN);
  const engine = wanted('engine') ? measureEngine(Number(values.verdicts)) : null;
  const needs = { batch: wanted('batch'), api: wanted('api') };
  const { batch, api } =
    needs.batch || needs.api
      ? await measureServer(needs, Number(values.lines), Number(values.seconds))
      : { batch: null, api: null };
  const shortfalls = [
    ...(engine?.ok === false ? [`${engine.verdictsPerSecond} verdicts per second, at least ${engine.target}`] : []),
    ...(batch?.ok === false
      ? [
          `${batch.answered} of ${batch.lines} lines in ${batch.seconds} s and ${batch.peakMb} MiB, under ${batchTargets.seconds} s and ${batchTargets.peakMb} MiB`,
        ]
      : []),
    ...(api?.ok === false ? [`the API: p99 ${api.p99Ms} ms, under ${apiTargetMs}`] : []),
  ];
  const ok = shortfalls.length === 0;
  const about = { bench: 'eligibility', node: process.version, loadBefore, connections };
  console.log(
    JSON.stringify(
      {
        ...about,
        ...(engine === null ? {} : { engine }),
        ...(batch === null ? {} : { batch }),
        ...(api === null ? {} : { api }),
        shortfalls,
        ok,
      },
      null,
      2,
    ),
  );
  for (const text of shortfalls) say(`Target missed: ${text}`);
  if (!ok) process.exitCode = 1;
}
