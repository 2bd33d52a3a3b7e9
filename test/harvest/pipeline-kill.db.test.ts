/** B9 and O3: a run killed anywhere ends, once resumed, with the same catalogue and the same counts as without the kill. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SourceError } from '../../src/errors.ts';
import type { HarvestRun } from '../../src/harvest/model.ts';
import {
  aSource,
  checkpoint,
  end,
  endOfChanges,
  type Item,
  makeWorld,
  numbered,
  record,
  records,
  removedItem,
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

  it('holds over random listings, faults, kills and resumptions', async () => {
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2_147_483_647);
    const runs = Number(process.env.FC_RUNS ?? 40);
    console.log(`      seed ${seed}, ${runs} listings (FC_SEED, FC_RUNS)`);
    const item = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({ kind: fc.constant('record' as const), id: fc.nat(24), content: fc.nat(3) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('removed' as const), id: fc.nat(24) }) },
    );
    const step = fc.record({
      items: fc.array(item, { maxLength: 30 }),
      covers: fc.constantFrom('full', 'changes'),
      fault: fc.option(fc.nat(30), { freq: 4 }),
      kills: fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 2 }),
      days: fc.constantFrom(0, 1, 4, 8),
    });
    let number = 0;
    const contents = [{}, { title: 'Autre titre' }, { title: '' }, { title: 'Poterie' }];
    const build = ({
      items,
      covers,
    }: {
      items: readonly (typeof item extends fc.Arbitrary<infer T> ? T : never)[];
      covers: string;
    }) => {
      let cursor = 0;
      const explicit = covers === 'changes' || items.some(({ kind }) => kind === 'removed');
      const listing = items.map((each): Item => {
        if (each.kind === 'removed') return removedItem(`x${each.id}`);
        if (each.kind === 'record')
          return record(`x${each.id}`, { ...contents[each.content], url: `https://x.example/${each.id}` });
        cursor += 1;
        return checkpoint(cursor);
      });
      return [
        ...listing,
        covers === 'full' ? end({ deletions: explicit ? 'explicit' : 'by-absence' }) : endOfChanges(),
      ];
    };

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
        number += 1;
        const calm = aSource({ id: `calm-${number}`, title: 'Calme' });
        const rough = aSource({ id: `rough-${number}`, title: 'Agitée' });
        // Same course names in both: the two sources must not see each other.
        const apart = (items: readonly Item[], source: { id: string }) =>
          items.map((each) =>
            each.kind === 'record'
              ? { ...each, raw: { ...(each.raw as object), url: `https://${source.id}.example/${each.remoteId}` } }
              : each,
          );
        const settings = { gainFloor: 8 };
        let held = false;
        let interrupted = false;
        for (const { fault, kills, days, ...given } of steps) {
          world.pass(days);
          const items = build(given);
          const whole = await world.run(apart(items, calm), { source: calm, settings });

          if (fault !== null) {
            const before = await withdrawnOf(rough.id);
            const broken = [
              ...apart(items, rough).slice(0, Math.min(fault, items.length - 1)),
              new SourceError('unreachable', 'Source injoignable'),
            ];
            const run = await world.run(broken, { source: rough, settings });
            expect(run.status).to.be.oneOf(['failed', 'incomplete']);
            expect(run.counters).to.include({ missing: 0, withdrawn: 0 });
            held ||= run.held !== null;
            // It may well bring back a record that it met.
            expect(before, 'an interrupted run withdraws nothing').to.include.members(await withdrawnOf(rough.id));
          }
          let { id, finished } = await world.runUntilKilled(apart(items, rough), {
            source: rough,
            settings,
            killAt: kills[0] ?? 0,
          });
          for (const killAt of kills.slice(1)) {
            if (finished !== null) break;
            finished = await world
              .resume(id, apart(items, rough), { source: rough, settings, killAt })
              .catch(() => null);
          }
          const run = finished ?? (await world.resume(id, apart(items, rough), { source: rough, settings }));
          // Kills change no report. An interrupted run that met a guard may: the next ones measure against what it left.
          interrupted ||= fault !== null;
          if (fault === null && !(interrupted && held)) expect(told(run)).to.deep.equal(told(whole));
          if (run.status === 'held') expect(run.counters).to.include({ missing: 0, withdrawn: 0 });
          held ||= run.held !== null || whole.held !== null;
        }
        // A guard measures a run against what it found, so an interrupted run before it may change its answer; nothing else may.
        if (!held || steps.every(({ fault }) => fault === null))
          expect(await world.catalogue(rough.id)).to.deep.equal(await world.catalogue(calm.id));
      }),
      { seed, numRuns: runs, endOnFailure: true },
    );

    async function withdrawnOf(sourceId: string) {
      return (await world.catalogue(sourceId))
        .filter(({ state }) => state === 'withdrawn' || state === 'missing')
        .map(({ remoteId, state }) => `${remoteId} ${state}`);
    }
  });
});
