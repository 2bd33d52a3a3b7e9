/** B9 and O3: a run killed anywhere ends, once resumed, with the same catalogue and the same counts as without the kill. */
import { expect } from 'chai';
import type { HarvestRun } from '../../src/harvest/model.ts';
import {
  checkpoint,
  end,
  type Item,
  makeWorld,
  numbered,
  record,
  records,
  type World,
} from '../support/harvest-world.ts';

const told = ({ status, counters, presentBefore, presentAfter, held, causes }: HarvestRun) => ({
  status,
  counters,
  presentBefore,
  presentAfter,
  held,
  causes: causes.map(({ code, count }) => [code, count]),
});

describe('a killed run', function () {
  this.timeout(120_000);
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  /** Every kind of outcome at once: created, updated, unchanged, restored, repeated, contradicted, refused, absent, withdrawn. */
  const before9: Item[] = [...numbered(30), record('back'), record('late')];
  const listing: Item[] = [
    ...numbered(6),
    record('r0006', { title: 'Changé' }),
    checkpoint(1),
    record('new 1'),
    record('bad', { title: '' }),
    record('back'),
    record('r0000'),
    record('hidden', { hidden: true }),
    checkpoint(2),
    record('r0001', { title: 'Contradiction' }),
    ...numbered(19, 7),
    record('new 2'),
    record('new 1'),
    checkpoint(3),
    record('new 3', { odd: true }),
    end(),
  ];

  async function prepare(): Promise<void> {
    await world.empty();
    await world.run([...before9, end()]);
    await world.run([...numbered(30), end()]);
    world.pass(8);
    // « back » and « late » are withdrawn by now; four others will be absent.
    await world.run([...numbered(30), end()]);
  }

  // About a minute for every call; one in three finds what a change breaks.
  const everyCall = process.env.KILL_AT_EVERY_CALL === '1';

  it('gives the same wherever it dies, with checkpoints and without', async () => {
    await prepare();
    const restore = await world.snapshot();
    const variants = [
      { items: listing, step: everyCall ? 1 : 3 },
      { items: listing.filter(({ kind }) => kind !== 'checkpoint'), step: everyCall ? 1 : 7 },
    ];
    for (const { items, step } of variants) {
      await restore();
      const whole = told(await world.run(items));
      const catalogue = await world.catalogue();
      expect(whole.counters).to.include({ created: 3, restored: 1, updated: 1, repeated: 2, quarantined: 2 });
      expect(whole.counters).to.include({ outOfScope: 1, missing: 4 });

      let deaths = 0;
      for (let killAt = 2; ; killAt += step) {
        await restore();
        const { id, finished } = await world.runUntilKilled(items, { killAt });
        if (finished !== null) break;
        deaths += 1;
        const resumed = await world.resume(id, items);
        expect(told(resumed), `killed at call ${killAt}`).to.deep.equal(whole);
        expect(await world.catalogue(), `killed at call ${killAt}`).to.deep.equal(catalogue);
      }
      expect(deaths).to.be.above(10);
    }
  });

  it('resumes from its last checkpoint, and starts again when the cursor is not understood any more', async () => {
    const starts: unknown[] = [];
    const items = [...records('a', 'b'), checkpoint(1), ...records('c'), end()];
    const listen = async function* ({ cursor }: { cursor?: number }) {
      starts.push(cursor);
      yield* cursor === 1 ? items.slice(3) : items;
    };
    const kill = async () => {
      for (let killAt = 2; ; killAt += 1) {
        await world.empty();
        const { id } = await world.runUntilKilled(listen, { killAt });
        if ((await world.store.runs.progress(id))?.checkpoint?.batch === 1) return id;
      }
    };
    const first = await kill();
    starts.length = 0;
    expect((await world.resume(first, listen)).counters).to.include({ received: 3, created: 3, repeated: 0 });
    expect(starts).to.deep.equal([1]);

    const second = await kill();
    await world.database.connection
      .collection('harvest_runs')
      .updateOne({ _id: second as never }, { $set: { 'checkpoint.cursor': { page: 'old' } } });
    starts.length = 0;
    const run = await world.resume(second, listen);
    expect(starts).to.deep.equal([undefined]);
    expect(run.status).to.equal('done');
    expect(run.presentAfter).to.equal(3);
  });

  it('replaces the raw record and the mark that an attempt left, though it looked for them before', async () => {
    const { records: kept } = world.store;
    const at = world.now();
    await kept.saveRaws('partenaire', [{ remoteId: 'a', raw: '1', at }], new Map());
    const two = ['a', 'b'].map((remoteId) => ({ remoteId, raw: '2', at }));
    await kept.saveRaws('partenaire', two, new Map());
    const found = await world.database.connection.collection('harvest_raw_records').find().sort({ _id: 1 }).toArray();
    expect(found.map(({ _id, raw }) => [String(_id), raw])).to.deep.equal([
      ['partenaire/a', '2'],
      ['partenaire/b', '2'],
    ]);

    await world.run([...records('a'), end()]);
    const mark = (await kept.marks('partenaire', ['a'])).get('a');
    if (mark === undefined) throw new Error('no mark');
    await kept.saveMarks([{ ...mark, hash: 'other' }], new Map());
    expect((await kept.marks('partenaire', ['a'])).get('a')).to.deep.equal({ ...mark, hash: 'other' });
  });

  it('leaves without a word when another process took it over', async () => {
    const listing = async function* () {
      yield* records('a');
      yield checkpoint(1);
      const active = await world.database.connection.collection('harvest_runs').findOne({ active: true });
      await world.store.runs.take(String(active?._id), 1, world.now());
      yield* records('b');
      yield checkpoint(2);
      yield end();
    };
    const ended = await world.run(listing).catch((error: Error) => error.message);
    expect(ended).to.equal('the run was taken over');
    const active = await world.database.connection.collection('harvest_runs').findOne({ active: true });
    expect(active).to.include({ status: 'running', attempt: 2 });
  });
});
