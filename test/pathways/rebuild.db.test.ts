import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import { loadFramework } from '../../src/framework/data.ts';
import { makeSampleRegister } from '../../src/framework/registry/use-cases.ts';
import type { PathwayCourse, PathwayDefinition } from '../../src/pathways/model.ts';
import { makePathwayStore, type PathwayStore } from '../../src/pathways/store.ts';
import { makeListPathways, makePathwayBySlug, makeRebuildPathways } from '../../src/pathways/use-cases.ts';
import { connectTo, type Database } from '../../src/platform/mongo.ts';
import { testDatabase } from '../support/database.ts';
import { aDefinition, aPathwayCourse, aStep, costing, daysAgo, now } from './courses.ts';

describe('pathways in the database', () => {
  const framework = loadFramework();
  const register = makeSampleRegister({ sample: framework.certifications, now: () => now });
  let served: Awaited<ReturnType<typeof testDatabase>>;
  let database: Database;
  let pathways: PathwayStore;

  before(async () => {
    served = await testDatabase();
    database = await connectTo(served.uri, served.engine === 'server' ? 'mongodb' : 'embedded');
    pathways = makePathwayStore(database.connection);
    await pathways.ensureIndexes();
  });

  after(async () => {
    await database.close();
    await served.drop();
  });

  beforeEach(async () => {
    await database.connection.collection('pathways').deleteMany({});
  });

  const rebuild = (definitions: readonly PathwayDefinition[], courses: readonly PathwayCourse[] = [], at = now) =>
    makeRebuildPathways({
      courses: {
        async *published() {
          yield* courses;
        },
      },
      pathways,
      definitions,
      framework,
      register,
      now: () => at,
    })();
  const list = makeListPathways({ pathways: { all: () => pathways.all() } });
  const bySlug = makePathwayBySlug({ pathways: { bySlug: (slug) => pathways.bySlug(slug) } });

  it('a pathway is stored and read back whole', async () => {
    const courses = [aPathwayCourse('a', { access: costing(1_250) }), aPathwayCourse('b')];
    const report = await rebuild(
      [aDefinition({ steps: [aStep('une'), aStep('deux', { competences: ['4.1'] })] })],
      courses,
    );
    expect(report).to.deep.equal({ living: 1, written: 1, retired: [], uncovered: ['apprendre/deux'] });
    const pathway = await bySlug('apprendre');
    expect(pathway.steps[0]?.main?.id).to.equal('b');
    expect(pathway.steps[0]?.alternatives[0]?.prices.course).to.deep.equal({
      status: 'amount',
      cents: 1_250,
      currency: 'EUR',
    });
    expect(pathway.totals.course).to.deep.equal({ known: 0, unknownSteps: ['deux'] });
    expect(pathway.computedAt).to.deep.equal(now);
  });

  it('computing again writes only what changed', async () => {
    const definitions = [
      aDefinition(),
      aDefinition({ slug: 'securite', steps: [aStep('une', { competences: ['4.1'] })] }),
    ];
    const courses = [aPathwayCourse('a')];
    expect((await rebuild(definitions, courses, daysAgo(2))).written).to.equal(2);
    expect((await rebuild(definitions, courses, daysAgo(1))).written).to.equal(0);
    expect((await bySlug('apprendre')).computedAt).to.deep.equal(daysAgo(2));
    expect((await rebuild(definitions, [aPathwayCourse('b')], now)).written).to.equal(1);
    expect((await bySlug('apprendre')).computedAt).to.deep.equal(now);
    expect((await bySlug('securite')).computedAt).to.deep.equal(daysAgo(2));
  });

  it('a step without a course keeps the date since when', async () => {
    await rebuild([aDefinition()], [], daysAgo(5));
    await rebuild([aDefinition()], [], now);
    expect((await bySlug('apprendre')).steps[0]?.uncoveredSince).to.deep.equal(daysAgo(5));
  });

  it('a pathway whose definition disappears is retired, never deleted, and lives again when it comes back', async () => {
    const other = aDefinition({ slug: 'autre' });
    await rebuild([aDefinition(), other], [aPathwayCourse('a')], daysAgo(3));
    expect((await rebuild([other], [], daysAgo(2))).retired).to.deep.equal(['apprendre']);
    const gone = await bySlug('apprendre');
    expect(await pathways.countLiving()).to.equal(1);
    expect(gone.retired).to.deep.equal({ at: daysAgo(2), reason: 'definition-removed', nearest: ['autre'] });
    expect(gone.steps[0]?.main?.id).to.equal('a');
    expect((await list()).map(({ slug }) => slug)).to.deep.equal(['autre']);

    expect((await rebuild([other], [], daysAgo(1))).retired).to.deep.equal([]);
    expect((await bySlug('apprendre')).retired?.at).to.deep.equal(daysAgo(2));

    await rebuild([aDefinition(), other]);
    expect((await bySlug('apprendre')).retired).to.equal(null);
  });

  it('a pathway whose certification has ended is retired the day after its end', async () => {
    const definition = aDefinition({ target: { certification: 'RNCP35959', rome: null } });
    expect((await rebuild([definition], [], new Date('2026-10-15T12:00:00Z'))).living).to.equal(1);
    expect((await rebuild([definition], [], new Date('2026-10-16T12:00:00Z'))).retired).to.deep.equal(['apprendre']);
    expect((await bySlug('apprendre')).retired?.reason).to.equal('certification-ended');
  });

  it('the catalogue is read once for all pathways, and one at a time gives the same as all at once', async () => {
    const definitions = [aDefinition(), aDefinition({ slug: 'autre' })];
    let reads = 0;
    const courses = Array.from({ length: 200 }, (_, index) => aPathwayCourse(`c${String(index).padStart(3, '0')}`));
    await makeRebuildPathways({
      courses: {
        async *published() {
          reads += 1;
          yield* [...courses].reverse();
        },
      },
      pathways,
      definitions,
      framework,
      register,
      now: () => now,
    })();
    expect(reads).to.equal(1);
    const [step] = (await bySlug('autre')).steps;
    expect([step?.main, ...(step?.alternatives ?? [])].map((course) => course?.id)).to.deep.equal([
      'c000',
      'c001',
      'c002',
      'c003',
    ]);
  });

  it('a catalogue that cannot be read to its end changes nothing', async () => {
    await rebuild([aDefinition()], [aPathwayCourse('a')]);
    const broken = makeRebuildPathways({
      courses: {
        async *published() {
          yield aPathwayCourse('b');
          throw new Error('cut');
        },
      },
      pathways,
      definitions: [],
      framework,
      register,
      now: () => now,
    });
    const error = await broken().catch((caught: unknown) => caught);
    expect(error).to.be.an('error').with.property('message', 'cut');
    expect((await bySlug('apprendre')).retired).to.equal(null);
  });

  it('pathways are listed by title, as French sorts', async () => {
    const titled = (slug: string, title: string) => aDefinition({ slug, title });
    await rebuild([titled('c', 'Écrire'), titled('a', 'Zèbre'), titled('b', 'Apprendre')]);
    expect((await list()).map(({ title }) => title)).to.deep.equal(['Apprendre', 'Écrire', 'Zèbre']);
  });

  it('an unknown address is not found', async () => {
    const error = await bySlug('inconnu').catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(AppError).with.property('kind', 'not-found');
  });
});
