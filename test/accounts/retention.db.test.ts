import { expect } from 'chai';
import { type HarvestStore, makeHarvestStore } from '../../src/harvest/store.ts';
import { expiringDocuments } from '../../src/platform/expiring.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const now = new Date('2026-11-22T03:40:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

describe('retention in the database', () => {
  let place: TestDatabase;
  let database: Database;

  before(async () => {
    place = await testDatabase();
    database = await connectTo(place.uri, 'mongodb');
  });
  after(async () => {
    await database.close();
    await place.drop();
  });

  it('documents past their date go; later ones and those without a date stay', async () => {
    const traces = database.connection.collection<{ _id: string; endedAt?: Date | null }>('traces');
    await traces.insertMany([
      { _id: 'old', endedAt: daysAgo(91) },
      { _id: 'on the day', endedAt: daysAgo(90) },
      { _id: 'new', endedAt: daysAgo(1) },
      { _id: 'running', endedAt: null },
      { _id: 'other' },
    ]);
    const expiring = expiringDocuments(database.connection, 'traces', { collection: 'traces', field: 'endedAt' });
    expect(await expiring.count(daysAgo(90))).to.equal(1);
    expect(await expiring.erase(daysAgo(90))).to.equal(1);
    expect((await traces.find({}).toArray()).map(({ _id }) => _id)).to.have.members([
      'on the day',
      'new',
      'running',
      'other',
    ]);
  });

  describe('harvest runs', () => {
    let harvest: HarvestStore;
    const runs = () => database.connection.collection<{ _id: string }>('harvest_runs');
    const run = (id: string, sourceId: string, days: number, status = 'done') => ({
      _id: id,
      sourceId,
      status,
      queuedAt: daysAgo(days),
      endedAt: status === 'running' ? null : daysAgo(days),
    });

    before(async () => {
      harvest = makeHarvestStore(database.connection);
      await harvest.ensureIndexes();
      await runs().insertMany([
        run('a1', 'a', 800),
        run('a2', 'a', 366),
        run('a3', 'a', 364),
        run('b1', 'b', 900),
        run('b2', 'b', 700),
        run('b3', 'b', 600, 'skipped'),
        run('c1', 'c', 500, 'running'),
      ]);
    });

    it('end after 365 days (O15), and the last of each source stays', async () => {
      expect(await harvest.runs.countEndedBefore(daysAgo(365))).to.equal(4);
      expect(await harvest.runs.eraseEndedBefore(daysAgo(365))).to.equal(4);
      const left = (await runs().find({}).toArray()).map(({ _id }) => _id);
      expect(left).to.have.members(['a3', 'b2', 'c1']);
      expect(await harvest.runs.eraseEndedBefore(daysAgo(365))).to.equal(0);
    });
  });
});
