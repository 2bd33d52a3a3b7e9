import { expect } from 'chai';
import { type AccountsWorld, email, from, openAccountsWorld, password } from '../builders/accounts.ts';
import { errorOf } from '../support/error-of.ts';

describe('registration', () => {
  let world: AccountsWorld;
  before(async () => {
    world = await openAccountsWorld();
  });
  after(() => world.close());
  beforeEach(() => world.clear());

  const register = (given: Partial<{ email: string; password: string; displayName: string | null }> = {}) =>
    world.accounts.registration.register({ email, password, displayName: 'Ada', ...given }, from);
  const signIn = (secret = password) => world.accounts.signIn.withPassword({ email, password: secret }, from);

  it('gives an account that opens once its address is proved', async () => {
    expect(await register()).to.deep.equal({ kind: 'mail-sent' });
    expect(world.mails.map(({ to, template }) => [to, template])).to.deep.equal([[email, 'verification']]);
    expect((await signIn()).kind).to.equal('refused');
    expect(await world.accounts.registration.verify(world.lastToken())).to.equal(true);
    expect((await signIn()).kind).to.equal('signed-in');
  });

  it('keeps the consent with the words that were on the screen and the date', async () => {
    await register();
    const account = await world.store.byEmail(email);
    expect(account?.consents).to.have.length(1);
    expect(account?.consents[0]).to.include({ purpose: 'terms', withdrawnAt: null });
    expect(account?.consents[0]?.words).to.include('Données personnelles');
    expect(account?.consents[0]?.at).to.deep.equal(world.clock);
  });

  it('gives the role of a learner and none other, whatever is sent', async () => {
    const hostile = {
      roles: ['operator'],
      rightsVersion: 9,
      demo: true,
      id: 'chosen',
      oneTimeCode: { confirmedAt: 1 },
    };
    await register(hostile as object);
    const account = await world.store.byEmail(email);
    expect(account).to.deep.include({ roles: ['learner'], rightsVersion: 1, demo: false, oneTimeCode: null });
    expect(account?.id).not.to.equal('chosen');
  });

  it('stores an argon2id hash, and the password nowhere', async () => {
    await register();
    const stored = JSON.stringify(await world.connection.collection('accounts').find().toArray());
    expect(stored).to.include('$argon2id$').and.not.include(password);
  });

  for (const [refused, fault] of [
    ['onze signes', 'too-short'],
    ['é'.repeat(11), 'too-short'],
    ['😀'.repeat(11), 'too-short'],
    ['a'.repeat(129), 'too-long'],
    ['1q2w3e4r5t6y', 'common'],
    ['1Q2W3E4R5T6Y', 'common'],
    ['ADA@exemple.fr', 'own-address'],
  ] as const) {
    it(`refuses ${refused.slice(0, 14)}: ${fault}`, async () => {
      expect(await register({ password: refused })).to.deep.equal({ kind: 'refused', password: fault });
      expect(await world.store.byEmail(email)).to.equal(null);
      expect(world.mails).to.have.length(0);
    });
  }

  it('takes any twelve characters, without a rule on which', async () => {
    expect(await register({ password: 'aaaabbbbcccc' })).to.deep.equal({ kind: 'mail-sent' });
  });

  it('says the same of an address that has an account, with the same work; the mail says which', async () => {
    await world.person();
    const done = world.work.hashes;
    expect(await register({ password: 'another long password' })).to.deep.equal({ kind: 'mail-sent' });
    expect(world.work.hashes - done).to.equal(1);
    expect(world.mails.map(({ template }) => template)).to.deep.equal(['already-registered']);
    expect(await world.connection.collection('account-tokens').countDocuments(), 'one link either way').to.equal(1);
    expect((await signIn()).kind, 'the account is as it was').to.equal('signed-in');
  });

  it('who registers the address of somebody else leaves nothing in the account of its owner', async () => {
    await register({ password: 'chosen by a stranger', displayName: 'Mallory' });
    const ofStranger = world.lastToken();
    await register();
    expect(await world.accounts.registration.verify(ofStranger), 'the first link is closed').to.equal(false);
    expect(await world.accounts.registration.verify(world.lastToken())).to.equal(true);
    expect((await signIn('chosen by a stranger')).kind).to.equal('refused');
    expect((await signIn()).kind).to.equal('signed-in');
    expect((await world.store.byEmail(email))?.displayName).to.equal('Ada');
  });

  it('sent twice at the same moment, gives one account', async () => {
    await Promise.all([register(), register()]);
    expect(await world.connection.collection('accounts').countDocuments()).to.equal(1);
    expect(world.mails).to.have.length(2);
  });

  it('a link serves once, for a day', async () => {
    await register();
    const token = world.lastToken();
    const { registration } = world.accounts;
    expect(await registration.isOpen(token)).to.equal(true);
    expect(await registration.isOpen(token), 'looking does not use it').to.equal(true);
    const both = await Promise.all([registration.verify(token), registration.verify(token)]);
    expect(both.sort(), 'twice at the same moment opens once').to.deep.equal([false, true]);
    expect(await registration.verify(token)).to.equal(false);
    await world.clear();
    await register();
    world.later(24 * 60 + 1);
    expect(await registration.isOpen(world.lastToken())).to.equal(false);
    expect(await registration.verify(world.lastToken())).to.equal(false);
  });

  it('a link of another kind, or cut, opens nothing', async () => {
    await world.person();
    await world.accounts.reset.request(email, from);
    expect(await world.accounts.registration.verify(world.lastToken())).to.equal(false);
    expect(await world.accounts.registration.verify(world.lastToken().slice(1))).to.equal(false);
    expect(await world.accounts.registration.verify('')).to.equal(false);
  });

  it('the database alone does not open a link', async () => {
    await register();
    const stored = JSON.stringify(await world.connection.collection('account-tokens').find().toArray());
    expect(world.lastToken()).to.have.length(43);
    expect(stored).not.to.include(world.lastToken());
  });

  it('no mailbox is filled: five mails in a quarter of an hour', async () => {
    for (let count = 0; count < 5; count += 1) await register();
    expect(await errorOf(register())).to.include({ kind: 'too-many' });
    expect(world.mails).to.have.length(5);
  });
});

describe('a forgotten password', () => {
  let world: AccountsWorld;
  before(async () => {
    world = await openAccountsWorld();
  });
  after(() => world.close());
  beforeEach(() => world.clear());

  const fresh = 'a password made after';
  const signIn = (secret: string) => world.accounts.signIn.withPassword({ email, password: secret }, from);

  it('is chosen again through a mail; every session ends, and a mail says so', async () => {
    const { id } = await world.person();
    await world.accounts.reset.request(email, from);
    const token = world.lastToken();
    expect(await world.accounts.reset.isOpen(token)).to.equal(true);
    expect(await world.accounts.reset.choose(token, fresh)).to.deep.equal({ kind: 'done' });
    expect(world.ended).to.deep.equal([id]);
    expect((await world.store.byId(id))?.rightsVersion, 'sessions elsewhere are over too').to.equal(2);
    expect(world.mails.map(({ template }) => template)).to.deep.equal(['reset', 'password-changed']);
    expect((await signIn(password)).kind).to.equal('refused');
    expect((await signIn(fresh)).kind).to.equal('signed-in');
  });

  it('a link serves once, for an hour, and a refused password does not use it', async () => {
    await world.person();
    await world.accounts.reset.request(email, from);
    const token = world.lastToken();
    expect((await world.accounts.reset.choose(token, 'short')).kind).to.equal('refused');
    expect(await world.accounts.reset.choose(token, 'ada@exemple.fr')).to.deep.include({ password: 'own-address' });
    expect((await world.accounts.reset.choose(token, fresh)).kind).to.equal('done');
    expect((await world.accounts.reset.choose(token, 'another password again')).kind).to.equal('closed');
    expect((await signIn(fresh)).kind).to.equal('signed-in');
    await world.accounts.reset.request(email, from);
    world.later(61);
    expect((await world.accounts.reset.choose(world.lastToken(), fresh)).kind).to.equal('closed');
  });

  it('a newer link closes the older one', async () => {
    await world.person();
    await world.accounts.reset.request(email, from);
    const older = world.lastToken();
    await world.accounts.reset.request(email, from);
    expect((await world.accounts.reset.choose(older, fresh)).kind).to.equal('closed');
    expect((await world.accounts.reset.choose(world.lastToken(), fresh)).kind).to.equal('done');
  });

  it('an unknown address gets the same answer and the same work: one link, one mail', async () => {
    await world.accounts.reset.request('nobody@exemple.fr', from);
    expect(world.mails.map(({ to, template }) => [to, template])).to.deep.equal([
      ['nobody@exemple.fr', 'reset-without-account'],
    ]);
    expect(await world.connection.collection('account-tokens').countDocuments()).to.equal(1);
    for (let count = 0; count < 4; count += 1) await world.accounts.reset.request('nobody@exemple.fr', from);
    expect(await errorOf(world.accounts.reset.request('nobody@exemple.fr', from))).to.include({ kind: 'too-many' });
  });

  it('proves the address, and leaves the one-time code in place', async () => {
    const oneTimeCode = { seed: 'sealed', confirmedAt: world.clock, lastStep: null, recoveryCodes: [] };
    const { id } = await world.person({ email: { address: email, verifiedAt: null }, oneTimeCode });
    await world.accounts.reset.request(email, from);
    await world.accounts.reset.choose(world.lastToken(), fresh);
    const account = await world.store.byId(id);
    expect(account?.email?.verifiedAt).to.deep.equal(world.clock);
    expect(account?.oneTimeCode).to.deep.equal(oneTimeCode);
    expect((await signIn(fresh)).kind).to.equal('code-needed');
  });

  it('goes to the address of the account, not to one that only looks like it', async () => {
    await world.person();
    await world.accounts.reset.request('ADA@exemple.fr', from);
    expect(world.mails.at(-1)?.to).to.equal(email);
  });
});
