/** The mail of the night and the operator's pages, over the real stores, the real pipeline, the real outbox. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import express, { type Express, Router } from 'express';
import request from 'supertest';
import { operationsRoutes } from '../../src/operations/routes.ts';
import { makeDigest } from '../../src/operations/use-cases/digest.ts';
import { makeWatch } from '../../src/operations/use-cases/watch.ts';
import { makeOperations } from '../../src/operations/use-cases.ts';
import { makeLog } from '../../src/platform/log.ts';
import { isMailText, type Mail, makeMail } from '../../src/platform/mail.ts';
import { type Job, jobStates, makeScheduler, type Scheduler } from '../../src/platform/schedule.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { isoDay } from '../../src/platform/web/format.ts';
import { loadMailViews } from '../../src/platform/web/mail-views.ts';
import type { Source } from '../../src/providers/model.ts';
import { makeSourceStore, type SourceStore } from '../../src/providers/store.ts';
import type { Actor } from '../../src/rights.ts';
import { aSite } from '../builders/site.ts';
import { aProviderSource } from '../builders/sources.ts';
import { aSource, end, makeWorld, record, type World } from '../support/harvest-world.ts';

const views = loadMailViews(join(fileURLToPath(new URL('../..', import.meta.url)), 'views'));
const operators = [
  { accountId: 'op-1', address: 'claude.morel@exemple.fr' },
  { accountId: 'op-2', address: 'dominique.petit@exemple.fr' },
];
const operator: Actor = { accountId: 'op-1', roles: ['learner', 'operator'], memberships: [], strong: true };
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('the operator is told (O13, O14)', () => {
  let world: World;
  let sources: SourceStore;
  let mail: Mail;
  let scheduler: Scheduler;
  let gaps: { number: number; at: Date }[];
  let undelivered: Awaited<ReturnType<Mail['undelivered']>>;
  let proposals: { total: number; since: Date | null };
  let waiting: { id: string; name: string; since: Date }[];
  let acts: string[];
  let release: () => void;
  const jobs: readonly Job<null>[] = [
    {
      name: 'calme',
      title: 'Un travail calme',
      schedule: '0 4 * * *',
      maxMinutes: 5,
      run: async () => ({ erased: 2 }),
    },
    {
      ...{ name: 'fragile', title: 'Un travail fragile', schedule: '0 4 * * *', maxMinutes: 5 },
      run: async () => {
        throw new Error('la base est pleine');
      },
    },
    {
      ...{ name: 'lent', title: 'Un travail lent', schedule: '0 4 * * *', maxMinutes: 5 },
      run: () => new Promise((resolve) => (release = () => resolve({}))),
    },
  ];

  const runsOf = (id: string, limit: number) => world.store.runs.bySource(id, limit);
  const watchOf = () =>
    makeWatch({
      sources,
      harvest: { runsOf, lastComplete: () => world.store.runs.lastComplete() },
      jobs: () => jobStates({ jobs, connection: world.database.connection, now: world.now }),
      waitingOrganisations: async () => waiting,
      proposals: async () => proposals,
      undelivered: async () => undelivered,
      gaps: async () => gaps,
      registerDate: async () => '2026-11-20',
      now: world.now,
    });
  const digest = (send: Mail['send'] = mail.send) =>
    makeDigest({
      ...{ watch: watchOf(), runs: world.store.runs, isMailText, dayOf: isoDay },
      operators: async () => operators,
      mail: { send },
      addressOf: (path) => `https://ecole.exemple.fr${path}`,
    });

  async function add(id: string, title: string, change: Partial<Source> = {}): Promise<void> {
    const seed = aProviderSource({ id, organisationId: 'ecole', at: new Date('2026-11-01T00:00:00Z') });
    await sources.create({ ...seed, title, state: 'active', rhythm: 'weekly', ...change });
  }
  /** Of one source: the same address in two would be one course claimed twice. */
  const courses = (id: string, count: number) =>
    Array.from({ length: count }, (_, at) => record(`${id}-${at}`, { title: `Cours ${at} de ${id}` }));
  const harvested = (id: string, title: string) => aSource({ id, title });
  const texts = async () => (await mail.pending()).map(({ text, subject }) => plain(`${subject}\n${text}`));

  before(async () => {
    world = await makeWorld();
    sources = makeSourceStore(world.database.connection);
    await sources.ensureIndexes();
    mail = makeMail(world.database.connection, {
      ...{ views, secrets: makeSecrets(randomBytes(32)), smtp: null, now: world.now, log: makeLog('silent') },
    });
    await mail.ensureIndexes();
    scheduler = makeScheduler({
      ...{ jobs, useCases: null, connection: world.database.connection, log: makeLog('silent'), now: world.now },
    });
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.empty();
    for (const name of ['sources', 'outbox', 'jobs', 'jobRuns', 'locks']) {
      await world.database.connection.collection(name).deleteMany({});
    }
    [gaps, undelivered, waiting, acts] = [[], [], [], []];
    proposals = { total: 0, since: null };
  });

  /** One source held, one failing with a quarantine before, one that did not run, one still going on. */
  async function aBadNight(): Promise<void> {
    await add('marelle', 'Institut Marelle');
    await add('rivage', 'Campus Rivage');
    await add('fabrique', 'La Fabrique', { rhythm: 'daily' });
    await add('clair', 'Atelier Clair');
    await world.run([...courses('marelle', 10), end()], { source: harvested('marelle', 'Institut Marelle') });
    await world.run([...courses('rivage', 9), record('bad', { title: '' }), end()], {
      source: harvested('rivage', 'Campus Rivage'),
    });
    await world.run([...courses('fabrique', 3), end()], { source: harvested('fabrique', 'La Fabrique') });
    world.pass(2);
    await world.run([...courses('marelle', 4), end()], { source: harvested('marelle', 'Institut Marelle') });
    await world.run([new Error('https://secret.example/flux a coupé')], {
      source: harvested('rivage', 'Campus Rivage'),
    });
    const asked = { id: 'en-cours', sourceId: 'clair', sourceTitle: 'Atelier Clair', now: world.now() };
    await world.store.runs.request({ ...asked, trigger: 'schedule', everything: false });
    await world.store.runs.take('en-cours', 0, world.now());
  }

  it('O13 groups what happened by source, with what did not run and what still goes on', async () => {
    await aBadNight();
    expect(await digest().send()).to.deep.equal({ operators: 2, quiet: false });
    const [text = ''] = await texts();
    expect(text).to.match(/^Bilan de la nuit du 24 novembre 2026 : 4 points à traiter\n/);
    const groups = text.split('\n\n').slice(1);
    const about = (name: string) => groups.find((group) => group.startsWith(`${name}\n`));
    expect(about('Institut Marelle')).to.equal(
      'Institut Marelle\n- Collecte bloquée par sécurité : 6 cours sur 10 seraient absents ou retirés. Depuis le 24 novembre 2026 à 9 h 00.',
    );
    expect(about('Campus Rivage')).to.equal(
      'Campus Rivage\n- Collecte en échec depuis le 24 novembre 2026 à 9 h 00. Dernier résultat : échoué.\n- 1 fiche en quarantaine, à la collecte du 22 novembre 2026.',
    );
    expect(about('La Fabrique')).to.equal(
      "La Fabrique\n- N'a pas été collectée à son heure, le 24 novembre 2026 à 5 h 12.",
    );
    expect(about('Collectes en cours')).to.match(/^Collectes en cours\n- Atelier Clair : commencée le 24 novembre/);
    expect(text).to.include('2 collectes terminées depuis hier, dont 0 réussie.');
    expect(text, 'a cause may quote an address').to.not.include('secret.example');
    expect(text).to.include('https://ecole.exemple.fr/admin');
  });

  it('O13 is one mail a night for each operator, whatever is killed and tried again', async () => {
    await aBadNight();
    let sent = 0;
    const dying: Mail['send'] = async (message) => {
      if (sent === 1) throw new Error('killed');
      sent += 1;
      await mail.send(message);
    };
    await digest(dying)
      .send()
      .catch((error: Error) => expect(error.message).to.equal('killed'));
    expect((await mail.pending()).map(({ to }) => to)).to.deep.equal(['claude.morel@exemple.fr']);
    await digest().send();
    await digest().send();
    expect((await mail.pending()).map(({ to }) => to).sort()).to.deep.equal([
      'claude.morel@exemple.fr',
      'dominique.petit@exemple.fr',
    ]);
    world.pass(1);
    await digest().send();
    expect(await mail.pending(), 'the next night is another mail').to.have.length(4);
  });

  it('O13 says that there is nothing to do, with the last success: silence never means success', async () => {
    await add('marelle', 'Institut Marelle');
    await world.run([...courses('marelle', 3), end()], { source: harvested('marelle', 'Institut Marelle') });
    expect(await digest().send()).to.deep.equal({ operators: 2, quiet: true });
    const [text = ''] = await texts();
    expect(text).to.match(/^Bilan de la nuit du 22 novembre 2026 : rien à traiter\n/);
    expect(text).to.include('Rien à traiter. Dernière collecte réussie : 22 novembre 2026 à 9 h 00.');
    const [{ html = '' } = {}] = await mail.pending();
    expect(plain(html)).to.include('Rien à traiter. Dernière collecte réussie : 22 novembre 2026 à 9 h 00.');
  });

  it('a title that a mail may not hold does not cost the operators their mail', async () => {
    for (const [id, title] of [
      ['piege', 'Gagnez sur https://piege.example/'],
      ['retour', 'Titre\u202Eretourné'],
      ['balise', '<b>Cours</b> & compagnie'],
    ] as const) {
      await add(id, title, { rhythm: 'daily' });
    }
    await digest().send();
    const [{ text = '', html = '' } = {}] = await mail.pending();
    expect(text).to.include('source piege').and.include('source retour').and.include('<b>Cours</b> & compagnie');
    expect(`${text}${html}`).to.not.include('piege.example');
    expect(html).to.include('&lt;b&gt;Cours&lt;/b&gt; &amp; compagnie');
  });

  it('a hundred sources in trouble stay one mail of a readable size', async () => {
    for (let at = 0; at < 100; at += 1) await add(`s${at}`, `Source ${at} ${'x'.repeat(80)}`, { rhythm: 'daily' });
    await digest().send();
    const [{ subject = '', text = '', html = '' } = {}] = await mail.pending();
    expect(plain(subject)).to.include('100 points à traiter');
    expect(plain(text)).to.match(/Aussi : .* et 55 autres\./);
    expect(html.length).to.be.below(60_000);
  });

  describe('on the pages', () => {
    let site: Express;
    before(async () => {
      site = await aSite({
        before: ({ views: pages }) => {
          const session = Router();
          session.use(express.urlencoded({ extended: false }), (_request, response, next) => {
            Object.assign(response.locals.shell, { signedIn: true, csrf: 'x', administration: [], spaces: [] });
            next();
          });
          const operations = makeOperations({
            watch: () => watchOf()(),
            scheduler,
            undelivered: async () => undelivered,
            audit: {
              record: async ({ act, target }) => {
                acts.push(`${act} ${target}`);
              },
            },
          });
          return [
            session,
            operationsRoutes({ operations, views: pages, actorOf: async () => operator, now: world.now }),
          ];
        },
      });
    });
    async function ended(name: string): Promise<void> {
      while ((await scheduler.history(name, 1)).length === 0) await wait(20);
    }
    const read = async (path: string, status = 200) => plain((await request(site).get(path).expect(status)).text);

    it('/admin shows each matter with how many, since when, and a link; empty, it says when a run last went well', async () => {
      await add('marelle', 'Institut Marelle');
      await world.run([...courses('marelle', 3), end()], { source: harvested('marelle', 'Institut Marelle') });
      expect(await read('/admin')).to.include('Rien à traiter. Dernière collecte réussie : 22 novembre 2026 à 9 h 00.');

      await aBadNight();
      await add('neuve', 'Source <neuve>', { state: 'submitted', stateSince: new Date('2026-11-19T10:00:00Z') });
      waiting = [{ id: 'opco', name: 'OPCO du test', since: new Date('2026-11-18T10:00:00Z') }];
      proposals = { total: 12, since: new Date('2026-11-17T10:00:00Z') };
      gaps = [{ number: 7, at: world.now() }];
      const failed = { state: 'failed', template: 'invitation', since: world.now(), endedAt: world.now() } as const;
      undelivered = [{ ...failed, attempts: 9, reason: 'RCPT-550', account: null }];
      await scheduler.run('fragile');
      const page = await read('/admin');
      expect(page).to.not.include('Rien à traiter');
      for (const [label, href] of [
        ['Collectes bloquées par sécurité', '/admin/collectes'],
        ['Sources en attente d&#x27;acceptation', '/admin/sources'],
        ['Financeurs en attente', '/admin/organismes'],
        ['Cours à rapprocher, peut-être les mêmes', '/admin/revue'],
        ['Sources en échec', '/admin/collectes'],
        ['Travaux à regarder', '/admin/travaux'],
        ['Courriels non partis', '/admin/courriels'],
        ['Écarts des reçus', '/admin/ecarts'],
        ['Fiches en quarantaine', '/admin/collectes'],
      ]) {
        expect(page, label).to.include(`<a href="${href}">${label}</a>`);
      }
      expect(page).to.include('<a href="/admin/sources/neuve">Source &lt;neuve&gt;</a>');
      expect(page).to.include('<a href="/admin/travaux/fragile">Un travail fragile</a>');
      expect(page).to.include('19/11/2026');
      expect(page).to.include('<a href="/admin/collectes/en-cours">Atelier Clair</a>');
      expect(page).to.include('Registre du 20 novembre 2026');
    });

    it('/admin/travaux: a job is launched by a person after a confirmation, once, and its history says so', async () => {
      expect(await read('/admin/travaux'))
        .to.include('chaque jour à 4 h 00')
        .and.include('Jamais lancé');
      const confirm = await read('/admin/travaux/lent/lancer');
      expect(confirm).to.include('Lancer « Un travail lent » ?').and.include('action="/admin/travaux/lent/lancer"');
      const launch = (name: string) => request(site).post(`/admin/travaux/${name}/lancer`).type('form').send({});
      expect((await launch('lent').expect(303)).headers.location).to.equal('/admin/travaux/lent?fait=lance');
      expect((await launch('lent').expect(303)).headers.location).to.equal('/admin/travaux/lent?fait=pris');
      expect(await read('/admin/travaux/lent?fait=pris'))
        .to.include('déjà en cours')
        .and.include('En cours depuis le');
      expect(await read('/admin/travaux/lent'), 'no second one is offered').to.not.include('Lancer maintenant');
      release();
      await launch('calme').expect(303);
      await launch('fragile').expect(303);
      for (const name of ['lent', 'calme', 'fragile']) await ended(name);
      const done = await read('/admin/travaux/calme');
      expect(done).to.include('à la main').and.include('effacés : 2');
      const broken = await read('/admin/travaux/fragile');
      expect(broken).to.include('Échoué').and.include('la base est pleine');
      expect(await read('/admin/travaux')).to.include('1 travail est à regarder.');
      expect(acts).to.deep.equal(['job.run lent', 'job.run calme', 'job.run fragile']);
      await read('/admin/travaux/inconnu', 404);
      await launch('inconnu').expect(404);
    });

    it('a job whose process died is said to be interrupted, and its next run keeps the trace', async () => {
      const startedAt = new Date('2026-11-21T04:00:00Z');
      await world.database.connection
        .collection<{ _id: string; runningSince: Date; lastStart: Date }>('jobs')
        .insertOne({ _id: 'calme', runningSince: startedAt, lastStart: startedAt });
      expect(await read('/admin/travaux')).to.include('Interrompu : commencé le 21/11/2026 à 5 h 00, jamais fini');
      await scheduler.run('calme');
      const page = await read('/admin/travaux/calme');
      expect(page).to.match(/21\/11\/2026 à 5 h 00<\/th><td data-l="Résultat"><span class="en-etat en-etat--att">/);
      expect((await scheduler.history('calme', 5)).map(({ outcome }) => outcome)).to.deep.equal([
        'succeeded',
        'interrupted',
      ]);
    });

    it('/admin/courriels says why a mail did not leave, in words', async () => {
      const since = new Date('2026-11-20T10:00:00Z');
      const failed = { state: 'failed', template: 'reset', since, endedAt: since, attempts: 1 } as const;
      undelivered = [
        { ...failed, reason: 'RCPT-550', account: 'compte-1' },
        { ...failed, state: 'waiting', endedAt: null, reason: 'ECONNECTION', account: null },
      ];
      const page = await read('/admin/courriels');
      expect(page).to.include('adresse refusée par son serveur (550)').and.include('href="/admin/comptes/compte-1"');
      expect(page).to.include('serveur de courriel injoignable').and.include('Sera essayé à nouveau');
    });
  });
});
