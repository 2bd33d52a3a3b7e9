import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import MongoStore from 'connect-mongo';
import mongoose, { type Connection, Schema } from 'mongoose';
import { unlessInTheWay } from '../../src/platform/in-the-way.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('a database through mongoose and connect-mongo', () => {
  let database: TestDatabase;
  let connection: Connection;

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
  });

  after(async () => {
    await connection?.close();
    await database?.drop();
  });

  it('documents are created, saved, listed lean and populated', async () => {
    const Town = connection.model('Town', new Schema({ name: String }));
    const Person = connection.model(
      'Person',
      new Schema({ name: String, born: Date, town: { type: Schema.Types.ObjectId, ref: 'Town' } }),
    );
    const town = await Town.create({ name: 'Lyon' });
    await Person.create([{ name: 'Ada', born: new Date(0), town: town._id }, { name: 'Bob' }]);
    const ada = await Person.findOne({ name: 'Ada' }).populate<{ town: { name: string } }>('town').orFail();
    expect(ada.town.name).to.equal('Lyon');
    ada.name = 'Ada L.';
    await ada.save();
    const names = await Person.find({}, { _id: 0, name: 1 }).sort({ name: 1 }).lean();
    expect(names).to.deep.equal([{ name: 'Ada L.' }, { name: 'Bob' }]);
    expect(await Person.countDocuments({ town: null })).to.equal(1);
    expect(await Person.exists({ name: 'Nobody' })).to.equal(null);
  });

  it('two who change the same version: the second is refused', async () => {
    const Seat = connection.model('Seat', new Schema({ left: Number }, { optimisticConcurrency: true }));
    const { _id } = await Seat.create({ left: 3 });
    const first = await Seat.findById(_id).orFail();
    const second = await Seat.findById(_id).orFail();
    first.left = 2;
    await first.save();
    second.left = 2;
    let refused: unknown;
    await second.save().catch((error: unknown) => {
      refused = error;
    });
    expect(refused).to.be.instanceOf(mongoose.Error.VersionError);
  });

  it('a condition in an update lets only as many through as there are seats', async () => {
    const Stock = connection.model('Stock', new Schema({ seats: Number }));
    const { _id } = await Stock.create({ seats: 5 });
    const results = await Promise.all(
      Array.from({ length: 20 }, () => Stock.updateOne({ _id, seats: { $gt: 0 } }, { $inc: { seats: -1 } })),
    );
    expect(results.filter(({ modifiedCount }) => modifiedCount === 1)).to.have.length(5);
    expect((await Stock.findById(_id).orFail()).seats).to.equal(0);
  });

  it('syncIndexes creates what the schema says and drops what it no longer says', async () => {
    const schema = new Schema({ slug: String, tags: [String], at: Date });
    schema.index({ slug: 1 }, { unique: true });
    schema.index({ tags: 1, at: -1 });
    const First = connection.model('Indexed', schema);
    await unlessInTheWay(() => First.syncIndexes());
    expect(Object.keys(await First.collection.indexInformation())).to.have.members(['_id_', 'slug_1', 'tags_1_at_-1']);
    connection.deleteModel('Indexed');
    const changed = new Schema({ slug: String, at: Date });
    changed.index({ slug: 1 }, { unique: true });
    changed.index({ at: 1 });
    const Second = connection.model('Indexed', changed);
    expect((await Second.diffIndexes()).toDrop).to.deep.equal(['tags_1_at_-1']);
    await unlessInTheWay(() => Second.syncIndexes());
    expect(Object.keys(await Second.collection.indexInformation())).to.have.members(['_id_', 'slug_1', 'at_1']);
  });

  it('a duplicate is told with its field', async () => {
    const schema = new Schema({ email: String });
    schema.index({ email: 1 }, { unique: true });
    const Account = connection.model('Account', schema);
    await unlessInTheWay(() => Account.init());
    await Account.create({ email: 'a@example.org' });
    let refused: { code?: number; keyPattern?: unknown } = {};
    await Account.create({ email: 'a@example.org' }).catch((error: typeof refused) => {
      refused = error;
    });
    expect(refused.code).to.equal(11000);
    expect(refused.keyPattern).to.deep.equal({ email: 1 });
  });

  it('a cursor of mongoose walks through everything', async () => {
    const Item = connection.model('Item', new Schema({ n: Number }));
    await Item.insertMany(Array.from({ length: 2500 }, (_, n) => ({ n })));
    let sum = 0;
    for await (const { n } of Item.find().lean().cursor({ batchSize: 300 })) sum += n ?? 0;
    expect(sum).to.equal((2499 * 2500) / 2);
  });

  it('sessions are kept, touched, found and destroyed', async () => {
    const store = MongoStore.create({ mongoUrl: database.uri, ttl: 60, touchAfter: 0, autoRemove: 'native' });
    expect(store).to.be.instanceOf(EventEmitter);
    type Callback = (error: unknown, value?: unknown) => void;
    const call = (run: (done: Callback) => void): Promise<unknown> =>
      new Promise((resolve, reject) => {
        run((error, value) => (error ? reject(error as Error) : resolve(value)));
      });
    const session = { cookie: { originalMaxAge: 60_000 }, user: 'u1' } as never;
    await call((done) => store.set('sid', session, done));
    expect(await call((done) => store.get('sid', done))).to.include({ user: 'u1' });
    await call((done) => store.touch('sid', session, done));
    expect(await call((done) => store.length(done))).to.equal(1);
    const indexes = await connection.db?.collection('sessions').indexes();
    expect(indexes?.find(({ key }) => 'expires' in key)?.expireAfterSeconds).to.equal(0);
    await call((done) => store.destroy('sid', done));
    expect(await call((done) => store.get('sid', done))).to.not.be.an('object');
    await store.close();
  });
});
