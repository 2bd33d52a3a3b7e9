import { expect } from 'chai';
import { freshness, silentSince } from '../../src/catalogue/model/freshness.ts';
import { courseCard } from '../../src/catalogue/view-models/card.ts';
import { aCourse, daysAgo, testNow } from '../builders/course.ts';
import { framework } from '../builders/site.ts';

describe('freshness (T29)', () => {
  for (const [days, text] of [
    [0, 'relevé le 22/11/2026'],
    [7, 'relevé le 15/11/2026'],
    [8, 'relevé il y a 8 jours'],
    [30, 'relevé il y a 30 jours'],
    [31, 'donnée ancienne : relevée le 22/10/2026'],
  ] as const) {
    it(`says « ${text} » after ${days} days`, () => {
      expect(freshness(daysAgo(days), testNow)).to.equal(text);
    });
  }

  it('adds since when a failing source is silent', () => {
    const course = aCourse({ harvestedAt: daysAgo(9) });
    const card = courseCard(course, {
      now: testNow,
      bands: framework.bands,
      failing: new Map([[course.sourceId, daysAgo(3)]]),
    });
    expect(card.freshness).to.equal('relevé il y a 9 jours ; la source ne répond plus depuis le 19/11/2026');
    expect(silentSince(daysAgo(3))).to.equal('la source ne répond plus depuis le 19/11/2026');
  });
});
