/** A source gives its records new identifiers: the same courses go on, whatever dies on the way. */
import { expect } from 'chai';
import type { HarvestRun } from '../../src/harvest/model.ts';
import {
  aSource,
  checkpoint,
  end,
  endOfChanges,
  type Item,
  makeWorld,
  record,
  records,
  removedItem,
  type World,
} from '../support/harvest-world.ts';

/** A record whose title and address do not follow its identifier. */
const named = (remoteId: string, title: string, more: object = {}): Item => record(remoteId, { title, ...more });

describe('renamed identifiers', () => {
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  const all = async () =>
    (await world.courses.bySource('partenaire', { limit: 100 })).map(({ id, slug, remoteId, state, draft }) => ({
      ...{ id, slug, remoteId, state },
      title: draft.title,
      price: draft.price?.amount ?? null,
    }));
  const idOf = async (remoteId: string) => (await world.course(remoteId)).id;
  const counted = ({ counters, status }: HarvestRun) => {
    const { created, updated, unchanged, missing, withdrawn } = counters;
    return { status, created, updated, unchanged, missing, withdrawn };
  };

  it('the same address and title under a new identifier is the same course, at the same address, with its history', async () => {
    await world.run([named('a', 'Tableur'), ...records('b', 'c', 'd', 'e', 'f'), end()]);
    const id = await idOf('a');
    const run = await world.run([named('a2', 'Tableur', { price: 4_500 }), ...records('b', 'c', 'd', 'e', 'f'), end()]);
    expect(counted(run)).to.deep.equal({
      ...{ status: 'done', created: 0, updated: 1, unchanged: 5, missing: 0, withdrawn: 0 },
    });
    const course = await world.course('a2');
    expect(course).to.include({ id, state: 'published' });
    expect(course.draft.price?.amount).to.equal(4_500);
    expect(await all()).to.have.length(6);
    const events = await world.database.connection.collection('courses').findOne({ _id: id as never });
    expect(((events?.events ?? []) as { kind: string }[]).map(({ kind }) => kind)).to.deep.equal(['price']);
    const again = await world.run([
      named('a2', 'Tableur', { price: 4_500 }),
      ...records('b', 'c', 'd', 'e', 'f'),
      end(),
    ]);
    expect(counted(again)).to.include({ unchanged: 6, created: 0, missing: 0 });
  });

  it('a source that numbers everything anew loses nothing and wakes no guard', async () => {
    const titles = Array.from({ length: 60 }, (_, at) => `Cours numéro ${at}`);
    await world.run([...titles.map((title, at) => named(`v1-${at}`, title)), end()]);
    const before = await all();
    const run = await world.run([...titles.map((title, at) => named(`v2-${at}`, title)), end()]);
    expect(counted(run)).to.deep.equal({
      ...{ status: 'done', created: 0, updated: 60, unchanged: 0, missing: 0, withdrawn: 0 },
    });
    const now = await all();
    expect(now.map(({ id }) => id).sort()).to.deep.equal(before.map(({ id }) => id).sort());
    expect(now.every(({ remoteId, state }) => remoteId.startsWith('v2-') && state === 'published')).to.equal(true);
    const mark = (await world.store.records.marks('partenaire', ['v2-0'])).get('v2-0');
    expect(mark?.run.outcome, 'its line of the report').to.equal('updated');
  });

  it('goes on too when the source declares the old one deleted, and when it was already absent', async () => {
    await world.run([named('a', 'Tableur'), ...records('b', 'c', 'd', 'e', 'f'), endOfChanges()]);
    const id = await idOf('a');
    await world.run([named('a2', 'Tableur'), removedItem('a'), endOfChanges()]);
    expect(await world.course('a2')).to.include({ id, state: 'published' });
    await world.run([...records('b', 'c', 'd', 'e', 'f'), end()]);
    expect((await world.course('a2')).state).to.equal('missing');
    world.pass(1);
    await world.run([named('a3', 'Tableur'), ...records('b', 'c', 'd', 'e', 'f'), end()]);
    expect(await world.course('a3')).to.deep.include({ id, state: 'published', missingSince: null });
  });

  it('nothing is renamed by an incomplete listing, nor where one page serves several records, nor another source', async () => {
    const rest = records('b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
    await world.run([named('a', 'Tableur'), named('s1', 'Bureautique'), named('s2', 'Bureautique'), ...rest, end()]);
    const cut = await world.run([named('a2', 'Tableur'), checkpoint(1), new Error('coupée')]);
    expect(cut.status).to.not.equal('done');
    expect((await world.course('a')).state).to.equal('published');
    const second = aSource({ id: 'second' });
    await world.run([named('z', 'Tableur', { school: 'Autre' }), end()], { source: second });
    const run = await world.run([
      named('a', 'Tableur'),
      named('s1', 'Bureautique'),
      named('s3', 'Bureautique'),
      ...rest,
      end(),
    ]);
    expect(counted(run), 'of two sessions on one page, one goes and another comes').to.include({
      created: 1,
      updated: 0,
    });
    expect((await world.course('s2')).state).to.equal('missing');
    expect((await world.course('s3')).state).to.equal('published');
  });

  it('corrections of a person go on with their record', async () => {
    const rest = records('b', 'c', 'd', 'e', 'f');
    await world.run([named('a', 'Tableur', { price: 100 }), ...rest, end()]);
    const by = { by: 'provider' as const, at: world.now(), why: 'faute' };
    await world.store.patches.add({
      ...{ sourceId: 'partenaire', remoteId: 'a', field: 'price', value: '55 €' },
      ...{ source: { text: '1 €', readable: true }, ...by },
    });
    await world.run([named('a', 'Tableur', { price: 100 }), ...rest, end()]);
    const corrected = (await world.course('a')).draft.price?.amount;
    expect(corrected).to.equal(5_500);
    await world.run([named('a2', 'Tableur', { price: 100 }), ...rest, end()]);
    expect((await world.course('a2')).draft.price?.amount, 'never without its correction').to.equal(corrected);
    expect(await world.store.patches.ofRecord('partenaire', 'a2')).to.have.length(1);
    expect(await world.store.patches.ofRecord('partenaire', 'a')).to.have.length(0);
    await world.run([named('a2', 'Tableur', { price: 100 }), ...rest, end()]);
    expect((await world.course('a2')).draft.price?.amount).to.equal(corrected);
  });

  it('wherever the process dies, the resumed run gives the same courses and the same counts', async function () {
    this.timeout(300_000);
    const rest = records('c', 'd', 'e', 'f', 'g');
    await world.run([named('a', 'Tableur'), named('b', 'Réseaux', { price: 0 }), ...rest, end()]);
    const ids = [await idOf('a'), await idOf('b')];
    const back = await world.snapshot();
    const listing = [named('a2', 'Tableur', { price: 300 }), checkpoint(1), named('b2', 'Réseaux'), ...rest, end()];
    const whole = counted(await world.run(listing));
    expect(whole).to.include({ status: 'done', updated: 2, created: 0 });
    const expected = await all();
    expect(ids.every((id) => expected.some((course) => course.id === id))).to.equal(true);
    for (let killAt = 1; ; killAt += 1) {
      await back();
      const { id, finished } = await world.runUntilKilled(listing, { killAt });
      if (finished !== null) {
        expect(killAt).to.be.greaterThan(20);
        break;
      }
      const resumed = await world.resume(id, listing);
      expect(await all(), `killed at call ${killAt}`).to.deep.equal(expected);
      expect(counted(resumed), `killed at call ${killAt}`).to.deep.equal(whole);
    }
  });

  it('what a dead run began is carried on by the next one, also when that one is not its resumption', async () => {
    const rest = records('c', 'd', 'e', 'f', 'g');
    await world.run([named('a', 'Tableur'), ...rest, end()]);
    const id = await idOf('a');
    await world.run([named('a2', 'Tableur'), ...rest, end()]);
    // As a process that died between the two writes leaves it.
    await world.database.connection
      .collection('courses')
      .updateOne({ _id: id as never }, { $set: { remoteId: 'a', renamedTo: 'a2' } });
    const run = await world.run([named('a2', 'Tableur'), ...rest, end()]);
    expect(counted(run)).to.include({ created: 0, missing: 0, unchanged: 6 });
    expect(await idOf('a2')).to.equal(id);
    expect(await all()).to.have.length(6);
  });

  describe('when the run that meets the new record reads a part of the listing only', () => {
    const rest = records('b', 'c', 'd', 'e', 'f', 'g');
    const before = [named('a', 'Tableur', { price: 100 }), ...rest, end()];
    const cut = (...items: Item[]) => [...items, checkpoint(1), new Error('coupée')];
    const after = [named('a2', 'Tableur', { price: 200 }), ...rest, end()];
    /** A minute later. */
    const run = (listing: Parameters<World['run']>[0], options: Parameters<World['run']>[1] = {}) => {
      world.pass(1 / 1_440);
      return world.run(listing, options);
    };
    const states = async () =>
      (await all()).filter(({ title }) => title === 'Tableur').map(({ remoteId, state }) => `${remoteId} ${state}`);

    it('it waits, and the run that reads the whole sees that the course goes on at its address', async () => {
      await run(before);
      const id = await idOf('a');
      const partial = await run(cut(named('a2', 'Tableur')));
      expect(counted(partial)).to.include({ status: 'incomplete', created: 1 });
      expect(await states(), 'one card').to.have.members(['a published', 'a2 pending']);
      const whole = await run(after);
      expect(counted(whole)).to.deep.equal({
        ...{ status: 'done', created: 0, updated: 1, unchanged: 6, missing: 0, withdrawn: 0 },
      });
      expect(await world.course('a2')).to.include({ id, state: 'published' });
      expect((await world.course('a2')).draft.price?.amount).to.equal(200);
      expect(await all()).to.have.length(7);
      expect(counted(await run(after))).to.include({ unchanged: 7, created: 0, missing: 0 });
    });

    it('so it is of a listing shorter than announced, of several cut runs, and of a course that was absent already', async () => {
      await run(before);
      const id = await idOf('a');
      await run([...rest, end()]);
      expect(await states()).to.deep.equal(['a missing']);
      expect((await run([named('a2', 'Tableur'), end({ announced: 7 })])).status).to.equal('incomplete');
      await run(cut(...rest));
      expect(await states()).to.have.members(['a missing', 'a2 pending']);
      await run(after);
      expect(await world.course('a2')).to.deep.include({ id, state: 'published', missingSince: null });
    });

    it('two that were given together are two, in a part of the listing too', async () => {
      await run(before);
      await run(cut(named('a', 'Tableur'), named('a2', 'Tableur')));
      expect(await states(), 'both were met: nothing to wait for').to.have.members(['a published', 'a2 published']);
      await run(after);
      expect(await states()).to.have.members(['a missing', 'a2 published']);
    });

    it('one that waits is published when a whole listing holds both, and then never taken for the other', async () => {
      await run(before, { source: aSource({ publishing: 'review' }) });
      await world.courses.publishWaiting('partenaire', world.now());
      await run([named('a2', 'Tableur'), ...before], { source: aSource({ publishing: 'review' }) });
      expect(await states()).to.have.members(['a published', 'a2 pending']);
      await run(after, { source: aSource({ publishing: 'review' }) });
      expect(await states(), 'given together once').to.have.members(['a missing', 'a2 pending']);
      await world.empty();
      await run(before);
      await run(cut(named('a2', 'Tableur')));
      await run([named('a2', 'Tableur'), ...before]);
      expect(await states()).to.have.members(['a published', 'a2 published']);
    });

    it('a course that was met since the new record came is another one', async () => {
      await run(before);
      await run(cut(named('a2', 'Tableur')));
      await run(cut(named('a', 'Tableur'), ...rest));
      await run(after);
      expect(await states()).to.have.members(['a missing', 'a2 published']);
    });

    it('a replay publishes none that waits', async () => {
      await run(before);
      const id = await idOf('a');
      await run(cut(named('a2', 'Tableur')));
      await run([], { trigger: 'replay' });
      expect(await states()).to.have.members(['a published', 'a2 pending']);
      await run(after);
      expect(await world.course('a2')).to.include({ id, state: 'published' });
    });

    it('a whole catalogue numbered anew in a cut run wakes no guard in the next one', async () => {
      const titles = Array.from({ length: 60 }, (_, at) => `Cours numéro ${at}`);
      const numbered = (as: string) => titles.map((title, at) => named(`${as}-${at}`, title));
      const more = Array.from({ length: 30 }, (_, at) => named(`new-${at}`, `Nouveau ${at}`));
      await run([...numbered('v1'), end()]);
      const ids = (await all()).map(({ id }) => id).sort();
      await run(cut(...numbered('v2')));
      const whole = await run([...numbered('v2'), ...more, end()]);
      expect(counted(whole)).to.deep.equal({
        ...{ status: 'done', created: 30, updated: 0, unchanged: 60, missing: 0, withdrawn: 0 },
      });
      expect(whole).to.include({ presentBefore: 60, presentAfter: 90 });
      const kept = (await all()).filter(({ remoteId }) => remoteId.startsWith('v2-'));
      expect(kept.map(({ id }) => id).sort()).to.deep.equal(ids);
      expect((await all()).every(({ state }) => state === 'published')).to.equal(true);
    });

    it('wherever a process dies, in the first run or in the second, the end is the same', async function () {
      this.timeout(300_000);
      await run(before);
      const id = await idOf('a');
      const part = cut(named('a2', 'Tableur'));
      const told = async () => ({ id: await idOf('a2'), all: (await all()).map(({ slug: _slug, ...one }) => one) });
      const atFirst = await world.snapshot();
      await run(part);
      const atSecond = await world.snapshot();
      const whole = counted(await run(after));
      const expected = await told();
      expect(expected.id).to.equal(id);
      for (const [back, listing] of [
        [atFirst, part],
        [atSecond, after],
      ] as const) {
        for (let killAt = 1; ; killAt += 1) {
          await back();
          world.pass(1 / 1_440);
          const dead = await world.runUntilKilled(listing, { killAt });
          if (dead.finished !== null) {
            expect(killAt).to.be.greaterThan(10);
            break;
          }
          const resumed = await world.resume(dead.id, listing);
          const last = listing === after ? resumed : await run(after);
          expect(await told(), `killed at call ${killAt}`).to.deep.equal(expected);
          expect(counted(last), `killed at call ${killAt}`).to.deep.equal(whole);
        }
      }
    });
  });
});
