import { expect } from 'chai';
import fc from 'fast-check';
import { parseActivityNumber, parseCertification, parseSiret, subjectCode } from '../../../src/harvest/parse/codes.ts';

describe('codes of certifications', () => {
  for (const value of [
    'RNCP37674',
    'rncp 37674',
    'RNCP-37674',
    'RNCP n° 37674',
    'Fiche RNCP n°37674',
    ' RNCP037674 ',
  ]) {
    it(`${value} is RNCP37674`, () => {
      expect(parseCertification(value)).to.deep.equal({
        kind: 'code',
        certification: { kind: 'RNCP', code: 'RNCP37674' },
      });
    });
  }

  it('B28 a bare number needs its register, and what is written wins over it', () => {
    expect(parseCertification('474')).to.deep.equal({ kind: 'ambiguous' });
    expect(parseCertification('474', 'RNCP')).to.deep.equal({
      kind: 'code',
      certification: { kind: 'RNCP', code: 'RNCP474' },
    });
    expect(parseCertification(5080, 'RS')).to.deep.equal({
      kind: 'code',
      certification: { kind: 'RS', code: 'RS5080' },
    });
    expect(parseCertification('RS 6604', 'RNCP')).to.deep.equal({
      kind: 'code',
      certification: { kind: 'RS', code: 'RS6604' },
    });
  });

  it('placeholders are no code, and other text is unreadable', () => {
    for (const value of [null, undefined, '', '-', '0'])
      expect(parseCertification(value)).to.deep.equal({ kind: 'unknown' });
    for (const value of ['BTS', 'RNCP', 'RNCP1234567', 'CPF200', '37674 37675']) {
      expect(parseCertification(value, 'RNCP')).to.deep.equal({ kind: 'unreadable' });
    }
  });
});

describe('SIRET, also damaged by a spreadsheet (B18)', () => {
  const table: readonly (readonly [unknown, ReturnType<typeof parseSiret>])[] = [
    ['73282932000074', { kind: 'siret', siret: '73282932000074' }],
    ['732 829 320 00074', { kind: 'siret', siret: '73282932000074' }],
    [73_282_932_000_074, { kind: 'siret', siret: '73282932000074' }],
    // La Poste: the head office passes the common key, the establishments have a digit sum that is a multiple of 5.
    ['35600000000048', { kind: 'siret', siret: '35600000000048' }],
    ['35600000009075', { kind: 'siret', siret: '35600000009075' }],
    ['35600000009076', { kind: 'refused', cause: 'clé de contrôle fausse' }],
    ['73282932000075', { kind: 'refused', cause: 'clé de contrôle fausse' }],
    ['00000000000000', { kind: 'refused', cause: 'clé de contrôle fausse' }],
    ['7,95E+13', { kind: 'refused', cause: 'arrondi par un tableur' }],
    ['7.95123E+13', { kind: 'refused', cause: 'arrondi par un tableur' }],
    ['3282932000074', { kind: 'refused', cause: '14 chiffres attendus, 13 reçus' }],
    ['siret', { kind: 'refused', cause: '14 chiffres attendus, 0 reçus' }],
    ['', { kind: 'unknown' }],
    ['-', { kind: 'unknown' }],
    [null, { kind: 'unknown' }],
  ];
  for (const [value, expected] of table) {
    it(`${JSON.stringify(value)} gives ${JSON.stringify(expected)}`, () => {
      expect(parseSiret(value)).to.deep.equal(expected);
    });
  }

  it('any single wrong digit is seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 13 }), fc.integer({ min: 1, max: 9 }), (at, shift) => {
        const digits = [...'73282932000074'];
        digits[at] = String((Number(digits[at]) + shift) % 10);
        expect(parseSiret(digits.join('')).kind).to.equal('refused');
      }),
    );
  });
});

describe('declaration numbers and subjects', () => {
  it('a declaration number has 11 digits; zeros and nines are placeholders', () => {
    expect(parseActivityNumber('11 75 12345 75')).to.deep.equal({ kind: 'number', number: '11751234575' });
    for (const value of ['', '-', null, '99999999999', '00000000000']) {
      expect(parseActivityNumber(value)).to.deep.equal({ kind: 'unknown' });
    }
    for (const value of ['1175123457', '117512345751', 'AB751234575']) {
      expect(parseActivityNumber(value)).to.deep.equal({ kind: 'refused' });
    }
  });

  it('a subject code has the shape of its scheme', () => {
    expect(subjectCode('FORMACODE', ' 34582 ')).to.equal('34582');
    expect(subjectCode('NSF', 326)).to.equal('326');
    expect(subjectCode('ROME', 'm1805')).to.equal('M1805');
    for (const [scheme, value] of [
      ['FORMACODE', '3458'],
      ['NSF', '3260'],
      ['ROME', '1805'],
      ['ROME', null],
    ] as const) {
      expect(subjectCode(scheme, value)).to.equal(null);
    }
  });
});
