/** N9 and B30, as people meet them: who may correct a record, what the form answers at once, and what is kept of each act. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { makeHistoryStore } from '../../src/catalogue/store/history.ts';
import type { Foreseen } from '../../src/catalogue/use-cases/foresee.ts';
import { AppError } from '../../src/errors.ts';
import { patchState } from '../../src/harvest/model/patch.ts';
import { makeCorrecting as makeEngine } from '../../src/harvest/use-cases/correcting.ts';
import { makeAudit } from '../../src/platform/audit.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { readRecordKey, recordKey } from '../../src/providers/model/correcting.ts';
import type { Source } from '../../src/providers/model.ts';
import { type Correcting, makeCorrecting } from '../../src/providers/use-cases/correcting.ts';
import { recordModel, untouched } from '../../src/providers/view-models/correcting.ts';
import { visitor } from '../../src/rights.ts';
import { aMember, anActor, operator } from '../builders/actors.ts';
import {
  aSource,
  end,
  type Item,
  listingConnector,
  makeWorld,
  record,
  records,
  type World,
} from '../support/harvest-world.ts';

describe('correcting a record in place', () => {
  let world: World;
  let correcting: Correcting;
  let state: Source['state'] = 'active';
  let foreseen: Foreseen;
  let acts: { act: string; target: string | null; actor: string | null; field: unknown }[];
  const own = aSource();
  const source = () => ({ ...own, organisationId: 'school', state, rhythm: 'daily', history: [] }) as unknown as Source;
  const mine = aMember('school');
  const ref = { sourceId: own.id, remoteId: 'b' };
  const cpf = (answer: 'oui' | 'non' | 'indecidable') => ({
    ...{ answer, rules: [], missing: [], zeroPossible: null },
    ...{ assessedOn: '2026-11-22', rulesVersion: '1', registerDate: null },
  });

  before(async () => {
    world = await makeWorld();
    const connector = listingConnector([]);
    // The real trail: it refuses what is not a code.
    const trail = makeAudit(world.database.connection, { secrets: makeSecrets(randomBytes(32)), now: world.now });
    correcting = makeCorrecting({
      sources: { byId: async (id) => (id === own.id ? source() : null) },
      engine: makeEngine({
        ...world.store,
        courses: world.courses,
        connectors: new Map([[own.connector, connector]]),
        align: ({ title }) => ({
          ...{ digital: !/poterie/i.test(title), competences: [], level: null, certifications: [] },
          ...{ threshold: 0.5, frameworkVersion: 'test' },
        }),
        log: { error: () => {} },
        now: world.now,
      }),
      patches: world.store.patches,
      courses: world.courses,
      history: makeHistoryStore(world.database.connection),
      harvest: { runsOf: async () => [] },
      foresee: async () => foreseen,
      audit: {
        record: async (event) => {
          const { act, target, actor: who, details } = event;
          acts.push({ act, target, actor: who, field: details?.field });
          return trail.record(event);
        },
      },
      now: world.now,
    } as Parameters<typeof makeCorrecting>[0]);
  });
  after(() => world.close());
  beforeEach(async () => {
    acts = [];
    state = 'active';
    foreseen = { cpf: cpf('oui'), advice: null };
    await world.empty();
  });

  const failure = async (work: Promise<unknown>) =>
    work.then(
      () => ({ code: 'no error', details: {} }),
      (error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        return { code: error.code, details: error.details };
      },
    );
  const harvest = (...items: readonly Item[]) => world.run([...items, end()]);
  const broken = () => harvest(...records('a'), record('b', { price: 'mille euros' }));
  const live = async (remoteId = 'b') =>
    (await world.store.patches.ofRecord(own.id, remoteId)).filter(({ ended }) => ended === null);
  const save = (typed: Record<string, string>, who = mine, where = ref) =>
    correcting.save(who, where, typed, 'Erreur de saisie');

  it('is open to the people of the organisation and to operators; to others the record does not exist', async () => {
    await broken();
    expect((await correcting.record(mine, ref)).reader).to.equal('organisation');
    expect((await correcting.record(operator, ref)).reader).to.equal('operator');
    for (const who of [aMember('other'), anActor({}), { ...operator, strong: false }]) {
      for (const work of [
        correcting.record(who, ref),
        correcting.check(who, ref, { price: '1' }),
        save({ price: '1' }, who),
        correcting.choose(who, ref, { field: 'price', revision: 1, choice: 'mine', value: '' }),
        correcting.withdraw(who, ref, { field: 'price', revision: 1 }),
        correcting.list(who, own.id, null),
        correcting.find(who, own.id, 'b'),
      ]) {
        expect((await failure(work)).code).to.match(/^(SOURCE|ORGANISATION|FICHE)_INCONNUE$/);
      }
    }
    expect((await failure(correcting.record(visitor, ref))).code).to.equal('CONNEXION_REQUISE');
    expect((await failure(correcting.record(mine, { ...ref, remoteId: 'none' }))).code).to.equal('FICHE_INCONNUE');
    expect(await live()).to.deep.equal([]);
    expect(acts).to.deep.equal([]);
  });

  it('W2 the form begins with the field of the problem, refuses under it, and says « Fiche valide » at once', async () => {
    await broken();
    const page = await correcting.record(mine, ref);
    expect(page.left.map(({ code, corrects }) => [code, corrects])).to.deep.equal([['E_PRIX_ILLISIBLE', 'price']]);
    const model = recordModel(page, [], { done: '', form: untouched });
    expect(model.form?.first.map(({ id, value }) => [id, value])).to.deep.equal([['price', 'mille euros']]);

    const refused = await failure(correcting.check(mine, ref, { price: 'mille euros' }));
    expect(refused.code).to.equal('CORRECTION_REFUSEE');
    expect(Object.keys(refused.details as object)).to.deep.equal(['price']);

    const forecast = await correcting.check(mine, ref, { price: '1080' });
    expect(forecast).to.deep.include({ result: 'valid', fundedBefore: false });
    expect(forecast.course?.draft.price?.amount).to.equal(108_000);
    expect(forecast.course?.corrections?.map(({ field, by }) => [field, by])).to.deep.equal([['price', 'provider']]);
    const operated = await correcting.check(operator, ref, { price: '1080' });
    expect(operated.course?.corrections?.[0]?.by).to.equal('operator');
    expect(await live(), 'nothing is kept by a check').to.deep.equal([]);
    const said = (one: Foreseen) => {
      const shown = { said: { ...forecast, ...one }, card: null };
      const form = { ...untouched, typed: { price: '1080' }, forecast: shown };
      return recordModel(page, [], { done: '', form }).form?.forecast?.unlocks?.text;
    };
    expect(said(foreseen)).to.equal('Deviendrait finançable CPF');
    const reason = "Non finançable : RS1 n'est plus active.";
    expect(said({ cpf: cpf('non'), advice: reason })).to.equal(reason);
  });

  it('is kept apart with the value of the source, who, when and why, and published by the next run', async () => {
    await broken();
    await save({ price: '1080' });
    const [patch] = await live();
    expect(patch).to.deep.include({
      ...{ field: 'price', value: '1080', by: 'provider', why: 'Erreur de saisie' },
      source: { text: 'mille euros', readable: false },
    });
    expect(acts).to.deep.equal([{ act: 'record.corrected', target: own.id, actor: 'someone', field: 'price' }]);
    expect((await broken()).corrected).to.equal(1);
    expect((await world.course('b')).draft.price?.amount).to.equal(108_000);
    const page = await correcting.record(mine, ref);
    const model = recordModel(page, [], { done: '', form: untouched });
    expect(model.patches[0]?.sentence).to.match(/^Votre correction est appliquée depuis le/);
    expect(page.left).to.deep.equal([]);
  });

  it('a published record is corrected too, by an operator in his own name', async () => {
    await harvest(...records('a'));
    await save({ title: 'Un autre titre' }, operator, { ...ref, remoteId: 'a' });
    expect((await live('a'))[0]).to.deep.include({ by: 'operator', source: { text: 'Cours a', readable: true } });
    await harvest(...records('a'));
    expect((await world.course('a')).draft.title).to.equal('Un autre titre');
  });

  it('several fields at once, each with its entry in the audit trail', async () => {
    await broken();
    await save({ price: '1080', title: 'Un autre titre' });
    expect((await live()).map(({ field }) => field)).to.deep.equal(['price', 'title']);
    expect(acts.map(({ field }) => field).sort()).to.deep.equal(['price', 'title']);
  });

  it('refuses what nobody corrects: identifiers, the source, the state', async () => {
    await broken();
    for (const name of ['remoteId', 'id', 'sourceId', 'state', 'alignment', '__proto__x', 'competences']) {
      expect((await failure(save({ price: '1080', [name]: 'x' }))).code, name).to.equal('CHAMP_NON_CORRIGIBLE');
    }
    expect(await live()).to.deep.equal([]);
  });

  it('refuses a correction without reason, without change, or of a source that is not harvested', async () => {
    await broken();
    const without = await failure(correcting.save(mine, ref, { price: '1080' }, '  '));
    expect(Object.keys(without.details as object)).to.deep.equal(['pourquoi']);
    const published = { ...ref, remoteId: 'a' };
    expect((await failure(correcting.check(mine, published, { title: ' Cours  a ' }))).details).to.have.key('');
    state = 'closed';
    expect((await failure(save({ price: '1080' }))).code).to.equal('SOURCE_NON_COLLECTEE');
    expect((await correcting.record(mine, ref)).fields).to.deep.equal([]);
    expect(await live()).to.deep.equal([]);
  });

  it('a record that cannot be read at all says so, and gets no form', async () => {
    await harvest(record('b', { title: 7 as unknown as string }));
    expect((await correcting.record(mine, ref)).fields).to.deep.equal([]);
    expect((await failure(save({ title: 'Un titre' }))).code).to.equal('FICHE_NON_CORRIGIBLE');
  });

  it('a record without identifier is not one that a form can follow', async () => {
    await harvest(record('', { title: 'Sans nom' }));
    const { records: kept } = await world.store.records.problems(own.id);
    const nameless = { ...ref, remoteId: kept[0]?.remoteId ?? '' };
    const page = await correcting.record(mine, nameless);
    expect(page.left.map(({ field, corrects }) => [field, corrects])).to.deep.equal([['identifiant', null]]);
    expect((await failure(save({ title: 'Autre' }, mine, nameless))).code).to.equal('FICHE_NON_CORRIGIBLE');
  });

  it('says that a valid record would stay out of the catalogue, and which course it would claim', async () => {
    await broken();
    expect(await correcting.check(mine, ref, { price: '1', title: 'Poterie' })).to.include({ result: 'out-of-scope' });
    const other = aSource({ id: 'autre', title: 'Autre source' });
    await world.run([record('z', { title: 'Déjà là', url: 'https://x.example/z' }), end()], { source: other });
    const taken = await failure(
      correcting.check(mine, ref, { price: '1', title: 'Déjà là', url: 'https://x.example/z' }),
    );
    expect(Object.values(taken.details as object)[0]).to.include('déjà publié par la source Autre source');
  });

  it('typed back to the value of the source, a correction ends', async () => {
    await harvest(...records('a'));
    const where = { ...ref, remoteId: 'a' };
    await save({ title: 'Corrigé' }, mine, where);
    await save({ title: 'Cours a' }, mine, where);
    expect(await live('a')).to.deep.equal([]);
    expect(acts.map(({ act }) => act)).to.deep.equal(['record.corrected', 'record.correction-withdrawn']);
  });

  it('two people at once: the second is told, and overwrites nothing', async () => {
    await broken();
    const results = await Promise.all([failure(save({ price: '1080' })), failure(save({ price: '2000' }, operator))]);
    expect(results.map(({ code }) => code).sort()).to.deep.equal(['CORRECTION_CHANGEE', 'no error']);
    expect(await live()).to.have.length(1);
  });

  describe('when the source sends a third value', () => {
    const title = { field: 'title', value: '' } as const;
    const where = { ...ref, remoteId: 'a' };

    async function asked() {
      await harvest(...records('a'));
      await save({ title: 'Corrigé' }, mine, where);
      await harvest(...records('a'));
      await harvest(record('a', { title: 'Troisième' }));
      const [patch] = await live('a');
      if (patch === undefined) throw new Error('no patch');
      expect(patchState(patch)).to.equal('asks');
      return patch;
    }

    it('the page asks, an answer is required, and the correction stays meanwhile', async () => {
      const { revision } = await asked();
      const model = recordModel(await correcting.record(mine, where), [], { done: '', form: untouched });
      expect(model.patches[0]?.sentence).to.equal(
        'La source donne maintenant Troisième : garder la vôtre ou la sienne ?'
          .replace(' :', '\u00a0:')
          .replace(' ?', '\u00a0?'),
      );
      expect(model.patches[0]?.choose?.group.options.map(({ value }) => value)).to.deep.equal([
        'mine',
        'source',
        'other',
      ]);
      const none = await failure(correcting.choose(mine, where, { ...title, revision, choice: null }));
      expect(Object.keys(none.details as object)).to.deep.equal(['choix']);
      expect((await world.course('a')).draft.title).to.equal('Corrigé');
    });

    it('keeps the correction, takes the value of the source, or takes another one', async () => {
      const first = await asked();
      await correcting.choose(mine, where, { ...title, revision: first.revision, choice: 'mine' });
      await harvest(record('a', { title: 'Troisième' }));
      expect((await world.course('a')).draft.title).to.equal('Corrigé');

      await harvest(record('a', { title: 'Quatrième' }));
      const [second] = await live('a');
      const revision = second?.revision ?? 0;
      const same = await failure(
        correcting.choose(mine, where, { ...title, revision, choice: 'other', value: 'Quatrième' }),
      );
      expect(Object.keys(same.details as object)).to.deep.equal(['valeur']);
      const empty = await failure(correcting.choose(mine, where, { ...title, revision, choice: 'other', value: ' ' }));
      expect(Object.keys(empty.details as object)).to.deep.equal(['valeur']);
      await correcting.choose(mine, where, { ...title, revision, choice: 'other', value: 'La mienne' });
      await harvest(record('a', { title: 'Quatrième' }));
      expect((await world.course('a')).draft.title).to.equal('La mienne');

      await harvest(record('a', { title: 'Cinquième' }));
      const [third] = await live('a');
      await correcting.choose(operator, where, { ...title, revision: third?.revision ?? 0, choice: 'source' });
      await harvest(record('a', { title: 'Cinquième' }));
      expect((await world.course('a')).draft.title).to.equal('Cinquième');
      expect(acts.map(({ act }) => act)).to.deep.equal([
        ...['record.corrected', 'record.correction-kept', 'record.corrected', 'record.source-taken'],
      ]);
    });

    it('an answer to an older page is refused: the source may have said something else since', async () => {
      const { revision } = await asked();
      await harvest(record('a', { title: 'Quatrième' }));
      const late = await failure(correcting.choose(mine, where, { ...title, revision, choice: 'mine' }));
      expect(late.code).to.equal('CORRECTION_CHANGEE');
    });
  });

  it('offers to drop a correction that the source has caught up with, and lists what a source has', async () => {
    await harvest(...records('a', 'c'));
    await save({ title: 'Corrigé' }, mine, { ...ref, remoteId: 'a' });
    await save({ title: 'Autre' }, mine, { ...ref, remoteId: 'c' });
    await harvest(record('a', { title: 'Corrigé' }), ...records('c'));
    const list = await correcting.list(mine, own.id, null);
    expect(list).to.include({ total: 2, live: 2, next: null });
    expect(list.patches.map((patch) => [patch.remoteId, patchState(patch)])).to.deep.equal([
      ['a', 'caught-up'],
      ['c', 'applied'],
    ]);
    const [patch] = await live('a');
    await correcting.withdraw(mine, { ...ref, remoteId: 'a' }, { field: 'title', revision: patch?.revision ?? 0 });
    expect((await world.store.patches.ofRecord(own.id, 'a'))[0]?.ended?.how).to.equal('caught-up');
    expect((await correcting.list(mine, own.id, null)).live).to.equal(1);
  });

  it('finds a record by its identifier or by the address of its page', async () => {
    await harvest(...records('formation 1/action 2'));
    const { slug } = await world.course('formation 1/action 2');
    const where = { sourceId: own.id, remoteId: 'formation 1/action 2' };
    expect(await correcting.find(mine, own.id, ' formation 1/action 2 ')).to.deep.equal(where);
    expect(await correcting.find(mine, own.id, `https://site.example/cours/${slug}?x=1`)).to.deep.equal(where);
    expect((await failure(correcting.find(mine, own.id, 'nulle part'))).code).to.equal('FICHE_INCONNUE');
    expect(readRecordKey(recordKey(where))).to.deep.equal(where);
    for (const key of ['', '.', 'a', 'a.', 'a.***', '.YQ', 'a.YR']) expect(readRecordKey(key), key).to.equal(null);
  });
});
