import { expect } from 'chai';
import fc from 'fast-check';
import { instantOf, type ParsedDate, parseDate, sessionDates } from '../../../src/harvest/parse/dates.ts';

const unknown: ParsedDate = { kind: 'unknown' };
const open: ParsedDate = { kind: 'open' };
const unreadable: ParsedDate = { kind: 'unreadable' };
type Precision = 'time' | 'day' | 'month' | 'year';
const date = (instant: string, precision: Precision): ParsedDate => ({ kind: 'date', instant, precision });

describe('dates of partners', () => {
  const table: readonly (readonly [unknown, ParsedDate])[] = [
    ['2026-01-05T08:00:00Z', date('2026-01-05T08:00:00Z', 'time')],
    ['2026-01-05T08:00Z', date('2026-01-05T08:00:00Z', 'time')],
    ['2026-01-05 08:00:00+0100', date('2026-01-05T08:00:00+01:00', 'time')],
    ['2026-01-05T08:00:00.123456-05:00', date('2026-01-05T08:00:00.123-05:00', 'time')],
    ['2026-01-05T08:00:00.000z', date('2026-01-05T08:00:00Z', 'time')],
    ['2026-07-05T08:00:00', date('2026-07-05T08:00:00+02:00', 'time')],
    ['2026-12-31', date('2026-12-31T00:00:00+01:00', 'day')],
    ['2026-09-01', date('2026-09-01T00:00:00+02:00', 'day')],
    ['2026-09', date('2026-09-01T00:00:00+02:00', 'month')],
    ['2026', date('2026-01-01T00:00:00+01:00', 'year')],
    ['20260901', date('2026-09-01T00:00:00+02:00', 'day')],
    [20_260_901, date('2026-09-01T00:00:00+02:00', 'day')],
    ['20170900', date('2017-09-01T00:00:00+02:00', 'month')],
    ['20170000', date('2017-01-01T00:00:00+01:00', 'year')],
    ['2017-09-00', date('2017-09-01T00:00:00+02:00', 'month')],
    ['22/02/2024', date('2024-02-22T00:00:00+01:00', 'day')],
    ['1/9/2026', date('2026-09-01T00:00:00+02:00', 'day')],
    ['29/02/2024', date('2024-02-29T00:00:00+01:00', 'day')],
    // Placeholders for nothing.
    [null, unknown],
    [undefined, unknown],
    ['', unknown],
    [' - ', unknown],
    ['00000000', unknown],
    ['0000-00-00', unknown],
    ['0000-00-00 00:00:00', unknown],
    ['0001-01-01T00:00:00Z', unknown],
    ['1999-11-30', unknown],
    ['1999-11-30T00:00:00+01:00', unknown],
    ['30/11/1999', unknown],
    // No such limit.
    ['99999999', open],
    ['9999-12-31', open],
    ['9999-12-31T00:00:00Z', open],
    ['31/12/9999', open],
    // Not dates.
    ['2026-02-30', unreadable],
    ['31/04/2026', unreadable],
    ['20261301', unreadable],
    ['20260015', unreadable],
    ['2026-01-05T25:00:00Z', unreadable],
    ['2026-01-05T08:00:00+99:00', unreadable],
    ['45936', unreadable],
    ['bientôt', unreadable],
    ['12/31/2026', unreadable],
    [true, unreadable],
    [{}, unreadable],
    [Number.NaN, unreadable],
  ];
  for (const [value, expected] of table) {
    it(`${JSON.stringify(value)} is ${JSON.stringify(expected)}`, () => {
      expect(parseDate(value)).to.deep.equal(expected);
    });
  }

  it('has the offset of Paris for any wall time since 1996', () => {
    const paris = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Europe/Paris',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1996-06-01'), max: new Date('2037-12-31'), noInvalidDate: true }),
        (instant) => {
          const wall = paris.format(instant);
          const read = instantOf(wall.replace(' ', 'T'));
          if (read === null) throw new Error(wall);
          const apart = Math.abs(Date.parse(read) - Math.floor(instant.getTime() / 1_000) * 1_000);
          // The hour lived twice in October can be read an hour earlier.
          expect(apart === 0 || (apart === 3_600_000 && wall.includes('-10-'))).to.equal(true);
          expect(paris.format(new Date(read))).to.equal(wall);
        },
      ),
    );
  });

  for (const [wall, expected] of [
    ['2026-03-29T01:59:59', '+01:00'],
    ['2026-03-29T03:00:00', '+02:00'],
    ['2026-10-25T01:59:59', '+02:00'],
    ['2026-10-25T03:00:00', '+01:00'],
  ] as const) {
    it(`at the change of hour, ${wall} in Paris is ${expected}`, () => {
      expect(instantOf(wall)).to.equal(`${wall}${expected}`);
    });
  }
});

describe('dates of a session', () => {
  const none = { start: null, end: null, enrolmentStart: null, enrolmentEnd: null, datePrecision: 'none' };

  it('has the precision of its coarser date', () => {
    expect(sessionDates({ start: '20260901', end: '20270600' })).to.deep.equal({
      dates: {
        ...none,
        start: '2026-09-01T00:00:00+02:00',
        end: '2027-06-01T00:00:00+02:00',
        datePrecision: 'month',
      },
      unreadable: [],
      reversed: [],
    });
  });

  it('B17 has no end in year 9999 and no start in 1999-11-30: nothing to print', () => {
    const { dates } = sessionDates({ start: '1999-11-30', end: '9999-12-31', enrolmentEnd: '99999999' });
    expect(dates).to.deep.equal(none);
  });

  it('has unknown dates when its end precedes its start, and says which', () => {
    const { dates, reversed } = sessionDates({ start: '2026-09-02', end: '2026-09-01', enrolmentStart: '2026-01-01' });
    expect(dates).to.deep.equal({ ...none, enrolmentStart: '2026-01-01T00:00:00+01:00' });
    expect(reversed.map(({ field }) => field)).to.deep.equal(['end']);
  });

  it('may end on the day it starts, at any hour, and in the month or year it starts', () => {
    for (const [start, end] of [
      ['2026-09-01T14:00:00+02:00', '2026-09-01'],
      ['20260915', '20260900'],
      ['20260915', '20260000'],
    ]) {
      expect(sessionDates({ start, end }).reversed).to.deep.equal([]);
    }
  });

  it('is reversed when its end month or year is over before it starts', () => {
    expect(sessionDates({ start: '20260915', end: '20260800' }).reversed).to.have.length(1);
    expect(sessionDates({ start: '20260915', end: '20250000' }).reversed).to.have.length(1);
  });

  it('names the fields that hold no date', () => {
    expect(sessionDates({ start: 'lundi', enrolmentEnd: '32/01/2026' }).unreadable).to.deep.equal([
      'start',
      'enrolmentEnd',
    ]);
  });
});
