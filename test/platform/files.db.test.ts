import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import fc from 'fast-check';
import mongoose, { type Connection } from 'mongoose';
import request from 'supertest';
import { AppError } from '../../src/errors.ts';
import { makeClamdScanner } from '../../src/platform/clamd.ts';
import { cleanFileName, type FileType } from '../../src/platform/file-name.ts';
import { type Files, makeFiles, type Upload } from '../../src/platform/files.ts';
import { contentDisposition, sendAttachment } from '../../src/platform/web/attachment.ts';
import { testDatabase } from '../support/database.ts';
import { type FakeClamd, startFakeClamd } from '../support/fake-clamd.ts';

const pdf = (size = 2_000, words = '') =>
  Buffer.concat([Buffer.from(`%PDF-1.7\n${words}\n`), randomBytes(size), Buffer.from('\n%%EOF')]);
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==',
  'base64',
);
const svg = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
const html = Buffer.from('<!DOCTYPE html><html><body><script>alert(1)</script></body></html>');
const executable = Buffer.concat([Buffer.from('MZ\x90\0\x03\0\0\0'), randomBytes(500)]);

async function code(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('uploaded files', () => {
  let connection: Connection;
  let drop: () => Promise<void>;
  let files: Files;
  let clamd: FakeClamd;

  before(async () => {
    const database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    clamd = await startFakeClamd();
    files = makeFiles(connection, null);
    await files.ensureIndexes();
    drop = async () => {
      await clamd.close();
      await connection.close();
      await database.drop();
    };
  });
  after(() => drop());

  beforeEach(async () => {
    await connection.collection('files.files').deleteMany({});
    await connection.collection('files.chunks').deleteMany({});
    clamd.scanned.length = 0;
    clamd.behaviour = 'judge';
  });

  const kept = async () => [
    await connection.collection('files.files').countDocuments({}),
    await connection.collection('files.chunks').countDocuments({}),
  ];
  /** In pieces, as a network gives it. */
  const inPieces = (bytes: Buffer, size = 50_000) =>
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size)),
      { objectMode: false },
    );
  const upload = (bytes: Buffer, change: Partial<Upload> = {}): Upload => ({
    owner: 'account:1',
    purpose: 'proof',
    name: 'Relevé de notes.pdf',
    bytes: inPieces(bytes),
    maxBytes: 1_048_576,
    accepted: ['application/pdf', 'image/png'],
    ...change,
  });
  const anybody = () => true;

  it('a file is given back byte for byte, under a cleaned name, with the type of its content', async () => {
    const bytes = pdf(700_000);
    const stored = await files.store(upload(bytes));
    expect(stored).to.deep.include({
      owner: 'account:1',
      purpose: 'proof',
      name: 'Relevé de notes.pdf',
      type: 'application/pdf',
      bytes: bytes.length,
    });
    const opened = await files.open(stored.id, anybody);
    expect(opened.file).to.deep.equal(stored);
    expect((await buffer(opened.bytes)).equals(bytes)).to.equal(true);
    expect(await files.of('account:1')).to.deep.equal([stored]);
  });

  it('a file in pieces of one byte is recognised', async () => {
    const { type } = await files.store(upload(png, { name: 'photo.png', bytes: inPieces(png, 1) }));
    expect(type).to.equal('image/png');
  });

  describe('is refused, and leaves nothing:', () => {
    const refusals: Record<string, [Buffer, Partial<Upload>, string]> = {
      'an SVG image': [svg, { name: 'logo.svg' }, 'FICHIER_REFUSE'],
      'an SVG image called PNG': [svg, { name: 'logo.png' }, 'FICHIER_REFUSE'],
      'a web page': [html, { name: 'page.html' }, 'FICHIER_REFUSE'],
      'a web page called PDF': [html, { name: 'page.pdf' }, 'FICHIER_REFUSE'],
      'a program called PDF': [executable, { name: 'cours.pdf' }, 'FICHIER_REFUSE'],
      'a type that is known and not accepted here': [
        png,
        { name: 'a.png', accepted: ['application/pdf'] },
        'FICHIER_REFUSE',
      ],
      'text without a type': [Buffer.from('bonjour'), {}, 'FICHIER_REFUSE'],
      'an image called PDF': [png, { name: 'photo.pdf' }, 'FICHIER_EXTENSION'],
      'a PDF called program': [pdf(), { name: 'cours.exe' }, 'FICHIER_EXTENSION'],
      'a PDF called web page': [pdf(), { name: 'cours.html' }, 'FICHIER_EXTENSION'],
      'a double extension': [pdf(), { name: 'cours.php.pdf' }, 'FICHIER_DOUBLE_EXTENSION'],
      'a program hidden by the turned end of its name': [pdf(), { name: 'cours\u202Efdp.exe' }, 'FICHIER_EXTENSION'],
      'a name cut by a zero': [pdf(), { name: 'cours.exe\u0000.pdf' }, 'FICHIER_DOUBLE_EXTENSION'],
      'a file without bytes': [Buffer.alloc(0), {}, 'FICHIER_VIDE'],
      'one byte too many': [pdf(1_048_576), {}, 'FICHIER_TROP_GRAND'],
    };
    for (const [what, [bytes, change, expected]] of Object.entries(refusals)) {
      it(what, async () => {
        expect(await code(files.store(upload(bytes, change)))).to.equal(expected);
        expect(await kept()).to.deep.equal([0, 0]);
      });
    }
  });

  it('a file larger than its limit is not read to its end, and its stream can still be dropped', async () => {
    let given = 0;
    const endless = Readable.from(
      (function* () {
        yield pdf(60_000);
        for (;;) {
          given += 1;
          yield randomBytes(60_000);
        }
      })(),
      { objectMode: false },
    );
    expect(await code(files.store(upload(pdf(), { bytes: endless })))).to.equal('FICHIER_TROP_GRAND');
    expect(given).to.be.lessThan(30);
    expect(endless.destroyed).to.equal(false);
    endless.destroy();
    expect(await kept()).to.deep.equal([0, 0]);
  });

  it('a connection that is cut leaves nothing', async () => {
    const cut = new PassThrough();
    const work = files.store(upload(pdf(), { bytes: cut }));
    cut.write(pdf(600_000));
    await wait(50);
    cut.destroy(new Error('aborted'));
    let refusal: unknown;
    await work.catch((error: unknown) => {
      refusal = error;
    });
    expect(String(refusal)).to.include('aborted');
    expect(await kept()).to.deep.equal([0, 0]);
  });

  it('a file is not there before its upload has ended', async () => {
    const slow = new PassThrough();
    const work = files.store(upload(pdf(), { bytes: slow }));
    slow.write(pdf(600_000));
    await wait(50);
    expect(await files.of('account:1')).to.deep.equal([]);
    slow.end('%%EOF');
    const stored = await work;
    expect(await files.of('account:1')).to.deep.equal([stored]);
  });

  it('what a killed upload left is removed, and nothing else', async () => {
    const { id } = await files.store(upload(pdf(600_000)));
    const [chunk] = await connection.collection('files.chunks').find({}).toArray();
    const lost = new mongoose.mongo.ObjectId();
    await connection.collection('files.chunks').insertOne({ files_id: lost, n: 0, data: chunk?.data });
    expect(await files.removeUnfinished(new Date(Date.now() - 60_000)), 'it may be going on').to.equal(0);
    expect(await files.removeUnfinished(new Date(Date.now() + 60_000))).to.equal(1);
    expect((await buffer((await files.open(id, anybody)).bytes)).length).to.be.greaterThan(600_000);
    expect(await connection.collection('files.chunks').countDocuments({ files_id: lost })).to.equal(0);
  });

  it('is given to those who may have it only; the others do not learn that it exists', async () => {
    const { id } = await files.store(upload(pdf()));
    const messages: string[] = [];
    for (const work of [
      files.open(id, () => false),
      files.open(id, async ({ owner }) => owner === 'account:2'),
      files.open('unknown', anybody),
      files.open('../../secret.key', anybody),
    ]) {
      await work.catch((error: AppError) => messages.push(`${error.kind} ${error.code} ${error.publicMessage}`));
    }
    expect(messages).to.have.length(4);
    expect(new Set(messages).size).to.equal(1);
    expect((await files.open(id, ({ owner }) => owner === 'account:1')).file.id).to.equal(id);
  });

  it('goes with what it belongs to, whole', async () => {
    await files.store(upload(pdf(600_000)));
    await files.store(upload(pdf()));
    const other = await files.store(upload(pdf(), { owner: 'account:2' }));
    expect(await files.removeOf('account:1')).to.equal(2);
    expect(await kept()).to.deep.equal([1, 1]);
    expect(await files.remove(other.id)).to.equal(true);
    expect(await files.remove(other.id)).to.equal(false);
    expect(await kept()).to.deep.equal([0, 0]);
  });

  describe('with an antivirus', () => {
    const scanned = () => makeFiles(connection, makeClamdScanner(clamd.address, 300));

    it('a file is kept once the whole of it was looked at', async () => {
      const bytes = pdf(600_000);
      await scanned().store(upload(bytes));
      expect(clamd.scanned).to.have.length(1);
      expect(clamd.scanned[0]?.equals(bytes)).to.equal(true);
    });

    it('a file with a virus is not kept', async () => {
      expect(await code(scanned().store(upload(pdf(300_000, 'EICAR'))))).to.equal('FICHIER_INFECTE');
      expect(await kept()).to.deep.equal([0, 0]);
    });

    for (const behaviour of ['silent', 'hang-up', 'limit', 'nonsense'] as const) {
      it(`a file that nobody could look at is not kept (${behaviour})`, async () => {
        clamd.behaviour = behaviour;
        expect(await code(scanned().store(upload(pdf(600_000))))).to.equal('ANTIVIRUS_ABSENT');
        expect(await kept()).to.deep.equal([0, 0]);
      });
    }

    it('an antivirus that is not there is said, and nothing is kept', async () => {
      const away = makeFiles(connection, makeClamdScanner('127.0.0.1:9'));
      let refusal: unknown;
      await away.store(upload(pdf())).catch((error: unknown) => {
        refusal = error;
      });
      expect(refusal).to.be.instanceOf(AppError).and.include({ kind: 'unavailable', code: 'ANTIVIRUS_ABSENT' });
      expect((refusal as AppError).publicMessage).to.include("n'a pas été gardé");
      expect(await kept()).to.deep.equal([0, 0]);
    });
  });

  it('as an answer it is saved, never shown, and its type is never guessed', async () => {
    const bytes = pdf(300_000);
    const { id } = await files.store(upload(bytes, { name: "L'été «2026».pdf" }));
    const app = express().get('/f', async (_request, response) =>
      sendAttachment(response, await files.open(id, anybody)),
    );
    const { headers, body } = await request(app)
      .get('/f')
      .buffer(true)
      .parse((response, done) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done(null, Buffer.concat(chunks)));
      });
    expect((body as Buffer).equals(bytes)).to.equal(true);
    expect(headers).to.include({
      'content-type': 'application/pdf',
      'content-length': String(bytes.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, no-store, no-transform',
      'content-disposition': `attachment; filename="L_ete _2026_.pdf"; filename*=UTF-8''L%27%C3%A9t%C3%A9%20%C2%AB2026%C2%BB.pdf`,
    });
  });
});

describe('names of files', () => {
  const type: FileType = 'application/pdf';

  for (const [given, shown] of Object.entries({
    'Relevé de notes.pdf': 'Relevé de notes.pdf',
    '../../etc/passwd.pdf': 'passwd.pdf',
    'C:\\Users\\lea\\avis.PDF': 'avis.pdf',
    '/tmp/.pdf': 'fichier.pdf',
    '....pdf': 'fichier.pdf',
    'avis du 12.03.2026.pdf': 'avis du 12.03.2026.pdf',
    'cv.jean.pdf': 'cv.jean.pdf',
    'a"b<c>d|e?.pdf': 'a-b-c-d-e-.pdf',
    'avis\r\nSet-Cookie: x.pdf': 'avisSet-Cookie- x.pdf',
    'e\u0301te\u0301.pdf': 'été.pdf',
  })) {
    it(`${JSON.stringify(given)} is shown as « ${shown} »`, () => {
      expect(cleanFileName(given, type)).to.equal(shown);
    });
  }

  it('whatever is given, what is shown is short, has one extension and no sign that means something', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        let name: string;
        try {
          name = cleanFileName(`${text}.pdf`, type);
        } catch (error) {
          expect(error).to.be.instanceOf(AppError);
          return;
        }
        expect(name.length).to.be.at.most(200);
        expect([...name].length).to.be.at.most(100);
        expect(name).to.match(/^[^./\\][^/\\]*\.pdf$|^[^./\\]\.pdf$/su);
        expect(name).to.not.match(/[\p{C}<>:"|?*]/u);
        expect(contentDisposition(name)).to.match(
          /^attachment; filename="[A-Za-z0-9 ._-]+"; filename\*=UTF-8''[\w.!~%-]+$/,
        );
      }),
    );
  });
});
