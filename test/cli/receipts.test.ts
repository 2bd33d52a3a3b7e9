/** `keys …`, `eligibility batch` and `eligibility verify` as a person runs them: one process per command, one after another. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('receipts on the command line', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'en2-receipts-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  function cli(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, DATA_DIR: join(folder, 'data'), DEMO: 'false', LOG_LEVEL: 'warn' },
    });
    const written = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      written.err += text;
    });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...written })));
  }

  it('batch answers each line, and ends with 1 when one cannot be read', async () => {
    const { code, out } = await cli('eligibility', 'batch', file('liste.csv', 'code\nRNCP37674\n37674\n'), '--json');
    expect(code).to.equal(1);
    const { reponses, total } = JSON.parse(out);
    expect(total).to.equal(2);
    expect(reponses[1].raison.code).to.equal('E_CERTIFICATION_AMBIGUE');
  });

  it('a rotation gives a new key beside the former one; a text that is no receipt is not valid', async () => {
    const shown = async () => JSON.parse((await cli('keys', 'show', '--json')).out);
    const before = await shown();
    const { code, out } = await cli('keys', 'rotate', '--json');
    expect(code).to.equal(0);
    const after = await shown();
    const kids = after.keys.map(({ kid }: { kid: string }) => kid);
    expect(kids).to.include.members([JSON.parse(out).kid, ...before.keys.map(({ kid }: { kid: string }) => kid)]);
    const jwks = file('jwks.json', JSON.stringify(after));
    const refused = await cli('eligibility', 'verify', file('recu.json', '{"code":"V-0"}'), '--jwks', jwks, '--json');
    expect(refused.code).to.equal(1);
    expect(JSON.parse(refused.out).valid).to.equal(false);
  });
});
