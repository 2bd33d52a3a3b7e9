import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { loadKnownSources } from '../../src/providers/data.ts';
import { makeSourceStore, type SourceStore } from '../../src/providers/store.ts';
import { makeSources, type Sources } from '../../src/providers/use-cases.ts';
import { aSource, end, makeWorld, records, type World } from '../support/harvest-world.ts';

describe('sources', () => {
  let world: World;
  let store: SourceStore;
  let sources: Sources;

  before(async () => {
    world = await makeWorld();
    store = makeSourceStore(world.database.connection);
    await store.ensureIndexes();
    sources = makeSources({ sources: store, courses: world.courses, harvest: world.store, now: world.now });
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.empty();
    await store.remove((await store.list()).map(({ id }) => id));
  });

  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );
  const activate = (id: string) => store.setState(id, 'active', { reason: null, by: 'operator' }, world.now());
  const demo = (id: string) => ({
    id,
    organisationId: null,
    title: `Démonstration ${id}`,
    connector: 'test',
    config: { address: 'https://demo.example/' },
    homepage: 'https://demo.example/',
  });

  it('every known partner has settings that its connector accepts, and waits paused with its reason', async () => {
    const connectors = await discoverConnectors();
    const known = loadKnownSources();
    expect(known.length).to.be.at.least(8);
    for (const source of known) {
      const connector = connectors.get(source.connector);
      expect(connector?.configSchema.safeParse(source.config).success, source.id).to.equal(true);
      expect(source.state).to.equal('paused');
      expect(source.stateReason).to.match(/\.$/);
      expect(source.demo).to.equal(false);
    }
    expect(known.find(({ id }) => id === 'carif-oref')?.stateReason).to.contain('convention');
  });

  it('planting again brings settings up to date and keeps what a person decided', async () => {
    await sources.plantKnown(loadKnownSources());
    await activate('openhpi');
    const moved = loadKnownSources().map((seed) => ({ ...seed, title: `${seed.title} (nouveau)` }));
    await sources.plantKnown(moved);
    const source = await sources.source('openhpi');
    expect(source.state).to.equal('active');
    expect(source.title).to.equal('openHPI (nouveau)');
    expect((await store.active()).map(({ id }) => id)).to.deep.equal(['openhpi']);
  });

  it('a state that the life of a source does not allow is refused', async () => {
    await sources.plantKnown(loadKnownSources());
    expect(await codeOf(store.setState('vhb', 'submitted', { reason: null, by: 'operator' }, world.now()))).to.equal(
      'source-state',
    );
    expect(await codeOf(activate('unknown'))).to.equal('unknown-source');
    await store.setState('vhb', 'closed', { reason: 'Fermée.', by: 'operator' }, world.now());
    expect(await codeOf(activate('vhb'))).to.equal('source-state');
  });

  it('erasing the demonstration leaves no course, record nor run of it, a removal mark of each course, and the rest alone', async () => {
    await sources.plantKnown(loadKnownSources());
    await sources.plantDemo([demo('demo-a')]);
    const source = aSource({ id: 'demo-a', title: 'Démonstration', demo: true });
    await world.run([...records('a', 'b'), end()], { source });
    await world.run([...records('x'), end()]);
    const erased = (await world.courses.bySource('demo-a', { limit: 10 })).map(({ id }) => id);
    expect(await sources.eraseDemo()).to.equal(2);
    expect(await world.catalogue('demo-a')).to.deep.equal([]);
    expect(await world.store.runs.bySource('demo-a', 10)).to.deep.equal([]);
    expect((await world.store.records.marks('demo-a', ['a', 'b'])).size).to.equal(0);
    expect((await world.courses.removedSince(null, 10)).map(({ id }) => id)).to.have.members(erased);
    expect((await world.catalogue()).length).to.equal(1);
    expect((await sources.list()).some((one) => one.demo)).to.equal(false);
    expect((await sources.list()).length).to.equal(loadKnownSources().length);
  });

  it('a demonstration partner that is no more is erased when the demonstration is planted again', async () => {
    await sources.plantDemo([demo('demo-a'), demo('demo-b')]);
    await world.run([...records('a'), end()], { source: aSource({ id: 'demo-b', demo: true }) });
    await sources.plantDemo([demo('demo-a')]);
    expect((await sources.list()).map(({ id }) => id)).to.deep.equal(['demo-a']);
    expect(await world.catalogue('demo-b')).to.deep.equal([]);
  });
});
