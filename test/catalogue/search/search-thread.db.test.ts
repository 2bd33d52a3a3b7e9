/** The index in a thread of its own: the same answers, changes followed, and a thread that dies. */
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type { SearchQuery } from '../../../src/catalogue/search/course-index.ts';
import { followCatalogue, readChanges } from '../../../src/catalogue/search/follow.ts';
import { frenchAnalyser } from '../../../src/catalogue/search/french.ts';
import { indexLabels } from '../../../src/catalogue/search/indexed-course.ts';
import { makeScanIndex } from '../../../src/catalogue/search/scan-index.ts';
import { makeSearchThread, type SearchThread } from '../../../src/catalogue/search/start-search.ts';
import { loadFramework } from '../../../src/framework/data.ts';
import { startWorker } from '../../../src/platform/worker.ts';
import { errorOf } from '../../support/error-of.ts';
import { end, makeWorld, record, records, type World } from '../../support/harvest-world.ts';

const everything: SearchQuery = { q: '', filters: {}, sort: 'relevance', page: 1, facets: ['provider', 'access'] };

describe('the search thread', function () {
  this.timeout(30_000);
  let world: World;
  let thread: SearchThread;
  let worker: Worker;
  const logged: string[] = [];

  function open(startThread: typeof startWorker = startWorker): SearchThread {
    thread = makeSearchThread({
      data: { databaseUri: world.uri, databaseKind: 'embedded', logLevel: 'silent' },
      log: { error: (_details, message) => logged.push(message) },
      pauseMs: 10,
      startThread: (...args) => {
        worker = startThread(...args);
        return worker;
      },
    });
    return thread;
  }

  async function eventually(fact: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (await fact()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('it never came true');
  }

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.empty();
    logged.length = 0;
    await world.run([...records('a', 'b', 'c'), record('d', { price: 0 }), end()]);
  });
  afterEach(() => thread.close());

  it('answers what an index in this thread would, once the catalogue is loaded', async () => {
    const here = makeScanIndex(frenchAnalyser, { now: () => new Date() });
    const following = followCatalogue({
      index: here,
      reader: readChanges(world.courses, indexLabels(loadFramework())),
      log: { error: () => {} },
    });
    await following.start();
    await following.stop();
    open();
    // Asked before it is ready: the answer is of the whole catalogue all the same.
    const early = thread.search(everything);
    await thread.ready();
    const among = new Set((await here.search(everything)).ids.slice(0, 2));
    for (const query of [everything, { ...everything, q: 'cours' }, { ...everything, among }]) {
      const { version: _here, ...expected } = await here.search(query);
      const { version: _there, ...found } = await thread.search(query);
      expect(found).to.deep.equal(expected);
    }
    expect((await early).total).to.equal(4);
    expect(await thread.suggest('cou', 5)).to.deep.equal(await here.suggest('cou', 5));
    expect(thread.stats().courses).to.equal(4);
  });

  it('finds what is written afterwards, and its version changes', async () => {
    await open().ready();
    const { version } = thread.stats();
    await world.run([...records('a', 'b', 'c'), record('d', { price: 0 }), ...records('e'), end()]);
    await eventually(async () => (await thread.search(everything)).total === 5);
    await eventually(async () => thread.stats().version !== version && thread.stats().courses === 5);
  });

  it('that dies refuses what it was asked, is replaced, and no figure passes for one of the next', async () => {
    await open().ready();
    const { version } = thread.stats();
    const first = worker;
    const lost = errorOf(thread.search(everything));
    void first.terminate();
    expect(await lost).to.include({ kind: 'unavailable', code: 'RECHERCHE_ARRETEE' });
    expect(await errorOf(thread.search(everything)), 'before the next one').to.include({ kind: 'unavailable' });
    await eventually(async () => worker !== first);
    expect((await thread.search(everything)).total).to.equal(4);
    expect(thread.stats().version).to.be.greaterThan(version);
    expect(logged).to.deep.equal(['the search thread ended']);
  });

  it('that cannot load the catalogue says why, and ends', async () => {
    open((entry, setup) => startWorker(entry, { ...setup, workerData: { search: { databaseUri: 'nowhere' } } }));
    expect(await errorOf(thread.ready())).to.have.property('name', 'MongoParseError');
  });
});
