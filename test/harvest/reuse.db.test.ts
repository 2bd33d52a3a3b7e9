/** An identifier that names another course: held for a person, who says which of the two it is; the next run acts on it. */
import { expect } from 'chai';
import { SourceError } from '../../src/errors.ts';
import { recordKey } from '../../src/providers/model/correcting.ts';
import type { Source } from '../../src/providers/model.ts';
import { makeDue } from '../../src/providers/use-cases/due.ts';
import { type Identifiers, makeIdentifiers } from '../../src/providers/use-cases/identifiers.ts';
import { makeNextReading } from '../../src/providers/use-cases/next-reading.ts';
import { identifierModel, waitingModel } from '../../src/providers/view-models/identifiers.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { errorOf } from '../support/error-of.ts';
import {
  aSource,
  conditional,
  end,
  endOfChanges,
  type Item,
  makeWorld,
  record,
  records,
  type World,
} from '../support/harvest-world.ts';

const old = { title: 'Tableur', url: 'https://x.example/1', certification: 'RS1' };
const other = { title: 'Réseaux', url: 'https://x.example/2', certification: 'RS2' };
const rest = records('b', 'c', 'd', 'e', 'f');
const listing = (raw: object): Item[] => [record('a/1', { ...raw }), ...rest, end()];

const actor = (roles: Actor['roles'], more: Partial<Actor> = {}): Actor => ({
  ...{ accountId: 'someone', roles, memberships: [], strong: true },
  ...more,
});
const reviewer = actor(['learner', 'reviewer']);
const member = (organisationId: string) =>
  actor(['learner', 'provider-member'], {
    memberships: [{ organisationId, kind: 'provider', owner: false, active: true }],
  });

describe('reused identifiers', () => {
  let world: World;
  let identifiers: Identifiers;
  const acts: string[] = [];
  const ref = { sourceId: 'partenaire', remoteId: 'a/1' };
  let source: Source;

  before(async () => {
    world = await makeWorld();
    const harvest = { runsOf: world.store.runs.bySource, status: world.store.runs.lastOfEach };
    const due = makeDue({ sources: async () => [source], harvest, now: world.now });
    identifiers = makeIdentifiers({
      sources: { byId: async (id) => (id === source.id ? source : null) },
      ...{ records: world.store.records, patches: world.store.patches, courses: world.courses, now: world.now },
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
    const life = { organisationId: 'school', state: 'active', rhythm: 'daily', history: [] };
    source = { ...aSource(), ...life } as unknown as Source;
    await world.empty();
  });

  async function asked(): Promise<{ id: string; claim: string }> {
    await world.run(listing(old));
    const { id } = await world.course('a/1');
    const run = await world.run(listing(other));
    expect(run.counters).to.include({ quarantined: 1, updated: 0 });
    return { id, claim: (await identifiers.record(reviewer, ref)).reuse.claim };
  }
  const answer = (choice: string, claim: string, who: Actor = reviewer, reason = 'Vérifié avec l’école') =>
    identifiers.decide(who, ref, { choice, claim, reason });
  const waiting = async () => (await identifiers.waiting(reviewer, 1)).total;

  it('B4 waits for an answer, with both courses on the page; the old one stays on display', async () => {
    const { id } = await asked();
    expect(await waiting()).to.equal(1);
    expect((await world.course('a/1')).draft.title).to.equal('Tableur');
    const page = identifierModel(await identifiers.record(member('school'), ref), false);
    expect(page.rows.map(({ before, after }) => `${before} → ${after}`)).to.deep.equal([
      'Tableur → Réseaux',
      'https://x.example/1 → https://x.example/2',
      'RS1 → RS2',
    ]);
    expect(page.form?.action).to.equal(`/fournisseur/fiches/${recordKey(ref)}/identifiant`);
    expect(page.here).to.contain(id);
    const list = waitingModel(await identifiers.waiting(reviewer, 1));
    expect(list.records[0]).to.include({ before: 'Tableur', after: 'Réseaux', source: 'Partenaire', remoteId: 'a/1' });
  });

  it('« le même cours »: the next run gives it its new content, at the same address', async () => {
    const { id, claim } = await asked();
    await answer('same', claim, member('school'));
    expect(await waiting()).to.equal(0);
    const run = await world.run(listing(other));
    expect(run.counters).to.include({ updated: 1, quarantined: 0, created: 0, withdrawn: 0 });
    expect(run.status).to.equal('done');
    const course = await world.course('a/1');
    expect(course.id).to.equal(id);
    expect(course.draft.title).to.equal('Réseaux');
    expect((await world.run(listing(other))).counters).to.include({ unchanged: 6 });
    expect(acts).to.deep.equal(['record.identifier same']);
  });

  it('« un nouveau cours »: the old one is withdrawn at its address, the new one has its own, and both stay so', async () => {
    const { id, claim } = await asked();
    const by = { by: 'provider' as const, at: world.now(), why: 'faute' };
    await world.store.patches.add({ ...ref, field: 'hours', value: '12', source: { text: '', readable: true }, ...by });
    await answer('new', claim);
    const run = await world.run(listing(other));
    expect(run.counters).to.include({ created: 1, withdrawn: 1, quarantined: 0, missing: 0 });
    const course = await world.course('a/1');
    expect(course.id).to.not.equal(id);
    expect(course).to.deep.include({ state: 'published' });
    expect(course.draft.totalHours, 'corrections of the old course are not laid over another one').to.equal(null);
    const [gone] = await world.courses.byIds([id]);
    expect(gone?.state).to.equal('withdrawn');
    expect(gone?.withdrawn?.reason).to.equal('retire_source');
    expect(gone?.draft.title).to.equal('Tableur');
    const again = await world.run(listing(other));
    expect(again.counters).to.include({ unchanged: 6, restored: 0, withdrawn: 0 });
    expect((await world.courses.byIds([id]))[0]?.state).to.equal('withdrawn');
  });

  it('the next run acts on an answer also when the source has nothing new to say, and asks with conditions again after it', async () => {
    const { id } = await asked();
    await world.run(conditional(listing(other), '"2"'));
    expect(
      (await world.run(conditional(listing(other), '"2"'))).notModified,
      'a question alone reads nothing',
    ).to.equal(true);
    await answer('new', (await identifiers.record(reviewer, ref)).reuse.claim);
    const run = await world.run(conditional(listing(other), '"2"'));
    expect(run.counters).to.include({ created: 1, withdrawn: 1, quarantined: 0 });
    expect((await world.course('a/1')).id).to.not.equal(id);
    expect((await world.run(conditional(listing(other), '"2"'))).notModified).to.equal(true);
  });

  it('nor does a source that gives its changes alone keep an answer waiting', async () => {
    await world.run(listing(old));
    const changes = end({ next: 2 });
    await world.run([record('a/1', { ...other }), ...rest, changes]);
    await answer('same', (await identifiers.record(reviewer, ref)).reuse.claim);
    const modes: string[] = [];
    const run = await world.run(async function* ({ mode }) {
      modes.push(mode);
      yield* mode === 'full' ? [record('a/1', { ...other }), ...rest, changes] : [endOfChanges({ next: 3 })];
    });
    expect(run.counters).to.include({ updated: 1, quarantined: 0 });
    await world.run(async function* ({ mode }) {
      modes.push(mode);
      yield endOfChanges({ next: 3 });
    });
    expect(modes).to.deep.equal(['full', 'changes']);
  });

  it('says when the answer acts, and lets those who may launch a collecte launch it', async () => {
    const { claim } = await asked();
    const page = async (who: Actor = reviewer) => {
      const { acts, decided, launchAction } = identifierModel(await identifiers.record(who, ref), false);
      return { acts, decided: decided?.replace(/\u00a0/g, ' ') ?? null, launchAction };
    };
    const words = async (who?: Actor) => (await page(who)).acts.replace(/[\u00a0\u202f]/g, ' ');
    const dated =
      /^La réponse s'applique à la prochaine collecte de « Partenaire », prévue le \d{1,2} \S+ \d{4} à 5 h 12\.$/;
    expect(await words(), 'before the answer').to.match(dated);
    expect((await page(member('school'))).launchAction, 'nothing to launch yet').to.equal(null);
    await answer('same', claim);
    expect(await words()).to.match(dated);
    world.pass(1);
    const [last] = await world.store.runs.bySource(ref.sourceId, 1);
    const operator = actor(['learner', 'operator']);
    expect((await page()).launchAction, 'a reviewer launches nothing').to.equal(null);
    expect((await page(member('school'))).launchAction).to.equal('/fournisseur/sources/partenaire/collectes');
    expect((await page(operator)).launchAction).to.equal(`/admin/collectes/${last?.id}/refaire`);

    source = { ...source, rhythm: 'manual' };
    expect(await words()).to.contain('Cette source est collectée à la demande');
    source = { ...source, state: 'paused' };
    expect(await words()).to.contain("Aucune n'est prévue : cette source est en pause.");
    for (const who of [member('school'), operator]) expect((await page(who)).launchAction).to.equal(null);

    source = { ...source, state: 'active', rhythm: 'daily' };
    for (let times = 0; times < 3; times += 1) {
      await world.run([new SourceError('unreachable', 'Serveur injoignable')]);
      world.pass(1);
    }
    expect(await words()).to.contain(', car son serveur ne répond plus.');

    await world.store.runs.request({
      ...{ id: 'now', sourceId: ref.sourceId, sourceTitle: 'Partenaire' },
      ...{ trigger: 'manual', everything: false, now: world.now() },
    });
    expect(await words()).to.contain('est demandée ou en cours');
    for (const who of [member('school'), operator]) expect((await page(who)).launchAction).to.equal(null);
  });

  it('an answer holds for what the person saw: yet another course under the identifier is asked about again', async () => {
    const { claim } = await asked();
    await answer('new', claim);
    const third = { title: 'Photo', url: 'https://x.example/3', certification: 'RS3' };
    const run = await world.run(listing(third));
    expect(run.counters).to.include({ quarantined: 1, created: 0, withdrawn: 0 });
    expect((await world.course('a/1')).draft.title).to.equal('Tableur');
    expect(await waiting()).to.equal(1);
    expect(await errorOf(answer('new', claim))).to.have.property('code', 'IDENTIFIANT_DECIDE');
  });

  it('an answer given while the record is judged again is not lost', async () => {
    const { id, claim } = await asked();
    const before = await world.store.records.marks(ref.sourceId, [ref.remoteId]);
    await answer('same', claim);
    // As the batch that had read the mark a moment before saves it.
    await world.store.records.saveMarks([...before.values()], before);
    expect((await identifiers.record(reviewer, ref)).reuse.decision?.choice).to.equal('same');
    expect((await world.run(listing(other))).counters).to.include({ updated: 1, quarantined: 0 });
    expect((await world.course('a/1')).id).to.equal(id);
  });

  it('an answer outlives a run that cannot read the record', async () => {
    const { id, claim } = await asked();
    await answer('same', claim);
    expect((await world.run(listing({ ...other, title: '' }))).counters.quarantined).to.equal(1);
    expect((await world.run(listing(other))).counters).to.include({ updated: 1, quarantined: 0 });
    expect((await world.course('a/1')).id).to.equal(id);
  });

  it('the question goes away when the source gives the old course again', async () => {
    await asked();
    expect((await world.run(listing(old))).counters.quarantined).to.equal(0);
    expect(await waiting()).to.equal(0);
  });

  it('needs a choice and a written reason, and is answered once', async () => {
    const { claim } = await asked();
    expect(await errorOf(answer('', claim))).to.have.property('code', 'CHOIX_MANQUANT');
    expect(await errorOf(answer('new', claim, reviewer, ' '))).to.have.property('code', 'MOTIF_MANQUANT');
    expect(await errorOf(answer('new', 'autre'))).to.have.property('code', 'IDENTIFIANT_DECIDE');
    await answer('new', claim);
    expect(await errorOf(answer('same', claim))).to.have.property('code', 'IDENTIFIANT_DECIDE');
  });

  it('is for the people of the organisation and those who review; to others it does not exist', async () => {
    const { claim } = await asked();
    for (const who of [visitor, actor(['learner']), member('other')]) {
      const kinds = ['unauthenticated', 'not-found'];
      expect(await errorOf(identifiers.record(who, ref)))
        .to.have.property('kind')
        .that.is.oneOf(kinds);
      expect(await errorOf(answer('new', claim, who)))
        .to.have.property('kind')
        .that.is.oneOf(kinds);
      expect(await errorOf(identifiers.waiting(who, 1)))
        .to.have.property('kind')
        .that.is.oneOf(['unauthenticated', 'forbidden']);
    }
    expect(await errorOf(identifiers.waiting(member('school'), 1))).to.have.property('kind', 'forbidden');
    expect(await errorOf(identifiers.record(reviewer, { ...ref, remoteId: 'b' }))).to.have.property(
      'kind',
      'not-found',
    );
  });

  it('wherever the process dies, the resumed run carries the answer out once', async function () {
    this.timeout(300_000);
    const { id, claim } = await asked();
    await answer('new', claim);
    const back = await world.snapshot();
    const told = ({ counters, status }: Awaited<ReturnType<World['run']>>) => ({ counters, status });
    const all = async () => (await world.catalogue()).map(({ title, state }) => `${title} ${state}`).sort();
    const whole = told(await world.run(listing(other)));
    const expected = await all();
    for (let killAt = 1; ; killAt += 1) {
      await back();
      const { id: run, finished } = await world.runUntilKilled(listing(other), { killAt });
      if (finished !== null) {
        expect(killAt).to.be.greaterThan(15);
        break;
      }
      const resumed = await world.resume(run, listing(other));
      expect(await all(), `killed at call ${killAt}`).to.deep.equal(expected);
      expect(told(resumed), `killed at call ${killAt}`).to.deep.equal(whole);
      expect((await world.courses.byIds([id]))[0]?.state).to.equal('withdrawn');
    }
  });
});
