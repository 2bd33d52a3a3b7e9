import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Doc, decode, encode } from '../../src/embedded-db/bson-codec.ts';
import { makeIndex } from '../../src/embedded-db/catalogue.ts';
import { keysIn } from '../../src/embedded-db/environment.ts';
import { wholeTable } from '../../src/embedded-db/key-bytes.ts';
import { collectionToWrite, insertBytes, updateDocuments } from '../../src/embedded-db/modify.ts';
import { compileQuery, search } from '../../src/embedded-db/query.ts';
import { Store } from '../../src/embedded-db/store.ts';

describe('an update of many documents, which decodes only the fields concerned', () => {
  let directory: string;
  let store: Store;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'partial-update-'));
    store = new Store(directory);
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const names = ['a', 'b', 'c', 'é', '__proto__'] as const;
  const name = fc.constantFrom(...names);
  const scalar = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom('', 'texte', null, true, Number.NaN, 1.5),
    fc.date({ noInvalidDate: true }),
  );
  const value = fc.oneof(
    scalar,
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
    fc.record({ x: scalar, y: scalar }, { requiredKeys: [] }),
  );
  const documentOf = fc
    .array(fc.tuple(name, value), { maxLength: 5 })
    .map((fields) => Object.assign(JSON.parse('{"_id":1}'), Object.fromEntries(fields)) as Doc);
  const path = fc.oneof(
    name,
    name.map((root) => `${root}.x`),
    name.map((root) => `${root}.1`),
  );
  const updateOf = fc.oneof(
    fc.array(fc.tuple(path, value), { minLength: 1, maxLength: 3 }).map((list) => ({ $set: Object.fromEntries(list) })),
    fc.array(path, { minLength: 1, maxLength: 2 }).map((list) => ({
      $unset: Object.fromEntries(list.map((each) => [each, ''])),
    })),
    fc.tuple(name, name).map(([from, to]) => ({ $rename: { [from]: to } })),
    name.map((field) => ({ $push: { [field]: 7 } })),
    fc.tuple(name, value).map(([field, set]) => ({ $set: { [field]: set }, $inc: { n: 1 } })),
    fc.constant({ $set: { 'a.$': 9 } }),
  );
  const filterOf = fc.constantFrom<Doc>({ _id: 1 }, { _id: 1, a: 2 }, { _id: 1, a: { $gte: 1 } });

  const indexes = [
    { key: { a: 1 } },
    { key: { b: 1, n: -1 } },
    { key: { 'c.x': 1 } },
    // Fields of a partial filter decide the keys too.
    { key: { b: 1 }, partialFilter: { 'a.x': { $exists: true } } },
    { key: { c: 1 }, partialFilter: { $or: [{ n: { $gt: 0 } }, { é: { $type: 'number' } }] } },
  ];

  let number = 0;
  async function updated(doc: Doc, filter: Doc, update: Doc, multi: boolean): Promise<unknown> {
    number += 1;
    const collection = `c${number}`;
    return store.write(() => {
      const target = collectionToWrite(store, 'test', collection);
      for (const spec of indexes) {
        store.build(target, makeIndex(store.catalogue.takeNumber(), { ...spec, name: JSON.stringify(spec) }));
      }
      insertBytes(store, target, encode(doc));
      const spec = { filter, update, multi, upsert: false, arrayFilters: undefined, collation: undefined };
      let outcome: unknown;
      try {
        const { matched, modified } = updateDocuments(store, 'test', collection, {
          ...spec,
          hint: undefined,
          sort: undefined,
          variables: undefined,
        });
        outcome = { matched, modified };
      } catch (error) {
        outcome = (error as { code: unknown }).code;
      }
      const stored = [...search(store, target, compileQuery({}))].map(({ bytes }) => decode(bytes));
      const entries = target.indexes.flatMap((index) =>
        [...keysIn(store.environment.entries, wholeTable(index.id), false)].map((entry) =>
          entry.subarray(4).toString('hex'),
        ),
      );
      return { outcome, stored, names: stored.map((each) => Object.keys(each)), entries };
    });
  }

  it('gives the very document that updating it alone gives', async () => {
    await fc.assert(
      fc.asyncProperty(documentOf, filterOf, updateOf, async (doc, filter, update) => {
        expect(await updated(doc, filter, update, true)).to.deep.equal(await updated(doc, filter, update, false));
      }),
      { numRuns: 300 },
    );
  });
});
