/** N13: per source, when it was last read, what it fills in, what waits; a share is never rounded up to all. */
import { expect } from 'chai';
import request from 'supertest';
import type { SourceCoverage } from '../../src/providers/model/coverage.ts';
import { makeCoverage } from '../../src/providers/use-cases/coverage.ts';
import { daysAgo, testNow } from '../builders/course.ts';
import { aSite } from '../builders/site.ts';
import { end, makeWorld, numbered, record, type World } from '../support/harvest-world.ts';

const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'");

const filled = {
  courses: 200,
  price: 199,
  certificate: 0,
  dates: 200,
  effort: 100,
  level: 1,
  languages: 200,
  description: 150,
  competences: 180,
};
const source: SourceCoverage['source'] = {
  id: 'atelier',
  title: 'Atelier Ligne Claire',
  state: 'active',
  stateSince: daysAgo(90),
  demo: false,
  licence: null,
  homepage: 'https://atelier.example/',
};

describe('what the catalogue covers', () => {
  const page = async (coverage: readonly SourceCoverage[]) =>
    plain(
      (
        await request(await aSite({ coverage }))
          .get('/couverture')
          .expect(200)
      ).text,
    );

  it('says of each source when it was read, what is filled in, what is refused and why', async () => {
    const text = await page([
      {
        source,
        filled,
        lastSuccess: daysAgo(3),
        lastRun: { status: 'held', endedAt: daysAgo(1), held: null, decision: null },
        causes: [{ code: 'E_PRIX_ILLISIBLE', count: 9 }],
        quarantined: 9,
      },
    ]);
    expect(text).to.include('200 cours affichés').and.include('(il y a 3 jours)');
    expect(text).to.include('99 %').and.not.include('199 %');
    expect(text).to.include('/aide/erreurs/E_PRIX_ILLISIBLE');
    expect(text).to.include("La dernière collecte est bloquée par sécurité : rien n'a été retiré.");
    expect(text).to.include('/changements/atelier');
  });

  it('a source never read to its end, paused or without course says so; so does an empty catalogue', async () => {
    const text = await page([
      {
        source: { ...source, state: 'paused' },
        filled: null,
        lastSuccess: null,
        lastRun: null,
        causes: [],
        quarantined: 0,
      },
    ]);
    expect(text).to.include('aucun cours affiché, jamais lue en entier.').and.include('En pause depuis le');
    expect(await page([])).to.include("Aucune source n'a encore été collectée.");
  });

  describe('counted in the database', () => {
    let world: World;
    before(async () => {
      world = await makeWorld();
    });
    after(() => world.close());

    it('counts what each course on display tells', async () => {
      await world.run([...numbered(3), record('paid', { price: 6000 }), record('free', { price: 0 }), end()]);
      const found = (await world.courses.filledBySource()).get('partenaire');
      expect(found).to.include({ courses: 5, price: 2, certificate: 0, dates: 0, effort: 0, competences: 5 });
    });

    it('serves one count for a minute, and forgets a failure', async () => {
      let counts = 0;
      let time = testNow.getTime();
      const coverage = makeCoverage({
        sources: { list: async () => [] },
        courses: {
          filledBySource: async () => {
            counts += 1;
            if (counts === 1) throw new Error('the database does not answer');
            return new Map();
          },
        },
        harvest: { runsOf: async () => [] },
        now: () => new Date(time),
      });
      await coverage().catch(() => {});
      await coverage();
      await coverage();
      expect(counts).to.equal(2);
      time += 61_000;
      await coverage();
      expect(counts).to.equal(3);
    });
  });
});
