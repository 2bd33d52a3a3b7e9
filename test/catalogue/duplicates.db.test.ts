/** One course of several sources: merged, harvested, handed over, undone, on the real stores and the real pipeline. */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredToday, pairIdOf } from '../../src/catalogue/model/duplicates.ts';
import type { Course } from '../../src/catalogue/model.ts';
import { readChanges } from '../../src/catalogue/search/follow.ts';
import { type DuplicateStore, makeDuplicateStore } from '../../src/catalogue/store/duplicates.ts';
import { type HistoryStore, makeHistoryStore } from '../../src/catalogue/store/history.ts';
import { makeChanges } from '../../src/catalogue/use-cases/changes.ts';
import {
  type DuplicateReview,
  type Duplicates,
  makeDuplicateReview,
  makeDuplicates,
} from '../../src/catalogue/use-cases/duplicates.ts';
import { atomModel, changesModel, jsonFeed } from '../../src/catalogue/view-models/changes.ts';
import { pathwayCoursesOf } from '../../src/pathways/model/course.ts';
import { takeLock } from '../../src/platform/lock.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { errorOf } from '../support/error-of.ts';
import { aSource, end, type Item, makeWorld, type Raw, record, type World } from '../support/harvest-world.ts';

const reviewer: Actor = { accountId: 'account-1', roles: ['reviewer'], memberships: [], strong: true };
const first = aSource();
const second = aSource({ id: 'second', title: 'Second' });
const third = aSource({ id: 'third', title: 'Troisième' });
const address = 'https://commun.example/cours/1';
const web: Partial<Raw> = { title: 'Pages web', url: address };

describe('duplicates across sources', () => {
  let world: World;
  let store: DuplicateStore;
  let history: HistoryStore;
  let duplicates: Duplicates;
  let review: DuplicateReview;
  const acts: string[] = [];
  let rebuilt = 0;

  before(async () => {
    world = await makeWorld();
    store = makeDuplicateStore(world.database.connection);
    history = makeHistoryStore(world.database.connection);
    await store.ensureIndexes();
    await history.ensureIndexes();
    const parts = {
      duplicates: store,
      courses: world.courses,
      takeLock: () => takeLock(world.database.connection, 'duplicates', 60),
      now: () => {
        world.pass(0.0001);
        return world.now();
      },
    };
    duplicates = makeDuplicates(parts);
    review = makeDuplicateReview({
      ...parts,
      audit: {
        record: async ({ act, actor, target }) => {
          acts.push(`${act} ${actor} ${target}`);
        },
      },
      rebuildPathways: async () => {
        rebuilt += 1;
      },
    });
  });
  after(() => world.close());
  beforeEach(async () => {
    acts.length = 0;
    rebuilt = 0;
    await world.empty();
  });

  /** Two schools give the same page; the first one gives another course too. */
  async function twoOffers(): Promise<{ a: Course; b: Course }> {
    await world.run([record('a', web), record('z', { title: 'Réseaux' }), end()]);
    const run = await world.run([record('b', { ...web, school: 'Autre', price: 6_000 }), end()], { source: second });
    expect(run.counters).to.include({ created: 1, quarantined: 0 });
    await duplicates.afterRun(run);
    return both();
  }
  async function both() {
    return { a: await world.course('a'), b: await world.course('b', 'second') };
  }
  const find = () => duplicates.find({ dryRun: false });
  const listed = async (...courses: readonly Course[]) =>
    (
      await readChanges(world.courses, { competence: (code) => code, level: (band) => band }).listed(
        courses.map(({ id }) => id),
      )
    ).map(({ id, facets }) => ({ id, providers: facets.provider }));

  it('N14 makes one course with two offers of the same page of two schools, at once after the run', async () => {
    const { a, b } = await twoOffers();
    expect(a).to.deep.include({ mergedInto: null, offers: [b.id], state: 'published' });
    expect(b).to.deep.include({ mergedInto: a.id, offers: [], state: 'published' });
    expect(await listed(b)).to.deep.equal([{ id: a.id, providers: ['ecole', 'autre'] }]);
    expect((await world.courses.summary()).published).to.equal(2);
    expect((await world.courses.summary()).providers).to.equal(2);
    expect((await world.courses.countsByCompetence()).get('1.1')).to.equal(2);
    const inPathways: string[] = [];
    for await (const { id } of pathwayCoursesOf(world.courses.published())) inPathways.push(id);
    expect(inPathways).to.have.members([a.id, (await world.course('z')).id]);
    const ofSchool = await world.courses.byProvider('autre', { limit: 10 });
    expect(
      ofSchool.map(({ id }) => id),
      'a school keeps its offer',
    ).to.deep.equal([b.id]);
    expect(await store.mergedOf('second')).to.equal(1);
    expect(await store.mergedOf('partenaire')).to.equal(1);
  });

  it('one of the same school is still the conflict of two sources (P11)', async () => {
    await world.run([record('a', web), end()]);
    const run = await world.run([record('b', web), end()], { source: second });
    expect(run.causes[0]?.code).to.equal('E_AUTRE_PROPRIETAIRE');
    await world.run([record('c', { ...web, school: 'Autre' }), end()], { source: third });
    const again = await world.run([record('b', { ...web, school: 'Autre' }), end()], { source: second });
    expect(again.causes[0]?.example.message, 'whichever of the offers is of that school').to.contain('Troisième');
  });

  it('finds what address spellings, the registry key and titles tell, says it without doing it, then does it once', async () => {
    const school = { title: 'Bureautique', certification: 'RS6604', siret: '13002526500013' };
    await world.run([record('a', web), record('k', school), record('t', { title: 'Retouche photo numérique' }), end()]);
    const others = [
      record('b', { ...web, url: 'http://www.commun.example/cours/1/?utm_source=x', school: 'Autre' }),
      record('l', { ...school, url: 'https://ailleurs.example/bureautique' }),
      record('u', { title: 'Retouche photo numérique', url: 'https://ailleurs.example/photo', school: 'Photo' }),
    ];
    await world.run([...others, end()], { source: second });
    const told = await duplicates.find({ dryRun: true });
    expect(told).to.deep.include({ compared: 6, leftAlone: 0 });
    expect((await world.course('a')).offers).to.deep.equal([]);
    const done = await find();
    expect(done.merged).to.deep.equal(told.merged);
    expect(done.proposed).to.deep.equal(told.proposed);
    expect(done.merged.map(({ basis }) => basis)).to.have.members(['address', 'registry']);
    expect(done.proposed).to.have.length(1);
    expect(await find()).to.deep.include({ merged: [], proposed: [] });
    expect((await review.proposed(reviewer, 1)).total).to.equal(1);
    expect((await review.merged(reviewer, 1)).total).to.equal(2);
  });

  it('a harvest of either source updates its own offer, and leaves the merge alone', async () => {
    const { a, b } = await twoOffers();
    await world.run([record('b', { ...web, title: 'Pages web', school: 'Autre', price: 9_000 }), end()], {
      source: second,
    });
    await world.run([record('a', { ...web, price: 0 }), record('z', { title: 'Réseaux' }), end()]);
    const now = await both();
    expect(now.b.draft.price?.amount).to.equal(9_000);
    expect(now.a.draft.contentFree).to.equal(true);
    expect(now.b.mergedInto).to.equal(a.id);
    expect(now.a.offers).to.deep.equal([b.id]);
  });

  it('a withdrawn card hands over to the offer that lives, and takes nothing back when it returns', async () => {
    const { a, b } = await twoOffers();
    await world.courses.withdraw([a.id], { at: world.now(), reason: 'source_fermee', detail: null });
    expect([...(await offeredToday([a.id], world.courses.byIds)).values()].map(({ id }) => id)).to.deep.equal([b.id]);
    expect(await duplicates.settle()).to.deep.equal({ merged: 0, separated: 0, handedOver: 1 });
    let now = await both();
    expect(now.b).to.deep.include({ mergedInto: null, offers: [a.id] });
    expect(now.a).to.deep.include({ mergedInto: b.id, offers: [] });
    expect(await listed(now.a)).to.deep.equal([{ id: b.id, providers: ['autre'] }]);
    await world.run([record('a', web), record('z', { title: 'Réseaux' }), end()]);
    await duplicates.settle();
    now = await both();
    expect(now.a.state).to.equal('published');
    expect(now.a.mergedInto, 'the address of the card does not move back').to.equal(b.id);
    expect((await listed(now.a))[0]?.providers).to.have.members(['autre', 'ecole']);
  });

  it('undoing needs a written reason, gives the page back, and is for ever', async () => {
    const { a, b } = await twoOffers();
    const error = await errorOf(review.separate(reviewer, b.id, '  '));
    expect(error).to.have.property('code', 'MOTIF_MANQUANT');
    expect((await both()).b.mergedInto).to.equal(a.id);
    await review.separate(reviewer, b.id, 'Deux niveaux différents');
    const now = await both();
    expect([now.a.mergedInto, now.a.offers, now.b.mergedInto, now.b.offers]).to.deep.equal([null, [], null, []]);
    expect(await listed(now.a, now.b)).to.have.length(2);
    expect(await find()).to.deep.include({ merged: [], proposed: [] });
    expect(acts).to.deep.equal([`duplicates.separated account-1 ${b.id}`]);
    expect(rebuilt).to.equal(1);
    const pair = await review.pair(reviewer, pairIdOf([a.id, b.id]));
    expect(pair.pair.decision?.reason).to.equal('Deux niveaux différents');
  });

  it('a person merges, refuses or leaves a proposal, each once; a refused pair is never proposed again', async () => {
    await world.run([record('t', { title: 'Retouche photo' }), record('w', { title: 'Montage vidéo' }), end()]);
    const others = ['Retouche photo', 'Montage vidéo'].map((title, at) =>
      record(`u${at}`, { title, url: `https://x.example/${at}`, school: 'Photo' }),
    );
    await world.run([...others, end()], { source: second });
    await find();
    const { pairs } = await review.proposed(reviewer, 1);
    expect(pairs).to.have.length(2);
    const [one, two] = pairs.map(({ pair }) => pair.id);
    await review.doubt(reviewer, one ?? '');
    expect((await review.proposed(reviewer, 1)).pairs.map(({ pair }) => pair.id)).to.deep.equal([two, one]);
    expect(await errorOf(review.merge(reviewer, one ?? '', ''))).to.have.property('code', 'MOTIF_MANQUANT');
    await review.merge(reviewer, one ?? '', 'Même programme');
    await review.refuse(reviewer, two ?? '', 'Deux écoles, deux cours');
    for (const act of [review.merge, review.refuse]) {
      expect(await errorOf(act(reviewer, one ?? '', 'encore'))).to.have.property('code', 'DOUBLON_DECIDE');
    }
    expect(await errorOf(review.doubt(reviewer, two ?? ''))).to.have.property('code', 'DOUBLON_DECIDE');
    expect(await find()).to.deep.include({ merged: [], proposed: [] });
    expect((await review.proposed(reviewer, 1)).total).to.equal(0);
    expect((await world.courses.summary()).published).to.equal(3);
    // An account that is erased leaves its number in the audit trail only.
    const kept = await world.database.connection.collection('course_duplicates').find().toArray();
    expect(JSON.stringify(kept)).to.include('"by":"person"').and.not.to.include(reviewer.accountId);
    expect(acts.map((act) => act.split(' ')[0])).to.deep.equal([
      'duplicates.unsure',
      'duplicates.merged',
      'duplicates.refused',
    ]);
  });

  it('nobody merges two certifications, nor through a third course what was separated', async () => {
    const { a, b } = await twoOffers();
    await review.separate(reviewer, b.id, 'Ce sont deux cours');
    await world.run([record('c', { ...web, school: 'Tierce' }), end()], { source: third });
    const report = await find();
    const c = await world.course('c', 'third');
    expect(report.merged.map(({ courses }) => pairIdOf(courses))).to.deep.equal([pairIdOf([a.id, c.id])]);
    const bc = pairIdOf([b.id, c.id]);
    const evidence = {
      address,
      siret: null,
      codes: [],
      title: 1,
      sameProvider: false,
      sameSite: true,
      sameHours: false,
    };
    await store.add(
      [{ courses: [b.id, c.id], sources: ['second', 'third'], basis: null, score: 0.7, evidence }],
      world.now(),
    );
    expect(await errorOf(review.merge(reviewer, bc, 'Les mêmes'))).to.have.property('code', 'COURS_SEPARES');
    await world.run([record('d', { title: 'A', certification: 'RS1' }), end()], { source: aSource({ id: 'd' }) });
    await world.run([record('e', { title: 'B', certification: 'RS2' }), end()], { source: aSource({ id: 'e' }) });
    const [d, e] = [await world.course('d', 'd'), await world.course('e', 'e')];
    await store.add([{ courses: [d.id, e.id], sources: ['d', 'e'], basis: null, score: 0.7, evidence }], world.now());
    const refused = await errorOf(review.merge(reviewer, pairIdOf([d.id, e.id]), 'Les mêmes'));
    expect(refused).to.have.property('code', 'CERTIFICATIONS_DIFFERENTES');
  });

  it('only reviewers and operators see and decide', async () => {
    for (const actor of [visitor, { ...reviewer, roles: ['learner' as const] }]) {
      expect(await errorOf(review.proposed(actor, 1)))
        .to.have.property('kind')
        .that.is.oneOf(['unauthenticated', 'forbidden']);
      for (const act of [review.merge, review.refuse, review.doubt, review.separate] as ((
        ...all: never[]
      ) => Promise<void>)[])
        expect(await errorOf(act(actor as never, 'x' as never, 'y' as never)))
          .to.have.property('kind')
          .that.is.oneOf(['unauthenticated', 'forbidden']);
    }
  });

  it('what a killed process left is mended: pairs decided, links not yet written', async () => {
    const { a, b } = await twoOffers();
    await store.decide(pairIdOf([a.id, b.id]), ['merged'], { state: 'refused', basis: null });
    await world.database.connection
      .collection('courses')
      .updateOne({ _id: b.id as never }, { $unset: { mergedInto: '' } });
    await store.regroup([a.id], world.now());
    const now = await both();
    expect([now.a.offers, now.b.mergedInto]).to.deep.equal([[], null]);
  });

  it('the search of duplicates is of one process at a time', async () => {
    const lock = await takeLock(world.database.connection, 'duplicates', 60);
    expect(await errorOf(find())).to.have.property('code', 'DOUBLONS_OCCUPES');
    await lock?.release();
    await find();
  });

  it('a course erased for good takes its pairs with it', async () => {
    const { a, b } = await twoOffers();
    await world.courses.hardDelete(['partenaire'], world.now());
    await duplicates.settle();
    expect(await both().catch(() => null), 'the first is gone').to.equal(null);
    expect(await world.course('b', 'second')).to.deep.include({ mergedInto: null, offers: [] });
    expect(await store.byId(pairIdOf([a.id, b.id]))).to.equal(null);
  });

  it('/changements tells a merge and a separation, with the other course and why', async () => {
    const { b } = await twoOffers();
    await review.separate(reviewer, b.id, 'Deux cours');
    await history.settle();
    const changes = makeChanges({ history, courses: world.courses, sourceTitle: async () => 'Second' });
    const page = await changes({ source: 'second', since: null, before: null });
    expect(page.changes.map(({ kind }) => kind)).to.deep.equal(['unmerged', 'merged', 'added']);
    const { rows } = changesModel(page, { since: '', problem: false });
    expect(rows.map(({ word, lines }) => [word, ...lines].join(' : ').replaceAll('\u00a0', ' '))).to.deep.equal([
      'séparé : a de nouveau sa propre page ; était avec « Pages web », École',
      'réuni : est maintenant une offre de « Pages web », École (même page et même titre)',
      'ajouté',
    ]);
    expect(jsonFeed(page, 'https://site.example').items[1]?._changement).to.have.property('fusion');
    expect(atomModel(page, 'https://site.example', world.now()).entries[1]?.title).to.contain('réuni');
  });

  it('merging and undoing in any order, with harvests between, leaves the catalogue of never having merged', async function () {
    this.timeout(600_000);
    const sources = [first, second, third];
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('run' as const),
        source: fc.nat(2),
        price: fc.constantFrom(undefined, 0, 6_000),
        given: fc.boolean(),
        days: fc.constantFrom(0, 8),
      }),
      fc.record({ kind: fc.constant('find' as const) }),
      fc.record({ kind: fc.constant('merge' as const), pick: fc.nat(5) }),
      fc.record({ kind: fc.constant('separate' as const), source: fc.nat(2) }),
    );
    type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
    const listing = (at: number, { price, given }: { price?: number | undefined; given: boolean }): Item[] => {
      const own = { ...web, school: `École ${at}`, ...(price === undefined ? {} : { price }) };
      // The other courses keep the guard of losses quiet.
      const others = Array.from({ length: 6 }, (_, one) => record(`o${one}`, { title: `Autre ${at} ${one}` }));
      return [...others, ...(given ? [record('x', own)] : []), end()];
    };
    async function play(steps: readonly Step[], withMerges: boolean) {
      await world.empty();
      for (const [at, source] of sources.entries()) await world.run(listing(at, { given: true }), { source });
      for (const one of steps) {
        if (one.kind === 'run') {
          world.pass(one.days);
          const source = sources[one.source] ?? first;
          const run = await world.run(listing(one.source, one), { source });
          if (withMerges) await duplicates.afterRun(run);
        } else if (withMerges && one.kind === 'find') await find();
        else if (withMerges && one.kind === 'merge') {
          const { pairs } = await review.proposed(reviewer, 1);
          const pair = pairs[one.pick % Math.max(1, pairs.length)]?.pair;
          if (pair !== undefined) await errorOf(review.merge(reviewer, pair.id, 'essai'));
        } else if (withMerges && one.kind === 'separate') {
          const course = await world.course('x', sources[one.source]?.id);
          if (course.mergedInto !== null || course.offers.length > 0)
            await review.separate(reviewer, course.id, 'essai');
        }
        if (withMerges) await consistent();
      }
      if (withMerges) {
        for (const { id } of sources) {
          for (const { remoteId } of await world.courses.bySource(id, { limit: 100 })) {
            const course = await world.course(remoteId, id);
            if (course.mergedInto !== null || course.offers.length > 0)
              await review.separate(reviewer, course.id, 'fin');
          }
        }
      }
      const all = await Promise.all(sources.map(({ id }) => world.courses.bySource(id, { limit: 100 })));
      return all.flat().map((course) => ({
        remoteId: course.remoteId,
        sourceId: course.sourceId,
        draft: course.draft,
        access: course.access.code,
        state: course.state,
        withdrawn: course.withdrawn?.reason ?? null,
        absent: course.missingSince !== null,
        restored: course.restoredAt !== null,
        mergedInto: course.mergedInto,
        offers: course.offers,
      }));
    }
    /** Each group has one card, of a course that is offered as long as one is; each offer is of exactly one card. */
    async function consistent() {
      await duplicates.settle();
      const all = (await Promise.all(sources.map(({ id }) => world.courses.bySource(id, { limit: 100 })))).flat();
      const byId = new Map(all.map((course) => [course.id, course]));
      for (const course of all) {
        if (course.mergedInto !== null) {
          expect(course.offers).to.deep.equal([]);
          expect(byId.get(course.mergedInto)?.offers).to.include(course.id);
        }
        for (const offer of course.offers) expect(byId.get(offer)?.mergedInto).to.equal(course.id);
        const group = [course, ...course.offers.flatMap((id) => byId.get(id) ?? [])];
        const lives = (one: Course) => one.state === 'published' || one.state === 'missing';
        if (course.mergedInto === null && group.some(lives)) expect(lives(course)).to.equal(true);
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        expect(await play(steps, true)).to.deep.equal(await play(steps, false));
      }),
      { numRuns: Number(process.env.FC_RUNS ?? 20) },
    );
  });
});
