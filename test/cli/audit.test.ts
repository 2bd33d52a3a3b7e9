/** `audit verify` on a data directory of its own, sound then tampered with, as an operator would run it on a copy. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command } from 'commander';
import { auditCommands } from '../../src/cli/audit.ts';
import { readConfig } from '../../src/config.ts';
import { makeAudit } from '../../src/platform/audit.ts';
import { openDatabase } from '../../src/platform/mongo.ts';
import { makeSecrets, readOrMakeKey } from '../../src/platform/secrets.ts';

describe('audit verify', function () {
  this.timeout(60_000);
  let dataDir: string;
  const written = 6;

  async function inDatabase(
    act: (connection: Awaited<ReturnType<typeof openDatabase>>['connection']) => Promise<void>,
  ) {
    const database = await openDatabase({ mongodbUri: null, dataDir });
    try {
      await act(database.connection);
    } finally {
      await database.close();
    }
  }

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-audit-'));
    await inDatabase(async (connection) => {
      const secrets = makeSecrets(readOrMakeKey({ dataDir, configured: null, production: false }));
      const audit = makeAudit(connection, { secrets, now: () => new Date() });
      for (let n = 1; n <= written; n += 1) {
        await audit.record({ actor: null, act: 'account.created', target: `a${n}`, details: { n } });
      }
    });
  });
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  async function verify(...options: string[]): Promise<{ out: string; exit: number }> {
    const program = new Command('cli');
    auditCommands(program, () => readConfig({ DATA_DIR: dataDir, DEMO: 'false', LOG_LEVEL: 'silent' }));
    const [write, exitCode] = [process.stdout.write, process.exitCode];
    let out = '';
    process.stdout.write = (text) => {
      out += text;
      return true;
    };
    process.exitCode = 0;
    try {
      await program.parseAsync(['audit', 'verify', ...options], { from: 'user' });
      return { out, exit: Number(process.exitCode) };
    } finally {
      process.stdout.write = write;
      process.exitCode = exitCode;
    }
  }

  it('says that a sound trail is sound, with the entry to note elsewhere', async () => {
    const { out, exit } = await verify();
    expect(exit).to.equal(0);
    expect(out)
      .to.include('6 entrées.')
      .and.match(/n° 6, empreinte [0-9a-f]{64}/)
      .and.include('intacte');
    expect(JSON.parse((await verify('--json')).out)).to.deep.include({ entries: 6, sound: true, faults: [] });
  });

  it('ends with 1 on a tampered copy, and says which entries', async () => {
    await inDatabase(async (connection) => {
      const entries = connection.collection<{ _id: number }>('audit');
      await entries.updateOne({ _id: 2 }, { $set: { target: 'somebody-else' } });
      await entries.deleteMany({ _id: { $in: [4, 5] } });
      await entries.deleteOne({ _id: 6 });
    });
    const { out, exit } = await verify();
    expect(exit).to.equal(1);
    expect(out).to.include('Entrée 2 : altérée.').and.include('Entrées 4 à 6 : retirées.').and.not.include('intacte');
    const json = await verify('--json');
    expect(json.exit).to.equal(1);
    expect(JSON.parse(json.out).faults).to.deep.equal([
      { kind: 'altered', sequence: 2, count: 1 },
      { kind: 'removed', sequence: 4, count: 3 },
    ]);
  });
});
