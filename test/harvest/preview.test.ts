import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { unknownDraft } from '../../src/catalogue/model.ts';
import { AppError, SourceError } from '../../src/errors.ts';
import { type AnyConnector, defineConnector, type SourceItem } from '../../src/harvest/connector.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { pathHttp } from '../../src/harvest/file-http.ts';
import { type PreviewReport, previewConnector } from '../../src/harvest/preview.ts';
import { makeFakeHttp } from '../support/fake-http.ts';

const signal = new AbortController().signal;
const draft = {
  ...unknownDraft,
  title: 'Bases du web',
  url: 'https://a.example/',
  provider: { name: 'École', url: null, siret: null, activityNumber: null },
};

/** A connector whose listing is given, and whose records are their own answers. */
function connectorOf(items: readonly SourceItem<never>[], failure?: Error): AnyConnector {
  return defineConnector({
    id: 'given',
    title: 'given',
    version: 1,
    resumable: false,
    configSchema: z.strictObject({ url: z.url() }),
    exampleConfig: { url: 'https://a.example/' },
    recordSchema: z.enum(['course', 'warned', 'skip']),
    cursorSchema: z.never(),
    async *read() {
      yield* items;
      if (failure !== undefined) throw failure;
    },
    normalise(raw) {
      if (raw === 'skip') return { kind: 'skip', reason: 'une vidéo' };
      const warning = { code: 'AV_LANGUE_INCONNUE', field: 'langue', value: 'x', message: 'm' };
      return { kind: 'course', course: draft, ...(raw === 'warned' ? { warnings: [warning] } : {}) };
    },
  });
}

const record = (remoteId: string, raw: unknown) => ({ kind: 'record', remoteId, raw }) as const;
const end = { kind: 'end', covers: 'full', deletions: 'explicit' } as const;
const listing = [
  record('1', 'course'),
  record('2', 'warned'),
  record('3', 'skip'),
  record('4', 'odd'),
  { kind: 'removed', remoteId: '5' },
  end,
] as const;
const http = makeFakeHttp(new Map());
const config = { url: 'https://a.example/' };

describe('preview of a source', () => {
  it('shows each record with its result, and counts them', async () => {
    const report = await previewConnector(connectorOf(listing), config, http, { signal });
    expect(report.items.map(({ remoteId, result }) => [remoteId, result])).to.deep.equal([
      ['1', 'course'],
      ['2', 'course'],
      ['3', 'skip'],
      ['4', 'rejected'],
      ['5', 'removed'],
    ]);
    const [course, warned, skipped, rejected] = report.items;
    expect(course).to.deep.equal({ remoteId: '1', result: 'course', course: draft });
    expect(warned?.problems?.map(({ code }) => code)).to.deep.equal(['AV_LANGUE_INCONNUE']);
    expect(skipped?.reason).to.equal('une vidéo');
    expect(rejected?.problems?.[0]?.code).to.equal('E_FORMAT_CHAMP');
    expect(report.summary).to.deep.equal({ records: 5, courses: 2, skipped: 1, rejected: 1, removed: 1 });
    expect(report.complete).to.equal(true);
    expect(report).to.not.have.property('error');
  });

  it('keeps what was read before a fault of the source, and tells it', async () => {
    const fault = new SourceError('malformed', 'La réponse est coupée.');
    const report = await previewConnector(connectorOf([record('1', 'course')], fault), config, http, { signal });
    expect(report.items).to.have.length(1);
    expect(report.complete).to.equal(false);
    expect(report.error).to.equal('La réponse est coupée.');
    expect(report).not.to.have.property('errorCode');
    const letters = new SourceError('malformed', 'Des caractères sont illisibles.', { code: 'E_ENCODAGE' });
    expect((await previewConnector(connectorOf([], letters), config, http, { signal })).errorCode).to.equal(
      'E_ENCODAGE',
    );
  });

  it('is not complete when the listing just stops, or when enough records were asked for', async () => {
    const stopped = await previewConnector(connectorOf([record('1', 'course')]), config, http, { signal });
    expect(stopped.complete).to.equal(false);
    const some = await previewConnector(connectorOf(listing), config, http, { signal, max: 2 });
    expect(some.summary.records).to.equal(2);
    expect(some.complete).to.equal(false);
    const all = await previewConnector(connectorOf(listing), config, http, { signal, max: 5 });
    expect(all.complete).to.equal(true);
  });

  it('refuses settings that do not suit the connector, naming them', async () => {
    try {
      await previewConnector(connectorOf(listing), { url: 'x', other: 1 }, http, { signal });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect(error.kind).to.equal('invalid');
      expect(error.publicMessage).to.contain('url');
      return;
    }
    throw new Error('was previewed');
  });

  it('does not hide a fault of ours', async () => {
    const failing = connectorOf([record('1', 'course')], new TypeError('ours'));
    const outcome = await previewConnector(failing, config, http, { signal }).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(TypeError);
  });
});

describe('preview of a file', () => {
  const path = fileURLToPath(new URL('../../connectors/lheo/fixtures/lheo-index.xml', import.meta.url));

  it('answers the first address asked for, again too, and refuses any other without network', async () => {
    const file = pathHttp(path);
    for (let time = 0; time < 2; time += 1) {
      const download = await file.open('https://a.example/list');
      if (download.status !== 'ok') throw new Error('no answer');
      let length = 0;
      for await (const piece of download.bytes) length += piece.length;
      expect(length).to.be.above(1_000);
    }
    const refused = await file.open('https://a.example/list?page=2').catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(SourceError).and.to.have.property('kind', 'refused');
  });

  it('says that a file does not exist', async () => {
    const outcome = await pathHttp(`${path}.none`)
      .open('https://a.example/')
      .catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(AppError).and.to.have.property('kind', 'not-found');
  });
});

describe('preview of payloads of real partners', () => {
  const feeds = new URL('../../../shared/feeds/', import.meta.url);

  async function preview(id: string, file: string): Promise<PreviewReport> {
    const connector = (await discoverConnectors({ enabled: [id] })).get(id);
    if (connector === undefined) throw new Error(`no connector ${id}`);
    const source = pathHttp(fileURLToPath(new URL(file, feeds)));
    return previewConnector(connector, connector.exampleConfig, source, { signal });
  }

  const table = [
    ['lheo/exemple-bts-onisep.xml', 1, 1],
    ['lheo/carif-lheo-index-2.2.xml', 10, 10],
    ['lheo-json-labonneformation/formation.json', 1, 1],
  ] as const;
  for (const [file, records, courses] of table) {
    if (!existsSync(new URL(file, feeds))) {
      it(`${file}: NOT RUN, the payload is not beside this repository`);
      continue;
    }
    it(`${file} gives ${courses} courses of ${records} records, to its end`, async () => {
      const report = await preview('lheo', file);
      expect(report.summary).to.deep.equal({ records, courses, skipped: 0, rejected: records - courses, removed: 0 });
      expect(report.complete).to.equal(true);
      expect(report).to.not.have.property('error');
    });
  }

  if (existsSync(new URL('lheo-json-labonneformation/formation.json', feeds))) {
    it('a LaBonneFormation document keeps its two sessions', async () => {
      const { items } = await preview('lheo', 'lheo-json-labonneformation/formation.json');
      expect(items[0]?.course?.sessions).to.have.length(2);
    });
  }
});
