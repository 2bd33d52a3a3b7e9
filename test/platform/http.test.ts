import http from 'node:http';
import net from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { SourceError, type SourceErrorKind } from '../../src/errors.ts';
import type { Download, SourceHttp } from '../../src/harvest/connector.ts';
import { type GuardedHttpOptions, makeSourceHttp, type Retry } from '../../src/platform/http.ts';
import { makeHostTurns } from '../../src/platform/http-pace.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

interface LocalServer {
  readonly origin: string;
  readonly port: number;
  readonly requests: http.IncomingMessage[];
}

const closers: (() => void)[] = [];

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function serve(handler: Handler): Promise<LocalServer> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  const port = await listening(server);
  closers.push(() => server.closeAllConnections());
  return { origin: `http://127.0.0.1:${port}`, port, requests };
}

/** Answers with these very bytes, whatever HTTP says. */
async function serveBytes(...parts: (string | Buffer)[]): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

function client(origin: string | readonly string[], options: Partial<GuardedHttpOptions> = {}): SourceHttp {
  return makeSourceHttp({
    userAgent: 'EN2/test (+https://example.org/contact)',
    allowedOrigins: typeof origin === 'string' ? [origin] : origin,
    minDelayMs: 0,
    sleep: async () => {},
    ...options,
  });
}

async function read(download: Download): Promise<Buffer> {
  if (download.status !== 'ok') throw new Error('nothing to read');
  const parts: Uint8Array[] = [];
  for await (const part of download.bytes) parts.push(part);
  return Buffer.concat(parts);
}

async function fault(work: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof SourceError) return error;
  throw error;
}

async function fetchAll(from: SourceHttp, url: string): Promise<Buffer> {
  return read(await from.open(url));
}

describe('the guarded fetch', () => {
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  describe('B20 refuses addresses that are not on the public web', () => {
    const refused: readonly [string, string][] = [
      ['http://127.0.0.1/', 'loopback'],
      ['http://127.1/', 'a short spelling of loopback'],
      ['http://2130706433/', 'a decimal spelling'],
      ['http://0177.0.0.1/', 'an octal spelling'],
      ['http://0x7f000001/', 'a hexadecimal spelling'],
      ['http://[::1]/', 'IPv6 loopback'],
      ['http://[::ffff:127.0.0.1]/', 'IPv4 loopback inside IPv6'],
      ['http://[::ffff:a00:1]/', 'a private IPv4 address inside IPv6'],
      ['http://[::7f00:1]/', 'an IPv4-compatible IPv6 address'],
      ['http://[64:ff9b::7f00:1]/', 'an address translated to loopback'],
      ['http://[2002:7f00:1::]/', '6to4 around loopback'],
      ['http://[fd00::1]/', 'a unique local address'],
      ['http://[fe80::1]/', 'IPv6 link-local'],
      ['http://[ff02::1]/', 'IPv6 multicast'],
      ['http://0.0.0.0/', 'the unspecified address'],
      ['http://10.1.2.3/', 'a private network'],
      ['http://172.16.0.1/', 'a private network'],
      ['http://192.168.1.1/', 'a private network'],
      ['http://169.254.169.254/latest/meta-data/', 'the metadata address of a cloud'],
      ['http://100.64.0.1/', 'a carrier network'],
      ['http://224.0.0.1/', 'multicast'],
      ['http://240.0.0.1/', 'a reserved range'],
      ['http://localhost/', 'localhost'],
      ['http://LOCALHOST./', 'localhost with a final dot'],
      ['http://api.localhost/', 'a name under localhost'],
      ['http://imprimante.local/', 'a name of the local network'],
      ['http://intranet/', 'a name without a dot'],
      ['http://partner.example:22/', 'the port of another service'],
      ['http://user:secret@partner.example/', 'credentials in the address'],
      ['ftp://partner.example/', 'another protocol'],
      ['file:///etc/passwd', 'a file'],
      ['not an address', 'no address at all'],
    ];
    for (const [url, what] of refused) {
      it(`${what}: ${url}`, async () => {
        let looked = 0;
        const guarded = client([], {
          resolve: async () => {
            looked += 1;
            return [{ address: '127.0.0.1', family: 4 }];
          },
        });
        const error = await fault(guarded.open(url));
        expect(error.kind).to.equal('refused');
        expect(error.publicMessage).to.match(/^Adresse refusée : /);
        expect(error.message).not.to.include('secret');
        expect(looked).to.equal(0);
      });
    }

    it('a public name that leads to this machine, before any byte is sent', async () => {
      const server = await serve((_, response) => response.end('secret'));
      const guarded = client([], { resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
      const error = await fault(guarded.open(`http://partner.example:${server.port}/`));
      expect(error.kind).to.equal('refused');
      expect(error.publicMessage).to.include('127.0.0.1');
      expect(server.requests).to.have.length(0);
    });

    it('a public name with one private address among public ones', async () => {
      const resolve = async () => [
        { address: '93.184.215.14', family: 4 as const },
        { address: '10.0.0.8', family: 4 as const },
      ];
      expect((await fault(client([], { resolve }).open('http://partner.example/'))).kind).to.equal('refused');
    });

    it('a name whose answer changes: the address that was checked is the one dialled, asked once', async () => {
      const server = await serve((_, response) => response.end('inside'));
      const answers = ['127.0.0.1', '10.0.0.1'];
      let asked = 0;
      const origin = `http://partner.example:${server.port}`;
      const guarded = client(origin, {
        resolve: async () => {
          const address = answers[asked] ?? '10.0.0.1';
          asked += 1;
          return [{ address, family: 4 }];
        },
      });
      expect((await fetchAll(guarded, `${origin}/`)).toString()).to.equal('inside');
      expect(asked).to.equal(1);
      expect((await fault(guarded.open(`${origin}/`))).kind).to.equal('refused');
    });

    it('a redirect to this machine', async () => {
      const inside = await serve((_, response) => response.end('secret'));
      const outside = await serve((_, response) =>
        response.writeHead(302, { location: `${inside.origin}/admin` }).end(),
      );
      const error = await fault(client(outside.origin).open(outside.origin));
      expect(error.kind).to.equal('refused');
      expect(inside.requests).to.have.length(0);
    });

    it('another port of the machine that serves the demonstration', async () => {
      const other = await serve((_, response) => response.end('secret'));
      const demo = await serve((_, response) => response.end('demo'));
      const guarded = client(demo.origin);
      expect((await fetchAll(guarded, demo.origin)).toString()).to.equal('demo');
      expect((await fault(guarded.open(other.origin))).kind).to.equal('refused');
      expect(other.requests).to.have.length(0);
    });

    it('but a preview run by an operator may read them', async () => {
      const server = await serve((_, response) => response.end('local'));
      expect((await fetchAll(client([], { allowPrivate: true }), server.origin)).toString()).to.equal('local');
    });

    it('a proxy of the environment is not used', async () => {
      const proxy = await serve((_, response) => response.end('proxied'));
      const server = await serve((_, response) => response.end('direct'));
      process.env.http_proxy = proxy.origin;
      try {
        expect((await fetchAll(client(server.origin), server.origin)).toString()).to.equal('direct');
      } finally {
        delete process.env.http_proxy;
      }
    });
  });

  describe('follows redirects', () => {
    it('within a site, and gives the final address', async () => {
      const server = await serve((request, response) => {
        if (request.url === '/a') response.writeHead(301, { location: '/b?page=2' }).end();
        else response.end(request.url);
      });
      const download = await client(server.origin).open(`${server.origin}/a`, { headers: { Authorization: 'JWT x' } });
      expect(download.url).to.equal(`${server.origin}/b?page=2`);
      expect((await read(download)).toString()).to.equal('/b?page=2');
      expect(server.requests[1]?.headers.authorization).to.equal('JWT x');
    });

    it('to another site without the secrets of the first', async () => {
      const second = await serve((_, response) => response.end('ok'));
      const first = await serve((_, response) => response.writeHead(302, { location: second.origin }).end());
      const headers = { Authorization: 'JWT x', 'X-Api-Key': 'k', Accept: 'text/csv' };
      await read(await client([first.origin, second.origin]).open(first.origin, { headers }));
      const seen = second.requests[0]?.headers;
      expect(seen?.authorization).to.equal(undefined);
      expect(seen?.['x-api-key']).to.equal(undefined);
      expect(seen?.accept).to.equal('text/csv');
    });

    it('but never carries a form to another site', async () => {
      const second = await serve((_, response) => response.end('ok'));
      const first = await serve((_, response) => response.writeHead(307, { location: second.origin }).end());
      const guarded = client([first.origin, second.origin]);
      const error = await fault(guarded.open(first.origin, { method: 'POST', form: { client_secret: 's' } }));
      expect(error.kind).to.equal('refused');
      expect(second.requests).to.have.length(0);
    });

    it('five times at most', async () => {
      const server = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
      const error = await fault(client(server.origin).open(server.origin));
      expect(error.kind).to.equal('refused');
      expect(server.requests).to.have.length(6);
    });
  });

  describe('reads what a source sends', () => {
    const text = 'Développer des pages accessibles. '.repeat(2_000);
    const encodings: readonly [string, (text: string) => Buffer][] = [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
      ['identity', Buffer.from],
    ];
    for (const [encoding, encode] of encodings) {
      it(`decoded from ${encoding}`, async () => {
        const server = await serve((_, response) =>
          response.writeHead(200, { 'content-encoding': encoding }).end(encode(text)),
        );
        expect((await fetchAll(client(server.origin), server.origin)).toString()).to.equal(text);
      });
    }

    it('with its headers, type and validators, and says who asks', async () => {
      const server = await serve((_, response) => {
        response.setHeader('ETag', '"v1"');
        response.setHeader('Last-Modified', 'Tue, 01 Jul 2025 00:00:00 GMT');
        response.setHeader('Content-Type', 'application/json; moochub-version=3.0');
        response.setHeader('X-Total', '12');
        response.end('{}');
      });
      const download = await client(server.origin).open(server.origin);
      if (download.status !== 'ok') throw new Error('not ok');
      await read(download);
      expect(download.contentType).to.equal('application/json; moochub-version=3.0');
      expect(download.headers['x-total']).to.equal('12');
      expect(download.validators).to.deep.equal({ etag: '"v1"', lastModified: 'Tue, 01 Jul 2025 00:00:00 GMT' });
      expect(server.requests[0]?.headers['user-agent']).to.equal('EN2/test (+https://example.org/contact)');
      expect(server.requests[0]?.headers['accept-encoding']).to.include('gzip');
    });

    it('posts a form', async () => {
      const server = await serve((request, response) => {
        request.pipe(response);
      });
      const form = { grant_type: 'client_credentials', mot: 'clé & numérique' };
      const body = await read(await client(server.origin).open(server.origin, { method: 'POST', form }));
      expect(Object.fromEntries(new URLSearchParams(body.toString()))).to.deep.equal(form);
    });

    it('and is told "not modified" when it asked for it', async () => {
      const server = await serve((request, response) => {
        response.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 200).end();
      });
      const guarded = client(server.origin);
      const download = await guarded.open(server.origin, {
        etag: '"v1"',
        lastModified: 'Tue, 01 Jul 2025 00:00:00 GMT',
      });
      expect(download.status).to.equal('not-modified');
      expect(download.validators.etag).to.equal('"v1"');
      expect(server.requests[0]?.headers['if-modified-since']).to.equal('Tue, 01 Jul 2025 00:00:00 GMT');
    });

    it('but takes neither a "not modified" nor a part that it did not ask for', async () => {
      for (const status of [304, 206]) {
        const server = await serve((_, response) => response.writeHead(status).end());
        expect((await fault(client(server.origin).open(server.origin))).kind).to.equal('malformed');
      }
    });

    it('closes the connection when the reader leaves early', async () => {
      let closed: () => void = () => {};
      const closing = new Promise<void>((resolve) => {
        closed = resolve;
      });
      const server = await serve((_, response) => {
        response.on('close', closed);
        const flood = (): void => {
          while (!response.destroyed && response.write('x'.repeat(10_000)));
        };
        response.on('drain', flood);
        flood();
      });
      const download = await client(server.origin).open(server.origin);
      if (download.status !== 'ok') throw new Error('not ok');
      for await (const _ of download.bytes) break;
      await closing;
    });

    it('ends with the reason of the caller, waiting or reading', async () => {
      const hanging = await serve(() => {});
      const begun = await serve((_, response) => response.write('begun'));
      const reason = new Error('stopped by an operator');
      for (const server of [hanging, begun]) {
        const stop = new AbortController();
        const work = fetchAll(client(server.origin, { signal: stop.signal }), server.origin);
        setTimeout(() => stop.abort(reason), 60);
        expect(await work.catch((error: unknown) => error)).to.equal(reason);
      }
      const already = client(begun.origin, { signal: AbortSignal.abort(reason) });
      expect(await already.open(begun.origin).catch((error: unknown) => error)).to.equal(reason);
    });
  });

  describe('stops', () => {
    async function expectFault(work: Promise<unknown>, kind: SourceErrorKind, message: RegExp): Promise<SourceError> {
      const error = await fault(work);
      expect(error.kind).to.equal(kind);
      expect(error.publicMessage).to.match(message);
      return error;
    }

    it('at an announced size over the limit, before reading', async () => {
      const server = await serve((_, response) => response.writeHead(200, { 'content-length': '5000' }).write('x'));
      const guarded = client(server.origin, { limits: { wireBytes: 4_000 } });
      await expectFault(guarded.open(server.origin), 'too-large', /réglage wireBytes/);
    });

    it('at a flood without an announced size', async () => {
      const server = await serve((_, response) => {
        const flood = (): void => {
          while (!response.destroyed && response.write('x'.repeat(1_000)));
        };
        response.on('drain', flood);
        flood();
      });
      const guarded = client(server.origin, { limits: { wireBytes: 4_000 } });
      await expectFault(fetchAll(guarded, server.origin), 'too-large', /^Réponse trop grande .*4000 octets.*wireBytes/);
    });

    for (const [encoding, encode] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
    ] as const) {
      it(`at a ${encoding} bomb, without holding what it unpacks`, async () => {
        const bomb = encode(Buffer.alloc(64_000_000));
        const server = await serve((_, response) =>
          response.writeHead(200, { 'content-encoding': encoding }).end(bomb),
        );
        const guarded = client(server.origin, { limits: { decodedBytes: 1_000_000 } });
        const download = await guarded.open(server.origin);
        if (download.status !== 'ok') throw new Error('not ok');
        let seen = 0;
        const work = (async () => {
          for await (const chunk of download.bytes) seen += chunk.byteLength;
        })();
        await expectFault(work, 'too-large', /1 Mo.*réglage decodedBytes/);
        expect(seen).to.be.at.most(1_000_000);
      });
    }

    it('at a server that accepts and says nothing', async () => {
      const server = await serve(() => {});
      const guarded = client(server.origin, { limits: { timeoutMs: 50 } });
      await expectFault(guarded.open(server.origin), 'timed-out', /^Temps limite dépassé \(0,05 s\)/);
      expect(server.requests).to.have.length(4);
    });

    it('at a server that begins an answer and hangs', async () => {
      const server = await serve((_, response) => response.write('begun'));
      const guarded = client(server.origin, { limits: { timeoutMs: 50 } });
      await expectFault(fetchAll(guarded, server.origin), 'timed-out', /Temps limite dépassé/);
    });

    it('at a server that sends one byte at a time for ever', async () => {
      const server = await serve((_, response) => {
        const timer = setInterval(() => response.write('x'), 10);
        response.on('close', () => clearInterval(timer));
      });
      const guarded = client(server.origin, { limits: { seconds: 0.2, timeoutMs: 5_000 } });
      await expectFault(fetchAll(guarded, server.origin), 'timed-out', /0,2 s/);
    });

    it('at headers that never end', async () => {
      const url = await serveBytes('HTTP/1.1 200 OK\r\n', `X-Flood: ${'x'.repeat(40_000)}\r\n`);
      await expectFault(client(url).open(url), 'malformed', /^Réponse illisible/);
    });

    it('but lets a slow reader take its time', async () => {
      const server = await serve((_, response) => response.end('x'.repeat(300_000)));
      const download = await client(server.origin, { limits: { timeoutMs: 80 } }).open(server.origin);
      if (download.status !== 'ok') throw new Error('not ok');
      let seen = 0;
      for await (const chunk of download.bytes) {
        if (seen === 0) await new Promise((resolve) => setTimeout(resolve, 200));
        seen += chunk.byteLength;
      }
      expect(seen).to.equal(300_000);
    });

    it('at an answer cut before its announced end', async () => {
      const url = await serveBytes('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"id"');
      const error = await expectFault(fetchAll(client(url), url), 'malformed', /^La source s'est interrompue/);
      expect(error.retryable).to.equal(true);
    });

    it('at a chunked answer without its end', async () => {
      const url = await serveBytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
      await expectFault(fetchAll(client(url), url), 'malformed', /^La source s'est interrompue/);
    });

    it('at compressed data cut or damaged', async () => {
      const whole = gzipSync('x'.repeat(5_000));
      const damaged = Buffer.from(whole);
      damaged.fill(0xff, 12, 20);
      for (const [body, message] of [
        [whole.subarray(0, whole.length - 10), /La source s'est interrompue/],
        [damaged, /Réponse illisible/],
        [Buffer.from('plain text'), /Réponse illisible/],
      ] as const) {
        const server = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
        await expectFault(fetchAll(client(server.origin), server.origin), 'malformed', message);
      }
    });

    it('at an encoding nobody knows', async () => {
      const server = await serve((_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip, rot13' }).end('x'),
      );
      await expectFault(client(server.origin).open(server.origin), 'malformed', /codage « gzip, rot13 »/);
    });

    it('at an answer that is not HTTP', async () => {
      const url = await serveBytes('SSH-2.0-OpenSSH_9.6\r\n');
      await expectFault(client(url).open(url), 'malformed', /^Réponse illisible/);
    });
  });

  describe('tries again', () => {
    it('four times at a server in error, waiting longer each time', async () => {
      const server = await serve((_, response) => response.writeHead(503).end());
      const waits: number[] = [];
      const retries: Retry[] = [];
      const sleep = async (milliseconds: number) => void waits.push(milliseconds);
      const guarded = client(server.origin, { sleep, onRetry: (retry) => retries.push(retry) });
      const error = await fault(guarded.open(`${server.origin}/list?key=secret`));
      expect(error).to.include({ kind: 'unreachable', httpStatus: 503, retryable: true });
      expect(error.publicMessage).to.match(/^Source injoignable/);
      expect(error.url).to.equal(`${server.origin}/list`);
      expect(server.requests).to.have.length(4);
      expect(retries.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
      for (const [index, base] of [1_000, 2_000, 4_000].entries()) {
        expect(waits[index]).to.be.within(base / 2, base * 1.5);
      }
    });

    it('and reads the answer that comes at last', async () => {
      let calls = 0;
      const server = await serve((request, response) => {
        calls += 1;
        if (calls === 1) request.socket.destroy();
        else if (calls === 2) response.writeHead(500).end('broken');
        else response.end('well');
      });
      expect((await fetchAll(client(server.origin), server.origin)).toString()).to.equal('well');
    });

    it('no sooner than the source asks, in seconds or as a date', async () => {
      const now = Date.parse('2026-03-01T10:00:00Z');
      for (const [header, wait] of [
        ['30', 30_000],
        ['Sun, 01 Mar 2026 10:00:45 GMT', 45_000],
      ] as const) {
        let calls = 0;
        const server = await serve((_, response) => {
          calls += 1;
          if (calls === 1) response.writeHead(429, { 'retry-after': header }).end();
          else response.end('well');
        });
        const waits: number[] = [];
        const sleep = async (milliseconds: number) => void waits.push(milliseconds);
        await fetchAll(client(server.origin, { sleep, clock: () => now }), server.origin);
        expect(waits).to.deep.equal([wait]);
      }
    });

    it('not at all when the source asks for too long, and says how long', async () => {
      const server = await serve((_, response) => response.writeHead(429, { 'retry-after': '7200' }).end());
      const error = await fault(client(server.origin).open(server.origin));
      expect(error).to.include({ kind: 'refused', httpStatus: 429, retryAfter: 7200, retryable: true });
      expect(server.requests).to.have.length(1);
    });

    for (const status of [400, 401, 403, 404, 410, 451]) {
      it(`never at ${status}, which is an answer`, async () => {
        const server = await serve((_, response) => response.writeHead(status).end());
        const error = await fault(client(server.origin).open(server.origin));
        expect(error).to.include({ kind: 'refused', httpStatus: status, retryable: false });
        expect(error.publicMessage).to.match(/^Accès refusé par la source/);
        expect(server.requests).to.have.length(1);
      });
    }

    it('when nobody listens, then says that the source cannot be reached', async () => {
      const server = net.createServer();
      const port = await listening(server);
      server.close();
      let tries = 1;
      const origin = `http://127.0.0.1:${port}`;
      const error = await fault(client(origin, { onRetry: () => (tries += 1) }).open(origin));
      expect(error).to.include({ kind: 'unreachable', retryable: true, publicMessage: 'Source injoignable' });
      expect(tries).to.equal(4);
    });

    it('when the name is unknown', async () => {
      const resolve = async () => {
        throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
      };
      const error = await fault(client([], { resolve }).open('https://partner.example/'));
      expect(error.kind).to.equal('unreachable');
    });
  });

  describe('is polite', () => {
    it('asks one thing at a time of a host, at the set pace', async () => {
      let now = 0;
      let atOnce = 0;
      let most = 0;
      const pauses: number[] = [];
      const server = await serve((_, response) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        setTimeout(() => {
          atOnce -= 1;
          response.end('x');
        }, 10);
      });
      const guarded = client(server.origin, {
        minDelayMs: 500,
        clock: () => now,
        sleep: async (milliseconds) => {
          pauses.push(milliseconds);
          now += milliseconds;
        },
      });
      await Promise.all([1, 2, 3].map((page) => fetchAll(guarded, `${server.origin}/?page=${page}`)));
      expect(most).to.equal(1);
      expect(pauses).to.deep.equal([500, 500]);
    });

    it('also between two sources of one host that share their turns', async () => {
      const server = await serve((_, response) => response.end('x'));
      const pauses: number[] = [];
      const sleep = async (milliseconds: number) => void pauses.push(milliseconds);
      const turns = makeHostTurns({ clock: () => 0, sleep });
      for (let source = 0; source < 2; source += 1) {
        await fetchAll(client(server.origin, { turns, minDelayMs: 500 }), server.origin);
      }
      expect(pauses).to.deep.equal([500]);
    });
  });
});
