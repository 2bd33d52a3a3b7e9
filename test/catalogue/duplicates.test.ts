/** What makes two records the same course, what only suggests it, and which one has the card. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Candidate,
  canonicalAddress,
  cardHolder,
  duplicatesAmong,
  type FoundPair,
  linkedGroups,
} from '../../src/catalogue/model/duplicates.ts';
import type { CourseState } from '../../src/catalogue/model.ts';

let drawn = 0;
function aCandidate(changes: Partial<Candidate> = {}): Candidate {
  drawn += 1;
  return {
    id: `c${drawn}`,
    sourceId: `s${drawn}`,
    title: 'Créer des pages web accessibles',
    url: `https://ecole${drawn}.example/cours`,
    provider: { id: `ecole-${drawn}`, siret: null },
    codes: [],
    hours: null,
    firstPublishedAt: new Date(Date.UTC(2026, 0, drawn)),
    demo: false,
    ...changes,
  };
}

function found(...candidates: Candidate[]): readonly FoundPair[] {
  const comparing = duplicatesAmong(candidates);
  for (;;) {
    const step = comparing.next();
    if (step.done === true) return step.value;
  }
}
const bases = (...candidates: Candidate[]) => found(...candidates).map(({ basis }) => basis);

describe('the canonical address', () => {
  const same = [
    'https://www.ecole.example/cours/1/',
    'http://ecole.example/cours/1?utm_source=lettre',
    'https://ecole.example:443/cours/1#programme',
    'https://ECOLE.example/cours/1?fbclid=x&gclid=y',
  ];
  it('is one for all spellings of a page', () => {
    expect(new Set(same.map(canonicalAddress))).to.deep.equal(new Set(['ecole.example/cours/1']));
  });
  it('keeps what makes another page: parameters in any order, a page drawn in the browser, capitals of a path', () => {
    expect(canonicalAddress('https://e.example/c?b=2&a=1')).to.equal(canonicalAddress('https://e.example/c?a=1&b=2'));
    expect(canonicalAddress('https://e.example/c?id=1')).to.not.equal(canonicalAddress('https://e.example/c?id=2'));
    expect(canonicalAddress('https://e.example/#/c/1')).to.not.equal(canonicalAddress('https://e.example/#/c/2'));
    expect(canonicalAddress('https://e.example/C')).to.not.equal(canonicalAddress('https://e.example/c'));
  });
});

describe('duplicates across sources', () => {
  const page = { url: 'https://ecole.example/cours/1' };

  it('N14 merges on the same address and title, or on the same school, certification and title, and on nothing else', () => {
    expect(bases(aCandidate(page), aCandidate({ url: 'https://www.ecole.example/cours/1/' }))).to.deep.equal([
      'address',
    ]);
    const school = { provider: { id: 'x', siret: '13002526500013' }, codes: ['RS6604'] };
    expect(bases(aCandidate(school), aCandidate(school))).to.deep.equal(['registry']);
    expect(bases(aCandidate({ ...school, codes: [] }), aCandidate({ ...school, codes: [] }))).to.deep.equal([null]);
    expect(bases(aCandidate(), aCandidate()), 'a title only proposes').to.deep.equal([null]);
    const [pair] = found(aCandidate(page), aCandidate({ ...page, title: 'Découvrir le HTML' }));
    expect(pair?.basis, 'an address alone only proposes').to.equal(null);
    expect(pair?.evidence.address).to.equal('ecole.example/cours/1');
  });

  it('T33 neither merges nor proposes two certifications under one title', () => {
    const a = aCandidate({ ...page, codes: ['RNCP37873'] });
    expect(found(a, aCandidate({ ...page, codes: ['RNCP36490'] }))).to.deep.equal([]);
    expect(bases(a, aCandidate(page)), 'a silent one contradicts nothing').to.deep.equal(['address']);
  });

  it('only proposes when a source gives the address and title, or the key, more than once', () => {
    const second = { ...page, sourceId: 'second' };
    expect(new Set(bases(aCandidate(page), aCandidate(second), aCandidate(second)))).to.deep.equal(new Set([null]));
  });

  it('compares nothing within one source, nor a real course with an invented one', () => {
    expect(found(aCandidate({ ...page, sourceId: 's' }), aCandidate({ ...page, sourceId: 's' }))).to.deep.equal([]);
    expect(found(aCandidate(page), aCandidate({ ...page, demo: true }))).to.deep.equal([]);
  });

  it('proposes titles that are nearly the same with something else in common, never two levels of one course', () => {
    const provider = { id: 'ecole', siret: null };
    const a = aCandidate({ title: 'Tableur Excel, perfectionnement, niveau 1', provider });
    const near = aCandidate({ title: 'Perfectionnement tableur Excel niveau 1', provider });
    const next = aCandidate({ title: 'Tableur Excel, perfectionnement, niveau 2', provider });
    const [pair, ...others] = found(a, near, next);
    expect(others).to.deep.equal([]);
    expect(pair?.courses).to.have.members([a.id, near.id]);
    expect(pair?.evidence).to.include({ sameProvider: true, title: 1 }).and.to.have.property('address', null);
  });

  it('does not propose a title that many schools bear', () => {
    expect(found(...Array.from({ length: 12 }, () => aCandidate()))).to.deep.equal([]);
  });

  it('gives the same pairs in whatever order courses come', () => {
    const titles = ['Créer des pages web', 'Créer une page web accessible', 'Python pour débuter'];
    const candidate = fc.record({
      source: fc.constantFrom('a', 'b', 'c'),
      title: fc.constantFrom(...titles),
      url: fc.constantFrom('https://e.example/1', 'https://e.example/2', 'https://www.e.example/1/'),
      code: fc.constantFrom('RS1', 'RS2', ''),
      siret: fc.constantFrom('13002526500013', null),
    });
    const namesOf = (pairs: readonly FoundPair[]) =>
      pairs
        .filter(({ basis }) => basis !== null)
        .map(({ courses, basis }) => `${courses.join()} ${basis}`)
        .sort();
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 8 }), fc.integer(), (list, turn) => {
        const all = list.map(({ source, title, url, code, siret }, at) =>
          aCandidate({
            id: `id${at}`,
            sourceId: source,
            title,
            url,
            codes: code === '' ? [] : [code],
            provider: { id: siret ?? 'nom', siret },
            firstPublishedAt: new Date(at),
          }),
        );
        const cut = Math.abs(turn) % (all.length + 1);
        const others = [...all.slice(cut), ...all.slice(0, cut)];
        expect(namesOf(found(...others))).to.deep.equal(namesOf(found(...all)));
        for (const { courses, basis } of found(...all)) {
          const [a, b] = courses.map((id) => all.find((one) => one.id === id));
          expect(a?.sourceId).to.not.equal(b?.sourceId);
          if (basis !== null)
            expect([a?.codes.length, b?.codes.length].includes(0) || a?.codes[0] === b?.codes[0]).to.equal(true);
        }
      }),
    );
  });
});

describe('the holder of the card', () => {
  const member = (id: string, day: number, more: { state?: CourseState; offers?: string[] } = {}) => ({
    id,
    state: 'published' as CourseState,
    firstPublishedAt: new Date(day),
    offers: [] as string[],
    ...more,
  });
  it('is the first published, stays while it is offered, and hands over to the first of those that are', () => {
    const [a, b, c] = [member('a', 3), member('b', 2), member('c', 1, { state: 'withdrawn' })];
    expect(cardHolder([a, b, c]).id).to.equal('b');
    expect(cardHolder([{ ...a, offers: ['b'] }, b, c]).id, 'an address that moves is a bad one').to.equal('a');
    expect(cardHolder([{ ...a, offers: ['b'], state: 'withdrawn' }, b, c]).id).to.equal('b');
    expect(cardHolder([{ ...a, offers: ['c'], state: 'withdrawn' }, c]).id, 'nothing lives: nothing moves').to.equal(
      'a',
    );
  });
  it('is of one group of linked courses', () => {
    expect(
      linkedGroups(
        ['d', 'c', 'b', 'a'],
        [
          ['a', 'c'],
          ['c', 'd'],
          ['a', 'gone'],
        ],
      ),
    ).to.deep.equal([['a', 'c', 'd'], ['b']]);
  });
});
