/** What changed is kept with its date and origin, through kills, and nothing that was never shown is told. */
import { expect } from 'chai';
import type { CourseEvent } from '../../src/catalogue/model/history.ts';
import { type HistoryStore, makeHistoryStore } from '../../src/catalogue/store/history.ts';
import { aSource, end, makeWorld, numbered, record, records, type World } from '../support/harvest-world.ts';

describe('the journal of the catalogue', () => {
  let world: World;
  let history: HistoryStore;

  before(async () => {
    world = await makeWorld();
    history = makeHistoryStore(world.database.connection);
    await history.ensureIndexes();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  const all = { sourceId: null, since: null, before: null, limit: 100 };
  const of = async (remoteId: string): Promise<CourseEvent[]> =>
    history.ofCourse((await world.course(remoteId)).id, 100);
  const kinds = async (remoteId: string) => (await of(remoteId)).map(({ kind }) => kind);

  it('B10 and N7 keeps each price with its date, and free turned paid is an event', async () => {
    await world.run([record('a', { price: 0 }), end()]);
    world.pass(1);
    await world.run([record('a', { price: 6000 }), end()]);
    const changedAt = world.now();
    world.pass(1);
    const run = await world.run([record('a', { price: 8000 }), end()]);
    const [latest, first] = await of('a');
    expect(latest).to.include({ kind: 'price', origin: 'harvest', runId: run.id });
    expect(latest?.changes.find(({ field }) => field === 'price')).to.deep.equal({
      field: 'price',
      before: { amount: 6000, currency: 'EUR', taxIncluded: true },
      after: { amount: 8000, currency: 'EUR', taxIncluded: true },
    });
    expect(first?.changes.map(({ field }) => field)).to.include.members(['price', 'contentFree', 'access']);
    expect(Math.abs((first?.at.getTime() ?? 0) - changedAt.getTime())).to.be.below(1_000);
  });

  it('keeps absence, return, withdrawal with its reason, and restoration', async () => {
    const kept = numbered(9);
    await world.run([...kept, record('a'), end()]);
    await world.run([...kept, end()]);
    await world.run([...kept, record('a'), end()]);
    await world.run([...kept, end()]);
    world.pass(8);
    await world.run([...kept, end()]);
    expect((await of('a'))[0]?.reason).to.deep.equal({ code: 'absent', detail: null });
    await world.run([...kept, record('a', { title: 'Neuf' }), end()]);
    expect(await kinds('a')).to.deep.equal(['restored', 'withdrawn', 'missing', 'seen-again', 'missing']);
    expect((await of('a'))[0]?.changes.map(({ field }) => field)).to.include('title');
  });

  it('tells nothing of what visitors never saw', async () => {
    const source = aSource({ publishing: 'review' });
    await world.run([...records('a', 'b'), end()], { source });
    await world.run([record('a', { title: 'Autre' }), end()], { source });
    expect(await kinds('a')).to.deep.equal([]);
    expect(await history.additions(all)).to.deep.equal([]);
    expect(await history.settle()).to.equal(0);
  });

  it('says when time alone changed what is shown', async () => {
    await world.run([record('a', { price: 0 }), end()]);
    world.pass(31);
    await world.courses.refreshAccess(world.now());
    const [event] = await of('a');
    expect(event).to.include({ kind: 'price', origin: 'clock', runId: null });
  });

  it('a mapping done again is told as such', async () => {
    await world.run([...records('a'), end()]);
    await world.run([...records('a'), end()], { trigger: 'replay', version: 2 });
    expect((await of('a'))[0]).to.include({ kind: 'changed', origin: 'replay' });
  });

  it('a killed run loses no event and tells none twice', async function () {
    this.timeout(60_000);
    const before = [...numbered(12), end()];
    const after = [
      ...numbered(12).map((item) => ({
        ...item,
        raw: { title: `Neuf ${item.kind === 'record' ? item.remoteId : ''}` },
      })),
      end(),
    ];
    let deaths = 0;
    for (let killAt = 2; ; killAt += 3) {
      await world.empty();
      await world.run(before);
      const { id, finished } = await world.runUntilKilled(after, { killAt });
      if (finished !== null) break;
      deaths += 1;
      await world.resume(id, after);
      await history.settle();
      const entries = await history.entries(all);
      expect(entries, `killed at call ${killAt}`).to.have.length(12);
      expect(new Set(entries.map(({ courseId }) => courseId)).size).to.equal(12);
    }
    expect(deaths).to.be.above(3);
  });

  it('an event announced while the journal takes the others is taken at the next turn, and none is kept twice', async () => {
    await world.run([...numbered(3), end()]);
    await world.run([...numbered(3).map((item) => ({ ...item, raw: { title: 'Un' } })), end()]);
    const { id } = await world.course('r0000');
    const courses = world.database.connection.collection<{ _id: string; events?: unknown[] }>('courses');
    const kept = await courses.findOne({ _id: id });
    expect(await history.settle()).to.equal(3);
    // As if the process had died before it forgot what it moved.
    await courses.updateOne({ _id: id }, { $set: { events: kept?.events ?? [] } });
    expect(await kinds('r0000')).to.deep.equal(['changed']);
    await history.settle();
    expect(await history.entries(all)).to.have.length(3);
    expect(await courses.countDocuments({ events: { $exists: true } })).to.equal(0);
  });

  it('N12 lists additions and changes newest first, by source, by date and page by page', async () => {
    await world.run([...numbered(5), end()]);
    await world.run([record('x'), end()], { source: aSource({ id: 'autre', title: 'Autre' }) });
    const since = world.now();
    world.pass(1);
    await world.run([...numbered(5).map((item) => ({ ...item, raw: { title: 'Changé' } })), end()]);
    await history.settle();
    expect(await history.additions(all)).to.have.length(6);
    expect(await history.additions({ ...all, sourceId: 'autre' })).to.have.length(1);
    expect(await history.additions({ ...all, since })).to.deep.equal([]);
    expect(await history.entries({ ...all, since })).to.have.length(5);
    expect(await history.entries({ ...all, sourceId: 'autre' })).to.deep.equal([]);

    const seen = [];
    let before: { at: Date; id: string } | null = null;
    for (let page = 0; page < 4; page += 1) {
      const found = await history.entries({ ...all, before, limit: 2 });
      seen.push(...found.map(({ courseId }) => courseId));
      const last = found.at(-1);
      if (last === undefined) break;
      before = { at: last.at, id: `${last.courseId}/${last.id}` };
    }
    expect(seen).to.have.length(5);
    expect(new Set(seen).size).to.equal(5);
  });

  it('goes with the demonstration courses that are erased for good', async () => {
    await world.run([...records('a'), end()]);
    await world.run([record('a', { title: 'Neuf' }), end()]);
    await history.settle();
    await world.courses.hardDelete(['partenaire'], world.now());
    expect(await history.entries(all)).to.deep.equal([]);
  });
});
