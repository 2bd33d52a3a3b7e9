/** Reading courses back: what pages, the search index and tombstones rely on. */
import { expect } from 'chai';
import { type CourseDraft, type CourseId, unknownDraft } from '../../src/catalogue/model.ts';
import type { CourseDocument } from '../../src/catalogue/store/document.ts';
import { makeCourseWriter } from '../../src/catalogue/store/writing.ts';
import { type CourseStore, makeCourseStore } from '../../src/catalogue/store.ts';
import type { Alignment, Band } from '../../src/framework/model.ts';
import { makeWorld, type World } from '../support/harvest-world.ts';

const start = new Date('2026-11-22T08:00:00Z');
const later = (minutes: number) => new Date(start.getTime() + minutes * 60_000);

interface Given {
  readonly remoteId: string;
  readonly sourceId?: string;
  readonly provider?: string;
  readonly competence?: string;
  readonly score?: number;
  readonly level?: Band;
  readonly certification?: string;
  readonly session?: 'open' | 'closed';
  readonly free?: boolean;
  readonly at?: Date;
}

function draftOf(given: Given): CourseDraft {
  const dates = { start: null, end: null, enrolmentStart: null, enrolmentEnd: null, datePrecision: 'none' as const };
  const session = { id: null, ...dates, location: null, price: null, languages: [] };
  return {
    ...unknownDraft,
    title: `Cours ${given.remoteId}`,
    url: `https://partenaire.example/${given.remoteId}`,
    provider: { name: given.provider ?? 'École', url: null, siret: null, activityNumber: null },
    contentFree: given.free ?? null,
    sessions: given.session === undefined ? [] : [{ ...session, state: given.session }],
  };
}

function alignmentOf(given: Given): Alignment {
  const score = given.score ?? 0.9;
  return {
    digital: true,
    competences:
      given.competence === undefined ? [] : [{ code: given.competence, score, evidence: [], origin: 'inferred' }],
    level: given.level ?? null,
    certifications: given.certification === undefined ? [] : [{ code: given.certification, known: true }],
    threshold: 0.5,
    frameworkVersion: 'test',
  };
}

describe('the course store', () => {
  let world: World;
  let courses: CourseStore;

  before(async () => {
    world = await makeWorld();
    courses = world.courses;
  });
  after(() => world.close());
  beforeEach(() => world.empty());

  async function write(list: readonly Given[], store = courses): Promise<void> {
    for (const given of list) {
      const source = { id: given.sourceId ?? 's', title: 'Source', demo: false };
      const at = given.at ?? start;
      await store.write({ source, runId: 'run', now: at, origin: 'harvest' }, [
        {
          outcome: 'created',
          remoteId: given.remoteId,
          known: null,
          draft: draftOf(given),
          alignment: alignmentOf(given),
          harvestedAt: at,
        },
      ]);
    }
  }
  async function publish(list: readonly Given[]): Promise<Map<string, CourseId>> {
    await write(list);
    const found = await courses.bySource('s', { limit: 1_000 });
    for (const { id, createdAt } of found) await courses.publish([id], createdAt);
    return new Map(found.map(({ remoteId, id }) => [remoteId, id]));
  }
  const remoteIds = (list: readonly { remoteId: string }[]) => list.map(({ remoteId }) => remoteId);

  it('draws another address when one is taken, in the same batch or already stored', async () => {
    const drawn = ['00000001', '00000001', '00000002', '00000001', '00000002', '00000003'];
    const store = makeCourseStore(world.database.connection, () => drawn.shift() ?? 'none');
    await write([{ remoteId: 'a' }, { remoteId: 'b' }, { remoteId: 'c' }], store);
    const ids = (await store.bySource('s', { limit: 10 })).map(({ id }) => id);
    expect(ids).to.deep.equal(['00000001', '00000002', '00000003']);
  });

  it('gives courses in the order asked, and leaves unknown ones out', async () => {
    const ids = await publish([{ remoteId: 'a' }, { remoteId: 'b' }, { remoteId: 'c' }]);
    const asked = [ids.get('c') ?? '', 'absent00', ids.get('a') ?? ''];
    expect(remoteIds(await courses.byIds(asked))).to.deep.equal(['c', 'a']);
    expect(await courses.byId('absent00')).to.equal(null);
  });

  it('T24 a waiting or withdrawn course is in no list and no count', async () => {
    const ids = await publish([
      { remoteId: 'a', competence: '1.1' },
      { remoteId: 'b', competence: '1.1' },
    ]);
    await write([{ remoteId: 'waiting', competence: '1.1' }]);
    await courses.withdraw([ids.get('b') ?? ''], { at: later(1), reason: 'absent', detail: null });
    expect(remoteIds(await courses.byProvider('ecole', { limit: 10 }))).to.deep.equal(['a']);
    const streamed: string[] = [];
    for await (const course of courses.published()) streamed.push(course.remoteId);
    expect(streamed).to.deep.equal(['a']);
    expect(await courses.countsByCompetence()).to.deep.equal(new Map([['1.1', 1]]));
    expect(await courses.summary()).to.deep.include({ published: 1, withdrawn: 1, providers: 1, newestHarvest: start });
    expect(await courses.byId(ids.get('b') ?? ''), 'its page can still say why').to.have.property('state', 'withdrawn');
  });

  it('a missing course is still shown', async () => {
    const ids = await publish([{ remoteId: 'a' }]);
    await courses.markMissing([...ids.values()], later(1), 'run');
    expect((await courses.summary()).published).to.equal(1);
    expect(remoteIds(await courses.byProvider('ecole', { limit: 10 }))).to.deep.equal(['a']);
  });

  it('counts a course under a competence only from the threshold on', async () => {
    await publish([
      { remoteId: 'a', competence: '1.1', score: 0.5 },
      { remoteId: 'b', competence: '1.1', score: 0.49 },
    ]);
    expect((await courses.countsByCompetence()).get('1.1')).to.equal(1);
  });

  it('counts courses by access, an empty catalogue included', async () => {
    expect(await courses.summary()).to.deep.equal({
      published: 0,
      withdrawn: 0,
      newestHarvest: null,
      byAccess: { 'free-for-all': 0, 'funded-for-job-seekers': 0, 'content-free': 0, paid: 0, unknown: 0 },
      providers: 0,
    });
    await publish([{ remoteId: 'a', free: true }, { remoteId: 'b' }]);
    expect((await courses.summary()).byAccess).to.include({ 'content-free': 1, unknown: 1 });
  });

  it('reads changes page by page without losing one of the same instant, and sees a withdrawal as a change', async () => {
    const ids = await publish(['a', 'b', 'c', 'd', 'e'].map((remoteId) => ({ remoteId })));
    const seen: string[] = [];
    let watermark: Parameters<CourseStore['changedSince']>[0] = null;
    for (;;) {
      const page = await courses.changedSince(watermark, 2);
      const last = page.at(-1);
      if (last === undefined) break;
      seen.push(...page.map(({ id }) => id));
      watermark = last;
    }
    expect(seen.sort()).to.deep.equal([...ids.values()].sort());
    await courses.withdraw([ids.get('c') ?? ''], { at: later(5), reason: 'absent', detail: null });
    const changed = await courses.changedSince(watermark, 10);
    expect(changed).to.deep.equal([{ id: ids.get('c'), updatedAt: later(5) }]);
  });

  it('erasing leaves a removal mark, read page by page', async () => {
    await publish([{ remoteId: 'a' }, { remoteId: 'b' }, { remoteId: 'c' }]);
    expect(await courses.hardDelete(['s'], later(1))).to.equal(3);
    const first = await courses.removedSince(null, 2);
    const rest = await courses.removedSince(first.at(-1) ?? null, 2);
    expect([first.length, rest.length]).to.deep.equal([2, 1]);
    expect(await courses.hardDelete(['s'], later(2))).to.equal(0);
  });

  it('near a withdrawn course: same certification first, then same main competence and level, with a session open', async () => {
    const near = { competence: '3.4', level: 'foundation' as const };
    const open = { session: 'open' as const };
    const ids = await publish([
      { remoteId: 'gone', certification: 'RS1', ...near, ...open },
      { remoteId: 'level', ...near, ...open, at: later(3) },
      { remoteId: 'certified', certification: 'RS1', ...open, at: later(1) },
      { remoteId: 'closed', certification: 'RS1', ...near, session: 'closed', at: later(4) },
      { remoteId: 'other level', competence: '3.4', level: 'advanced', ...open },
      { remoteId: 'other competence', competence: '1.1', level: 'foundation', ...open },
    ]);
    const gone = await courses.byId(ids.get('gone') ?? '');
    if (gone === null) throw new Error('it was written');
    expect(remoteIds(await courses.similarTo(gone, 3))).to.deep.equal(['certified', 'level']);
    expect(remoteIds(await courses.similarTo(gone, 1))).to.deep.equal(['certified']);
  });

  it('an update of many that was in the way of another one is made again', async () => {
    await write([{ remoteId: 'a' }, { remoteId: 'b' }]);
    const { connection } = world.database;
    const refusals = [new Error('deadlock detected'), Object.assign(new Error('WriteConflict'), { code: 112 })];
    const collection = connection.getClient().db(connection.name).collection<CourseDocument>('courses');
    const busy = new Proxy(collection, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          const refusal = name === 'updateMany' ? refusals.shift() : undefined;
          if (refusal !== undefined) return Promise.reject(refusal);
          return Reflect.apply(value, target, given);
        };
      },
    });
    const none = connection.getClient().db(connection.name).collection<never>('none');
    const writer = makeCourseWriter(busy, none as never, none as never, () => 'xxxxxxxx');
    expect(await writer.publishWaiting('s', later(1))).to.equal(2);
    expect(refusals).to.deep.equal([]);
    expect((await world.catalogue('s')).map(({ state }) => state)).to.deep.equal(['published', 'published']);
  });
});
