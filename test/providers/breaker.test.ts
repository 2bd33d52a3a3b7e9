import { expect } from 'chai';
import type { HarvestRun } from '../../src/harvest/model.ts';
import { breakerOf } from '../../src/providers/model/breaker.ts';
import type { Source } from '../../src/providers/model.ts';
import { makeDue } from '../../src/providers/use-cases/due.ts';
import { aSource } from '../support/harvest-world.ts';

type Judged = Parameters<typeof breakerOf>[0][number];

const on = (day: number) => new Date(Date.UTC(2026, 10, day, 4));
const failedOn = (day: number, kind = 'unreachable'): Judged => ({
  status: 'failed',
  fault: { kind, message: 'Source injoignable', url: null },
  endedAt: on(day),
});
const endedOn = (day: number, status: HarvestRun['status']): Judged => ({ status, fault: null, endedAt: on(day) });

describe('the circuit breaker of a source', () => {
  it('opens at the third failure in a row, not before', () => {
    expect(breakerOf([])).to.equal(null);
    expect(breakerOf([failedOn(2), failedOn(1)])).to.equal(null);
    expect(breakerOf([failedOn(3), failedOn(2), failedOn(1)])).to.deep.equal({
      failures: 3,
      since: on(1),
      until: new Date(on(4).getTime() - 3_600_000),
      cause: 'Source injoignable',
    });
  });

  it('waits twice as long at each failure more, seven days at most, and is ready for the hour of the schedule', () => {
    const days = [3, 4, 5, 6, 7, 8].map((failures) => {
      const runs = Array.from({ length: failures }, (_, at) => failedOn(20 - at));
      return ((breakerOf(runs)?.until.getTime() ?? 0) + 3_600_000 - on(20).getTime()) / 86_400_000;
    });
    expect(days).to.deep.equal([1, 2, 4, 7, 7, 7]);
  });

  it('closes as soon as the source answers, whatever the answer', () => {
    const before = [failedOn(3), failedOn(2), failedOn(1)];
    for (const status of ['done', 'done-with-rejections', 'held', 'incomplete'] as const) {
      expect(breakerOf([endedOn(4, status), ...before]), status).to.equal(null);
    }
  });

  it('is not opened by a catalogue that answers and cannot be read', () => {
    for (const kind of ['malformed', 'changed', 'too-large', 'stopped', 'time-limit', 'settings', 'platform']) {
      expect(breakerOf([failedOn(3, kind), failedOn(2, kind), failedOn(1, kind)]), kind).to.equal(null);
    }
    for (const kind of ['unreachable', 'timed-out', 'refused']) {
      expect(breakerOf([failedOn(3, kind), failedOn(2, kind), failedOn(1, kind)]), kind).to.not.equal(null);
    }
  });

  it('does not look at runs that were skipped or go on', () => {
    const running: Judged = { status: 'running', fault: null, endedAt: null };
    const runs = [running, failedOn(3), endedOn(3, 'skipped'), failedOn(2), failedOn(1)];
    expect(breakerOf(runs)?.failures).to.equal(3);
  });
});

describe('the sources that the schedule asks', () => {
  const run = (sourceId: string, day: number, fault: HarvestRun['fault']): HarvestRun =>
    ({
      sourceId,
      status: fault === null ? 'done' : 'failed',
      fault,
      startedAt: on(day),
      endedAt: on(day),
    }) as HarvestRun;
  const down = { kind: 'unreachable', message: 'Source injoignable', url: null };
  const runs: Readonly<Record<string, readonly HarvestRun[]>> = {
    answers: [run('answers', 3, null)],
    fails: [run('fails', 3, down), run('fails', 2, down), run('fails', 1, down), run('fails', 0, down)],
    never: [],
  };
  const dueAt = (now: Date) =>
    makeDue({
      sources: async () =>
        Object.keys(runs).map((id) => ({ ...aSource({ id }), state: 'active', rhythm: 'daily' }) as Source),
      harvest: {
        status: async () => Object.values(runs).flatMap((list) => list.slice(0, 1)),
        runsOf: async (id) => runs[id] ?? [],
      },
      now: () => now,
    });
  const idsAt = async (now: Date) => (await dueAt(now).dueSources()).map(({ id }) => id);

  it('a source that was never read, and those whose rhythm is over; a failing one when its wait is over', async () => {
    expect(await idsAt(on(3))).to.deep.equal(['never']);
    expect(await idsAt(on(4))).to.deep.equal(['answers', 'never']);
    expect(await idsAt(on(5))).to.deep.equal(['answers', 'fails', 'never']);
  });

  it('says of each source that is left alone since when, why, and until when', async () => {
    const open = await dueAt(on(4)).openBreakers(Object.keys(runs));
    expect([...open.keys()]).to.deep.equal(['fails']);
    expect(open.get('fails')).to.include({ failures: 4, cause: 'Source injoignable' });
  });
});
