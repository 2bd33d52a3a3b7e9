/**
 * A source with a secret setting, harvested for real: a server that demands the key, the queue that runs use, the real
 * pipeline and stores. Afterwards every log line, every document, the report, its CSV and the pages are searched for the key.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { z } from 'zod';
import { unknownDraft } from '../../src/catalogue/model.ts';
import { type AnyConnector, defineConnector, SourceError, secret } from '../../src/harvest/connector.ts';
import { makeLocalQueue } from '../../src/harvest/execute.ts';
import { settingsOf } from '../../src/harvest/model/settings.ts';
import type { HarvestRun } from '../../src/harvest/model.ts';
import { defaultSettings } from '../../src/harvest/pipeline.ts';
import { previewConnector } from '../../src/harvest/preview.ts';
import { makeWorkerQueue } from '../../src/harvest/start-worker.ts';
import { makeHarvest } from '../../src/harvest/use-cases.ts';
import { makePipelineTools } from '../../src/harvest/worker.ts';
import { makeSourceHttp } from '../../src/platform/http.ts';
import { readJsonRecords } from '../../src/platform/read-json.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import type { Source } from '../../src/providers/model.ts';
import { makeSourceStore, type SourceStore } from '../../src/providers/store.ts';
import { makeReports } from '../../src/providers/use-cases/reports.ts';
import { operatedSourceModel } from '../../src/providers/view-models/operating.ts';
import { sourceModel } from '../../src/providers/view-models/own.ts';
import { reportModel, reportRows, runRow } from '../../src/providers/view-models/reports.ts';
import type { Actor } from '../../src/rights.ts';
import { aProviderSource } from '../builders/sources.ts';
import { makeWorld, type World } from '../support/harvest-world.ts';
import { type Listening, listening } from '../support/listen.ts';

const apiKey = 'cle&tres-secrete/5f1b 9c2d';
const spellings = [
  apiKey,
  encodeURIComponent(apiKey),
  JSON.stringify(apiKey).slice(1, -1),
  Buffer.from(apiKey).toString('base64'),
];

/** Asks with its key in a header, follows links, and quotes a link that it cannot follow, as connectors do. */
const connector: AnyConnector = defineConnector({
  ...{ id: 'test', title: 'Flux à clé', version: 1, resumable: false, cursorSchema: z.never() },
  configSchema: z.strictObject({ url: z.url(), apiKey: secret().meta({ title: 'Clé' }) }),
  exampleConfig: { url: 'https://ecole.example/flux', apiKey: 'exemple' },
  recordSchema: z.object({ id: z.string(), title: z.string().min(1) }),
  async *read({ url, apiKey: key }, { http }) {
    for (let next: unknown = url; next !== null; ) {
      if (typeof next !== 'string' || !URL.canParse(next)) {
        throw new SourceError('changed', `Le lien vers la page suivante est illisible : ${String(next)}`, {
          url: String(next),
        });
      }
      const download = await http.open(next, { headers: { 'x-api-key': key } });
      if (download.status !== 'ok') return;
      next = null;
      for await (const { kind, value } of readJsonRecords(download.bytes, { paths: ['$.data.*'], keep: ['$.next'] })) {
        if (kind === 'kept') next = value;
        else yield { kind: 'record', remoteId: String(Reflect.get(Object(value), 'id')), raw: value };
      }
    }
    yield { kind: 'end', covers: 'full', deletions: 'by-absence' };
  },
  normalise: ({ title }) => ({
    kind: 'course',
    course: {
      ...unknownDraft,
      ...{ title, url: `https://ecole.example/${encodeURIComponent(title)}` },
      provider: { name: 'École', url: null, siret: null, activityNumber: null },
    },
  }),
});

describe('a source with a secret setting', function () {
  this.timeout(60_000);
  let world: World;
  let store: SourceStore;
  let partner: Listening;
  let origin: string;
  let keys: string[];
  let next: (origin: string) => string | null;
  let logged: string[];
  const key = randomBytes(32);
  const secrets = makeSecrets(key);
  const secretsHere = { openSecret: secrets.open };
  const operator: Actor = { accountId: 'op', roles: ['learner', 'operator'], memberships: [], strong: true };

  before(async () => {
    world = await makeWorld();
    store = makeSourceStore(world.database.connection);
    await store.ensureIndexes();
    partner = await listening((request, response) => {
      const given = String(request.headers['x-api-key'] ?? '');
      keys.push(given);
      if (given !== apiKey) return response.writeHead(401).end(`wrong key: ${given}`);
      const data = [
        { id: 'a', title: 'Programmer en Python' },
        { id: 'b', title: 'Créer des pages web en HTML' },
        { id: 'c', title: '' },
      ];
      response.end(JSON.stringify(request.url === '/flux' ? { data, next: next(origin) } : { data: [], next: null }));
    });
    origin = partner.origin;
  });
  after(async () => {
    partner.close();
    await world.close();
  });
  beforeEach(async () => {
    await world.empty();
    await world.database.connection.collection('sources').deleteMany({});
    [keys, logged] = [[], []];
    next = (of) => `${of}/page2?key=${encodeURIComponent(apiKey)}`;
    await store.create(aSecretSource());
  });

  function aSecretSource(sealed = { apiKey: secrets.seal(apiKey) }): Source {
    return {
      ...aProviderSource({ id: 'a-cle', organisationId: 'ecole', at: new Date('2026-11-01T00:00:00Z') }),
      ...{ connector: 'test', config: { url: `${origin}/flux` }, sealed, state: 'active', demo: true },
    };
  }

  /** Everything an error says, as the logger writes it. */
  function line(fields: object, message: string): void {
    const all = Object.entries(fields).map(([name, value]) =>
      value instanceof Error
        ? [name, value.message, value.stack, String(value.cause), JSON.stringify(value)]
        : [name, value],
    );
    logged.push(`${message} ${JSON.stringify(all)}`);
  }
  const log = { error: line, warn: line, info: line, debug: line } as never;

  async function harvested(options: { openSecret?: (sealed: string) => string } = secretsHere): Promise<HarvestRun> {
    const data = {
      ...{ logLevel: 'silent', userAgent: 'test/1', demoOrigin: origin, wireBytes: 1_000_000, decodedBytes: 1_000_000 },
      settings: { ...defaultSettings, batch: { records: 2, characters: 1_000_000 } },
    };
    const queue = makeLocalQueue({
      tools: { ...makePipelineTools(data, world.database), log },
      connectors: new Map([['test', connector]]),
      concurrency: 1,
      ...options,
    });
    const harvest = makeHarvest({
      ...world.store,
      ...{ sources: store, queue, newId: randomUUID, now: () => new Date(), log },
    });
    return (await harvest.request('a-cle', 'manual')).ended;
  }

  async function everything(): Promise<string> {
    const { db } = world.database.connection;
    const found: string[] = [];
    for (const { name } of (await db?.listCollections().toArray()) ?? []) {
      for await (const document of db?.collection(name).find({}) ?? [])
        found.push(`${name} ${JSON.stringify(document)}`);
    }
    const reports = makeReports({
      ...{ sources: store, ...world.store, courses: world.courses, now: () => new Date() },
      mergedOf: async () => 0,
    } as unknown as Parameters<typeof makeReports>[0]);
    const source = await store.byId('a-cle');
    const runs = await world.store.runs.bySource('a-cle', 10);
    if (source === null || runs.length === 0) throw new Error('nothing to look at');
    for (const run of runs) {
      const report = await reports.report(operator, run.id, null);
      found.push(JSON.stringify(reportModel(report, '')), JSON.stringify(runRow(run)));
      for await (const lines of await reports.everyLine(operator, run.id)) {
        found.push(JSON.stringify(lines.flatMap((one) => reportRows(one, 'https://site.example'))));
      }
    }
    const presence = { pending: 0, published: 2, missing: 0 };
    const shared = {
      source,
      presence,
      quarantined: 1,
      runs,
      lastRun: runs[0] ?? null,
      leftAloneUntil: null,
      deadLinks: 0,
    };
    const parts = { done: '', errors: {} };
    const own = {
      ...shared,
      organisation: { name: 'École' },
      owner: true,
      nextRun: null,
      refusal: null,
      resumable: false,
    };
    const page = sourceModel(own as never, { format: connector, settings: settingsOf(connector) }, parts);
    found.push(JSON.stringify(page));
    found.push(
      JSON.stringify(
        operatedSourceModel({ ...shared, organisation: 'École' } as never, { ...parts, typed: '', act: '' }),
      ),
    );
    return [...found, ...logged].join('\n');
  }

  async function expectNowhere(): Promise<void> {
    const text = await everything();
    for (const spelling of spellings) expect(text).to.not.include(spelling);
  }

  it('is read with its key, and the key is in no document, log line, report, CSV or page', async () => {
    const done = await harvested();
    expect([done.status, done.counters.created, done.counters.quarantined]).to.deep.equal([
      'done-with-rejections',
      2,
      1,
    ]);
    expect(new Set(keys)).to.deep.equal(new Set([apiKey]));
    await expectNowhere();
    expect(await everything()).to.include('enregistré');
  });

  it('a failure that quotes a link with the key in it is told without the key', async () => {
    next = () => `http://[?key=${apiKey}&autre=${encodeURIComponent(apiKey)}`;
    const failed = await harvested();
    expect(failed.status).to.equal('incomplete');
    expect(failed.fault?.message).to.include(
      'Le lien vers la page suivante est illisible : http://[?key=•••&autre=•••',
    );
    await expectNowhere();
  });

  it('a wrong key, repeated by the server in its answer, is told as a refusal', async () => {
    const wrong = 'une-autre-cle-8d3e';
    await store.change('a-cle', { sealed: { apiKey: secrets.seal(wrong) } }, ['active'], new Date());
    const refused = await harvested();
    expect([refused.status, refused.fault?.kind]).to.deep.equal(['failed', 'refused']);
    expect(keys).to.deep.equal([wrong]);
    expect(await everything()).to.not.include(wrong);
  });

  it('a key of the installation that is not here is a fault of the platform, said in words, and nothing is changed', async () => {
    await harvested();
    for (const options of [{ openSecret: makeSecrets(randomBytes(32)).open }, {}]) {
      keys = [];
      const failed = await harvested(options);
      expect(failed.status).to.equal('failed');
      expect(failed.fault?.message).to.include('Une clé de la plateforme manque');
      expect(keys, 'nothing was asked').to.deep.equal([]);
    }
    expect(await world.catalogue('a-cle')).to.have.length(2);
    await expectNowhere();
  });

  it('the thread that asks for runs hands the setting over as it is sealed', async () => {
    const posted: unknown[] = [];
    let data: unknown;
    const queue = makeWorkerQueue({
      data: {
        ...{ databaseUri: world.uri, databaseKind: world.database.kind, logLevel: 'silent', enabledConnectors: null },
        ...{ userAgent: 'test/1', demoOrigin: null, concurrency: 1, wireBytes: 1, decodedBytes: 1 },
        ...{ settings: defaultSettings, secretKeys: [key] },
      },
      log,
      startThread: (_entry, setup) => {
        data = setup;
        return { on: () => {}, postMessage: (message: unknown) => posted.push(message) } as unknown as Worker;
      },
    });
    void queue.add('une-collecte', aSecretSource());
    const text = JSON.stringify([posted, data]);
    expect(text).to.include('une-collecte').and.include('sealed');
    for (const spelling of spellings) expect(text).to.not.include(spelling);
  });

  it('a preview shows records and errors, never the key', async () => {
    const http = makeSourceHttp({ userAgent: 'test/1', allowedOrigins: [origin], minDelayMs: 0, tries: 1 });
    const signal = new AbortController().signal;
    const report = await previewConnector(connector, { url: `${origin}/flux`, apiKey }, http, { signal });
    expect(report.items).to.have.length(3);
    for (const spelling of spellings) expect(JSON.stringify(report)).to.not.include(spelling);
  });
});
