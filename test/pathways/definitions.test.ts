import { expect } from 'chai';
import { loadFramework } from '../../src/framework/data.ts';
import { loadPathways } from '../../src/pathways/data.ts';
import { buildPathway } from '../../src/pathways/model/build.ts';
import {
  definitionProblems,
  isSamePathway,
  keepUncoveredDates,
  nearestPathways,
  retire,
  targetHasEnded,
} from '../../src/pathways/model.ts';
import { aDefinition, aPathwayCourse, aStep, daysAgo, now } from './courses.ts';

const framework = loadFramework();

describe('curated pathways', () => {
  const definitions = loadPathways(framework);

  it('are at least 15, each with an aim, a public and explained steps', () => {
    expect(definitions.length).to.be.at.least(15);
    for (const { aim, audience, steps } of definitions) {
      expect(aim).to.match(/\.$/);
      expect(audience).to.match(/\.$/);
      expect(steps.length).to.be.at.least(4);
      for (const { why } of steps) expect(why).to.match(/\.$/);
    }
  });

  it('lead to certifications that have not ended', () => {
    for (const definition of definitions)
      expect(targetHasEnded(definition, framework, now), definition.slug).to.equal(false);
    const targets = definitions.map(({ target }) => target.certification);
    expect(targets).to.include.members(['RNCP37674', 'RNCP37873', 'RNCP37488', 'RS7423', 'RS6604']);
  });

  it('cover the five areas of DigComp', () => {
    const areas = new Set(
      definitions.flatMap(({ steps }) => steps.flatMap(({ competences }) => competences.map((code) => code[0]))),
    );
    expect([...areas].sort()).to.deep.equal(['1', '2', '3', '4', '5']);
  });
});

describe('a wrong definition is refused', () => {
  const problems = (over: Parameters<typeof aDefinition>[0]) => definitionProblems(aDefinition(over), framework, now);

  it('and a right one is not', () => {
    expect(problems({})).to.deep.equal([]);
    expect(problems({ target: { certification: 'RNCP37674', rome: 'M1855' } })).to.deep.equal([]);
  });

  it('when its target has ended, or is not in the register', () => {
    expect(problems({ target: { certification: 'RS5000', rome: null } })).to.deep.equal(['RS5000 has ended']);
    expect(problems({ target: { certification: 'RNCP1', rome: null } })).to.deep.equal([
      'RNCP1 is not in the register',
    ]);
    expect(problems({ target: { certification: null, rome: 'A1101' } })).to.have.length(1);
  });

  it('when a step names an unknown competence or certification, or when an id is used twice', () => {
    expect(problems({ steps: [aStep('a', { competences: ['6.1'] })] })).to.have.length(1);
    expect(problems({ steps: [aStep('a', { certification: 'RS5875' })] })).to.have.length(1);
    expect(problems({ steps: [aStep('a'), aStep('a')] })).to.have.length(2);
    expect(problems({ steps: [aStep('a', { topics: ['le'] })] })).to.have.length(1);
  });
});

describe('the life of a pathway', () => {
  const pathway = (slug: string, competences: string[], rome: string | null = null) =>
    buildPathway(
      aDefinition({ slug, target: { certification: null, rome }, steps: [aStep('a', { competences })] }),
      [],
      framework,
      now,
    );

  it('the nearest are those of the same job, then those that share most competences', () => {
    const others = [
      pathway('loin', ['1.1']),
      pathway('part', ['3.4', '1.3']),
      pathway('meme', ['3.4']),
      pathway('metier', ['2.1'], 'M1855'),
    ];
    expect(nearestPathways(pathway('une', ['3.4'], 'M1855'), others, 3)).to.deep.equal(['metier', 'meme', 'part']);
    expect(nearestPathways(pathway('une', ['3.4']), others, 1)).to.deep.equal(['meme']);
  });

  it('a retired pathway keeps its content and is near to nothing', () => {
    const gone = retire(pathway('une', ['3.4']), 'definition-removed', [pathway('autre', ['3.4'])], now);
    expect(gone).to.deep.include({
      slug: 'une',
      retired: { at: now, reason: 'definition-removed', nearest: ['autre'] },
    });
    expect(gone.steps).to.have.length(1);
    expect(nearestPathways(pathway('autre', ['3.4']), [gone], 3)).to.deep.equal([]);
  });

  it('a step that stays uncovered keeps the date since when', () => {
    const before = buildPathway(aDefinition(), [], framework, daysAgo(5));
    const today = buildPathway(aDefinition(), [], framework, now);
    expect(keepUncoveredDates(before, today).steps[0]?.uncoveredSince).to.deep.equal(daysAgo(5));
    const covered = buildPathway(aDefinition(), [aPathwayCourse('a')], framework, now);
    expect(keepUncoveredDates(before, covered).steps[0]?.uncoveredSince).to.equal(null);
    expect(keepUncoveredDates(covered, today).steps[0]?.uncoveredSince).to.deep.equal(now);
  });

  it('computed again with the same result, it is the same', () => {
    const one = buildPathway(aDefinition(), [aPathwayCourse('a')], framework, daysAgo(1));
    const other = buildPathway(aDefinition(), [aPathwayCourse('a')], framework, now);
    expect(isSamePathway(one, other)).to.equal(true);
    expect(isSamePathway(one, { ...other, title: 'Autre' })).to.equal(false);
  });
});
