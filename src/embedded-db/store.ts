import { type Doc, decode, decodeFields } from './bson-codec.ts';
import { equalValues } from './bson-values.ts';
import { Catalogue, type Collection, type Index } from './catalogue.ts';
import { type Environment, keysIn, openEnvironment } from './environment.ts';
import { type EncodedKey, keysOf } from './index-keys.ts';
import { entryKey, prefixRange, recordKey, recordOf, wholeTable, within } from './key-bytes.ts';
import { duplicateKey, type MongoError } from './mongo-error.ts';
import { shellText } from './shell-text.ts';

const NOTHING = Buffer.alloc(0);
const PURGE_CHUNK = 2000;

/** The keys of one document in one index. */
interface DocumentKeys {
  readonly index: Index;
  readonly keys: readonly EncodedKey[];
  readonly multikey: readonly boolean[];
}

/** Documents and their index entries. Everything that changes something is called inside `write`. */
export class Store {
  readonly environment: Environment;
  readonly catalogue: Catalogue;
  #purging: Promise<void> | undefined;
  #closing = false;

  constructor(directory: string) {
    this.environment = openEnvironment(directory);
    this.catalogue = new Catalogue(this.environment);
    this.environment.onCommit({
      before: () => this.catalogue.writeSizes(),
      undone: () => this.catalogue.load(),
    });
    this.purge();
  }

  /** See `Environment.write`. Collections must be looked up inside `work`. */
  write<T>(work: () => T, options?: { readonly long: boolean }): Promise<T> {
    return this.environment.write(work, options);
  }

  record(collection: Collection, record: number): Buffer | undefined {
    return this.environment.records.get(recordKey(collection.id, record));
  }

  /** The same without a copy of its own: valid until any other record is read. What decodes it at once needs no more. */
  peek(collection: Collection, record: number): Buffer | undefined {
    const bytes = this.environment.records.getBinaryFast(recordKey(collection.id, record));
    // lmdb gives its own buffer, longer than the record, under a length that the methods of a Buffer do not all look at.
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Throws 11000 when a unique index refuses it, 171 when it cannot be indexed; nothing is written then. */
  insert(collection: Collection, doc: Doc, bytes: Uint8Array): void {
    const added = this.#keys(collection, doc);
    for (const of of added) this.#checkUnique(collection, of.index, of.keys, undefined);
    const record = collection.nextRecord++;
    this.environment.records.put(recordKey(collection.id, record), Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes));
    for (const of of added) this.#add(collection, of, of.keys, record);
    collection.count++;
    collection.bytes += bytes.length;
    this.catalogue.resized(collection);
  }

  /** Same errors as `insert`. */
  replace(collection: Collection, record: number, before: { doc: Doc; size: number }, doc: Doc, bytes: Buffer): void {
    const touched = collection.indexes.filter((index) => !readsTheSame(index, before.doc, doc));
    const changes = touched.map((index) => {
      const of: DocumentKeys = { index, ...keysOf(index.definition, doc) };
      const old = keysOf(index.definition, before.doc).keys;
      return {
        of,
        added: of.keys.filter((key) => !old.some((other) => other.bytes.equals(key.bytes))),
        removed: old.filter((key) => !of.keys.some((other) => other.bytes.equals(key.bytes))),
      };
    });
    for (const { of } of changes) this.#checkUnique(collection, of.index, of.keys, record);
    this.environment.records.put(recordKey(collection.id, record), bytes);
    for (const { of, added, removed } of changes) {
      for (const key of removed) this.environment.entries.remove(entryKey(of.index.id, key.bytes, record));
      this.#add(collection, of, added, record);
    }
    collection.bytes += bytes.length - before.size;
    this.catalogue.resized(collection);
  }

  remove(collection: Collection, record: number, doc: Doc, size: number): void {
    for (const index of collection.indexes) {
      for (const key of keysOf(index.definition, doc).keys) {
        this.environment.entries.remove(entryKey(index.id, key.bytes, record));
      }
    }
    this.environment.records.remove(recordKey(collection.id, record));
    collection.count--;
    collection.bytes -= size;
    this.catalogue.resized(collection);
  }

  /** Adds an index with an entry for every document; all or nothing. */
  build(collection: Collection, index: Index): void {
    index.ready = false;
    this.environment.atomically(() => {
      const records = wholeTable(collection.id);
      for (const key of keysIn(this.environment.records, records, false)) {
        const bytes = this.environment.records.get(key) as Buffer;
        const doc = index.reads ? decodeFields(bytes, index.reads) : decode(bytes);
        const { keys, multikey } = keysOf(index.definition, doc);
        this.#checkUnique(collection, index, keys, undefined);
        this.#put(index, keys, multikey, recordOf(key));
      }
    });
    collection.indexes.push(index);
    this.catalogue.save(collection);
  }

  /** Removes in the background what dropped collections and indexes left behind, also what an earlier process left. */
  purge(): void {
    this.#purging ??= this.#purge()
      // A full disk is told to those who write; what is left is removed after the next drop or start.
      .catch(() => undefined)
      .finally(() => {
        this.#purging = undefined;
      });
  }

  async #purge(): Promise<void> {
    while (!this.#closing) {
      const [next] = this.catalogue.garbage();
      if (!next) return;
      const { low, high } = wholeTable(next.id);
      const table = this.environment[next.table];
      await this.write(() => {
        const keys = [...table.getKeys({ start: low, end: high, limit: PURGE_CHUNK })] as Buffer[];
        for (const key of keys) table.remove(key);
        if (keys.length < PURGE_CHUNK) this.catalogue.forgetGarbage(next.id);
      });
      // Lets the requests that came meanwhile through.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#purging;
    await this.environment.close();
  }

  #keys(collection: Collection, doc: Doc): DocumentKeys[] {
    return collection.indexes.map((index) => ({ index, ...keysOf(index.definition, doc) }));
  }

  #checkUnique(collection: Collection, index: Index, keys: readonly EncodedKey[], self: number | undefined): void {
    if (!index.unique) return;
    for (const key of keys) {
      const { low, high } = within(index.id, prefixRange(key.bytes));
      for (const entry of keysIn(this.environment.entries, { low, high }, false)) {
        const record = recordOf(entry);
        if (record === self || !this.#sameValues(collection, index, key, record)) continue;
        throw duplicate(collection, index, key.values);
      }
    }
  }

  /** Whether that document really has this key: equal bytes prove nothing when long values were cut. */
  #sameValues(collection: Collection, index: Index, key: EncodedKey, record: number): boolean {
    const bytes = this.record(collection, record);
    if (!bytes) return false;
    return keysOf(index.definition, decode(bytes)).keys.some(
      (other) => other.bytes.equals(key.bytes) && other.values.every((value, at) => equalValues(value, key.values[at])),
    );
  }

  #add(collection: Collection, of: DocumentKeys, keys: readonly EncodedKey[], record: number): void {
    if (this.#put(of.index, keys, of.multikey, record)) this.catalogue.save(collection);
  }

  /** True when the index learned something that the catalogue must remember. */
  #put(index: Index, keys: readonly EncodedKey[], multikey: readonly boolean[], record: number): boolean {
    let learned = false;
    for (const key of keys) {
      this.environment.entries.put(entryKey(index.id, key.bytes, record), NOTHING);
      if (!key.exact && !index.inexact) {
        index.inexact = true;
        learned = true;
      }
    }
    multikey.forEach((isArray, at) => {
      if (isArray && !index.multikey[at]) {
        index.multikey[at] = true;
        learned = true;
      }
    });
    return learned;
  }
}

/** Whether an index sees the very same values in both: an update copies what it changes and shares the rest. */
function readsTheSame(index: Index, before: Doc, after: Doc): boolean {
  if (!index.reads) return false;
  for (const field of index.reads) {
    if (Object.hasOwn(before, field) !== Object.hasOwn(after, field) || !Object.is(before[field], after[field]))
      return false;
  }
  return true;
}

function duplicate(collection: Collection, index: Index, values: readonly unknown[]): MongoError {
  const keyValue: Doc = {};
  index.definition.fields.forEach(({ path }, at) => {
    keyValue[path] = values[at] === undefined ? null : values[at];
  });
  const shown = Object.entries(keyValue)
    .map(([path, value]) => `${path}: ${shellText(value)}`)
    .join(', ');
  return duplicateKey(`${collection.database}.${collection.name}`, index.name, index.key, keyValue, shown);
}
