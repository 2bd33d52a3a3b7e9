import { ObjectId } from 'bson';
import { type Doc, decode, encode } from '../bson-codec.ts';
import { checkNamespace } from '../catalogue.ts';
import type { PipelineOutput } from '../merge.ts';
import { collectionToWrite, insertBytes } from '../modify.ts';
import { compileQuery, search } from '../query.ts';
import type { CommandContext } from './arguments.ts';

function withId(doc: Doc): Doc {
  return Object.hasOwn(doc, '_id') ? doc : { _id: new ObjectId(), ...doc };
}

/** `$out` and `$merge`: the whole result goes into a collection, in one transaction. */
export async function writeOutput(
  context: CommandContext,
  output: PipelineOutput,
  results: () => Iterable<Doc>,
): Promise<void> {
  const { store } = context;
  const database = output.database ?? context.database;
  checkNamespace(database, output.collection);
  await store.write(() =>
    store.environment.atomically(() => {
      const documents = [...results()].map(withId);
      if (output.kind === 'out') {
        replaceContent(context, database, output.collection, documents);
        return;
      }
      const collection = collectionToWrite(store, database, output.collection);
      for (const doc of documents) {
        const [found] = search(store, collection, compileQuery({ filter: output.filterFor(doc), limit: 1 }));
        const before = found && { doc: decode(found.bytes), size: found.bytes.length };
        const action = output.merge(before?.doc, doc);
        if (!action) continue;
        if ('insert' in action) insertBytes(store, collection, encode(withId(action.insert)));
        else if (found && before) {
          store.replace(collection, found.record, before, action.replace, encode(action.replace));
        }
      }
    }),
  );
  store.purge();
}

/** A new collection with the indexes of the old one takes its place. */
function replaceContent(context: CommandContext, database: string, name: string, documents: readonly Doc[]): void {
  const { store } = context;
  const old = store.catalogue.find(database, name);
  const indexes = old?.indexes ?? [];
  if (old) store.catalogue.drop(old);
  const collection = store.catalogue.create(database, name);
  for (const index of indexes) {
    if (index.name === '_id_') continue;
    collection.indexes.push({
      ...index,
      id: store.catalogue.takeNumber(),
      multikey: index.multikey.map(() => false),
      inexact: false,
    });
  }
  store.catalogue.save(collection);
  for (const doc of documents) insertBytes(store, collection, encode(doc));
}
