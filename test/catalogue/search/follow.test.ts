import { expect } from 'chai';
import type { FedCourseIndex, IndexedCourse } from '../../../src/catalogue/search/course-index.ts';
import {
  type ChangeReader,
  type Following,
  type FollowOptions,
  followCatalogue,
} from '../../../src/catalogue/search/follow.ts';
import { frenchAnalyser } from '../../../src/catalogue/search/french.ts';
import { makeScanIndex } from '../../../src/catalogue/search/scan-index.ts';
import { anIndexedCourse } from '../../builders/indexed-course.ts';

interface Change {
  readonly id: string;
  readonly updatedAt: Date;
  readonly course: IndexedCourse | null;
}

const base = Date.parse('2026-03-01T08:00:00Z');
const dateAt = (milliseconds: number): Date => new Date(base + milliseconds);

/** A database as two lists, read as the store reads them. */
class Source implements ChangeReader {
  readonly courses = new Map<string, Change>();
  readonly removed = new Map<string, Date>();
  readonly batches: number[] = [];
  /** Ids of the courses read whole. */
  readonly asked: string[] = [];
  mostListed = 0;
  reading = 0;
  mostReading = 0;
  failures = 0;
  delayMs = 0;

  put(id: string, at: number, title = 'Cours'): void {
    const updatedAt = dateAt(at);
    this.courses.set(id, { id, updatedAt, course: anIndexedCourse({ id, title, updatedAt }) });
  }

  unlist(id: string, at: number): void {
    this.courses.set(id, { id, updatedAt: dateAt(at), course: null });
  }

  erase(id: string, at: number): void {
    this.courses.delete(id);
    this.removed.set(id, dateAt(at));
  }

  async listed(ids: readonly string[]): Promise<readonly IndexedCourse[]> {
    this.asked.push(...ids);
    this.mostListed = Math.max(this.mostListed, ids.length);
    return ids.flatMap((id) => this.courses.get(id)?.course ?? []);
  }

  async changedSince(mark: { updatedAt: Date; id: string } | null, limit: number): Promise<readonly Change[]> {
    this.reading += 1;
    this.mostReading = Math.max(this.mostReading, this.reading);
    await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    this.reading -= 1;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the database is away');
    }
    const later = ({ id, updatedAt }: Change): boolean =>
      mark === null || +updatedAt > +mark.updatedAt || (+updatedAt === +mark.updatedAt && id > mark.id);
    const found = [...this.courses.values()]
      .filter(later)
      .sort((a, b) => +a.updatedAt - +b.updatedAt || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
    this.batches.push(found.length);
    return found;
  }

  async removedSince(mark: { removedAt: Date; id: string } | null, limit: number) {
    return [...this.removed]
      .map(([id, removedAt]) => ({ id, removedAt }))
      .filter(({ removedAt }) => mark === null || +removedAt > +mark.removedAt)
      .sort((a, b) => +a.removedAt - +b.removedAt)
      .slice(0, limit);
  }
}

describe('following the catalogue', () => {
  const running: Following[] = [];
  const errors: object[] = [];

  afterEach(async () => {
    for (const following of running.splice(0)) await following.stop();
    errors.length = 0;
  });

  function follow(
    reader: ChangeReader,
    options: Partial<FollowOptions> = {},
  ): { index: FedCourseIndex; following: Following } {
    const index = makeScanIndex(frenchAnalyser, { now: () => dateAt(60_000) });
    const following = followCatalogue({
      index,
      reader,
      intervalMs: 5,
      now: () => dateAt(60_000),
      log: { error: (details) => errors.push(details) },
      ...options,
    });
    running.push(following);
    return { index, following };
  }

  async function eventually(fact: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if (await fact()) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('it never came true');
  }

  const found = async (index: FedCourseIndex, q = ''): Promise<readonly string[]> =>
    [...(await index.search({ q, filters: {}, sort: 'relevance', page: 1, facets: [] })).ids].sort();

  it('is ready after the first complete load, in bounded batches, ties of date included', async () => {
    const source = new Source();
    for (let n = 0; n < 1_234; n += 1) source.put(`c${String(n).padStart(4, '0')}`, n < 1_100 ? 0 : n);
    const { index, following } = follow(source);
    let isReady = false;
    void index.ready().then(() => {
      isReady = true;
    });
    await following.start();
    await index.ready();
    expect(isReady).to.equal(true);
    expect(index.stats().courses).to.equal(1_234);
    expect(source.batches.slice(0, 3)).to.deep.equal([500, 500, 234]);
    expect(source.mostListed).to.equal(10);
  });

  it('applies what changes, is unlisted or is erased afterwards', async () => {
    const source = new Source();
    source.put('a', 0);
    source.put('b', 0);
    source.put('c', 0);
    const { index, following } = follow(source);
    await following.start();
    source.put('a', 1_000, 'Tableur');
    source.unlist('b', 1_001);
    source.erase('c', 1_002);
    source.put('d', 1_003);
    await eventually(async () => (await found(index)).join() === 'a,d');
    expect(await found(index, 'tableur')).to.deep.equal(['a']);
  });

  it('finds a change dated a little before the last one seen', async () => {
    const source = new Source();
    source.put('a', 50_000);
    const { index, following } = follow(source);
    await following.start();
    source.put('late', 25_000);
    await eventually(async () => (await found(index)).includes('late'));
  });

  it('is not blinded by a change dated in the future', async () => {
    const source = new Source();
    source.put('a', 10_000_000);
    const { index, following } = follow(source);
    await following.start();
    source.put('b', 61_000);
    await eventually(async () => (await found(index)).includes('b'));
  });

  it('changes nothing while nothing changes', async () => {
    const source = new Source();
    source.put('a', 0);
    source.erase('z', 0);
    const { index, following } = follow(source);
    await following.start();
    const { version } = index.stats();
    const { length } = source.batches;
    await eventually(() => source.batches.length > length + 5);
    expect(index.stats().version).to.equal(version);
    expect(source.asked, 'a course seen before is not read whole again').to.deep.equal(['a']);
  });

  it('keeps a course that was written again after its deletion', async () => {
    const source = new Source();
    source.erase('a', 1_000);
    source.put('a', 2_000);
    const { index, following } = follow(source);
    await following.start();
    expect(await found(index)).to.deep.equal(['a']);
  });

  it('survives failing polls, at the start and later', async () => {
    const source = new Source();
    source.put('a', 0);
    source.failures = 2;
    const { index, following } = follow(source);
    await following.start();
    expect(errors).to.have.length(2);
    source.failures = 1;
    source.put('b', 1_000);
    await eventually(async () => (await found(index)).includes('b'));
    expect(errors).to.have.length(3);
  });

  it('never polls twice at once, and not at all once stopped', async () => {
    const source = new Source();
    source.delayMs = 15;
    const { following } = follow(source, { intervalMs: 1 });
    await following.start();
    void following.start();
    await eventually(() => source.batches.length >= 4);
    await following.stop();
    expect(source.mostReading).to.equal(1);
    const { length } = source.batches;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(source.batches.length).to.equal(length);
  });

  it('says so when it is stopped before it was ready', async () => {
    const source = new Source();
    source.failures = 1_000;
    const { following } = follow(source);
    const starting = following.start();
    await eventually(() => errors.length > 0);
    await following.stop();
    const error: unknown = await starting.catch((reason: unknown) => reason);
    expect(error).to.be.an.instanceOf(Error);
  });
});
