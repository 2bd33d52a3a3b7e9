/** What one run does to the catalogue: every fact of product.md 3.3 that a listing can show. */
import { expect } from 'chai';
import { SourceError } from '../../src/errors.ts';
import {
  aSource,
  checkpoint,
  end,
  endOfChanges,
  type Item,
  makeWorld,
  numbered,
  record,
  records,
  removedItem,
  unchanged,
  type World,
} from '../support/harvest-world.ts';

const cut = new SourceError('malformed', "La source s'est interrompue");
const unreachable = new SourceError('unreachable', 'Source injoignable (503)');

describe('a harvest run', () => {
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  const states = async () =>
    Object.fromEntries((await world.catalogue()).map(({ remoteId, state }) => [remoteId, state]));

  describe('reading and publishing', () => {
    it('publishes the new records of a complete listing', async () => {
      const run = await world.run([...records('a', 'b', 'c'), end()]);
      expect(run.status).to.equal('done');
      expect(run.fault).to.equal(null);
      expect(run.counters).to.include({ received: 3, created: 3, withdrawn: 0 });
      expect([run.presentBefore, run.presentAfter]).to.deep.equal([0, 3]);
      expect(await states()).to.deep.equal({ a: 'published', b: 'published', c: 'published' });
      expect((await world.course('a')).slug).to.match(/^cours-a-[0-9a-z]{8}$/);
    });

    it('counts an unchanged record without judging it again, and renews its « relevé le »', async () => {
      await world.run([...records('a', 'b'), end()]);
      const before = await world.course('a');
      world.pass(2);
      const run = await world.run([...records('a', 'b'), end()]);
      expect(run.counters).to.include({ received: 2, unchanged: 2, created: 0, updated: 0 });
      const after = await world.course('a');
      expect(after.harvestedAt.getTime()).to.be.above(before.harvestedAt.getTime());
      expect(after.access.date).to.deep.equal(after.harvestedAt);
      expect(after.updatedAt).to.deep.equal(before.updatedAt);
    });

    it('updates a changed record and keeps its address through a new title', async () => {
      await world.run([...records('a'), end()]);
      const { id } = await world.course('a');
      const run = await world.run([record('a', { title: 'Autre titre' }), end()]);
      expect(run.counters).to.include({ received: 1, updated: 1 });
      const course = await world.course('a');
      expect(course.id).to.equal(id);
      expect(course.slug).to.equal(`autre-titre-${id}`);
    });

    it('counts as unchanged a record that changed in nothing we show', async () => {
      await world.run([...records('a'), end()]);
      const run = await world.run([record('a', { viewedTimes: 12 }), end()]);
      expect(run.counters).to.include({ unchanged: 1, updated: 0 });
    });

    it('judges every record again with another version of the connector or of the framework', async () => {
      await world.run([...records('a'), end()]);
      expect((await world.run([...records('a'), end()], { version: 2 })).counters.updated).to.equal(1);
      expect((await world.course('a')).draft.title).to.equal('Cours a (v2)');
      await world.run([...records('a'), end()], { version: 2, frameworkVersion: 'next' });
      const marks = await world.store.records.marks('partenaire', ['a']);
      expect(marks.get('a')?.run.outcome).to.equal('unchanged');
    });

    it('keeps what a reviewer decided about competences', async () => {
      await world.run([...records('a'), end()]);
      const { id } = await world.course('a');
      const reviewed = { code: '1.1', score: 1, evidence: ['relecture'], origin: 'reviewed' };
      await world.database.connection
        .collection('courses')
        .updateOne({ _id: id as never }, { $set: { 'alignment.competences': [reviewed] } });
      await world.run([record('a', { title: 'Autre titre' }), end()]);
      expect((await world.course('a')).alignment.competences).to.deep.equal([reviewed]);
    });

    it('leaves new records waiting when the source is reviewed before publication, and on every later run', async () => {
      const source = aSource({ publishing: 'review' });
      await world.run([...records('a', 'b'), end()], { source });
      await world.run([...records('a', 'b', 'c'), end()], { source });
      expect(await states()).to.deep.equal({ a: 'pending', b: 'pending', c: 'pending' });
    });

    it('keeps new records waiting until the run has ended', async () => {
      let during: unknown;
      await world.run(async function* () {
        yield* records('a', 'b');
        yield checkpoint(1);
        yield* records('c');
        yield checkpoint(2);
        yield* records('d');
        during = await states();
        yield end();
      });
      expect(during).to.have.property('a', 'pending');
      expect((await states()).a).to.equal('published');
    });
  });

  describe('records that are refused', () => {
    it('B21 quarantines one bad record alone: the others are published', async () => {
      const run = await world.run([...records('a'), record('b', { title: '' }), ...records('c'), end()]);
      expect(run.status).to.equal('done-with-rejections');
      expect(run.counters).to.include({ received: 3, created: 2, quarantined: 1 });
      expect(run.causes).to.have.length(1);
      expect(run.causes[0]).to.deep.include({ code: 'E_CHAMP_MANQUANT', count: 1 });
      expect(run.causes[0]?.example.remoteId).to.equal('b');
      expect(await states()).to.deep.equal({ a: 'published', c: 'published' });
      expect((await world.store.records.problems('partenaire')).records.map(({ remoteId }) => remoteId)).to.deep.equal([
        'b',
      ]);
    });

    it('keeps the last valid version and its « relevé le » when the new version is quarantined, and it is not absent', async () => {
      await world.run([...records('a', 'b'), end()]);
      const before = await world.course('a');
      world.pass(1);
      const run = await world.run([record('a', { title: '' }), ...records('b'), end()]);
      expect(run.counters).to.include({ quarantined: 1, missing: 0 });
      expect(await world.course('a')).to.deep.equal(before);
      expect((await world.run([...records('a', 'b'), end()])).status).to.equal('done');
    });

    it('quarantines alone a record on which our own code fails, and logs the error', async () => {
      const run = await world.run([...records('a'), record('b', { crash: true }), end()]);
      expect(run.counters).to.include({ created: 1, quarantined: 1 });
      expect(world.logged.map(({ message }) => message)).to.deep.equal(['record failed']);
      expect(world.logged[0]?.fields).to.have.property('err').that.is.instanceOf(TypeError);
    });

    it('quarantines a record without identifier, with one too long, or nested without end', async () => {
      const loop: Record<string, unknown> = { title: 'x' };
      loop.self = loop;
      const run = await world.run([record(''), record('x'.repeat(600)), record('c', loop), ...records('d'), end()]);
      expect(run.counters).to.include({ received: 4, created: 1, quarantined: 3 });
      expect(run.causes.map(({ code }) => code)).to.have.members([
        'E_CHAMP_MANQUANT',
        'E_CHAMP_TROP_LONG',
        'E_FORMAT_CHAMP',
      ]);
    });

    it('B3 counts the same record twice once, and quarantines it when the contents differ', async () => {
      const run = await world.run([
        ...records('a', 'b'),
        checkpoint(1),
        ...records('a'),
        record('b', { title: 'Autre' }),
        checkpoint(2),
        ...records('c', 'c'),
        end(),
      ]);
      expect(run.counters).to.include({ received: 6, created: 3, repeated: 2, quarantined: 1 });
      expect(run.causes[0]?.code).to.equal('E_DOUBLON_CONTRADICTOIRE');
      expect((await world.course('b')).draft.title).to.equal('Cours b');
    });

    it('B4 leaves the old course untouched when its identifier now names another one', async () => {
      await world.run([record('a', { title: 'Tableur', url: 'https://x.example/1', certification: 'RS1' }), end()]);
      const before = await world.course('a');
      const other = { title: 'Réseaux', url: 'https://x.example/2', certification: 'RS2' };
      const run = await world.run([record('a', other), end()]);
      expect(run.counters.quarantined).to.equal(1);
      expect(run.causes[0]?.example.message).to.equal("L'identifiant a désignait un autre cours : Tableur. Confirmez.");
      expect(await world.course('a')).to.deep.equal(before);
      const renamed = await world.run([record('a', { ...other, certification: 'RS1' }), end()]);
      expect(renamed.counters.updated, 'same certification: a course renamed and moved').to.equal(1);
    });

    it('B8 publishes once a course that two sources claim, and tells both', async () => {
      const second = aSource({ id: 'second', title: 'Second' });
      await world.run([...records('a'), end()]);
      const run = await world.run([record('z', { title: 'Cours a' }), ...records('y'), end()], { source: second });
      expect(run.counters).to.include({ created: 1, quarantined: 1 });
      expect(run.causes[0]?.code).to.equal('E_AUTRE_PROPRIETAIRE');
      expect(run.causes[0]?.example.message).to.contain('Partenaire');
      const first = await world.run([...records('a'), end()]);
      expect(first.warnings[0]).to.deep.include({ code: 'E_AUTRE_PROPRIETAIRE', count: 1 });
      expect(first.status).to.equal('done');
    });

    it('publishes a record with warnings, and reports them', async () => {
      const run = await world.run([record('a', { odd: true }), end()]);
      expect(run.status).to.equal('done');
      expect(run.warnings[0]).to.deep.include({ code: 'AV_LANGUE_INCONNUE', count: 1 });
    });
  });

  describe('scope', () => {
    it('counts what is no course and what is not digital as out of scope, and does not publish it', async () => {
      const listing = [record('a', { hidden: true }), record('b', { title: 'Poterie' }), ...records('c'), end()];
      const run = await world.run(listing);
      expect(run.status).to.equal('done');
      expect(run.counters).to.include({ received: 3, created: 1, outOfScope: 2 });
      expect(await states()).to.deep.equal({ c: 'published' });
      expect((await world.run(listing)).counters).to.include({ outOfScope: 2, unchanged: 1 });
    });

    it('Z20 publishes a course in another language, to be reviewed', async () => {
      await world.run([record('a', { title: 'Deutsch lernen' }), end()]);
      expect((await world.course('a')).alignment.digital).to.equal(null);
      expect((await states()).a).to.equal('published');
    });

    it('Z20 does not withdraw by itself a published course that is no longer digital', async () => {
      await world.run([...records('a'), end()]);
      const run = await world.run([record('a', { title: 'Poterie' }), end()]);
      expect(run.counters).to.include({ updated: 1, outOfScope: 0, withdrawn: 0 });
      expect((await states()).a).to.equal('published');
    });
  });

  describe('what is gone', () => {
    const five = ['a', 'b', 'c', 'd', 'e'] as const;
    const many = [...five, 'f', 'g', 'h', 'i', 'j'];
    const without = (...gone: readonly string[]) => records(...many.filter((id) => !gone.includes(id)));

    it('Z6 makes an absent record missing, and withdraws it after 7 days of absence only', async () => {
      await world.run([...records(...many), end()]);
      const first = await world.run([...without('a'), end()]);
      expect(first.counters).to.include({ missing: 1, withdrawn: 0 });
      expect((await world.course('a')).state).to.equal('missing');
      world.pass(6);
      const second = await world.run([...without('a'), end()]);
      expect(second.counters).to.include({ missing: 0, withdrawn: 0 });
      world.pass(1.1);
      const third = await world.run([...without('a'), end()]);
      expect(third.counters).to.include({ missing: 0, withdrawn: 1 });
      const course = await world.course('a');
      expect(course.state).to.equal('withdrawn');
      expect(course.withdrawn).to.include({ reason: 'absent' });
      expect(course.missingSince).to.not.equal(null);
    });

    it('a record seen again before the end of the delay is simply published, not restored', async () => {
      await world.run([...records(...many), end()]);
      await world.run([...without('a'), end()]);
      const run = await world.run([...records(...many), end()]);
      expect(run.counters).to.include({ unchanged: 10, restored: 0, missing: 0 });
      expect(await world.course('a')).to.include({ state: 'published', missingSince: null });
    });

    it('B7 restores a withdrawn record that comes back, at the same address', async () => {
      await world.run([...records(...many), end()]);
      const { id } = await world.course('a');
      await world.run([...without('a', 'b'), end()]);
      world.pass(8);
      await world.run([...without('a', 'b'), end()]);
      const run = await world.run([...without('a', 'b'), ...records('a'), record('b', { title: 'Nouveau b' }), end()]);
      expect(run.counters).to.include({ restored: 2, unchanged: 8, created: 0 });
      const course = await world.course('a');
      expect(course).to.include({ id, state: 'published', withdrawn: null });
      expect(course.restoredAt).to.not.equal(null);
      expect((await world.course('b')).draft.title).to.equal('Nouveau b');
    });

    it('does not bring back what a person withdrew', async () => {
      await world.run([...records(...many), end()]);
      const { id } = await world.course('a');
      await world.courses.withdraw([id], { at: world.now(), reason: 'operateur', detail: 'doublon' });
      const run = await world.run([...records(...many), end()]);
      expect(run.counters).to.include({ unchanged: 10, restored: 0 });
      expect((await world.course('a')).state).to.equal('withdrawn');
    });

    it('T23 refuses a withdrawal by the platform without a written reason', async () => {
      await world.run([...records('a'), end()]);
      const { id } = await world.course('a');
      const refused = await world.courses
        .withdraw([id], { at: world.now(), reason: 'operateur', detail: ' ' })
        .catch((error: unknown) => error);
      expect(refused).to.have.property('code', 'withdrawal-without-reason');
      expect((await world.course('a')).state).to.equal('published');
    });

    it('P14 withdraws a declared deletion at the end of the run, without delay', async () => {
      await world.run([...records(...many), end({ deletions: 'explicit', next: 1 })]);
      const run = await world.run([removedItem('a'), endOfChanges({ next: 2 })]);
      expect(run.mode).to.equal('changes');
      expect(run.counters).to.include({ received: 0, withdrawn: 1, missing: 0 });
      expect((await world.course('a')).withdrawn).to.include({ reason: 'retire_source' });
      expect((await states()).b).to.equal('published');
    });

    it('a record given again after its declared deletion in one run stays', async () => {
      await world.run([...records(...many), end({ deletions: 'explicit' })]);
      const run = await world.run([
        ...records(...many),
        removedItem('a'),
        checkpoint(1),
        ...records('a'),
        end({ deletions: 'explicit' }),
      ]);
      expect(run.counters).to.include({ withdrawn: 0, repeated: 1 });
    });

    it('absence means nothing among changes, nor where deletions are not by absence', async () => {
      await world.run([...records(...many), end({ next: 1 })]);
      const changes = await world.run([...records('a'), endOfChanges({ next: 2 })]);
      expect(changes.counters).to.include({ missing: 0, withdrawn: 0 });
      const full = await world.run([...records('a'), end({ deletions: 'none' })], { everything: true });
      expect(full.counters).to.include({ missing: 0, withdrawn: 0 });
      expect(Object.values(await states())).to.deep.equal(many.map(() => 'published'));
    });

    it('changes of a source that declares deletions renew the « relevé le » of what it left alone', async () => {
      await world.run([...records(...many), end({ next: 1, deletions: 'explicit' })]);
      world.pass(3);
      const at = world.now();
      await world.run([endOfChanges({ next: 2 })]);
      expect((await world.course('a')).harvestedAt.getTime()).to.be.above(at.getTime());
    });

    it('an absent waiting record stays waiting and unpublished, then is withdrawn', async () => {
      const source = aSource({ publishing: 'review' });
      await world.run([...records(...many), end()], { source });
      expect((await world.run([...without('a'), end()], { source })).counters.missing).to.equal(1);
      expect((await world.course('a')).state).to.equal('pending');
      await world.run([...without('a'), end()]);
      expect((await states()).a).to.equal('pending');
      expect((await states()).b).to.equal('published');
      world.pass(8);
      expect((await world.run([...without('a'), end()])).counters.withdrawn).to.equal(1);
    });
  });

  describe('listings that are not whole', () => {
    const ten = numbered(10);

    it('a truncated listing withdraws nothing', async () => {
      await world.run([...ten, end()]);
      const run = await world.run([...ten.slice(0, 6), cut]);
      expect(run.status).to.equal('incomplete');
      expect(run.fault?.message).to.equal("La source s'est interrompue");
      expect(run.counters).to.include({ missing: 0, withdrawn: 0 });
      expect(Object.values(await states())).to.deep.equal(ten.map(() => 'published'));
    });

    it('a listing that stops without saying that it ends was interrupted, never short', async () => {
      await world.run([...ten, end()]);
      const run = await world.run(ten.slice(0, 9));
      expect(run.status).to.equal('incomplete');
      expect(run.fault?.kind).to.equal('malformed');
      expect(Object.values(await states())).to.deep.equal(ten.map(() => 'published'));
    });

    it('B1 a fault before the first batch changes nothing at all', async () => {
      await world.run([...ten, end()]);
      const before = await world.courses.bySource('partenaire', { limit: 100 });
      world.pass(1);
      for (const listing of [
        [new SourceError('malformed', 'La source a répondu une page web.')],
        [...ten.slice(0, 3), unreachable],
        [],
      ]) {
        const run = await world.run(listing);
        expect(run.status).to.equal('failed');
        expect(run.counters.received).to.equal(0);
        expect(await world.courses.bySource('partenaire', { limit: 100 })).to.deep.equal(before);
      }
    });

    it('B1 and Z7 an empty listing of a source that had records is held', async () => {
      await world.run([...ten, end()]);
      for (const deletions of ['by-absence', 'none']) {
        const run = await world.run([end({ deletions })]);
        expect(run.status).to.equal('held');
        expect(run.held).to.deep.equal({ kind: 'losses', concerned: 10, of: 10 });
      }
      expect(Object.values(await states())).to.deep.equal(ten.map(() => 'published'));
    });

    it('an empty listing of a source that had none is done', async () => {
      expect((await world.run([end()])).status).to.equal('done');
    });

    it('B2 a fault on page 2 after page 1 was written: incomplete, no absence; the next run completes', async () => {
      await world.run([...ten, end()]);
      const run = await world.run([record('r0000', { title: 'Neuf' }), record('new'), checkpoint(1), unreachable]);
      expect(run.status).to.equal('incomplete');
      expect(run.counters).to.include({ received: 2, updated: 1, created: 1, missing: 0 });
      expect((await world.course('r0000')).draft.title).to.equal('Neuf');
      expect((await world.course('new')).state).to.equal('published');
      const next = await world.run([
        record('r0000', { title: 'Neuf' }),
        record('new'),
        checkpoint(1),
        ...ten.slice(1),
        end(),
      ]);
      expect(next.status).to.equal('done');
      expect(next.counters).to.include({ unchanged: 11, missing: 0 });
    });

    it('a source that announces more than it gives is incomplete, in its own words, and nothing is absent', async () => {
      await world.run([...ten, end({ announced: 10 })]);
      const run = await world.run([...ten.slice(0, 9), end({ announced: 10 })]);
      expect(run.status).to.equal('incomplete');
      expect(run.announced).to.equal(10);
      expect(run.fault).to.deep.include({ kind: 'short', message: 'La source a annoncé 10 fiches et en a donné 9' });
      expect(run.counters).to.include({ missing: 0, withdrawn: 0 });
    });

    it('O4 a run past its time limit says so and withdraws nothing', async () => {
      await world.run([...ten, end()]);
      const run = await world.run(
        async function* () {
          yield* ten.slice(0, 5);
          yield checkpoint(1);
          await new Promise(() => {});
        },
        { source: aSource({ limits: { wireBytes: null, decodedBytes: null, minutes: 0.002 } }) },
      );
      expect(run.status).to.equal('incomplete');
      expect(run.fault).to.deep.include({ kind: 'time-limit', message: 'Temps limite dépassé (0.002 min)' });
      expect(run.counters).to.include({ unchanged: 5, missing: 0, withdrawn: 0 });
    });

    it('O4 a run stopped by a person says by whom and when, and withdraws nothing', async () => {
      const { stoppedBy } = await import('../../src/harvest/words.ts');
      await world.run([...ten, end()]);
      const abort = new AbortController();
      const run = await world.run(
        async function* () {
          yield* ten.slice(0, 5);
          yield checkpoint(1);
          abort.abort(stoppedBy("l'opérateur", world.now()));
          yield end();
        },
        { signal: abort.signal },
      );
      expect(run.status).to.equal('incomplete');
      expect(run.fault?.message).to.equal("Arrêtée par l'opérateur le 22 novembre 2026");
      expect(Object.values(await states())).to.deep.equal(ten.map(() => 'published'));
    });

    it('O4 a run asked to stop from another process hears of it at its heartbeat', async () => {
      await world.run([...records('a'), end()]);
      const listing = async function* (): AsyncGenerator<Item> {
        yield record('a', { title: 'Neuf' });
        const [going] = await world.store.runs.unattended(new Date(8.64e15));
        const at = new Date('2026-11-22T09:00:00Z');
        expect(await world.store.runs.requestStop(going?.id ?? '', { by: "l'opérateur", at })).to.equal(true);
        await new Promise(() => {});
      };
      const run = await world.run(listing, { settings: { heartbeatMs: 10 } });
      expect(run.status).to.equal('failed');
      expect(run.fault).to.include({ kind: 'stopped', message: "Arrêtée par l'opérateur le 22 novembre 2026" });
      expect(await world.store.runs.requestStop(run.id, { by: "l'opérateur", at: new Date() }), 'over').to.equal(false);
    });

    it('names a fault of the platform as its own, and logs it', async () => {
      const run = await world.run([...ten.slice(0, 5), checkpoint(1), new TypeError('connector bug')]);
      expect(run.fault?.kind).to.equal('platform');
      expect(world.logged[0]?.fields).to.have.property('err').that.is.instanceOf(TypeError);
    });
  });

  describe('not modified', () => {
    const conditional = { validators: { etag: '"1"' } };

    it('B16 keeps every course, renews every « relevé le », and counts nothing', async () => {
      await world.run([...records('a', 'b'), end(conditional)]);
      world.pass(5);
      const at = world.now();
      let sent: unknown;
      const run = await world.run(async function* ({ validators }) {
        sent = validators;
        yield unchanged;
      });
      expect(sent).to.deep.equal({ etag: '"1"' });
      expect(run).to.include({ status: 'done', notModified: true });
      expect(Object.values(run.counters).every((value) => value === 0)).to.equal(true);
      for (const remoteId of ['a', 'b']) {
        const course = await world.course(remoteId);
        expect(course.state).to.equal('published');
        expect(course.harvestedAt.getTime()).to.be.above(at.getTime());
      }
    });

    it('renews neither a quarantined version nor an absent record', async () => {
      await world.run([...numbered(10), end()]);
      await world.run([...numbered(8), record('r0008', { title: '' }), end(conditional)]);
      const quarantined = await world.course('r0008');
      const absent = await world.course('r0009');
      world.pass(2);
      await world.run([unchanged]);
      expect((await world.course('r0008')).harvestedAt).to.deep.equal(quarantined.harvestedAt);
      expect(await world.course('r0009')).to.deep.equal(absent);
    });

    it('is not believed when nothing conditional was asked', async () => {
      await world.run([...records('a'), end()]);
      expect((await world.run([unchanged])).status).to.equal('failed');
    });

    it('B16 is not asked after a run that wrote without being complete: the source may have gone back to what it gave', async () => {
      const fault = new SourceError('unreachable', 'Source injoignable');
      const new5 = Array.from({ length: 5 }, (_, at) => record(`r000${at}`, { title: `Erreur ${at}` }));
      const unfinished: Record<string, readonly (Item | Error)[]> = {
        incomplete: [...new5, checkpoint(1), fault],
        held: [...new5, end({ validators: { etag: '"2"' } })],
      };
      for (const [status, listing] of Object.entries(unfinished)) {
        await world.empty();
        await world.run([...numbered(10), end(conditional)]);
        expect((await world.run(listing)).status).to.equal(status);
        expect((await world.course('r0000')).draft.title).to.equal('Erreur 0');
        const run = await world.run(async function* ({ validators }) {
          if (validators !== undefined) yield unchanged;
          else yield* [...numbered(10), end(conditional)];
        });
        expect(run, status).to.include({ status: 'done', notModified: false });
        expect((await world.course('r0000')).draft.title, status).to.equal('Cours r0000');
      }
    });

    it('asks unconditionally with another connector version, other settings, or a record due to be withdrawn', async () => {
      const asks = async (options: Parameters<World['run']>[1] = {}) => {
        let sent: unknown = 'nothing asked';
        await world.run(async function* ({ validators }) {
          sent = validators;
          yield* numbered(9);
          yield end(conditional);
        }, options);
        return sent;
      };
      await world.run([...numbered(10), end(conditional)]);
      expect(await asks({ version: 2 })).to.equal(undefined);
      expect(await asks({ version: 2 })).to.deep.equal(conditional.validators);
      expect(await asks({ version: 2, source: aSource({ config: { address: 'https://autre.example/' } }) })).to.equal(
        undefined,
      );
      world.pass(8);
      expect(await asks({ version: 2, source: aSource({ config: { address: 'https://autre.example/' } }) })).to.equal(
        undefined,
      );
      expect((await world.course('r0009')).state).to.equal('withdrawn');
    });
  });

  describe('the guards', () => {
    it('B6 and Z5 a listing that would take more than 20 % is held: changes stay, nothing becomes absent', async () => {
      await world.run([...numbered(10), end({ validators: { etag: 'x' } })]);
      const run = await world.run([
        ...numbered(6),
        record('r0006', { title: 'Neuf' }),
        record('new'),
        end({ validators: { etag: 'y' } }),
      ]);
      expect(run.status).to.equal('held');
      expect(run.held).to.deep.equal({ kind: 'losses', concerned: 3, of: 10 });
      expect(run.fault?.message).to.equal("Cette collecte retirerait 3 cours sur 10 (30 %). Rien n'a été retiré");
      expect(run.counters).to.include({ updated: 1, created: 1, missing: 0, withdrawn: 0 });
      expect(Object.values(await states())).to.deep.equal(Array.from({ length: 11 }, () => 'published'));
      expect((await world.store.runs.reading('partenaire'))?.validators, 'the next run decides anew').to.equal(
        undefined,
      );
    });

    it('exactly 20 % is not more than 20 %', async () => {
      await world.run([...numbered(10), end()]);
      expect((await world.run([...numbered(8), end()])).counters.missing).to.equal(2);
    });

    it('counts only what is newly absent', async () => {
      await world.run([...numbered(10), end()]);
      await world.run([...numbered(8), end()]);
      const run = await world.run([...numbered(6), end()]);
      expect(run.status).to.equal('done');
      expect(run.counters.missing).to.equal(2);
    });

    it('counts declared deletions too', async () => {
      await world.run([...numbered(10), end({ deletions: 'explicit', next: 1 })]);
      const run = await world.run([removedItem('r0000'), removedItem('r0001'), removedItem('r0002'), endOfChanges()]);
      expect(run.status).to.equal('held');
      expect(run.counters.withdrawn).to.equal(0);
      expect(Object.values(await states())).to.deep.equal(Array.from({ length: 10 }, () => 'published'));
    });

    it('a listing that more than doubles a source of 50 records is held, and its new records wait', async () => {
      await world.run([...numbered(50), end()]);
      const run = await world.run([...numbered(101), end()]);
      expect(run.status).to.equal('held');
      expect(run.held).to.deep.equal({ kind: 'gains', concerned: 51, of: 50 });
      expect(run.fault?.message).to.equal(
        'Cette collecte ajouterait 51 cours à une source qui en compte 50. Les nouveaux attendent',
      );
      expect((await states()).r0100).to.equal('pending');
      const again = await world.run([...numbered(101), end()]);
      expect(again.held).to.deep.equal({ kind: 'gains', concerned: 51, of: 50 });
      expect((await states()).r0100).to.equal('pending');
    });

    it('doubling it exactly, or a smaller source, is not held', async () => {
      await world.run([...numbered(49), end()]);
      expect((await world.run([...numbered(99), end()])).status, '49 to 99').to.equal('done');
      expect((await world.run([...numbered(198), end()])).status, '99 to 198').to.equal('done');
    });

    it('an interrupted listing that more than doubles a source publishes none of its new records', async () => {
      await world.run([...numbered(50), end()]);
      const run = await world.run([...numbered(105), cut]);
      expect(run.status).to.equal('incomplete');
      expect(run.held?.kind).to.equal('gains');
      expect((await states()).r0100).to.equal('pending');
    });
  });

  describe('changes only', () => {
    it('O6 starts from where the last complete run ended, and reads everything when asked to', async () => {
      const seen: unknown[] = [];
      const listing = (items: readonly (Item | Error)[]) =>
        async function* ({ mode, cursor }: { mode: string; cursor?: number }) {
          seen.push([mode, cursor]);
          for (const item of items) {
            if (item instanceof Error) throw item;
            yield item;
          }
        };
      await world.run(listing([...records('a'), end({ next: 7 })]));
      await world.run(listing([...records('b'), endOfChanges({ next: 8 })]));
      await world.run(listing([cut]));
      await world.run(listing([endOfChanges({ next: 8 })]));
      await world.run(listing([...records('a', 'b'), end({ next: 9 })]), { everything: true });
      expect(seen).to.deep.equal([
        ['full', undefined],
        ['changes', 7],
        ['changes', 8],
        ['changes', 8],
        ['full', undefined],
      ]);
    });

    it('B5 reads again what changed around the limit without counting it as changed', async () => {
      await world.run([...records('a', 'b'), end({ next: 1 })]);
      const run = await world.run([...records('b', 'c'), endOfChanges({ next: 2 })]);
      expect(run.counters).to.include({ unchanged: 1, created: 1 });
    });
  });

  describe('replaying raw records', () => {
    const replay = { trigger: 'replay' as const };

    it('maps again what the source gave, without asking it, and withdraws nothing', async () => {
      await world.run([...numbered(10), record('bad', { title: '' }), end()]);
      await world.run([...numbered(9), record('bad', { title: '' }), end()]);
      const before = await world.course('r0000');
      world.pass(9);
      const asked = () => {
        throw new Error('the source was asked');
      };
      const run = await world.run(asked, { ...replay, version: 2 });
      expect(run.status).to.equal('done-with-rejections');
      expect(run.counters).to.include({ received: 11, updated: 10, quarantined: 1, withdrawn: 0, missing: 0 });
      const after = await world.course('r0000');
      expect(after.draft.title).to.equal('Cours r0000 (v2)');
      expect(after.harvestedAt, 'nothing is fresher for it').to.deep.equal(before.harvestedAt);
      expect((await world.run(asked, { ...replay, version: 2 })).counters).to.include({ unchanged: 10, updated: 0 });
    });
  });

  it('O2 a second run of a source in progress is recorded as skipped, with a link to the first', async () => {
    let second: Awaited<ReturnType<World['run']>> | undefined;
    const first = await world.run(async function* () {
      second = await world.run([end()]);
      yield* records('a');
      yield end();
    });
    expect(second?.status).to.equal('skipped');
    expect(second?.skippedFor).to.equal(first.id);
    expect((await world.run([...records('a'), end()])).status).to.equal('done');
  });

  it('a price of 0 is too old after 30 days without a harvest, and free again once seen', async () => {
    await world.run([record('a', { price: 0 }), end()]);
    expect((await world.course('a')).access.code).to.equal('content-free');
    world.pass(31);
    expect(await world.courses.refreshAccess(world.now())).to.equal(1);
    expect((await world.course('a')).access).to.include({ code: 'unknown', reason: 'too-old' });
    await world.run([record('a', { price: 0 }), end()]);
    expect((await world.course('a')).access.code).to.equal('content-free');
  });

  it('so it is for the courses of a source that had none left, and that come back', async () => {
    await world.run([record('a', { price: 0 }), end()]);
    const { id } = await world.course('a');
    await world.courses.withdraw([id], { at: world.now(), reason: 'absent', detail: null });
    world.pass(31);
    await world.courses.refreshAccess(world.now());
    expect((await world.course('a')).access).to.include({ reason: 'too-old' });
    const back = await world.run([record('a', { price: 0 }), end()]);
    expect(back.counters).to.include({ restored: 1 });
    expect((await world.course('a')).access.code).to.equal('content-free');
  });

  it('also when the run that sees them again is cut before its end', async () => {
    await world.run([record('a', { price: 0 }), end()]);
    world.pass(31);
    await world.courses.refreshAccess(world.now());
    const run = await world.run([record('a', { price: 0 }), { kind: 'checkpoint', cursor: 1 }, cut]);
    expect(run.status).to.equal('incomplete');
    expect((await world.course('a')).access.code).to.equal('content-free');
  });

  it('also when the source says that nothing changed', async () => {
    await world.run([record('a', { price: 0 }), end({ validators: { etag: '"1"' } })]);
    world.pass(31);
    await world.courses.refreshAccess(world.now());
    expect((await world.run([{ kind: 'unchanged' }])).notModified).to.equal(true);
    expect((await world.course('a')).access.code).to.equal('content-free');
  });
});
