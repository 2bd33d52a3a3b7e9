import type { Socket } from 'node:net';
import { type Doc, decode, encode, MAX_DOCUMENT_BYTES } from './bson-codec.ts';
import { MongoError } from './mongo-error.ts';

/** One command as it came over the wire. */
export interface WireRequest {
  /** The decoded command; its first field is the command's name. */
  readonly body: Doc;
  /** Kind-1 document sequences by name, each document as the bytes received. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly connectionId: number;
}

/** Answers one command: a document, or the bytes of one. */
export type RequestHandler = (request: WireRequest) => Promise<Doc | Buffer>;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** The limit that hello announces, with room for the header of the message itself. */
export const MAX_MESSAGE_BYTES = 48_000_000;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Flag bits that a receiver must understand; the others may be ignored. */
const REQUIRED_BITS = 0xffff;

interface Message {
  readonly requestId: number;
  readonly opCode: number;
  readonly payload: Buffer;
}

/** A message that breaks the protocol itself: nothing after it can be trusted, so the connection ends. */
class ProtocolViolation extends Error {}

/** Cuts a stream of bytes into messages; holds at most one incomplete message. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** The messages that `chunk` completes. Throws when a length is impossible. */
  *push(chunk: Buffer): Generator<Message> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= HEADER_BYTES) {
      const length = this.#head(4).readInt32LE(0);
      if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES + HEADER_BYTES) {
        throw new ProtocolViolation(`a message of ${length} bytes`);
      }
      if (this.#size < length) return;
      const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const message = all.subarray(0, length);
      this.#chunks = length < all.length ? [all.subarray(length)] : [];
      this.#size = all.length - length;
      yield {
        requestId: message.readInt32LE(4),
        opCode: message.readInt32LE(12),
        payload: message.subarray(HEADER_BYTES),
      };
    }
  }

  #head(bytes: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    if (first.length >= bytes) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

interface Parsed {
  readonly body: Doc;
  readonly sequences: Map<string, Buffer[]>;
  readonly legacy: boolean;
  readonly wantsReply: boolean;
}

function parse(message: Message): Parsed {
  if (message.opCode === OP_MSG) return parseMsg(message.payload);
  if (message.opCode === OP_QUERY) return parseQuery(message.payload);
  throw new ProtocolViolation(`unknown opcode ${message.opCode}`);
}

function take(payload: Buffer, at: number): Buffer {
  if (at + 5 > payload.length) throw new ProtocolViolation('a document goes past the end of its message');
  const length = payload.readInt32LE(at);
  if (length < 5 || at + length > payload.length) {
    throw new ProtocolViolation('a document goes past the end of its message');
  }
  return payload.subarray(at, at + length);
}

function cstring(payload: Buffer, at: number): { text: string; next: number } {
  const end = payload.indexOf(0, at);
  if (end === -1) throw new ProtocolViolation('a name does not end');
  return { text: payload.toString('utf8', at, end), next: end + 1 };
}

function parseMsg(received: Buffer): Parsed {
  if (received.length < 5) throw new ProtocolViolation('an empty message');
  const flags = received.readUInt32LE(0);
  if (flags & REQUIRED_BITS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) throw new ProtocolViolation(`unknown flags ${flags}`);
  const payload = flags & CHECKSUM_PRESENT ? received.subarray(0, -4) : received;
  const sequences = new Map<string, Buffer[]>();
  let raw: Buffer | undefined;
  let at = 4;
  while (at < payload.length) {
    const kind = payload[at++];
    if (kind === 0) {
      if (raw) throw new ProtocolViolation('two bodies in one message');
      raw = take(payload, at);
      at += raw.length;
    } else if (kind === 1) {
      if (at + 4 > payload.length) throw new ProtocolViolation('an incomplete document sequence');
      const end = at + payload.readInt32LE(at);
      if (end <= at || end > payload.length) throw new ProtocolViolation('a sequence goes past the end of its message');
      const name = cstring(payload, at + 4);
      if (sequences.has(name.text)) throw new ProtocolViolation('the same document sequence twice');
      const documents: Buffer[] = [];
      at = name.next;
      while (at < end) {
        const document = take(payload.subarray(0, end), at);
        documents.push(document);
        at += document.length;
      }
      sequences.set(name.text, documents);
    } else throw new ProtocolViolation(`unknown section kind ${kind}`);
  }
  if (!raw) throw new ProtocolViolation('a message without a body');
  return { body: decode(raw), sequences, legacy: false, wantsReply: (flags & MORE_TO_COME) === 0 };
}

/** The legacy framing, which drivers still use for the first message of a connection. */
function parseQuery(payload: Buffer): Parsed {
  if (payload.length < 5) throw new ProtocolViolation('an empty query');
  const name = cstring(payload, 4);
  const body = decode(take(payload, name.next + 8));
  if (!name.text.endsWith('.$cmd')) {
    throw new MongoError(352, 'Unsupported OP_QUERY command: the legacy framing is accepted for the handshake only');
  }
  const wrapped = body.$query;
  const command = wrapped !== null && typeof wrapped === 'object' ? (wrapped as Doc) : body;
  return {
    body: { ...command, $db: name.text.slice(0, -'.$cmd'.length) },
    sequences: new Map(),
    legacy: true,
    wantsReply: true,
  };
}

/** Whether a message whose body could not be read asked for no reply. */
function isQuiet({ opCode, payload }: Message): boolean {
  return opCode === OP_MSG && (payload.readUInt32LE(0) & MORE_TO_COME) !== 0;
}

let replyId = 0;

function frame(opCode: number, responseTo: number, before: Buffer, body: Buffer): Buffer {
  const message = Buffer.allocUnsafe(HEADER_BYTES + before.length + body.length);
  replyId = (replyId + 1) & 0x7fffffff;
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(replyId, 4);
  message.writeInt32LE(responseTo, 8);
  message.writeInt32LE(opCode, 12);
  before.copy(message, HEADER_BYTES);
  body.copy(message, HEADER_BYTES + before.length);
  return message;
}

const MSG_PREFIX = Buffer.alloc(5);
/** responseFlags 8 (await capable), cursor 0, starting from 0, one document. */
const REPLY_PREFIX = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);

/** A command as the bytes of a message, for a client. */
export function requestBytes(body: Buffer): Buffer {
  return frame(OP_MSG, 0, MSG_PREFIX, body);
}

/** A reply may be a little larger than the largest document it carries. */
export const MAX_REPLY_BYTES = MAX_DOCUMENT_BYTES + 16 * 1024;

/** The document that tells a client about an error. */
export function errorReply(error: unknown): Doc {
  if (error instanceof MongoError) {
    return { ok: 0, errmsg: error.message, code: error.code, codeName: error.codeName, ...error.extra };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { ok: 0, errmsg: `internal error of the embedded database: ${text}`, code: 1, codeName: 'InternalError' };
}

/**
 * Serves one connection. The messages of a connection are handled strictly one after the other, also after a write
 * that wants no reply, so that a client always reads its own writes. `handle` may throw: the error becomes the reply.
 */
export function serveConnection(
  socket: Socket,
  connectionId: number,
  handle: RequestHandler,
  onInternalError: (error: unknown) => void,
): void {
  const reader = new MessageReader();
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  async function answer(message: Message): Promise<void> {
    if (socket.destroyed) return;
    let parsed: Parsed | undefined;
    let reply: Doc | Buffer;
    try {
      parsed = parse(message);
      reply = await handle({ body: parsed.body, sequences: parsed.sequences, connectionId });
    } catch (error) {
      if (error instanceof ProtocolViolation) {
        socket.destroy();
        return;
      }
      if (!(error instanceof MongoError)) onInternalError(error);
      reply = errorReply(error);
    }
    const legacy = parsed?.legacy ?? message.opCode === OP_QUERY;
    if (socket.destroyed || (parsed ? !parsed.wantsReply : isQuiet(message))) return;
    const body = Buffer.isBuffer(reply) ? reply : encode(reply, MAX_REPLY_BYTES);
    const bytes = legacy
      ? frame(OP_REPLY, message.requestId, REPLY_PREFIX, body)
      : frame(OP_MSG, message.requestId, MSG_PREFIX, body);
    if (!socket.write(bytes)) await drained(socket);
  }

  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.push(chunk)) {
        waiting++;
        // A client that sends without reading must not fill the memory.
        if (waiting > MAX_WAITING) socket.pause();
        last = last
          .then(() => answer(message))
          .catch((error: unknown) => {
            onInternalError(error);
            socket.destroy();
          })
          .then(() => {
            waiting--;
            if (waiting <= MAX_WAITING && socket.isPaused()) socket.resume();
          });
      }
    } catch {
      socket.destroy();
    }
  });
}

const MAX_WAITING = 16;

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
