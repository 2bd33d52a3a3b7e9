import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { heldLocks, takeLock } from '../../src/platform/lock.ts';
import { makeLog } from '../../src/platform/log.ts';
import { type Job, makeScheduler } from '../../src/platform/schedule.ts';
import { testDatabase } from '../support/database.ts';

describe('jobs and locks', () => {
  let connection: Connection;
  let drop: () => Promise<void>;
  let now = new Date('2026-11-22T08:00:00Z');
  const later = (minutes: number) => {
    now = new Date(now.getTime() + minutes * 60_000);
  };

  before(async () => {
    const database = await testDatabase();
    connection = await mongoose.createConnection(database.uri).asPromise();
    drop = async () => {
      await connection.close();
      await database.drop();
    };
  });
  after(() => drop());

  const schedulerOf = (jobs: readonly Job<null>[]) =>
    makeScheduler({ jobs, useCases: null, connection, log: makeLog('silent'), now: () => now });

  const job = (name: string, run: Job<null>['run']): Job<null> => ({
    name,
    title: 'Essai',
    schedule: '0 4 * * *',
    maxMinutes: 1,
    run,
  });

  it('a lock has one holder; it ends by itself when its holder dies, and is then lost to it', async () => {
    const first = await takeLock(connection, 'essai', 60, () => now);
    expect(first).to.not.equal(null);
    expect(await takeLock(connection, 'essai', 60, () => now)).to.equal(null);
    expect(await heldLocks(connection, ['essai', 'autre'], now)).to.deep.equal(['essai']);
    later(2);
    expect(await heldLocks(connection, ['essai'], now)).to.deep.equal([]);
    const second = await takeLock(connection, 'essai', 60, () => now);
    expect(second).to.not.equal(null);
    expect(await first?.renew()).to.equal(false);
    await first?.release();
    expect(await takeLock(connection, 'essai', 60, () => now), 'a late release frees nothing').to.equal(null);
    await second?.release();
    expect(await takeLock(connection, 'essai', 60, () => now)).to.not.equal(null);
  });

  it('many contenders at once: one gets the lock', async () => {
    const locks = await Promise.all(Array.from({ length: 12 }, () => takeLock(connection, 'course', 60, () => now)));
    expect(locks.filter((lock) => lock !== null)).to.have.length(1);
  });

  it('two processes never run one job together', async () => {
    let running = 0;
    let most = 0;
    const slow = job('lent', async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
      return { done: true };
    });
    const outcomes = await Promise.all([schedulerOf([slow]).run('lent'), schedulerOf([slow]).run('lent')]);
    expect(most).to.equal(1);
    expect(outcomes.map(({ outcome }) => outcome).sort()).to.deep.equal(['succeeded', 'taken']);
  });

  it('a failure is recorded with its message, and a success clears it', async () => {
    let fails = true;
    const scheduler = schedulerOf([
      job('fragile', async () => {
        if (fails) throw new Error('la source est vide');
        return { n: 3 };
      }),
    ]);
    expect((await scheduler.run('fragile')).outcome).to.equal('failed');
    expect((await scheduler.status())[0]?.lastError?.message).to.equal('la source est vide');
    fails = false;
    await scheduler.run('fragile');
    const [state] = await scheduler.status();
    expect(state).to.deep.include({ lastError: null, lastResult: { n: 3 }, runningSince: null });
  });

  it('a job that did not run when it should have is said to be late, until it runs', async () => {
    const scheduler = schedulerOf([job('nocturne', async () => ({}))]);
    await connection
      .collection<{ _id: string; expectedAt: Date }>('jobs')
      .insertOne({ _id: 'nocturne', expectedAt: new Date(now.getTime() - 3_600_000) });
    expect((await scheduler.status())[0]?.lateSince).to.be.instanceOf(Date);
    await scheduler.start();
    expect((await scheduler.status())[0]?.lateSince, 'a start does not hide the missed one').to.be.instanceOf(Date);
    await scheduler.run('nocturne');
    expect((await scheduler.status())[0]?.lateSince).to.equal(null);
    await scheduler.stop();
  });

  it('the mark of a killed process is not shown as running once its lock has ended', async () => {
    await connection
      .collection<{ _id: string; runningSince: Date }>('jobs')
      .insertOne({ _id: 'tué', runningSince: new Date(now.getTime() - 60_000) });
    expect((await schedulerOf([job('tué', async () => ({}))]).status())[0]?.runningSince).to.equal(null);
  });

  it('an unknown job is refused with the names of those that exist', async () => {
    let message = '';
    await schedulerOf([job('connu', async () => ({}))])
      .run('inconnu')
      .catch((error: Error) => {
        message = error.message;
      });
    expect(message).to.contain('inconnu').and.contain('connu');
  });
});
