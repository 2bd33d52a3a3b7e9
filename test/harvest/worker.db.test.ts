/** Runs in their own thread, against a local server that plays the partner; and the death of that thread. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import type { RunProgressReport, RunQueue } from '../../src/harvest/execute.ts';
import type { HarvestSource } from '../../src/harvest/model.ts';
import { defaultSettings } from '../../src/harvest/pipeline.ts';
import { makeWorkerQueue } from '../../src/harvest/start-worker.ts';
import { type Harvest, makeHarvest } from '../../src/harvest/use-cases.ts';
import { startWorker } from '../../src/platform/worker.ts';
import { aSource, makeWorld, type World } from '../support/harvest-world.ts';

interface Partner {
  readonly origin: string;
  readonly asked: string[];
  close(): Promise<void>;
}

/** A MOOChub listing in pages of two; a page asked in `stall` waits until the test lets it go. */
async function servePartner(pages: number, stall: (page: number) => Promise<void> = async () => {}): Promise<Partner> {
  const asked: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('page') ?? 1);
    asked.push(request.url ?? '');
    await stall(page);
    const address = `http://${request.headers.host}`;
    const course = (at: number) => ({
      type: 'courses',
      id: `c${at}`,
      attributes: {
        name: `Programmer en Python ${at}`,
        url: `${address}/cours/${at}`,
        abstract: 'Apprendre à programmer avec Python : variables, boucles, fonctions, fichiers.',
        description: 'Apprendre à programmer avec Python.',
        inLanguage: ['fr'],
        languages: ['fr'],
        publisher: { name: 'Campus', url: address },
        moocProvider: { name: 'Campus', url: address },
        courseMode: ['online'],
      },
    });
    const body = {
      links: page < pages ? { next: `${address}/courses?page=${page + 1}` } : {},
      data: [course(page * 2), course(page * 2 + 1)],
    };
    response.setHeader('content-type', 'application/vnd.api+json; moochub-version=2.1');
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the harvest thread', function () {
  this.timeout(60_000);
  let world: World;
  let partner: Partner;
  let queue: RunQueue;
  let harvest: Harvest;
  let sources: HarvestSource[];
  let reports: RunProgressReport[];
  let logged: string[];
  let thread: Worker | undefined;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.empty();
    reports = [];
    logged = [];
  });
  afterEach(async () => {
    await queue.close();
    await partner.close();
  });

  async function start(made: Partner, change: Partial<HarvestSource> = {}): Promise<void> {
    partner = made;
    const config = { url: `${made.origin}/courses` };
    sources = [aSource({ connector: 'moochub', config, demo: true, ...change })];
    const log = { error: (_fields: object, message: string) => logged.push(message) };
    queue = makeWorkerQueue({
      data: {
        databaseUri: world.uri,
        databaseKind: world.database.kind,
        logLevel: 'silent',
        enabledConnectors: ['moochub'],
        userAgent: 'ecole-numerique/test (+https://ecole.example/)',
        demoOrigin: made.origin,
        concurrency: 2,
        wireBytes: 10_000_000,
        decodedBytes: 10_000_000,
        settings: { ...defaultSettings, heartbeatMs: 200 },
      },
      log,
      onProgress: (report) => reports.push(report),
      idleMs: 50,
      startThread(entry, setup) {
        thread = startWorker(entry, setup);
        return thread;
      },
    });
    harvest = makeHarvest({
      runs: world.store.runs,
      records: world.store.records,
      sources: {
        byId: async (id) => sources.find((source) => source.id === id) ?? null,
        active: async () => sources,
      },
      queue,
      newId: randomUUID,
      now: () => new Date(),
      log,
    });
  }

  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );

  it('harvests a source, tells how far it is, and publishes its courses', async () => {
    await start(await servePartner(3));
    const { run, ended } = await harvest.request('partenaire', 'manual');
    expect(run.status).to.equal('queued');
    const done = await ended;
    expect(done).to.include({ status: 'done', fault: null });
    expect(done.counters).to.include({ received: 6, created: 6 });
    expect(reports.at(-1)).to.include({ runId: run.id, sourceId: 'partenaire', received: 6 });
    expect((await world.catalogue()).every(({ state }) => state === 'published')).to.equal(true);
    expect((await harvest.status()).map(({ id }) => id)).to.deep.equal([run.id]);
  });

  it('the last complete run is known, whatever failed after it', async () => {
    await start(await servePartner(3));
    expect(await harvest.lastComplete()).to.equal(null);
    const done = await (await harvest.request('partenaire', 'manual')).ended;
    const failed = await (await harvest.request('partenaire', 'manual')).ended;
    await world.database.connection
      .collection<{ _id: string }>('harvest_runs')
      .updateOne({ _id: failed.id }, { $set: { status: 'failed' } });
    expect((await harvest.status()).map(({ status }) => status)).to.deep.equal(['failed']);
    expect(await harvest.lastComplete()).to.deep.equal(done.endedAt);
  });

  it('only a demonstration source reaches the demonstration server', async () => {
    await start(await servePartner(1), { demo: false });
    const done = await (await harvest.request('partenaire', 'manual')).ended;
    expect(done.status).to.equal('failed');
    expect(done.fault?.message).to.match(/^Adresse refusée/);
    expect(partner.asked).to.deep.equal([]);
  });

  it('a source whose format is not installed here fails in words, and the next one runs', async () => {
    await start(await servePartner(1));
    sources.push(aSource({ id: 'autre', connector: 'absent' }));
    const [first, second] = await Promise.all((await harvest.runAll('schedule')).map(({ ended }) => ended));
    expect(first?.status).to.equal('done');
    expect(second?.status).to.equal('failed');
    expect(second?.fault?.kind).to.equal('settings');
  });

  it('a run stopped by a person ends with its reason', async () => {
    let reached: () => void = () => {};
    const atPage2 = new Promise<void>((resolve) => {
      reached = resolve;
    });
    await start(
      await servePartner(3, async (page) => {
        if (page !== 2) return;
        reached();
        await new Promise(() => {});
      }),
    );
    const { run, ended } = await harvest.request('partenaire', 'manual');
    await atPage2;
    await harvest.stop(run.id, "l'opérateur");
    const done = await ended;
    expect(done.fault?.message).to.match(/^Arrêtée par l'opérateur le /);
    expect(done.status).to.equal('incomplete');
    expect(await codeOf(harvest.stop(run.id, "l'opérateur"))).to.equal('run-is-over');
  });

  it('O3 a run left by a process that closed is reclaimed and ends as if nothing had happened', async () => {
    let reached: () => void = () => {};
    const atPage2 = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let stalls = true;
    const made = await servePartner(3, async (page) => {
      if (page !== 2 || !stalls) return;
      reached();
      await new Promise(() => {});
    });
    await start(made);
    const { run } = await harvest.request('partenaire', 'manual');
    await atPage2;
    await queue.close();
    expect((await world.store.runs.byId(run.id))?.status).to.equal('running');

    stalls = false;
    await start(made);
    expect(await harvest.reclaimDead(), 'its heartbeat is recent').to.deep.equal([]);
    await world.database.connection
      .collection('harvest_runs')
      .updateOne({ _id: run.id as never }, { $set: { heartbeatAt: new Date(Date.now() - 60_000) } });
    expect(await harvest.reclaimDead()).to.deep.equal([run.id]);
    await until(async () => (await world.store.runs.byId(run.id))?.status === 'done');
    const done = await world.store.runs.byId(run.id);
    expect(done?.counters).to.include({ received: 6, created: 6, repeated: 0 });
    expect(
      partner.asked.filter((url) => url === '/courses'),
      'page 1 is not asked again',
    ).to.have.length(1);
  });

  it('B9 the death of the thread is noticed, and its run resumed by another one', async () => {
    let deaths = 0;
    const made = await servePartner(3, async (page) => {
      if (page !== 2 || deaths > 0) return;
      deaths += 1;
      await thread?.terminate();
    });
    await start(made);
    const { ended } = await harvest.request('partenaire', 'manual');
    const done = await ended;
    expect(deaths).to.equal(1);
    expect(logged).to.include('harvest thread died');
    expect(done.status).to.equal('done');
    expect(done.counters).to.include({ received: 6, created: 6, repeated: 0 });
  });

  it('a thread without a run ends and gives its memory back; the next run has a new one', async () => {
    await start(await servePartner(1));
    await (await harvest.request('partenaire', 'manual')).ended;
    const first = thread;
    await new Promise((resolve) => first?.once('exit', resolve));
    const again = await (await harvest.request('partenaire', 'manual')).ended;
    expect(thread).not.to.equal(first);
    expect(again.status).to.equal('done');
    expect(logged).to.deep.equal([]);
  });

  it('the threads of a harvest give way to pages', async function () {
    // Elsewhere a thread has no priority of its own.
    if (process.platform !== 'linux') this.skip();
    let priorities: number[] = [];
    await start(
      await servePartner(2, async (page) => {
        if (page === 2) priorities = await threadPriorities();
      }),
    );
    await (await harvest.request('partenaire', 'manual')).ended;
    expect(priorities).to.include(0).and.to.include(19);
  });

  it('a source that is not active is not harvested', async () => {
    await start(await servePartner(1));
    const others = makeHarvest({
      runs: world.store.runs,
      records: world.store.records,
      sources: { byId: async () => aSource(), active: async () => [] },
      queue,
      newId: randomUUID,
      now: () => new Date(),
      log: { error: () => {} },
    });
    expect(await codeOf(others.request('partenaire', 'manual'))).to.equal('source-not-active');
    expect(await codeOf(harvest.request('unknown', 'manual'))).to.equal('unknown-source');
    expect(await codeOf(harvest.run('unknown'))).to.equal('unknown-run');
  });
});

/** Of each thread of this process: the nineteenth field of its line, after a name that may hold spaces. */
async function threadPriorities(): Promise<number[]> {
  const threads = await readdir('/proc/self/task');
  const lines = await Promise.all(threads.map((id) => readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => '')));
  return lines
    .filter((line) => line !== '')
    .map((line) => Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16]));
}

async function until(fact: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await fact()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not happen');
}
