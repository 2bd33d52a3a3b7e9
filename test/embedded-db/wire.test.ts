import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, deserialize, serialize } from 'bson';
import { expect } from 'chai';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const MORE_TO_COME = 2;

function message(opCode: number, requestId: number, ...parts: Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + payload.length, 0);
  header.writeInt32LE(requestId, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, payload]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const opMsg = (requestId: number, body: Document, flags = 0, sections: Uint8Array = Buffer.alloc(0)): Buffer =>
  message(OP_MSG, requestId, int32(flags), Buffer.from([0]), serialize(body), sections);

const opQuery = (requestId: number, body: Document): Buffer =>
  message(OP_QUERY, requestId, int32(0), Buffer.from('admin.$cmd\0'), int32(0), int32(-1), serialize(body));

function sequence(name: string, documents: Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((doc) => serialize(doc))]);
  return Buffer.concat([Buffer.from([1]), int32(content.length + 4), content]);
}

/** A bare connection that shows replies as they come. */
class Wire {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('close', () => this.#wake());
    socket.on('error', () => undefined);
  }

  static async open(path: string): Promise<Wire> {
    const socket = connect({ path });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  send(...messages: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(messages));
  }

  async reply(): Promise<{ opCode: number; responseTo: number; body: Document; flags: number }> {
    while (this.#bytes.length < 4 || this.#bytes.length < this.#bytes.readInt32LE(0)) {
      if (this.#socket.destroyed) throw new Error('the connection was closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const length = this.#bytes.readInt32LE(0);
    const found = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    const opCode = found.readInt32LE(12);
    return {
      opCode,
      responseTo: found.readInt32LE(8),
      flags: found.readInt32LE(16),
      body: deserialize(found.subarray(opCode === OP_REPLY ? 36 : 21)),
    };
  }

  async closed(): Promise<boolean> {
    if (!this.#socket.destroyed)
      await Promise.race([once(this.#socket, 'close'), new Promise((r) => setTimeout(r, 2000))]);
    return this.#socket.destroyed;
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe('the wire protocol of the embedded database', () => {
  let dataDir: string;
  let engine: EmbeddedDatabase;
  let wire: Wire;

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-wire-'));
    engine = await startEmbeddedDatabase({ dataDir });
  });

  after(async () => {
    await engine?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  beforeEach(async () => {
    wire = await Wire.open(engine.socketPath);
  });

  afterEach(() => wire.end());

  it('answers the legacy handshake as a standalone that speaks hello', async () => {
    wire.send(
      opQuery(7, { ismaster: 1, helloOk: true, backpressure: '2', client: { driver: {} }, compression: ['zlib'] }),
    );
    const { opCode, responseTo, flags, body } = await wire.reply();
    expect([opCode, responseTo, flags]).to.deep.equal([OP_REPLY, 7, 8]);
    expect(body.localTime).to.be.instanceOf(Date);
    expect(body.connectionId).to.be.a('number');
    delete body.localTime;
    delete body.connectionId;
    expect(body).to.deep.equal({
      helloOk: true,
      ismaster: true,
      isWritablePrimary: true,
      maxBsonObjectSize: 16777216,
      maxMessageSizeBytes: 48000000,
      maxWriteBatchSize: 100000,
      logicalSessionTimeoutMinutes: 30,
      minWireVersion: 0,
      maxWireVersion: 25,
      readOnly: false,
      ok: 1,
    });
  });

  it('answers hello in the current framing too', async () => {
    wire.send(opMsg(8, { hello: 1, $db: 'admin' }));
    const { opCode, responseTo, body } = await wire.reply();
    expect([opCode, responseTo, body.isWritablePrimary]).to.deep.equal([OP_MSG, 8, true]);
  });

  it('answers a command cut into single bytes, and two that come as one', async () => {
    const ping = opMsg(1, { ping: 1, $db: 'admin' });
    for (const byte of ping) wire.send(Buffer.from([byte]));
    expect((await wire.reply()).body).to.deep.equal({ ok: 1 });
    wire.send(opMsg(2, { ping: 1, $db: 'admin' }), opMsg(3, { ping: 1, $db: 'admin' }));
    expect((await wire.reply()).responseTo).to.equal(2);
    expect((await wire.reply()).responseTo).to.equal(3);
  });

  it('keeps the order of one connection after writes that want no answer', async () => {
    const messages: Buffer[] = [];
    for (let n = 1; n <= 50; n++) {
      messages.push(
        opMsg(
          n,
          { insert: 'quiet', $db: 'wire', writeConcern: { w: 0 } },
          MORE_TO_COME,
          sequence('documents', [{ n }]),
        ),
      );
      messages.push(opMsg(1000 + n, { count: 'quiet', $db: 'wire' }));
    }
    wire.send(...messages);
    for (let n = 1; n <= 50; n++) {
      const { responseTo, body } = await wire.reply();
      expect([responseTo, body.n]).to.deep.equal([1000 + n, n]);
    }
  });

  it('stores a document sequence as received', async () => {
    const documents = [
      { _id: 1, text: 'é' },
      { _id: 2, list: [1, { a: null }] },
    ];
    wire.send(opMsg(1, { insert: 'raw', $db: 'wire' }, 0, sequence('documents', documents)));
    expect((await wire.reply()).body).to.deep.equal({ n: 2, ok: 1 });
    wire.send(opMsg(2, { find: 'raw', $db: 'wire' }));
    expect((await wire.reply()).body.cursor.firstBatch).to.deep.equal(documents);
  });

  it('refuses what it does not know, and goes on', async () => {
    wire.send(opMsg(1, { nope: 1, $db: 'admin' }));
    const { body } = await wire.reply();
    expect([body.ok, body.code, body.codeName]).to.deep.equal([0, 59, 'CommandNotFound']);
    wire.send(opMsg(2, { find: 'a', $db: 'wire', txnNumber: 1, startTransaction: true }));
    expect((await wire.reply()).body.code).to.equal(20);
    wire.send(opMsg(3, { find: 'a', $db: 'wire', readConcern: { level: 'snapshot' } }));
    expect((await wire.reply()).body.code).to.equal(123);
    wire.send(opMsg(4, { ping: 1, $db: 'admin' }));
    expect((await wire.reply()).body).to.deep.equal({ ok: 1 });
  });

  it('refuses bytes that are no document, and goes on', async () => {
    const bad = Buffer.from(serialize({ ping: 1, $db: 'admin' }));
    bad[4] = 0x66;
    wire.send(message(OP_MSG, 1, int32(0), Buffer.from([0]), bad));
    expect((await wire.reply()).body.code).to.equal(22);
    const broken = Buffer.from(serialize({ _id: 1, text: 'abc' }));
    broken[5] = 0x77;
    broken.writeInt32LE(9999, broken.indexOf('text') + 5);
    const content = Buffer.concat([Buffer.from('documents\0'), broken]);
    wire.send(
      opMsg(
        2,
        { insert: 'bad', $db: 'wire' },
        0,
        Buffer.concat([Buffer.from([1]), int32(content.length + 4), content]),
      ),
    );
    expect((await wire.reply()).body.writeErrors[0].code).to.equal(22);
    wire.send(opMsg(3, { count: 'bad', $db: 'wire' }));
    expect((await wire.reply()).body.n).to.equal(0);
  });

  it('closes a connection that breaks the protocol, and serves the others', async () => {
    const noises: [string, Buffer][] = [
      ['a message over the announced size', Buffer.concat([int32(48_000_017), Buffer.alloc(12)])],
      ['a negative length', Buffer.concat([int32(-1), Buffer.alloc(12)])],
      ['a length below the header', Buffer.concat([int32(3), Buffer.alloc(12)])],
      ['an unknown opcode', message(2012, 1, Buffer.alloc(8))],
      ['unknown required flags', message(OP_MSG, 1, int32(1 << 5), Buffer.from([0]), serialize({ ping: 1 }))],
      ['a message without a body', message(OP_MSG, 1, int32(0), sequence('documents', [{}]))],
      [
        'a document longer than its message',
        message(OP_MSG, 1, int32(0), Buffer.from([0]), int32(5000), Buffer.alloc(3)),
      ],
      ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ];
    for (const [name, bytes] of noises) {
      const noisy = await Wire.open(engine.socketPath);
      noisy.send(bytes);
      expect(await noisy.closed(), name).to.equal(true);
    }
    wire.send(opMsg(1, { ping: 1, $db: 'admin' }));
    expect((await wire.reply()).body).to.deep.equal({ ok: 1 });
  });

  it('refuses a document over 16 MiB and stores one just below', async () => {
    const big = (bytes: number): Buffer => sequence('documents', [{ _id: bytes, x: 'x'.repeat(bytes) }]);
    wire.send(opMsg(1, { insert: 'big', $db: 'wire' }, 0, big(16 * 1024 * 1024)));
    expect((await wire.reply()).body.writeErrors[0].code).to.equal(10334);
    wire.send(opMsg(2, { insert: 'big', $db: 'wire' }, 0, big(16 * 1024 * 1024 - 100)));
    expect((await wire.reply()).body).to.deep.equal({ n: 1, ok: 1 });
    wire.send(opMsg(3, { find: 'big', $db: 'wire' }));
    expect((await wire.reply()).body.cursor.firstBatch).to.have.length(1);
  });
});
