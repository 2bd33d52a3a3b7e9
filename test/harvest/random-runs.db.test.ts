/**
 * Section 6 of the product as one property: whatever happens to a source that is harvested again and again (faults, kills,
 * stops, time limits, « not modified », held runs applied or kept, records under new identifiers, identifiers that name another
 * course, courses that another source gives too, with what people answer), its catalogue is that of a source to which nothing
 * happened, nothing is withdrawn by a run that is not complete, no address of a course is ever lost, and both equations hold after
 * every run and every decision.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { makeDuplicateStore } from '../../src/catalogue/store/duplicates.ts';
import { makeDuplicateReview, makeDuplicates } from '../../src/catalogue/use-cases/duplicates.ts';
import { SourceError } from '../../src/errors.ts';
import type { SourceContext } from '../../src/harvest/connector.ts';
import { type ClaimChoice, claimChoices } from '../../src/harvest/model/claim.ts';
import { type ReuseChoice, reuseChoices } from '../../src/harvest/model/reuse.ts';
import {
  everyRecordCountedOnce,
  type HarvestRun,
  type HarvestSource,
  presenceAddsUp,
} from '../../src/harvest/model.ts';
import { stoppedBy } from '../../src/harvest/words.ts';
import { takeLock } from '../../src/platform/lock.ts';
import type { Actor } from '../../src/rights.ts';
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

const remoteId = fc.record({
  id: fc.nat(24),
  /** The course goes by another identifier: renamed, or a second session when both are given. */
  name: fc.constantFrom('', '', '', '-bis'),
});
const contents = ['same', 'retitled', 'untitled', 'not digital', 'another course'] as const;
const content = fc.constantFrom(...contents, 'same' as const);
const item = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('record' as const), is: remoteId, content }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removed' as const), is: remoteId }) },
);
const kills = fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 2 });
const step = fc.record({
  items: fc.array(item, { maxLength: 30 }),
  /**
   * Whether it gives something new, what it gave last (and may say that nothing changed), what it gave before that, or what it
   * gave last with other identifiers, or with other courses under them, for about every other record.
   */
  gives: fc.constantFrom('new', 'same', 'same', 'earlier', 'renumbered', 'reworked'),
  covers: fc.constantFrom('full', 'full', 'changes'),
  /** A run before, cut after so many items. */
  cut: fc.option(fc.record({ how: fc.constantFrom(...interruptions), at: fc.nat(30) }), { freq: 4 }),
  kills,
  /** Of a held run; null leaves it undecided. */
  decision: fc.option(fc.record({ kind: fc.constantFrom('applied', 'kept'), kills }), { freq: 4 }),
  /** What people answer at the end, of every record that asks; null: nothing yet. */
  reuse: fc.option(fc.constantFrom(...reuseChoices), { freq: 2 }),
  claim: fc.option(fc.constantFrom(...claimChoices), { freq: 2 }),
  /** A person separates what was merged with courses of the other source. */
  separates: fc.boolean(),
  // Never a sum of seven: an hour more or less changes no grace period.
  days: fc.constantFrom(0, 2, 4, 8),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the source gives after `last`: the same records, for about every other one changed. */
function changed(last: Step, now: Step): Step {
  const items = last.items.map((one) => {
    if (one.kind !== 'record' || one.is.id % 2 === now.items.length % 2) return one;
    if (now.gives === 'reworked') {
      return { ...one, content: one.content === 'another course' ? ('same' as const) : ('another course' as const) };
    }
    return { ...one, is: { ...one.is, name: one.is.name === '' ? ('-bis' as const) : ('' as const) } };
  });
  return { ...last, items, covers: now.covers };
}

const idOf = ({ id, name }: { readonly id: number; readonly name: string }) => `x${id}${name}`;

/** A course that gave its identifier to another one is known by its own id, which is drawn. */
const withoutId = (remoteId: string) => remoteId.replace(/::.*/, '::');

/** Courses that the other source of the same school gives first. */
const shared = 6;

function rawOf(source: HarvestSource, id: number, content: (typeof contents)[number]) {
  const same = { title: `Cours ${id}`, url: `https://${source.id}.example/${id}`, certification: `RS${id}` };
  switch (content) {
    case 'same':
      return same;
    case 'retitled':
      return { ...same, title: `Autre titre ${id}` };
    case 'untitled':
      return { ...same, title: '' };
    case 'not digital':
      return { ...same, title: 'Poterie' };
    case 'another course':
      return { title: `Reprise ${id}`, url: `https://${source.id}.example/reprise/${id}`, certification: `RS9${id}` };
  }
}

/** Same course names in both sources: they must not see each other. */
function itemsFor(source: HarvestSource, given: Step['items'], valid = false): Item[] {
  let cursor = 0;
  return given.flatMap((each): Item | [] => {
    if (each.kind === 'removed') return valid ? [] : removedItem(idOf(each.is));
    if (each.kind === 'record') return record(idOf(each.is), rawOf(source, each.is.id, valid ? 'same' : each.content));
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
  let duplicates: ReturnType<typeof makeDuplicates>;
  let review: ReturnType<typeof makeDuplicateReview>;
  const reviewer: Actor = { accountId: 'someone', roles: ['learner', 'reviewer'], memberships: [], strong: false };

  before(async () => {
    world = await makeWorld();
    const { connection } = world.database;
    const store = makeDuplicateStore(connection);
    await store.ensureIndexes();
    const lock = () => takeLock(connection, 'duplicates', 60);
    const parts = { duplicates: store, courses: world.courses, takeLock: lock, now: world.now };
    duplicates = makeDuplicates(parts);
    review = makeDuplicateReview({ ...parts, audit: { record: async () => {} }, rebuildPathways: async () => {} });
  });
  after(() => world.close());

  async function statesOf(source: HarvestSource): Promise<Map<string, string>> {
    return new Map((await world.catalogue(source.id)).map(({ remoteId, state }) => [remoteId, state]));
  }

  /** The identifier under which visitors saw a course first, by its id. */
  const origins = new Map<string, string>();

  /** Its catalogue, with what outlives a change of identifier; no course that was ever public is gone. */
  async function lives(source: HarvestSource) {
    const all = await world.courses.bySource(source.id, { limit: 10_000 });
    for (const { id, remoteId, firstPublishedAt } of all) {
      if (firstPublishedAt !== null && !origins.has(id)) origins.set(id, `${source.id}/${remoteId}`);
    }
    const here = new Set(all.map(({ id }) => id));
    for (const [id, origin] of origins) {
      if (origin.startsWith(`${source.id}/`)) expect(here.has(id), `${origin} keeps its address`).to.equal(true);
    }
    const told = all.map(({ id, remoteId, state, draft, mergedInto }) => ({
      ...{ remoteId: withoutId(remoteId), state, title: draft.title, merged: mergedInto !== null },
      origin: origins.get(id)?.slice(source.id.length) ?? null,
    }));
    return told.map((one) => JSON.stringify(one)).sort();
  }

  /** A run that is not complete takes nothing from visitors, but what a person said to be another course. */
  function expectNothingTaken(
    run: HarvestRun,
    before: ReadonlyMap<string, string>,
    after: ReadonlyMap<string, string>,
  ) {
    if ((run.status === 'done' || run.status === 'done-with-rejections') && !run.notModified) return;
    const answered = [...after.keys()].filter((remoteId) => remoteId.includes('::') && !before.has(remoteId)).length;
    expect(run.counters, run.status).to.include({ missing: 0, withdrawn: answered });
    for (const [remoteId, state] of after) {
      if (remoteId.includes('::')) continue;
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

  /** What follows the end of a run, then what people answer about the records of the source. */
  async function people(source: HarvestSource, run: HarvestRun, given: Pick<Step, 'reuse' | 'claim' | 'separates'>) {
    const said = { merged: 0, separated: 0, reuse: 0, claim: 0 };
    said.merged = (await duplicates.afterRun(run)).merged;
    if (given.separates) {
      const all = await world.courses.bySource(source.id, { limit: 10_000 });
      for (const { id, mergedInto } of all) {
        if (mergedInto === null) continue;
        await review.separate(reviewer, id, 'Deux niveaux');
        said.separated += 1;
      }
    }
    const everything = { skip: 0, limit: 10_000 };
    const at = world.now();
    if (given.reuse !== null) {
      for (const { remoteId, reuse } of (await world.store.records.reused(source.id, everything)).records) {
        const decision = { choice: given.reuse satisfies ReuseChoice, by: 'operator' as const, at, reason: 'Vérifié' };
        expect(await world.store.records.decideReuse(source.id, remoteId, reuse?.claim ?? '', decision)).to.equal(true);
        said.reuse += 1;
      }
    }
    if (given.claim !== null) {
      for (const { sourceId, remoteId, claim } of (await world.store.records.claiming(everything)).records) {
        if (sourceId !== source.id) continue;
        const decision = { choice: given.claim satisfies ClaimChoice, at, reason: 'Vérifié' };
        const done = await world.store.records.decideClaim(sourceId, remoteId, claim?.courseId ?? '', decision);
        expect(done).to.equal(true);
        said.claim += 1;
      }
    }
    return said;
  }

  it('its catalogue is that of a source to which nothing happened, and nothing is withdrawn by surprise', async () => {
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2_147_483_647);
    const runs = Number(process.env.FC_RUNS ?? 25);
    console.log(`      seed ${seed}, ${runs} stories (FC_SEED, FC_RUNS)`);
    const met = { cut: 0, held: 0, applied: 0, kept: 0, notModified: 0, killed: 0 };
    const said = { renamed: 0, merged: 0, separated: 0, reuse: 0, claim: 0 };
    let number = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        number += 1;
        const calm = aSource({ id: `calm-${number}`, title: 'Calme' });
        const rough = aSource({ id: `rough-${number}`, title: 'Agitée' });
        origins.clear();
        for (const { id } of [calm, rough]) {
          const first = aSource({ id: `${id}-first`, title: 'Première' });
          const given = Array.from({ length: shared }, (_, at) => record(`p${at}`, rawOf(aSource({ id }), at, 'same')));
          await world.run([...given, end()], { source: first, settings });
        }
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
          else if (now.gives !== 'same') version = versions.push(changed(versions[version] ?? now, now)) - 1;
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
            said.merged += (await duplicates.afterRun(run)).merged;
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

          if (now.decision !== null) {
            const [one, other] = [whole, run].map(({ status }) => status === 'held');
            if (one === true) await decide(whole, calm, { ...now.decision, kills: [] });
            if (other === true) {
              const after = await decide(run, rough, now.decision);
              met.held += 1;
              met[after.decision?.kind ?? 'kept'] += 1;
            }
          }
          await people(calm, whole, now);
          const here = await people(rough, run, now);
          for (const kind of ['merged', 'separated', 'reuse', 'claim'] as const) said[kind] += here[kind];
          const [lived, expected] = [await lives(rough), await lives(calm)];
          if (!mayDiffer()) expect(lived).to.deep.equal(expected);
          said.renamed += await world.courses.rejoinedBy(rough.id, run.id);
          for await (const ids of world.courses.renamedIn(rough.id, run.id)) said.renamed += ids.length;
        }

        const last = versions[version]?.items ?? [];
        // Whatever the guards answered on the way: once the last listing is read and applied, both are the same.
        for (const source of [calm, rough]) {
          const listing = [...itemsFor(source, last, true), end()];
          for (const days of [0, 8, 8]) {
            world.pass(days);
            const run = await world.run(listing, { source, settings, everything: true });
            if (run.status === 'held') await decide(run, source, { kind: 'applied', kills: [] });
            await people(source, run, { reuse: 'same', claim: 'offer', separates: false });
          }
          await lives(source);
        }
        const atLast = async (source: HarvestSource) =>
          (await world.catalogue(source.id))
            .map(({ remoteId, state, title }) => [
              withoutId(remoteId),
              state,
              ...(state === 'published' ? [title] : []),
            ])
            .sort();
        expect(await atLast(rough)).to.deep.equal(await atLast(calm));
        const listed = new Set(last.flatMap((one) => (one.kind === 'record' ? [idOf(one.is)] : [])));
        for (const [remoteId, state] of await statesOf(rough)) {
          expect(state, remoteId).to.equal(listed.has(remoteId) ? 'published' : 'withdrawn');
        }
      }),
      { seed, numRuns: runs, endOnFailure: true },
    );
    console.log(
      `      met: ${Object.entries({ ...met, ...said })
        .map(([name, times]) => `${name} ${times}`)
        .join(', ')}`,
    );
  });
});
