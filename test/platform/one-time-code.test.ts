import { expect } from 'chai';
import {
  codeAt,
  newRecoveryCodes,
  newSeed,
  recoveryHash,
  seedAddress,
  stepOf,
} from '../../src/platform/one-time-code.ts';

// RFC 6238, appendix B: the ASCII secret 12345678901234567890, and the last six digits of its SHA-1 codes.
const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const at = (seconds: number) => new Date(seconds * 1_000);

describe('one-time codes', () => {
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
  ] as const) {
    it(`at ${seconds} s the code is ${code}`, () => {
      expect(codeAt(seed, at(seconds))).to.equal(code);
      expect(stepOf(seed, code, at(seconds))).to.equal(Math.floor(seconds / 30));
    });
  }

  it('a code is that of the present step or of one on either side', () => {
    const now = at(1_234_567_890);
    const step = Math.floor(1_234_567_890 / 30);
    const shifted = (steps: number) => stepOf(seed, codeAt(seed, at(1_234_567_890 + steps * 30)), now);
    expect([-2, -1, 0, 1, 2].map(shifted)).to.deep.equal([null, step - 1, step, step + 1, null]);
    for (const hostile of ['', '12345', 'abcdef', '0000000']) expect(stepOf(seed, hostile, now)).to.equal(null);
  });

  it('a seed is 160 bits drawn at random, opened by any application', () => {
    expect(newSeed())
      .to.match(/^[A-Z2-7]{32}$/)
      .and.not.equal(newSeed());
    const address = new URL(seedAddress(seed, 'ada@exemple.fr'));
    expect(address.protocol).to.equal('otpauth:');
    expect(Object.fromEntries(address.searchParams)).to.include({ secret: seed, digits: '6', period: '30' });
  });

  it('recovery codes are ten, each typed in any case, with or without its hyphen', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).to.equal(10);
    for (const code of codes) expect(code).to.match(/^[a-hjkmnp-z2-9]{5}-[a-hjkmnp-z2-9]{5}$/);
    expect(recoveryHash('K3M9X 7AB2C')).to.equal(recoveryHash('k3m9x-7ab2c'));
    expect(recoveryHash('k3m9x-7ab2d')).not.to.equal(recoveryHash('k3m9x-7ab2c'));
  });
});
