/** P11, B8: two sources give one course of one school: the first keeps it until a person decides; the next run acts on it. */
import { expect } from 'chai';
import { makeDuplicateStore } from '../../src/catalogue/store/duplicates.ts';
import { makeDuplicates } from '../../src/catalogue/use-cases/duplicates.ts';
import { takeLock } from '../../src/platform/lock.ts';
import type { Source } from '../../src/providers/model.ts';
import { type Conflicts, makeConflicts } from '../../src/providers/use-cases/conflicts.ts';
import { makeNextReading } from '../../src/providers/use-cases/next-reading.ts';
import { conflictModel, conflictsModel } from '../../src/providers/view-models/conflicts.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { errorOf } from '../support/error-of.ts';
import { aSource, conditional, end, makeWorld, record, records, type World } from '../support/harvest-world.ts';

const reviewer: Actor = { accountId: 'someone', roles: ['learner', 'reviewer'], memberships: [], strong: false };
const second = aSource({ id: 'second', title: 'Second' });
const ref = { sourceId: 'second', remoteId: 'z' };

describe('courses that two sources claim', () => {
  let world: World;
  let conflicts: Conflicts;
  const acts: string[] = [];

  before(async () => {
    world = await makeWorld();
    const life = { organisationId: null, state: 'active', rhythm: 'weekly', history: [] };
    const known = new Map([aSource(), second].map((one) => [one.id, { ...one, ...life } as unknown as Source]));
    const harvest = { runsOf: world.store.runs.bySource };
    const due = { openBreakers: async () => new Map() };
    conflicts = makeConflicts({
      sources: { byId: async (id) => known.get(id) ?? null },
      ...{ records: world.store.records, courses: world.courses, now: world.now },
      readNext: makeNextReading({ harvest, due, now: world.now }),
      audit: {
        record: async ({ act, details }) => {
          acts.push(`${act} ${details?.choice}`);
        },
      },
    });
  });
  after(() => world.close());
  beforeEach(async () => {
    acts.length = 0;
    await world.empty();
  });

  const listing = (raw: object = {}) => [record('z', { title: 'Cours a', ...raw }), ...records('y'), end()];
  const runSecond = (raw?: object) => world.run(listing(raw), { source: second });
  const waiting = async () => (await conflicts.waiting(reviewer, 1)).total;
  const answer = (choice: string, courseId: string, reason = 'Les deux catalogues sont à jour') =>
    conflicts.decide(reviewer, ref, { choice, courseId, reason });

  async function claimed(): Promise<string> {
    await world.run([...records('a', 'b'), end()]);
    expect((await runSecond()).counters.quarantined).to.equal(1);
    return (await world.course('a')).id;
  }

  it('waits for an answer, with both sources on the page', async () => {
    const id = await claimed();
    const list = conflictsModel(await conflicts.waiting(reviewer, 1));
    expect(list.conflicts).to.have.length(1);
    expect(list.conflicts[0]).to.include({ title: 'Cours a', first: 'Partenaire', second: 'Second', remoteId: 'z' });
    const page = conflictModel(await conflicts.conflict(reviewer, ref), false);
    expect(page.form?.courseId).to.equal(id);
    expect(page.here).to.contain(id);
  });

  it('« la première le garde »: leaves the queue, and the record stays quarantined with its reason', async () => {
    await answer('first', await claimed());
    expect(await waiting()).to.equal(0);
    const run = await runSecond();
    expect(run.causes[0]?.code).to.equal('E_AUTRE_PROPRIETAIRE');
    expect(await waiting()).to.equal(0);
    expect(acts).to.deep.equal(['record.claim first']);
  });

  it('« les deux le proposent »: the next run publishes the second, as an offer of the one card', async () => {
    const id = await claimed();
    await answer('offer', id);
    const run = await runSecond({ price: 4_000 });
    expect(run.counters).to.include({ created: 1, quarantined: 0 });
    const store = makeDuplicateStore(world.database.connection);
    await store.ensureIndexes();
    const lock = () => takeLock(world.database.connection, 'duplicates', 60);
    await makeDuplicates({ duplicates: store, courses: world.courses, takeLock: lock, now: world.now }).afterRun(run);
    expect((await world.course('z', 'second')).mergedInto).to.equal(id);
    expect((await world.courses.summary()).published).to.equal(3);
    expect((await runSecond({ price: 4_000 })).counters).to.include({ unchanged: 2, quarantined: 0 });
    expect(
      (await world.run([...records('a', 'b'), end()])).warnings,
      'nobody is told of a conflict any more',
    ).to.deep.equal([]);
  });

  it('says when the answer acts, and that the other one changes nothing', async () => {
    const operator: Actor = { ...reviewer, roles: ['learner', 'operator'], strong: true };
    const page = async () => conflictModel(await conflicts.conflict(operator, ref), true);
    const id = await claimed();
    expect((await page()).acts?.replace(/[\u00a0\u202f]/g, ' ')).to.match(
      /^La réponse s'applique à la prochaine collecte de « Second », prévue le \d{1,2} \S+ \d{4} à 5 h 12\.$/,
    );
    await answer('first', id);
    const first = await page();
    expect(first).to.include({ acts: null, launchAction: null });
    expect(first.decided).to.contain('Rien ne change');
    await world.empty();
    await answer('offer', await claimed());
    const offer = await page();
    expect(offer.acts).to.contain('prochaine collecte');
    const [run] = await world.store.runs.bySource('second', 1);
    expect(offer.launchAction).to.equal(`/admin/collectes/${run?.id}/refaire`);
  });

  it('an answer that changes something is acted on also when the source has nothing new to say; the other one reads nothing', async () => {
    const again = () => world.run(conditional(listing(), '"1"'), { source: second });
    const first = await claimed();
    await again();
    await answer('first', first);
    expect((await again()).notModified).to.equal(true);
    await world.empty();
    const id = await claimed();
    await again();
    await answer('offer', id);
    expect((await again()).counters).to.include({ created: 1, quarantined: 0 });
    expect((await again()).notModified).to.equal(true);
  });

  it('an answer given while the record is judged again is not lost', async () => {
    const id = await claimed();
    const before = await world.store.records.marks(ref.sourceId, [ref.remoteId]);
    await answer('offer', id);
    await world.store.records.saveMarks([...before.values()], before);
    expect(await waiting()).to.equal(0);
    expect((await runSecond()).counters).to.include({ created: 1, quarantined: 0 });
  });

  it('an answer outlives a run that cannot read the record, and holds for that course alone', async () => {
    const id = await claimed();
    await answer('offer', id);
    await runSecond({ title: '' });
    expect((await runSecond()).counters).to.include({ created: 1 });
    await world.empty();
    await answer('offer', await claimed());
    expect((await runSecond({ title: 'Cours b' })).causes[0]?.code).to.equal('E_AUTRE_PROPRIETAIRE');
    expect(await waiting(), 'another course: another question').to.equal(1);
  });

  it('needs a choice and a reason, is answered once, and by those who review alone', async () => {
    const id = await claimed();
    expect(await errorOf(answer('', id))).to.have.property('code', 'CHOIX_MANQUANT');
    expect(await errorOf(answer('offer', id, ' '))).to.have.property('code', 'MOTIF_MANQUANT');
    expect(await errorOf(answer('offer', 'autre'))).to.have.property('code', 'CONFLIT_DECIDE');
    await answer('first', id);
    expect(await errorOf(answer('offer', id))).to.have.property('code', 'CONFLIT_DECIDE');
    expect(await errorOf(conflicts.conflict(reviewer, { ...ref, remoteId: 'y' }))).to.have.property(
      'kind',
      'not-found',
    );
    for (const who of [visitor, { ...reviewer, roles: ['learner' as const] }]) {
      const kinds = ['unauthenticated', 'forbidden'];
      expect(await errorOf(conflicts.waiting(who, 1)))
        .to.have.property('kind')
        .that.is.oneOf(kinds);
      expect(await errorOf(conflicts.conflict(who, ref)))
        .to.have.property('kind')
        .that.is.oneOf(kinds);
      const late = conflicts.decide(who, ref, { choice: 'offer', courseId: id, reason: 'x' });
      expect(await errorOf(late))
        .to.have.property('kind')
        .that.is.oneOf(kinds);
    }
  });
});
