import { expect } from 'chai';
import fc from 'fast-check';
import {
  clock,
  count,
  daysBetween,
  duration,
  french,
  listed,
  longDate,
  money,
  number,
  shortDate,
} from '../../src/platform/web/format.ts';

const nbsp = '\u00a0';
const plain = (text: string) => text.replaceAll(nbsp, ' ');

describe('what is written in French', () => {
  it('dates are those of Paris', () => {
    expect(shortDate(new Date('2026-11-21T23:30:00Z'))).to.equal('22/11/2026');
    expect(plain(longDate(new Date('2028-02-01T12:00:00Z')))).to.equal('1er février 2028');
    expect(plain(longDate(new Date('2026-11-21T12:00:00Z')))).to.equal('21 novembre 2026');
    expect(plain(clock(new Date('2026-07-01T07:05:00Z')))).to.equal('9 h 05');
  });

  it('the day of an instant is that of the calendar, also when another instant of its hour was asked for before', () => {
    const calendar = new Intl.DateTimeFormat('fr-FR', {
      timeZone: 'Europe/Paris',
      day: '2-digit',
      month: '2-digit',
      year: 'numeric',
    });
    // Midnights of both offsets, and the days before 12 March 1911, when midnight was at no whole hour.
    const near = fc.constantFrom('2026-03-28T22:00:00Z', '2026-10-24T21:00:00Z', '1911-03-09T23:00:00Z');
    const seconds = fc.integer({ min: 0, max: 3 * 86_400 });
    fc.assert(
      fc.property(near, seconds, (from, later) => {
        const date = new Date(Date.parse(from) + later * 1_000);
        expect(shortDate(date)).to.equal(calendar.format(date));
      }),
      { numRuns: 3_000 },
    );
  });

  it('days are counted over midnights of Paris, clock changes included', () => {
    expect(daysBetween(new Date('2026-10-24T23:00:00Z'), new Date('2026-10-26T00:30:00Z'))).to.equal(1);
    expect(daysBetween(new Date('2026-11-22T00:00:00Z'), new Date('2026-11-22T22:00:00Z'))).to.equal(0);
  });

  it('amounts have decimals only when they need them, and spaces that do not break', () => {
    expect(money({ amount: 154_680, currency: 'EUR' })).to.equal(`1${nbsp}546,80${nbsp}€`);
    expect(money({ amount: 15_000, currency: 'EUR' })).to.equal(`150${nbsp}€`);
    expect(money({ amount: 5, currency: 'EUR' })).to.equal(`0,05${nbsp}€`);
    expect(money({ amount: 123_456_700, currency: 'USD' })).to.equal(`1${nbsp}234${nbsp}567${nbsp}USD`);
  });

  it('the plural starts at two', () => {
    expect([0, 1, 1.5, 2].map((value) => plain(count(value, 'étape')))).to.deep.equal([
      '0 étape',
      '1 étape',
      '1,5 étape',
      '2 étapes',
    ]);
    expect(plain(count(1_846, 'cours', 'cours'))).to.equal('1 846 cours');
    expect(plain(number(-1_234))).to.equal('−1 234');
  });

  it('durations are read, not decoded', () => {
    expect([45, 60, 90, 599, 4_230].map((minutes) => plain(duration(minutes)))).to.deep.equal([
      '45 min',
      '1 h',
      '1 h 30',
      '9 h 59',
      '70 h',
    ]);
  });

  it('lists end with « et »', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).to.deep.equal(['', 'a', 'a, b et c']);
  });

  it('a line never starts with a sign that belongs to the word before', () => {
    expect(french('Où ? « Ici » : 3 %')).to.equal(`Où${nbsp}? «${nbsp}Ici${nbsp}»${nbsp}: 3${nbsp}%`);
  });
});
