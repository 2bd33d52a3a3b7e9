import { encode } from '../bson-codec.ts';
import type { Batch } from '../cursors.ts';

const DOCUMENT = 3;
const ARRAY = 4;

function element(type: number, name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value]);
}

function document(content: readonly Buffer[]): Buffer {
  let size = 5;
  for (const part of content) size += part.length;
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32LE(size, 0);
  let at = 4;
  for (const part of content) {
    part.copy(bytes, at);
    at += part.length;
  }
  bytes[at] = 0;
  return bytes;
}

/** The elements of an encoded document without what surrounds them. */
function elements(doc: Record<string, unknown>): Buffer {
  return encode(doc).subarray(4, -1);
}

/** An array of documents from their bytes, without decoding them. */
function arrayOf(documents: readonly Buffer[]): Buffer {
  return document(documents.flatMap((bytes, at) => [Buffer.from(`\x03${at}\0`, 'latin1'), bytes]));
}

/** `{cursor: {firstBatch | nextBatch, id, ns}, ok: 1}`, with the documents copied as they are stored. */
export function cursorReply(
  name: 'firstBatch' | 'nextBatch',
  batch: Batch,
  extra: Record<string, unknown> = {},
): Buffer {
  const cursor = document([
    element(ARRAY, name, arrayOf(batch.documents)),
    elements({ id: batch.id, ns: batch.namespace }),
  ]);
  return document([element(DOCUMENT, 'cursor', cursor), elements({ ...extra, ok: 1 })]);
}
