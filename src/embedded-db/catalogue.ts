import { randomBytes } from 'node:crypto';
import { Binary } from 'bson';
import { type Doc, decode, encode } from './bson-codec.ts';
import type { Environment } from './environment.ts';
import { type IndexDefinition, indexFields } from './index-keys.ts';
import { wholeTable } from './key-bytes.ts';
import { type CompiledFilter, compileFilter } from './matcher.ts';
import { MongoError } from './mongo-error.ts';

/** One index: what was asked for, and what the documents have taught about it. */
export interface Index {
  readonly id: number;
  readonly name: string;
  /** The key pattern as given, `{a: 1, b: -1}`. */
  readonly key: Doc;
  readonly unique: boolean;
  readonly sparse: boolean;
  hidden: boolean;
  readonly partialFilter: Doc | undefined;
  /** The same, compiled. */
  readonly partial: CompiledFilter | undefined;
  expireAfterSeconds: number | undefined;
  /** For each field: whether any document had an array on its path. Never turned back. */
  readonly multikey: boolean[];
  /** Whether some key was cut or is a decimal, so that the order of entries is not that of the values. Never turned back. */
  inexact: boolean;
  /** False until the transaction that built it is committed: writers maintain it, readers must not use it. */
  ready: boolean;
  readonly definition: IndexDefinition;
  /** The top-level fields that decide its keys, those of a partial filter too; `undefined`: any. */
  readonly reads: ReadonlySet<string> | undefined;
}

export interface Collection {
  readonly id: number;
  readonly database: string;
  readonly name: string;
  readonly uuid: Buffer;
  readonly indexes: Index[];
  /** Number of documents, and the sum of their sizes in bytes. */
  count: number;
  bytes: number;
  nextRecord: number;
}

const NUMBER = 'n';
const COLLECTION = 'c';
const SIZE = 's';
const GARBAGE = 'g';

function key(kind: string, id: number): Buffer {
  const bytes = Buffer.alloc(5, kind);
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

function idOf(bytes: Buffer): number {
  return bytes.readUInt32BE(1);
}

const NEXT_NUMBER = Buffer.from(NUMBER);

/** What an index is, from the fields of its specification. */
export function makeIndex(
  id: number,
  spec: {
    name: string;
    key: Doc;
    unique?: boolean;
    sparse?: boolean;
    hidden?: boolean;
    partialFilter?: Doc | undefined;
    expireAfterSeconds?: number | undefined;
    multikey?: boolean[];
    inexact?: boolean;
  },
): Index {
  const fields = indexFields(spec.key);
  const partial = spec.partialFilter === undefined ? undefined : compileFilter(spec.partialFilter);
  return {
    id,
    name: spec.name,
    key: spec.key,
    unique: spec.unique ?? false,
    sparse: spec.sparse ?? false,
    hidden: spec.hidden ?? false,
    partialFilter: spec.partialFilter,
    partial,
    expireAfterSeconds: spec.expireAfterSeconds,
    multikey: spec.multikey ?? fields.map(() => false),
    inexact: spec.inexact ?? false,
    ready: true,
    definition: { fields, sparse: spec.sparse ?? false, ...(partial ? { partial } : {}) },
    reads: fieldsRead(fields, partial),
  };
}

function fieldsRead(
  fields: IndexDefinition['fields'],
  partial: CompiledFilter | undefined,
): ReadonlySet<string> | undefined {
  if (partial && !partial.fields) return undefined;
  return new Set([...fields.map(({ path }) => path.split('.', 1)[0] as string), ...(partial?.fields ?? [])]);
}

/** The name that MongoDB gives to an index without one. */
export function defaultIndexName(pattern: Doc): string {
  return Object.entries(pattern)
    .map(([path, direction]) => `${path}_${String(direction)}`)
    .join('_');
}

const LONGEST_NAMESPACE = 255;

/** 73 InvalidNamespace for names that MongoDB refuses. */
export function checkNamespace(database: string, collection?: string): void {
  if (database === '' || /[/\\. "$\0]/.test(database) || Buffer.byteLength(database) > 63) {
    throw new MongoError(73, `Invalid database name: '${database}'`);
  }
  if (collection === undefined) return;
  const wrong =
    collection === '' ||
    collection.startsWith('.') ||
    collection.endsWith('.') ||
    collection.includes('..') ||
    /[$\0]/.test(collection) ||
    Buffer.byteLength(`${database}.${collection}`) > LONGEST_NAMESPACE;
  if (wrong || collection.startsWith('system.')) {
    throw new MongoError(73, `Invalid collection name: '${database}.${collection}'`);
  }
}

/**
 * The databases, collections and indexes: in memory, and in the catalogue table. The methods that change something are
 * called inside a write transaction.
 */
export class Catalogue {
  readonly #environment: Environment;
  readonly #databases = new Map<string, Map<string, Collection>>();
  readonly #resized = new Set<Collection>();
  #nextNumber = 1;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.load();
  }

  /** Reads everything from the catalogue table, forgetting what is in memory. */
  load(): void {
    const table = this.#environment.catalogue;
    this.#databases.clear();
    this.#resized.clear();
    const next = table.get(NEXT_NUMBER);
    this.#nextNumber = next ? next.readUInt32BE(0) : 1;
    for (const { key: at, value } of table.getRange({ start: Buffer.from(COLLECTION), end: Buffer.from('d') })) {
      const collection = this.#read(idOf(at), value);
      this.#collectionsOf(collection.database).set(collection.name, collection);
    }
  }

  #collectionsOf(database: string): Map<string, Collection> {
    let collections = this.#databases.get(database);
    if (!collections) {
      collections = new Map();
      this.#databases.set(database, collections);
    }
    return collections;
  }

  #read(id: number, bytes: Buffer): Collection {
    const stored = decode(bytes) as {
      database: string;
      name: string;
      uuid: Binary;
      indexes: Doc[];
    };
    const size = this.#environment.catalogue.get(key(SIZE, id));
    const records = wholeTable(id);
    const [last] = this.#environment.records.getKeys({
      start: records.high,
      end: records.low,
      reverse: true,
      exclusiveStart: true,
      limit: 1,
    });
    return {
      id,
      database: stored.database,
      name: stored.name,
      uuid: Buffer.from(stored.uuid.buffer),
      indexes: stored.indexes.map((index) => makeIndex(index.id as number, index as unknown as StoredIndex)),
      count: size ? size.readDoubleBE(0) : 0,
      bytes: size ? size.readDoubleBE(8) : 0,
      nextRecord: last ? last.readUIntBE(4, 6) + 1 : 1,
    };
  }

  /** Writes the definition of a collection and its indexes. */
  save(collection: Collection): void {
    const { id, database, name, uuid, indexes } = collection;
    const stored = {
      database,
      name,
      uuid: new Binary(uuid, 4),
      indexes: indexes.map((index) => ({
        id: index.id,
        name: index.name,
        key: index.key,
        unique: index.unique,
        sparse: index.sparse,
        hidden: index.hidden,
        multikey: index.multikey,
        inexact: index.inexact,
        ...(index.partialFilter === undefined ? {} : { partialFilter: index.partialFilter }),
        ...(index.expireAfterSeconds === undefined ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
      })),
    };
    this.#environment.catalogue.put(key(COLLECTION, id), encode(stored));
  }

  /** Notes that the number or size of the documents changed; written once per transaction. */
  resized(collection: Collection): void {
    this.#resized.add(collection);
  }

  writeSizes(): void {
    for (const collection of this.#resized) {
      const bytes = Buffer.alloc(16);
      bytes.writeDoubleBE(collection.count, 0);
      bytes.writeDoubleBE(collection.bytes, 8);
      this.#environment.catalogue.put(key(SIZE, collection.id), bytes);
    }
    this.#resized.clear();
  }

  /** A number never used before, for a collection or an index. */
  takeNumber(): number {
    const number = this.#nextNumber++;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#nextNumber, 0);
    this.#environment.catalogue.put(NEXT_NUMBER, bytes);
    return number;
  }

  find(database: string, name: string): Collection | undefined {
    return this.#databases.get(database)?.get(name);
  }

  databases(): string[] {
    return [...this.#databases].filter(([, collections]) => collections.size > 0).map(([name]) => name);
  }

  collections(database: string): Collection[] {
    return [...(this.#databases.get(database)?.values() ?? [])];
  }

  /** A new empty collection with its `_id` index. */
  create(database: string, name: string): Collection {
    checkNamespace(database, name);
    for (const other of this.#databases.keys()) {
      if (other !== database && other.toLowerCase() === database.toLowerCase() && this.collections(other).length > 0) {
        throw new MongoError(
          13297,
          `db already exists with different case already have: [${other}] trying to create [${database}]`,
        );
      }
    }
    const uuid = randomBytes(16);
    uuid[6] = ((uuid[6] as number) & 0x0f) | 0x40;
    uuid[8] = ((uuid[8] as number) & 0x3f) | 0x80;
    const collection: Collection = {
      id: this.takeNumber(),
      database,
      name,
      uuid,
      indexes: [makeIndex(this.takeNumber(), { name: '_id_', key: { _id: 1 }, unique: true })],
      count: 0,
      bytes: 0,
      nextRecord: 1,
    };
    this.#collectionsOf(database).set(name, collection);
    this.save(collection);
    return collection;
  }

  /** Forgets a collection; its records and entries are garbage to be removed later. */
  drop(collection: Collection): void {
    this.#databases.get(collection.database)?.delete(collection.name);
    this.#resized.delete(collection);
    this.#environment.catalogue.remove(key(COLLECTION, collection.id));
    this.#environment.catalogue.remove(key(SIZE, collection.id));
    this.#discard(collection.id, 'records');
    for (const index of collection.indexes) this.#discard(index.id, 'entries');
  }

  dropIndex(collection: Collection, index: Index): void {
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
    this.save(collection);
    this.#discard(index.id, 'entries');
  }

  rename(collection: Collection, database: string, name: string): void {
    checkNamespace(database, name);
    this.#databases.get(collection.database)?.delete(collection.name);
    const renamed: Collection = { ...collection, database, name };
    this.#collectionsOf(database).set(name, renamed);
    this.save(renamed);
    if (this.#resized.delete(collection)) this.#resized.add(renamed);
  }

  #discard(id: number, table: 'records' | 'entries'): void {
    this.#environment.catalogue.put(key(GARBAGE, id), Buffer.from(table));
  }

  /** What dropped collections and indexes have left behind. */
  garbage(): { id: number; table: 'records' | 'entries' }[] {
    const range = { start: Buffer.from(GARBAGE), end: Buffer.from('h') };
    return [...this.#environment.catalogue.getRange(range)].map(({ key: at, value }) => ({
      id: idOf(at),
      table: value.toString() === 'records' ? 'records' : 'entries',
    }));
  }

  forgetGarbage(id: number): void {
    this.#environment.catalogue.remove(key(GARBAGE, id));
  }
}

type StoredIndex = Parameters<typeof makeIndex>[1];
