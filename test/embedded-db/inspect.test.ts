import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { encode } from '../../src/embedded-db/bson-codec.ts';
import { makeIndex } from '../../src/embedded-db/catalogue.ts';
import { keysIn } from '../../src/embedded-db/environment.ts';
import { checkDatabase, databaseStats } from '../../src/embedded-db/inspect.ts';
import { recordKey, wholeTable } from '../../src/embedded-db/key-bytes.ts';
import { insertBytes } from '../../src/embedded-db/modify.ts';
import { Store } from '../../src/embedded-db/store.ts';
import { sweepExpired } from '../../src/embedded-db/ttl.ts';

describe('the files of the embedded database', () => {
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-files-'));
  });

  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  /** Works on the files as the engine would, then closes them. */
  async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = new Store(join(dataDir, 'database'));
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  async function fill(store: Store): Promise<void> {
    await store.write(() => {
      const collection = store.catalogue.create('shop', 'items');
      for (const key of [{ tags: 1 }, { at: -1 }]) {
        store.build(collection, makeIndex(store.catalogue.takeNumber(), { name: Object.keys(key).join(), key }));
      }
      for (let n = 0; n < 30; n++) {
        insertBytes(store, collection, encode({ _id: n, tags: [`a${n}`, 'all'], at: new Date(n * 1000) }));
      }
    });
  }

  it('are counted by collection', async () => {
    await withStore(fill);
    const { fileBytes, collections } = await databaseStats({ dataDir });
    expect(fileBytes).to.be.greaterThan(8192);
    expect(collections).to.have.length(1);
    expect(collections[0]).to.include({ database: 'shop', collection: 'items', documents: 30, indexes: 3 });
  });

  it('pass the check when nothing is wrong', async () => {
    await withStore(fill);
    const check = await checkDatabase({ dataDir });
    expect(check).to.deep.equal({ collections: 1, documents: 30, indexEntries: 30 + 60 + 30, problems: [] });
  });

  it('fail the check when an entry of an index is missing, or too much', async () => {
    await withStore(async (store) => {
      await fill(store);
      await store.write(() => {
        const { indexes } = store.catalogue.find('shop', 'items') ?? { indexes: [] };
        const [, tags, at] = indexes;
        const [first] = keysIn(store.environment.entries, wholeTable(tags?.id ?? 0), false);
        if (first) store.environment.entries.remove(first);
        const [last] = keysIn(store.environment.entries, wholeTable(at?.id ?? 0), true);
        const extra = Buffer.from(last ?? []);
        extra[extra.length - 1] = 2;
        store.environment.entries.put(extra, Buffer.alloc(0));
      });
    });
    const { problems } = await checkDatabase({ dataDir });
    expect(problems.join('\n'))
      .to.contain('index tags: 59 entries for 60')
      .and.contain('index at: an entry for the record 2');
  });

  it('fail the check when a record is unreadable', async () => {
    await withStore(async (store) => {
      await fill(store);
      await store.write(() => {
        const collection = store.catalogue.find('shop', 'items');
        store.environment.records.put(recordKey(collection?.id ?? 0, 5), Buffer.from('not a document'));
      });
    });
    expect((await checkDatabase({ dataDir })).problems.join('\n')).to.contain('record 5 cannot be read');
  });

  it('lose what is expired when the sweep comes, and nothing else', async () => {
    await withStore(async (store) => {
      await store.write(() => {
        const collection = store.catalogue.create('web', 'sessions');
        for (const [name, key, expireAfterSeconds] of [
          ['up', { at: 1 }, 60],
          ['down', { until: -1 }, 0],
        ] as const) {
          store.build(collection, makeIndex(store.catalogue.takeNumber(), { name, key, expireAfterSeconds }));
        }
        const docs = [
          { _id: 'old', at: new Date(0) },
          { _id: 'young', at: new Date(50_000) },
          { _id: 'one old of two', at: [new Date(10_000), new Date(90_000)] },
          { _id: 'no date', at: 5 },
          { _id: 'nothing' },
          { _id: 'over', until: new Date(99_000) },
          { _id: 'not over', until: new Date(101_000) },
        ];
        for (const doc of docs) insertBytes(store, collection, encode(doc));
      });
      expect(await sweepExpired(store, new Date(100_000))).to.equal(3);
      expect(await sweepExpired(store, new Date(100_000))).to.equal(0);
      expect(store.catalogue.find('web', 'sessions')?.count).to.equal(4);
    });
    expect((await checkDatabase({ dataDir })).problems).to.deep.equal([]);
  });

  it('forget a failed write as a whole, and keep those that came with it', async () => {
    await withStore(async (store) => {
      await fill(store);
      const results = await Promise.allSettled([
        store.write(() => {
          const collection = store.catalogue.find('shop', 'items');
          if (collection) insertBytes(store, collection, encode({ _id: 'half' }));
          throw new Error('a defect');
        }),
        store.write(() => {
          const collection = store.catalogue.find('shop', 'items');
          if (collection) insertBytes(store, collection, encode({ _id: 'whole' }));
        }),
      ]);
      expect(results.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled']);
      expect(store.catalogue.find('shop', 'items')?.count).to.equal(31);
    });
    const check = await checkDatabase({ dataDir });
    expect(check.documents).to.equal(31);
    expect(check.problems).to.deep.equal([]);
  });

  it('take back the space of a dropped collection, also when the process ended before', async () => {
    await withStore(async (store) => {
      await fill(store);
      await store.write(() => {
        const collection = store.catalogue.find('shop', 'items');
        if (collection) store.catalogue.drop(collection);
      });
    });
    await withStore(async (store) => {
      while (store.catalogue.garbage().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect([...store.environment.records.getKeys({})]).to.deep.equal([]);
      expect([...store.environment.entries.getKeys({})]).to.deep.equal([]);
    });
  });
});
