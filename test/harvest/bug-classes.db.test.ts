/** Bug classes of harvesting (product.md 6) from the wire to the page: real connectors, guarded fetch and pipeline; a server that lies. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import request from 'supertest';
import type { AnyConnector } from '../../src/harvest/connector.ts';
import { discoverConnectors } from '../../src/harvest/discover.ts';
import type { HarvestRun } from '../../src/harvest/model.ts';
import { type GuardedHttpOptions, makeSourceHttp } from '../../src/platform/http.ts';
import { aSite } from '../builders/site.ts';
import { aSource, makeWorld, type World } from '../support/harvest-world.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

describe('bug classes of harvesting', function () {
  this.timeout(60_000);
  let world: World;
  let connectors: ReadonlyMap<string, AnyConnector>;
  let server: Server;
  let origin: string;
  let answers: Record<string, Answer>;
  let inner: Server;
  let innerOrigin: string;
  let innerConnections: number;

  async function listening(answer: Answer): Promise<Server> {
    const made = createServer(answer).listen(0, '127.0.0.1');
    await once(made, 'listening');
    return made;
  }
  const originOf = (of: Server) => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

  before(async () => {
    world = await makeWorld();
    connectors = await discoverConnectors();
    server = await listening((asked, response) => {
      const answer = answers[asked.url ?? ''];
      if (answer === undefined) response.writeHead(404).end();
      else answer(asked, response);
    });
    inner = await listening((_asked, response) => response.end('un secret du réseau'));
    inner.on('connection', () => {
      innerConnections += 1;
    });
    [origin, innerOrigin] = [originOf(server), originOf(inner)];
  });
  after(async () => {
    for (const one of [server, inner]) {
      one.close();
      one.closeAllConnections();
    }
    await world.close();
  });
  beforeEach(async () => {
    await world.empty();
    [answers, innerConnections] = [{}, 0];
  });

  async function run(format: string, url: string, change: Partial<GuardedHttpOptions> = {}): Promise<HarvestRun> {
    const connector = connectors.get(format);
    if (connector === undefined) throw new Error(`no connector ${format}`);
    const http = { userAgent: 'test/1', allowedOrigins: [origin], minDelayMs: 0, tries: 1, ...change };
    return world.run([], {
      source: aSource({ connector: format, config: { url } }),
      connector,
      openHttp: (_source, signal) => makeSourceHttp({ ...http, signal }),
    });
  }
  const json =
    (value: unknown): Answer =>
    (_asked, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const course = (id: string, attributes: Record<string, unknown> = {}) => ({
    id,
    type: 'courses',
    attributes: {
      name: `Cours numérique ${id}`,
      courseMode: 'MOOC',
      languages: ['fr'],
      moocProvider: { name: 'École du Faire', url: 'https://ecole.example/' },
      url: `https://ecole.example/cours/${id}`,
      ...attributes,
    },
  });
  const courses = (...ids: readonly string[]) => ids.map((id) => course(id));
  const states = async () =>
    Object.fromEntries((await world.catalogue()).map(({ remoteId, state }) => [remoteId, state]));
  const six = ['a', 'b', 'c', 'd', 'e', 'f'];
  const twelve = [...six, ...['g', 'h', 'i', 'j', 'k', 'l']];

  it('B1 an empty body or a login page in place of the catalogue is failed, a well-formed empty list is held', async () => {
    answers['/flux'] = json({ data: courses(...six) });
    await run('moochub', `${origin}/flux`);
    const html = '<!doctype html><html><title>Connexion</title><form>Votre mot de passe</form></html>';
    const bodies: readonly (readonly [string, string])[] = [
      ['', 'application/json'],
      ['   \n', 'application/json'],
      [html, 'text/html'],
      [html, 'application/json'],
      ['null', 'application/json'],
      ['{"errors":[{"title":"Unauthorized"}]}', 'application/json'],
    ];
    for (const [body, type] of bodies) {
      answers['/flux'] = (_asked, response) => response.writeHead(200, { 'content-type': type }).end(body);
      const found = await run('moochub', `${origin}/flux`);
      expect([found.status, found.counters.missing, found.counters.withdrawn], body).to.deep.equal(['failed', 0, 0]);
    }
    answers['/flux'] = json({ data: [] });
    expect((await run('moochub', `${origin}/flux`)).status).to.equal('held');
    expect(await states()).to.deep.equal(Object.fromEntries(six.map((id) => [id, 'published'])));
  });

  describe('B14 paging that does not end', () => {
    const page = (ids: readonly string[], next: string | null): Answer =>
      json({ links: next === null ? {} : { next }, data: courses(...ids) });
    const loops: Readonly<Record<string, { next: () => string; cause: RegExp }>> = {
      'to itself': { next: () => '/page2', cause: /tourne en rond/ },
      'back to the first page': { next: () => '/page1', cause: /tourne en rond/ },
      'to another host': { next: () => `${innerOrigin}/page3`, cause: /autre site/ },
      'to what is no address': { next: () => 'http://[', cause: /illisible/ },
    };
    for (const [where, { next, cause }] of Object.entries(loops)) {
      it(`B14 a next page that leads ${where} stops the run: incomplete, its cause said, nothing absent`, async () => {
        answers = { '/page1': page(six, '/page2'), '/page2': page(twelve.slice(6), null) };
        expect((await run('moochub', `${origin}/page1`)).status).to.equal('done');
        answers['/page2'] = page(['g'], next());
        const looping = await run('moochub', `${origin}/page1`);
        expect(looping.status).to.equal('incomplete');
        expect(looping.fault?.message).to.match(cause);
        expect(new Set(Object.values(await states()))).to.deep.equal(new Set(['published']));
        expect(innerConnections).to.equal(0);
      });
    }

    it('B14 new addresses for ever with the same records, or with none, stop too', async () => {
      let asked = 0;
      const endless =
        (ids: readonly string[]): Answer =>
        (one, response) => {
          asked += 1;
          const next = `/sans-fin?${asked}`;
          answers[next] = endless(ids);
          page(ids, next)(one, response);
        };
      answers['/sans-fin'] = endless(six);
      expect((await run('moochub', `${origin}/sans-fin`)).fault?.message).to.match(/aucune fiche nouvelle/);
      answers['/vide'] = endless([]);
      expect((await run('moochub', `${origin}/vide`)).fault?.message).to.match(/aucune fiche nouvelle/);
      expect(asked).to.be.below(6);
    });
  });

  describe('B15 letters and ends', () => {
    const fixture = readFileSync(new URL('../../connectors/lheo/fixtures/latin1.xml', import.meta.url), 'latin1');
    const close = '</l:formation>';
    const from = fixture.indexOf('<l:formation ');
    const formation = fixture.slice(from, fixture.indexOf(close) + close.length);
    const [head, tail] = [fixture.slice(0, from), fixture.slice(fixture.lastIndexOf(close) + close.length)];
    const title = (at: number) => `Élève à l'école ${at} : bureautique`;
    const offer = (at: number) =>
      formation
        .replaceAll('numero="77"', `numero="${at}"`)
        .replace('Bureautique : premiers pas', title(at))
        .replace('bureautique.htm', `bureautique-${at}.htm`);
    const offers = (count: number) => Array.from({ length: count }, (_, at) => offer(at)).join('\n');
    const documentOf = (count: number, encoding: string) =>
      (head + offers(count) + tail).replace('encoding="ISO-8859-1"', `encoding="${encoding}"`);
    const titles = async () => (await world.catalogue()).map((one) => one.title).sort();
    const expected = (count: number) => Array.from({ length: count }, (_, at) => title(at)).sort();
    const served =
      (bytes: Buffer, type = 'text/xml'): Answer =>
      (_asked, response) =>
        response.writeHead(200, { 'content-type': type }).end(bytes);

    const encodings: readonly (readonly [string, string, (text: string) => Buffer])[] = [
      ['ISO-8859-1', 'ISO-8859-1', (text) => Buffer.from(text, 'latin1')],
      ['Windows-1252', 'windows-1252', (text) => Buffer.from(text, 'latin1')],
      ['UTF-8', 'UTF-8', (text) => Buffer.from(text, 'utf8')],
      ['UTF-8 with a mark', 'UTF-8', (text) => Buffer.from(`\ufeff${text}`, 'utf8')],
    ];
    for (const [name, declared, encode] of encodings) {
      it(`B15 ${name}: every letter is intact, also cut inside an accent, whatever the header says`, async () => {
        const bytes = encode(documentOf(3, declared));
        answers['/flux'] = (_asked, response) => {
          response.writeHead(200, { 'content-type': 'text/xml; charset=iso-8859-15' });
          // Each piece ends in the middle of whatever is there: of the two bytes of an accent too.
          const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) =>
            bytes.subarray(at * 7, at * 7 + 7),
          );
          const next = () => {
            const piece = pieces.shift();
            if (piece === undefined) response.end();
            else response.write(piece, next);
          };
          next();
        };
        const found = await run('lheo', `${origin}/flux`);
        expect([found.status, await titles()]).to.deep.equal(['done', expected(3)]);
      });
    }

    it('B15 a document in another encoding than it says is refused in words, and nothing is changed', async () => {
      answers['/flux'] = served(Buffer.from(documentOf(3, 'UTF-8'), 'latin1'));
      const lying = await run('lheo', `${origin}/flux`);
      expect(lying.status).to.equal('failed');
      expect(lying.fault?.message).to.match(/Des caractères sont illisibles ; le fichier annonce UTF-8/);
      expect(lying.fault?.code).to.equal('E_ENCODAGE');
      expect(await titles()).to.deep.equal([]);
      answers['/flux'] = served(Buffer.from(documentOf(3, 'ISO-8859-1'), 'utf8'));
      expect((await run('lheo', `${origin}/flux`)).status).to.equal('failed');
      expect(await titles(), 'no « Ã© » in a title').to.deep.equal([]);
    });

    it('B15 a cut document is failed before the first batch and incomplete after it; nothing is absent', async () => {
      const whole = Buffer.from(documentOf(14, 'UTF-8'), 'utf8');
      answers['/flux'] = served(whole);
      expect((await run('lheo', `${origin}/flux`)).status).to.equal('done');
      const cutAfter = (records: number) => {
        const at = whole.indexOf(`numero="${records}"`) + 40;
        answers['/flux'] = served(whole.subarray(0, at));
      };
      cutAfter(2);
      const early = await run('lheo', `${origin}/flux`);
      expect([early.status, early.counters.received]).to.deep.equal(['failed', 0]);
      cutAfter(12);
      const late = await run('lheo', `${origin}/flux`);
      expect(late.status).to.equal('incomplete');
      expect(late.counters.received).to.be.greaterThan(4);
      expect(await titles()).to.deep.equal(expected(14));
      expect(new Set(Object.values(await states()))).to.deep.equal(new Set(['published']));
    });
  });

  /** The page of each course, by its identifier. */
  async function pages(): Promise<Record<string, string>> {
    const all = await world.courses.bySource('partenaire', { limit: 100 });
    const site = await aSite({ courses: all, now: () => world.now() });
    const read = all.map(async (one) => {
      const { text } = await request(site).get(`/cours/${one.slug}`).expect(200);
      return [one.remoteId, text] as const;
    });
    return Object.fromEntries(await Promise.all(read));
  }

  it('B17 empty, half-dated sessions and years 0000, 1999-11-30 and 9999 are unknown or open, never printed', async () => {
    const dates: Readonly<Record<string, Record<string, unknown>>> = {
      empty: { startDate: [], endDate: [] },
      nothing: { startDate: null, endDate: null },
      'start-only': { startDate: ['2027-01-11T08:00:00Z'], endDate: [] },
      'end-only': { startDate: [], endDate: ['2027-02-11T08:00:00Z'] },
      'year-0': { startDate: ['0000-00-00T00:00:00Z'], endDate: ['2027-02-11T08:00:00Z'] },
      'minus-one': { startDate: ['1999-11-30T00:00:00Z'], endDate: ['9999-12-31T23:59:59Z'] },
      'no-end': { startDate: ['2026-01-05T08:00:00Z'], endDate: ['9999-12-31T00:00:00Z'] },
    };
    answers['/flux'] = json({ data: Object.entries(dates).map(([id, attributes]) => course(id, attributes)) });
    const found = await run('moochub', `${origin}/flux`);
    expect(found.counters.received).to.equal(Object.keys(dates).length);
    const printed = await pages();
    for (const [id, page] of Object.entries(printed)) {
      const text = page.replace(/<[^>]+>/g, ' ');
      expect(text, id).to.not.match(/\b(9999|0000|1999|1899|30\/11\/1999|31\/12\/9999)\b/);
      expect(text, id).to.not.match(/Invalid|NaN|undefined|null/);
    }
    const shown = (id: string) => (printed[id] ?? '').replace(/<[^>]+>/g, ' ').replaceAll('\u00a0', ' ');
    expect(Object.keys(printed), 'readable ones are published').to.include.members(['empty', 'start-only', 'no-end']);
    expect(shown('start-only')).to.include('11/01/2027');
    expect(shown('empty')).to.include('Aucune date annoncée');
  });

  it('B19 script, entities and odd addresses of a partner are inert; E_URL_REFUSEE for an address that is none', async () => {
    const script = '<script>document.title="pris"</script>';
    const entities = '&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt;img src=x onerror=alert(2)&amp;gt;';
    answers['/flux'] = json({
      data: [
        course('titre', { name: `Cours ${script}numérique <img src=x onerror=alert(3)>` }),
        course('texte', {
          description: `<p onclick="alert(4)">Bien</p>${script}<iframe src="https://mal.example/"></iframe><a href="javascript:alert(5)">là</a><svg onload=alert(6)>${entities}`,
        }),
        course('ecole', { moocProvider: { name: `École ${script}`, url: 'javascript:alert(7)' } }),
        course('adresse', { url: 'javascript:alert(8)' }),
        course('donnees', { url: 'data:text/html,<script>alert(9)</script>' }),
        course('bon'),
      ],
    });
    const found = await run('moochub', `${origin}/flux`);
    const refused = (await world.store.records.problems('partenaire')).records;
    const codes = Object.fromEntries(
      refused.map(({ remoteId, problems }) => [remoteId, problems.map(({ code }) => code)]),
    );
    expect(codes.adresse).to.deep.equal(['E_URL_REFUSEE']);
    expect(codes.donnees).to.deep.equal(['E_URL_REFUSEE']);
    expect(found.counters.created).to.be.at.least(3);
    for (const [id, page] of Object.entries(await pages())) {
      expect(page, id).to.not.match(/<script(?! type="application\/ld\+json")/i);
      expect(page, id).to.not.match(/<(iframe|svg onload|img src=.?x)/i);
      expect(page, id).to.not.match(/<[^>]+\son\w+\s*=/i);
      expect(page, id).to.not.match(/href="\s*(javascript|data):/i);
    }
  });

  describe('the end that a source announces (Sunset)', () => {
    const ending =
      (sunset: string | undefined, next: string | null): Answer =>
      (_asked, response) => {
        const headers = { 'content-type': 'application/json', ...(sunset === undefined ? {} : { sunset }) };
        const body = { links: next === null ? {} : { next }, data: courses(next === null ? 'b' : 'a') };
        response.writeHead(200, headers).end(JSON.stringify(body));
      };
    const told = async (first: string | undefined, second: string | undefined) => {
      answers = { '/flux': ending(first, '/page2'), '/page2': ending(second, null) };
      const { status, sunset } = await run('moochub', `${origin}/flux`);
      expect(status).to.equal('done');
      return sunset?.toISOString().slice(0, 10) ?? null;
    };

    it('is kept with the run: the earliest of its answers, and nothing when none says any', async () => {
      const march = 'Mon, 01 Mar 2027 00:00:00 GMT';
      expect(await told(undefined, march)).to.equal('2027-03-01');
      expect(await told('Thu, 01 Apr 2027 00:00:00 GMT', march)).to.equal('2027-03-01');
      expect(await told(undefined, undefined)).to.equal(null);
      const [last] = await world.store.runs.bySource('partenaire', 1);
      expect(last?.sunset).to.equal(null);
    });

    for (const odd of ['bientot', '', 'Fri, 31 Dec 9999 23:59:59 GMT', '0', '-1', '@1798761600']) {
      it(`« ${odd} » announces nothing`, async () => {
        expect(await told(odd, undefined)).to.equal(null);
      });
    }
  });

  describe('B20 addresses of the private network', () => {
    const publicName = 'http://ecole.test-public.example/flux';
    const refusedAtOnce = async (url: string, change: Partial<GuardedHttpOptions> = {}) => {
      const found = await run('moochub', url, change);
      expect([found.status, found.fault?.kind, found.counters.received]).to.deep.equal(['failed', 'refused', 0]);
      expect(found.fault?.message).to.match(/^Adresse refusée/);
      expect(innerConnections, 'not one byte was asked').to.equal(0);
    };

    it('B20 directly, in any spelling', async () => {
      const { port } = new URL(innerOrigin);
      for (const host of [
        '127.0.0.1',
        '2130706433',
        '0x7f.1',
        '0177.0.0.1',
        '[::1]',
        '[::ffff:127.0.0.1]',
        'localhost',
      ]) {
        await refusedAtOnce(`http://${host}:${port}/flux`);
      }
      await refusedAtOnce('http://169.254.169.254/latest/meta-data/');
      await refusedAtOnce('http://10.0.0.1/');
    });

    it('B20 by a redirect, whatever the code', async () => {
      for (const code of [301, 302, 303, 307, 308]) {
        answers['/flux'] = (_asked, response) => response.writeHead(code, { location: `${innerOrigin}/flux` }).end();
        await refusedAtOnce(`${origin}/flux`);
      }
    });

    it('B20 by a name that answers another address at the second question', async () => {
      let asked = 0;
      const resolve: GuardedHttpOptions['resolve'] = async () => {
        asked += 1;
        return [{ address: asked === 1 ? '93.184.216.34' : '127.0.0.1', family: 4 }];
      };
      await resolve('');
      await refusedAtOnce(publicName, { resolve });
      await refusedAtOnce(publicName, {
        resolve: async () => [
          { address: '93.184.216.34', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ],
      });
    });
  });
});
