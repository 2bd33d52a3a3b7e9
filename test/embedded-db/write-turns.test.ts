/** A command of many writes is carried out in turns, on the embedded engine: elsewhere it is one transaction. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Db, MongoBulkWriteError, MongoClient } from 'mongodb';
import { encode } from '../../src/embedded-db/bson-codec.ts';
import type { CommandContext } from '../../src/embedded-db/commands/arguments.ts';
import { insert } from '../../src/embedded-db/commands/write.ts';
import { longestTurnMs } from '../../src/embedded-db/environment.ts';
import { MongoError } from '../../src/embedded-db/mongo-error.ts';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/embedded-db/start.ts';
import { Store } from '../../src/embedded-db/store.ts';

describe('a command of many writes', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'turns-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  describe('through the driver', () => {
    let database: EmbeddedDatabase;
    let client: MongoClient;
    let db: Db;

    beforeEach(async () => {
      database = await startEmbeddedDatabase({ dataDir: directory });
      client = await MongoClient.connect(database.uri('turns'));
      db = client.db();
    });
    afterEach(async () => {
      await client.close();
      await database.close();
    });

    it('lets those who read in between its turns', async () => {
      const c = db.collection('c');
      const documents = Array.from({ length: 3_000 }, (_, at) => ({ at, text: 'x'.repeat(3_000), tags: [at, -at] }));
      await c.createIndex({ tags: 1 });
      let ended = false;
      const inserting = c.insertMany(documents, { ordered: false }).then(({ insertedCount }) => {
        ended = true;
        return insertedCount;
      });
      let seen = 0;
      let before = 0;
      while (!ended) {
        const now = await c.estimatedDocumentCount();
        if (now > before && now < documents.length) seen += 1;
        before = now;
      }
      expect(await inserting).to.equal(documents.length);
      expect(seen, 'counts in the middle').to.be.greaterThan(3);
    });

    it('counts each statement and tells each refusal once, whatever the turn', async () => {
      const c = db.collection<{ _id: number; text: string }>('c');
      await c.insertMany([500, 1_500].map((_id) => ({ _id, text: 'before' })));
      const documents = Array.from({ length: 2_000 }, (_, _id) => ({ _id, text: 'x'.repeat(3_000) }));
      const refusal = async (ordered: boolean) => {
        try {
          await c.insertMany(documents, { ordered });
        } catch (error) {
          if (error instanceof MongoBulkWriteError) return error;
          throw error;
        }
        throw new Error('nothing was refused');
      };
      const stopped = await refusal(true);
      expect(stopped.insertedCount).to.equal(500);
      expect([stopped.writeErrors].flat().map(({ index }) => index)).to.deep.equal([500]);
      await c.deleteMany({ text: { $ne: 'before' } });
      const whole = await refusal(false);
      expect(whole.insertedCount).to.equal(1_998);
      expect([whole.writeErrors].flat().map(({ index }) => index)).to.deep.equal([500, 1_500]);
      expect(await c.countDocuments({})).to.equal(2_000);
      const { matchedCount, modifiedCount } = await c.bulkWrite(
        documents.map(({ _id }) => ({ updateOne: { filter: { _id }, update: { $set: { text: 'after' } } } })),
        { ordered: false },
      );
      expect([matchedCount, modifiedCount]).to.deep.equal([2_000, 2_000]);
    });
  });

  for (const ordered of [true, false]) {
    it(`keeps the turns before one that cannot be written, and tells what was not kept (ordered: ${ordered})`, async () => {
      const store = new Store(directory);
      const full = new MongoError(14031, 'the disk is full');
      const { write } = store;
      let turns = 0;
      store.write = (work) => {
        turns += 1;
        return turns > 1 ? Promise.reject(full) : (write.call(store, work) as Promise<never>);
      };
      try {
        const slow = encode({ text: 'x'.repeat(1_000_000) });
        const context = {
          store,
          database: 'db',
          name: 'insert',
          body: { insert: 'c', ordered },
          sequences: new Map([['documents', Array.from({ length: 60 }, () => slow)]]),
        } as unknown as CommandContext;
        const reply = (await insert(context)) as { n: number; writeErrors: { index: number; code: number }[] };
        expect(turns).to.equal(2);
        expect(reply.n, `more than ${longestTurnMs} ms of work`).to.be.within(1, 59);
        const last = ordered ? reply.n + 1 : 60;
        const lost = Array.from({ length: last - reply.n }, (_, at) => reply.n + at);
        expect(reply.writeErrors.map(({ index }) => index)).to.deep.equal(lost);
        expect(new Set(reply.writeErrors.map(({ code }) => code))).to.deep.equal(new Set([14031]));
        expect(store.catalogue.find('db', 'c')?.count).to.equal(reply.n);
      } finally {
        store.write = write;
        await store.close();
      }
    });
  }
});
