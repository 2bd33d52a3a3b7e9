import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { checkDatabase } from '../../src/embedded-db/inspect.ts';
import { startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 4);

describe('the embedded database killed at any moment', function () {
  this.timeout(30_000 + ROUNDS * 10_000);
  let dataDir: string;

  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-kill-'));
  });

  after(() => rmSync(dataDir, { recursive: true, force: true }));

  /** What was acknowledged before the end: documents, and the last value of counters. */
  const have = new Set<string>();
  const counts = new Map<string, number>();

  async function round(number: number): Promise<void> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'serve-and-write.ts'), dataDir, 'write', String(number)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout });
    const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
    lines.on('line', (line) => {
      const [kind, id = '', value] = line.split(' ');
      if (kind === 'ready') setTimeout(() => child.kill('SIGKILL'), 200 + Math.random() * 900);
      else if (kind === 'have') have.add(id);
      else counts.set(id, Number(value));
    });
    await ended;
    expect(child.signalCode).to.equal('SIGKILL');
  }

  it('loses no acknowledged write and keeps every index as the documents say', async () => {
    for (let number = 1; number <= ROUNDS; number++) {
      await round(number);
      const check = await checkDatabase({ dataDir });
      expect(check.problems).to.deep.equal([]);
      expect(check.indexEntries).to.be.greaterThan(check.documents);
      const engine = await startEmbeddedDatabase({ dataDir });
      const client = await MongoClient.connect(engine.uri('kill'));
      const found = new Map<string, number>();
      const documents = client.db().collection<{ _id: string; n: number }>('docs');
      for await (const { _id, n } of documents.find({}, { projection: { n: 1 } })) found.set(_id, n);
      await client.close();
      await engine.close();
      expect([...have].filter((id) => !found.has(id))).to.deep.equal([]);
      expect([...counts].filter(([id, count]) => (found.get(id) ?? -1) < count)).to.deep.equal([]);
    }
    const updates = [...counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(`      ${ROUNDS} kills, ${have.size} inserts and ${updates} updates acknowledged, 0 lost`);
    expect(have.size).to.be.greaterThan(100);
  });
});
