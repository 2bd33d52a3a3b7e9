import { type Doc, decode } from '../bson-codec.ts';
import type { Collection, Index } from '../catalogue.ts';
import { keysIn, pairsIn } from '../environment.ts';
import { keysOf } from '../index-keys.ts';
import { recordOf, valuesOf, wholeTable } from '../key-bytes.ts';
import { MongoError } from '../mongo-error.ts';
import type { Store } from '../store.ts';
import { type Command, collectionName } from './arguments.ts';

const MOST_ERRORS = 20;

/**
 * `{validate: collection}`: every record decodes, every index holds exactly the keys that the documents say, the
 * counters are right. Runs inside a write transaction, so nothing moves meanwhile.
 */
export const validate: Command = (context) => {
  const { store, database } = context;
  const name = collectionName(context);
  return store.write((): Doc => {
    const collection = store.catalogue.find(database, name);
    if (!collection) throw new MongoError(26, `Collection '${database}.${name}' does not exist to validate.`);
    const errors: string[] = [];
    const docs = readAll(store, collection, errors);
    const keysPerIndex: Doc = {};
    for (const index of collection.indexes) {
      keysPerIndex[index.name] = compareIndex(store, index, docs, errors);
    }
    return {
      ns: `${database}.${name}`,
      nrecords: docs.size,
      nIndexes: collection.indexes.length,
      keysPerIndex,
      valid: errors.length === 0,
      errors: errors.slice(0, MOST_ERRORS),
      ok: 1,
    };
  });
};

/** For each record its keys in every index, so that the documents themselves need not stay in memory. */
function readAll(store: Store, collection: Collection, errors: string[]): Map<number, ReadonlyMap<Index, string[]>> {
  const found = new Map<number, ReadonlyMap<Index, string[]>>();
  let bytes = 0;
  for (const { key, value } of pairsIn(store.environment.records, wholeTable(collection.id), false)) {
    bytes += value.length;
    const record = recordOf(key);
    const keys = new Map<Index, string[]>();
    try {
      const doc = decode(value);
      for (const index of collection.indexes) {
        const of = keysOf(index.definition, doc);
        keys.set(
          index,
          of.keys.map((one) => one.bytes.toString('latin1')),
        );
        of.multikey.forEach((isArray, at) => {
          if (isArray && !index.multikey[at]) errors.push(`index ${index.name}: record ${record} has an unknown array`);
        });
      }
    } catch (error) {
      errors.push(`record ${record} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    found.set(record, keys);
  }
  if (found.size !== collection.count) errors.push(`${found.size} records, but ${collection.count} were counted`);
  if (bytes !== collection.bytes) errors.push(`${bytes} bytes, but ${collection.bytes} were counted`);
  return found;
}

/** Checks the entries of one index and gives their number. */
function compareIndex(
  store: Store,
  index: Index,
  docs: Map<number, ReadonlyMap<Index, string[]>>,
  errors: string[],
): number {
  let entries = 0;
  let expected = 0;
  let last: string | undefined;
  for (const keys of docs.values()) expected += keys.get(index)?.length ?? 0;
  for (const entry of keysIn(store.environment.entries, wholeTable(index.id), false)) {
    entries++;
    const record = recordOf(entry);
    const values = valuesOf(entry).toString('latin1');
    if (!docs.get(record)?.get(index)?.includes(values)) {
      errors.push(`index ${index.name}: an entry for the record ${record}, which does not have that key`);
    }
    if (index.unique && !index.inexact && values === last) errors.push(`index ${index.name}: the same key twice`);
    last = values;
  }
  if (entries !== expected) errors.push(`index ${index.name}: ${entries} entries for ${expected} keys of documents`);
  return entries;
}
