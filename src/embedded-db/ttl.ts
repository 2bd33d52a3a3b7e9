import { conditionBounds } from './bounds.ts';
import { decode } from './bson-codec.ts';
import type { Collection, Index } from './catalogue.ts';
import { keysIn } from './environment.ts';
import { recordOf, within } from './key-bytes.ts';
import type { Store } from './store.ts';

const CHUNK = 500;

/** Deletes the documents that their TTL indexes say are over at `now`; gives their number. */
export async function sweepExpired(store: Store, now: Date): Promise<number> {
  let deleted = 0;
  for (const database of store.catalogue.databases()) {
    for (const { name } of store.catalogue.collections(database)) {
      let more = true;
      while (more) {
        const gone = await store.write(() => {
          const collection = store.catalogue.find(database, name);
          return collection ? deleteExpired(store, collection, now) : 0;
        });
        deleted += gone;
        more = gone >= CHUNK;
      }
    }
  }
  return deleted;
}

function deleteExpired(store: Store, collection: Collection, now: Date): number {
  const records = new Set<number>();
  for (const index of collection.indexes) {
    if (index.expireAfterSeconds === undefined || records.size >= CHUNK) continue;
    for (const record of expired(store, index, new Date(now.getTime() - index.expireAfterSeconds * 1000))) {
      records.add(record);
      if (records.size >= CHUNK) break;
    }
  }
  for (const record of records) {
    const bytes = store.record(collection, record);
    if (bytes) store.remove(collection, record, decode(bytes), bytes.length);
  }
  return records.size;
}

/** Only dates expire; of several in an array the earliest counts, which the index holds too. */
function* expired(store: Store, index: Index, before: Date): Generator<number> {
  const direction = index.definition.fields[0]?.direction ?? 1;
  const bounds = conditionBounds({ path: '', op: '$lte', value: before }, direction, false, index.inexact);
  for (const range of bounds?.ranges ?? []) {
    for (const entry of keysIn(store.environment.entries, within(index.id, range), false)) yield recordOf(entry);
  }
}
