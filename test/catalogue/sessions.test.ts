import { expect } from 'chai';
import { datesOf, enrolmentText, inOrder, paceText, stateAt } from '../../src/catalogue/model/sessions.ts';
import type { Session } from '../../src/catalogue/model.ts';
import { aSession, selfPaced, testNow } from '../builders/course.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const text = (...sessions: Partial<Session>[]) => plain(enrolmentText(sessions.map(aSession), testNow).text);

describe('sessions', () => {
  it('say until when one may enrol', () => {
    expect(text({ enrolmentEnd: '2026-12-01T00:00:00Z' })).to.equal("Inscriptions ouvertes jusqu'au 1er décembre 2026");
  });

  it('count the last day of enrolment whole', () => {
    expect(stateAt(aSession({ enrolmentEnd: '2026-11-22T00:00:00Z' }), testNow)).to.equal('open');
    expect(stateAt(aSession({ enrolmentEnd: '2026-11-21T00:00:00Z' }), testNow)).to.equal('closed');
  });

  it('say from when one may enrol', () => {
    expect(text({ enrolmentStart: '2027-01-04T00:00:00Z', state: 'coming' })).to.equal(
      'Les inscriptions ouvrent le 4 janvier 2027',
    );
  });

  it('close with time, whatever the source said', () => {
    expect(text({ start: '2026-01-05T08:00:00Z', end: '2026-03-01T08:00:00Z' })).to.equal('Inscriptions fermées');
  });

  it('say that no date is announced', () => {
    expect(text()).to.equal('Aucune date annoncée.');
  });

  it('T41: never print a placeholder date', () => {
    for (const date of ['0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z', '1970-01-01T00:00:00Z']) {
      const session = aSession({ start: date, end: date });
      expect(datesOf(session)).to.include({ start: null, end: null });
      expect(paceText(session)).to.equal('à votre rythme');
    }
  });

  it('are as exact as the source was', () => {
    const start = '2027-01-01T00:00:00Z';
    expect(paceText(aSession({ start, datePrecision: 'day' }))).to.equal('début le 01/01/2027');
    expect(plain(paceText(aSession({ start, datePrecision: 'month' })) ?? '')).to.equal('début en janvier 2027');
    expect(paceText(aSession({ start, datePrecision: 'year' }))).to.equal('début en 2027');
  });

  it('stand open first, then coming, closed last', () => {
    const closed = aSession({ id: 'closed', state: 'closed' });
    const coming = aSession({ id: 'coming', state: 'coming' });
    const open = { ...selfPaced, id: 'open' };
    expect(inOrder([closed, coming, open], testNow).map(({ id }) => id)).to.deep.equal(['open', 'coming', 'closed']);
  });
});
