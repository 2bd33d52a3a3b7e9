import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Collection, type Document, MongoClient, type MongoServerError } from 'mongodb';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../src/embedded-db/start.ts';

/** Values of every kind that an index treats apart: missing, null, empty and nested arrays, mixed types. */
const scalar = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, -0.5, null, true, false, '', 'a', 'ab', 'b', 'É', new Date(0), new Date(5)),
);
const element = fc.oneof({ weight: 5, arbitrary: scalar }, { weight: 1, arbitrary: fc.record({ x: scalar }) });
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(element, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ x: scalar, y: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })) }) },
);
/** Only `a` and `d` hold arrays, so that no two indexed fields of a document are parallel. */
const document = fc.record(
  { a: value, b: scalar, c: scalar, d: fc.record({ x: scalar, y: scalar }) },
  { requiredKeys: [] },
);

const comparison = fc
  .tuple(fc.constantFrom('$eq', '$gt', '$gte', '$lt', '$lte', '$ne'), scalar)
  .map(([op, v]) => ({ [op]: v }));
const condition: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 4, arbitrary: comparison },
  { weight: 2, arbitrary: fc.tuple(comparison, comparison).map(([x, y]) => ({ ...x, ...y })) },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }).map((list) => ({ $in: list })) },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 2 }) },
  { weight: 1, arbitrary: fc.boolean().map((exists) => ({ $exists: exists })) },
  { weight: 1, arbitrary: fc.constantFrom(/^a/, /^ab?/, /b/, /^A/i, /^a|b/) },
  { weight: 1, arbitrary: comparison.map((inner) => ({ $not: inner })) },
  { weight: 1, arbitrary: fc.array(scalar, { minLength: 1, maxLength: 2 }).map((list) => ({ $all: list })) },
  { weight: 1, arbitrary: comparison.map((inner) => ({ $elemMatch: inner })) },
);
const path = fc.constantFrom('a', 'b', 'c', 'd.x', 'd.y', 'a.x', 'a.0');
const conjunction = fc.dictionary(path, condition, { maxKeys: 3 });
const filter = fc.oneof(
  { weight: 6, arbitrary: conjunction },
  { weight: 1, arbitrary: fc.array(conjunction, { minLength: 1, maxLength: 2 }).map((parts) => ({ $or: parts })) },
  { weight: 1, arbitrary: fc.array(conjunction, { minLength: 1, maxLength: 3 }).map((parts) => ({ $and: parts })) },
);
const direction = fc.constantFrom<1 | -1>(1, -1);
/** Ends with a unique field, so that there is one right order. */
const sort = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd.x'), direction), { maxLength: 2, selector: ([name]) => name })
  .map((fields) => [...fields, ['_id', 1]] as [string, 1 | -1][]);

const question = fc.record({
  filter,
  sort,
  skip: fc.integer({ min: 0, max: 3 }),
  limit: fc.integer({ min: 0, max: 5 }),
  collated: fc.boolean(),
});

async function index(collection: Collection): Promise<void> {
  await collection.createIndexes([
    { key: { a: 1 } },
    { key: { b: -1 } },
    { key: { b: 1, a: -1, c: 1 } },
    { key: { c: 1, _id: 1 } },
    { key: { 'd.x': 1, 'd.y': -1 } },
    { key: { 'a.x': 1, b: 1 } },
    { key: { c: -1 }, sparse: true, name: 'sparse' },
    { key: { b: 1, c: -1 }, partialFilterExpression: { b: { $gt: 0 } }, name: 'partial' },
  ]);
}

describe('the planner of the embedded database', function () {
  this.timeout(60_000);
  let dataDir: string;
  let engine: EmbeddedDatabase;
  let client: MongoClient;

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-planner-'));
    engine = await startEmbeddedDatabase({ dataDir });
    client = await MongoClient.connect(engine.uri('planner'));
  });

  after(async () => {
    await client?.close();
    await engine?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('gives the same documents in the same order with indexes and without', async () => {
    const seed = Number(process.env.PLANNER_SEED ?? Date.now() % 2 ** 31);
    console.log(`      seed ${seed}`);
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 25 }),
        fc.array(question, { minLength: 8, maxLength: 8 }),
        async (documents, questions) => {
          round++;
          const plain = client.db().collection<Document>(`plain${round}`);
          const indexed = client.db().collection<Document>(`indexed${round}`);
          await index(indexed);
          if (documents.length > 0) {
            const numbered = documents.map((doc, _id) => ({ _id, ...doc }));
            await plain.insertMany(numbered as never[]);
            await indexed.insertMany(numbered as never[]);
          }
          for (const { filter, sort, skip, limit, collated } of questions) {
            const ask = (collection: Collection): Promise<unknown[] | string> => {
              const cursor = collection.find(filter).sort(sort).skip(skip).limit(limit);
              if (collated) cursor.collation({ locale: 'fr', strength: 1 });
              return cursor.toArray().catch((error: Error) => error.message);
            };
            const expected = await ask(plain);
            expect(await ask(indexed)).to.deep.equal(expected);
            if (!collated) {
              expect(await indexed.countDocuments(filter)).to.equal(await plain.countDocuments(filter));
            }
          }
          await plain.drop();
          await indexed.drop();
        },
      ),
      { seed, numRuns: 60 },
    );
  });

  async function indexUsed(collection: Collection, filter: Document, sort: Document = {}): Promise<string> {
    const { queryPlanner } = await collection
      .find(filter)
      .sort(sort as never)
      .explain();
    return JSON.stringify(queryPlanner.winningPlan);
  }

  it('uses an index for an equality, a range, a prefix and an order, and says which', async () => {
    const c = client.db().collection('explained');
    await c.createIndexes([{ key: { kind: 1, at: -1 } }, { key: { name: 1 } }]);
    await c.insertMany([
      { kind: 1, at: 1, name: 'x' },
      { kind: 2, at: 2, name: 'y' },
    ]);
    expect(await indexUsed(c, { kind: 1 }, { at: -1 }))
      .to.contain('kind_1_at_-1')
      .and.not.contain('"SORT"');
    expect(await indexUsed(c, { kind: 1 }, { at: 1 }))
      .to.contain('backward')
      .and.not.contain('"SORT"');
    expect(await indexUsed(c, { kind: { $gt: 0 } }, { at: 1 }))
      .to.contain('kind_1_at_-1')
      .and.contain('"SORT"');
    expect(await indexUsed(c, { name: /^x/ }))
      .to.contain('name_1')
      .and.contain('"boundedFields":1');
    expect(await indexUsed(c, {}, { name: 1 })).to.contain('name_1');
    expect(await indexUsed(c, { other: 1 })).to.contain('COLLSCAN');
  });

  it('prefers the keys of a unique index to an equality that many documents may fulfil', async () => {
    const c = client.db().collection('listed');
    await c.createIndexes([{ key: { state: 1 } }, { key: { source: 1, remote: 1 }, unique: true }]);
    await c.insertMany(
      Array.from({ length: 50 }, (_, n) => ({ _id: n, state: 'waiting', source: 's', remote: n })) as never[],
    );
    const byId = await c.find({ _id: { $in: [3, 4] as never[] }, state: 'waiting' }).explain('executionStats');
    expect(byId.executionStats.totalDocsExamined).to.equal(2);
    const byKey = await c.find({ source: 's', remote: { $in: [1, 2] }, state: 'waiting' }).explain('executionStats');
    expect(byKey.executionStats.totalDocsExamined).to.equal(2);
  });

  it('reads only the part of the index that the bounds leave', async () => {
    const c = client.db().collection('bounded');
    await c.createIndex({ n: 1 });
    await c.insertMany(Array.from({ length: 1000 }, (_, n) => ({ n, tag: `t${n}` })));
    const { executionStats } = await c.find({ n: { $gte: 10, $lt: 20 } }).explain('executionStats');
    expect(executionStats.totalKeysExamined).to.equal(10);
    const unbounded = await c.find({ tag: 't5' }).explain('executionStats');
    expect(unbounded.executionStats.totalDocsExamined).to.equal(1000);
  });

  it('never serves a query for nothing or a bare sort from a sparse or partial index', async () => {
    const c = client.db().collection('gaps');
    await c.createIndex({ a: 1 }, { sparse: true });
    await c.createIndex({ b: 1 }, { partialFilterExpression: { b: { $gt: 0 } } });
    await c.insertMany([{ a: 1, b: 1 }, { c: 1 }]);
    expect(await indexUsed(c, { a: null })).to.contain('COLLSCAN');
    expect(await indexUsed(c, {}, { a: 1 })).to.contain('COLLSCAN');
    expect(await indexUsed(c, {}, { b: 1 })).to.contain('COLLSCAN');
    expect(await indexUsed(c, { b: { $gt: -1 } })).to.contain('COLLSCAN');
    expect(await indexUsed(c, { b: { $gte: 5 } })).to.contain('IXSCAN');
    expect(await indexUsed(c, { a: 1 })).to.contain('IXSCAN');
  });

  it('follows a hint, and refuses one that names no index', async () => {
    const c = client.db().collection('hinted');
    await c.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }]);
    await c.insertOne({ a: 1, b: 1 });
    const plan = await c.find({ a: 1, b: 1 }).hint('b_1').explain();
    expect(JSON.stringify(plan.queryPlanner)).to.contain('b_1');
    const refused = await c
      .find({ a: 1 })
      .hint('none')
      .toArray()
      .catch((error: MongoServerError) => error.code);
    expect(refused).to.equal(2);
  });

  it('refuses to index two arrays of one document side by side', async () => {
    const c = client.db().collection('parallel');
    await c.createIndex({ a: 1, b: 1 });
    await c.insertOne({ a: [1, 2], b: 1 });
    const refused = await c.insertOne({ a: [1], b: [1] }).catch((error: MongoServerError) => error.code);
    expect(refused).to.equal(171);
    expect(await c.countDocuments({})).to.equal(1);
  });
});
