import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { loadRules, loadRulesFile } from '../../src/eligibility/data.ts';
import { inForce } from '../../src/eligibility/model/rule-set.ts';
import { withCaseChanges } from '../../src/eligibility/use-cases/rules.ts';
import { answerTo, wireDossier } from '../builders/dossier.ts';
import { aPublication, aRulesWorld, participation2027, type RulesWorld } from '../builders/rules.ts';

describe('the rules while the platform runs', () => {
  let world: RulesWorld;
  beforeEach(async () => {
    world = await aRulesWorld();
  });
  afterEach(() => world.close());

  it('are those of the file until a version is published', async () => {
    const rules = await world.process();
    expect(rules.current().version).to.equal(loadRules().version);
    expect(rules.sequence()).to.equal(0);
    expect(rules.unfit()).to.deep.equal([]);
  });

  it('hold a published version, and keep the days before as they were', async () => {
    const rules = await world.process();
    const before = rules.current();
    expect(await world.store.publish(aPublication())).to.equal(true);
    await rules.refresh();
    const after = rules.current();
    expect(after.version).not.to.equal(before.version);
    for (const date of ['2026-04-01', '2026-04-02', '2026-12-31'])
      expect(inForce(after, 'F-03', date), date).to.deep.equal(inForce(before, 'F-03', date));
    expect(inForce(before, 'F-03', '2027-01-01').state).to.equal('unknown');
    expect(inForce(after, 'F-03', '2027-01-01')).to.have.nested.property('values.montant', 15250);
    const due = answerTo(wireDossier({ date: '2027-01-01' }), after);
    expect(due.participation).to.deep.equal({ due: true, montant: 152.5 });
  });

  it('close the version before, the day before', async () => {
    const rules = await world.process();
    const version = { ...participation2027, from: '2026-12-01', to: '2026-12-31' };
    await world.store.publish(aPublication({ version }));
    await rules.refresh();
    const periods = rules
      .current()
      .byId.get('F-03')
      ?.versions.map(({ from, to }) => [from, to]);
    expect(periods?.slice(-2)).to.deep.equal([
      ['2026-04-02', '2026-11-30'],
      ['2026-12-01', '2026-12-31'],
    ]);
    expect(rules.changesOf('F-03')[0]?.before).to.include({ from: '2026-04-02', to: '2026-12-31' });
  });

  it('are the same in another process within seconds, which is told', async () => {
    const here = await world.process();
    const there = await world.process({ every: 20 });
    const told: string[] = [];
    there.onChange(({ version }) => told.push(version));
    await world.store.publish(aPublication());
    await here.refresh();
    for (let turn = 0; turn < 100 && told.length === 0; turn += 1) await wait(20);
    expect(told).to.deep.equal([here.current().version]);
    expect(there.current().version).to.equal(here.current().version);
  });

  it('have one publication per place in the row and one per draft', async () => {
    expect(await world.store.publish(aPublication())).to.equal(true);
    expect(await world.store.publish(aPublication({ draftId: 'draft-2' }))).to.equal(false);
    expect(await world.store.publish(aPublication({ sequence: 2 }))).to.equal(false);
    expect(await world.store.publicationsAfter(0)).to.have.length(1);
  });

  it('of the past are found again by their name, in a process that never had them', async () => {
    const old = await world.process();
    const name = old.current().version;
    await world.store.publish(aPublication());
    const late = await world.process();
    const again = await late.byVersion(name);
    expect(late.current().version).not.to.equal(name);
    expect(again?.version).to.equal(name);
    expect(again?.rules).to.deep.equal(old.current().rules);
    expect(await late.byVersion('2020-01-01.000000000000')).to.equal(null);
  });

  it('leave out what no longer fits, say so, and go on', async () => {
    const wrong = { ...participation2027, parameters: { amount: 12 } };
    await world.store.publish(aPublication({ version: wrong }));
    await world.store.publish(aPublication({ sequence: 2, ruleId: 'F-99', draftId: 'draft-2' }));
    await world.store.publish(aPublication({ sequence: 3, draftId: 'draft-3' }));
    const rules = await world.process();
    expect(rules.unfit().map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
    expect(rules.unfit()[0]?.problem).to.contain('F-03').and.contain('2027-01-01');
    expect(rules.sequence()).to.equal(3);
    expect(inForce(rules.current(), 'F-03', '2027-01-01').state).to.equal('valid');
    expect(world.faults).to.have.length(2);
  });

  it('take a published version over when the file itself brings it', async () => {
    const file = loadRulesFile();
    const seed = {
      ...file,
      rules: file.rules.map((rule) =>
        rule.id === 'F-03' ? { ...rule, versions: [...rule.versions, participation2027] } : rule,
      ),
    };
    await world.store.publish(aPublication());
    const rules = await world.process({ seed });
    expect(rules.unfit()).to.deep.equal([]);
    expect(
      rules
        .current()
        .byId.get('F-03')
        ?.versions.filter(({ from }) => from === '2027-01-01'),
    ).to.have.length(1);
  });

  it('replace a version that is not in force yet, never one that is', async () => {
    const rules = await world.process();
    await world.store.publish(aPublication());
    const corrected = { ...participation2027, parameters: { montant: 153 } };
    await world.store.publish(aPublication({ sequence: 2, draftId: 'draft-2', version: corrected }));
    const inUse = { ...participation2027, from: '2026-04-02' };
    await world.store.publish(aPublication({ sequence: 3, draftId: 'draft-3', version: inUse }));
    await rules.refresh();
    expect(inForce(rules.current(), 'F-03', '2027-01-01')).to.have.nested.property('values.montant', 15300);
    expect(rules.unfit().map(({ sequence }) => sequence)).to.deep.equal([3]);
    expect(rules.unfit()[0]?.problem).to.match(/2026-04-02 → 2026-12-31 » et « 2026-04-02 .* chevauchent/);
  });

  it('go on when one that follows them fails', async () => {
    const rules = await world.process({ every: 10 });
    rules.onChange(() => {
      throw new Error('a listener of ours');
    });
    await world.store.publish(aPublication());
    for (let turn = 0; turn < 100 && world.faults.length === 0; turn += 1) await wait(20);
    expect(world.faults).to.deep.equal(['what follows a change of the rules failed']);
    expect(rules.sequence()).to.equal(1);
  });

  it('carry the answers of worked cases that a version changed', async () => {
    const rules = await world.process();
    const first = rules.cases().find(({ pourquoi }) => pourquoi !== undefined);
    const change = { id: first?.id ?? '', attendu: { cpf: 'non' }, reason: 'Le plafond change.' };
    await world.store.publish(aPublication({ caseChanges: [change] }));
    await rules.refresh();
    const changed = rules.cases().find(({ id }) => id === first?.id);
    expect(changed?.attendu).to.deep.equal({ cpf: 'non' });
    expect(changed, 'the former answer and how it was derived').not.to.have.property('pourquoi');
    expect(withCaseChanges(rules.cases(), [{ ...change, id: 'gone' }])).to.deep.equal(rules.cases());
  });
});
