import { expect } from 'chai';
import {
  type AnyBulkWriteOperation,
  type Collection,
  type Db,
  type Document,
  Double,
  GridFSBucket,
  Int32,
  Long,
  MongoBulkWriteError,
  MongoClient,
  ObjectId,
} from 'mongodb';
import { ensureIndex } from '../../src/platform/indexes.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { refused } from '../support/refused.ts';

describe('a database through the mongodb driver', () => {
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

  describe('documents', () => {
    it('come back as they were stored, with their types', async () => {
      const c = fresh();
      const doc = {
        _id: new ObjectId(),
        text: 'élève',
        int: 1,
        half: 1.5,
        long: Long.fromString('9007199254740993'),
        date: new Date(0),
        nested: { z: 1, a: [1, { b: null }] },
        yes: true,
      };
      await c.insertOne(doc);
      const found = await c.findOne({ _id: doc._id }, { promoteLongs: false });
      expect(found?.long.toString()).to.equal('9007199254740993');
      expect(found?.text).to.equal('élève');
      expect(Object.keys(found?.nested)).to.deep.equal(['z', 'a']);
      expect(found?.date).to.deep.equal(new Date(0));
    });

    it('keep a whole double a double through an update of another field', async () => {
      const c = fresh();
      await c.insertOne({ n: new Double(1), k: new Int32(1) });
      await c.updateOne({}, { $set: { other: 1 } });
      expect(await c.countDocuments({ n: { $type: 'double' } })).to.equal(1);
      expect(await c.countDocuments({ k: { $type: 'int' } })).to.equal(1);
    });

    it('have their _id in front when it was given last', async () => {
      const c = fresh();
      await c.insertOne({ a: 1, _id: new ObjectId() });
      expect(Object.keys((await c.findOne({})) ?? {})).to.deep.equal(['_id', 'a']);
    });

    it('are found by value, range, list, element, existence and prefix', async () => {
      const c = fresh();
      await c.insertMany([
        { n: 1, tags: ['a', 'b'], name: 'Ada' },
        { n: 2, tags: [], name: 'ada' },
        { n: 3, name: 'Bob' },
        { n: null, name: 'Zoé' },
      ]);
      const names = async (filter: Document): Promise<string[]> =>
        (await c.find(filter).sort({ name: 1 }).toArray()).map(({ name }) => name);
      expect(await names({ n: { $gt: 1 } })).to.deep.equal(['Bob', 'ada']);
      expect(await names({ n: { $in: [1, 3] } })).to.deep.equal(['Ada', 'Bob']);
      expect(await names({ tags: 'a' })).to.deep.equal(['Ada']);
      expect(await names({ tags: { $exists: false } })).to.deep.equal(['Bob', 'Zoé']);
      expect(await names({ n: null })).to.deep.equal(['Zoé']);
      expect(await names({ name: /^a/i })).to.deep.equal(['Ada', 'ada']);
      expect(await names({ $or: [{ n: 1 }, { name: 'Bob' }] })).to.deep.equal(['Ada', 'Bob']);
      expect(await names({ $nor: [{ n: { $gte: 1 } }] })).to.deep.equal(['Zoé']);
    });

    it('are projected, skipped and limited', async () => {
      const c = fresh();
      await c.insertMany(Array.from({ length: 10 }, (_, n) => ({ n, deep: { a: n, b: n } })));
      const found = await c
        .find({}, { projection: { _id: 0, 'deep.a': 1 } })
        .sort({ n: -1 })
        .skip(2)
        .limit(2)
        .toArray();
      expect(found).to.deep.equal([{ deep: { a: 7 } }, { deep: { a: 6 } }]);
    });
  });

  describe('writes', () => {
    it('update, upsert, replace and delete, and say how many', async () => {
      const c = fresh<{ _id: string; n?: number; made?: boolean }>();
      const upsert = await c.updateOne(
        { _id: 'a' },
        { $inc: { n: 1 }, $setOnInsert: { made: true } },
        { upsert: true },
      );
      expect(upsert.upsertedId).to.equal('a');
      const again = await c.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
      expect([again.matchedCount, again.modifiedCount]).to.deep.equal([1, 1]);
      const same = await c.updateOne({ _id: 'a' }, { $set: { n: 2 } });
      expect([same.matchedCount, same.modifiedCount]).to.deep.equal([1, 0]);
      expect(await c.findOne({})).to.deep.equal({ _id: 'a', made: true, n: 2 });
      await c.replaceOne({ _id: 'a' }, { n: 9 });
      expect(await c.findOne({})).to.deep.equal({ _id: 'a', n: 9 });
      expect((await c.deleteOne({ _id: 'a' })).deletedCount).to.equal(1);
      expect((await c.deleteMany({})).deletedCount).to.equal(0);
    });

    it('change every document once, also when an update moves them in the index that found them', async () => {
      const c = fresh();
      await ensureIndex(c, { n: 1 });
      await c.insertMany(Array.from({ length: 500 }, (_, n) => ({ n })));
      const { modifiedCount } = await c.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1000 } });
      expect(modifiedCount).to.equal(500);
      expect(await c.countDocuments({ n: { $gte: 1000, $lt: 1500 } })).to.equal(500);
    });

    it('reach array elements by filter and by position', async () => {
      const c = fresh();
      await c.insertOne({
        grades: [80, 95, 100],
        items: [
          { k: 'a', n: 1 },
          { k: 'b', n: 1 },
        ],
      });
      await c.updateOne({}, { $set: { 'grades.$[high]': 0 } }, { arrayFilters: [{ high: { $gte: 95 } }] });
      await c.updateOne({ 'items.k': 'b' }, { $inc: { 'items.$.n': 5 } });
      const found = await c.findOne({}, { projection: { _id: 0 } });
      expect(found).to.deep.equal({
        grades: [80, 0, 0],
        items: [
          { k: 'a', n: 1 },
          { k: 'b', n: 6 },
        ],
      });
    });

    it('find one and change it, giving the document before or after', async () => {
      const c = fresh();
      await c.insertMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
      const options = { sort: { n: -1 }, projection: { _id: 0 } } as const;
      expect(await c.findOneAndUpdate({}, { $set: { x: 1 } }, options)).to.deep.equal({ n: 3 });
      expect(
        await c.findOneAndUpdate({ n: 3 }, { $set: { x: 2 } }, { ...options, returnDocument: 'after' }),
      ).to.deep.equal({ n: 3, x: 2 });
      expect(await c.findOneAndReplace({ n: 1 }, { r: 1 }, { ...options, returnDocument: 'after' })).to.deep.equal({
        r: 1,
      });
      expect(await c.findOneAndDelete({ n: 2 }, options)).to.deep.equal({ n: 2 });
      expect(await c.findOneAndDelete({ n: 99 }, options)).to.equal(null);
      const made = await c.findOneAndUpdate(
        { n: 7 },
        { $set: { u: 1 } },
        { ...options, upsert: true, returnDocument: 'after' },
      );
      expect(made).to.deep.equal({ n: 7, u: 1 });
    });

    it('refuse only the duplicate of an unordered bulk, and stop at it in an ordered one', async () => {
      const c = fresh<{ _id: number }>();
      const insert = (n: number): AnyBulkWriteOperation<{ _id: number }> => ({ insertOne: { document: { _id: n } } });
      const operations = [insert(1), insert(1), insert(2)];
      const unordered = await refused(c.bulkWrite(operations, { ordered: false }));
      expect(unordered).to.be.instanceOf(MongoBulkWriteError);
      expect(unordered.code).to.equal(11000);
      expect(await c.countDocuments({})).to.equal(2);
      await c.deleteMany({});
      await refused(c.bulkWrite(operations, { ordered: true }));
      expect(await c.countDocuments({})).to.equal(1);
    });

    it('count each kind of a mixed bulk', async () => {
      const c = fresh<{ _id: number; n?: number }>();
      const result = await c.bulkWrite([
        { insertOne: { document: { _id: 1 } } },
        { insertOne: { document: { _id: 2 } } },
        { updateOne: { filter: { _id: 1 }, update: { $set: { n: 1 } } } },
        { updateOne: { filter: { _id: 3 }, update: { $set: { n: 3 } }, upsert: true } },
        { replaceOne: { filter: { _id: 2 }, replacement: { n: 2 } } },
        { deleteOne: { filter: { _id: 1 } } },
      ]);
      expect(result.insertedCount).to.equal(2);
      expect(result.modifiedCount).to.equal(2);
      expect(result.upsertedIds).to.deep.equal({ 3: 3 });
      expect(result.deletedCount).to.equal(1);
    });

    it('that want no answer are seen by the next read of the same connection', async () => {
      const c = fresh();
      const one = await MongoClient.connect(database.uri, { maxPoolSize: 1 });
      const quiet = one.db().collection(c.collectionName);
      for (let n = 1; n <= 20; n++) {
        await quiet.insertOne({ n }, { writeConcern: { w: 0 } });
        expect(await quiet.countDocuments({})).to.equal(n);
      }
      await one.close();
    });
  });

  describe('errors', () => {
    it('11000 carries the key, the value and the text', async () => {
      const c = fresh();
      await ensureIndex(c, { slug: 1 }, { unique: true });
      await c.insertOne({ slug: 'a' });
      const error = await refused(c.insertOne({ slug: 'a' }));
      expect(error.code).to.equal(11000);
      expect(error.keyPattern).to.deep.equal({ slug: 1 });
      expect(error.keyValue).to.deep.equal({ slug: 'a' });
      expect(error.message).to.equal(
        `E11000 duplicate key error collection: ${db.databaseName}.${c.collectionName} index: slug_1 dup key: { slug: "a" }`,
      );
    });

    it('have the code of what went wrong', async () => {
      const c = fresh();
      await c.insertOne({ a: 1 });
      expect((await refused(c.updateOne({}, { $set: { _id: 5 } }))).code).to.equal(66);
      expect((await refused(c.updateOne({}, { $set: { x: 1 }, $inc: { x: 1 } }))).code).to.equal(40);
      expect((await refused(c.updateOne({}, { $nope: { x: 1 } }))).code).to.equal(9);
      expect((await refused(c.find({ a: { $nope: 1 } }).toArray())).code).to.equal(2);
      expect((await refused(c.aggregate([{ $nope: 1 }]).toArray())).code).to.equal(40324);
      expect((await refused(db.command({ nope: 1 }))).code).to.equal(59);
    });

    it('48 for a collection that exists, 26 and 27 for what does not', async () => {
      const c = fresh();
      await db.createCollection(c.collectionName);
      expect((await refused(c.dropIndex('none'))).code).to.equal(27);
      expect((await refused(fresh().indexes())).code).to.equal(26);
    });

    it('43 for a cursor that was killed', async () => {
      const c = fresh();
      await c.insertMany(Array.from({ length: 10 }, (_, n) => ({ n })));
      const reply = await db.command({ find: c.collectionName, batchSize: 2 }, { promoteLongs: false });
      const { id } = reply.cursor;
      await db.command({ killCursors: c.collectionName, cursors: [id] });
      expect((await refused(db.command({ getMore: id, collection: c.collectionName }))).code).to.equal(43);
    });
  });

  describe('cursors', () => {
    it('bring thousands of documents in batches, each once', async () => {
      const c = fresh();
      await c.insertMany(Array.from({ length: 5000 }, (_, n) => ({ n, filler: 'x'.repeat(500) })));
      const seen = new Set<number>();
      for await (const { n } of c.find({}).batchSize(777)) seen.add(n);
      expect(seen.size).to.equal(5000);
    });

    it('honour the size of a batch', async () => {
      const c = fresh();
      await c.insertMany(Array.from({ length: 30 }, (_, n) => ({ n })));
      const reply = await db.command({ find: c.collectionName, batchSize: 7 }, { promoteLongs: false });
      expect(reply.cursor.firstBatch).to.have.length(7);
      const next = await db.command({ getMore: reply.cursor.id, collection: c.collectionName, batchSize: 3 });
      expect(next.cursor.nextBatch).to.have.length(3);
    });

    it('stay under 16 MiB a batch', async () => {
      const c = fresh();
      const big = 'x'.repeat(5 * 1024 * 1024);
      for (let n = 0; n < 5; n++) await c.insertOne({ n, big });
      const found = await c.find({}).sort({ n: 1 }).toArray();
      expect(found.map(({ n }) => n)).to.deep.equal([0, 1, 2, 3, 4]);
    }).timeout(30_000);
  });

  describe('aggregation', () => {
    it('matches, groups, sorts and counts', async () => {
      const c = fresh();
      await c.insertMany(Array.from({ length: 100 }, (_, n) => ({ n, kind: n % 3, tags: [`t${n % 2}`, 'all'] })));
      const groups = await c
        .aggregate([
          { $match: { n: { $gte: 10 } } },
          { $group: { _id: '$kind', total: { $sum: '$n' }, many: { $sum: 1 } } },
          { $sort: { _id: 1 } },
        ])
        .toArray();
      expect(groups).to.deep.equal([
        { _id: 0, total: 1665, many: 30 },
        { _id: 1, total: 1605, many: 30 },
        { _id: 2, total: 1635, many: 30 },
      ]);
      const tags = await c.aggregate([{ $unwind: '$tags' }, { $sortByCount: '$tags' }]).toArray();
      expect(tags[0]).to.deep.equal({ _id: 'all', count: 100 });
      const [facets] = await c.aggregate([{ $facet: { a: [{ $match: { kind: 0 } }, { $count: 'n' }] } }]).toArray();
      expect(facets).to.deep.equal({ a: [{ n: 34 }] });
    });

    it('joins another collection', async () => {
      const people = fresh();
      const towns = fresh();
      await towns.insertMany([
        { code: 1, name: 'Lyon' },
        { code: 2, name: 'Brest' },
      ]);
      await people.insertMany([{ who: 'a', town: 1 }, { who: 'b', town: 2 }, { who: 'c' }]);
      const lookup = { from: towns.collectionName, localField: 'town', foreignField: 'code', as: 'towns' };
      const found = await people
        .aggregate([{ $lookup: lookup }, { $sort: { who: 1 } }, { $project: { _id: 0, who: 1, names: '$towns.name' } }])
        .toArray();
      expect(found).to.deep.equal([
        { who: 'a', names: ['Lyon'] },
        { who: 'b', names: ['Brest'] },
        { who: 'c', names: [] },
      ]);
    });

    it('writes its result into a collection with $out and $merge', async () => {
      const c = fresh();
      const target = fresh();
      await c.insertMany([
        { _id: 1 as unknown as ObjectId, n: 1 },
        { _id: 2 as unknown as ObjectId, n: 2 },
      ]);
      await c.aggregate([{ $out: target.collectionName }]).toArray();
      await c.aggregate([{ $project: { n: { $multiply: ['$n', 10] } } }, { $merge: target.collectionName }]).toArray();
      expect(await target.find({}).sort({ _id: 1 }).toArray()).to.deep.equal([
        { _id: 1, n: 10 },
        { _id: 2, n: 20 },
      ]);
    });
  });

  it('distinct gives each value once, the elements of arrays too', async () => {
    const c = fresh();
    await c.insertMany([{ a: { b: 1 } }, { a: { b: [1, 2] } }, { a: [{ b: 3 }] }, {}]);
    expect((await c.distinct('a.b')).sort()).to.deep.equal([1, 2, 3]);
  });

  it('GridFS stores and gives back a file', async () => {
    const bucket = new GridFSBucket(db, { bucketName: 'files', chunkSizeBytes: 64 * 1024 });
    const content = Buffer.alloc(300_000, 'attestation ');
    const upload = bucket.openUploadStream('a.pdf', { metadata: { course: 1 } });
    await new Promise((resolve, reject) => {
      upload.once('finish', resolve);
      upload.once('error', reject);
      upload.end(content);
    });
    const parts: Buffer[] = [];
    for await (const part of bucket.openDownloadStream(upload.id)) parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(content)).to.equal(true);
    const [file] = await bucket.find({}).toArray();
    expect(file?.length).to.equal(content.length);
    await bucket.delete(upload.id);
    expect(await db.collection('files.chunks').countDocuments({})).to.equal(0);
  });

  it('a dropped database is empty', async () => {
    const other = client.db(`${db.databaseName}-other`);
    await other.collection('a').insertOne({ a: 1 });
    await other.dropDatabase();
    expect(await other.collection('a').countDocuments({})).to.equal(0);
    expect(await other.listCollections().toArray()).to.deep.equal([]);
  });
});
