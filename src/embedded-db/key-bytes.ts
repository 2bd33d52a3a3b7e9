/**
 * How record ids, collections and indexes are laid out as lmdb keys. All collections share one table of records and all
 * indexes one table of entries; a 4-byte number in front makes each of them a contiguous range.
 *
 *   record:  collection number (4) | record id (6)                 -> BSON bytes
 *   entry:   index number (4) | encoded values | record id (6)     -> nothing
 */
const ID_BYTES = 4;
const RECORD_BYTES = 6;

/** A range `[low, high)` of byte strings. */
export interface ByteRange {
  readonly low: Buffer;
  readonly high: Buffer;
}

/** The first byte string after all those that start with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  // Only a run of 0xff has no successor; no table key starts with one (numbers start at 1, types stop at 0x7f or 0xff - 1).
  if (end === 0) return Buffer.alloc(prefix.length + 8, 0xff);
  const next = Buffer.from(prefix.subarray(0, end));
  next[end - 1] = (next[end - 1] as number) + 1;
  return next;
}

/** The range of everything that starts with `prefix`. */
export function prefixRange(prefix: Buffer): ByteRange {
  return { low: prefix, high: afterPrefix(prefix) };
}

export function tableKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES);
  key.writeUInt32BE(id, 0);
  return key;
}

export function recordKey(collectionId: number, record: number): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES + RECORD_BYTES);
  key.writeUInt32BE(collectionId, 0);
  key.writeUIntBE(record, ID_BYTES, RECORD_BYTES);
  return key;
}

export function entryKey(indexId: number, values: Uint8Array, record: number): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES + values.length + RECORD_BYTES);
  key.writeUInt32BE(indexId, 0);
  key.set(values, ID_BYTES);
  key.writeUIntBE(record, ID_BYTES + values.length, RECORD_BYTES);
  return key;
}

/** The record id at the end of a record key or of an index entry. */
export function recordOf(key: Buffer): number {
  return key.readUIntBE(key.length - RECORD_BYTES, RECORD_BYTES);
}

/** The encoded values of an index entry. */
export function valuesOf(key: Buffer): Buffer {
  return key.subarray(ID_BYTES, key.length - RECORD_BYTES);
}

/** A range of encoded values as a range of keys of one table. */
export function within(id: number, range: ByteRange): ByteRange {
  const prefix = tableKey(id);
  return { low: Buffer.concat([prefix, range.low]), high: Buffer.concat([prefix, range.high]) };
}

/** All the keys of one table. */
export function wholeTable(id: number): ByteRange {
  return { low: tableKey(id), high: tableKey(id + 1) };
}
