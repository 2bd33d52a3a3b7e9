/** A process that ends gives the data directory to one that goes on working in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

const rounds = 3;
const shutdownInProgress = 91;

describe('handing a data directory over', function () {
  this.timeout(60_000);
  let dataDir: string;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-handover-'));
  });
  afterEach(() => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function serveElsewhere(): Promise<ChildProcess> {
    const script = join(import.meta.dirname, 'serve-and-write.ts');
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    child = spawn(process.execPath, ['--import', 'tsx', script, dataDir, 'serve'], { stdio: [...stdio] });
    await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
    return child;
  }

  it('no read fails, no acknowledged write is lost, and a refused write was not done', async () => {
    const kept: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const server = await serveElsewhere();
      const survivor = await startEmbeddedDatabase({ dataDir });
      const client = await MongoClient.connect(survivor.uri('handover'));
      const writes = client.db().collection<{ _id: string }>('writes');
      const many = client.db().collection<{ _id: number }>('many');
      if (round === 0) await many.insertMany(Array.from({ length: 500 }, (_, at) => ({ _id: at })));
      let goesOn = true;
      const refused: string[] = [];
      const unknown: string[] = [];
      let reads = 0;
      const failures: unknown[] = [];
      const read = async (work: () => Promise<void>) => {
        while (goesOn) {
          await work().catch((error: unknown) => failures.push(error));
          reads += 1;
          await sleep(1);
        }
      };
      const write = async (who: number) => {
        for (let at = 0; goesOn; at += 1) {
          const _id = `${round}-${who}-${at}`;
          try {
            await writes.insertOne({ _id });
            kept.push(_id);
          } catch (error) {
            ((error as { code?: unknown }).code === shutdownInProgress ? refused : unknown).push(_id);
            await sleep(10);
          }
        }
      };
      const working = Promise.all([
        read(async () => {
          expect(await many.find({}, { batchSize: 120 }).toArray()).to.have.length(500);
        }),
        read(async () => {
          expect(await many.countDocuments({})).to.equal(500);
        }),
        write(1),
        write(2),
      ]);
      await sleep(200);
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
      const until = Date.now() + 10_000;
      while (survivor.role !== 'server' && Date.now() < until) await sleep(20);
      const [before, written] = [reads, kept.length];
      while ((reads < before + 10 || kept.length < written + 10) && Date.now() < until) await sleep(20);
      goesOn = false;
      await working;
      expect(failures, 'reads that failed').to.deep.equal([]);
      expect([survivor.role, kept.length >= written + 10]).to.deep.equal(['server', true]);
      const there = new Set((await writes.find().toArray()).map(({ _id }) => _id));
      expect(
        kept.filter((id) => !there.has(id)),
        'acknowledged and lost',
      ).to.deep.equal([]);
      expect(
        refused.filter((id) => there.has(id)),
        'refused and done',
      ).to.deep.equal([]);
      console.log(`      ${reads} reads, ${kept.length} writes kept, ${refused.length} refused, ${unknown.length} cut`);
      await client.close();
      await survivor.close();
    }
  });
});
