import { expect } from 'chai';
import { type DemoAccounts, makeDemoAccounts } from '../../src/accounts/demo.ts';
import { makeActors } from '../../src/accounts/use-cases/actor.ts';
import { makeSignIn } from '../../src/accounts/use-cases/sign-in.ts';
import { can, rolesWithOneTimeCode } from '../../src/rights.ts';
import { openPersonalDataWorld, type PersonalDataWorld } from '../builders/personal-data.ts';

describe('demonstration accounts', () => {
  let world: PersonalDataWorld;
  let demo: DemoAccounts;
  let ids = 0;

  before(async () => {
    world = await openPersonalDataWorld();
    demo = makeDemoAccounts({
      accounts: world.accounts,
      organisations: world.organisations,
      passwords: world.passwords,
      secrets: world.secrets,
      erase: (id) => world.personalData.erase(id, { by: null, tell: false }),
      newId: () => {
        ids += 1;
        return `demo-${ids}`;
      },
      now: () => world.clock,
    });
  });
  after(() => world.close());
  beforeEach(async () => {
    for (const { name } of await world.connection.listCollections()) {
      await world.connection.collection(name).deleteMany({});
    }
    await demo.plant();
  });

  const from = { address: '192.0.2.1' };
  const signIn = () => makeSignIn({ ...world, now: () => world.clock });
  const idOf = async (email: string) => (await world.accounts.byEmail(email))?.id ?? '';

  async function actorOf({ email, password, code }: { email: string; password: string; code: string | null }) {
    let outcome:
      | Awaited<ReturnType<ReturnType<typeof signIn>['withCode']>>
      | Awaited<ReturnType<ReturnType<typeof signIn>['withPassword']>> = await signIn().withPassword(
      { email, password },
      from,
    );
    if (outcome.kind === 'code-needed') {
      const pending = { ...outcome, at: world.clock.getTime(), next: '/' };
      outcome = await signIn().withCode(pending, code ?? '', from);
    }
    expect(outcome.kind, email).to.equal('signed-in');
    if (outcome.kind !== 'signed-in') throw new Error('refused');
    const { membershipsOf } = world.organisations;
    const actor = await makeActors({ accounts: world.accounts, membershipsOf }).actorFor(outcome);
    if (actor === null) throw new Error('no actor');
    return actor;
  }

  it('open every role but the visitor with what the page shows, codes included', async () => {
    const shown = await demo.shown();
    const actors = await Promise.all(shown.map(actorOf));
    expect(new Set(actors.flatMap(({ roles }) => roles))).to.deep.equal(
      new Set(['learner', 'provider-owner', 'provider-member', 'funder-member', 'rule-editor', 'reviewer', 'operator']),
    );
    for (const actor of actors) {
      const demands = actor.roles.some((role) => rolesWithOneTimeCode.includes(role));
      expect(actor.strong).to.equal(demands);
    }
    expect(actors.filter((actor) => can(actor, 'users:manage'))).to.have.length(1);
  });

  it('are planted once, however often the server starts', async () => {
    const before = await demo.shown();
    const ids = await world.accounts.demoIds();
    await Promise.all([demo.plant(), demo.plant()]);
    expect(await demo.shown()).to.deep.equal(before);
    expect(await world.accounts.demoIds()).to.have.members([...ids]);
    expect((await world.organisations.byId('demo-organisme'))?.members).to.have.length(2);
  });

  it('what a visitor changed is put back at the next start, and the sessions of before are over', async () => {
    const id = await idOf('exploitation@demo.example');
    const version = (await world.accounts.byId(id))?.rightsVersion ?? 0;
    await world.accounts.update(id, {
      passwordHash: await world.passwords.hash('le mot de passe de quelqu’un'),
      oneTimeCode: null,
      roles: ['learner'],
    });
    await world.personalData.erase(await idOf('apprenant@demo.example'), { by: null, tell: false });
    expect(await demo.shown()).to.have.length(7);
    await demo.plant();
    const shown = await demo.shown();
    expect(shown).to.have.length(8);
    for (const each of shown) await actorOf(each);
    expect((await world.accounts.byId(id))?.rightsVersion).to.be.greaterThan(version);
  });

  it('a funder planted before funders were checked is accepted at the next start', async () => {
    const organisations = world.connection.collection('organisations');
    await organisations.updateMany({}, { $unset: { approval: 1 } });
    expect((await world.organisations.byId('demo-financeur'))?.approval?.state).to.equal('waiting');
    await demo.plant();
    expect((await world.organisations.byId('demo-financeur'))?.approval?.state).to.equal('accepted');
    expect((await world.organisations.byId('demo-organisme'))?.approval).to.equal(null);
    const actors = await Promise.all((await demo.shown()).map(actorOf));
    expect(actors.filter((actor) => can(actor, 'verdicts:check'))).to.have.length(1);
  });

  it('an account that somebody else opened under such an address gives way', async () => {
    await demo.eraseAll();
    const squatter = await world.person({ email: { address: 'membre@demo.example', verifiedAt: null } });
    await demo.plant();
    expect(await world.accounts.byId(squatter.id)).to.equal(null);
    expect((await world.accounts.byEmail('membre@demo.example'))?.demo).to.equal(true);
  });

  it('are erased with their organisations, renamed ones too, and nobody else', async () => {
    const ada = await world.person();
    await world.accounts.update(await idOf('relecture@demo.example'), {
      email: { address: 'autre@exemple.fr', verifiedAt: world.clock },
    });
    await world.organisations.changeMembers('demo-financeur', ({ members }) => [
      ...members,
      { accountId: ada.id, owner: false, since: world.clock },
    ]);
    expect(await demo.eraseAll()).to.equal(8);
    expect(await demo.shown()).to.deep.equal([]);
    const left = await world.accounts.list({ skip: 0, limit: 10 });
    expect(left.map(({ id }) => id)).to.deep.equal([ada.id]);
    expect(await world.connection.collection('organisations').countDocuments()).to.equal(0);
    expect(await world.mail.pending()).to.deep.equal([]);
    expect(await demo.eraseAll()).to.equal(0);
  });
});
