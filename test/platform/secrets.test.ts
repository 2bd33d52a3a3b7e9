import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { makeSecrets, parseKey, readOrMakeKey } from '../../src/platform/secrets.ts';

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('secrets', () => {
  const key = randomBytes(32);
  const secrets = makeSecrets(key);

  it('a sealed text opens to the same text, and never seals twice the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = secrets.seal(text);
        expect(secrets.open(sealed)).to.equal(text);
        expect(secrets.seal(text)).to.not.equal(sealed);
      }),
    );
  });

  it('a sealed text shows its version and its key, and nothing of what it holds', () => {
    const sealed = secrets.seal('client_secret:hunter2');
    expect(sealed).to.match(new RegExp(`^v1\\.${secrets.keyId}\\.[\\w-]+$`));
    expect(sealed).to.not.include('hunter2');
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).to.not.include('hunter2');
    expect(sealed).to.not.include(key.toString('hex'));
  });

  it('a change of any character is detected, and the message holds neither the secret nor the sealed text', () => {
    const sealed = secrets.seal('mot-de-passe-du-partenaire');
    for (let at = 0; at < sealed.length; at += 1) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const changed = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
      const error = refusal(() => secrets.open(changed));
      expect(['SECRET_ALTERED', 'SECRET_KEY_UNKNOWN']).to.include(error.code);
      expect(`${error.message}${error.stack}`).to.not.include('partenaire').and.not.include(changed);
    }
  });

  it('a text that was cut, emptied or never sealed is refused', () => {
    const sealed = secrets.seal('x');
    for (const text of ['', 'v1', 'secret', `v1.${secrets.keyId}.`, sealed.slice(0, -4), `${sealed}.x`, `${sealed}=`]) {
      expect(refusal(() => secrets.open(text)).code, text).to.equal('SECRET_ALTERED');
    }
  });

  it('after a change of key, older texts open and are sealed again; without the older key they do not open', () => {
    const rotated = makeSecrets(randomBytes(32), [key]);
    const old = secrets.seal('jeton');
    expect(rotated.open(old)).to.equal('jeton');
    const again = rotated.reseal(old);
    expect(again.split('.')[1]).to.equal(rotated.keyId);
    expect(rotated.open(again)).to.equal('jeton');
    expect(rotated.reseal(again), 'already under the current key').to.equal(again);
    const error = refusal(() => makeSecrets(randomBytes(32)).open(old));
    expect(error.code).to.equal('SECRET_KEY_UNKNOWN');
    expect(error.publicMessage).to.not.include('jeton');
    expect(refusal(() => secrets.open(again)).code).to.equal('SECRET_KEY_UNKNOWN');
  });

  it('a signature holds for its text, its purpose and its key only', () => {
    const signature = secrets.sign('tête', '12:abc');
    expect(secrets.isSigned('tête', '12:abc', signature)).to.equal(true);
    expect(secrets.isSigned('tête', '13:abc', signature)).to.equal(false);
    expect(secrets.isSigned('autre', '12:abc', signature)).to.equal(false);
    expect(secrets.isSigned('tête', '12:abc', `${signature}x`)).to.equal(false);
    expect(secrets.isSigned('tête', '12:abc', '')).to.equal(false);
    const rotated = makeSecrets(randomBytes(32), [key]);
    expect(rotated.isSigned('tête', '12:abc', signature), 'signed before the change of key').to.equal(true);
    expect(makeSecrets(randomBytes(32)).isSigned('tête', '12:abc', signature)).to.equal(false);
  });

  it('keys for other libraries differ by purpose; the current one comes first', () => {
    const rotated = makeSecrets(randomBytes(32), [key]);
    const [current, older] = rotated.derived('sessions');
    expect(older).to.equal(secrets.derived('sessions')[0]);
    expect(current).to.not.equal(older);
    expect(secrets.derived('sessions')).to.not.deep.equal(secrets.derived('formulaires'));
    expect(secrets.derived('sessions')[0])
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(key.toString('hex'));
  });
});

describe('the key of an installation', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'en2-key-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
  const development = { configured: null, production: false };

  it('is made once, readable by its owner alone, and found again', () => {
    const folder = join(dataDir, 'data');
    const key = readOrMakeKey({ dataDir: folder, ...development });
    expect(key.length).to.equal(32);
    expect(readOrMakeKey({ dataDir: folder, ...development }).equals(key)).to.equal(true);
    expect(readdirSync(folder)).to.deep.equal(['secret.key']);
    if (process.platform !== 'win32') expect(statSync(join(folder, 'secret.key')).mode & 0o777).to.equal(0o600);
  });

  it('is the same for processes that start at once', async () => {
    const module = new URL('../../src/platform/secrets.ts', import.meta.url).href;
    const script = `const { readOrMakeKey } = await import(${JSON.stringify(module)});
      console.log(readOrMakeKey({ dataDir: ${JSON.stringify(dataDir)}, configured: null, production: false }).toString('hex'));`;
    const start = () => promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    const printed = (await Promise.all([start(), start(), start()])).map(({ stdout }) => stdout.trim());
    expect(new Set(printed).size).to.equal(1);
    expect(printed[0]).to.match(/^[0-9a-f]{64}$/);
    expect(readdirSync(dataDir)).to.deep.equal(['secret.key']);
  });

  it('must be configured in production, even beside a key file', () => {
    readOrMakeKey({ dataDir, ...development });
    const error = refusal(() => readOrMakeKey({ dataDir, configured: null, production: true }));
    expect(error.code).to.equal('SECRET_KEY_MISSING');
    expect(error.publicMessage).to.not.include(readFileSync(join(dataDir, 'secret.key'), 'utf8').trim());
  });

  it('in production nothing is written', () => {
    refusal(() => readOrMakeKey({ dataDir, configured: null, production: true }));
    expect(readdirSync(dataDir)).to.deep.equal([]);
  });

  it('is taken from the configuration first, in hexadecimal or base64', () => {
    const key = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const options = { dataDir, configured: key.toString(encoding), production: true };
      expect(readOrMakeKey(options).equals(key), encoding).to.equal(true);
    }
    expect(readdirSync(dataDir)).to.deep.equal([]);
  });

  it('is refused when it is short, typed by hand or an example, without being shown', () => {
    const typed = ['changeme', 'changemechangemechangemechangemechangeme', '0'.repeat(64), 'ab'.repeat(32), ''];
    for (const configured of typed) {
      const error = refusal(() => parseKey(configured));
      expect(error.code).to.equal('SECRET_KEY_INVALID');
      if (configured !== '') expect(`${error.message}${error.stack}`).to.not.include(configured);
    }
  });

  it('is refused from a file that others can read, or that holds something else', function () {
    if (process.platform === 'win32') this.skip();
    readOrMakeKey({ dataDir, ...development });
    const path = join(dataDir, 'secret.key');
    chmodSync(path, 0o640);
    expect(refusal(() => readOrMakeKey({ dataDir, ...development })).code).to.equal('SECRET_KEY_EXPOSED');
    chmodSync(path, 0o600);
    writeFileSync(path, 'autre chose');
    expect(refusal(() => readOrMakeKey({ dataDir, ...development })).code).to.equal('SECRET_KEY_INVALID');
  });
});
