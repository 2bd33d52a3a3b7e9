/** A list of 100,000 lines that a funder sends, from its sending to its last answer: part of `bench:eligibility`. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { demoPassword } from '../src/accounts/demo.ts';
import type { ProviderFacts } from '../src/catalogue/model/provider-facts.ts';
import { slugOf } from '../src/catalogue/model.ts';
import { makeProviderFactsStore } from '../src/catalogue/store/provider-facts.ts';
import { makeCourseStore } from '../src/catalogue/store.ts';
import { makeRegistryStore } from '../src/framework/registry/store.ts';
import { importExport } from '../src/framework/registry/use-cases/import.ts';
import { takeLock } from '../src/platform/lock.ts';
import { openDatabase } from '../src/platform/mongo.ts';
import { siretOf, writeCourses } from './courses.ts';
import { anonymousMb, watchMemory } from './memory.ts';
import { writeExport } from './registry-export.ts';
import { cookieOf, type Server, signIn } from './server.ts';

export const batchTargets = { seconds: 60, peakMb: 400 } as const;
const courseCount = 5_000;
const schools = 200;
const records = 1_000;

/** Courses, proofs of schools and an imported register in a fresh data directory. @returns slugs of the courses */
export async function writeCatalogue(dataDir: string, folder: string): Promise<readonly string[]> {
  const database = await openDatabase({ mongodbUri: null, dataDir });
  const { connection } = database;
  try {
    const now = new Date();
    const courses = makeCourseStore(connection);
    const facts = makeProviderFactsStore(connection);
    const store = makeRegistryStore(connection);
    for (const one of [courses, store]) await one.ensureIndexes();
    await writeCourses(courses, courseCount, now);
    await facts.save(Array.from({ length: schools }, (_, at) => factsOf(siretOf(at), now)));
    const day = now.toISOString().slice(0, 10);
    const path = join(folder, `export-fiches-rncp-v4-1-${day}.xml`);
    await writeExport(path, { records, day: 0 });
    const parts = {
      store,
      takeLock: () => takeLock(connection, 'registry', 60),
      digitalOf: () => null,
      now: () => now,
    };
    await importExport(parts, path, {});
    const slugs: string[] = [];
    for await (const { draft, id } of courses.published()) slugs.push(slugOf(draft.title, id));
    return slugs;
  } finally {
    await database.close();
  }
}

function factsOf(siret: string, now: Date): ProviderFacts {
  const fact = <Value>(value: Value) => ({
    value,
    proof: 'verified' as const,
    source: 'Liste publique des organismes de formation',
    date: now.toISOString().slice(0, 10),
    until: null,
  });
  return {
    siret,
    demo: false,
    activityNumber: fact('52440999901'),
    declarationValid: fact(true),
    qualiopi: fact({ categories: ['AF'], from: '2025-03-01', to: null }),
    delisted: fact(false),
    subcontracting: fact(false),
    certifications: [],
  };
}

/** Four lines in ten name a course, three a certification with its school, the others a school. */
export function listOf(lines: number, slugs: readonly string[]): string {
  const rows = ['code;siret;prix;reference'];
  for (let at = 0; at < lines; at += 1) {
    const kind = at % 10;
    const school = siretOf((at * 7) % schools);
    if (kind < 4) rows.push(`/cours/${slugs[(at * 13) % slugs.length]};;;${at}`);
    else if (kind < 7) rows.push(`RNCP${1 + ((at * 17) % records)};${school};${500 + (at % 3_000)};${at}`);
    else rows.push(kind === 9 ? `52440999901;;;${at}` : `${school};;;${at}`);
  }
  return `${rows.join('\n')}\n`;
}

export async function measureBatch(
  { origin, pid, cpuMs }: Server,
  slugs: readonly string[],
  lines: number,
  say: (text: string) => void,
) {
  const cookie = await asFunder(origin);
  const headers = { Cookie: cookie };
  const form = await (await fetch(`${origin}/financeur/verifier`, { headers })).text();
  const body = new FormData();
  body.set('_csrf', /name="_csrf" value="([^"]+)"/.exec(form)?.[1] ?? '');
  body.set('fichier', new File([listOf(lines, slugs)], 'liste.csv', { type: 'text/csv' }));
  say(`a list of ${lines} lines`);
  const idleMb = Math.round(anonymousMb(pid));
  const watch = watchMemory({ pid });
  const cpuBefore = await cpuMs();
  const started = performance.now();
  const since = () => Number(((performance.now() - started) / 1_000).toFixed(1));
  const answer = await fetch(`${origin}/financeur/verifier/liste`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body,
  });
  await answer.arrayBuffer();
  const at = answer.headers.get('location');
  if (answer.status !== 303 || at === null) throw new Error(`the list is answered ${answer.status}`);
  const readSeconds = since();
  for (let done = false; !done; ) {
    await wait(500);
    const page = await (await fetch(`${origin}${at}`, { headers })).text();
    done = page.includes(`${at}.csv`);
    if (since() > 10 * batchTargets.seconds) throw new Error('the list is not answered after ten minutes');
  }
  const seconds = since();
  const cpuAfter = await cpuMs();
  const peakMb = watch.end();
  const csv = await (await fetch(`${origin}${at}.csv`, { headers })).text();
  const verdicts: Record<string, number> = {};
  for (const [, verdict = ''] of csv.matchAll(/^\d+;[^;]*;[^;]*;[^;]*;[^;]*;(oui|non|indecidable|);/gm))
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const answered = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
  return {
    lines,
    answered,
    verdicts,
    courses: slugs.length,
    readSeconds,
    seconds,
    cpuSeconds: cpuBefore === null || cpuAfter === null ? null : Number(((cpuAfter - cpuBefore) / 1_000).toFixed(1)),
    linesPerSecond: Math.round(lines / seconds),
    idleMb,
    peakMb,
    targets: batchTargets,
    ok: answered === lines && seconds < batchTargets.seconds && peakMb < batchTargets.peakMb,
  };
}

/** The funder of the demonstration, with the code that its page shows. @returns cookies */
async function asFunder(origin: string): Promise<string> {
  const email = 'financeur@demo.example';
  const page = await (await fetch(`${origin}/connexion`)).text();
  const code = new RegExp(`${email}[\\s\\S]*?data-l="Code">(\\d{6})<`).exec(page)?.[1] ?? '';
  const first = await signIn(origin, { email, password: demoPassword, from: '10.0.0.1' });
  const asked = await fetch(`${origin}/connexion/code`, { headers: { Cookie: first.cookie } });
  const token = /name="_csrf" value="([^"]+)"/.exec(await asked.text())?.[1] ?? '';
  const headers = { Cookie: [first.cookie, ...cookieOf(asked)].join('; ') };
  const answer = await fetch(`${origin}/connexion/code`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ _csrf: token, code }),
  });
  await answer.arrayBuffer();
  if (answer.status !== 303) throw new Error(`the code of the funder is answered ${answer.status}`);
  return cookieOf(answer).join('; ') || first.cookie;
}
