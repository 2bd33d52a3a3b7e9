import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { unusable } from '../../src/embedded-db/data-directory.ts';
import { privateDirectory, uriOf } from '../../src/embedded-db/listen-address.ts';
import { type EmbeddedDatabase, serveEmbeddedDatabase, startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

/** Another process that serves the directory until it is killed. */
async function serveElsewhere(dataDir: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'serve-and-write.ts'), dataDir, 'serve'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function countThrough(engine: EmbeddedDatabase): Promise<number> {
  const client = await MongoClient.connect(engine.uri('lock'));
  try {
    await client.db().collection('a').insertOne({});
    return await client.db().collection('a').countDocuments({});
  } finally {
    await client.close();
  }
}

describe('who serves a data directory', function () {
  this.timeout(30_000);
  let dataDir: string;
  const opened: EmbeddedDatabase[] = [];
  const children: ChildProcess[] = [];

  async function start(options: { exclusive?: boolean } = {}): Promise<EmbeddedDatabase> {
    const engine = await startEmbeddedDatabase({ dataDir, ...options });
    opened.push(engine);
    return engine;
  }

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-lock-'));
  });

  afterEach(async () => {
    for (const engine of opened.splice(0).reverse()) await engine.close();
    for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('the first serves, the second is its client', async () => {
    const first = await start();
    const second = await start();
    expect([first.role, second.role]).to.deep.equal(['server', 'client']);
    expect(second.socketPath).to.equal(first.socketPath);
    expect(await countThrough(first)).to.equal(1);
    expect(await countThrough(second)).to.equal(2);
  });

  it('two that start at the same time: one serves, both work', async () => {
    const both = await Promise.all([start(), start()]);
    expect(both.map(({ role }) => role).sort()).to.deep.equal(['client', 'server']);
    for (const engine of both) expect(await countThrough(engine)).to.be.greaterThan(0);
  });

  it('a second engine is refused with the process and the socket of the first', async () => {
    const first = await start();
    const text = await refusal(startEmbeddedDatabase({ dataDir, exclusive: true }));
    expect(text).to.contain(`process ${process.pid}`).and.contain(first.socketPath);
    expect(await refusal(serveEmbeddedDatabase({ dataDir, port: 0 }))).to.contain('already served');
  });

  it('the lock and the socket are gone after a close, and the data is there for the next', async () => {
    const first = await startEmbeddedDatabase({ dataDir });
    await countThrough(first);
    await first.close();
    expect(existsSync(join(dataDir, 'engine.lock'))).to.equal(false);
    expect(existsSync(first.socketPath)).to.equal(false);
    const next = await start();
    expect(next.role).to.equal('server');
    expect(await countThrough(next)).to.equal(2);
  });

  it('a lock left by a killed process is taken over, even when its process id is in use', async () => {
    const child = await serveElsewhere(dataDir);
    children.push(child);
    expect((await start()).role).to.equal('client');
    await opened.pop()?.close();
    await kill(child);
    const path = join(dataDir, 'engine.lock');
    const left = JSON.parse(readFileSync(path, 'utf8'));
    expect(left.pid).to.equal(child.pid);
    writeFileSync(path, JSON.stringify({ ...left, pid: process.pid }));
    expect((await start()).role).to.equal('server');
  });

  it('a lock whose address now belongs to another program is taken over', async () => {
    const stranger = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address() as { port: number };
    writeFileSync(
      join(dataDir, 'engine.lock'),
      JSON.stringify({ pid: 1, address: { port: address.port }, id: 'gone', startedAt: '' }),
    );
    expect((await start()).role).to.equal('server');
    stranger.close();
  });

  it('when the process that serves is killed, a client serves in its place at the same address', async () => {
    const child = await serveElsewhere(dataDir);
    children.push(child);
    const survivor = await start();
    const client = await MongoClient.connect(survivor.uri('lock'));
    const collection = client.db().collection('a');
    await collection.insertOne({ n: 1 });
    await kill(child);
    while (survivor.role !== 'server') await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await collection.countDocuments({ n: 1 })).to.equal(1);
    await client.close();
  });

  it('a start that was killed half-way does not block the next one for ever', async () => {
    const path = join(dataDir, 'engine.starting');
    writeFileSync(path, '');
    const began = Date.now();
    await start();
    expect(Date.now() - began).to.be.lessThan(15_000);
    expect(existsSync(path)).to.equal(false);
  });

  it('a data directory too deep for a socket gets one elsewhere, for this user alone', async () => {
    dataDir = join(dataDir, 'x'.repeat(60), 'y'.repeat(60));
    const engine = await start();
    expect(Buffer.byteLength(engine.socketPath)).to.be.at.most(100);
    expect(engine.socketPath).to.match(/\.sock$/);
    expect(engine.socketPath.startsWith(dataDir)).to.equal(false);
    expect(lstatSync(join(engine.socketPath, '..')).mode & 0o777).to.equal(0o700);
    expect(await countThrough(engine)).to.equal(1);
  });

  it('a socket directory that others can enter, or that is a link, is refused', () => {
    const open = join(dataDir, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    expect(() => privateDirectory(open)).to.throw('rights are 755');
    const link = join(dataDir, 'link');
    mkdirSync(join(dataDir, 'target'), { mode: 0o700 });
    symlinkSync(join(dataDir, 'target'), link);
    expect(() => privateDirectory(link)).to.throw('not a directory');
    const fine = join(dataDir, 'fine');
    privateDirectory(fine);
    privateDirectory(fine);
  });

  it('listens on a port when asked, and says the real one', async () => {
    const engine = await serveEmbeddedDatabase({ dataDir, port: 0 });
    opened.push(engine);
    expect(engine.uri('a')).to.match(/^mongodb:\/\/127\.0\.0\.1:\d{4,5}\/a$/);
    expect(await countThrough(engine)).to.equal(1);
  });

  it('a directory that cannot be used is told with what to do', async () => {
    const failure = (code: string): string => unusable('/srv/data', Object.assign(new Error(code), { code })).message;
    expect(failure('EACCES')).to.contain('/srv/data').and.contain('cannot be written').and.contain('MONGODB_URI');
    expect(failure('EROFS')).to.contain('cannot be written');
    expect(failure('ENOSPC')).to.contain('is full').and.contain('Free some space');
    const file = join(dataDir, 'a-file');
    writeFileSync(file, '');
    expect(await refusal(startEmbeddedDatabase({ dataDir: file }))).to.contain('a file of that name is in the way');
  });

  it('an address for a driver names a socket by its path and a port by its number', () => {
    expect(uriOf({ path: '/a b/db.sock' }, 'x')).to.equal('mongodb://%2Fa%20b%2Fdb.sock/x');
    expect(uriOf({ port: 5 }, 'x')).to.equal('mongodb://127.0.0.1:5/x');
  });
});
