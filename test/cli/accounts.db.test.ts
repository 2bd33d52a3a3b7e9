/** The commands over the real stores; how a process runs them is tested with the others. */
import { expect } from 'chai';
import { Command } from 'commander';
import { accountCommands } from '../../src/cli/accounts.ts';
import { type OrganisationsWorld, openOrganisationsWorld } from '../builders/organisations.ts';

describe('accounts on the command line', () => {
  let world: OrganisationsWorld;
  before(async () => {
    world = await openOrganisationsWorld();
  });
  after(() => world.close());
  beforeEach(() => world.clear());

  /** What a command writes, and its exit code. */
  async function run(...words: string[]): Promise<{ out: string; err: string; exit: number }> {
    const program = new Command('cli');
    accountCommands(program, (_print, act) => act(world.administration));
    const written = { out: '', err: '' };
    const [out, err, exit] = [process.stdout.write, process.stderr.write, process.exitCode];
    process.stdout.write = (text) => {
      written.out += text;
      return true;
    };
    process.stderr.write = (text) => {
      written.err += text;
      return true;
    };
    process.exitCode = 0;
    try {
      await program.parseAsync(['accounts', ...words], { from: 'user' });
      return { ...written, exit: Number(process.exitCode) };
    } finally {
      process.stdout.write = out;
      process.stderr.write = err;
      process.exitCode = exit;
    }
  }

  it('makes the first operator of a fresh installation, and the trail says so', async () => {
    const ada = await world.person('Ada');
    const { out, exit } = await run('grant', 'ADA@exemple.fr', 'operator', '--json');
    expect(exit).to.equal(0);
    expect(JSON.parse(out)).to.include({ id: ada.id, email: 'ada@exemple.fr', verified: true });
    expect((await world.people.store.byId(ada.id))?.roles).to.deep.equal(['learner', 'operator']);
    const [entry] = await world.trail();
    expect(entry).to.deep.include({ act: 'account.role-granted', actor: null, target: ada.id });
    expect(entry?.details).to.deep.equal({ role: 'operator' });
  });

  it('says that the role waits for a one-time code', async () => {
    await world.person('Ada');
    const { out } = await run('grant', 'ada@exemple.fr', 'operator');
    expect(out).to.include('code à usage unique');
  });

  it('grants nothing to an unknown address, to an address not proved, nor a role that does not exist', async () => {
    await world.person('Liar', { email: { address: 'boss@exemple.fr', verifiedAt: null } });
    for (const [email, role, code, exit] of [
      ['nobody@exemple.fr', 'operator', 'UNKNOWN_ACCOUNT', 4],
      ['boss@exemple.fr', 'operator', 'ADRESSE_NON_CONFIRMEE', 5],
      ['boss@exemple.fr', 'provider-owner', 'UNKNOWN_ROLE', 2],
    ] as const) {
      const ended = await run('grant', email, role, '--json');
      expect([JSON.parse(ended.err).error.code, ended.exit]).to.deep.equal([code, exit]);
    }
    expect(await world.people.store.countWithRole('operator')).to.equal(0);
  });

  it('lists accounts, without password nor key of a code', async () => {
    expect((await run('list')).out).to.equal("Aucun compte. Créez-en un sur la page d'inscription.\n");
    await world.person('Ada');
    const { out } = await run('list', '--json');
    expect(JSON.parse(out).items).to.have.length(1);
    expect(out)
      .to.include('ada@exemple.fr')
      .and.not.match(/argon2|passwordHash|seed/);
  });
});
