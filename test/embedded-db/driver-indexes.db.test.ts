import { expect } from 'chai';
import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { ensureIndex } from '../../src/platform/indexes.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { refused } from '../support/refused.ts';

describe('indexes through the mongodb driver', () => {
  let database: TestDatabase;
  let client: MongoClient;
  let db: Db;
  let serial = 0;

  before(async () => {
    database = await testDatabase();
    client = await MongoClient.connect(database.uri);
    db = client.db();
  });

  after(async () => {
    await client?.close();
    await database?.drop();
  });

  function fresh<T extends Document = Document>(): Collection<T> {
    serial++;
    return db.collection<T>(`c${serial}`);
  }

  async function planOf(cursor: { explain(): Promise<Document> }): Promise<string> {
    return JSON.stringify((await cursor.explain()).queryPlanner);
  }

  it('unique and compound: only the same pair is refused', async () => {
    const c = fresh();
    await ensureIndex(c, { a: 1, b: -1 }, { unique: true });
    await c.insertMany([
      { a: 1, b: 1 },
      { a: 1, b: 2 },
    ]);
    expect((await refused(c.insertOne({ a: 1, b: 2 }))).keyPattern).to.deep.equal({ a: 1, b: -1 });
    await c.updateOne({ a: 1, b: 2 }, { $set: { b: 3 } });
    await c.insertOne({ a: 1, b: 2 });
  });

  it('unique tells apart long texts that differ at their end', async () => {
    const c = fresh();
    await ensureIndex(c, { s: 1 }, { unique: true });
    const long = 'x'.repeat(2000);
    await c.insertMany([{ s: `${long}a` }, { s: `${long}b` }]);
    expect((await refused(c.insertOne({ s: `${long}a` }))).code).to.equal(11000);
    expect(await c.countDocuments({ s: `${long}b` })).to.equal(1);
  });

  it('unique and sparse: documents without the field do not collide', async () => {
    const c = fresh();
    await ensureIndex(c, { email: 1 }, { unique: true, sparse: true });
    await c.insertMany([{ n: 1 }, { n: 2 }, { email: 'a' }]);
    expect((await refused(c.insertOne({ email: 'a' }))).code).to.equal(11000);
    expect(await c.countDocuments({ email: null })).to.equal(2);
    expect((await c.find({}).sort({ email: 1 }).toArray()).length).to.equal(3);
  });

  it('unique and partial: only what the filter covers collides', async () => {
    const c = fresh();
    await ensureIndex(c, { seat: 1 }, { unique: true, partialFilterExpression: { active: true } });
    await c.insertMany([{ seat: 1, active: true }, { seat: 1, active: false }, { seat: 1 }]);
    expect((await refused(c.insertOne({ seat: 1, active: true }))).code).to.equal(11000);
    expect((await refused(c.updateOne({ active: false }, { $set: { active: true } }))).code).to.equal(11000);
    expect(await c.countDocuments({ seat: 1 })).to.equal(3);
  });

  it('multikey: a document is found once by any of its elements', async () => {
    const c = fresh();
    await ensureIndex(c, { tags: 1 });
    await c.insertMany([{ tags: ['a', 'b'] }, { tags: ['b', 'c'] }, { tags: [] }, {}]);
    expect(await c.countDocuments({ tags: { $in: ['a', 'b', 'c'] } })).to.equal(2);
    expect(await c.countDocuments({ tags: { $gt: 'a', $lt: 'c' } })).to.equal(2);
    expect(await c.countDocuments({ tags: null })).to.equal(1);
  });

  it('built on documents that are there are used, and refused when they collide', async () => {
    const c = fresh();
    await c.insertMany(Array.from({ length: 1000 }, (_, n) => ({ n: n >> 1 })));
    const error = await refused(c.createIndex({ n: 1 }, { unique: true }));
    expect(error.code).to.equal(11000);
    expect(await c.indexes()).to.have.length(1);
    await ensureIndex(c, { n: 1 });
    expect(await planOf(c.find({ n: 2 })))
      .to.contain('IXSCAN')
      .and.contain('n_1');
  });

  it('give the order of a sort, forwards and backwards', async () => {
    const c = fresh();
    await ensureIndex(c, { kind: 1, n: -1 });
    await c.insertMany(Array.from({ length: 50 }, (_, n) => ({ kind: n % 2, n })));
    const down = await c.find({ kind: 1 }).sort({ n: -1 }).limit(3).toArray();
    expect(down.map(({ n }) => n)).to.deep.equal([49, 47, 45]);
    const up = await c.find({ kind: 1 }).sort({ n: 1 }).skip(1).limit(2).toArray();
    expect(up.map(({ n }) => n)).to.deep.equal([3, 5]);
    expect(await planOf(c.find({ missing: 1 }))).to.contain('COLLSCAN');
  });

  it('are listed, conflict as they should, and are dropped', async () => {
    const c = fresh();
    await ensureIndex(c, { a: 1 }, { name: 'first' });
    await ensureIndex(c, { a: 1 }, { name: 'first' });
    expect((await refused(c.createIndex({ b: 1 }, { name: 'first' }))).code).to.equal(86);
    expect((await refused(c.createIndex({ a: 1 }, { name: 'second' }))).code).to.equal(85);
    expect((await c.indexes()).map(({ name }) => name)).to.deep.equal(['_id_', 'first']);
    await c.dropIndex('first');
    expect((await c.indexes()).map(({ name }) => name)).to.deep.equal(['_id_']);
  });

  it('with a time to live keep it in their description', async () => {
    const c = fresh();
    await ensureIndex(c, { expires: 1 }, { expireAfterSeconds: 30 });
    const [, ttl] = await c.indexes();
    expect(ttl?.expireAfterSeconds).to.equal(30);
  });
});
