import { expect } from 'chai';
import { AppError } from '../../src/errors.ts';
import { type AccountsWorld, email, from, openAccountsWorld, password } from '../builders/accounts.ts';
import { errorOf } from '../support/error-of.ts';

describe('sign-in by password', () => {
  let world: AccountsWorld;
  before(async () => {
    world = await openAccountsWorld();
  });
  after(() => world.close());
  beforeEach(() => world.clear());

  const signIn = (given: { email?: string; password?: string } = {}, address = from.address) =>
    world.accounts.signIn.withPassword({ email, password, ...given }, { address });
  const fail = () => signIn({ password: 'not this one at all' });

  it('opens with the right password, however the address is spelt', async () => {
    const { id } = await world.person();
    const outcome = await signIn({ email: ' ADA@exemple.FR ' });
    expect(outcome).to.deep.equal({ kind: 'signed-in', accountId: id, rightsVersion: 1, strong: false });
    expect((await world.store.byId(id))?.lastSignInAt).to.deep.equal(world.clock);
    expect(world.acts).to.deep.equal([{ actor: id, act: 'session.opened' }]);
  });

  it('an accent typed on two keyboards is one password', async () => {
    await world.person({ passwordHash: await world.parts.passwords.hash('été à la campagne'.normalize('NFD')) });
    expect((await signIn({ password: 'été à la campagne'.normalize('NFC') })).kind).to.equal('signed-in');
  });

  it('a wrong password, an unknown address and an address not yet proved: one answer, one hash each', async () => {
    await world.person();
    await world.person({ id: 'b', email: { address: 'grace@exemple.fr', verifiedAt: null } });
    await world.person({ id: 'c', email: { address: 'linus@exemple.fr', verifiedAt: null }, passwordHash: null });
    for (const given of [
      { password: 'not this one at all' },
      { email: 'nobody@exemple.fr' },
      { email: 'grace@exemple.fr' },
      { email: 'linus@exemple.fr' },
    ]) {
      const done = world.work.verifications;
      expect(await signIn(given)).to.deep.equal({ kind: 'refused' });
      expect(world.work.verifications - done, given.email ?? 'wrong password').to.equal(1);
    }
    expect(world.acts, 'nothing more is written for one that exists').to.deep.equal([]);
  });

  it('five wrong passwords close an account for a quarter of an hour, the right one too', async () => {
    await world.person();
    for (let count = 0; count < 5; count += 1) expect((await fail()).kind).to.equal('refused');
    const refused = await errorOf(signIn());
    expect(refused).to.be.instanceOf(AppError).and.include({ kind: 'too-many' });
    expect((refused as AppError).details).to.deep.equal({ until: new Date(world.clock.getTime() + 15 * 60_000) });
    world.later(14.9);
    expect(await errorOf(signIn())).to.include({ kind: 'too-many' });
    world.later(0.2);
    expect((await signIn()).kind).to.equal('signed-in');
  });

  it('an address that nobody has is limited like another: the limit says nothing', async () => {
    const unknown = () => signIn({ email: 'nobody@exemple.fr' });
    for (let count = 0; count < 5; count += 1) expect((await unknown()).kind).to.equal('refused');
    expect(await errorOf(unknown())).to.include({ kind: 'too-many' });
  });

  it('tries sent at the same moment are counted like the others', async () => {
    await world.person();
    const done = world.work.verifications;
    const tries = await Promise.allSettled(Array.from({ length: 20 }, fail));
    expect(tries.filter(({ status }) => status === 'fulfilled').length).to.be.at.most(5);
    expect(world.work.verifications - done).to.be.at.most(5);
  });

  it('a restart forgets no try', async () => {
    await world.person();
    for (let count = 0; count < 5; count += 1) await fail();
    const { makeAttemptStore } = await import('../../src/accounts/store/attempts.ts');
    const { makeAccounts } = await import('../../src/accounts/use-cases.ts');
    world.connection.deleteModel('SignInAttempt');
    const attempts = makeAttemptStore(world.connection, 'a secret of the tests');
    const restarted = makeAccounts({ ...world.parts, attempts });
    expect(await errorOf(restarted.signIn.withPassword({ email, password }, from))).to.include({ kind: 'too-many' });
  });

  it('thirty tries from one address of the network close it, whatever the accounts; another one stays open', async () => {
    await world.person();
    for (let count = 0; count < 30; count += 1) await signIn({ email: `p${count}@exemple.fr` });
    expect(await errorOf(signIn())).to.include({ kind: 'too-many' });
    expect((await signIn({}, '192.0.2.2')).kind).to.equal('signed-in');
  });

  it('the right password takes its tries back: people of one office do not close it for each other', async () => {
    await world.person();
    for (let count = 0; count < 40; count += 1) expect((await signIn()).kind).to.equal('signed-in');
    for (let count = 0; count < 4; count += 1) await fail();
    await signIn();
    for (let count = 0; count < 4; count += 1) expect((await fail()).kind).to.equal('refused');
  });

  it('neither the address of a person nor that of the network is readable in what is counted', async () => {
    await fail();
    const stored = JSON.stringify(await world.connection.collection('sign-in-attempts').find().toArray());
    expect(stored).to.have.length.greaterThan(50);
    expect(stored).not.to.include('ada').and.not.to.include('192.0.2');
  });

  it('a hash made with older settings is made again at the next sign-in, and opens as before', async () => {
    const { makePasswordHasher } = await import('../../src/platform/password-hash.ts');
    const older = await makePasswordHasher({ memoryCost: 16, timeCost: 2 });
    const { id } = await world.person({ passwordHash: await older.hash(password) });
    await signIn();
    const { passwordHash } = (await world.store.byId(id)) ?? {};
    expect(passwordHash).to.include('m=8,t=1');
    expect((await signIn()).kind).to.equal('signed-in');
    expect((await world.store.byId(id))?.passwordHash, 'once').to.equal(passwordHash);
  });

  it('an object is not an address nor a password', async () => {
    await world.person();
    for (const hostile of [{ $gt: '' }, { $ne: null }, ['ada@exemple.fr'], null, 7]) {
      const asEmail = { email: hostile, password } as unknown as { email: string };
      const asPassword = { password: hostile } as unknown as { password: string };
      expect(await errorOf(signIn(asEmail)), 'email').to.have.property('name', 'ZodError');
      expect(await errorOf(signIn(asPassword)), 'password').to.have.property('name', 'ZodError');
    }
  });
});
