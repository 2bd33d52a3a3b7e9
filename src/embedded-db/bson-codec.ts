import {
  Binary,
  BSONError,
  BSONRegExp,
  BSONSymbol,
  BSONValue,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import { asBuffer, cstringEnd, documentEnd, fieldName, invalid, length, skipValue, text } from './bson-walk.ts';
import { MongoError } from './mongo-error.ts';

/**
 * A decoded document. Numbers keep their BSON type: an int32 is a JS number, a double that JS cannot mistake for an
 * int32 (1.5, NaN, -0, 1e10) too, any other double is a `Double`, an int64 is a `Long`. `undefined` is BSON undefined.
 *
 * The codec is ours because the library's trusts a stored field named `_bsontype`, turns `{$ref, $id}` into a DBRef and
 * cannot decode only some of the fields.
 */
export type Doc = Record<string, unknown>;

/** Deepest nesting of a document, as on a MongoDB server. */
const MAX_DEPTH = 180;

/** Largest document a server stores; replies may be 16 kB larger. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

const ARRAY = 4;

/** Sets an own property, also for `__proto__`, which plain assignment would send to the prototype. */
export function setOwn(target: Doc, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

/** A double that JS would take for an int32 stays wrapped, so that its type survives. */
function doubleValue(value: number): unknown {
  return (value | 0) === value && !Object.is(value, -0) ? new Double(value) : value;
}

function stringAt(buf: Buffer, at: number): string {
  return text(buf, at + 4, at + 3 + buf.readInt32LE(at));
}

function decodeValue(buf: Buffer, type: number, at: number, next: number, depth: number): unknown {
  switch (type) {
    case 0x01:
      return doubleValue(buf.readDoubleLE(at));
    case 0x02:
      return stringAt(buf, at);
    case 0x03:
      return decodeDocument(buf, at, next, depth + 1);
    case ARRAY:
      return decodeArray(buf, at, next, depth + 1);
    case 0x05: {
      const subtype = buf[at + 4] as number;
      // Subtype 2 repeats the length inside its data.
      return new Binary(Uint8Array.prototype.slice.call(buf, subtype === 2 ? at + 9 : at + 5, next), subtype);
    }
    case 0x06:
      return undefined;
    case 0x07:
      return new ObjectId(Uint8Array.prototype.slice.call(buf, at, next));
    case 0x08:
      return buf[at] !== 0;
    case 0x09:
      return new Date(Number(buf.readBigInt64LE(at)));
    case 0x0a:
      return null;
    case 0x0b: {
      const middle = cstringEnd(buf, at, next);
      return regExpOf(text(buf, at, middle), text(buf, middle + 1, next - 1));
    }
    case 0x0d:
      return new Code(stringAt(buf, at));
    case 0x0e:
      return new BSONSymbol(stringAt(buf, at));
    case 0x0f: {
      const scopeAt = at + 8 + length(buf, at + 4, next, 1);
      if (scopeAt + 5 > next) throw invalid('a code scope goes past the end of its value');
      return new Code(stringAt(buf, at + 4), decodeDocument(buf, scopeAt, next, depth + 1));
    }
    case 0x10:
      return buf.readInt32LE(at);
    case 0x11:
      return new Timestamp({ i: buf.readUInt32LE(at), t: buf.readUInt32LE(at + 4) });
    case 0x12:
      return new Long(buf.readInt32LE(at), buf.readInt32LE(at + 4));
    case 0x13:
      return new Decimal128(Uint8Array.prototype.slice.call(buf, at, next));
    case 0xff:
      return new MinKey();
    case 0x7f:
      return new MaxKey();
    default:
      throw new MongoError(2, 'the deprecated BSON type DBPointer is not supported');
  }
}

function regExpOf(pattern: string, options: string): BSONRegExp {
  try {
    return new BSONRegExp(pattern, options);
  } catch (error) {
    if (error instanceof BSONError) throw invalid('a regular expression has unknown options');
    throw error;
  }
}

function tooDeep(): MongoError {
  return new MongoError(15, 'Object nesting depth exceeds the maximum allowed');
}

function decodeDocument(buf: Buffer, start: number, limit: number, depth: number): Doc {
  if (depth > MAX_DEPTH) throw tooDeep();
  const end = documentEnd(buf, start, limit);
  const doc: Doc = {};
  let at = start + 4;
  while (at < end) {
    const type = buf[at] as number;
    const nameEnd = cstringEnd(buf, at + 1, end);
    const name = fieldName(buf, at + 1, nameEnd);
    const next = skipValue(buf, type, nameEnd + 1, end);
    setOwn(doc, name, decodeValue(buf, type, nameEnd + 1, next, depth));
    at = next;
  }
  return doc;
}

function decodeArray(buf: Buffer, start: number, limit: number, depth: number): unknown[] {
  if (depth > MAX_DEPTH) throw tooDeep();
  const end = documentEnd(buf, start, limit);
  const values: unknown[] = [];
  let at = start + 4;
  while (at < end) {
    const type = buf[at] as number;
    const valueAt = cstringEnd(buf, at + 1, end) + 1;
    const next = skipValue(buf, type, valueAt, end);
    values.push(decodeValue(buf, type, valueAt, next, depth));
    at = next;
  }
  return values;
}

/** Decodes a whole document; 22 InvalidBSON when the bytes are none, 15 Overflow when it is nested too deeply. */
export function decode(bytes: Uint8Array): Doc {
  const buf = asBuffer(bytes);
  return decodeDocument(buf, 0, buf.length, 0);
}

/** Throws what `decode` would throw, without making the document: a tenth of the work. */
export function checkReadable(bytes: Uint8Array): void {
  const buf = asBuffer(bytes);
  checkDocument(buf, 0, buf.length, 0);
}

function checkDocument(buf: Buffer, start: number, limit: number, depth: number): void {
  if (depth > MAX_DEPTH) throw tooDeep();
  const end = documentEnd(buf, start, limit);
  let at = start + 4;
  while (at < end) {
    const type = buf[at] as number;
    const valueAt = cstringEnd(buf, at + 1, end) + 1;
    const next = skipValue(buf, type, valueAt, end);
    if (type === 0x03 || type === ARRAY) checkDocument(buf, valueAt, next, depth + 1);
    else if (type === 0x0b || type === 0x0f || type === 0x0c) decodeValue(buf, type, valueAt, next, depth);
    at = next;
  }
}

/**
 * A reader that decodes only the named top-level fields and steps over the others: what makes scans fast.
 * The fields come out in the order of the document.
 */
export function fieldReader(fields: Iterable<string>): (bytes: Uint8Array) => Doc {
  const names = [...fields];
  const encoded = names.map((name) => Buffer.from(name, 'utf8'));
  const count = names.length;
  return (bytes) => {
    const buf = asBuffer(bytes);
    const end = documentEnd(buf, 0, buf.length);
    const doc: Doc = {};
    let found = 0;
    let at = 4;
    while (at < end && found < count) {
      const type = buf[at] as number;
      const nameAt = at + 1;
      const nameEnd = cstringEnd(buf, nameAt, end);
      const next = skipValue(buf, type, nameEnd + 1, end);
      for (let i = 0; i < count; i++) {
        const name = encoded[i] as Buffer;
        if (name.length !== nameEnd - nameAt) continue;
        let same = 0;
        while (same < name.length && name[same] === buf[nameAt + same]) same++;
        if (same === name.length) {
          // A name given twice counts once: the fields after it are still to be read.
          if (!Object.hasOwn(doc, names[i] as string)) found++;
          setOwn(doc, names[i] as string, decodeValue(buf, type, nameEnd + 1, next, 0));
          break;
        }
      }
      at = next;
    }
    return doc;
  };
}

const readers = new WeakMap<ReadonlySet<string>, (bytes: Uint8Array) => Doc>();

/** Decodes only the named top-level fields; the reader is kept as long as the set of names lives. */
export function decodeFields(bytes: Uint8Array, fields: ReadonlySet<string>): Doc {
  let reader = readers.get(fields);
  if (!reader) {
    reader = fieldReader(fields);
    readers.set(fields, reader);
  }
  return reader(bytes);
}

/** The same document with `_id` as its first field, as MongoDB stores it; the given bytes when nothing has to move. */
export function moveIdFirst(bytes: Uint8Array): Uint8Array {
  const buf = asBuffer(bytes);
  const end = documentEnd(buf, 0, buf.length);
  let at = 4;
  while (at < end) {
    const nameEnd = cstringEnd(buf, at + 1, end);
    const next = skipValue(buf, buf[at] as number, nameEnd + 1, end);
    if (nameEnd - at === 4 && buf.toString('latin1', at + 1, nameEnd) === '_id') {
      if (at === 4) return bytes;
      return Buffer.concat([buf.subarray(0, 4), buf.subarray(at, next), buf.subarray(4, at), buf.subarray(next)]);
    }
    at = next;
  }
  return bytes;
}

/** The growing output of `encode`. One is enough: encoding is synchronous and calls nothing back. */
let out: Buffer = Buffer.allocUnsafe(64 * 1024);
let used = 0;

function room(bytes: number): void {
  if (used + bytes <= out.length) return;
  const larger = Buffer.allocUnsafe(Math.max(out.length * 2, used + bytes));
  out.copy(larger, 0, 0, used);
  out = larger;
}

/** Short ASCII texts, which most are, are copied here: a call into the runtime for each costs more. */
function writeUtf8(value: string): void {
  const { length: size } = value;
  if (size <= 32) {
    let at = 0;
    for (; at < size; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 127) break;
      out[used + at] = unit;
    }
    if (at === size) {
      used += size;
      return;
    }
  }
  used += out.write(value, used, 'utf8');
}

function writeName(type: number, name: string): void {
  if (name.includes('\0')) throw new MongoError(2, 'field names cannot contain the null character');
  room(name.length * 3 + 2);
  out[used++] = type;
  writeUtf8(name);
  out[used++] = 0;
}

function writeText(value: string): void {
  room(value.length * 3 + 5);
  const start = used;
  used += 4;
  writeUtf8(value);
  out[used++] = 0;
  out.writeInt32LE(used - start - 4, start);
}

function writeCstring(value: string): void {
  if (value.includes('\0')) throw new MongoError(2, 'a regular expression cannot contain the null character');
  room(value.length * 3 + 1);
  used += out.write(value, used, 'utf8');
  out[used++] = 0;
}

function writeDouble(name: string, value: number): void {
  writeName(0x01, name);
  room(8);
  used = out.writeDoubleLE(value, used);
}

function writeInt32(name: string, value: number): void {
  writeName(0x10, name);
  room(4);
  used = out.writeInt32LE(value, used);
}

function writeLong(type: number, name: string, value: bigint): void {
  writeName(type, name);
  room(8);
  used = out.writeBigInt64LE(BigInt.asIntN(64, value), used);
}

function writeRaw(type: number, name: string, bytes: Uint8Array): void {
  writeName(type, name);
  room(bytes.length);
  out.set(bytes, used);
  used += bytes.length;
}

const REGEXP_FLAGS = 'ims';

function writeBsonValue(name: string, value: BSONValue, depth: number): void {
  if (value instanceof ObjectId) writeRaw(0x07, name, value.id);
  else if (value instanceof Double) writeDouble(name, value.value);
  else if (value instanceof Int32) writeInt32(name, value.value);
  // Before Long, which it extends.
  else if (value instanceof Timestamp) writeLong(0x11, name, value.toBigInt());
  else if (value instanceof Long) writeLong(0x12, name, value.toBigInt());
  else if (value instanceof Decimal128) writeRaw(0x13, name, value.bytes);
  else if (value instanceof Binary) {
    const data = value.buffer.subarray(0, value.position);
    writeName(0x05, name);
    const old = value.sub_type === 2;
    room(data.length + 9);
    used = out.writeInt32LE(data.length + (old ? 4 : 0), used);
    out[used++] = value.sub_type;
    if (old) used = out.writeInt32LE(data.length, used);
    out.set(data, used);
    used += data.length;
  } else if (value instanceof BSONRegExp) {
    writeName(0x0b, name);
    writeCstring(value.pattern);
    writeCstring(value.options);
  } else if (value instanceof MinKey) writeName(0xff, name);
  else if (value instanceof MaxKey) writeName(0x7f, name);
  else if (value instanceof BSONSymbol) {
    writeName(0x0e, name);
    writeText(value.value);
  } else if (value instanceof Code) {
    if (value.scope) {
      writeName(0x0f, name);
      room(4);
      const start = used;
      used += 4;
      writeText(value.code);
      writeDocument(value.scope, depth + 1);
      out.writeInt32LE(used - start, start);
    } else {
      writeName(0x0d, name);
      writeText(value.code);
    }
  } else throw new MongoError(2, `cannot store a value of the type ${value._bsontype}`);
}

function writeValue(name: string, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      writeName(0x02, name);
      writeText(value);
      return;
    case 'number':
      if ((value | 0) === value && !Object.is(value, -0)) writeInt32(name, value);
      else writeDouble(name, value);
      return;
    case 'boolean':
      writeName(0x08, name);
      room(1);
      out[used++] = value ? 1 : 0;
      return;
    case 'bigint':
      writeLong(0x12, name, value);
      return;
    case 'undefined':
      writeName(0x06, name);
      return;
    case 'object':
      break;
    default:
      throw new MongoError(2, `cannot store a ${typeof value}`);
  }
  if (value === null) writeName(0x0a, name);
  else if (Array.isArray(value)) {
    writeName(ARRAY, name);
    writeArray(value, depth + 1);
  } else if (value instanceof Date) {
    const time = value.getTime();
    // BSON holds dates that JS does not: better refused than rewritten as another instant.
    if (Number.isNaN(time)) throw new MongoError(2, 'a date outside the years -271821 to 275760 cannot be stored');
    writeLong(0x09, name, BigInt(time));
  } else if (value instanceof BSONValue) writeBsonValue(name, value, depth);
  else if (value instanceof RegExp) {
    writeName(0x0b, name);
    writeCstring(value.source);
    writeCstring([...REGEXP_FLAGS].filter((flag) => value.flags.includes(flag)).join(''));
  } else if (value instanceof Uint8Array) writeBsonValue(name, new Binary(value), depth);
  else {
    writeName(0x03, name);
    writeDocument(value as Doc, depth + 1);
  }
}

function writeDocument(doc: Doc, depth: number): void {
  if (depth > MAX_DEPTH) throw tooDeep();
  room(5);
  const start = used;
  used += 4;
  for (const key of Object.keys(doc)) writeValue(key, doc[key], depth);
  room(1);
  out[used++] = 0;
  out.writeInt32LE(used - start, start);
}

function writeArray(values: readonly unknown[], depth: number): void {
  if (depth > MAX_DEPTH) throw tooDeep();
  room(5);
  const start = used;
  used += 4;
  for (let i = 0; i < values.length; i++) writeValue(String(i), values[i], depth);
  room(1);
  out[used++] = 0;
  out.writeInt32LE(used - start, start);
}

/** The BSON bytes of a document; 10334 BSONObjectTooLarge above `limit` (16 MiB unless told), 15 when nested too deeply. */
export function encode(doc: Doc, limit: number = MAX_DOCUMENT_BYTES): Buffer {
  used = 0;
  try {
    writeDocument(doc, 0);
    return finished(limit);
  } finally {
    shrink();
  }
}

function finished(limit: number): Buffer {
  if (used > limit) {
    throw new MongoError(10334, `BSONObj size: ${used} is invalid. Size must be between 0 and ${limit}`);
  }
  return Buffer.from(out.subarray(0, used));
}

function shrink(): void {
  if (out.length > 1024 * 1024) out = Buffer.allocUnsafe(64 * 1024);
}

/**
 * The same document with the named top-level fields as `after` has them instead of `before`; all others are copied as
 * bytes, undecoded. Fields that only `after` has come last. Same errors as `encode`.
 */
export function encodeChanged(bytes: Uint8Array, fields: ReadonlySet<string>, before: Doc, after: Doc): Buffer {
  const buf = asBuffer(bytes);
  const end = documentEnd(buf, 0, buf.length);
  used = 0;
  try {
    room(4);
    used = 4;
    const met = new Set<string>();
    let copiedTo = 4;
    const copyTo = (to: number): void => {
      room(to - copiedTo);
      used += buf.copy(out, used, copiedTo, to);
    };
    for (let at = 4; at < end; ) {
      const nameEnd = cstringEnd(buf, at + 1, end);
      const next = skipValue(buf, buf[at] as number, nameEnd + 1, end);
      const name = fieldName(buf, at + 1, nameEnd);
      if (fields.has(name)) {
        met.add(name);
        const stays = Object.hasOwn(after, name);
        if (!stays || !Object.is(before[name], after[name])) {
          copyTo(at);
          copiedTo = next;
          if (stays) writeValue(name, after[name], 0);
        }
      }
      at = next;
    }
    copyTo(end);
    for (const name of Object.keys(after)) if (!met.has(name)) writeValue(name, after[name], 0);
    room(1);
    out[used++] = 0;
    out.writeInt32LE(used, 0);
    return finished(MAX_DOCUMENT_BYTES);
  } finally {
    shrink();
  }
}
