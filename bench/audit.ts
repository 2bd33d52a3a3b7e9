/** `npm run bench:audit`: how long the verification of a long audit trail takes, as JSON on stdout. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AuditEntry, entryAfter, headOf, makeAudit } from '../src/platform/audit.ts';
import { openDatabase } from '../src/platform/mongo.ts';
import { makeSecrets } from '../src/platform/secrets.ts';
import { watchMemory } from './memory.ts';

const help = `Usage: npm run bench:audit -- [--entries N]

Writes an audit trail of N entries (100000 by default) into an embedded database, the last of them one by one through the
same call as the platform, then verifies it; then alters one entry, and verifies that it is found.

Prints one JSON object. Ends with 1 when a target is missed.
`;

const targets = { verifySeconds: 10 } as const;
const recorded = 200;
const round = (value: number) => Number(value.toFixed(2));

async function timed<Result>(work: () => Promise<Result>): Promise<{ seconds: number; result: Result }> {
  const start = performance.now();
  const result = await work();
  return { seconds: (performance.now() - start) / 1_000, result };
}

async function measure(count: number, dataDir: string) {
  const database = await openDatabase({ mongodbUri: null, dataDir });
  const secrets = makeSecrets(randomBytes(32));
  const audit = makeAudit(database.connection, { secrets, now: () => new Date() });
  const entries = database.connection.collection<{ _id: number }>('audit');
  const event = (n: number) => ({
    actor: randomUUID(),
    act: 'account.sign-in',
    target: `session:${randomUUID()}`,
    details: { strong: n % 3 === 0, method: 'password', attempt: n % 5 },
  });
  try {
    // Most of the trail is written in bulk, with the functions that the platform makes each entry with.
    let last: AuditEntry | null = null;
    let batch: { _id: number }[] = [];
    const bulk = count - recorded;
    for (let n = 1; n <= bulk; n += 1) {
      last = entryAfter(last, event(n), new Date());
      const { sequence, ...entry } = last;
      batch.push({ ...entry, _id: sequence });
      if (batch.length === 5_000 || n === bulk) {
        await entries.insertMany(batch);
        batch = [];
      }
    }
    if (last !== null) {
      const head = { ...headOf(last, secrets), inPlace: true };
      await database.connection.collection<{ _id: 'head' }>('auditHead').insertOne(head);
    }
    const recording = await timed(async () => {
      for (let n = 1; n <= recorded; n += 1) await audit.record(event(n));
    });
    const memory = watchMemory();
    const verifying = await timed(() => audit.verify());
    const peakMb = memory.end();
    await entries.updateOne({ _id: Math.floor(count / 2) }, { $set: { act: 'account.sign-out' } });
    const tampered = await audit.verify();
    return { recording, verifying, peakMb, tampered };
  } finally {
    await database.close();
  }
}

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '100000' }, help: { type: 'boolean', default: false } },
});
const entries = Number(values.entries);
if (values.help) {
  process.stdout.write(help);
} else if (!Number.isInteger(entries) || entries <= recorded) {
  console.error(`--entries takes a whole number above ${recorded}`);
  process.exitCode = 2;
} else {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-audit-'));
  try {
    const { recording, verifying, peakMb, tampered } = await measure(entries, dataDir);
    const { sound, entries: verified } = verifying.result;
    const fast = verifying.seconds < targets.verifySeconds;
    const faithful = sound && verified === entries && !tampered.sound && tampered.faults[0]?.kind === 'altered';
    const ok = fast && faithful;
    const result = {
      entries,
      record: { perSecond: Math.round(recorded / recording.seconds) },
      verify: { seconds: round(verifying.seconds), target: targets.verifySeconds, ok: fast, sound, peakMb },
      tampered: { sound: tampered.sound, faults: tampered.faults },
      ok,
    };
    console.log(JSON.stringify(result, null, 2));
    if (!fast)
      console.error(`Target missed: verified in ${round(verifying.seconds)} s, under ${targets.verifySeconds}`);
    if (!faithful) console.error('The verification gave a wrong answer.');
    if (!ok) process.exitCode = 1;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
