import { expect } from 'chai';
import fc from 'fast-check';
import { loadFramework } from '../../src/framework/data.ts';
import { certificationState, parseCertificationCode } from '../../src/framework/model/certification.ts';
import { compileLexicon, lexiconSchema } from '../../src/framework/model/lexicon.ts';
import { digcompSchema } from '../../src/framework/model/reference.ts';

const framework = loadFramework();

describe('framework data', () => {
  it('has the 5 areas, 21 competences, 4 bands and 8 levels of DigComp, French titles flagged as a working translation', () => {
    expect(framework.areas.map(({ code }) => code)).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(framework.competences).to.have.length(21);
    expect(framework.bands.flatMap(({ levels }) => levels)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const { frStatus } of [...framework.areas, ...framework.competences, ...framework.bands]) {
      expect(frStatus).to.equal('working-translation');
    }
  });

  it('keeps the names of 2.2 beside those of 3.0', () => {
    const behaviour = framework.competences.find(({ code }) => code === '2.5');
    expect(behaviour).to.include({ en: 'Digital behaviour', en22: 'Netiquette' });
  });

  it('maps the 16 competences of Pix to DigComp, none to 5.3 and 5.4', () => {
    expect(framework.pix.competences).to.have.length(16);
    const covered = framework.pix.competences.flatMap(({ digcomp }) => digcomp);
    expect(covered).to.not.include('5.3').and.not.include('5.4');
    for (const code of covered) expect(framework.competences.map((one) => one.code)).to.include(code);
  });

  it('joins certifications of the register to jobs of ROME 4.0 through the parent code', () => {
    const rome = framework.certifications.get('RNCP37674')?.rome ?? [];
    const jobs = framework.occupations.filter(({ parent }) => rome.includes(parent)).map(({ code }) => code);
    expect(jobs).to.include('M1855');
  });

  it('holds no number for Pix, whose registration was not verified', () => {
    expect(framework.certifications.has('RS5875')).to.equal(false);
    expect(
      [...framework.certifications.values()].filter(({ title }) => /pix|tosa|icdl|cléa/i.test(title)),
    ).to.deep.equal([]);
  });

  it('keeps two certifications of the same title apart', () => {
    const same = [...framework.certifications.values()].filter(
      ({ title }) => title === "Concepteur développeur d'applications",
    );
    expect(same.map(({ code }) => code)).to.deep.equal(['RNCP36490', 'RNCP37873']);
  });

  it('has the same version each time it is read', () => {
    expect(loadFramework().version).to.equal(framework.version);
    expect(framework.version).to.match(/^digcomp-3\.0\+align-\d+\.[0-9a-f]{12}$/);
  });

  it('refuses data that are not what they say', () => {
    const { areas, competences, bands, levels } = framework;
    const digcomp = { _meta: { version: '3.0' }, areas, competences, bands, levels };
    expect(digcompSchema.safeParse(digcomp).success).to.equal(true);
    expect(digcompSchema.safeParse({ ...digcomp, competences: competences.slice(1) }).success).to.equal(false);
    const stray = competences.map((one) => (one.code === '1.1' ? { ...one, area: '9' } : one));
    expect(digcompSchema.safeParse({ ...digcomp, competences: stray }).success).to.equal(false);
    expect(lexiconSchema.safeParse({ threshold: 0.5, groups: [{ subject: 'x', terms: ['y'] }] }).success).to.equal(
      false,
    );
    const wordless = { threshold: 0.5, groups: [{ subject: 'x', digital: 1, terms: ['…'] }] };
    expect(() => compileLexicon(wordless)).to.throw('without a word');
  });
});

describe('numbers of certifications', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['RNCP37674', 'RNCP37674'],
    ['rncp 37674', 'RNCP37674'],
    [' RNCP-37674 ', 'RNCP37674'],
    ['RNCP n° 37674', 'RNCP37674'],
    ['Fiche RNCP37674', 'RNCP37674'],
    ['RS 6604', 'RS6604'],
    ['rs6604', 'RS6604'],
    ['RS06604', 'RS6604'],
    ['https://www.francecompetences.fr/recherche/rncp/37674/', 'RNCP37674'],
    ['https://www.francecompetences.fr/recherche/rs/6604', 'RS6604'],
    ['francecompetences.fr/recherche/rs/6604/?x=1', 'RS6604'],
  ];
  for (const [text, code] of spellings) {
    it(`« ${text} » is ${code}`, () => {
      expect(parseCertificationCode(text)).to.deep.equal({ kind: 'code', code });
    });
  }

  it('B28 a number alone could be of either register', () => {
    expect(parseCertificationCode('37674')).to.deep.equal({ kind: 'ambiguous', candidates: ['RNCP37674', 'RS37674'] });
  });

  const unreadable = [
    '',
    'RNCP',
    'RNCP0',
    'RNCP37674BC01',
    'RNCP1234567',
    'https://example.org/recherche/rncp/37674',
    'XRNCP37674',
  ];
  for (const text of unreadable) {
    it(`« ${text} » is no number of a certification`, () => {
      expect(parseCertificationCode(text)).to.deep.equal({ kind: 'unreadable' });
    });
  }

  it('a hostile run of blanks is refused at once', () => {
    const started = performance.now();
    expect(parseCertificationCode(`RS${' '.repeat(200_000)}x`).kind).to.equal('unreadable');
    expect(performance.now() - started).to.be.below(200);
  });

  it('what is read once is read again unchanged', () => {
    fc.assert(
      fc.property(fc.constantFrom('RNCP', 'RS'), fc.integer({ min: 1, max: 999_999 }), (register, number) => {
        expect(parseCertificationCode(`${register}${number}`)).to.deep.equal({
          kind: 'code',
          code: `${register}${number}`,
        });
      }),
    );
  });
});

describe('state of a certification', () => {
  const stateOn = (code: string, day: string) => certificationState(framework.certifications.get(code), new Date(day));

  it('is active until its end date included, and ended the day after', () => {
    expect(stateOn('RNCP35959', '2026-10-15T23:59:59Z')).to.equal('active');
    expect(stateOn('RNCP35959', '2026-10-16T00:00:00Z')).to.equal('ended');
  });

  it('is ended when the register says so, whatever its dates', () => {
    expect(stateOn('RS5000', '2024-01-01')).to.equal('ended');
  });

  it('is unknown when the register was not read or does not hold it', () => {
    expect(stateOn('RNCP37682', '2026-11-22')).to.equal('unknown');
    expect(stateOn('RS5875', '2026-11-22')).to.equal('unknown');
  });
});
