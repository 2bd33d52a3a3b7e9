import { expect } from 'chai';
import { loadFramework } from '../../src/framework/data.ts';
import type { Framework } from '../../src/framework/model.ts';
import { type FrameworkStore, makeFrameworkStore } from '../../src/framework/store.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { testDatabase } from '../support/database.ts';

describe('the framework in the database', () => {
  const framework = loadFramework();
  let served: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let store: FrameworkStore;

  before(async () => {
    served = await testDatabase();
    database = await connectTo(served.uri, served.engine === 'server' ? 'mongodb' : 'embedded');
    store = makeFrameworkStore(database.connection);
  });

  after(async () => {
    await database.close();
    await served.drop();
  });

  it('gives back what the data files hold', async () => {
    expect(await store.load(framework)).to.deep.equal({ written: true });
    expect(await store.competences()).to.deep.equal(framework.competences);
    expect(await store.certification('RNCP37674')).to.deep.equal(framework.certifications.get('RNCP37674'));
    expect(await store.certifications()).to.have.length(framework.certifications.size);
    expect((await store.occupations()).map(({ code }) => code)).to.deep.equal(
      framework.occupations.map(({ code }) => code).sort(),
    );
  });

  it('does not know a certification that the register does not hold', async () => {
    expect(await store.certification('RS5875')).to.equal(null);
  });

  it('is written once per version', async () => {
    expect(await store.load(framework)).to.deep.equal({ written: false });
  });

  it('a new version replaces what changed and removes what is gone', async () => {
    const next: Framework = {
      ...framework,
      version: 'next',
      certifications: new Map([...framework.certifications].filter(([code]) => code !== 'RS5000')),
      competences: framework.competences.map((one) =>
        one.code === '2.5' ? { ...one, fr: 'Se comporter en ligne' } : one,
      ),
    };
    expect(await store.load(next)).to.deep.equal({ written: true });
    expect(await store.certification('RS5000')).to.equal(null);
    expect((await store.competences()).find(({ code }) => code === '2.5')?.fr).to.equal('Se comporter en ligne');
    expect(await store.load(next)).to.deep.equal({ written: false });
  });

  it('a load cut before its end is done again', async () => {
    await store.load(framework);
    await database.connection.collection('competences').updateOne({}, { $set: { frameworkVersion: 'older' } });
    expect(await store.load(framework)).to.deep.equal({ written: true });
  });
});
