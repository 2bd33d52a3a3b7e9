import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import type { CourseDraft } from '../../src/catalogue/model.ts';
import { type CourseToAssess, makeCourseAssessing } from '../../src/catalogue/store/assessing.ts';
import { makeProviderFactsStore } from '../../src/catalogue/store/provider-facts.ts';
import { type CourseStore, makeCourseStore } from '../../src/catalogue/store.ts';
import { type Assessing, makeAssessing } from '../../src/catalogue/use-cases/assessing.ts';
import { makeFunding } from '../../src/catalogue/use-cases/funding.ts';
import { loadRules } from '../../src/eligibility/data.ts';
import {
  type CertificationOfProvider,
  type Habilitation,
  pairKey,
  type RegisterRecord,
} from '../../src/framework/registry/model.ts';
import { euros } from '../builders/course.ts';
import { aFundedCourse, aRecord, siret, someFacts } from '../builders/funding.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('what the account says of courses, kept up to date', () => {
  let database: TestDatabase;
  let connection: Connection;
  let courses: CourseStore;
  let clock = new Date('2026-11-22T08:00:00Z');
  let record: RegisterRecord;
  let rules = loadRules();
  let asked = 0;

  const answers = <Value>(pairs: readonly CertificationOfProvider[], value: Value) =>
    new Map(pairs.map((pair) => [pairKey(pair), value]));
  const register = {
    state: async () => ({ date: '2026-11-20', records: 1, offersDate: '2026-11-01' }),
    async certifications(codes: readonly string[]) {
      asked += 1;
      return new Map(codes.includes(record.code) ? [[record.code, record]] : []);
    },
    habilitations: async (pairs: readonly CertificationOfProvider[]) => answers<Habilitation | null>(pairs, 'former'),
    hasOffers: async (pairs: readonly CertificationOfProvider[]) => answers<boolean | null>(pairs, true),
  };

  function assessing(): Assessing {
    const funding = makeFunding({ register, providerFacts: makeProviderFactsStore(connection) });
    const store = makeCourseAssessing(connection);
    return makeAssessing({ courses: store, funding, register, rules: () => rules, now: () => clock });
  }

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    let drawn = 0;
    courses = makeCourseStore(connection, () => `aaaa${String(drawn++).padStart(4, '0')}`);
    await courses.ensureIndexes();
  });
  after(async () => {
    await connection.close();
    await database.drop();
  });
  beforeEach(async () => {
    for (const name of ['courses', 'provider_facts', 'assessments'])
      await connection.db?.collection(name).deleteMany({});
    await makeProviderFactsStore(connection).save([someFacts()]);
    clock = new Date('2026-11-22T08:00:00Z');
    record = aRecord({ endOfRegistration: '2026-11-22' });
    rules = loadRules();
    asked = 0;
  });

  async function write(count: number, draft: Partial<CourseDraft> = {}, prefix = 'r') {
    const { draft: whole, alignment } = aFundedCourse(draft);
    const source = { id: 'source-1', title: 'Catalogue', demo: false };
    const ids = Array.from({ length: count }, (_value, at) => `${prefix}${at}`);
    const known = await courses.known(source.id, ids);
    await courses.write(
      { source, runId: 'run', origin: 'harvest', now: clock },
      ids.map((remoteId) => ({
        outcome: known.has(remoteId) ? ('updated' as const) : ('created' as const),
        remoteId,
        known: known.get(remoteId) ?? null,
        draft: { ...whole, title: `Cours ${remoteId}` },
        alignment,
        harvestedAt: clock,
      })),
    );
    await courses.publishWaiting(source.id, clock);
  }
  const read = async () => {
    const all = await courses.changedSince(null, 2_000);
    return (await courses.byIds(all.map(({ id }) => id))).map(({ cpf, updatedAt }) => ({ cpf, updatedAt }));
  };

  it('each course gets its answer, and its date of change moves so that the search follows', async () => {
    await write(3);
    clock = new Date('2026-11-22T08:05:00Z');
    const report = await assessing().refresh();
    expect(report).to.deep.include({ scope: 'everything', assessed: 3, changed: 3, zeroPossible: 3 });
    expect(report.answers).to.deep.equal({ oui: 3, non: 0, indecidable: 0 });
    for (const { cpf, updatedAt } of await read()) {
      expect(cpf).to.deep.include({ answer: 'oui', assessedOn: '2026-11-22', registerDate: '2026-11-20' });
      expect(updatedAt).to.deep.equal(clock);
    }
  });

  it('a second time, nothing is read nor written; then only what was written since', async () => {
    await write(3);
    await assessing().refresh();
    asked = 0;
    expect(await assessing().refresh()).to.deep.include({ scope: 'changed', assessed: 0, changed: 0 });
    expect(asked).to.equal(0);
    await write(1, { exam: { exists: null, included: null, price: null } });
    expect(await assessing().refresh()).to.deep.include({ scope: 'changed', assessed: 1, changed: 1 });
    expect((await read()).filter(({ cpf }) => cpf?.zeroPossible === null)).to.have.length(1);
  });

  it('a certification that ends changes the answer on the day after, without harvest (B11)', async () => {
    await write(2);
    await assessing().refresh();
    clock = new Date('2026-11-22T22:59:00Z'); // 23:59 in Paris: the last day counts.
    expect((await assessing().refresh()).assessed).to.equal(0);
    clock = new Date('2026-11-22T23:01:00Z');
    expect(await assessing().refresh()).to.deep.include({ scope: 'everything', assessed: 2, changed: 2 });
    for (const { cpf, updatedAt } of await read()) {
      expect(cpf).to.deep.include({ answer: 'non', rules: ['A-04'], assessedOn: '2026-11-23', zeroPossible: null });
      expect(updatedAt).to.deep.equal(clock);
    }
  });

  it('on another day with the same answer, the date of the answer moves, not that of the course', async () => {
    record = aRecord();
    await write(2);
    await assessing().refresh();
    const before = await read();
    clock = new Date('2026-11-24T08:00:00Z');
    expect(await assessing().refresh()).to.deep.include({ scope: 'everything', assessed: 2, changed: 0 });
    const after = await read();
    expect(after.map(({ updatedAt }) => updatedAt)).to.deep.equal(before.map(({ updatedAt }) => updatedAt));
    for (const { cpf } of after)
      expect(cpf).to.deep.include({ assessedOn: '2026-11-24', zeroPossible: { price: 480_000, date: '2026-11-24' } });
  });

  it('other rules are followed, and named in the answer', async () => {
    record = aRecord();
    await write(1);
    await assessing().refresh();
    rules = { ...rules, version: 'published-2' };
    expect(await assessing().refresh()).to.deep.include({ scope: 'everything', assessed: 1, changed: 0 });
    expect((await read())[0]?.cpf?.rulesVersion).to.equal('published-2');
  });

  it('proofs that change are followed for the courses of that school only', async () => {
    record = aRecord();
    await write(2);
    await write(1, { provider: { name: 'Autre', url: null, siret: '13002526500013', activityNumber: null } }, 'autre');
    await assessing().refresh();
    await makeProviderFactsStore(connection).save([someFacts({ delisted: null })]);
    await assessing().forget([siret]);
    expect(await assessing().refresh()).to.deep.include({ scope: 'changed', assessed: 2, changed: 2 });
  });

  it('stopped in the middle, it goes on where it stopped', async () => {
    record = aRecord();
    await write(1_200);
    const stop = new AbortController();
    const cut = assessing().refresh({ signal: stop.signal, onProgress: () => stop.abort(new Error('killed')) });
    expect(
      await cut.then(
        () => '',
        (error: Error) => error.message,
      ),
    ).to.equal('killed');
    expect((await read()).filter(({ cpf }) => cpf !== null)).to.have.length(100);
    expect(await assessing().refresh()).to.deep.include({ scope: 'everything', assessed: 1_100 });
    expect((await read()).every(({ cpf }) => cpf?.answer === 'oui')).to.equal(true);
  });

  it('a course written anew meanwhile is not given the answer of what it was', async () => {
    record = aRecord();
    await write(2);
    await assessing().refresh();
    const store = makeCourseAssessing(connection);
    const batch: CourseToAssess[] = [];
    for await (const some of store.toAssess('another key')) batch.push(...some);
    clock = new Date('2026-11-22T09:00:00Z');
    await write(1, { price: euros(5000) });
    const results = batch.map((course) => ({
      course,
      cpf: { ...(course.cpf as NonNullable<typeof course.cpf>), rulesVersion: 'x' },
    }));
    await store.saveAssessments(results, 'another key', clock);
    const dated = (await read()).map(({ cpf }) => cpf?.rulesVersion);
    expect(dated.filter((version) => version === 'x')).to.have.length(1);
    expect(await assessing().refresh()).to.deep.include({ scope: 'changed', assessed: 1, changed: 1 });
    expect((await read()).map(({ cpf }) => cpf?.zeroPossible?.price).sort()).to.deep.equal([480_000, 500_000]);
  });

  it('all again when asked, or only counted', async () => {
    record = aRecord();
    await write(2);
    await assessing().refresh();
    record = aRecord({ active: false, endOfRegistration: null });
    const report = await assessing().refresh({ everything: true, dryRun: true });
    expect(report).to.deep.include({ assessed: 2, changed: 2 });
    expect((await read()).map(({ cpf }) => cpf?.answer)).to.deep.equal(['oui', 'oui']);
    await assessing().refresh({ everything: true });
    expect((await read()).map(({ cpf }) => cpf?.answer)).to.deep.equal(['non', 'non']);
  });
});
