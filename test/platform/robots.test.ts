/** robots.txt as RFC 9309 asks, against a server that lies, hangs, floods and leads inward. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { makeSourceHttp } from '../../src/platform/http.ts';
import { makeRobots, type Robots, robotsBytes } from '../../src/platform/robots.ts';

const userAgent = 'EcoleNumeriqueAuCarre/0.1.0 (+https://ecole.example/)';

describe('robots.txt', () => {
  let server: Server;
  let origin: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let asked: string[];
  let time: number;

  before(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    asked = [];
    time = 0;
  });

  const made = (): Robots =>
    makeRobots({
      http: makeSourceHttp({
        ...{ userAgent, allowedOrigins: [origin], minDelayMs: 0, tries: 1 },
        limits: { timeoutMs: 300, seconds: 2 },
      }),
      userAgent,
      clock: () => time,
    });
  const says = (text: string | Buffer, status = 200, headers: Record<string, string> = {}) => {
    answer = (_request, response) => response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
  };
  const ask = (path: string, robots = made()) => robots.ask(`${origin}${path}`);

  it('the rules of our name win over those of everybody, and the longest rule wins', async () => {
    says(
      'User-agent: *\nDisallow: /\n\nUser-agent: ecolenumeriqueaucarre\nDisallow: /prive\nAllow: /prive/ouvert\nCrawl-delay: 7\n',
    );
    expect(await ask('/cours/1')).to.deep.equal({ allowed: true, why: 'rules', delay: 7 });
    expect((await ask('/prive/1')).allowed).to.equal(false);
    expect((await ask('/prive/ouvert/1')).allowed).to.equal(true);
    says('User-agent: autre\nDisallow: /\n');
    expect(await ask('/cours/1')).to.deep.equal({ allowed: true, why: 'rules', delay: null });
  });

  it('the query counts, wildcards and ends too', async () => {
    says('\ufeffUser-agent: *\nDisallow: /*?session=\nDisallow: /*.pdf$\n');
    expect((await ask('/cours?session=1')).allowed).to.equal(false);
    expect((await ask('/cours?page=1')).allowed).to.equal(true);
    expect((await ask('/a.pdf')).allowed).to.equal(false);
    expect((await ask('/a.pdf.html')).allowed).to.equal(true);
  });

  it('is asked once a day per origin, also by many at once', async () => {
    says('User-agent: *\nDisallow: /prive\n');
    const robots = made();
    await Promise.all([ask('/a', robots), ask('/b', robots), ask('/prive', robots)]);
    expect(asked).to.deep.equal(['GET /robots.txt']);
    time = 23 * 3_600_000;
    await ask('/c', robots);
    expect(asked).to.have.length(1);
    time = 24 * 3_600_000;
    says('User-agent: *\nDisallow: /c\n');
    expect((await ask('/c', robots)).allowed).to.equal(false);
    expect(asked).to.have.length(2);
  });

  for (const status of [400, 401, 403, 404, 410, 451]) {
    it(`${status}: there is no such file for us, everything is allowed`, async () => {
      says('User-agent: *\nDisallow: /\n', status);
      expect(await ask('/cours/1')).to.deep.equal({ allowed: true, why: 'absent', delay: null });
    });
  }

  for (const status of [429, 500, 502, 503, 504]) {
    it(`${status}: nobody knows, nothing is allowed`, async () => {
      says('User-agent: *\nAllow: /\n', status);
      expect(await ask('/cours/1')).to.deep.equal({ allowed: false, why: 'unreadable', delay: null });
    });
  }

  it('a server that hangs, cuts, or cannot be reached allows nothing', async () => {
    answer = () => {};
    expect((await ask('/cours/1')).why).to.equal('unreadable');
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('User-agent: *\nAllow: /\n');
      setTimeout(() => response.destroy(), 20);
    };
    expect((await ask('/cours/1')).why).to.equal('unreadable');
    expect((await made().ask('http://127.0.0.1:9/cours/1')).allowed).to.equal(false);
  });

  it('redirects are followed, never inward: the file then counts as unreadable', async () => {
    answer = (request, response) =>
      request.url === '/robots.txt'
        ? response.writeHead(301, { location: '/ailleurs' }).end()
        : response.writeHead(200).end('User-agent: *\nDisallow: /cours\n');
    expect((await ask('/cours/1')).allowed).to.equal(false);
    expect((await ask('/autre')).allowed).to.equal(true);
    for (const inward of ['http://169.254.169.254/latest/', 'http://127.0.0.1:1/robots.txt', 'file:///etc/passwd']) {
      says('', 302, { location: inward });
      expect(await ask('/cours/1'), inward).to.deep.equal({ allowed: false, why: 'unreadable', delay: null });
    }
    answer = (request, response) => response.writeHead(302, { location: `${request.url}x` }).end();
    expect((await ask('/cours/1')).why, 'a redirect without end').to.equal('unreadable');
  });

  it('of a huge file the first 500 KiB count, the rest is not waited for', async () => {
    let sent = 0;
    answer = (_request, response) => {
      response.writeHead(200);
      response.write('User-agent: *\nDisallow: /prive\n');
      const filler = `${'# rien'.repeat(1_000)}\n`;
      const more = () => {
        while (!response.destroyed) {
          sent += filler.length;
          if (!response.write(filler)) return response.once('drain', more);
        }
      };
      more();
    };
    const robots = made();
    expect((await ask('/prive/1', robots)).allowed).to.equal(false);
    expect((await ask('/cours/1', robots)).allowed).to.equal(true);
    expect(sent, 'the connection is closed, not drained').to.be.below(20 * robotsBytes);
  });

  it('half a rule at the cut is no rule: « Disallow: / » of « Disallow: /prive » would forbid everything', async () => {
    const start = 'User-agent: *\n';
    const end = 'Disallow: /prive\n';
    says(`${start}${'#'.repeat(robotsBytes - start.length - 'Disallow: /'.length - 1)}\n${end}`);
    expect((await ask('/cours/1')).allowed).to.equal(true);
  });

  it('a compressed file that explodes stops at 500 KiB', async () => {
    const bomb = gzipSync(
      Buffer.concat([Buffer.from('User-agent: *\nDisallow: /prive\n'), Buffer.alloc(50_000_000, 35)]),
    );
    says(bomb, 200, { 'content-encoding': 'gzip' });
    expect((await ask('/prive')).allowed).to.equal(false);
  });

  it('rules written to be slow against an address written to be slow are refused at once', async () => {
    const line = `Disallow: /*${'a*'.repeat(490)}$\n`;
    says(`User-agent: *\n${line.repeat(Math.floor(robotsBytes / line.length) - 1)}`);
    const robots = made();
    await ask('/premier', robots);
    const before = performance.now();
    expect((await ask(`/${'a'.repeat(20_000)}b`, robots)).why).to.equal('unreadable');
    expect(performance.now() - before).to.be.below(100);
  });

  it('a page of another kind is no rule, whatever it holds', async () => {
    says('<!doctype html><title>Connexion</title><p>Disallow: /</p>', 200, { 'content-type': 'text/html' });
    expect(await ask('/cours/1')).to.deep.equal({ allowed: true, why: 'rules', delay: null });
    says(Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]));
    expect((await ask('/cours/1')).allowed).to.equal(true);
    says('User-agent: *\nCrawl-delay: beaucoup\nDisallow:\n');
    expect(await ask('/cours/1')).to.deep.equal({ allowed: true, why: 'rules', delay: null });
  });
});
