import { expect } from 'chai';
import { certificationPrices } from '../../src/catalogue/view-models/certification-prices.ts';
import { aCourse, aDraft, daysAgo, euros, testNow } from '../builders/course.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const rowsOf = (courses: ReturnType<typeof aCourse>[], total = courses.length) =>
  Object.fromEntries(
    certificationPrices({ courses, total }, testNow, 'à calculer').rows.map(({ label, text }) => [label, plain(text)]),
  );
const noCertificate = { type: 'none' as const, free: null, included: null, price: null };
const noExam = { exists: false, included: null, price: null };
const priced = (amount: number | null, days: number) =>
  aCourse({
    draft: aDraft({
      price: amount === null ? null : euros(amount),
      contentFree: amount === null ? null : amount === 0,
      certificate: noCertificate,
      exam: noExam,
      sessions: [],
    }),
    harvestedAt: daysAgo(days),
  });

describe('price block of a certification', () => {
  it('prints what its courses cost as a range with the oldest date, and counts the others apart', () => {
    expect(rowsOf([priced(1200, 2), priced(450, 5), priced(900, 3)]).Cours).to.equal(
      'de 450 à 1 200 €, relevé le 17/11/2026',
    );
    expect(rowsOf([priced(1200, 2), priced(null, 4), priced(0, 1)]).Cours).to.equal(
      "gratuit, relevé le 21/11/2026 (1 cours) ; 1 200 €, relevé le 20/11/2026 (1 cours) ; non communiqué par l'organisme (au 18/11/2026) (1 cours)",
    );
  });

  it('one line when all say the same; never a price where there is none', () => {
    const rows = rowsOf([priced(null, 2), priced(null, 9)]);
    expect(rows).to.deep.equal({
      Cours: "non communiqué par l'organisme (au 13/11/2026)",
      Certificat: 'pas de certificat',
      Examen: "pas d'examen",
      'Pour vous': 'à calculer',
    });
    expect(rowsOf([]).Cours).to.equal('pas de cours dans notre catalogue (au 22/11/2026)');
  });

  it('T1: an old zero is not free, and an old amount says so', () => {
    expect(rowsOf([priced(0, 31), priced(0, 2)]).Cours).to.equal(
      "gratuit, relevé le 20/11/2026 (1 cours) ; était gratuit le 22/10/2026, à vérifier auprès de l'organisme (1 cours)",
    );
    expect(rowsOf([priced(500, 31)]).Cours).to.equal('500 €, donnée ancienne : relevée le 22/10/2026');
  });

  it('T46: prices that people corrected stand apart, with the day of the oldest correction', () => {
    const corrected = (amount: number, at: string) => ({
      ...priced(amount, 2),
      corrections: [{ field: 'price' as const, by: 'provider' as const, at: new Date(at) }],
    });
    expect(rowsOf([priced(1200, 2), corrected(450, '2026-11-18'), corrected(500, '2026-11-10')]).Cours).to.equal(
      "1 200 €, relevé le 20/11/2026 (1 cours) ; de 450 à 500 €, corrigé par l'organisme le 10/11/2026 (2 cours)",
    );
  });

  it('says of which courses when there are more', () => {
    const { source } = certificationPrices({ courses: [priced(500, 1)], total: 30 }, testNow, 'à calculer');
    expect(plain(source)).to.include('1 cours les plus récents, sur 30,');
  });
});
