import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { type Request, Router } from 'express';
import fc from 'fast-check';
import mongoose, { type Connection } from 'mongoose';
import request from 'supertest';
import { displayName } from '../../src/platform/file-name.ts';
import { type Files, makeFiles } from '../../src/platform/files.ts';
import { makeLog } from '../../src/platform/log.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { type Sessions, sessionLayer } from '../../src/platform/web/session.ts';
import { readUpload, refusalOf } from '../../src/platform/web/upload.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import { builtAssets } from '../builders/site.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const maxBytes = 300_000;
const boundary = 'a-boundary-of-the-tests';
const pdf = (size = 2_000) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(size), Buffer.from('\n%%EOF')]);
const svg = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
const html = Buffer.from('<!DOCTYPE html><html><body><script>alert(1)</script></body></html>');

type Parts = readonly (string | Buffer)[];

const text = (name: string, value: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const fileHead = (name: string, field = 'fichier') =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/pdf\r\n\r\n`;
const file = (bytes: Buffer, name = 'statuts.pdf'): Parts => [fileHead(name), bytes, '\r\n'];
const end = `--${boundary}--\r\n`;
const body = (...parts: Parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));

describe('forms that carry a file', () => {
  let database: TestDatabase;
  let connection: Connection;
  let sessions: Sessions<string>;
  let files: Files;
  let server: ReturnType<ReturnType<typeof makeWebApp>['listen']>;
  let cookie = '';
  let token = '';
  /** Requests that came to the route. */
  let reached: Request[] = [];

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri, { autoIndex: false, autoCreate: false }).asPromise();
    files = makeFiles(connection, null);
    await files.ensureIndexes();
    const assetsDirectory = builtAssets();
    const site = { sections: [], contact: false, demo: false, assets: readAssets(assetsDirectory) };
    const views = loadViews('views', site);
    sessions = sessionLayer<string>({
      connection,
      secret: 'a secret of the tests',
      secure: false,
      views,
      log: makeLog('silent'),
      load: async ({ accountId }) => accountId,
      now: () => new Date(),
    });
    const router = Router();
    router.use(...sessions.middleware);
    router.get('/formulaire', (_request, response) => {
      response.send(String(response.locals.shell.csrf));
    });
    router.post('/garder', async (asked, response) => {
      reached.push(asked);
      const { fields, file: sent } = await readUpload(asked, { maxBytes, maxFields: 5 });
      if (sent === null) return void response.json({ fields, file: null });
      const upload = { owner: 'account:1', purpose: 'proof', name: sent.name, bytes: sent.bytes, maxBytes };
      try {
        const stored = await files.store({ ...upload, accepted: ['application/pdf'] });
        response.json({ fields, file: stored });
      } catch (error) {
        response.status(422).json({ fields, errors: { [sent.field]: await refusalOf(asked, error) } });
      }
    });
    router.post('/lire', async (asked, response) => {
      const { fields, file: sent } = await readUpload(asked, { maxBytes });
      let length = 0;
      if (sent !== null) for await (const piece of sent.bytes) length += piece.length;
      response.json({ fields, name: sent?.name ?? null, length });
    });
    router.post('/sans-fichier', (asked, response) => {
      reached.push(asked);
      response.json(asked.body);
    });
    const settings = { publicUrl: null, trustProxy: 0, rateLimitPerMinute: 100_000, assetsDirectory };
    const app = makeWebApp({ routers: [router], views, settings, log: makeLog('silent') });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const asked = await request(server).get('/formulaire').expect(200);
    token = asked.text;
    cookie = String(asked.headers['set-cookie']).split(';')[0] ?? '';
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await connection.close();
    await database.drop();
  });
  beforeEach(async () => {
    reached = [];
    await connection.collection('files.files').deleteMany({});
    await connection.collection('files.chunks').deleteMany({});
  });

  const kept = async () => [
    await connection.collection('files.files').countDocuments({}),
    await connection.collection('files.chunks').countDocuments({}),
  ];
  const post = (path: string, sent: Buffer, type = `multipart/form-data; boundary=${boundary}`) =>
    request(server)
      .post(path)
      .set({ Cookie: cookie, 'Content-Type': type, Accept: 'application/json' })
      .serialize((bytes: Buffer) => bytes as unknown as string)
      .send(sent);
  const signed = (...parts: Parts) => body(text('_csrf', token), ...parts, end);

  it('keeps the file, byte for byte, with the texts beside it', async () => {
    const bytes = pdf(200_000);
    const answer = await post('/garder', signed(text('phrase', 'Été : « oui » 🙂'), ...file(bytes, 'Relevé n° 2.pdf')));
    expect(answer.status).to.equal(200);
    expect(answer.body.fields).to.deep.equal({ phrase: 'Été : « oui » 🙂' });
    expect(answer.body.file).to.include({ name: 'Relevé n° 2.pdf', type: 'application/pdf', bytes: bytes.length });
    const opened = await files.open(answer.body.file.id, () => true);
    expect((await buffer(opened.bytes)).equals(bytes)).to.equal(true);
  });

  it('hands the bytes to a reader, and keeps nothing', async () => {
    const answer = await post('/lire', signed(...file(Buffer.from('code;siret\n'), 'liste.csv')));
    expect(answer.body).to.deep.equal({ fields: {}, name: 'liste.csv', length: 11 });
    expect(await kept()).to.deep.equal([0, 0]);
  });

  it('a field left empty is no file; a form without a file field neither', async () => {
    const empty = await post('/garder', signed(text('phrase', 'a'), ...file(Buffer.alloc(0), '')));
    expect(empty.body).to.deep.equal({ fields: { phrase: 'a' }, file: null });
    const none = await post('/garder', signed(text('phrase', 'a')));
    expect(none.body).to.deep.equal({ fields: { phrase: 'a' }, file: null });
  });

  it('bytes without a name are refused', async () => {
    expect((await post('/garder', signed(...file(pdf(), '')))).status).to.equal(400);
    expect(await kept()).to.deep.equal([0, 0]);
  });

  describe('without its token first, never comes to the route:', () => {
    const cases: Record<string, (own: string) => Buffer> = {
      'no token': () => body(...file(pdf()), end),
      'a wrong token': () => body(text('_csrf', 'a'.repeat(64)), ...file(pdf()), end),
      'an empty token': () => body(text('_csrf', ''), ...file(pdf()), end),
      'the token after the file': (own) => body(...file(pdf()), text('_csrf', own), end),
      'the token after another field': (own) => body(text('a', 'b'), text('_csrf', own), ...file(pdf()), end),
      'the token as a file': (own) => body(fileHead('jeton.txt', '_csrf'), own, '\r\n', ...file(pdf()), end),
      'nothing at all': () => body(end),
    };
    for (const [what, sent] of Object.entries(cases)) {
      it(what, async () => {
        const { status } = await post('/garder', sent(token));
        expect(status).to.equal(403);
        expect(reached).to.deep.equal([]);
        expect(await kept()).to.deep.equal([0, 0]);
      });
    }

    it('the token of another session', async () => {
      const other = (await request(server).get('/formulaire')).text;
      expect((await post('/garder', body(text('_csrf', other), ...file(pdf()), end))).status).to.equal(403);
      expect(reached).to.deep.equal([]);
    });

    it('a page that takes no file is no way round', async () => {
      expect((await post('/sans-fichier', body(text('a', 'b'), end))).status).to.equal(403);
      expect(reached).to.deep.equal([]);
    });
  });

  it('the token is refused before the rest of the form has come', async () => {
    const answer = await partly(body(text('_csrf', 'x'.repeat(64)), fileHead('a.pdf'), pdf(1_000)), 5_000_000);
    expect(answer).to.match(/^HTTP\/1\.1 403/);
  });

  describe('a file that is refused leaves nothing, and what was typed is kept:', () => {
    const cases: Record<string, [Buffer, string, RegExp]> = {
      'too large': [pdf(maxBytes), 'a.pdf', /dépasse 0,3 Mo/],
      'an SVG image': [svg, 'logo.svg', /pas d'un type accepté : PDF/],
      'a web page called PDF': [html, 'page.pdf', /pas d'un type accepté : PDF/],
      'a double extension': [pdf(), 'statuts.php.pdf', /deux extensions/],
      'another extension': [pdf(), 'statuts.exe', /doit finir par \.pdf/],
      empty: [Buffer.alloc(0), 'vide.pdf', /est vide/],
    };
    for (const [what, [bytes, name, sentence]] of Object.entries(cases)) {
      it(what, async () => {
        const answer = await post('/garder', signed(text('phrase', 'gardée'), ...file(bytes, name)));
        expect(answer.status).to.equal(422);
        expect(answer.body.errors.fichier).to.match(sentence);
        expect(answer.body.fields).to.deep.equal({ phrase: 'gardée' });
        expect(await kept()).to.deep.equal([0, 0]);
      });
    }

    it('far too large: said at once, and the browser comes to the answer', async () => {
      const answer = await post('/garder', signed(text('phrase', 'gardée'), ...file(pdf(8_000_000))));
      expect(answer.status).to.equal(422);
      expect(answer.body.errors.fichier).to.match(/dépasse/);
      expect((await post('/garder', signed(...file(pdf())))).status, 'the server goes on').to.equal(200);
    });

    it('endless, without an announced length: cut off', async () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.on('error', () => {});
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(
        `POST /garder HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nTransfer-Encoding: chunked\r\n` +
          `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`,
      );
      const chunk = (bytes: Buffer) =>
        Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
      socket.write(chunk(body(text('_csrf', token), fileHead('a.pdf'), pdf(1_000))));
      let sent = 0;
      const piece = chunk(Buffer.alloc(1_048_576));
      while (!socket.destroyed && sent < 200) {
        sent += 1;
        if (!socket.write(piece)) await Promise.race([new Promise((go) => socket.once('drain', go)), closed]);
      }
      await closed;
      expect(sent).to.be.lessThan(200);
      expect(await kept()).to.deep.equal([0, 0]);
    });
  });

  describe('a form that is not one is refused with a sentence:', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => text(`a${n}`, '1'));
    const cases: Record<string, () => [Buffer, string?]> = {
      '1000 fields': () => [signed(...many, ...file(pdf()))],
      'more fields than the page has': () => [signed(...many.slice(0, 6), ...file(pdf()))],
      'a text of 300 kB': () => [signed(text('phrase', 'x'.repeat(300_000)), ...file(pdf()))],
      'texts of 300 kB together': () => [signed(text('a', 'x'.repeat(150_000)), text('b', 'x'.repeat(150_000)))],
      'a field twice': () => [signed(text('a', '1'), text('a', '2'), ...file(pdf()))],
      'a field without a name': () => [
        signed(`--${boundary}\r\nContent-Disposition: form-data\r\n\r\nx\r\n`, ...file(pdf())),
      ],
      'no boundary': () => [signed(...file(pdf())), 'multipart/form-data'],
      'another boundary': () => [signed(...file(pdf())), 'multipart/form-data; boundary=other'],
      'a body cut in the first field': () => [body(text('_csrf', token)).subarray(0, 60)],
      'a body cut after the fields': () => [body(text('_csrf', token), text('a', 'b'))],
      'a header of the name of a function': () => [
        signed(`--${boundary}\r\nconstructor: a\r\n__proto__: b\r\n\r\nx\r\n`, ...file(pdf())),
      ],
      'a part whose headers do not end': () => [
        signed(`--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n`),
      ],
      'not a multipart form at all': () => [Buffer.from(`_csrf=${token}&a=b`), 'application/x-www-form-urlencoded'],
    };
    for (const [what, sent] of Object.entries(cases)) {
      it(what, async () => {
        const { status, body: said } = await post('/garder', ...sent());
        expect(status).to.equal(400);
        expect(said.error.message).to.match(/mal formée|trop grande/);
        expect(await kept()).to.deep.equal([0, 0]);
      });
    }

    for (const [what, parts] of Object.entries({
      'a second file': file(pdf(), 'b.pdf'),
      'a field after the file': [text('a', 'b')],
    })) {
      it(what, async () => {
        const { status } = await post('/garder', signed(...file(pdf()), ...parts));
        expect(status).to.equal(422);
        expect(await kept()).to.deep.equal([0, 0]);
      });
    }

    it('a body cut in the file', async () => {
      const { status } = await post('/garder', body(text('_csrf', token), fileHead('a.pdf'), pdf(280_000)));
      expect(status).to.equal(422);
      expect(await kept()).to.deep.equal([0, 0]);
    });
  });

  it('an upload that is given up leaves nothing, and the server goes on', async () => {
    const sent = body(text('_csrf', token), fileHead('a.pdf'), pdf(290_000));
    await partly(sent, sent.length + 100_000, 150);
    await wait(50);
    expect(reached).to.have.length(1);
    expect(await kept()).to.deep.equal([0, 0]);
    expect((await post('/garder', signed(...file(pdf())))).status).to.equal(200);
  });

  it('a file sent to a page that takes none is dropped, and the answer comes', async () => {
    const answer = await post('/sans-fichier', signed(text('a', 'b'), ...file(pdf(5_000_000))));
    expect(answer.body).to.deep.equal({ _csrf: token });
    expect(await kept()).to.deep.equal([0, 0]);
  });

  it('a name with folders, signs or hidden characters is for showing only', async () => {
    const answer = await post('/garder', signed(...file(pdf(), '../../etc/cron.d/relev\u202Ee.pdf')));
    expect(answer.body.file.name).to.equal('releve.pdf');
    expect(displayName('C:\\temp\\liste$(x).csv')).to.equal('liste-(x).csv');
    expect(displayName('../..')).to.equal('fichier');
    expect(displayName(`${'a'.repeat(300)}.csv`))
      .to.match(/^a+…a+\.csv$/)
      .and.have.length(100);
  });

  it('names of fields that mean something to the language stay names', async () => {
    const answer = await post('/garder', signed(text('__proto__', 'x'), text('constructor', 'y')));
    expect(answer.text).to.equal('{"fields":{"__proto__":"x","constructor":"y"},"file":null}');
  });

  it('whatever is sent, the server answers with a refusal or the file', async () => {
    const whole = signed(text('phrase', 'été'), ...file(pdf(300)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
        async (changes, cut) => {
          const sent = Buffer.from(whole);
          for (const [at, byte] of changes) sent[at] = byte;
          const { status } = await post('/garder', changes.length % 2 === 0 ? sent : sent.subarray(0, cut));
          expect([200, 400, 403, 422]).to.include(status);
        },
      ),
      { numRuns: 60 },
    );
  });

  /** Sends a part of what it announces. @returns the answer's first bytes, or nothing when it gives up before */
  async function partly(sent: Buffer, announced: number, patienceMs = 3_000): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(
      `POST /garder HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nContent-Length: ${announced}\r\n` +
        `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`,
    );
    socket.write(sent);
    const answer = await Promise.race([once(socket, 'data').then(([bytes]) => String(bytes)), wait(patienceMs, '')]);
    socket.destroy();
    return answer;
  }
});
