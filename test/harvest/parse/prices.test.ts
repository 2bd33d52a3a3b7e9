import { expect } from 'chai';
import { parsePrice } from '../../../src/harvest/parse/prices.ts';

describe('prices of partners', () => {
  const readable: readonly (readonly [unknown, number])[] = [
    [60, 6_000],
    [0, 0],
    [19.99, 1_999],
    ['60', 6_000],
    ['60.00', 6_000],
    ['60,5', 6_050],
    ['0', 0],
    ['0.00', 0],
    ['60.0000', 6_000],
    ['1234,50 €', 123_450],
    ['€ 60', 6_000],
    ['60 EUR', 6_000],
    ['60 euros TTC', 6_000],
    ['1 234,50', 123_450],
    ['1\u00a0234,50\u00a0€', 123_450],
    ['1\u202f234.5', 123_450],
    ['1 000 000', 100_000_000],
    ['1.234,50', 123_450],
    ['1,234.50', 123_450],
    ['123.456,00', 12_345_600],
    ['1.000.000', 100_000_000],
    ["1'234.50", 123_450],
    ['Gratuit', 0],
    ['free', 0],
  ];
  for (const [value, cents] of readable) {
    it(`${JSON.stringify(value)} is ${cents} cents`, () => {
      expect(parsePrice(value)).to.deep.equal({ kind: 'price', cents });
    });
  }

  for (const value of [null, undefined, '', '  ', '-', 'N/A', 'nc', 'Non communiqué', 'nous consulter', 'sur devis']) {
    it(`${JSON.stringify(value)} is an unknown price, never 0`, () => {
      expect(parsePrice(value)).to.deep.equal({ kind: 'unknown' });
    });
  }

  const unreadable: readonly unknown[] = [
    ...['1.234', '1,200', '1.234.50', '1 2345', '12 34', '-60', '60-80 €', 'à partir de 60 €', '60 $', '60 € HT'],
    ...['soixante', '1e3', '0x10', '1000001', '19.999', -1, 1e9, Number.NaN, Number.POSITIVE_INFINITY, true, [60], {}],
  ];
  for (const value of unreadable) {
    it(`${typeof value === 'number' ? value : JSON.stringify(value)} cannot be read as one price`, () => {
      expect(parsePrice(value)).to.deep.equal({ kind: 'unreadable' });
    });
  }
});
