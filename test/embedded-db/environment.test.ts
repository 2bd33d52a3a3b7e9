import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Environment, keysIn, keysInEach, openEnvironment } from '../../src/embedded-db/environment.ts';

describe('the environment', () => {
  let directory: string;
  let environment: Environment;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'environment-'));
    environment = openEnvironment(directory);
  });
  afterEach(async () => {
    await environment.close();
    await rm(directory, { recursive: true, force: true });
  });

  describe('writes that wait together', () => {
    function busyFor(milliseconds: number): void {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
    }

    it('share a commit, but not so long that those who read wait for all of them', async () => {
      let ran = 0;
      const ranAtFirst = Promise.race(
        Array.from({ length: 8 }, (_, at) =>
          environment
            .write(() => {
              busyFor(15);
              environment.records.put(Buffer.from(`key-${at}`), Buffer.from(`${at}`));
              ran += 1;
            })
            .then(() => ran),
        ),
      );
      expect(await ranAtFirst).to.be.within(1, 4);
      await environment.write(() => {});
      expect(ran).to.equal(8);
      for (let at = 0; at < 8; at += 1)
        expect(environment.records.get(Buffer.from(`key-${at}`))?.toString()).to.equal(`${at}`);
    });

    it('are each carried out once in their order, also when one of the group fails', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, at) =>
          environment.write(() => {
            busyFor(8);
            if (at === 4) throw new Error('broken');
            environment.records.put(Buffer.from(`key-${at}`), Buffer.from(`${at}`));
            return at;
          }),
        ),
      );
      expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed'))).to.deep.equal([
        ...[0, 1, 2, 3],
        'failed',
        ...[5, 6, 7],
      ]);
      const kept = Array.from({ length: 8 }, (_, at) => environment.records.get(Buffer.from(`key-${at}`))?.toString());
      expect(kept).to.deep.equal(['0', '1', '2', '3', undefined, '5', '6', '7']);
    });
  });

  describe('short and long writes that wait', () => {
    const ran: string[] = [];
    beforeEach(() => ran.splice(0));

    function write(name: string, long: boolean, ms: number): Promise<void> {
      return environment.write(
        () => {
          const end = performance.now() + ms;
          while (performance.now() < end);
          ran.push(name);
        },
        { long },
      );
    }

    it('a short one does not wait for a turn of each long work', async () => {
      await Promise.all([
        ...Array.from({ length: 5 }, (_, at) => write(`long ${at}`, true, 10)),
        write('short 1', false, 1),
        write('short 2', false, 1),
      ]);
      expect(ran).to.deep.equal(['short 1', 'short 2', ...Array.from({ length: 5 }, (_, at) => `long ${at}`)]);
    });

    it('long ones have their turn while short ones keep coming', async () => {
      let coming = true;
      const visitor = async (name: string) => {
        while (coming) await write(name, false, 10);
      };
      const visitors = ['a', 'b', 'c'].map(visitor);
      for (let at = 0; at < 4; at += 1) await write('long', true, 1);
      coming = false;
      await Promise.all(visitors);
      // One short write is longer than a group may be.
      const before = ran.slice(0, ran.lastIndexOf('long'));
      expect(before.filter((name) => name !== 'long')).to.have.lengthOf.at.most(16);
    });
  });

  describe('keys of several ranges', () => {
    const keyOf = (value: number) => Buffer.from([7, value >> 8, value & 255]);

    it('are those of each range one after the other, in both directions', async () => {
      const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 3_000 }), { maxLength: 400 });
      // Limits taken two by two are disjoint ranges; neighbours and ranges without a key are among them.
      const dense = fc.integer({ min: 0, max: 2_000 }).map((from) => Array.from({ length: 600 }, (_, at) => from + at));
      let stored: number[] = [];
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(numbers, dense),
          fc.oneof(numbers, dense),
          fc.boolean(),
          fc.boolean(),
          async (keys, limits, touching, reverse) => {
            await environment.write(() => {
              for (const key of stored) environment.entries.remove(keyOf(key));
              for (const key of keys) environment.entries.put(keyOf(key), Buffer.alloc(0));
            });
            stored = keys;
            const sorted = [...limits].sort((a, b) => a - b);
            const ranges = sorted.flatMap((limit, at) => {
              const end = touching ? limit + 1 : sorted[at + 1];
              return end === undefined || (!touching && at % 2 === 1) ? [] : [{ low: keyOf(limit), high: keyOf(end) }];
            });
            const found = [...keysInEach(environment.entries, ranges, reverse)].map((key) => key.toString('hex'));
            const each = (reverse ? [...ranges].reverse() : ranges).flatMap((range) =>
              [...keysIn(environment.entries, range, reverse)].map((key) => key.toString('hex')),
            );
            expect(found).to.deep.equal(each);
          },
        ),
        { numRuns: 100 },
      );
    });
  });
});
