import { expect } from 'chai';
import fc from 'fast-check';
import { freeText, looksLikeNir, nirRefusal } from '../src/nir.ts';

/** Invented: right key, nobody's. */
const keyOf = (thirteen: string) =>
  String(97 - (Number(thirteen.replace('2A', '19').replace('2B', '18')) % 97)).padStart(2, '0');
const mainland = '1850578006084';
const corsica = '269022A123456';

describe('social security numbers are refused (T21)', () => {
  for (const text of [
    mainland,
    `${mainland}${keyOf(mainland)}`,
    '1 85 05 78 006 084',
    `1 85 05 78 006 084 ${keyOf(mainland)}`,
    `1.85.05.78.006.084/${keyOf(mainland)}`,
    '185\u00a005\u202f78 006 084',
    corsica,
    `${corsica}${keyOf(corsica)}`,
    '2 69 02 2a 123 456',
    '2 69 02 2B 123 456',
    `1850 5780 0608 4${keyOf(mainland)}`,
    `Bonjour, mon numéro est ${mainland}, merci`,
    // What follows or comes before is not part of it.
    `${mainland} 12 rue des Lilas`,
    `12 ${mainland}`,
    `7 1 85 05 78 006 084 ${keyOf(mainland)} 3`,
    '１８５０５７８００６０８４',
    // Month unknown, born abroad, registered lately.
    '2 55 20 99 123 456',
    '7 90 12 97 411 001',
  ]) {
    it(`« ${text} »`, () => {
      expect(looksLikeNir(text)).to.equal(true);
    });
  }
});

describe('other numbers are not taken for a social security number', () => {
  for (const [what, text] of [
    ['a SIRET', '18005051400013'],
    ['a SIRET in groups', '180 050 514 00013'],
    ['a SIREN', '180050514'],
    ['fifteen digits with a wrong key', `${mainland}${keyOf(mainland) === '12' ? '13' : '12'}`],
    ['phone numbers', '01 02 03 04 05 et 06 12 34 56 78'],
    ['a list of numbers', '2 10 11 12 13 14 15'],
    ['an ISBN', '9782070612758'],
    ['a thirteenth month', '1851378006084'],
    ['no department', '1850500006084'],
    ['no commune', '1850578000084'],
    ['no order', '1850578006000'],
    ['a first digit that is no sex', '5850578006084'],
    ['an IBAN', 'FR76 3000 6000 0112 3456 7890 189'],
    ['letters around it', `ref${mainland}x`],
    ['nothing', ''],
  ] as const) {
    it(what, () => {
      expect(looksLikeNir(text)).to.equal(false);
    });
  }

  it('no SIRET of 14 digits ever is, whatever they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{14}$/), (siret) => {
        const groups = siret.replace(/^(\d{3})(\d{3})(\d{3})(\d{5})$/, '$1 $2 $3 $4');
        return !looksLikeNir(siret) && !looksLikeNir(groups);
      }),
    );
  });
});

describe('a text typed freely', () => {
  it('is refused with the sentence, and trimmed otherwise', () => {
    const schema = freeText({ max: 80 });
    expect(schema.safeParse(`  ${mainland} `).error?.issues[0]?.message).to.equal(nirRefusal);
    expect(schema.parse('  Camille Martin ')).to.equal('Camille Martin');
    expect(schema.safeParse('a'.repeat(81)).success).to.equal(false);
  });

  it('a long text made to be slow is read at once', () => {
    const started = performance.now();
    looksLikeNir('1 8'.repeat(200_000));
    looksLikeNir(`1${' '.repeat(400_000)}`);
    expect(performance.now() - started).to.be.lessThan(1_500);
  });
});
