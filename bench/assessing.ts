/** `npm run bench:assessing`: how long the nightly assessment of every course takes, as JSON on stdout. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { makeCourseAssessing } from '../src/catalogue/store/assessing.ts';
import { makeProviderFactsStore } from '../src/catalogue/store/provider-facts.ts';
import { makeCourseStore } from '../src/catalogue/store.ts';
import { makeAssessing } from '../src/catalogue/use-cases/assessing.ts';
import { makeFunding } from '../src/catalogue/use-cases/funding.ts';
import { loadRules } from '../src/eligibility/data.ts';
import { startEmbeddedDatabase } from '../src/embedded-db/start.ts';
import { loadFramework } from '../src/framework/data.ts';
import { makeSampleRegister } from '../src/framework/registry/use-cases.ts';
import { writeCourses } from './courses.ts';
import { anonymousMb } from './memory.ts';

const help = `Usage: npm run bench:assessing -- [--courses N]

Writes N courses (20000 by default) of 200 schools in an embedded database, then assesses them all three times: never
assessed before, on the next day with the same answers, and when nothing is due.

Prints one JSON object. Ends with 1 when a pass over all courses does fewer than 1000 courses a second.
`;

const leastPerSecond = 1_000;
async function measure(count: number) {
  const dataDir = mkdtempSync(join(tmpdir(), 'en2-bench-'));
  const database = await startEmbeddedDatabase({ dataDir });
  const connection = await mongoose.createConnection(database.uri('bench')).asPromise();
  try {
    const courses = makeCourseStore(connection);
    await courses.ensureIndexes();
    let clock = new Date('2026-11-22T08:00:00Z');
    await writeCourses(courses, count, clock);
    const register = makeSampleRegister({ sample: loadFramework().certifications, now: () => clock });
    const assessing = makeAssessing({
      courses: makeCourseAssessing(connection),
      funding: makeFunding({ register, providerFacts: makeProviderFactsStore(connection) }),
      register,
      rules: loadRules,
      now: () => clock,
    });
    const timed = async () => {
      const start = performance.now();
      const { assessed, changed, answers } = await assessing.refresh();
      const seconds = (performance.now() - start) / 1_000;
      return {
        assessed,
        changed,
        answers,
        seconds: Number(seconds.toFixed(2)),
        perSecond: Math.round(assessed / seconds),
      };
    };
    const first = await timed();
    clock = new Date('2026-11-23T08:00:00Z');
    const nextDay = await timed();
    const nothingDue = await timed();
    const ok = [first, nextDay].every(({ perSecond }) => perSecond >= leastPerSecond);
    return {
      bench: 'assessing',
      courses: count,
      node: process.version,
      first,
      nextDay,
      nothingDue,
      anonymousMb: anonymousMb(),
      ok,
    };
  } finally {
    await connection.close();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { courses: { type: 'string', default: '20000' }, help: { type: 'boolean' } } });
if (values.help) process.stdout.write(help);
else {
  const result = await measure(Number(values.courses));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (!result.ok) process.exitCode = 1;
}
