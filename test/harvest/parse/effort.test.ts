import { expect } from 'chai';
import { type Effort, parseEffort } from '../../../src/harvest/parse/effort.ts';

const none: Effort = { minutesPerWeek: null, minutes: null, weeks: null };

describe('free text about effort', () => {
  const table: readonly (readonly [unknown, Effort | null])[] = [
    ['4-8 hours/week', { ...none, minutesPerWeek: 480 }],
    ['2–3 hours per week', { ...none, minutesPerWeek: 180 }],
    ['2 à 3 heures par semaine', { ...none, minutesPerWeek: 180 }],
    ['2h30 par semaine', { ...none, minutesPerWeek: 150 }],
    ['35h/semaine', { ...none, minutesPerWeek: 2_100 }],
    ['1 hour 30 minutes', { ...none, minutes: 90 }],
    ['1h30', { ...none, minutes: 90 }],
    ['90 min', { ...none, minutes: 90 }],
    ['9 heures', { ...none, minutes: 540 }],
    ['1,5 heure', { ...none, minutes: 90 }],
    ['08:00', { ...none, minutes: 480 }],
    ['3 semaines', { ...none, weeks: 3 }],
    ['3\u00a0semaines', { ...none, weeks: 3 }],
    ['2 mois', { ...none, weeks: 8.7 }],
    ['2 ans', { ...none, weeks: 104 }],
    ['4 weeks of study, 1-2 hours/week', { minutesPerWeek: 120, minutes: null, weeks: 4 }],
    // Not understood: never a guess.
    ['N/A', null],
    ['-', null],
    ['', null],
    ['09:08@07#04:03$06:05', null],
    ['08:75', null],
    ['1h75', null],
    ['5 jours', null],
    ['self-paced', null],
    ['4 weeks, as you like', null],
    ['about 3 hours or so', null],
    ['200 hours/week', null],
    ['0 heures', null],
    ['-2 heures', null],
    ['99999 semaines', null],
    [`${'9'.repeat(5_000)} heures`, null],
    [9, null],
    [null, null],
  ];
  for (const [value, expected] of table) {
    it(`${JSON.stringify(value)?.slice(0, 40)} gives ${JSON.stringify(expected)}`, () => {
      expect(parseEffort(value)).to.deep.equal(expected);
    });
  }
});
