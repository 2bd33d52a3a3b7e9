import { expect } from 'chai';
import { changesBetween, kindOf, paidSince, turnedPaid } from '../../src/catalogue/model/history.ts';
import type { CourseDraft } from '../../src/catalogue/model.ts';
import { aCourse, turnedPaidAt } from '../builders/course.ts';

const euros = (amount: number) => ({ amount: amount * 100, currency: 'EUR', taxIncluded: true });

describe('the history of a course', () => {
  const { draft, access } = aCourse();
  const shown = (change: Partial<CourseDraft> = {}) => ({ draft: { ...draft, ...change }, access });
  const fields = (before: Partial<CourseDraft>, after: Partial<CourseDraft>) =>
    changesBetween(shown(before), shown(after)).map(({ field }) => field);

  it('keeps what visitors read differently, and nothing else', () => {
    expect(fields({}, {})).to.deep.equal([]);
    expect(fields({ price: euros(10) }, { price: euros(12) })).to.deep.equal(['price']);
    expect(fields({ price: null }, { price: euros(0) })).to.deep.equal(['price']);
    expect(fields({ title: 'a' }, { title: 'b' })).to.deep.equal(['title']);
    expect(fields({ description: 'a' }, { description: 'b' })).to.deep.equal(['description']);
    expect(fields({ image: null }, { image: 'https://ecole.example/i.png' })).to.deep.equal([]);
    expect(fields({ certifications: [] }, { certifications: [{ kind: 'RS', code: 'RS6604' }] })).to.deep.equal([
      'certifications',
    ]);
  });

  it('takes the same value in another order of its fields for the same value', () => {
    const other = { taxIncluded: true, currency: 'EUR', amount: 1000 };
    expect(fields({ price: euros(10) }, { price: other })).to.deep.equal([]);
    const exam = { exists: true, included: false, price: euros(5) };
    expect(fields({ exam }, { exam: { price: euros(5), included: false, exists: true } })).to.deep.equal([]);
  });

  it('a moved date is told, the state of a session that only time changes is not', () => {
    const session = {
      id: null,
      start: '2026-12-01T00:00:00Z',
      end: null,
      enrolmentStart: null,
      enrolmentEnd: null,
      datePrecision: 'day' as const,
      location: null,
      price: null,
      languages: [],
    };
    const coming = [{ ...session, state: 'coming' as const }];
    expect(fields({ sessions: coming }, { sessions: [{ ...session, state: 'open' as const }] })).to.deep.equal([]);
    const moved = [{ ...coming[0], start: '2027-01-04T00:00:00Z' }] as CourseDraft['sessions'];
    expect(fields({ sessions: coming }, { sessions: moved })).to.deep.equal(['dates']);
  });

  const paid: readonly [string, Partial<CourseDraft>, Partial<CourseDraft>, boolean][] = [
    ['a price of 0 becomes 60 €', { price: euros(0) }, { price: euros(60) }, true],
    ['free content becomes paid', { contentFree: true }, { contentFree: false }, true],
    ['free content gets a price', { contentFree: true }, { contentFree: null, price: euros(60) }, true],
    ['an unknown price becomes 60 €', { price: null }, { price: euros(60) }, false],
    ['a price rises', { price: euros(10) }, { price: euros(60) }, false],
    ['a paid course becomes free', { price: euros(60) }, { price: euros(0) }, false],
    ['free content is not said any more', { contentFree: true }, { contentFree: null }, false],
  ];
  for (const [what, before, after, expected] of paid) {
    it(`N7 ${what}: ${expected ? 'free turned paid' : 'is no such event'}`, () => {
      const start = { price: null, contentFree: null };
      const changes = changesBetween(shown({ ...start, ...before }), shown({ ...start, ...after }));
      expect(turnedPaid({ changes })).to.equal(expected);
      expect(kindOf(changes)).to.equal('price');
    });
  }

  it('N7 a course is paid since the last time that it turned so, unless it turned back, or that was before', () => {
    const day = (at: number) => new Date(Date.UTC(2026, 10, at));
    const turn = (at: number, to: 'paid' | 'free') => ({
      ...turnedPaidAt(day(at)),
      changes: changesBetween(
        shown({ price: euros(to === 'paid' ? 0 : 60) }),
        shown({ price: euros(to === 'paid' ? 60 : 0) }),
      ),
    });
    const renamed = { ...turnedPaidAt(day(9)), changes: changesBetween(shown({ title: 'a' }), shown({ title: 'b' })) };
    expect(paidSince([], day(1))).to.equal(null);
    expect(paidSince([renamed, turn(5, 'paid')], day(1))).to.deep.equal(day(5));
    expect(paidSince([renamed, turn(5, 'paid')], day(5))).to.equal(null);
    expect(paidSince([turn(7, 'free'), turn(5, 'paid')], day(1))).to.equal(null);
    expect(paidSince([turn(8, 'paid'), turn(7, 'free'), turn(5, 'paid')], day(1))).to.deep.equal(day(8));
  });

  it('a price that comes with another change is told as a price', () => {
    expect(kindOf(changesBetween(shown({ title: 'a' }), shown({ title: 'b' })))).to.equal('changed');
    expect(kindOf(changesBetween(shown({ title: 'a', price: null }), shown({ title: 'b', price: euros(5) })))).to.equal(
      'price',
    );
  });
});
