/** Figures of the whole catalogue: when they are counted, and how old those shown meanwhile may be. */
import { expect } from 'chai';
import { rememberPerVersion } from '../../src/catalogue/use-cases/figures.ts';
import { deferred } from '../../src/platform/deferred.ts';
import { errorOf } from '../support/error-of.ts';

describe('figures of the catalogue', () => {
  let at: number;
  let version: number;
  /** How long each count takes. */
  let takesMs: number;
  let counts: number;
  let failure: Error | null;
  /** A count ends when this does. */
  let gate: Promise<void>;
  let figures: () => Promise<number>;

  beforeEach(() => {
    at = 0;
    version = 1;
    takesMs = 0;
    counts = 0;
    failure = null;
    gate = Promise.resolve();
    figures = rememberPerVersion({ index: { stats: () => ({ version }) }, now: () => new Date(at) }, async () => {
      await gate;
      at += takesMs;
      if (failure !== null) throw failure;
      counts += 1;
      return counts;
    });
  });

  /** Lets a count that nobody waits for end. */
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('are counted once for all who ask, and again when the index changed', async () => {
    expect(await Promise.all([figures(), figures()])).to.deep.equal([1, 1]);
    at += 29_000;
    expect(await figures()).to.equal(1);
    version += 1;
    expect(await figures(), 'a quick count is waited for').to.equal(2);
  });

  it('of a catalogue that grew large keep nobody waiting, however quick the count before was', async () => {
    await figures();
    version += 1;
    at += 1_000;
    const { promise, resolve } = deferred<void>();
    gate = promise;
    expect(await Promise.all([figures(), figures()])).to.deep.equal([1, 1]);
    resolve();
    await nextTurn();
    expect(await figures()).to.equal(2);
  });

  it('are counted again after half a minute', async () => {
    await figures();
    at += 30_000;
    expect(await figures()).to.equal(2);
  });

  it('that take long to count are shown as they were meanwhile, and not counted all the time', async () => {
    takesMs = 100;
    expect(await figures()).to.equal(1);
    version += 1;
    at += 1_000;
    expect(await figures(), 'counted a moment ago').to.equal(1);
    expect(counts).to.equal(1);
    at += 1_000;
    const { promise, resolve } = deferred<void>();
    gate = promise;
    expect(await figures(), 'as they were').to.equal(1);
    resolve();
    await nextTurn();
    expect(await figures(), 'as they are').to.equal(2);
  });

  it('are never shown as they were a minute ago', async () => {
    takesMs = 100;
    await figures();
    at += 60_000;
    expect(await figures()).to.equal(2);
  });

  it('that cannot be counted are those before for a while, then the failure is told', async () => {
    takesMs = 100;
    await figures();
    failure = new Error('away');
    version += 1;
    at += 10_000;
    expect(await figures()).to.equal(1);
    await nextTurn();
    at += 60_000;
    expect(await errorOf(figures())).to.equal(failure);
    failure = null;
    expect(await figures()).to.equal(2);
  });
});
