import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { type hash, parseOptions, verify } from '@node-rs/argon2';
import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import { makePasswordHasher } from '../../src/platform/password-hash.ts';
import { errorOf } from '../support/error-of.ts';

/** Hashes that take a moment and count how many run at once. */
function counting() {
  const seen = { running: 0, most: 0, done: 0 };
  const slowly = async () => {
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    await wait(5);
    seen.running -= 1;
    seen.done += 1;
  };
  const argon: { hash: typeof hash; verify: typeof verify } = {
    hash: async () => {
      await slowly();
      return 'hash';
    },
    verify: async () => {
      await slowly();
      return true;
    },
  };
  return { seen, argon };
}

describe('password hashes', () => {
  it('are argon2id with the settings OWASP advises, salted', async () => {
    const hasher = await makePasswordHasher();
    const [one, two] = [await hasher.hash('a password'), await hasher.hash('a password')];
    expect(parseOptions(one)).to.deep.include({ algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 });
    expect(one).not.to.equal(two);
    expect(await hasher.verify(one, 'a password')).to.equal(true);
    expect(await hasher.verify(one, 'another')).to.equal(false);
    expect(hasher.isOutdated(one)).to.equal(false);
    expect((await makePasswordHasher({ timeCost: 3 })).isOutdated(one)).to.equal(true);
  });

  it('without account the same hash is computed, and nothing is ever right', async () => {
    const { seen, argon } = counting();
    const hasher = await makePasswordHasher({ memoryCost: 8, timeCost: 1 }, argon);
    expect(await hasher.verify(null, 'whatever'), 'even when the function says yes').to.equal(false);
    expect(seen.done).to.equal(1);
  });

  it('never more than two run per core, whatever the crowd; every one gets its answer', async () => {
    const { seen, argon } = counting();
    const hasher = await makePasswordHasher({}, argon);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 2 ? hasher.hash('a') : hasher.verify('h', 'a'))),
    );
    expect(seen.done).to.equal(60);
    expect(seen.most).to.be.within(1, 2 * availableParallelism());
  });

  it('a full queue refuses with when to come back, then takes again', async () => {
    const { seen, argon } = counting();
    const hasher = await makePasswordHasher({ atOnce: 2, waiting: 3 }, argon);
    const tries = await Promise.all(Array.from({ length: 9 }, () => errorOf(hasher.hash('a'))));
    const refused = tries.filter((error) => error !== null);
    expect(refused).to.have.length(4);
    for (const error of refused) {
      expect(error).to.be.instanceOf(AppError).and.include({ kind: 'too-many' });
      expect((error as AppError).details)
        .to.have.property('until')
        .that.is.a('date');
    }
    expect(seen.most).to.equal(2);
    expect(await hasher.hash('a')).to.equal('hash');
  });

  it('a hash that fails gives its turn back', async () => {
    const failing = { hash: async () => Promise.reject(new Error('no memory')), verify };
    const hasher = await makePasswordHasher({ atOnce: 1, waiting: 1 }, failing);
    for (let count = 0; count < 3; count += 1) {
      expect(await errorOf(hasher.hash('a'))).to.have.property('message', 'no memory');
    }
  });
});
