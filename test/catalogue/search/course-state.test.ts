import { expect } from 'chai';
import { parisDay, runDaysOf, startKey, stateScore, stateWeights } from '../../../src/catalogue/search/course-state.ts';
import { aRun } from '../../builders/indexed-course.ts';

const today = parisDay(new Date('2026-03-15T12:00:00Z'));
type Dates = Parameters<typeof aRun>[0];
const score = (...runs: Dates[]): number =>
  stateScore(
    runs.map((run) => runDaysOf(aRun(run))),
    today,
  );
const key = (...runs: Dates[]): number =>
  startKey(
    runs.map((run) => runDaysOf(aRun(run))),
    today,
  );

describe('the state of a course', () => {
  const cases: readonly (readonly [string, keyof typeof stateWeights, Dates])[] = [
    ['going on, enrolment open', 'ongoingOpen', { start: '2026-03-01', enrolmentEnd: '2026-04-01' }],
    ['always open', 'ongoingOpen', { state: 'open' }],
    ['going on until today, open', 'ongoingOpen', { start: '2026-03-01', end: '2026-03-15', state: 'open' }],
    ['future, enrolment open', 'futureOpen', { start: '2026-04-01', enrolmentStart: '2026-03-15' }],
    [
      'finished, enrolment still open',
      'finishedOpen',
      { start: '2026-01-01', end: '2026-03-14', enrolmentEnd: '2026-06-01' },
    ],
    ['future, not yet open', 'futureNotYetOpen', { start: '2026-09-01', enrolmentStart: '2026-03-16' }],
    ['coming, without dates', 'futureNotYetOpen', { state: 'coming' }],
    ['future, already closed', 'futureClosed', { start: '2026-04-01', enrolmentEnd: '2026-03-14', state: 'open' }],
    ['future, said closed', 'futureClosed', { start: '2026-04-01', enrolmentEnd: '2026-03-20', state: 'closed' }],
    ['going on, closed', 'ongoingClosed', { start: '2026-03-01', end: '2026-06-01', enrolmentEnd: '2026-03-02' }],
    ['archived', 'archived', { start: '2025-01-01', end: '2025-02-01' }],
    ['closed, without dates', 'archived', { state: 'closed' }],
    ['nothing known', 'unknown', {}],
    ['going on, enrolment not said', 'unknown', { start: '2026-03-01' }],
  ];
  for (const [what, weight, run] of cases) {
    it(`${what}: ${stateWeights[weight]} and a nearness of at most one`, () => {
      expect(score(run)).to.be.within(stateWeights[weight], stateWeights[weight] + 1);
    });
  }

  it('without any run is unknown, not closed', () => {
    expect(score()).to.equal(stateWeights.unknown);
  });

  it('is that of its best run', () => {
    const open: Dates = { start: '2026-03-01', enrolmentEnd: '2026-04-01' };
    expect(score({ start: '2025-01-01', end: '2025-02-01' }, open)).to.equal(score(open));
  });

  it('is worth more when the date that counts is nearer', () => {
    const pairs: readonly (readonly [Dates, Dates])[] = [
      [
        { start: '2026-03-01', enrolmentEnd: '2026-03-20' },
        { start: '2026-03-01', enrolmentEnd: '2026-06-20' },
      ],
      [
        { start: '2026-04-01', state: 'open' },
        { start: '2026-06-01', state: 'open' },
      ],
      [
        { start: '2026-04-01', state: 'closed' },
        { start: '2026-06-01', state: 'closed' },
      ],
      [
        { start: '2025-01-01', end: '2026-03-01' },
        { start: '2025-01-01', end: '2025-03-01' },
      ],
      [{ start: '2026-03-01', enrolmentEnd: '2026-06-20' }, { state: 'open' }],
    ];
    for (const [near, far] of pairs) expect(score(near)).to.be.above(score(far));
  });

  it('changes at midnight in Paris, in winter and in summer', () => {
    const day = (text: string): number => parisDay(new Date(text));
    expect(day('2026-01-10T22:59:59Z') + 1).to.equal(day('2026-01-10T23:00:00Z'));
    expect(day('2026-07-10T21:59:59Z') + 1).to.equal(day('2026-07-10T22:00:00Z'));
    expect(day('1970-01-01T12:00:00Z')).to.equal(0);
  });

  it('ignores a date that is none', () => {
    expect(score({ start: 'rubbish' })).to.equal(stateWeights.unknown);
  });

  it('by start puts today before coming, coming before past, the latest past first, unknown last', () => {
    const keys = [
      key({ state: 'open' }),
      key({ start: '2026-04-01' }, { start: '2025-01-01', end: '2025-02-01' }),
      key({ start: '2026-05-01' }),
      key({ start: '2025-06-01', end: '2025-07-01' }),
      key({ start: '2025-01-01', end: '2025-07-01' }),
      key(),
    ];
    expect(keys).to.deep.equal([...keys].sort((a, b) => a - b));
    expect(new Set(keys).size).to.equal(keys.length);
    expect(key()).to.equal(Number.POSITIVE_INFINITY);
  });
});
