import { expect } from 'chai';
import { readDossier } from '../../src/eligibility/model/dossier.ts';
import { readVerification } from '../../src/funding/model/verification.ts';
import { type KeysGiven, readSigned } from '../../src/platform/signature.ts';
import { type FundingWorld, openFundingWorld } from '../builders/funding-world.ts';

describe('a receipt verified without us', function () {
  this.timeout(30_000);
  let world: FundingWorld;
  before(async () => {
    world = await openFundingWorld();
  });
  beforeEach(() => world.clear());
  after(() => world?.close());

  async function issued() {
    const about = await world.verdicts.aimOf('cours:fwndab1e', '2026-11-22');
    if (about === null) throw new Error('no aim');
    const read = readDossier({ date: '2026-11-22', action: about.action, organisme: about.organisme });
    if (!read.ok) throw new Error('refused');
    const { code } = await world.verdicts.receipts.issue({
      dossier: read.dossier,
      about,
      balanceIncluded: false,
      by: null,
    });
    const reading = await world.verdicts.receipts.read(code);
    if (reading.kind !== 'receipt') throw new Error(reading.kind);
    return reading.page;
  }
  async function verdictOn(given: string, keys: KeysGiven) {
    const found = await readVerification(given, (jws) => readSigned(jws, keys));
    return found.valid ? 'valid' : found.fault;
  }

  it('is authentic as JSON or as its signature alone, and after its key was retired', async () => {
    const { jws, receipt } = await issued();
    expect(await verdictOn(jws, await world.signer.jwks())).to.equal('valid');
    world.clock = new Date('2027-01-01T00:00:00Z');
    await world.signer.rotate();
    expect(await verdictOn(JSON.stringify({ receipt, jws }), await world.signer.jwks())).to.equal('valid');
  });

  it('says what is wrong with it', async () => {
    const { jws, receipt } = await issued();
    const keys = await world.signer.jwks();
    const [head, , signature] = jws.split('.');
    const forged = `${head}.${Buffer.from(JSON.stringify(receipt)).toString('base64url').slice(0, -2)}AA.${signature}`;
    expect(await verdictOn(forged, keys)).to.equal('altered');
    expect(await verdictOn(JSON.stringify({ receipt: { ...receipt, date: '2026-01-01' }, jws }), keys)).to.equal(
      'readable-part-differs',
    );
    expect(await verdictOn(jws, { keys: [] })).to.equal('unknown-key');
    expect(await verdictOn('{"a":1}', keys)).to.equal('not-a-receipt');
    const retired = { keys: keys.keys.map((key) => ({ ...key, retiredAt: '2026-01-01T00:00:00.000Z' })) };
    expect(await verdictOn(jws, retired)).to.equal('retired-key');
  });
});
