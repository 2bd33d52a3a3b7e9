import { expect } from 'chai';
import type { Account } from '../../src/accounts/model.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { type OrganisationsWorld, openOrganisationsWorld } from '../builders/organisations.ts';
import { errorOf } from '../support/error-of.ts';

const code = { seed: 'sealed', confirmedAt: new Date(0), lastStep: null, recoveryCodes: [] };

describe('what an operator does with accounts', () => {
  let world: OrganisationsWorld;
  let operator: Account;
  let ada: Account;
  before(async () => {
    world = await openOrganisationsWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.clear();
    operator = await world.person('Operator', { roles: ['learner', 'operator'], oneTimeCode: code });
    ada = await world.person('Ada', { oneTimeCode: code });
  });

  const me = (strong = true) => world.actor(operator, strong);
  const codeOf = async (work: Promise<unknown>) => Reflect.get(Object(await errorOf(work)), 'code');
  const rolesOf = async (account: Account) => (await world.people.store.byId(account.id))?.roles;

  const acts = (actor: Actor): readonly [string, () => Promise<unknown>][] => [
    ['list', () => world.administration.list(actor, 1)],
    ['find', () => world.administration.find(actor, 'ada@exemple.fr')],
    ['account', () => world.administration.account(actor, ada.id)],
    ['grant', () => world.administration.grant(actor, ada.id, 'operator')],
    ['takeBack', () => world.administration.takeBack(actor, operator.id, 'operator')],
    ['endSessions', () => world.administration.endSessions(actor, ada.id)],
    ['disableOneTimeCode', () => world.administration.disableOneTimeCode(actor, ada.id)],
    ['trail', () => world.administration.trail(actor, {})],
    ['verifyTrail', () => world.administration.verifyTrail(actor)],
  ];

  it('is closed to every other role, and to an operator without one-time code', async () => {
    expect(Object.keys(world.administration).sort()).to.deep.equal(
      acts(visitor)
        .map(([act]) => act)
        .sort(),
    );
    const others = await world.person('Others', { roles: ['learner', 'reviewer', 'rule-editor'] });
    for (const [actor, kind] of [
      [visitor, 'unauthenticated'],
      [await world.actor(ada, true), 'forbidden'],
      [await world.actor(others, true), 'forbidden'],
      [await me(false), 'forbidden'],
    ] as const) {
      for (const [act, work] of acts(actor)) expect(await errorOf(work()), act).to.include({ kind });
    }
    expect(await rolesOf(ada)).to.deep.equal(['learner']);
  });

  it('finds an account by its whole address, however it is spelt, or by its whole id', async () => {
    const find = async (text: string) => world.administration.find(await me(), text);
    expect(await find(' ADA@exemple.fr ')).to.equal(ada.id);
    expect(await find(ada.id)).to.equal(ada.id);
    for (const partial of ['ada@', 'exemple.fr', 'ada', ada.id.slice(0, 8), '', '.*', '$ne']) {
      expect(await find(partial), partial).to.equal(null);
    }
  });

  it('lists accounts by fifty, the most recent first', async () => {
    for (let made = 0; made < 50; made += 1) {
      world.people.later(1);
      await world.person(`Person${made}`, { createdAt: world.people.clock, passwordHash: null });
    }
    const first = await world.administration.list(await me(), 1);
    const second = await world.administration.list(await me(), 2);
    expect([first.accounts.length, first.more, second.accounts.length, second.more]).to.deep.equal([
      50,
      true,
      2,
      false,
    ]);
    expect(first.accounts[0]?.displayName).to.equal('Person49');
  });

  it('grants a role and takes it back; each raises the number of rights, so that open sessions are over', async () => {
    await world.administration.grant(await me(), ada.id, 'reviewer');
    expect(await world.people.store.byId(ada.id)).to.deep.include({ roles: ['learner', 'reviewer'], rightsVersion: 2 });
    await world.administration.takeBack(await me(), ada.id, 'reviewer');
    expect(await world.people.store.byId(ada.id)).to.deep.include({ roles: ['learner'], rightsVersion: 3 });
    // What is already so changes nothing, and ends no session.
    await world.administration.takeBack(await me(), ada.id, 'reviewer');
    expect((await world.people.store.byId(ada.id))?.rightsVersion).to.equal(3);
  });

  it('grants nothing to an address that nobody proved: anybody may have typed it', async () => {
    const liar = await world.person('Liar', { email: { address: 'boss@exemple.fr', verifiedAt: null } });
    expect(await codeOf(world.administration.grant(await me(), liar.id, 'operator'))).to.equal('ADRESSE_NON_CONFIRMEE');
    expect(await rolesOf(liar)).to.deep.equal(['learner']);
  });

  it('the last operator keeps the role; with another one, may give it up', async () => {
    expect(await codeOf(world.administration.takeBack(await me(), operator.id, 'operator'))).to.equal(
      'DERNIER_EXPLOITANT',
    );
    expect(await rolesOf(operator)).to.deep.equal(['learner', 'operator']);
    await world.administration.grant(await me(), ada.id, 'operator');
    const { rightsVersion } = await world.administration.takeBack(await me(), operator.id, 'operator');
    expect(rightsVersion).to.equal(2);
    expect(await rolesOf(operator)).to.deep.equal(['learner']);
  });

  it('two operators who leave at the same moment do not leave the site without any', async () => {
    await world.administration.grant(await me(), ada.id, 'operator');
    const [first, second] = [await me(), await world.actor(ada, true)];
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        errorOf(world.administration.takeBack(first, operator.id, 'operator')),
        errorOf(world.administration.takeBack(second, ada.id, 'operator')),
      ]);
      expect(await world.people.store.countWithRole('operator')).to.be.greaterThan(0);
      for (const account of [operator, ada]) {
        const roles = (await rolesOf(account)) ?? [];
        if (!roles.includes('operator'))
          await world.people.store.update(account.id, { roles: ['learner', 'operator'] });
      }
    }
  });

  it('removes a lost one-time code, tells its owner, and never removes the own one', async () => {
    await world.administration.disableOneTimeCode(await me(), ada.id);
    const after = await world.people.store.byId(ada.id);
    expect([after?.oneTimeCode, after?.rightsVersion]).to.deep.equal([null, 2]);
    expect(world.people.mails.map(({ to, template }) => [to, template])).to.deep.equal([
      ['ada@exemple.fr', 'one-time-code-disabled'],
    ]);
    expect(await codeOf(world.administration.disableOneTimeCode(await me(), operator.id))).to.equal('PROPRE_CODE');
    expect((await world.people.store.byId(operator.id))?.oneTimeCode).not.to.equal(null);
    expect(await codeOf(world.administration.disableOneTimeCode(await me(), ada.id))).to.equal('SANS_CODE');
  });

  it('says that a role waits for a one-time code', async () => {
    await world.administration.grant(await me(), ada.id, 'operator');
    expect((await world.administration.account(await me(), ada.id)).codeMissing).to.equal(false);
    await world.administration.disableOneTimeCode(await me(), ada.id);
    expect((await world.administration.account(await me(), ada.id)).codeMissing).to.equal(true);
  });

  it('writes every act in the trail, which is read by person and by pages, and verified', async () => {
    await world.administration.grant(await me(), ada.id, 'reviewer');
    await world.administration.takeBack(await me(), ada.id, 'reviewer');
    await world.administration.endSessions(await me(), ada.id);
    await world.administration.disableOneTimeCode(await me(), ada.id);
    await world.audit.record({ actor: null, act: 'harvest.started', target: 'demo' });
    const { entries, before } = await world.administration.trail(await me(), { about: ada.id });
    expect(before).to.equal(null);
    expect(entries.map(({ act, actor, details }) => [act, actor, details.role ?? null])).to.deep.equal([
      ['account.one-time-code-disabled', operator.id, null],
      ['account.sessions-ended', operator.id, null],
      ['account.role-removed', operator.id, 'reviewer'],
      ['account.role-granted', operator.id, 'reviewer'],
    ]);
    expect((await world.administration.trail(await me(), {})).entries).to.have.length(5);
    for (let more = 0; more < 100; more += 1) await world.audit.record({ actor: null, act: 'any', target: null });
    const newest = await world.administration.trail(await me(), {});
    expect([newest.entries.length, newest.before]).to.deep.equal([100, 6]);
    expect((await world.administration.trail(await me(), { before: 6 })).entries).to.have.length(5);
    expect(await world.administration.verifyTrail(await me())).to.include({ sound: true, entries: 105 });
    await world.people.connection
      .collection<{ _id: number }>('audit')
      .updateOne({ _id: 2 }, { $set: { actor: ada.id } });
    const { sound, faults } = await world.administration.verifyTrail(await me());
    expect([sound, faults[0]]).to.deep.equal([false, { kind: 'altered', sequence: 2, count: 1 }]);
  });
});
