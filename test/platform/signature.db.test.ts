import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type Database, openDatabase } from '../../src/platform/mongo.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { makeSigner, readSigned, type Signer } from '../../src/platform/signature.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('signed texts', () => {
  const key = randomBytes(32);
  let clock = new Date('2026-11-22T09:00:00Z');
  let test: TestDatabase;
  let database: Database;
  const signerWith = (secrets = makeSecrets(key)): Signer =>
    makeSigner(database.connection, { secrets, now: () => clock });
  const keys = () => database.connection.collection('signing_keys');

  before(async () => {
    test = await testDatabase();
    database = await openDatabase({ mongodbUri: test.uri, dataDir: '' });
  });
  beforeEach(async () => {
    await keys().deleteMany({});
    await signerWith().ensureIndexes();
  });
  after(async () => {
    await database?.close();
    await test?.drop();
  });

  it('a text comes back whole with the public keys alone, and names its key', async () => {
    const signer = signerWith();
    const jws = await signer.sign('{"é":"œ"}');
    const read = await readSigned(jws, await signer.jwks());
    expect(read).to.deep.include({ ok: true, text: '{"é":"œ"}', retiredAt: null });
  });

  it('gives no private part away, and stores it sealed', async () => {
    const signer = signerWith();
    await signer.sign('x');
    const { keys: published } = await signer.jwks();
    expect(Object.keys(published[0] ?? {}).sort()).to.deep.equal(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const stored = await keys().findOne({});
    expect(String(stored?.privateKey)).to.match(/^v1\./);
    expect(JSON.stringify(stored)).not.to.contain('"d"');
  });

  it('says what is wrong: altered text, altered signature, unknown key, another key under its name, no JWS', async () => {
    const signer = signerWith();
    const jws = await signer.sign('{"answer":"non"}');
    const [head = '', , signature = ''] = jws.split('.');
    const jwks = await signer.jwks();
    const forged = `${head}.${Buffer.from('{"answer":"oui"}').toString('base64url')}.${signature}`;
    const fault = async (text: string, given = jwks) => {
      const read = await readSigned(text, given);
      return read.ok ? null : read.fault;
    };
    expect(await fault(forged)).to.equal('altered');
    expect(await fault(`${jws.slice(0, -4)}AAAA`)).to.equal('altered');
    expect(await fault(jws, { keys: [] })).to.equal('unknown-key');
    const kid = jwks.keys[0]?.kid ?? '';
    await keys().deleteMany({});
    const other = (await signerWith().jwks()).keys[0];
    if (other === undefined) throw new Error('no key');
    expect(await fault(jws, { keys: [{ ...other, kid }] })).to.equal('wrong-key');
    for (const text of ['', 'abc', 'a.b.c', `${jws}.x`, 'eyJhbGciOiJub25lIn0.e30.'])
      expect(await fault(text), text).to.equal('malformed');
  });

  it('no unsigned text and no other algorithm is accepted', async () => {
    const signer = signerWith();
    const { keys: published } = await signer.jwks();
    const kid = published[0]?.kid ?? '';
    for (const alg of ['none', 'HS256', 'RS256']) {
      const head = Buffer.from(JSON.stringify({ alg, kid })).toString('base64url');
      const read = await readSigned(`${head}.${Buffer.from('{}').toString('base64url')}.AAAA`, { keys: published });
      expect(read.ok, alg).to.equal(false);
    }
  });

  it('after a rotation the former key verifies what it signed, is marked with its end, and signs nothing any more', async () => {
    const signer = signerWith();
    const before = await signer.sign('before');
    clock = new Date('2026-12-01T00:00:00Z');
    const { kid, retired } = await signer.rotate();
    const after = await signer.sign('after');
    const jwks = await signer.jwks();
    expect(jwks.keys.map((one) => one.kid)).to.have.members([kid, retired]);
    expect(await readSigned(before, jwks)).to.deep.include({ ok: true, kid: retired, retiredAt: clock });
    expect(await readSigned(after, jwks)).to.deep.include({ ok: true, kid, retiredAt: null });
    expect(await keys().countDocuments({ privateKey: { $ne: null } })).to.equal(1);
  });

  it('a signer of another process takes the new key at once', async () => {
    const [one, other] = [signerWith(), signerWith()];
    await other.sign('warm');
    const { kid } = await one.rotate();
    expect(await readSigned(await other.sign('x'), await one.jwks())).to.deep.include({ ok: true, kid });
  });

  it('two first signatures at once make one key', async () => {
    const signers = Array.from({ length: 8 }, () => signerWith());
    await Promise.all(signers.map((signer) => signer.sign('x')));
    expect(await keys().countDocuments({})).to.equal(1);
  });

  it('after a change of the key of the installation the private key is sealed again, and the former key can go', async () => {
    const jws = await signerWith().sign('x');
    const fresh = randomBytes(32);
    expect(await signerWith(makeSecrets(fresh, [key])).reseal()).to.equal(1);
    const signer = signerWith(makeSecrets(fresh));
    expect((await readSigned(await signer.sign('y'), await signer.jwks())).ok).to.equal(true);
    expect((await readSigned(jws, await signer.jwks())).ok).to.equal(true);
  });
});
