import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { makeCourseAssessing } from '../../src/catalogue/store/assessing.ts';
import { makeProviderFactsStore } from '../../src/catalogue/store/provider-facts.ts';
import { makeCourseStore } from '../../src/catalogue/store.ts';
import { makeAssessing } from '../../src/catalogue/use-cases/assessing.ts';
import { makeFunding } from '../../src/catalogue/use-cases/funding.ts';
import { makeReassessing, reassessingLockSeconds } from '../../src/catalogue/use-cases/reassessing.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import { pairKey } from '../../src/framework/registry/model.ts';
import { takeLock } from '../../src/platform/lock.ts';
import { aFundedCourse, aRecord, someFacts } from '../builders/funding.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a change of the rules or of the register, followed within seconds', () => {
  let database: TestDatabase;
  let connection: Connection;
  let record = aRecord();
  let registerDate = '2026-11-20';
  let rules = loadRules();
  /** Pathways built, by process. */
  let built: string[] = [];
  let failing = false;

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    await makeCourseStore(connection).ensureIndexes();
  });
  after(async () => {
    await connection.close();
    await database.drop();
  });
  beforeEach(async () => {
    for (const name of ['courses', 'provider_facts', 'assessments', 'locks'])
      await connection.db?.collection(name).deleteMany({});
    await makeProviderFactsStore(connection).save([someFacts()]);
    record = aRecord();
    registerDate = '2026-11-20';
    rules = loadRules();
    built = [];
    failing = false;
    const { draft, alignment } = aFundedCourse();
    const source = { id: 'source-1', title: 'Catalogue', demo: false };
    const now = new Date();
    const courses = makeCourseStore(connection);
    const written = ['r0', 'r1', 'r2'].map((remoteId) => ({
      ...{ outcome: 'created' as const, remoteId, known: null, draft, alignment, harvestedAt: now },
    }));
    await courses.write({ source, runId: 'run', origin: 'harvest', now }, written);
    await courses.publishWaiting(source.id, now);
  });

  const register = {
    state: async () => ({ date: registerDate, records: 1, offersDate: '2026-11-01' }),
    certifications: async (codes: readonly string[]) =>
      new Map(codes.includes(record.code) ? [[record.code, record]] : []),
    habilitations: async (pairs: readonly { code: string; siret: string }[]) =>
      new Map(pairs.map((pair) => [pairKey(pair), 'former' as const])),
    hasOffers: async (pairs: readonly { code: string; siret: string }[]) =>
      new Map(pairs.map((pair) => [pairKey(pair), true])),
  };

  /** Another process on the same database. */
  function aProcess(name: string) {
    const funding = makeFunding({ register, providerFacts: makeProviderFactsStore(connection) });
    const courses = makeCourseAssessing(connection);
    const assessing = makeAssessing({ courses, funding, register, rules: () => rules, now: () => new Date() });
    const reassessing = makeReassessing({
      assessing,
      async rebuildPathways() {
        if (failing) throw new Error('killed');
        const due = await assessing.pathwaysDue();
        await wait(30);
        built.push(name);
        if (due !== null) await assessing.pathwaysBuilt(due);
      },
      lock: () => takeLock(connection, 'reassessing', reassessingLockSeconds),
      log: { info: () => {}, error: () => {} },
      intervalMs: 20,
    });
    return { assessing, reassessing };
  }
  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 150; turn += 1) {
      if (await holds()) return;
      await wait(20);
    }
    throw new Error('it was not followed');
  }

  it('the serving process follows a register that another one imported, then rules that another one published', async () => {
    const { assessing, reassessing } = aProcess('server');
    const end = reassessing.follow();
    try {
      await until(async () => (await assessing.progress()).left === 0 && built.length === 1);
      record = aRecord({ endOfRegistration: '2020-01-01' });
      registerDate = '2026-11-27';
      expect((await assessing.progress()).left).to.equal(3);
      await until(async () => built.length === 2);
      const progress = await assessing.progress();
      expect(progress).to.deep.include({ courses: 3, left: 0 });
      expect(progress.finishedAt).to.be.instanceOf(Date);
      rules = { ...rules, version: 'published' };
      await until(async () => (await assessing.progress()).left === 0 && !(await assessing.isDue()));
      // Nothing says anything else: the pathways stay as they are.
      expect(built).to.deep.equal(['server', 'server']);
    } finally {
      await end();
    }
  });

  it('one process does it when several see it at once', async () => {
    const [one, other] = [aProcess('one'), aProcess('other')];
    const reports = await Promise.all([one.reassessing.reassess(), other.reassessing.reassess()]);
    expect(reports.filter((report) => report === null)).to.have.length(1);
    expect(built).to.have.length(1);
  });

  it('killed between the courses and the pathways, the next start builds the pathways', async () => {
    failing = true;
    let fault: unknown = null;
    await aProcess('killed')
      .reassessing.reassess()
      .catch((error: unknown) => {
        fault = error;
      });
    expect(fault).to.be.instanceOf(Error);
    failing = false;
    const { assessing, reassessing } = aProcess('next');
    expect(await assessing.isDue(), 'the courses are done').to.equal(false);
    const end = reassessing.follow();
    await until(async () => built.length === 1);
    await end();
    expect(await assessing.pathwaysDue()).to.equal(null);
    expect((await reassessing.reassess())?.assessed).to.equal(0);
    expect(built).to.deep.equal(['next']);
  });

  it('what a killed process locked is free again after its time, not before', async () => {
    await takeLock(connection, 'reassessing', reassessingLockSeconds, () => new Date(Date.now() - 25_000));
    expect(await aProcess('early').reassessing.reassess()).to.equal(null);
    await connection.db?.collection('locks').deleteMany({});
    await takeLock(connection, 'reassessing', reassessingLockSeconds, () => new Date(Date.now() - 31_000));
    expect((await aProcess('late').reassessing.reassess())?.assessed).to.equal(3);
  });
});
