/** What any CourseIndex does, whatever its engine. A new adapter adds one line at the end. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type FacetName,
  type FedCourseIndex,
  facetNames,
  type IndexedCourse,
  pageSize,
  resultCap,
  type SearchPage,
  type SearchQuery,
  sorts,
} from '../../src/catalogue/search/course-index.ts';
import { fold, frenchAnalyser } from '../../src/catalogue/search/french.ts';
import { makeScanIndex } from '../../src/catalogue/search/scan-index.ts';
import { anIndexedCourse, aRun } from '../builders/indexed-course.ts';
import { digitalWords } from '../support/digital-words.ts';

const now = new Date('2026-03-15T10:00:00Z');

type Make = (options: { readonly now: () => Date }) => FedCourseIndex;

const everything: SearchQuery = { q: '', filters: {}, sort: 'relevance', page: 1, facets: facetNames };

function asking(q: string, changes: Partial<SearchQuery> = {}): SearchQuery {
  return { ...everything, q, ...changes };
}

/** The answer without its version, which counts changes and not courses. */
async function answer(index: FedCourseIndex, query: SearchQuery): Promise<Omit<SearchPage, 'version'>> {
  const { version: _, ...page } = await index.search(query);
  return page;
}

async function allIds(index: FedCourseIndex, query: SearchQuery): Promise<readonly string[]> {
  const { pages } = await index.search(query);
  const ids: string[] = [];
  for (let page = 1; page <= pages; page += 1) ids.push(...(await index.search({ ...query, page })).ids);
  return ids;
}

const titleWords = [
  'Développer',
  'réseaux',
  'web',
  'données',
  'sécurité',
  'l’informatique',
  'C#',
  'open-source',
  'débutant',
];
const courseArbitrary = (id: string): fc.Arbitrary<IndexedCourse> =>
  fc
    .record({
      title: fc.array(fc.constantFrom(...titleWords), { minLength: 1, maxLength: 4 }),
      description: fc.array(fc.constantFrom(...titleWords, 'the', 'pour', 'tableur', 'RGPD'), { maxLength: 8 }),
      provider: fc.constantFrom('Cnam', 'Greta', 'AFPA'),
      level: fc.constantFrom('foundation', 'advanced', 'unknown'),
      access: fc.constantFrom('free-for-all', 'paid', 'unknown'),
      zero: fc.boolean(),
      cpf: fc.constantFrom('oui', 'non', 'indecidable'),
      competence: fc.uniqueArray(fc.constantFrom('1.1', '3.4', '5.2'), { maxLength: 3 }),
      language: fc.constantFrom('fr', 'en', 'und'),
      hours: fc.option(fc.constantFrom(2, 10, 35)),
      start: fc.option(fc.constantFrom('2026-01-05', '2026-03-20', '2026-09-01')),
      state: fc.constantFrom('open' as const, 'coming' as const, 'closed' as const, 'unknown' as const),
    })
    .map(({ title, description, hours, start, state, zero, ...facets }) =>
      anIndexedCourse({
        id,
        title: title.join(' '),
        description: description.join(' '),
        labels: { provider: facets.provider, level: facets.level, competences: [], access: null },
        facets: {
          provider: [facets.provider],
          level: [facets.level],
          access: zero ? [facets.access, 'zero-possible'] : [facets.access],
          cpf: [facets.cpf],
          language: [facets.language],
          competence: facets.competence,
        },
        hours,
        runs: start === null ? [] : [aRun({ start, state })],
      }),
    );

const catalogueArbitrary = fc
  .integer({ min: 0, max: 25 })
  .chain((size) =>
    fc.tuple(...Array.from({ length: size }, (_, n) => courseArbitrary(`c${String(n).padStart(3, '0')}`))),
  );

const filtersArbitrary = fc.record(
  {
    provider: fc.subarray(['Cnam', 'Greta', 'AFPA', 'Personne']),
    level: fc.subarray(['foundation', 'advanced', 'unknown']),
    access: fc.subarray(['free-for-all', 'paid', 'unknown', 'zero-possible']),
    cpf: fc.subarray(['oui', 'non', 'indecidable']),
    competence: fc.subarray(['1.1', '3.4', '5.2']),
    language: fc.subarray(['fr', 'en', 'und']),
  },
  { requiredKeys: [] },
);

const queryArbitrary: fc.Arbitrary<SearchQuery> = fc
  .record({
    words: fc.array(fc.constantFrom(...titleWords, 'developper', 'resaux', 'la', 'gdpr', 'excel', 'inconnu'), {
      maxLength: 4,
    }),
    filters: filtersArbitrary,
    sort: fc.constantFrom(...sorts),
    literal: fc.boolean(),
  })
  .map(({ words, filters, sort, literal }) => asking(words.join(' '), { filters, sort, literal }));

function courseIndexContract(name: string, make: Make): void {
  async function indexOf(courses: readonly IndexedCourse[]): Promise<FedCourseIndex> {
    const index = make({ now: () => now });
    await index.upsert(courses);
    index.markReady();
    await index.ready();
    return index;
  }

  async function titled(...titles: string[]): Promise<FedCourseIndex> {
    return indexOf(titles.map((title, n) => anIndexedCourse({ id: `c${n}`, title })));
  }

  async function found(
    index: FedCourseIndex,
    q: string,
    changes: Partial<SearchQuery> = {},
  ): Promise<readonly string[]> {
    return [...(await index.search(asking(q, changes))).ids].sort();
  }

  describe(`a course index (${name})`, () => {
    describe('finds', () => {
      it('a word whatever its accents, case, apostrophe and ending', async () => {
        const index = await titled('Programmation en Python', "Découvrir l'informatique", 'Cuisine');
        for (const q of ['programmations', 'PROGRAMMATION', 'programmation']) {
          expect(await found(index, q), q).to.deep.equal(['c0']);
        }
        for (const q of ["l'informatique", 'L’INFORMATIQUE', 'informatique', 'lʼinformatique', 'decouvrir']) {
          expect(await found(index, q), q).to.deep.equal(['c1']);
        }
      });

      it('every common word of digital jobs typed without accents', async () => {
        const index = await indexOf(
          digitalWords.map((word, n) => anIndexedCourse({ id: `w${n}`, title: `Cours : ${word}` })),
        );
        expect(digitalWords.length).to.be.at.least(200);
        const lost: string[] = [];
        for (const [n, word] of digitalWords.entries()) {
          const ids = await allIds(index, asking(fold(word)));
          const accented = await allIds(index, asking(word));
          if (!ids.includes(`w${n}`) || ids.join() !== accented.join()) lost.push(word);
        }
        expect(lost).to.deep.equal([]);
      });

      it('at least nine in ten words of five letters or more typed with one mistake', async () => {
        const words = digitalWords.filter((word) => word.length >= 5 && /^\p{L}+$/u.test(word));
        // Three courses for each word: rarer ones are never proposed.
        const index = await indexOf(
          words.flatMap((word, n) => [1, 2, 3].map((copy) => anIndexedCourse({ id: `w${n}-${copy}`, title: word }))),
        );
        let recovered = 0;
        let tried = 0;
        const letter = (n: number): string => String.fromCharCode(97 + (n % 26));
        for (const [n, word] of words.entries()) {
          const place = 1 + ((n * 7) % (word.length - 2));
          const [before, here, after] = [word.slice(0, place), word.slice(place, place + 1), word.slice(place + 1)];
          const mistakes = [
            before + after,
            before + letter(n * 5) + here + after,
            before + letter(n * 11 + 3) + after,
            before + after.slice(0, 1) + here + after.slice(1),
          ];
          for (const typed of mistakes.filter((mistake) => fold(mistake) !== fold(word))) {
            tried += 1;
            const ids = await allIds(index, asking(typed));
            if (ids.includes(`w${n}-1`)) recovered += 1;
          }
        }
        expect(tried).to.be.above(500);
        expect(recovered / tried, `${recovered} of ${tried}`).to.be.at.least(0.9);
      });

      it('technical words with their signs', async () => {
        const index = await titled(
          'Programmer en C++',
          'Le langage C#',
          'Débuter en .NET',
          'Node.js',
          'UX',
          'RNCP37682',
        );
        for (const [n, q] of ['c++', 'c#', '.net', 'node.js', 'ux', 'rncp37682'].entries()) {
          expect(await found(index, q), q).to.deep.equal([`c${n}`]);
        }
        expect(await found(index, 'nodejs')).to.deep.equal(['c3']);
      });

      it('hyphenated words joined or split', async () => {
        const index = await titled('Logiciels open-source', 'Outils open source', 'Solutions opensource');
        expect(await found(index, 'open-source')).to.deep.equal(['c0', 'c1', 'c2']);
        expect(await found(index, 'opensource')).to.include.members(['c0', 'c2']);
      });

      it('both genders of a job', async () => {
        const index = await titled('Développeur web', 'Développeuse web', 'Développeur·euse web');
        for (const q of ['développeur', 'développeuse', 'developpeuses']) {
          expect(await found(index, q), q).to.deep.equal(['c0', 'c1', 'c2']);
        }
      });

      it('all words of a short query, all but one of a longer one', async () => {
        const index = await titled('gestion projet', 'gestion projet agile', 'gestion');
        expect(await found(index, 'gestion projet')).to.deep.equal(['c0', 'c1']);
        expect(await found(index, 'gestion projet agile')).to.deep.equal(['c0', 'c1']);
      });

      it('the words of labels', async () => {
        const course = anIndexedCourse({
          id: 'free',
          title: 'Développeur web',
          labels: { provider: 'Cnam', level: 'débutant', competences: ['Programmation'], access: 'gratuit' },
        });
        const index = await indexOf([course, anIndexedCourse({ id: 'other', title: 'Cuisine' })]);
        for (const q of ['développeur web débutant gratuit', 'cnam', 'programmation']) {
          expect(await found(index, q), q).to.deep.equal(['free']);
        }
      });

      it('the first hundred characters of a query, no more', async () => {
        const index = await titled('Tableur', 'Cuisine');
        expect(await found(index, `tableur ${'la '.repeat(40)} cuisine`)).to.deep.equal(['c0']);
        expect(await found(index, `tableur ${'la '.repeat(25)} cuisine`)).to.deep.equal([]);
      });

      it('everything when nothing is left to search for', async () => {
        const index = await titled('Un', 'Deux');
        for (const q of ['', 'la', 'la le les', '???', '  ']) expect(await found(index, q), q).to.have.length(2);
      });
    });

    describe('corrects', () => {
      const courses = ['Programmation Python', 'Programmation Python', 'Programmation Python', 'Data'];

      it('a mistyped word, and says so as courses write it', async () => {
        const index = await titled(...courses);
        const page = await index.search(asking('programation pyton'));
        expect(page.total).to.equal(3);
        expect(page.correction).to.equal('programmation python');
        expect((await index.search(asking('programmation'))).correction).to.equal(null);
      });

      it('nothing when asked for the very words', async () => {
        const index = await titled(...courses);
        const page = await index.search(asking('programation pyton', { literal: true }));
        expect(page).to.include({ total: 0, correction: null });
      });

      it('never a word that some course has', async () => {
        const index = await titled('Dato', ...Array.from({ length: 5 }, () => 'Data'));
        expect(await found(index, 'dato')).to.deep.equal(['c0']);
      });

      it('never towards a word that fewer than three courses have', async () => {
        const index = await titled('Python', 'Python');
        expect((await index.search(asking('pyton'))).total).to.equal(0);
      });

      it('never a word of our own lists, even when no course has it', async () => {
        const index = await titled('Tableur', 'Call', 'Call', 'Call');
        expect(await found(index, 'calc')).to.deep.equal(['c0']);
        expect((await index.search(asking('calc'))).correction).to.equal(null);
      });

      it('no ending of a known word', async () => {
        const index = await titled('Tutorat', 'Tutorat', 'Tutorat');
        expect(await index.search(asking('tutorats'))).to.include({ total: 3, correction: null });
      });
    });

    describe('widens', () => {
      it('acronyms and their words both ways, and says so', async () => {
        const index = await titled(
          'Le RGPD en pratique',
          'La protection des données',
          'Intelligence artificielle',
          "L'IA",
        );
        for (const q of ['RGPD', 'protection des données', 'protection des donnees']) {
          expect(await found(index, q), q).to.deep.equal(['c0', 'c1']);
        }
        for (const q of ['ia', 'intelligence artificielle'])
          expect(await found(index, q), q).to.deep.equal(['c2', 'c3']);
        expect((await index.search(asking('RGPD'))).widenedTo).to.deep.equal(['protection des données']);
        expect((await index.search(asking('tableur'))).widenedTo).to.deep.equal([]);
      });

      it('nothing when asked for the very words', async () => {
        const index = await titled('Le RGPD en pratique', 'La protection des données');
        const page = await index.search(asking('rgpd', { literal: true }));
        expect(page).to.deep.include({ total: 1, widenedTo: [] });
      });
    });

    describe('orders', () => {
      const withRuns = (id: string, ...runs: Parameters<typeof aRun>[0][]): IndexedCourse =>
        anIndexedCourse({ id, runs: runs.map(aRun) });

      it('what is open first, then coming, unknown before closed, then past', async () => {
        const index = await indexOf([
          withRuns('past', { start: '2025-01-01', end: '2025-02-01', state: 'closed' }),
          withRuns('closed', { start: '2026-03-01', end: '2026-06-01', state: 'closed' }),
          withRuns('unknown'),
          withRuns('coming', { start: '2026-06-01', state: 'open' }),
          withRuns('always-open', { state: 'open' }),
          withRuns('open', { start: '2026-03-01', enrolmentEnd: '2026-03-20', state: 'open' }),
        ]);
        const { ids } = await index.search(everything);
        expect(ids).to.deep.equal(['open', 'always-open', 'coming', 'unknown', 'closed', 'past']);
      });

      it('again when the day changes', async () => {
        let today = new Date('2026-03-20T22:00:00Z');
        const index = make({ now: () => today });
        await index.upsert([
          withRuns('a', { start: '2026-03-01', enrolmentEnd: '2026-03-20T12:00:00Z', state: 'open' }),
          withRuns('b', { state: 'open' }),
        ]);
        expect((await index.search(everything)).ids).to.deep.equal(['a', 'b']);
        // Midnight has passed in Paris, not yet in UTC.
        today = new Date('2026-03-20T23:30:00Z');
        expect((await index.search(everything)).ids).to.deep.equal(['b', 'a']);
      });

      it('a word of the title before one of the description', async () => {
        const index = await indexOf([
          anIndexedCourse({ id: 'a', title: 'Bureau', description: 'tableur et cuisine' }),
          anIndexedCourse({ id: 'b', title: 'Tableur', description: 'bureau et cuisine' }),
        ]);
        expect((await index.search(asking('tableur'))).ids).to.deep.equal(['b', 'a']);
      });

      it('a course that says much of a word before one that mentions it at length', async () => {
        const index = await indexOf([
          anIndexedCourse({ id: 'a', description: `tableur ${'cuisine '.repeat(50)}` }),
          anIndexedCourse({ id: 'b', description: 'tableur cuisine' }),
        ]);
        expect((await index.search(asking('tableur'))).ids).to.deep.equal(['b', 'a']);
      });

      it('the very word of a title before another word of its family', async () => {
        const index = await titled('Format', 'Formation');
        expect((await index.search(asking('formation'))).ids).to.deep.equal(['c1', 'c0']);
        expect((await index.search(asking('format'))).ids).to.deep.equal(['c0', 'c1']);
      });

      it('a hyphenated word as one written joined, no higher', async () => {
        const index = await titled('opensource web', 'open-source');
        expect((await index.search(asking('opensource'))).ids).to.deep.equal(['c0', 'c1']);
      });

      it('by the lengths of the courses that are there, not of removed ones', async () => {
        const index = await indexOf([
          anIndexedCourse({ id: 'a', title: 'tableur un deux trois quatre', description: '' }),
          anIndexedCourse({ id: 'b', title: 'cuisine', description: 'tableur '.repeat(40) }),
        ]);
        const { ids } = await index.search(asking('tableur'));
        const long = Array.from({ length: 20 }, (_, n) => anIndexedCourse({ id: `z${n}`, title: 'mot '.repeat(60) }));
        await index.upsert(long);
        expect((await index.search(asking('tableur'))).ids).not.to.deep.equal(ids);
        await index.remove(long.map(({ id }) => id));
        expect((await index.search(asking('tableur'))).ids).to.deep.equal(ids);
      });

      it('by start: what one may begin today, coming ones, past ones, unknown last', async () => {
        const index = await indexOf([
          withRuns('unknown'),
          withRuns('past', { start: '2025-01-01', end: '2025-02-01' }),
          withRuns('later', { start: '2026-09-01', state: 'open' }),
          withRuns('soon', { start: '2025-01-01', end: '2025-02-01' }, { start: '2026-04-01', state: 'open' }),
          withRuns('today', { state: 'open' }),
        ]);
        const { ids } = await index.search(asking('', { sort: 'start' }));
        expect(ids).to.deep.equal(['today', 'soon', 'later', 'past', 'unknown']);
      });

      it('by duration, unknown last, and equal ones by id', async () => {
        const hours: [string, number | null][] = [
          ['d', null],
          ['b', 10],
          ['a', 10],
          ['c', 2],
        ];
        const index = await indexOf(hours.map(([id, value]) => anIndexedCourse({ id, hours: value })));
        expect((await index.search(asking('', { sort: 'duration' }))).ids).to.deep.equal(['c', 'a', 'b', 'd']);
      });
    });

    describe('pages', () => {
      it('up to a thousand results, with the exact total, and never past the last page', async () => {
        const many = Array.from({ length: resultCap + 30 }, (_, n) => anIndexedCourse({ id: `c${n}` }));
        const index = await indexOf(many);
        const last = await index.search(asking('', { page: 99 }));
        expect(last).to.include({ total: resultCap + 30, pages: resultCap / pageSize, page: resultCap / pageSize });
        expect(new Set(await allIds(index, everything)).size).to.equal(resultCap);
        for (const page of [0, -3, Number.NaN, 1.5]) {
          expect((await index.search(asking('', { page }))).page, String(page)).to.equal(1);
        }
        expect(await (await indexOf([])).search(everything)).to.include({ total: 0, pages: 1, page: 1 });
      });
    });

    describe('counts', () => {
      it('a value without result as zero, and a chosen value even when nothing has it', async () => {
        const course = (id: string, title: string, provider: string): IndexedCourse => {
          const base = anIndexedCourse({ id, title });
          return { ...base, facets: { ...base.facets, provider: [provider] } };
        };
        const index = await indexOf([course('a', 'Tableur', 'Cnam'), course('b', 'Cuisine', 'Greta')]);
        const { facets } = await index.search(asking('tableur', { filters: { provider: ['Cnam', 'Nulle part'] } }));
        expect(facets.provider).to.deep.equal([
          { value: 'Cnam', count: 1, selected: true },
          { value: 'Greta', count: 0, selected: false },
          { value: 'Nulle part', count: 0, selected: true },
        ]);
      });

      it('nothing but the courses it is asked to look among, in results and in counts', async () => {
        const index = await indexOf(['a', 'b', 'c'].map((id) => anIndexedCourse({ id, title: 'Tableur' })));
        const found = await index.search(asking('tableur', { among: new Set(['b', 'gone']) }));
        expect(found).to.deep.include({ ids: ['b'], total: 1, pages: 1 });
        expect(found.facets.language?.map(({ count }) => count)).to.deep.equal([1]);
        expect((await index.search(asking('tableur', { among: new Set() }))).total).to.equal(0);
      });

      it('as many results on a page as asked, the cap at most', async () => {
        const many = Array.from({ length: 45 }, (_value, at) => anIndexedCourse({ id: `c${at}`, title: 'Tableur' }));
        const index = await indexOf(many);
        const page = await index.search(asking('tableur', { size: 40, page: 2 }));
        expect([page.ids.length, page.pages, page.total]).to.deep.equal([5, 2, 45]);
        expect((await index.search(asking('tableur', { size: 1e9 }))).ids).to.have.length(45);
      });

      it('fifty values at most, with every chosen one, even a hundred', async () => {
        const index = await indexOf(
          Array.from({ length: 120 }, (_, n) => {
            const base = anIndexedCourse({ id: `c${n}` });
            return { ...base, facets: { ...base.facets, provider: [`P${String(n).padStart(3, '0')}`] } };
          }),
        );
        expect((await index.search(everything)).facets.provider).to.have.length(50);
        const chosen = Array.from({ length: 100 }, (_, n) => `P${String(n + 20).padStart(3, '0')}`);
        const page = await index.search(asking('', { filters: { provider: chosen } }));
        expect(page.total).to.equal(100);
        expect(page.facets.provider?.filter(({ selected }) => selected)).to.have.length(100);
      });

      it('only the facets asked for', async () => {
        const page = await (await titled('Web')).search(asking('', { facets: ['level'] }));
        expect(Object.keys(page.facets)).to.deep.equal(['level']);
      });
    });

    describe('suggests', () => {
      it('common words, accented, those of titles first, then titles by any of their words', async () => {
        const index = await indexOf([
          ...[1, 2, 3].map((n) =>
            anIndexedCourse({ id: `a${n}`, title: 'Université de Paris', description: 'sécurisé' }),
          ),
          ...[1, 2, 3, 4].map((n) => anIndexedCourse({ id: `b${n}`, title: `Web ${n}`, description: 'sécurisé' })),
          ...[1, 2, 3].map((n) => anIndexedCourse({ id: `s${n}`, title: 'Sécurité' })),
          anIndexedCourse({ id: 'rare', title: 'Sécateur' }),
        ]);
        expect(await index.suggest('sec', 3)).to.deep.equal([
          { text: 'sécurité', kind: 'word' },
          { text: 'sécurisé', kind: 'word' },
          { text: 'Sécateur', kind: 'title' },
        ]);
        expect(await index.suggest('de par', 5)).to.deep.equal([{ text: 'Université de Paris', kind: 'title' }]);
        expect(await index.suggest('', 5)).to.deep.equal([]);
        expect(await index.suggest('sec', 0)).to.deep.equal([]);
      });

      it('nothing of a removed course', async () => {
        const index = await titled('Sécurité', 'Sécurité', 'Sécurité');
        await index.remove(['c0', 'c1', 'c2']);
        expect(await index.suggest('sec', 5)).to.deep.equal([]);
      });
    });

    it('is ready once told so, and tells what it holds', async () => {
      const index = make({ now: () => now });
      expect(index.stats()).to.deep.include({ courses: 0, lagMs: null });
      let isReady = false;
      const waiting = index.ready().then(() => {
        isReady = true;
      });
      const { version } = index.stats();
      await index.upsert([anIndexedCourse({ id: 'a', updatedAt: new Date(now.getTime() - 1_500) })]);
      expect(isReady).to.equal(false);
      expect(index.stats()).to.include({ courses: 1, lagMs: 1_500 });
      const after = (await index.search(everything)).version;
      expect(after).to.be.above(version);
      await index.remove(['a']);
      expect((await index.search(everything)).version).to.be.above(after);
      index.markReady();
      await waiting;
    });

    it('answers the queries people really type', async () => {
      const index = await titled(
        'Développeur web : formation gratuite pour débutants',
        'Cybersécurité, les fondamentaux',
        'Excel, maîtriser le tableur',
        "L'intelligence artificielle pour tous",
        'Programmation Python',
        'Programmation Python avancée',
        'Programmation en Python pour la data',
        'Community manager : animer les réseaux sociaux',
        'Montage vidéo',
        'Impression 3D au fablab',
        'Bases de données et SQL',
        'Gestion de projet agile',
        'DevOps : Kubernetes et Docker',
        'Kubernetes',
        'Kubernetes avancé',
        'Premiers pas avec un ordinateur',
        'Référencement SEO',
        'Administrateur système Linux',
      );
      const expected: [string, string][] = [
        ['développeur web débutant gratuit', 'c0'],
        ['developpeur web', 'c0'],
        ['cybersecurite', 'c1'],
        ['tableur excel', 'c2'],
        ["l'intelligence artificielle", 'c3'],
        ['programation pyton', 'c4'],
        ['réseaux sociaux community manager', 'c7'],
        ['montage video', 'c8'],
        ['d’impression 3D fablab', 'c9'],
        ['bases de donnees sql', 'c10'],
        ['gestion de projet agile', 'c11'],
        ['devops kubernets docker', 'c12'],
        ['premiers pas ordinateur', 'c15'],
        ['referencement seo', 'c16'],
        ['administratrice système linux', 'c17'],
      ];
      for (const [q, id] of expected) expect((await index.search(asking(q))).ids[0], q).to.equal(id);
    });

    describe('for any courses and any query', () => {
      it('gives the same answer whatever the order and the cutting of changes', async () => {
        await fc.assert(
          fc.asyncProperty(
            catalogueArbitrary,
            fc.array(fc.nat()),
            fc.subarray(Array.from({ length: 25 }, (_, n) => `c${String(n).padStart(3, '0')}`)),
            fc.array(queryArbitrary, { minLength: 1, maxLength: 3 }),
            async (courses, shuffle, removed, queries) => {
              const gone = new Set(removed);
              const direct = await indexOf(courses.filter(({ id }) => !gone.has(id)));
              const wandering = await indexOf([]);
              const order = [...courses].sort(
                (a, b) => (shuffle[courses.indexOf(a)] ?? 0) - (shuffle[courses.indexOf(b)] ?? 0),
              );
              for (const course of order) {
                await wandering.upsert([{ ...course, title: 'Ancien titre', hours: 1 }]);
                await wandering.upsert([course, course]);
              }
              await wandering.remove(removed);
              await wandering.remove(removed);
              for (const query of queries) {
                expect(await answer(wandering, query)).to.deep.equal(await answer(direct, query));
              }
              expect(await wandering.suggest('de', 10)).to.deep.equal(await direct.suggest('de', 10));
              expect(wandering.stats().courses).to.equal(direct.stats().courses);
            },
          ),
          { numRuns: 60 },
        );
      });

      it('counts each facet value as the direct count of courses, and as the total once it alone is chosen', async () => {
        await fc.assert(
          fc.asyncProperty(catalogueArbitrary, queryArbitrary, async (courses, query) => {
            const index = await indexOf(courses);
            const page = await index.search(query);
            const matching = new Set(await allIds(index, { ...query, filters: {} }));
            for (const name of facetNames) {
              for (const { value, count, selected } of page.facets[name] ?? []) {
                const others = facetNames.filter((other) => other !== name);
                const direct = courses.filter(
                  (course) =>
                    matching.has(course.id) &&
                    course.facets[name].includes(value) &&
                    others.every((other) => passes(course, other, query.filters[other])),
                );
                expect(count, `${name} ${value}`).to.equal(direct.length);
                const alone = await index.search({ ...query, filters: { ...query.filters, [name]: [value] } });
                expect(alone.total).to.equal(count);
                expect(selected).to.equal((query.filters[name] ?? []).includes(value));
              }
            }
            const direct = courses.filter(
              (course) =>
                matching.has(course.id) && facetNames.every((name) => passes(course, name, query.filters[name])),
            );
            expect([...(await allIds(index, query))].sort()).to.deep.equal(direct.map(({ id }) => id).sort());
            expect(page.total).to.equal(direct.length);
          }),
          { numRuns: 60 },
        );
      });

      it('finds no more with one more filter', async () => {
        await fc.assert(
          fc.asyncProperty(catalogueArbitrary, queryArbitrary, async (courses, query) => {
            const index = await indexOf(courses);
            const before = new Set(await allIds(index, { ...query, filters: {} }));
            const after = await allIds(index, query);
            expect(after.filter((id) => !before.has(id))).to.deep.equal([]);
          }),
          { numRuns: 60 },
        );
      });

      it('never finds a removed course', async () => {
        await fc.assert(
          fc.asyncProperty(catalogueArbitrary, queryArbitrary, async (courses, query) => {
            const index = await indexOf(courses);
            const [first] = courses;
            if (first === undefined) return;
            await index.remove([first.id]);
            expect(await allIds(index, query)).not.to.include(first.id);
          }),
          { numRuns: 30 },
        );
      });

      it('lists each result once, in one order, page after page', async () => {
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 0, max: 90 }), fc.constantFrom(...sorts), async (size, sort) => {
            const index = await indexOf(Array.from({ length: size }, (_, n) => anIndexedCourse({ id: `c${n}` })));
            const ids = await allIds(index, asking('', { sort }));
            expect(ids).to.have.length(size);
            expect(new Set(ids).size).to.equal(size);
            expect(await allIds(index, asking('', { sort }))).to.deep.equal(ids);
          }),
          { numRuns: 15 },
        );
      });

      it('answers any string whatever', async () => {
        const index = await titled('Développer des réseaux', 'C++', '😀 emoji', '.*+?^$()|[]\\');
        const anything = fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: 'grapheme' }),
          fc.constantFrom(
            'x'.repeat(10_000),
            "l'".repeat(5_000),
            'a-'.repeat(5_000),
            '😀'.repeat(200),
            '__proto__',
            'constructor',
          ),
          fc.constantFrom('(a+)+$', '\\', '[', '\ud800', 'é'.repeat(5_000), '\u0301\u0301', 'İstanbul ǅ ß'),
        );
        await fc.assert(
          fc.asyncProperty(anything, anything, async (q, value) => {
            const course = anIndexedCourse({ id: 'odd', title: q, description: value });
            await index.upsert([{ ...course, facets: { ...course.facets, provider: [value] } }]);
            const page = await index.search(asking(q, { filters: { provider: [value], level: [q] } }));
            expect(page.total).to.be.at.least(0);
            expect(await index.suggest(q, 5)).to.be.an('array');
          }),
          { numRuns: 150 },
        );
      });
    });
  });
}

function passes(course: IndexedCourse, name: FacetName, chosen: readonly string[] | undefined): boolean {
  return chosen === undefined || chosen.length === 0 || chosen.some((value) => course.facets[name].includes(value));
}

courseIndexContract('scan', (options) => makeScanIndex(frenchAnalyser, options));
