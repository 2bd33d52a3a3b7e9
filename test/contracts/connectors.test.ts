/** The connector contract, run for every folder of connectors/: what a new folder must keep is read here. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { z } from 'zod';
import { courseDraftSchema } from '../../src/catalogue/model.ts';
import { SourceError } from '../../src/errors.ts';
import { type AnyConnector, isSecret, type SourceItem } from '../../src/harvest/connector.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import { type PreviewReport, previewConnector } from '../../src/harvest/preview.ts';
import { allOf, type ConnectorCase, casesIn, fixturesOf, readCase } from '../support/connector-cases.ts';
import { type FakePage, makeFakeHttp } from '../support/fake-http.ts';

const headings = ['Publisher', 'Licence', 'Update rhythm', 'Contact', 'Quirks', 'Last checked'];
const pieceSizes = [1, 2, 3, 7, 64];

const connectors = await discoverConnectors();

for (const [id, connector] of connectors) {
  describe(`connector ${id}`, () => {
    const fixtures = fixturesOf(id);
    const cases = casesIn(fixtures, connector);
    const sample = cases.find(({ name }) => name === 'sample');
    const empty = cases.find(({ name }) => name === 'empty-listing');

    before(forbidNetwork);
    after(allowNetwork);

    it('says who it is, and its example settings pass while no settings do not', () => {
      expect(id).to.match(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/);
      expect(connector.title).to.not.equal('');
      expect(connector.version).to.be.a('number').above(0);
      expect(connector.configSchema.safeParse(connector.exampleConfig).success).to.equal(true);
      expect(connector.configSchema.safeParse({}).success).to.equal(false);
    });

    it('has a README that names publisher, licence, rhythm, contact, quirks and the day it was checked', () => {
      const readme = readFileSync(new URL('../README.md', fixtures), 'utf8');
      const found = [...readme.matchAll(/^#{1,3} (.+)$/gm)].map((match) => match[1]?.trim());
      expect(found).to.include.members(headings);
      expect(readme).to.match(/\b20\d\d-\d\d-\d\d\b/);
    });

    it('has a sample and an empty listing', () => {
      expect(sample, 'fixtures/sample.case.json').to.not.equal(undefined);
      expect(empty, 'fixtures/empty-listing.case.json').to.not.equal(undefined);
    });

    for (const listing of cases) {
      describe(`listing ${listing.name}`, () => describeListing(connector, listing));
    }
    for (const hostile of casesIn(new URL('hostile/', fixtures), connector)) {
      it(`hostile ${hostile.name}: reading throws a SourceError`, async () => {
        const error = await failureOf(connector, hostile, hostile.pages);
        if (hostile.fails !== undefined) expect(error.kind).to.equal(hostile.fails);
      });
    }
    if (sample !== undefined) describeHostility(connector, sample, hasEncodingCase(fixtures));
    if (empty !== undefined) {
      it('reads an empty well-formed listing to its end, without a record', async () => {
        const items = await allOf(readCase(connector, empty).items);
        expect(items.filter(({ kind }) => kind === 'record' || kind === 'removed')).to.deep.equal([]);
        expect(items.at(-1)?.kind).to.equal('end');
      });
    }
    describeSecrets(connector, sample);
  });
}

describe('the connectors together', () => {
  it('are found: at least one folder was tested', () => {
    expect(connectors.size).to.be.above(0);
  });
});

function describeListing(connector: AnyConnector, listing: ConnectorCase): void {
  it('gives exactly the expected items and end', async () => {
    const found = await reportOf(connector, listing);
    if (process.env.UPDATE_EXPECTED === connector.id) {
      writeFileSync(listing.expectedFile, `${JSON.stringify(found, null, 2)}\n`);
      throw new Error(`${listing.expectedFile.pathname} was written: read it, then run again`);
    }
    expect(existsSync(listing.expectedFile), 'the expected file exists').to.equal(true);
    expect(found).to.deep.equal(JSON.parse(readFileSync(listing.expectedFile, 'utf8')));
  });

  it('gives the same items wherever the bytes are cut', async () => {
    const whole = await allOf(readCase(connector, listing).items);
    for (const pieceSize of pieceSizes) {
      expect(await allOf(readCase(connector, listing, { pieceSize }).items), `pieces of ${pieceSize}`).to.deep.equal(
        whole,
      );
    }
  });

  it('resumes from each checkpoint with exactly the items after it', async () => {
    const whole = await allOf(readCase(connector, listing).items);
    for (const [at, item] of whole.entries()) {
      if (item.kind !== 'checkpoint') continue;
      // A cursor goes through the database.
      const cursor: unknown = JSON.parse(JSON.stringify(item.cursor));
      expect(await allOf(readCase(connector, listing, { cursor }).items)).to.deep.equal(whole.slice(at + 1));
    }
  });

  it('ends with one end or is unchanged alone, and keeps what it declares', async () => {
    const items = await allOf(readCase(connector, listing).items);
    const last = items.at(-1);
    if (last?.kind === 'unchanged') {
      expect(items).to.have.length(1);
      return;
    }
    expect(items.filter(({ kind }) => kind === 'end' || kind === 'unchanged')).to.deep.equal([last]);
    if (last?.kind !== 'end') throw new Error('the last item is no end');
    const checkpoints = items.filter(({ kind }) => kind === 'checkpoint').length;
    if (!connector.resumable) expect(checkpoints, 'a connector that is not resumable yields no checkpoint').to.equal(0);
    else if (listing.name === 'sample') expect(checkpoints, 'a resumable one yields some').to.be.above(0);
    if (items.some(({ kind }) => kind === 'removed')) expect(last.deletions).to.equal('explicit');
    if (listing.mode === 'changes' && last.covers === 'full') {
      const everything = await allOf(readCase(connector, { ...listing, mode: 'full', cursor: undefined }).items);
      expect(idsOf(items)).to.include.members(idsOf(everything));
    }
  });

  it('asks only for what changed when its one document has validators', async () => {
    const end = (await allOf(readCase(connector, listing).items)).at(-1);
    if (end?.kind !== 'end' || end.validators === undefined) return;
    if (end.validators.etag === undefined && end.validators.lastModified === undefined) return;
    const again = readCase(connector, listing, { validators: end.validators });
    expect(await allOf(again.items)).to.deep.equal([{ kind: 'unchanged' }]);
    expect(again.http.openBodies()).to.equal(0);
  });

  it('normalises the same record to the same course, without touching it, and courses fit the common record', async () => {
    for (const item of await allOf(readCase(connector, listing).items)) {
      if (item.kind !== 'record') continue;
      const frozen = deepFreeze(structuredClone(item.raw));
      const first = connector.normalise(frozen);
      expect(connector.normalise(structuredClone(item.raw))).to.deep.equal(first);
      if (first.kind === 'course') expect(courseDraftSchema.parse(first.course)).to.deep.equal(first.course);
    }
  });

  it('closes the response when the consumer stops early, and stops within one record when asked to', async () => {
    const whole = (await allOf(readCase(connector, listing).items)).filter(({ kind }) => kind === 'record');
    if (whole.length === 0) return;

    const stopped = readCase(connector, listing, { pieceSize: 64 });
    for await (const item of stopped.items) if (item.kind === 'record') break;
    expect(stopped.http.openBodies(), 'responses left open').to.equal(0);

    const abort = new AbortController();
    const aborted = readCase(connector, listing, { pieceSize: 64, signal: abort.signal });
    let after = 0;
    let thrown: unknown;
    try {
      for await (const item of aborted.items) {
        if (abort.signal.aborted && item.kind === 'record') after += 1;
        if (item.kind === 'record') abort.abort();
      }
    } catch (error) {
      thrown = error;
    }
    expect(after, 'records after the signal').to.be.at.most(1);
    expect(thrown, 'an aborted listing does not end as if it were whole').to.not.equal(undefined);
    expect(aborted.http.openBodies(), 'responses left open').to.equal(0);
  });
}

function describeHostility(connector: AnyConnector, sample: ConnectorCase, hasOwnEncodingCase: boolean): void {
  for (const [url, page] of sample.pages) {
    if (page.method === 'POST') continue;
    const whole = page.body.subarray(0, lengthWithoutTrailingSpace(page.body));
    const answered = (body: Uint8Array, contentType?: string) =>
      new Map([...sample.pages, [url, { ...page, body, ...(contentType === undefined ? {} : { contentType }) }]]);

    it(`a cut of ${url} throws a SourceError, wherever it is`, async () => {
      for (const part of [0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) {
        const cut = whole.subarray(0, Math.floor(whole.length * part));
        await failureOf(connector, sample, answered(cut), `cut at ${part}`);
      }
      await failureOf(connector, sample, answered(whole.subarray(0, -1)), 'without its last byte');
    });

    it(`an HTML page or nothing in place of ${url} throws a SourceError`, async () => {
      const html = new TextEncoder().encode(
        '<!DOCTYPE html>\n<html lang="fr"><head><title>Connexion</title></head><body><p>Identifiez-vous</p></body></html>\n',
      );
      await failureOf(connector, sample, answered(html, 'text/html; charset=utf-8'), 'an HTML page');
      await failureOf(connector, sample, answered(html), 'an HTML page under the same type');
      await failureOf(connector, sample, answered(new Uint8Array()), 'nothing');
      await failureOf(connector, sample, answered(new TextEncoder().encode(' \n')), 'blanks');
    });
  }

  if (!hasOwnEncodingCase) {
    it('letters in another encoding than the one announced throw a SourceError', async () => {
      const accented = [...sample.pages].find(([, page]) => page.body.some((byte) => byte >= 0x80));
      if (accented === undefined) throw new Error('the sample holds no accented letter: nothing can be shown');
      const [url, page] = accented;
      const text = new TextDecoder('utf-8', { fatal: true }).decode(page.body);
      const body = Buffer.from([...text].map((letter) => (letter > 'ÿ' ? '?' : letter)).join(''), 'latin1');
      await failureOf(connector, sample, new Map([...sample.pages, [url, { ...page, body }]]), 'Windows-1252');
    });
  }
}

function describeSecrets(connector: AnyConnector, sample: ConnectorCase | undefined): void {
  const fields = connector.configSchema instanceof z.ZodObject ? Object.entries(connector.configSchema.shape) : [];
  const secrets = fields.filter(([, schema]) => schema instanceof z.ZodType && isSecret(unwrapped(schema)));
  if (secrets.length === 0 || sample === undefined) return;

  it('a secret setting appears in no item and no error', async () => {
    const value = 'tres-secret-5f1b';
    const config = { ...Object(sample.config), ...Object.fromEntries(secrets.map(([name]) => [name, value])) };
    const items = await allOf(readCase(connector, { ...sample, config }).items);
    expect(JSON.stringify(items)).to.not.include(value);
    try {
      await allOf(readCase(connector, { ...sample, config, pages: new Map() }).items);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      expect(`${error.message} ${error.publicMessage} ${error.url} ${error.stack}`).to.not.include(value);
      return;
    }
    throw new Error('was read without any page');
  });
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let inner: unknown = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodNullable) {
    inner = inner.unwrap();
  }
  return inner instanceof z.ZodType ? inner : schema;
}

/** The preview of a case, with the item that ends it. */
async function reportOf(connector: AnyConnector, listing: ConnectorCase): Promise<PreviewReport & { end: unknown }> {
  const replayed: AnyConnector = { ...connector, read: () => readCase(connector, listing).items };
  const signal = new AbortController().signal;
  const report = await previewConnector(replayed, listing.config, makeFakeHttp(new Map()), { signal });
  const end = (await allOf(readCase(connector, listing).items)).at(-1);
  return JSON.parse(JSON.stringify({ ...report, end }));
}

async function failureOf(
  connector: AnyConnector,
  listing: ConnectorCase,
  pages: ReadonlyMap<string, FakePage>,
  what = 'this listing',
): Promise<SourceError> {
  const { items, http } = readCase(connector, listing, { pages, pieceSize: 64 });
  try {
    await allOf(items);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    expect(error.publicMessage, what).to.not.equal('');
    expect(http.openBodies(), `responses left open by ${what}`).to.equal(0);
    return error;
  }
  throw new Error(`${what} was read to its end`);
}

function idsOf(items: readonly SourceItem<unknown>[]): string[] {
  return items.flatMap((item) => (item.kind === 'record' ? [item.remoteId] : []));
}

function lengthWithoutTrailingSpace(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte > 0x20) + 1;
}

function hasEncodingCase(fixtures: URL): boolean {
  return existsSync(new URL('hostile/encoding.case.json', fixtures));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

const connect = Socket.prototype.connect;

/** Any way out (fetch, axios, node:http) ends in this call. */
function forbidNetwork(): void {
  Socket.prototype.connect = () => {
    throw new Error('a connector opened a connection by itself');
  };
}

function allowNetwork(): void {
  Socket.prototype.connect = connect;
}
