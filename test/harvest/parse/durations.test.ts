import { expect } from 'chai';
import { isoDurationMinutes, isoDurationWeeks } from '../../../src/harvest/parse/durations.ts';

describe('ISO 8601 durations', () => {
  const weeks: readonly (readonly [unknown, number | null])[] = [
    ['P7W', 7],
    ['p7w', 7],
    [' P6W ', 6],
    ['P1.5W', 1.5],
    ['P1,5W', 1.5],
    ['P1Y', 52],
    ['P3M', 13],
    ['P14D', 2],
    ['P1D', 0.1],
    ['P1W2D', 1.3],
    ['P0W', null],
    ['-P2W', null],
    ['P-2W', null],
    ['PT90M', null],
    ['P1WT2H', null],
    ['P', null],
    ['PT', null],
    ['P1WT', null],
    ['7 weeks', null],
    ['', null],
    [7, null],
    [null, null],
  ];
  for (const [value, expected] of weeks) {
    it(`${JSON.stringify(value)} lasts ${expected} weeks`, () => {
      expect(isoDurationWeeks(value)).to.equal(expected);
    });
  }

  const minutes: readonly (readonly [unknown, number | null])[] = [
    ['PT90M', 90],
    ['PT4H30M', 270],
    ['PT1.5H', 90],
    ['PT45S', 1],
    ['P0DT2H', 120],
    ['PT0S', null],
    ['-PT4H', null],
    ['P2DT3H', null],
    ['P7W', null],
    ['PT', null],
    [undefined, null],
  ];
  for (const [value, expected] of minutes) {
    it(`${JSON.stringify(value)} takes ${expected} minutes`, () => {
      expect(isoDurationMinutes(value)).to.equal(expected);
    });
  }
});
