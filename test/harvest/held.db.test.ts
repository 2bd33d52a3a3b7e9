/** A run held by its guards: nothing happens until a person answers, and each answer does what its button says. */
import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import { everyRecordCountedOnce, type HarvestRun, presenceAddsUp } from '../../src/harvest/model.ts';
import { type HeldRuns, makeHeldRuns } from '../../src/harvest/use-cases/held.ts';
import {
  aSource,
  end,
  endOfChanges,
  makeWorld,
  numbered,
  record,
  records,
  removedItem,
  type World,
} from '../support/harvest-world.ts';

describe('a held run', () => {
  let world: World;
  let source = aSource();
  let held: HeldRuns;

  before(async () => {
    world = await makeWorld();
    held = makeHeldRuns({
      ...world.store,
      courses: world.courses,
      sources: { byId: async () => source },
      graceDays: 7,
      now: world.now,
    });
  });
  after(() => world.close());
  beforeEach(async () => {
    source = aSource();
    await world.empty();
  });

  const apply = (run: HarvestRun, reason = 'Le partenaire le confirme.') =>
    held.decide(run.id, { kind: 'applied', by: "l'opérateur", reason });
  const keep = (run: HarvestRun) => held.decide(run.id, { kind: 'kept', by: "l'opérateur", reason: '' });
  const states = async () =>
    Object.fromEntries((await world.catalogue()).map(({ remoteId, state }) => [remoteId, state]));
  const count = async (state: string) => (await world.catalogue()).filter((course) => course.state === state).length;
  const codeOf = async (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );
  const expectSums = (run: HarvestRun) => {
    expect(everyRecordCountedOnce(run.counters), 'records counted once').to.equal(true);
    expect(presenceAddsUp(run.counters, run.presentBefore, run.presentAfter), 'presence').to.equal(true);
  };

  async function losing(): Promise<HarvestRun> {
    await world.run([...numbered(10), end()]);
    return world.run([...numbered(6), record('new'), end()]);
  }

  it('lists what it would take away, page by page', async () => {
    const run = await losing();
    const ids = async (skip: number, limit: number) =>
      (await held.concerned(run.id, { skip, limit })).map(({ remoteId }) => remoteId);
    expect(await ids(0, 10)).to.deep.equal(['r0006', 'r0007', 'r0008', 'r0009']);
    expect(await ids(0, 3)).to.deep.equal(['r0006', 'r0007', 'r0008']);
    expect(await ids(3, 3)).to.deep.equal(['r0009']);
    expect((await held.concerned(run.id, { skip: 0, limit: 1 }))[0]).to.include({ why: 'absent', state: 'published' });
  });

  it('applied, makes them absent with the usual delay, and its counters say so', async () => {
    const run = await losing();
    const after = await apply(run);
    expect(after).to.include({ status: 'held' });
    expect(after.decision).to.include({ kind: 'applied', by: "l'opérateur", reason: 'Le partenaire le confirme.' });
    expect(after.counters).to.include({ missing: 4, withdrawn: 0 });
    expectSums(after);
    expect(await count('missing')).to.equal(4);
    world.pass(8);
    const next = await world.run([...numbered(6), record('new'), end()]);
    expect(next).to.include({ status: 'done' });
    expect(next.counters.withdrawn).to.equal(4);
  });

  it('applied, withdraws declared deletions at once', async () => {
    await world.run([...numbered(10), end({ deletions: 'explicit', next: 1 })]);
    const gone = ['r0000', 'r0001', 'r0002'];
    const run = await world.run([...gone.map(removedItem), endOfChanges()]);
    expect((await held.concerned(run.id, { skip: 0, limit: 9 })).map(({ why }) => why)).to.deep.equal(
      gone.map(() => 'declared'),
    );
    const after = await apply(run);
    expect(after.counters).to.include({ withdrawn: 3, missing: 0 });
    expect(after.presentAfter).to.equal(7);
    expectSums(after);
    expect((await world.course('r0000')).withdrawn).to.include({ reason: 'retire_source' });
  });

  it('applied, publishes the new courses that waited, but those of a source that is reviewed', async () => {
    await world.run([...numbered(50), end()]);
    const run = await world.run([...numbered(101), end()]);
    expect(run.held?.kind).to.equal('gains');
    expect(await held.concerned(run.id, { skip: 0, limit: 9 })).to.deep.equal([]);
    expectSums(await apply(run));
    expect(await count('published')).to.equal(101);

    await world.empty();
    source = aSource({ publishing: 'review' });
    await world.run([...numbered(50), end()], { source });
    const reviewed = await world.run([...numbered(101), end()], { source });
    await apply(reviewed);
    expect(await count('pending')).to.equal(101);
  });

  it('applied for an empty listing, makes every course absent', async () => {
    await world.run([...numbered(4), end()]);
    const after = await apply(await world.run([end()]));
    expect(after.counters).to.include({ received: 0, missing: 4 });
    expect(await count('missing')).to.equal(4);
  });

  it('kept, changes nothing', async () => {
    const run = await losing();
    const before = await states();
    const after = await keep(run);
    expect(after.decision?.kind).to.equal('kept');
    expect(after.counters).to.deep.equal(run.counters);
    expect(await states()).to.deep.equal(before);
    const next = await world.run([...numbered(6), record('new'), end()]);
    expect(next.status, 'the next run decides anew').to.equal('held');
  });

  it('is decided once', async () => {
    const run = await losing();
    const answers = await Promise.all([codeOf(keep(run)), codeOf(apply(run)), codeOf(keep(run))]);
    expect(answers.filter((code) => code === 'no error')).to.have.length(1);
    expect(answers.filter((code) => code === 'decision-taken' || code === 'decision-busy')).to.have.length(2);
    expect(await codeOf(apply(run))).to.equal('decision-taken');
  });

  it('cannot be applied without a reason, when it is not held, or when a later run judged anew', async () => {
    const run = await losing();
    expect(await codeOf(apply(run, '  '))).to.equal('decision-without-reason');
    expect(await codeOf(held.decide('no-run', { kind: 'kept', by: '', reason: '' }))).to.equal('unknown-run');
    const later = await world.run([...numbered(10), end()]);
    expect(await codeOf(apply(later))).to.equal('run-not-held');
    expect(await codeOf(apply(run))).to.equal('decision-late');
    expect((await world.store.runs.byId(run.id))?.decision, 'a refused decision leaves no trace').to.equal(null);
    expect((await world.run(records('a'))).status, 'and does not hold the source').to.equal('failed');
  });

  it('waits for the run in progress, and lets none start while it is applied', async () => {
    const run = await losing();
    const asked = { sourceId: source.id, sourceTitle: source.title, everything: false };
    const request = (id: string) => world.store.runs.request({ ...asked, id, trigger: 'manual', now: world.now() });
    const running = await request('in-progress');
    expect(running.status).to.equal('queued');
    expect(await codeOf(apply(run))).to.equal('decision-busy');
    await world.store.runs.end(0, { ...running, status: 'skipped', endedAt: world.now() });

    const decision = { kind: 'applied', by: "l'opérateur", at: world.now(), reason: 'Confirmé.' } as const;
    expect(await world.store.runs.claimDecision(run, decision)).to.equal('claimed');
    expect((await request('meanwhile')).status).to.equal('skipped');
  });

  it('a decision whose process was killed is carried out by the next one, once', async () => {
    const run = await losing();
    const decision = { kind: 'applied', by: "l'opérateur", at: world.now(), reason: 'Confirmé.' } as const;
    await world.store.runs.claimDecision(run, decision);
    expect(await count('missing')).to.equal(0);
    expect(await held.finishDecisions(), 'its process may still be at it').to.deep.equal([]);
    world.pass(1 / 24);
    expect(await held.finishDecisions()).to.deep.equal([run.id]);
    expect(await count('missing')).to.equal(4);
    const after = await world.store.runs.byId(run.id);
    expect(after?.counters.missing).to.equal(4);
    expect(await held.finishDecisions()).to.deep.equal([]);
  });

  it('whoever lost the decision to another process touches nothing more', async () => {
    const run = await losing();
    const slow = makeHeldRuns({
      ...world.store,
      courses: world.courses,
      // Asleep while it looks for the source: meanwhile another process takes over, and a new run begins.
      sources: {
        byId: async () => {
          world.pass(1 / 24);
          expect(await held.finishDecisions()).to.deep.equal([run.id]);
          await world.run([...numbered(10), record('new'), end()]);
          return source;
        },
      },
      graceDays: 7,
      now: world.now,
    });
    const lost = await slow.decide(run.id, { kind: 'applied', by: "l'opérateur", reason: 'Confirmé.' }).catch(String);
    expect(lost).to.match(/autre processus/);
    expect(await count('published')).to.equal(11);
    expect(await count('missing')).to.equal(0);
  });
});
