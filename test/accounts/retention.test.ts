import { expect } from 'chai';
import { loadRetention } from '../../src/accounts/data.ts';
import { type Expiring, makeRetention } from '../../src/accounts/use-cases/retention.ts';

const now = new Date('2026-11-22T03:40:00Z');

/** Holds dates; what a database does is tested with each store. */
function aDrawer(what: string, dates: Date[]): Expiring & { dates: Date[] } {
  return {
    what,
    dates,
    count: async (before) => dates.filter((date) => date < before).length,
    async erase(before) {
      const kept = dates.filter((date) => date >= before);
      return dates.splice(0, dates.length, ...kept).length - kept.length;
    },
  };
}

const daysAgo = (days: number, seconds = 0) => new Date(now.getTime() - days * 86_400_000 - seconds * 1_000);
const rules = loadRetention();

describe('retention', () => {
  it('states a duration, a start and a reason for each kind of thing', () => {
    expect(rules.map(({ what }) => what)).to.include.members([
      'unverified-accounts',
      'tokens',
      'invitations',
      'sessions',
      'sign-in-attempts',
      'sent-mails',
      'harvest-runs',
      'job-runs',
    ]);
    expect(rules.find(({ what }) => what === 'harvest-runs')?.days).to.equal(365);
  });

  it('erases what is past its time to the second, and nothing else', async () => {
    const drawers = rules.map(({ what, days }) =>
      aDrawer(what, [daysAgo(days, 1), daysAgo(days), daysAgo(0), daysAgo(days + 100)]),
    );
    const retention = makeRetention({ rules, expiring: drawers, now: () => now });
    const results = await retention.enforce({ dryRun: false });
    expect(results.map(({ count }) => count)).to.deep.equal(rules.map(() => 2));
    for (const { dates } of drawers) expect(dates).to.have.length(2);
    expect((await retention.enforce({ dryRun: false })).every(({ count }) => count === 0)).to.equal(true);
  });

  it('a dry run says the same counts and erases nothing', async () => {
    const drawers = rules.map(({ what, days }) => aDrawer(what, [daysAgo(days, 1)]));
    const retention = makeRetention({ rules, expiring: drawers, now: () => now });
    const results = await retention.enforce({ dryRun: true });
    expect(results.map(({ count }) => count)).to.deep.equal(rules.map(() => 1));
    for (const { dates } of drawers) expect(dates).to.have.length(1);
  });

  it('a duration that nobody enforces stops the start, and so does a thing without a duration', () => {
    const drawers = rules.map(({ what }) => aDrawer(what, []));
    const make = (expiring: readonly Expiring[]) => () => makeRetention({ rules, expiring, now: () => now });
    expect(make(drawers.slice(1))).to.throw(/unverified-accounts is stated and not enforced/);
    expect(make([...drawers, aDrawer('dreams', [])])).to.throw(/dreams expires without a stated duration/);
  });

  it('stops between two kinds of thing when it is told to', async () => {
    const drawers = rules.map(({ what, days }) => aDrawer(what, [daysAgo(days, 1)]));
    const retention = makeRetention({ rules, expiring: drawers, now: () => now });
    const stopped = retention.enforce({ dryRun: false, signal: AbortSignal.abort(new Error('arrêt')) });
    expect(await stopped.catch((error: Error) => error.message)).to.equal('arrêt');
    expect(drawers.every(({ dates }) => dates.length === 1)).to.equal(true);
  });
});
