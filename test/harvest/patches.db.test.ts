/** B30: what a person corrected is laid over every later run, and neither the correction nor what the source says is lost. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { CourseField } from '../../src/catalogue/model/corrections.ts';
import { makeHistoryStore } from '../../src/catalogue/store/history.ts';
import { SourceError } from '../../src/errors.ts';
import { type Patch, patchState } from '../../src/harvest/model/patch.ts';
import { makeHeldRuns } from '../../src/harvest/use-cases/held.ts';
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
  unchanged,
  type World,
} from '../support/harvest-world.ts';

describe('a correction in place', function () {
  this.timeout(120_000);
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  const source = aSource();
  const why = 'Erreur de saisie.';
  const add = async (remoteId: string, field: CourseField, value: string, said: string, readable = true) => {
    const { patches } = world.store;
    const where = { sourceId: source.id, remoteId, field };
    const added = await patches.add({
      ...{ ...where, value, by: 'provider', why, at: world.now() },
      source: { text: said, readable },
    });
    expect(added).to.equal(true);
  };
  const patchOf = async (remoteId: string, field: CourseField): Promise<Patch> => {
    const found = await world.store.patches.ofRecord(source.id, remoteId);
    const patch = found.find((one) => one.field === field);
    if (patch === undefined) throw new Error(`no patch of ${remoteId}`);
    return patch;
  };
  const stateOf = async (remoteId: string, field: CourseField) => patchState(await patchOf(remoteId, field));
  const title = async (remoteId: string) => (await world.course(remoteId)).draft.title;

  it('makes a refused record a course at the next run, and the run counts it as corrected', async () => {
    const listing = [...records('a'), record('b', { price: '1.080,00 euros' }), end()];
    expect((await world.run(listing)).counters).to.include({ created: 1, quarantined: 1 });
    await add('b', 'price', '1080', '1.080,00 euros', false);
    expect(await stateOf('b', 'price')).to.equal('waiting');

    const run = await world.run(listing);
    expect(run).to.include({ status: 'done', corrected: 1 });
    expect(run.counters).to.include({ unchanged: 1, created: 1, quarantined: 0 });
    expect((await world.course('b')).draft.price).to.deep.equal({
      amount: 108_000,
      currency: 'EUR',
      taxIncluded: true,
    });
    expect(await stateOf('b', 'price')).to.equal('applied');

    const again = await world.run(listing);
    expect(again, 'applied again, without writing').to.include({ status: 'done', corrected: 1 });
    expect(again.counters).to.include({ unchanged: 2, updated: 0 });
  });

  it('is laid over a record that is judged in another thread too', async () => {
    const listing = [record('b', { price: 'cher' }), end()];
    await world.run(listing, { elsewhere: true });
    await add('b', 'price', '10', 'cher', false);
    expect(await world.run(listing, { elsewhere: true })).to.include({ status: 'done', corrected: 1 });
    expect(await stateOf('b', 'price')).to.equal('applied');
  });

  it('a record whose other problems nobody corrected stays in quarantine, with these alone', async () => {
    const listing = [record('b', { title: '', price: 'cher', url: 'https://x.example/b' }), end()];
    await world.run(listing);
    await add('b', 'price', '', 'cher', false);
    const run = await world.run(listing);
    expect(run.causes.map(({ example }) => example.field)).to.deep.equal(['title']);
    expect(run.corrected).to.equal(0);
    expect(await stateOf('b', 'price')).to.equal('waiting');
  });

  it('holds whatever the run: full, of changes, not modified, replayed, held and applied', async () => {
    await world.run([...numbered(10), end({ next: 1, deletions: 'explicit' })]);
    await add('r0003', 'title', 'Corrigé', 'Cours r0003');

    let mode = '';
    const first = await world.run(async function* (context) {
      mode = context.mode;
      yield* numbered(10);
      yield end({ next: 2, deletions: 'explicit' });
    });
    expect(mode, 'a new correction needs its record: « changes » may not give it').to.equal('full');
    expect(first).to.include({ corrected: 1 });
    expect(await title('r0003')).to.equal('Corrigé');

    const changes = await world.run(async function* (context) {
      mode = context.mode;
      yield record('r0003', { price: 5_000 });
      yield endOfChanges({ next: 3 });
    });
    expect(mode, 'once applied, only what changed is asked for').to.equal('changes');
    expect(changes.counters).to.include({ received: 1, updated: 1 });
    expect(await title('r0003')).to.equal('Corrigé');
    expect((await world.course('r0003')).draft.price?.amount).to.equal(5_000);

    await world.run([], { trigger: 'replay', version: 2 });
    expect((await world.course('r0004')).draft.title).to.equal('Cours r0004 (v2)');
    expect(await title('r0003')).to.equal('Corrigé');

    const held = await world.run([...numbered(4), end()], { everything: true });
    expect(held.status).to.equal('held');
    const decisions = makeHeldRuns({
      ...{ ...world.store, courses: world.courses, graceDays: 7, now: world.now },
      sources: { byId: async () => source },
    });
    await decisions.decide(held.id, { kind: 'applied', by: "l'opérateur", reason: 'Confirmé.' });
    expect(await title('r0003')).to.equal('Corrigé');
    expect((await patchOf('r0003', 'title')).ended).to.equal(null);
  });

  it('asks a source again that would answer « not modified », until the correction is applied', async () => {
    const validators = { etag: '"1"' };
    await world.run([...records('a'), end({ validators })]);
    await add('a', 'title', 'Corrigé', 'Cours a');
    const conditional: boolean[] = [];
    const polite = async function* (context: { validators?: object }): AsyncGenerator<Item> {
      conditional.push(context.validators !== undefined);
      if (context.validators !== undefined) yield unchanged;
      else yield* [...records('a'), end({ validators })];
    };
    await world.run(polite);
    expect(await title('a')).to.equal('Corrigé');
    await world.run(polite);
    expect(conditional).to.deep.equal([false, true]);
    expect(await title('a')).to.equal('Corrigé');
  });

  it('N9 when the source sends the corrected value, it is offered to be dropped and dropped by nobody else', async () => {
    await world.run([...records('a'), end()]);
    await add('a', 'title', 'Corrigé', 'Cours a');
    await world.run([...records('a'), end()]);
    await world.run([record('a', { title: 'Corrigé' }), end()]);
    expect(await stateOf('a', 'title')).to.equal('caught-up');
    await world.run([record('a', { title: 'Corrigé' }), end()]);
    const patch = await patchOf('a', 'title');
    expect(patch.ended).to.equal(null);

    const ended = { how: 'caught-up', by: 'provider', at: world.now() } as const;
    expect(await world.store.patches.end(patch, ended)).to.equal(true);
    const run = await world.run([record('a', { title: 'Corrigé' }), end()]);
    expect(run.counters, 'where the value comes from is another').to.include({ updated: 1, unchanged: 0 });
    expect((await world.course('a')).corrections).to.deep.equal([]);
    expect(await stateOf('a', 'title')).to.equal('undone');
  });

  it('B30 when the source sends a third value, the correction stays until its owner chooses, and both are kept', async () => {
    const { patches } = world.store;
    const prepare = async () => {
      await world.empty();
      await world.run([...records('a'), end()]);
      await add('a', 'title', 'Corrigé', 'Cours a');
      await world.run([...records('a'), end()]);
      await world.run([record('a', { title: 'Troisième' }), end()]);
      const patch = await patchOf('a', 'title');
      expect(patchState(patch)).to.equal('asks');
      expect(patch).to.deep.include({ value: 'Corrigé', source: { text: 'Cours a', readable: true } });
      expect(patch.seen.value.text).to.equal('Troisième');
      expect(await title('a')).to.equal('Corrigé');
      return patch;
    };
    const next = () => world.run([record('a', { title: 'Troisième' }), end()]);
    const act = { by: 'provider', at: world.now() } as const;

    const mine = await prepare();
    expect(await patches.confirm({ ...mine, revision: mine.revision - 1 }), 'decided on an older page').to.equal(false);
    expect(await patches.confirm(mine)).to.equal(true);
    await next();
    expect([await title('a'), await stateOf('a', 'title')]).to.deep.equal(['Corrigé', 'applied']);
    await world.run([record('a', { title: 'Quatrième' }), end()]);
    expect(await stateOf('a', 'title'), 'the next value is asked about too').to.equal('asks');

    expect(await patches.end(await prepare(), { ...act, how: 'source-taken' })).to.equal(true);
    await next();
    expect([await title('a'), await stateOf('a', 'title')]).to.deep.equal(['Troisième', 'undone']);

    const other = await prepare();
    const correction = { ...act, source: other.seen.value, value: 'Autre', why };
    expect(await patches.replace(other, correction)).to.equal(true);
    await next();
    const patch = await patchOf('a', 'title');
    expect([await title('a'), patchState(patch)]).to.deep.equal(['Autre', 'applied']);
    expect(patch.past.map(({ value, ended }) => [value, ended.how])).to.deep.equal([['Corrigé', 'replaced']]);
  });

  it('taken back, the course has the value of its source again at the next run; the correction is kept in its past', async () => {
    await world.run([...records('a'), end()]);
    await add('a', 'title', 'Corrigé', 'Cours a');
    await world.run([...records('a'), end()]);
    const ended = { how: 'withdrawn', by: 'operator', at: world.now() } as const;
    await world.store.patches.end(await patchOf('a', 'title'), ended);
    expect(await stateOf('a', 'title')).to.equal('undoing');
    await world.run([...records('a'), end()]);
    expect([await title('a'), await stateOf('a', 'title')]).to.deep.equal(['Cours a', 'undone']);
    await add('a', 'title', 'Encore', 'Cours a');
    const patch = await patchOf('a', 'title');
    expect(patch.past.map(({ value, ended: { how } }) => [value, how])).to.deep.equal([['Corrigé', 'withdrawn']]);
    expect(await world.store.patches.add({ ...patch, value: 'Deux fois' }), 'one live correction a field').to.equal(
      false,
    );
  });

  it('the history of the course says who changed what: the person what was corrected, the harvest the rest', async () => {
    const history = makeHistoryStore(world.database.connection);
    await world.run([...records('a'), end()]);
    await add('a', 'price', '50', '');
    await world.run([record('a', { title: 'Autre titre' }), end()]);
    const told = async () =>
      (await history.ofCourse((await world.course('a')).id, 10)).map(({ origin, kind, changes }) => [
        ...[origin, kind],
        ...changes.map(({ field }) => field).sort(),
      ]);
    expect(await told()).to.have.deep.members([
      ['harvest', 'changed', 'title', 'url'],
      ['provider', 'price', 'access', 'contentFree', 'price'],
    ]);
    await world.run([record('a', { title: 'Encore un' }), end()]);
    expect((await told())[0]?.[0], 'applied before: the next change is of the source alone').to.equal('harvest');
    const ended = { how: 'withdrawn', by: 'operator', at: world.now() } as const;
    await world.store.patches.end(await patchOf('a', 'price'), ended);
    await world.run([record('a', { title: 'Encore un' }), end()]);
    expect((await told())[0]).to.deep.equal(['operator', 'price', 'access', 'contentFree', 'price']);
  });

  it('B4 a corrected title does not hide that the identifier names another course now', async () => {
    const given = { certification: 'RS1', url: 'https://x.example/1' };
    await world.run([record('a', given), end()]);
    await add('a', 'title', 'Corrigé', 'Cours a');
    expect((await world.run([record('a', given), end()])).corrected).to.equal(1);
    const other = record('a', { title: 'Tout autre', certification: 'RS2', url: 'https://x.example/2' });
    const run = await world.run([other, end()]);
    expect(run.causes.map(({ code }) => code)).to.deep.equal(['E_IDENTIFIANT_REUTILISE']);
    expect(await title('a')).to.equal('Corrigé');
  });

  it('a correction written while its record was read waits for the next run, which asks for everything', async () => {
    await world.run([...records('a', 'b'), end({ next: 1, deletions: 'explicit' })]);
    const during = await world.run(async function* () {
      yield record('a', { title: 'Deuxième' });
      await add('a', 'title', 'Corrigé', 'Cours a');
      yield endOfChanges({ next: 2 });
    });
    expect(during.corrected).to.equal(0);
    let mode = '';
    await world.run(async function* (context) {
      mode = context.mode;
      yield* [record('a', { title: 'Deuxième' }), record('b'), end({ next: 3, deletions: 'explicit' })];
    });
    expect([mode, await title('a')]).to.deep.equal(['full', 'Corrigé']);
    expect((await patchOf('a', 'title')).seen.value.text).to.equal('Deuxième');
  });

  it('corrections and random listings lose neither a correction nor a value of the source', async () => {
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2_147_483_647);
    const runs = Number(process.env.FC_RUNS ?? 15);
    console.log(`      seed ${seed}, ${runs} stories (FC_SEED, FC_RUNS)`);
    const ids = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5'];
    const titles = ['Alpha', 'Bravo', 'Charlie', ''];
    const prices = [100, 200, 'illisible'] as const;
    const given = fc.record({ id: fc.nat(ids.length - 1), title: fc.nat(titles.length - 1), price: fc.nat(2) });
    const listing = fc.record({
      kind: fc.constant('run' as const),
      given: fc.uniqueArray(given, { selector: ({ id }) => id, maxLength: ids.length }),
      how: fc.constantFrom('full', 'changes', 'replay', 'cut' as const),
      killAt: fc.option(fc.integer({ min: 2, max: 60 }), { freq: 2 }),
      at: fc.nat(ids.length),
    });
    const act = fc.record({
      kind: fc.constantFrom('write', 'confirm', 'end' as const),
      id: fc.nat(ids.length - 1),
      field: fc.constantFrom('title', 'price' as const),
      value: fc.nat(2),
    });
    let number = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(listing, act, act), { minLength: 3, maxLength: 12 }), async (steps) => {
        number += 1;
        const own = aSource({ id: `corrige-${number}` });
        const { patches } = world.store;
        /** What the source said last of each record that a run read to its end, and everything it ever said. */
        const said = new Map<string, { title: string; price: number | string }>();
        const live = new Map<string, { value: string; seen: string }>();
        const written: string[] = [];
        const textOf = (id: string, field: string): string => {
          const now = said.get(id);
          if (now === undefined) return '';
          if (field === 'title') return now.title;
          return typeof now.price === 'number' ? String(now.price / 100) : now.price;
        };
        const isReadable = (id: string, field: string) =>
          field === 'title' ? said.get(id)?.title !== '' : typeof said.get(id)?.price === 'number';

        for (const [at, step] of [
          ...steps,
          { kind: 'run' as const, given: [], how: 'all' as const, killAt: null, at: 0 },
        ].entries()) {
          if (step.kind !== 'run') {
            const id = ids[step.id] ?? '';
            const key = `${id} ${step.field}`;
            const before = (await patches.ofRecord(own.id, id)).find(({ field }) => field === step.field);
            const value = step.field === 'title' ? `Corrigé ${step.value} ${at}` : String(step.value + 10);
            if (!said.has(id)) continue;
            const correction = {
              ...{ value, by: 'provider' as const, at: world.now(), why },
              source: { text: textOf(id, step.field), readable: isReadable(id, step.field) },
            };
            const isLive = before !== undefined && before.ended === null;
            if (step.kind === 'write') {
              const where = { sourceId: own.id, remoteId: id, field: step.field };
              const done = isLive
                ? await patches.replace(before, correction)
                : await patches.add({ ...where, ...correction });
              expect(done).to.equal(true);
              live.set(key, { value, seen: textOf(id, step.field) });
              written.push(`${key} ${value}`);
            } else if (isLive && step.kind === 'confirm') {
              expect(await patches.confirm(before)).to.equal(true);
            } else if (isLive) {
              expect(await patches.end(before, { how: 'withdrawn', by: 'provider', at: world.now() })).to.equal(true);
              live.delete(key);
            }
            continue;
          }
          const items =
            step.how === 'all'
              ? [...said].map(([id, now]) => record(id, { ...now, url: `https://${own.id}.example/${id}` }))
              : step.given.map(({ id, title: titleAt, price }) =>
                  record(ids[id] ?? '', {
                    title: titles[titleAt] ?? '',
                    price: prices[price] ?? 100,
                    url: `https://${own.id}.example/${ids[id]}`,
                  }),
                );
          if (step.how !== 'replay') {
            const read = step.how === 'cut' ? items.slice(0, step.at) : items;
            // A batch is of five: one that is not full when the source fails is not written.
            const kept = step.how === 'cut' ? read.slice(0, Math.floor(read.length / 5) * 5) : read;
            for (const item of kept) {
              if (item.kind === 'record')
                said.set(item.remoteId, item.raw as { title: string; price: number | string });
            }
          }
          const closing = step.how === 'changes' ? endOfChanges() : end({ deletions: 'none' });
          const whole =
            step.how === 'cut'
              ? [...items.slice(0, step.at), new SourceError('unreachable', 'Source injoignable')]
              : [...items.slice(0, 5), checkpoint(1), ...items.slice(5), closing];
          const options = {
            ...{ source: own, everything: true, settings: { gainFloor: 1_000 } },
            ...(step.how === 'replay' ? { trigger: 'replay' as const } : {}),
          };
          if (step.killAt === null || step.how === 'cut') await world.run(whole, options);
          else {
            const { id, finished } = await world.runUntilKilled(whole, { ...options, killAt: step.killAt });
            if (finished === null) await world.resume(id, whole, options);
          }
        }

        const found = [...(await patches.page(own.id, { after: null, limit: 100 }))];
        const kept = found.flatMap((patch) =>
          [patch, ...patch.past].map(({ value }) => `${patch.remoteId} ${patch.field} ${value}`),
        );
        expect(kept, 'no correction is lost').to.have.members(written);
        for (const patch of found) {
          const { remoteId, field } = patch;
          const key = `${remoteId} ${field}`;
          expect(patch.ended === null ? patch.value : undefined, key).to.equal(live.get(key)?.value);
          if (patch.ended !== null) continue;
          const now = { text: textOf(remoteId, field), readable: isReadable(remoteId, field) };
          expect(patch.seen.value, `what the source says of ${key}`).to.deep.equal(now);
        }
        const catalogue = new Map(
          (await world.courses.bySource(own.id, { limit: 100 })).map((one) => [one.remoteId, one]),
        );
        for (const [id] of said) {
          const patched = (field: string) => live.get(`${id} ${field}`)?.value;
          const valid = ['title', 'price'].every((field) => patched(field) !== undefined || isReadable(id, field));
          // A record that is not valid keeps its last valid version, if it ever had one.
          if (!valid) continue;
          const draft = catalogue.get(id)?.draft;
          const corrected = ['price', 'title'].filter((field) => patched(field) !== undefined);
          expect(
            (catalogue.get(id)?.corrections ?? []).map(({ field }) => field),
            id,
          ).to.deep.equal(corrected);
          expect(draft?.title, id).to.equal(patched('title') ?? textOf(id, 'title'));
          expect(String((draft?.price?.amount ?? 0) / 100), id).to.equal(patched('price') ?? textOf(id, 'price'));
        }
      }),
      { seed, numRuns: runs, endOnFailure: true },
    );
  });
});
