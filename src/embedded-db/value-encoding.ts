import { type Code, Decimal128, Long, type ObjectId, type Timestamp } from 'bson';
import type { Doc } from './bson-codec.ts';
import { binaryOf, numberOf, RANK, regexOf, typeOrder } from './bson-values.ts';

let bytes: Buffer = Buffer.allocUnsafe(16 * 1024);
let used = 0;
let exact = true;

function room(size: number): void {
  if (used + size <= bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + size));
  bytes.copy(larger, 0, 0, used);
  bytes = larger;
}

/** Ends with 0; bytes 0 and 1 inside are escaped with 1, so that the order of the text is kept and no key is another's prefix. */
function putText(value: string): void {
  room(value.length * 6 + 1);
  const start = used;
  const end = start + bytes.write(value, start, 'utf8');
  let escapes = 0;
  for (let at = start; at < end; at++) if ((bytes[at] as number) <= 1) escapes++;
  if (escapes > 0) {
    let to = end + escapes;
    for (let from = end - 1; from >= start; from--) {
      const byte = bytes[from] as number;
      if (byte <= 1) {
        bytes[--to] = byte + 1;
        bytes[--to] = 1;
      } else bytes[--to] = byte;
    }
  }
  used = end + escapes;
  bytes[used++] = 0;
}

const EXACT_LIMIT = 2 ** 53;

function putDouble(value: number): void {
  room(10);
  if (Number.isNaN(value)) {
    bytes.fill(0, used, used + 8);
  } else {
    // Adding 0 turns -0 into 0.
    bytes.writeDoubleBE(value + 0, used);
    if ((bytes[used] as number) & 0x80) {
      for (let at = used; at < used + 8; at++) bytes[at] = ~(bytes[at] as number);
    } else bytes[used] = (bytes[used] as number) | 0x80;
  }
  used += 8;
}

function putNumber(value: unknown): void {
  let double = numberOf(value) as number;
  if (value instanceof Decimal128) exact = false;
  let above = 0;
  if (Math.abs(double) >= EXACT_LIMIT && (typeof value === 'bigint' || value instanceof Long)) {
    // The double at or below the int64, and how far above it the int64 is.
    const long = typeof value === 'bigint' ? value : value.toBigInt();
    if (BigInt(double) > long) double = doubleBelow(double);
    above = Number(long - BigInt(double));
  }
  putDouble(double);
  if (Math.abs(double) >= EXACT_LIMIT) used = bytes.writeUInt16BE(above, used);
}

const view = new DataView(new ArrayBuffer(8));

function doubleBelow(value: number): number {
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

function putValue(value: unknown, rank: number): void {
  switch (rank) {
    case RANK.number:
      putNumber(value);
      return;
    case RANK.string:
      putText(typeof value === 'string' ? value : String(value));
      return;
    case RANK.object:
      for (const key of Object.keys(value as Doc)) {
        const field = (value as Doc)[key];
        const fieldRank = typeOrder(field);
        putByte(fieldRank);
        putText(key);
        putValue(field, fieldRank);
      }
      putByte(0);
      return;
    case RANK.array:
      for (const element of value as unknown[]) put(element);
      putByte(0);
      return;
    case RANK.binData: {
      const { bytes: data, subtype } = binaryOf(value);
      room(data.length + 5);
      used = bytes.writeUInt32BE(data.length, used);
      bytes[used++] = subtype;
      bytes.set(data, used);
      used += data.length;
      return;
    }
    case RANK.objectId:
      room(12);
      bytes.set((value as ObjectId).id, used);
      used += 12;
      return;
    case RANK.bool:
      putByte(value ? 1 : 0);
      return;
    case RANK.date:
      putDouble((value as Date).getTime());
      return;
    case RANK.timestamp: {
      const stamp = value as Timestamp;
      room(8);
      used = bytes.writeUInt32BE(stamp.high >>> 0, used);
      used = bytes.writeUInt32BE(stamp.low >>> 0, used);
      return;
    }
    case RANK.regex: {
      const { pattern, options } = regexOf(value);
      putText(pattern);
      putText(options);
      return;
    }
    case RANK.code:
      putText((value as Code).code);
      return;
    case RANK.codeWithScope:
      putText((value as Code).code);
      putValue((value as Code).scope, RANK.object);
      return;
  }
}

function putByte(value: number): void {
  room(1);
  bytes[used++] = value;
}

function put(value: unknown): void {
  const rank = typeOrder(value);
  putByte(rank);
  putValue(value, rank);
}

/**
 * Writes values one after the other, those of a descending field inverted, so that the bytes compare with memcmp as the
 * values do. The bytes are valid until the next call. Not `exact`: equal bytes do not prove equal values.
 */
export function encodeValues(
  values: readonly unknown[],
  fields: readonly { readonly direction: 1 | -1 }[],
): { bytes: Buffer; exact: boolean } {
  used = 0;
  exact = true;
  for (let i = 0; i < values.length; i++) {
    const start = used;
    put(values[i]);
    if (fields[i]?.direction === -1) for (let at = start; at < used; at++) bytes[at] = ~(bytes[at] as number);
  }
  return { bytes: bytes.subarray(0, used), exact };
}
