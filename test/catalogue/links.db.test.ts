import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import request from 'supertest';
import { type CourseLink, linkAfter, unasked } from '../../src/catalogue/model/link.ts';
import { type LinkStore, makeLinkStore } from '../../src/catalogue/store/links.ts';
import { type LinkCheckDependencies, makeLinkCheck } from '../../src/catalogue/use-cases/links.ts';
import { startDemoServer } from '../../src/demo/server.ts';
import { demoPages } from '../../src/demo/sources.ts';
import { makeSourceHttp } from '../../src/platform/http.ts';
import { makeRobots } from '../../src/platform/robots.ts';
import { csvRow } from '../../src/platform/write-csv.ts';
import { makeDeadLinks } from '../../src/providers/use-cases/dead-links.ts';
import { deadLinkRow } from '../../src/providers/view-models/dead-links.ts';
import type { Actor } from '../../src/rights.ts';
import { aCourse } from '../builders/course.ts';
import { aSite } from '../builders/site.ts';
import { aProviderSource } from '../builders/sources.ts';
import { end, makeWorld, record, removedItem, type World } from '../support/harvest-world.ts';
import { type Listening, listening } from '../support/listen.ts';

const day = 86_400_000;
const at = (days: number) => new Date(Date.UTC(2026, 10, 1) + days * day);

describe('when a link is dead (O17)', () => {
  const gone = { answer: 'gone', status: 404 } as const;
  const alive = { answer: 'alive', status: 200 } as const;
  const unknown = { answer: 'unknown', status: 500 } as const;

  it('twice 404, a week apart: dead since the first; once, or twice in six days, is not', () => {
    const first = linkAfter(unasked, gone, at(0));
    expect([first.goneSince, first.deadSince]).to.deep.equal([at(0), null]);
    expect(linkAfter(first, gone, at(6.99)).deadSince).to.equal(null);
    expect(linkAfter(first, gone, at(7)).deadSince).to.deep.equal(at(0));
    expect(linkAfter(linkAfter(first, gone, at(3)), gone, at(9)).deadSince).to.deep.equal(at(0));
  });

  it('a living answer clears it; an unknown one neither makes it dead nor clears it', () => {
    const dead = linkAfter(linkAfter(unasked, gone, at(0)), gone, at(7));
    expect(linkAfter(dead, alive, at(14))).to.deep.include({ goneSince: null, deadSince: null });
    expect(linkAfter(dead, unknown, at(14)).deadSince).to.deep.equal(at(0));
    let state = linkAfter(unasked, unknown, at(0));
    for (const days of [7, 14, 21]) state = linkAfter(state, unknown, at(days));
    expect(state).to.deep.include({ goneSince: null, deadSince: null });
    const between = linkAfter(linkAfter(linkAfter(unasked, gone, at(0)), unknown, at(7)), gone, at(14));
    expect(between.deadSince, 'a bad week in between proves nothing').to.deep.equal(at(0));
    const back = linkAfter(linkAfter(linkAfter(unasked, gone, at(0)), alive, at(7)), gone, at(14));
    expect(back.deadSince, 'it lived in between').to.equal(null);
  });
});

describe('the check of links (O17)', function () {
  this.timeout(60_000);
  let world: World;
  let links: LinkStore;
  let partner: Listening;
  let origin: string;
  let answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void>;
  let asked: string[];
  let together: number;
  let slept: number[];

  before(async () => {
    world = await makeWorld();
    links = makeLinkStore(world.database.connection);
    await links.ensureIndexes();
    let open = 0;
    partner = await listening((asking, response) => {
      asked.push(`${asking.method} ${asking.url}`);
      open += 1;
      together = Math.max(together, open);
      response.once('close', () => {
        open -= 1;
      });
      const answer = answers[asking.url ?? ''] ?? answers['*'];
      if (answer === undefined) response.writeHead(200).end('ok');
      else answer(asking, response);
    });
    origin = partner.origin;
  });
  after(async () => {
    partner.close();
    await world.close();
  });
  beforeEach(async () => {
    await world.empty();
    await world.database.connection.collection('course_links').deleteMany({});
    answers = { '/robots.txt': status(404) };
    [asked, together, slept] = [[], 0, []];
  });

  const status = (code: number) => (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(code).end();
  };
  const byMethod = (head: number, get: number) => (asking: IncomingMessage, response: ServerResponse) => {
    response.writeHead(asking.method === 'HEAD' ? head : get).end(asking.method === 'HEAD' ? undefined : 'page');
  };

  /** Every school of the test answers on the local server: its own address is asked nowhere. */
  function check(change: Partial<LinkCheckDependencies> = {}, signal?: AbortSignal) {
    const userAgent = 'EcoleNumeriqueAuCarre/test';
    return makeLinkCheck({
      links,
      wayTo: (stop) => {
        const http = makeSourceHttp({
          ...{ userAgent, allowedOrigins: [origin], minDelayMs: 0, tries: 1, limits: { timeoutMs: 250, seconds: 3 } },
          ...(stop === undefined ? {} : { signal: stop }),
        });
        const robots = makeRobots({ http, userAgent, clock: () => world.now().getTime() });
        return (link) => ({ url: `${origin}${new URL(link.url).pathname}`, http, robots });
      },
      ...{ perNight: 1_000, pauseSeconds: 0, nightSeconds: 9_000, now: world.now },
      sleep: async (ms) => {
        slept.push(ms);
      },
      ...change,
    }).check(signal);
  }
  const offer = (...names: readonly string[]) =>
    world.run([
      ...names.map((name) => record(name, { title: `Cours ${name}`, url: `https://ecole.example/${name}` })),
      end(),
    ]);
  const deadOf = async (name: string) => {
    const { id, draft } = await world.course(name);
    return links.deadSince(id, draft.url);
  };
  const pages = () => asked.filter((one) => !one.endsWith('/robots.txt'));

  it('O17 only 404 and 410 twice, a week apart, are dead; nothing is withdrawn; 200 clears it', async () => {
    answers = {
      ...answers,
      '/absent': status(404),
      '/parti': status(410),
      '/erreur': status(500),
      '/panne': status(503),
      '/interdit': status(403),
      '/sans-head': byMethod(405, 200),
      '/head-menteur': byMethod(404, 200),
      '/get-absent': byMethod(501, 404),
      '/muet': () => {},
      '/coupe': (_request, response) => response.destroy(),
      '/dedans': (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/x' }).end(),
      '/boucle': (_request, response) => response.writeHead(302, { location: '/boucle' }).end(),
      '/ailleurs': (_request, response) => response.writeHead(301, { location: '/bon' }).end(),
    };
    const names = Object.keys(answers).flatMap((path) => (path === '/robots.txt' ? [] : [path.slice(1)]));
    // Each at a school of its own: one that is silent or busy costs the others nothing.
    const all = ['bon', ...names].map((name) =>
      record(name, { title: `Cours ${name}`, url: `https://${name}.example/${name}` }),
    );
    await world.run([...all, end()]);
    const before = await world.catalogue();
    const night = { alive: 4, gone: 3, forbidden: 0, dead: 0 };
    expect(await check()).to.deep.include(night);
    expect(
      (await Promise.all(names.map(deadOf))).every((date) => date === null),
      'one night proves nothing',
    ).to.equal(true);
    world.pass(6);
    asked = [];
    await check();
    expect(
      pages().filter((one) => one.endsWith('/absent')),
      'not asked again before a week',
    ).to.deep.equal([]);
    world.pass(1.1);
    expect(await check()).to.deep.include({ ...night, dead: 3 });
    const found = await Promise.all(
      names.map(async (name) => [name, (await deadOf(name))?.toISOString().slice(0, 10)]),
    );
    expect(Object.fromEntries(found.filter(([, date]) => date !== undefined))).to.deep.equal({
      absent: '2026-11-22',
      parti: '2026-11-22',
      'get-absent': '2026-11-22',
    });
    expect(await world.catalogue()).to.deep.equal(before);

    answers['/absent'] = status(200);
    answers['/parti'] = status(500);
    world.pass(7.1);
    await check();
    expect(await deadOf('absent')).to.equal(null);
    expect(await deadOf('parti'), 'a fault clears nothing').to.not.equal(null);
  });

  it('HEAD is enough where it is answered, GET is asked where it is refused, and its body is not read', async () => {
    let sent = 0;
    answers['/flot'] = (asking, response) => {
      if (asking.method === 'HEAD') return response.writeHead(405).end();
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return response.once('drain', more);
        }
      };
      more();
    };
    answers['/enorme'] = (_request, response) => response.writeHead(200, { 'content-length': '9000000000' }).end();
    await offer('bon', 'flot', 'enorme');
    expect(await check()).to.deep.include({ alive: 3, gone: 0, unknown: 0 });
    expect(pages().sort()).to.deep.equal(['GET /flot', 'HEAD /bon', 'HEAD /enorme', 'HEAD /flot']);
    expect(sent).to.be.below(10_000_000);
  });

  it('one request at a time per host, and the pause that its robots.txt asks for', async () => {
    answers['/robots.txt'] = (_request, response) => response.writeHead(200).end('User-agent: *\nCrawl-delay: 4\n');
    answers['*'] = (_request, response) => setTimeout(() => response.writeHead(200).end(), 10);
    await offer('a', 'b', 'c', 'd', 'e');
    expect((await check()).alive).to.equal(5);
    expect(together).to.equal(1);
    expect(slept).to.deep.equal([4_000, 4_000, 4_000, 4_000]);
  });

  it('what robots.txt forbids is not asked; a robots.txt that cannot be read forbids all', async () => {
    answers['/robots.txt'] = (_request, response) => response.writeHead(200).end('User-agent: *\nDisallow: /prive\n');
    answers['/prive-1'] = status(404);
    await offer('prive-1', 'public');
    expect(await check()).to.deep.include({ asked: 1, forbidden: 1 });
    expect(pages()).to.deep.equal(['HEAD /public']);
    answers['/robots.txt'] = status(503);
    world.pass(7.1);
    asked = [];
    expect(await check()).to.deep.include({ asked: 0, forbidden: 2 });
    expect(pages()).to.deep.equal([]);
    expect(await deadOf('prive-1')).to.equal(null);
  });

  it('a host that asks for an hour between two requests is asked once a night, each of its pages in turn', async () => {
    answers['/robots.txt'] = (_request, response) => response.writeHead(200).end('User-agent: *\nCrawl-delay: 3600\n');
    await offer('a', 'b', 'c');
    for (let night = 0; night < 3; night += 1) {
      expect(await check(), `night ${night}`).to.deep.include({ asked: 1, putOff: 2 - night });
      world.pass(1.01);
    }
    expect(pages().sort()).to.deep.equal(['HEAD /a', 'HEAD /b', 'HEAD /c']);
  });

  it('a night ends: those that were not reached keep their turn, and are the first of the next one', async () => {
    answers['/robots.txt'] = (_request, response) => response.writeHead(200).end('User-agent: *\nCrawl-delay: 600\n');
    await offer('a', 'b', 'c', 'd', 'e', 'f');
    const passing = {
      nightSeconds: 1_500,
      sleep: async (ms: number) => world.pass(ms / day),
    };
    expect(await check(passing)).to.deep.include({ asked: 3, putOff: 0 });
    expect(await check(passing)).to.deep.include({ asked: 3, putOff: 0 });
    expect(new Set(pages()).size).to.equal(6);
  });

  it('a bounded number each night, the longest unasked first, none twice in a week', async () => {
    await offer('a', 'b', 'c', 'd', 'e', 'f', 'g');
    for (const expected of [3, 3, 1, 0]) {
      expect((await check({ perNight: 3 })).asked).to.equal(expected);
      world.pass(1);
    }
    expect(new Set(pages()).size).to.equal(7);
    expect(pages()).to.have.length(7);
    asked = [];
    world.pass(3.1);
    await check({ perNight: 3 });
    expect(pages(), 'the first ones of last week').to.have.length(3);
    expect((await check({ perNight: 0 })).asked).to.equal(0);
  });

  it('goes on where it was stopped: what was asked is kept, nothing is asked twice', async () => {
    await offer('a', 'b', 'c', 'd');
    const stop = new AbortController();
    answers['*'] = (_request, response) => {
      response.writeHead(200).end();
      if (pages().length === 2) stop.abort(new Error('arrêt du serveur'));
    };
    const stopped = await check({}, stop.signal).then(
      () => null,
      (error: Error) => error.message,
    );
    expect(stopped).to.equal('arrêt du serveur');
    const first = pages();
    delete answers['*'];
    asked = [];
    await check();
    expect(pages().length).to.be.within(2, 3);
    expect(new Set([...first, ...pages()]).size).to.equal(4);
  });

  it('a host that is silent three times, or says that it is busy, is left until tomorrow', async () => {
    answers['*'] = (_request, response) => response.destroy();
    await offer('a', 'b', 'c', 'd', 'e');
    expect(await check()).to.deep.include({ asked: 3, unknown: 3, putOff: 2 });
    delete answers['*'];
    asked = [];
    world.pass(1.01);
    expect(await check(), 'the two others, tomorrow').to.deep.include({ asked: 2, alive: 2 });
    world.pass(7);
    answers['*'] = status(429);
    expect(await check()).to.deep.include({ asked: 0, putOff: 5 });
  });

  it('follows the courses: another address begins anew, a withdrawn course has no mark', async () => {
    answers['/a'] = status(404);
    answers['/b'] = status(404);
    await offer('a', 'b');
    await check();
    world.pass(7.1);
    await check();
    expect(await deadOf('a')).to.not.equal(null);
    const { id } = await world.course('a');
    await world.run([
      record('a', { title: 'Cours a', url: 'https://ecole.example/nouveau' }),
      removedItem('b'),
      end({ deletions: 'explicit' }),
    ]);
    expect(await links.deadSince(id, 'https://ecole.example/nouveau'), 'before the next night').to.equal(null);
    await check();
    expect(await deadOf('a')).to.equal(null);
    const marks = await world.database.connection.collection<{ _id: string }>('course_links').find({}).toArray();
    expect(marks.map(({ _id }) => _id)).to.include(id);
    expect(await links.countDead('partenaire')).to.equal((await world.course('b')).state === 'withdrawn' ? 0 : 1);
  });

  describe('is told', () => {
    const operator: Actor = { accountId: 'op', roles: ['learner', 'operator'], memberships: [], strong: true };

    it('on the page of the course, as long as it lasts', async () => {
      const course = aCourse({});
      const dead = await aSite({
        courses: [course],
        deadLinks: new Map([[course.id, new Date('2026-11-08T05:00:00Z')]]),
      });
      const page = (await request(dead).get(`/cours/${course.slug}`).expect(200)).text.replaceAll('\u00a0', ' ');
      expect(page).to.include('Le lien vers l&#x27;organisme ne répond plus depuis le 8 novembre 2026.');
      const well = await aSite({ courses: [course] });
      expect((await request(well).get(`/cours/${course.slug}`)).text).to.not.include('ne répond plus depuis');
    });

    it('to the people of the source and to the operator, with a list that no spreadsheet computes', async () => {
      answers['/a'] = status(404);
      await world.run([
        record('a', { title: '=HYPERLINK("x")', url: 'https://ecole.example/a' }),
        record('b', { url: 'https://ecole.example/b' }),
        end(),
      ]);
      await check();
      world.pass(7.1);
      await check();
      const source = { ...aProviderSource({ id: 'partenaire', organisationId: 'ecole', at: at(0) }) };
      const deadLinks = makeDeadLinks({
        ...{ links, courses: world.courses },
        sources: { byId: async (id) => (id === source.id ? source : null) },
      });
      const page = await deadLinks.page(operator, 'partenaire', null);
      expect([page.total, page.links.map(({ url, status: code }) => [url, code])]).to.deep.equal([
        1,
        [['https://ecole.example/a', 404]],
      ]);
      const member = (organisationId: string): Actor => ({
        ...{ accountId: 'm', roles: ['learner', 'provider-member'], strong: false },
        memberships: [{ organisationId, kind: 'provider', owner: false, active: true }],
      });
      expect((await deadLinks.page(member('ecole'), 'partenaire', null)).reader).to.equal('organisation');
      const refused = await deadLinks.page(member('autre'), 'partenaire', null).catch((error) => error.kind);
      expect(refused).to.equal('not-found');
      const rows: string[] = [];
      for await (const list of await deadLinks.every(operator, 'partenaire')) {
        rows.push(...list.map((link) => csvRow(deadLinkRow(link, 'https://site.example'))));
      }
      expect(rows).to.have.length(1);
      expect(rows[0]).to.match(/^"'=HYPERLINK\(""x""\)";https:\/\/ecole\.example\/a;2026-11-22T/);
    });
  });

  it('in the demonstration, the pages of invented schools answer, but some that are gone', async () => {
    const demo = await startDemoServer({ now: () => new Date('2026-11-25T10:00:00Z') });
    try {
      const pageOf = demoPages(demo.origin);
      expect(pageOf('https://ailleurs.example/x')).to.equal('https://ailleurs.example/x');
      const userAgent = 'test/1';
      const http = makeSourceHttp({ userAgent, allowedOrigins: [demo.origin], minDelayMs: 0, tries: 1 });
      const robots = makeRobots({ http, userAgent, clock: Date.now });
      await world.run([
        ...['html-0', 'css-0', 'inconnu'].map((id) =>
          record(id, { title: `Cours ${id}`, url: `https://atelier-ligne-claire.example/cours/${id}` }),
        ),
        end(),
      ]);
      const report = await check({
        wayTo: () => (link: CourseLink) => ({ url: pageOf(link.url), http, robots }),
      });
      expect(report).to.deep.include({ asked: 3, unknown: 0 });
      expect(report.gone).to.be.at.least(1);
    } finally {
      await demo.close();
    }
  });
});
