/** `npm run bench:search`: how long searches take over a catalogue in memory, as JSON on stdout. */
import { parseArgs } from 'node:util';
import { frenchAnalyser } from '../src/catalogue/search/french.ts';
import { makeScanIndex } from '../src/catalogue/search/scan-index.ts';
import { anonymousMb } from './memory.ts';
import { makeCorpus, type QueryClass, queryClasses } from './search-courses.ts';

const help = `Usage: npm run bench:search -- [--courses N]

Fills the search index with N courses (10000 by default), always the same for the same N, and measures 200 queries of each
class after 200 to warm up:
${Object.entries(queryClasses)
  .map(([name, what]) => `  ${name}  ${what}`)
  .join('\n')}

Prints one JSON object. Ends with 1 when the 95th percentile of a class is not under the target.
`;

const targetMs = 30;
const times = 200;

const round = (value: number) => Number(value.toFixed(2));

async function measure(count: number) {
  console.error(`Generating ${count} courses`);
  const corpus = makeCorpus(count);
  const index = makeScanIndex(frenchAnalyser, { now: () => new Date('2026-11-22T12:00:00Z') });
  console.error('Filling the index');
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < count; at += 500) await index.upsert(corpus.courses.slice(at, at + 500));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);

  /** @returns how many results or suggestions there were. */
  async function ask(name: QueryClass, query: Parameters<typeof index.search>[0]): Promise<number> {
    if (name === 'e') return (await index.suggest(query.q, 10)).length;
    return (await index.search(query)).total;
  }

  async function measureClass(name: QueryClass) {
    for (const query of corpus.queries(name, times)) await ask(name, query);
    const took: number[] = [];
    let results = 0;
    const before = process.cpuUsage();
    for (const query of corpus.queries(name, times)) {
      const asked = performance.now();
      results += await ask(name, query);
      took.push(performance.now() - asked);
    }
    const spent = process.cpuUsage(before);
    if (results === 0) throw new Error(`no query of class ${name} found anything: there is nothing to measure`);
    took.sort((a, b) => a - b);
    const at = (share: number) => took[Math.ceil(share * took.length) - 1] ?? Number.NaN;
    const p95 = at(0.95);
    return {
      what: queryClasses[name],
      p50Ms: round(at(0.5)),
      p95Ms: round(p95),
      cpuMs: round((spent.user + spent.system) / 1_000 / times),
      meanResults: round(results / times),
      ok: p95 < targetMs,
    };
  }

  const classes: Partial<Record<QueryClass, Awaited<ReturnType<typeof measureClass>>>> = {};
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f'] as const) {
    console.error(`Class ${name}: ${queryClasses[name]}`);
    classes[name] = await measureClass(name);
  }
  return {
    bench: 'search',
    courses: count,
    node: process.version,
    fill: {
      seconds: round(seconds),
      cpuSeconds: round((user + system) / 1e6),
      coursesPerSecond: Math.round(count / seconds),
    },
    /** The generated courses included. */
    rssAnonMb: Math.round(anonymousMb()),
    targetP95Ms: targetMs,
    classes,
    ok: Object.values(classes).every(({ ok }) => ok),
  };
}

const { values } = parseArgs({
  options: { courses: { type: 'string', default: '10000' }, help: { type: 'boolean', default: false } },
});
const count = Number(values.courses);
if (values.help) {
  process.stdout.write(help);
} else if (!Number.isInteger(count) || count < 100) {
  console.error('--courses takes a whole number of at least 100');
  process.exitCode = 2;
} else {
  const result = await measure(count);
  console.log(JSON.stringify(result, null, 2));
  if (!result.ok) process.exitCode = 1;
}
