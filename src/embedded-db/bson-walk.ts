import { MongoError } from './mongo-error.ts';

/** The same bytes with the methods of a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 22 InvalidBSON. */
export function invalid(reason: string): MongoError {
  return new MongoError(22, `invalid BSON: ${reason}`);
}

/** Where the name that starts at `from` has its final zero. */
export function cstringEnd(buf: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && buf[at] !== 0) at++;
  if (at >= end) throw invalid('a name does not end');
  return at;
}

/** Names and short texts are mostly ASCII: reading them here avoids a call into the runtime for each. */
export function text(buf: Buffer, start: number, end: number): string {
  if (end - start > 24) return buf.toString('utf8', start, end);
  let result = '';
  for (let at = start; at < end; at++) {
    const byte = buf[at] as number;
    if (byte > 127) return buf.toString('utf8', start, end);
    result += String.fromCharCode(byte);
  }
  return result;
}

/** The last name met for each hash: the same few names come back in every document. */
const knownNames: (string | undefined)[] = new Array(1024);
const LONGEST_KNOWN = 40;

/** The name of a field. One met before is given as the same string, which costs less as a key than a new one. */
export function fieldName(buf: Buffer, start: number, end: number): string {
  const size = end - start;
  if (size > LONGEST_KNOWN) return text(buf, start, end);
  let hash = size;
  for (let at = start; at < end; at++) {
    const byte = buf[at] as number;
    if (byte > 127) return text(buf, start, end);
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  const slot = hash & 1023;
  const known = knownNames[slot];
  if (known !== undefined && known.length === size) {
    let same = 0;
    while (same < size && known.charCodeAt(same) === buf[start + same]) same++;
    if (same === size) return known;
  }
  const name = text(buf, start, end);
  knownNames[slot] = name;
  return name;
}

/** Where the value that starts at `at` ends. */
export function skipValue(buf: Buffer, type: number, at: number, end: number): number {
  let next: number;
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      next = at + 8;
      break;
    case 0x02:
    case 0x0d:
    case 0x0e:
      next = at + 4 + length(buf, at, end, 1);
      break;
    case 0x03:
    case 0x04:
    case 0x0f:
      next = at + length(buf, at, end, 5);
      break;
    case 0x05:
      next = at + 5 + length(buf, at, end, 0);
      break;
    case 0x06:
    case 0x0a:
    case 0xff:
    case 0x7f:
      next = at;
      break;
    case 0x07:
      next = at + 12;
      break;
    case 0x08:
      next = at + 1;
      break;
    case 0x0b:
      next = cstringEnd(buf, cstringEnd(buf, at, end) + 1, end) + 1;
      break;
    case 0x0c:
      next = at + 4 + length(buf, at, end, 1) + 12;
      break;
    case 0x10:
      next = at + 4;
      break;
    case 0x13:
      next = at + 16;
      break;
    default:
      throw invalid(`unknown type ${type}`);
  }
  if (next > end) throw invalid('a value goes past the end of its document');
  return next;
}

/** The length that is written at `at`, in bytes; 22 when it is below `least`. */
export function length(buf: Buffer, at: number, end: number, least: number): number {
  if (at + 4 > end) throw invalid('a length goes past the end of its document');
  const value =
    (buf[at] as number) |
    ((buf[at + 1] as number) << 8) |
    ((buf[at + 2] as number) << 16) |
    ((buf[at + 3] as number) << 24);
  if (value < least) throw invalid('a length is too small');
  return value;
}

/** Where the document that starts at `at` has its final zero; 22 unless that is before `end`. */
export function documentEnd(buf: Buffer, at: number, end: number): number {
  const last = at + length(buf, at, end, 5) - 1;
  if (last >= end || buf[last] !== 0) throw invalid('a document does not end where it says');
  return last;
}
