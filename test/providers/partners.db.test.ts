/** Sources of organisations over the real stores, runs and audit trail; catalogues come from the demonstration server. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { makeOrganisationStore } from '../../src/accounts/store/organisations.ts';
import { makeAccountStore } from '../../src/accounts/store.ts';
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type AnyConnector, defineConnector, secret } from '../../src/harvest/connector.ts';
import type { ExamineRequest } from '../../src/harvest/examine-thread.ts';
import { makePatchStore } from '../../src/harvest/store/patches.ts';
import type { Partners } from '../../src/partners.ts';
import { makeLog } from '../../src/platform/log.ts';
import { makeSourceStore, type SourceStore } from '../../src/providers/store.ts';
import { makeDrafting } from '../../src/providers/use-cases/drafting.ts';
import { settingsModel } from '../../src/providers/view-models/drafting.ts';
import type { Actor } from '../../src/rights.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { errorOf } from '../support/error-of.ts';

const operator: Actor = { accountId: 'an-operator', roles: ['operator'], memberships: [], strong: true };
const codeOf = async (work: Promise<unknown>) => Reflect.get((await errorOf(work)) ?? {}, 'code');

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

describe('sources of organisations', function () {
  this.timeout(120_000);
  let folder: string;
  let database: TestDatabase;
  let app: App;
  let partners: Partners;
  let sources: SourceStore;
  let feed: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'en2-partners-'));
    database = await testDatabase();
    const config = readConfig({
      NODE_ENV: 'test',
      DATA_DIR: folder,
      MONGODB_URI: database.uri,
      DEMO: 'true',
      LOG_LEVEL: 'silent',
    });
    app = await openApp(config, makeLog('silent'), { runsIn: 'this-thread' });
    partners = await app.partners();
    sources = makeSourceStore(app.database.connection);
    feed = String((await sources.byId('demo-institut-marelle'))?.config.url);
  });
  after(async () => {
    await app?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A provider of the demonstration, with one member whose address is proved. */
  async function organisation(): Promise<{ id: string; owner: Actor; member: Actor; stranger: Actor }> {
    const { connection } = app.database;
    const [id, person] = [randomUUID(), randomUUID()];
    await makeAccountStore(connection).create({
      id: person,
      email: { address: `${person}@exemple.fr`, verifiedAt: new Date() },
      displayName: null,
      passwordHash: null,
      identities: [],
      roles: ['learner'],
      oneTimeCode: null,
      consents: [],
      rightsVersion: 1,
      demo: true,
      createdAt: new Date(),
      lastSignInAt: null,
    });
    const members = [{ accountId: person, owner: true, since: new Date() }];
    const created = {
      id,
      kind: 'provider',
      name: 'Organisme',
      siret: null,
      members,
      approval: null,
      demo: true,
    } as const;
    await makeOrganisationStore(connection).create({ ...created, createdAt: new Date() });
    const actor = (organisationId: string, owner: boolean): Actor => ({
      accountId: person,
      roles: ['learner', owner ? 'provider-owner' : 'provider-member'],
      memberships: [{ organisationId, kind: 'provider', owner, active: true }],
      strong: false,
    });
    return { id, owner: actor(id, true), member: actor(id, false), stranger: actor(randomUUID(), true) };
  }

  const wayIn = (more: object = {}) => ({
    title: 'Catalogue',
    homepage: 'https://organisme.example/',
    way: 'address',
    url: feed,
    connector: '',
    ...more,
  });

  async function submitted(rhythm = 'manual', mails = 'always') {
    const who = await organisation();
    const declared = await partners.drafting.declare(who.member, who.id, wayIn(), null);
    if (declared.kind === 'refused') throw new Error(JSON.stringify(declared.refusals));
    const { id } = declared;
    await partners.drafting.preview(who.member, id);
    await partners.drafting.saveChoices(who.member, id, { rhythm, publishing: 'live', mails });
    await partners.drafting.submit(who.member, id);
    return { ...who, source: id };
  }

  const mails = async (source: string) =>
    (await (await app.people()).mail.pending())
      .filter(({ text }) => text.includes(source))
      .map(({ subject }) => subject.replaceAll('\u00a0', ' '));

  async function finished(source: string) {
    for (;;) {
      const [run] = await app.useCases.harvest.runsOf(source, 1);
      if (run?.endedAt != null) return run;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('a preview counts the corrections in place of the source, and says who made them', async () => {
    const { member, source } = await submitted();
    await partners.operating.accept(operator, source);
    const read = async () => {
      const { found } = await partners.drafting.preview(member, source);
      if (found === null) throw new Error('not read');
      return found.report;
    };
    const [first] = (await read()).records;
    expect(first?.corrections).to.deep.equal([]);
    const at = new Date('2026-11-21T09:00:00Z');
    await makePatchStore(app.database.connection).add({
      ...{ sourceId: source, remoteId: first?.remoteId ?? '', field: 'price', value: '123', by: 'operator', at },
      ...{ why: 'Erreur de saisie.', source: { text: '', readable: true } },
    });
    const again = (await read()).records[0];
    expect(again?.course?.draft.price).to.deep.include({ amount: 12_300 });
    expect(again?.corrections).to.deep.equal([{ field: 'price', by: 'operator', at }]);
  });

  it('recognises the format, keeps a draft, writes nothing for a preview, and harvests nothing before the acceptance', async () => {
    const { member, id } = await organisation();
    const count = async () => app.database.connection.collection('courses').countDocuments();
    const before = await count();
    const declared = await partners.drafting.declare(member, id, wayIn(), null);
    if (declared.kind === 'refused') throw new Error('refused');
    const draft = await partners.drafting.draft(member, declared.id);
    expect(draft.source).to.include({ state: 'draft', connector: 'lheo', organisationId: id });
    expect(await codeOf(partners.drafting.submit(member, declared.id))).to.equal('SANS_APERCU');
    const { source, found } = await partners.drafting.preview(member, declared.id);
    expect(found?.report.records).to.have.length(20);
    expect(source.state).to.equal('previewed');
    expect(await count()).to.equal(before);
    await partners.drafting.submit(member, declared.id);
    expect(await codeOf(partners.own.run(member, declared.id))).to.equal('COLLECTE_REFUSEE');
    expect(await codeOf(app.useCases.harvest.request(declared.id, 'manual'))).to.equal('source-not-active');
    expect(await codeOf(partners.drafting.saveSettings(member, declared.id, { url: feed }))).to.equal('source-state');
  });

  it('refuses each wrong text under its field', async () => {
    const { member, id } = await organisation();
    const asked = { title: 'www.pub.example', homepage: 'site', way: 'address', url: 'javascript:1', connector: '' };
    const outcome = await partners.drafting.declare(member, id, asked, null);
    if (outcome.kind !== 'refused') throw new Error('accepted');
    expect(Object.keys(outcome.refusals).sort()).to.deep.equal(['homepage', 'title', 'url']);
    const inside = await partners.drafting.declare(member, id, wayIn({ url: 'http://192.168.1.1/x' }), null);
    if (inside.kind !== 'refused') throw new Error('accepted');
    expect(inside.refusals.url).to.match(/^Adresse refusée : 192\.168\.1\.1/);
    expect(await sources.ofOrganisations([id])).to.deep.equal([]);
  });

  it('to people of another organisation, a source does not exist, whatever they ask', async () => {
    const { source, stranger } = await submitted();
    const { own, drafting } = partners;
    const acts: Promise<unknown>[] = [
      own.page(stranger, source),
      own.run(stranger, source),
      own.pause(stranger, source, 'x'),
      own.resume(stranger, source),
      own.closing(stranger, source),
      own.close(stranger, source, 'x'),
      drafting.draft(stranger, source),
      drafting.saveSettings(stranger, source, {}),
      drafting.replaceFile(stranger, source, null),
      drafting.preview(stranger, source),
      drafting.saveChoices(stranger, source, { rhythm: 'daily', publishing: 'live', mails: 'never' }),
      drafting.submit(stranger, source),
      drafting.correct(stranger, source),
    ];
    const kinds = await Promise.all(acts.map(async (act) => Reflect.get((await errorOf(act)) ?? {}, 'kind')));
    expect(new Set(kinds)).to.deep.equal(new Set(['not-found']));
    expect(await codeOf(own.page(operator, 'fun-mooc'))).to.equal('SOURCE_INCONNUE');
  });

  it('an operator refuses with a reason, which is mailed and shown; corrected and sent again, it is accepted', async () => {
    const { source, member } = await submitted();
    const { operating, drafting, own } = partners;
    expect(await codeOf(operating.refuse(operator, source, '  '))).to.equal('refusal-without-reason');
    expect(await codeOf(operating.refuse(member, source, 'Non.'))).to.equal('DROIT_MANQUANT');
    await operating.refuse(operator, source, 'Le site indiqué ne répond pas.');
    expect((await own.page(member, source)).source).to.include({
      state: 'refused',
      stateReason: 'Le site indiqué ne répond pas.',
    });
    expect(await mails(source)).to.deep.equal(['Votre source « Catalogue » est refusée']);
    await drafting.correct(member, source);
    await drafting.preview(member, source);
    await drafting.submit(member, source);
    const waiting = await operating.list(operator);
    expect(waiting.filter((one) => one.source.state === 'submitted').at(-1)?.source.id).to.equal(source);
    expect((await operating.accept(operator, source)).state).to.equal('approved');
    const { history } = (await own.page(member, source)).source;
    expect(history.map(({ state, by }) => `${state} ${by}`)).to.deep.equal([
      'draft organisation',
      'previewed organisation',
      'submitted organisation',
      'refused operator',
      'draft organisation',
      'previewed organisation',
      'submitted organisation',
      'approved operator',
    ]);
    const trail = await (await app.people()).audit.list({ about: source, limit: 50 });
    expect(trail.map(({ act }) => act)).to.include.members([
      'source.declared',
      'source.submitted',
      'source.refused',
      'source.accepted',
    ]);
  });

  it('the first run by hand activates it, publishes, and its mail leaves once; closing withdraws its courses with « source_fermee »', async () => {
    const { source, member, owner } = await submitted();
    const { operating, own, notices } = partners;
    await operating.accept(operator, source);
    await own.run(member, source);
    const run = await finished(source);
    expect(run.status).to.equal('done-with-rejections');
    await notices.followUp(source);
    await notices.catchUp();
    expect((await mails(source)).filter((subject) => subject.startsWith('Collecte'))).to.deep.equal([
      'Collecte de « Catalogue » : Réussi avec erreurs',
    ]);
    expect(await codeOf(own.run(member, source)), 'ten minutes').to.equal('COLLECTE_REFUSEE');

    await own.pause(member, source, 'Travaux.');
    expect(await codeOf(app.useCases.harvest.request(source, 'manual'))).to.equal('source-not-active');
    await own.resume(member, source);
    await operating.pause(operator, source, 'Plaintes reçues.');
    expect(await codeOf(own.resume(member, source)), 'a pause of the platform').to.equal('PAUSE_DE_LA_PLATEFORME');

    expect(await codeOf(own.close(member, source, 'x')), 'only an owner').to.equal('DROIT_MANQUANT');
    const { effect } = await own.closing(owner, source);
    expect(effect.courses).to.equal(run.counters.created);
    await own.close(owner, source, 'Notre offre a changé.');
    const courses = app.database.connection.collection('courses');
    expect(await courses.countDocuments({ sourceId: source, state: { $ne: 'withdrawn' } })).to.equal(0);
    expect(await courses.countDocuments({ sourceId: source, 'withdrawn.reason': 'source_fermee' })).to.equal(
      effect.courses,
    );
    expect(await codeOf(operating.activate(operator, source))).to.equal('source-state');
  });

  it('what a run brought back after a closing is withdrawn by the follow-up', async () => {
    const { source, member, owner } = await submitted();
    await partners.operating.accept(operator, source);
    await partners.own.run(member, source);
    await finished(source);
    await partners.own.close(owner, source, 'Fin.');
    const courses = app.database.connection.collection('courses');
    await courses.updateMany({ sourceId: source }, { $set: { state: 'published', withdrawn: null } });
    await partners.notices.catchUp();
    expect(await courses.countDocuments({ sourceId: source, state: 'published' })).to.equal(0);
  });

  it('an accepted source cannot be led to another site', async () => {
    const { source, member } = await submitted();
    await partners.operating.accept(operator, source);
    const elsewhere = await partners.drafting.saveSettings(member, source, { url: 'https://ailleurs.example/x.xml' });
    if (elsewhere.kind !== 'refused') throw new Error('accepted');
    expect(elsewhere.refusals.url).to.match(/autre site/);
    expect((await partners.drafting.saveSettings(member, source, { url: `${feed}?page=1` })).kind).to.equal('done');
  });

  it('a file is the catalogue of its source until it is replaced, and goes with it', async () => {
    const { member, owner, id } = await organisation();
    const xml = await (await fetch(feed)).text();
    const asked = wayIn({ way: 'file', url: '' });
    const wrong = await partners.drafting.declare(member, id, asked, {
      name: 'a.xml',
      bytes: bytesOf('%PDF-1.7 nothing'),
    });
    expect(wrong.kind).to.equal('refused');
    const declared = await partners.drafting.declare(member, id, asked, { name: 'offre.xml', bytes: bytesOf(xml) });
    if (declared.kind === 'refused') throw new Error(JSON.stringify(declared.refusals));
    const { drafting, operating, own } = partners;
    const { found } = await drafting.preview(member, declared.id);
    expect(found?.report.counts.read).to.equal(20);
    await drafting.saveChoices(member, declared.id, { rhythm: 'manual', publishing: 'live', mails: 'never' });
    await drafting.submit(member, declared.id);
    await operating.accept(operator, declared.id);
    await own.run(member, declared.id);
    const run = await finished(declared.id);
    expect(run.counters.created).to.be.greaterThan(20);
    const files = (await app.people()).files;
    const [first] = await files.of(declared.id);
    await drafting.replaceFile(member, declared.id, { name: 'offre-2.xml', bytes: bytesOf(xml) });
    const kept = await files.of(declared.id);
    expect(kept.map(({ name }) => name)).to.deep.equal(['offre-2.xml']);
    expect(kept[0]?.id).to.not.equal(first?.id);
    await own.close(owner, declared.id, 'Fin.');
    expect(await files.of(declared.id)).to.deep.equal([]);
  });

  it('a secret setting is sealed, opened only to read the source, and found in no collection and no page', async () => {
    const word = 'un-secret-de-partenaire-7319';
    const withSecret: AnyConnector = defineConnector({
      id: 'secret',
      title: 'Format à clé',
      version: 1,
      resumable: false,
      configSchema: z.strictObject({ url: z.url(), token: secret() }),
      exampleConfig: { url: 'https://exemple.example/', token: 'exemple' },
      recordSchema: z.unknown(),
      cursorSchema: z.never(),
      async *read() {},
      normalise: () => ({ kind: 'skip', reason: 'rien' }),
    });
    const { member, id } = await organisation();
    const { audit, files, secrets, teams } = await app.people();
    const asked: ExamineRequest[] = [];
    const drafting = makeDrafting({
      sources,
      connectors: new Map([['secret', withSecret]]),
      examiner: {
        async examine(request) {
          asked.push(request);
          throw new Error('not read here');
        },
      },
      patches: { ofSource: async () => new Map() },
      files,
      secrets,
      organisations: teams.providers,
      audit,
      newId: randomUUID,
      now: () => new Date(),
    });
    const declared = await drafting.declare(member, id, wayIn({ connector: 'secret' }), null);
    if (declared.kind === 'refused') throw new Error('refused');
    await drafting.saveSettings(member, declared.id, { url: feed, token: word });
    await drafting.saveSettings(member, declared.id, { url: feed, token: '' });
    await errorOf(drafting.preview(member, declared.id));
    expect(JSON.stringify(asked), 'handed over as it is sealed').to.not.contain(word);
    expect(secrets.open(asked[0]?.format?.sealed.token ?? ''), 'read with it').to.equal(word);

    const page = JSON.stringify(settingsModel(await drafting.draft(member, declared.id), null, {}));
    expect(page).to.not.contain(word).and.not.contain('v1.');
    expect(page).to.contain('jamais montré');
    expect(JSON.stringify((await sources.byId(declared.id))?.config)).to.not.contain('token');
    const { connection } = app.database;
    for (const { name } of await connection.listCollections()) {
      for await (const document of connection.collection(name).find()) {
        expect(JSON.stringify(document), name).to.not.contain(word);
      }
    }
    await sources.reseal((sealed) => secrets.seal(secrets.open(sealed)));
    const sealed = (await sources.byId(declared.id))?.sealed.token ?? '';
    expect(secrets.open(sealed)).to.equal(word);
  });
});
