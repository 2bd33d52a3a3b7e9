/**
 * Section 6 of the product as one property: whatever happens to a source that is harvested again and again (faults, kills,
 * stops, time limits, « not modified », held runs applied or kept), its catalogue is that of a source to which nothing
 * happened, nothing is withdrawn by a run that is not complete, and both equations hold after every run and every decision.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { SourceError } from '../../src/errors.ts';
import type { SourceContext } from '../../src/harvest/connector.ts';
import {
  everyRecordCountedOnce,
  type HarvestRun,
  type HarvestSource,
  presenceAddsUp,
} from '../../src/harvest/model.ts';
import { stoppedBy } from '../../src/harvest/words.ts';
import {
  aSource,
  checkpoint,
  end,
  endOfChanges,
  type Item,
  type Listing,
  makeWorld,
  record,
  removedItem,
  unchanged,
  type World,
} from '../support/harvest-world.ts';

const settings = { gainFloor: 8 };

const told = ({ status, counters, presentBefore, presentAfter, held, causes, notModified }: HarvestRun) => ({
  ...{ status, counters, presentBefore, presentAfter, held, notModified },
  causes: causes.map(({ code, count }) => [code, count]),
});

const interruptions = ['error', 'stopped', 'stop asked elsewhere', 'time limit'] as const;

const item = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('record' as const), id: fc.nat(24), content: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removed' as const), id: fc.nat(24) }) },
);
const kills = fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 2 });
const step = fc.record({
  items: fc.array(item, { maxLength: 30 }),
  /** Whether it gives something new, what it gave last (and may say that nothing changed), or what it gave before that. */
  gives: fc.constantFrom('new', 'same', 'same', 'earlier'),
  covers: fc.constantFrom('full', 'changes'),
  /** A run before, cut after so many items. */
  cut: fc.option(fc.record({ how: fc.constantFrom(...interruptions), at: fc.nat(30) }), { freq: 4 }),
  kills,
  /** Of a held run; null leaves it undecided. */
  decision: fc.option(fc.record({ kind: fc.constantFrom('applied', 'kept'), kills }), { freq: 4 }),
  // Never a sum of seven: an hour more or less changes no grace period.
  days: fc.constantFrom(0, 2, 4, 8),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const contents = [{}, { title: 'Autre titre' }, { title: '' }, { title: 'Poterie' }];

/** Same course names in both sources: they must not see each other. */
function itemsFor(source: HarvestSource, given: Step['items'], valid = false): Item[] {
  let cursor = 0;
  return given.flatMap((each): Item | [] => {
    if (each.kind === 'removed') return valid ? [] : removedItem(`x${each.id}`);
    if (each.kind === 'record') {
      const raw = valid ? {} : contents[each.content];
      return record(`x${each.id}`, { ...raw, url: `https://${source.id}.example/${each.id}` });
    }
    cursor += 1;
    return checkpoint(cursor);
  });
}

/** One version of a catalogue, by a server that answers conditional questions. */
function listingOf(source: HarvestSource, { items, covers }: Step, etag: string): Listing {
  const explicit = covers === 'changes' || items.some(({ kind }) => kind === 'removed');
  const validators = { etag };
  const closing =
    covers === 'full' ? end({ deletions: explicit ? 'explicit' : 'by-absence', validators }) : endOfChanges();
  return async function* ({ cursor, validators: asked }: SourceContext<number>) {
    if (asked?.etag === etag) yield unchanged;
    else {
      const all = [...itemsFor(source, items), closing];
      const from = all.findIndex((one) => one.kind === 'checkpoint' && one.cursor === cursor);
      yield* all.slice(from + 1);
    }
  };
}

describe('whatever happens to a source', function () {
  this.timeout(600_000);
  let world: World;

  before(async () => {
    world = await makeWorld();
  });
  after(() => world.close());

  async function statesOf(source: HarvestSource): Promise<Map<string, string>> {
    return new Map((await world.catalogue(source.id)).map(({ remoteId, state }) => [remoteId, state]));
  }

  /** A run that is not complete takes nothing from visitors. */
  function expectNothingTaken(
    run: HarvestRun,
    before: ReadonlyMap<string, string>,
    after: ReadonlyMap<string, string>,
  ) {
    if ((run.status === 'done' || run.status === 'done-with-rejections') && !run.notModified) return;
    expect(run.counters, run.status).to.include({ missing: 0, withdrawn: 0 });
    for (const [remoteId, state] of after) {
      const was = before.get(remoteId);
      if (state === 'withdrawn' || state === 'missing')
        expect([state, 'missing'], `${run.status} ${remoteId}`).to.include(was);
    }
  }

  /** A run that something stops after so many items. */
  async function cutShort(
    source: HarvestSource,
    given: Step,
    { how, at }: NonNullable<Step['cut']>,
  ): Promise<HarvestRun> {
    const abort = new AbortController();
    const items = itemsFor(source, given.items).slice(0, at);
    const listing = async function* (context: SourceContext<number>) {
      yield* items;
      if (how === 'error') throw new SourceError('unreachable', 'Source injoignable');
      if (how === 'stopped') abort.abort(stoppedBy("l'opérateur", world.now()));
      if (how === 'stop asked elsewhere') {
        const [active] = await world.store.runs.bySource(source.id, 1);
        await world.store.runs.requestStop(active?.id ?? '', { by: "l'opérateur", at: world.now() });
      }
      // It hangs: nothing but the run's own stop ends it.
      await new Promise((_resolve, reject) => context.signal.addEventListener('abort', reject));
    };
    const pace = how === 'time limit' ? { minutes: 0.002 } : { heartbeatMs: 5 };
    const run = await world.run(listing, { source, settings: { ...settings, ...pace }, signal: abort.signal });
    const kind = {
      error: 'unreachable',
      stopped: 'stopped',
      'stop asked elsewhere': 'stopped',
      'time limit': 'time-limit',
    };
    expect(run.fault?.kind).to.equal(kind[how]);
    expect(run.status).to.be.oneOf(['failed', 'incomplete']);
    return run;
  }

  async function throughKills(source: HarvestSource, listing: Listing, times: readonly number[]): Promise<HarvestRun> {
    const options = { source, settings };
    let { id, finished } = await world.runUntilKilled(listing, { ...options, killAt: times[0] ?? 0 });
    for (const killAt of times.slice(1)) {
      if (finished !== null) break;
      finished = await world.resume(id, listing, { ...options, killAt }).catch(() => null);
    }
    return finished ?? world.resume(id, listing, options);
  }

  async function decide(run: HarvestRun, source: HarvestSource, { kind, kills: times }: NonNullable<Step['decision']>) {
    const before = await statesOf(source);
    await world.decide(run.id, source, kind, times);
    const after = await world.store.runs.byId(run.id);
    if (after === null) throw new Error('the run is gone');
    expect(after.decision?.kind).to.equal(kind);
    expect(after.status).to.equal('held');
    expect(everyRecordCountedOnce(after.counters), 'records counted once').to.equal(true);
    expect(presenceAddsUp(after.counters, after.presentBefore, after.presentAfter), 'presence').to.equal(true);
    if (kind === 'kept') expect(await statesOf(source), 'kept changes nothing').to.deep.equal(before);
    return after;
  }

  it('its catalogue is that of a source to which nothing happened, and nothing is withdrawn by surprise', async () => {
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2_147_483_647);
    const runs = Number(process.env.FC_RUNS ?? 25);
    console.log(`      seed ${seed}, ${runs} stories (FC_SEED, FC_RUNS)`);
    const met = { cut: 0, held: 0, applied: 0, kept: 0, notModified: 0, killed: 0 };
    let number = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
        number += 1;
        const calm = aSource({ id: `calm-${number}`, title: 'Calme' });
        const rough = aSource({ id: `rough-${number}`, title: 'Agitée' });
        const versions: Step[] = [];
        let version = -1;
        let interrupted = false;
        let held = false;
        /** A guard measures a run against what it found: after an interrupted run it may answer otherwise. */
        const mayDiffer = () => interrupted && held;

        for (const now of steps) {
          world.pass(now.days);
          if (now.gives === 'new' || version < 0) version = versions.push(now) - 1;
          else if (now.gives === 'earlier') version = Math.max(0, version - 1);
          const given = versions[version] ?? now;
          const etag = `"${version}"`;
          const whole = await world.run(listingOf(calm, given, etag), { source: calm, settings });
          held ||= whole.held !== null;

          if (now.cut !== null) {
            met.cut += 1;
            interrupted = true;
            const before = await statesOf(rough);
            const run = await cutShort(rough, given, now.cut);
            held ||= run.held !== null;
            expectNothingTaken(run, before, await statesOf(rough));
          }
          const before = await statesOf(rough);
          const run = await throughKills(rough, listingOf(rough, given, etag), now.kills);
          held ||= run.held !== null;
          expectNothingTaken(run, before, await statesOf(rough));
          // A resumed run reads what an attempt that nobody killed is told has not changed.
          const asked = whole.notModified === run.notModified;
          if (now.cut === null && !mayDiffer() && asked) expect(told(run)).to.deep.equal(told(whole));
          met.killed += now.kills.length;
          met.notModified += run.notModified ? 1 : 0;

          if (now.decision === null) continue;
          const [one, other] = [whole, run].map(({ status }) => status === 'held');
          if (one === true) await decide(whole, calm, { ...now.decision, kills: [] });
          if (other === true) {
            const after = await decide(run, rough, now.decision);
            met.held += 1;
            met[after.decision?.kind ?? 'kept'] += 1;
          }
        }
        if (!mayDiffer()) expect(await world.catalogue(rough.id)).to.deep.equal(await world.catalogue(calm.id));

        const last = versions[version]?.items ?? [];
        // Whatever the guards answered on the way: once the last listing is read and applied, both are the same.
        for (const source of [calm, rough]) {
          const listing = [...itemsFor(source, last, true), end()];
          for (const days of [0, 8]) {
            world.pass(days);
            const run = await world.run(listing, { source, settings, everything: true });
            if (run.status === 'held') await decide(run, source, { kind: 'applied', kills: [] });
          }
        }
        const atLast = async (source: HarvestSource) =>
          (await world.catalogue(source.id)).map(({ remoteId, state, title }) =>
            state === 'published' ? [remoteId, state, title] : [remoteId, state],
          );
        expect(await atLast(rough)).to.deep.equal(await atLast(calm));
        const listed = new Set(last.flatMap((one) => (one.kind === 'record' ? [`x${one.id}`] : [])));
        for (const [remoteId, state] of await statesOf(rough)) {
          expect(state, remoteId).to.equal(listed.has(remoteId) ? 'published' : 'withdrawn');
        }
      }),
      { seed, numRuns: runs, endOnFailure: true },
    );
    console.log(
      `      met: ${Object.entries(met)
        .map(([name, times]) => `${name} ${times}`)
        .join(', ')}`,
    );
  });
});
