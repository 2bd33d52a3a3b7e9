import { expect } from 'chai';
import { inForce } from '../../src/eligibility/model/rule-set.ts';
import { draftHolding } from '../../src/eligibility/use-cases/personal-data.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import {
  actor,
  alix,
  anEditorWorld,
  ange,
  aSubject,
  capsForm,
  type EditorWorld,
  participationForm,
} from '../builders/rule-editor.ts';
import { aPublication, participation2027 } from '../builders/rules.ts';
import { errorOf } from '../support/error-of.ts';

const specific = { 'action.certification': { code: 'RS6604', active: true, clea: false } };

describe('what a rule editor does', function () {
  this.timeout(20_000);
  let world: EditorWorld;
  beforeEach(async () => {
    world = await anEditorWorld();
  });
  afterEach(() => world.close());

  const codeOf = async (work: Promise<unknown>) => Reflect.get(Object(await errorOf(work)), 'code');

  async function prepared(
    form: Readonly<Record<string, string>> = participationForm,
    ruleId = 'F-03',
  ): Promise<string> {
    const saved = await world.editor.prepare(alix, ruleId, form);
    if (!saved.ok) throw new Error(JSON.stringify(saved.page.errors));
    await world.listed(saved.id);
    return saved.id;
  }
  /** The cases that the draft changes are explained, and the list is made. */
  async function ready(form?: Readonly<Record<string, string>>, ruleId?: string): Promise<string> {
    const id = await prepared(form, ruleId);
    const { failing } = await world.editor.draft(alix, id);
    const reasons = Object.fromEntries(failing.map(({ worked }) => [worked.id, 'La valeur est connue maintenant.']));
    expect(await world.editor.explainCases(alix, id, reasons)).to.deep.equal({});
    await world.listed(id);
    return id;
  }
  const publish = async (who: Actor, id: string) =>
    world.editor.publish(who, id, (await world.drafts.byId(id))?.revision ?? 0);
  async function refused(form: Readonly<Record<string, string>>, ruleId = 'F-03') {
    const saved = await world.editor.prepare(alix, ruleId, form);
    if (saved.ok) throw new Error('accepted');
    return saved.page.errors;
  }

  it('is closed to every other role, and to a rule editor without one-time code', async () => {
    const id = await prepared();
    const acts: readonly [string, (who: Actor) => Promise<unknown>][] = [
      ['home', (who) => world.editor.home(who)],
      ['form', (who) => world.editor.form(who, 'F-03')],
      ['draftForm', (who) => world.editor.draftForm(who, id)],
      ['prepare', (who) => world.editor.prepare(who, 'F-03', participationForm)],
      ['rewrite', (who) => world.editor.rewrite(who, id, participationForm)],
      ['draft', (who) => world.editor.draft(who, id)],
      ['explainCases', (who) => world.editor.explainCases(who, id, {})],
      ['listAgain', (who) => world.editor.listAgain(who, id)],
      ['flipList', (who) => world.editor.flipList(who, id)],
      ['withdraw', (who) => world.editor.withdraw(who, id)],
      ['publish', (who) => world.editor.publish(who, id, 1)],
    ];
    expect(acts.map(([act]) => act).sort()).to.deep.equal(Object.keys(world.editor).sort());
    const others: readonly (readonly [Actor, string])[] = [
      [visitor, 'unauthenticated'],
      [actor('somebody', ['learner'], true), 'forbidden'],
      [actor('somebody', ['learner', 'reviewer'], true), 'forbidden'],
      [actor('somebody', ['learner', 'operator'], true), 'forbidden'],
      [actor('ange', ['learner', 'rule-editor'], false), 'forbidden'],
    ];
    for (const [who, kind] of others)
      for (const [act, work] of acts) expect(await errorOf(work(who)), act).to.include({ kind });
    expect((await world.drafts.byId(id))?.state).to.equal('open');
    expect(await world.drafts.open()).to.have.length(1);
  });

  it('N5: prepares a version that another person publishes, never the same', async () => {
    const id = await ready();
    expect(await codeOf(publish(alix, id))).to.equal('AUTEUR_DU_BROUILLON');
    expect(world.rules.sequence()).to.equal(0);
    await publish(ange, id);
    const rules = world.rules.current();
    // B22: the day before, of and after.
    expect(inForce(rules, 'F-03', '2026-12-31')).to.have.nested.property('values.montant', 15000);
    expect(inForce(rules, 'F-03', '2027-01-01')).to.have.nested.property('values.montant', 15250);
    expect(inForce(rules, 'F-03', '2027-01-02')).to.have.nested.property('values.montant', 15250);
    expect(world.rules.changesOf('F-03')[0]?.publication).to.include({ why: 'Revalorisation annuelle.', draftId: id });
    expect(await world.drafts.byId(id)).to.deep.include({ state: 'published', authors: [] });
    expect(world.events.map(({ act, target, actor: who }) => [act, target, who])).to.deep.equal([
      ['rule.draft-prepared', 'rule:F-03', 'alix'],
      ['rule.draft-changed', 'rule:F-03', 'alix'],
      ['rule.published', 'rule:F-03', 'ange'],
    ]);
    expect(await codeOf(publish(ange, id))).to.equal('BROUILLON_FINI');
  });

  it('B31: an overlap and a hole are refused under the first day, naming both versions', async () => {
    const overlap = await refused({ ...participationForm, debut: '2026-04-02' });
    expect(overlap.debut).to.contain('« 2026-04-02 → 2026-12-31 » et « 2026-04-02').and.contain('se chevauchent');
    const before = await refused({ ...participationForm, debut: '2025-06-01', fin: '2026-06-30' });
    expect(before.debut).to.contain('« 2025-06-01 → 2026-06-30 » et « 2026-01-01 → 2026-04-01 » se chevauchent');
    const hole = await refused({ ...participationForm, debut: '2027-01-15' });
    expect(hole.debut).to.contain('« 2026-04-02 → 2026-12-31 » et « 2027-01-15 → sans fin connue » laissent un vide');
    expect(await refused({ ...participationForm, fin: '2026-12-31' })).to.deep.equal({
      fin: 'Le dernier jour est avant le premier.',
    });
    expect(await world.drafts.open()).to.deep.equal([]);
  });

  it('every wrong field is named at once', async () => {
    const errors = await refused({
      debut: '2027-02-30',
      'v-montant': '12,345',
      adresse: 'javascript:alert(1)',
      verifieLe: '2026-11-29',
      certitude: 'X',
    });
    expect(Object.keys(errors).sort()).to.deep.equal(
      ['adresse', 'certitude', 'debut', 'pourquoi', 'reference', 'v-montant', 'verifieLe'].sort(),
    );
    expect(errors.verifieLe).to.equal('Ce jour est dans le futur.');
    const unsourced = await refused({ ...participationForm, sources: '' });
    expect(Object.keys(unsourced)).to.deep.equal(['sources']);
    expect(await codeOf(world.editor.prepare(alix, 'F-99', participationForm))).to.equal('REGLE_INCONNUE');
    for (const amount of ['-1', '1e3', '200000', '', 'NaN'])
      expect(Object.keys(await refused({ ...participationForm, 'v-montant': amount })), amount).to.deep.equal([
        'v-montant',
      ]);
  });

  it('lists and choices take known codes only', async () => {
    const funders = { ...participationForm, debut: '2027-01-01' };
    expect(Object.keys(await refused({ ...funders, 'v-financeurs': 'mairie' }, 'F-04'))).to.deep.equal([
      'v-financeurs',
    ]);
    const saved = await world.editor.prepare(alix, 'F-04', {
      ...funders,
      'v-financeurs': ['employeur', 'opco', 'region'],
    });
    expect(saved.ok).to.equal(true);
    const [draft] = await world.drafts.open();
    expect(draft?.version.parameters).to.deep.equal({ financeurs: ['employeur', 'opco', 'region'] });
  });

  it('a case that the draft answers in another way blocks it until its new answer is explained', async () => {
    const id = await prepared();
    const { failing } = await world.editor.draft(alix, id);
    expect(failing.map(({ worked }) => worked.id)).to.deep.equal(['F03-a']);
    expect(await codeOf(publish(ange, id))).to.equal('CAS_DIFFERENTS');
    expect(await world.editor.explainCases(alix, id, {})).to.have.all.keys('F03-a');
    expect(await codeOf(world.editor.explainCases(ange, id, { 'F03-a': 'oui' }))).to.equal('BROUILLON_D_AUTRUI');
    expect(await world.editor.explainCases(alix, id, { 'F03-a': 'Le montant est connu.' })).to.deep.equal({});
    await world.listed(id);
    await publish(ange, id);
    const changed = world.rules.cases().find((one) => one.id === 'F03-a');
    expect(changed?.attendu.participation).to.deep.equal({ due: true, montant: 152.5 });
    expect(world.rules.caseChange('F03-a')).to.deep.equal({ on: '2026-11-28', reason: 'Le montant est connu.' });
  });

  it('a draft on rules that changed since is taken up again by its author', async () => {
    const first = await ready();
    const second = await ready(capsForm, 'F-02');
    await publish(ange, first);
    expect(await codeOf(publish(ange, second))).to.equal('REGLES_CHANGEES');
    expect((await world.editor.draft(ange, second)).outdated).to.equal(true);
    expect(await codeOf(world.editor.rewrite(ange, second, capsForm))).to.equal('BROUILLON_D_AUTRUI');
    const again = await world.editor.rewrite(alix, second, capsForm);
    expect(again).to.deep.equal({ ok: true, id: second });
    await world.listed(second);
    await publish(ange, second);
    expect(world.rules.sequence()).to.equal(2);
  });

  it('two persons who publish two drafts at once: one is published, the other is told', async () => {
    const first = await ready();
    const second = await ready(capsForm, 'F-02');
    const elsewhere = await world.elsewhere();
    const revision = async (id: string) => (await world.drafts.byId(id))?.revision ?? 0;
    const acts = await Promise.allSettled([
      world.editor.publish(ange, first, await revision(first)),
      elsewhere.publish(ange, second, await revision(second)),
      elsewhere.publish(ange, first, await revision(first)),
    ]);
    expect(acts.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(await world.store.publicationsAfter(0)).to.have.length(1);
    const states = (await Promise.all([first, second].map((id) => world.drafts.byId(id)))).map((one) => one?.state);
    expect(states.toSorted()).to.deep.equal(['open', 'published']);
  });

  it('what was not read is not published', async () => {
    const id = await ready();
    expect(await codeOf(world.editor.publish(ange, id, 1))).to.equal('BROUILLON_CHANGE');
  });

  it('nothing is published before the list of what changes is made, nor on a list of the day before', async () => {
    const id = await ready();
    world.clock = new Date('2026-11-29T10:00:00Z');
    expect(await codeOf(publish(ange, id))).to.equal('LISTE_A_FAIRE');
    await world.editor.listAgain(ange, id);
    await world.listed(id);
    await publish(ange, id);
  });

  it('N5: the list names each verdict that changes, old and new, with counts', async () => {
    const ended = { 'action.certification.finEnregistrement': '2026-12-31' };
    world.subjects = [
      aSubject('un', specific),
      aSubject('deux'),
      aSubject('trois', { ...specific, 'organisme.habilitation': null }),
      aSubject('quatre', ended),
      { ...aSubject('parcours', specific), kind: 'parcours', provider: null },
      { ...aSubject('illisible'), dossier: { date: 'demain' } as never },
    ];
    const id = await prepared(capsForm, 'F-02');
    const { run, flips, runIsCurrent } = await world.editor.draft(ange, id);
    expect(runIsCurrent).to.equal(true);
    expect(run).to.deep.include({ state: 'done', courses: 5, pathways: 1, flips: 3, date: '2027-01-01' });
    expect(run?.turns).to.deep.equal([
      { turn: 'oui → oui', count: 2 },
      { turn: 'indecidable → indecidable', count: 1 },
    ]);
    expect(flips.map(({ title, before, after }) => [title, before.plafond, after.plafond])).to.deep.equal([
      ['un', 150000, 140000],
      ['trois', 150000, 140000],
      ['parcours', 150000, 140000],
    ]);
    world.subjects = [aSubject('deux')];
    await world.editor.rewrite(alix, id, { ...capsForm, pourquoi: 'Autre raison.' });
    await world.listed(id);
    const after = await world.editor.draft(ange, id);
    expect(after.run).to.include({ flips: 0, courses: 1 });
    expect(after.flips).to.deep.equal([]);
  });

  it('a list whose process died is made again', async () => {
    const id = await ready();
    const run = await world.drafts.run(id);
    if (run === null) throw new Error('no run');
    await world.drafts.advance({ ...run, state: 'running' }, []);
    await world.editor.listAgain(ange, id);
    expect((await world.drafts.run(id))?.runId).to.equal(run.runId);
    world.clock = new Date(world.clock.getTime() + 61_000);
    await world.editor.listAgain(ange, id);
    await world.listed(id);
    expect((await world.drafts.run(id))?.runId).not.to.equal(run.runId);
  });

  it('a draft is withdrawn, and not published after', async () => {
    const id = await ready();
    await world.editor.withdraw(ange, id);
    expect(await codeOf(publish(ange, id))).to.equal('BROUILLON_FINI');
    expect(world.events.at(-1)).to.include({ act: 'rule.draft-withdrawn', actor: 'ange' });
    expect((await world.editor.home(alix)).ended.map((one) => one.state)).to.deep.equal(['withdrawn']);
  });

  it('a publication that a kill cut short leaves the draft to be published again', async () => {
    const id = await ready();
    const draft = await world.drafts.byId(id);
    if (draft === null) throw new Error('no draft');
    await world.drafts.change(id, draft, { state: 'published', endedAt: world.clock });
    expect(await codeOf(publish(ange, id))).to.equal('BROUILLON_FINI');
    world.clock = new Date(world.clock.getTime() + 61_000);
    await publish(ange, id);
    expect(world.rules.sequence()).to.equal(1);
  });

  it('a version already begun says so, and a verdict of the past is made again with the rules of its day', async () => {
    const old = world.rules.current().version;
    const id = await ready({ ...participationForm, debut: '2026-11-20', fin: '2026-12-31' });
    await publish(ange, id);
    const then = await world.rules.byVersion(old);
    if (then === null) throw new Error('lost');
    expect(inForce(then, 'F-03', '2026-11-21')).to.have.nested.property('values.montant', 15000);
    expect(inForce(world.rules.current(), 'F-03', '2026-11-21')).to.have.nested.property('values.montant', 15250);
  });

  it('the same version twice is refused', async () => {
    await world.store.publish(
      aPublication({
        version: {
          ...participation2027,
          legalBasis: { ...participation2027.legalBasis, sources: ['Mon Compte Formation, page sur la participation'] },
        },
      }),
    );
    expect((await refused(participationForm)).debut).to.equal('Cette version existe déjà.');
  });

  it('erasing a person leaves the draft without its name', async () => {
    const id = await prepared();
    const holding = draftHolding(world.drafts);
    expect((await holding.read('alix')).map((line) => line.Règle)).to.deep.equal(['F-03']);
    expect(await holding.erase('alix')).to.equal(1);
    expect(await holding.erase('alix')).to.equal(0);
    expect((await world.drafts.byId(id))?.authors).to.deep.equal([]);
  });
});
