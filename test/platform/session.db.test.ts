import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Router } from 'express';
import mongoose, { type Connection } from 'mongoose';
import request from 'supertest';
import { deferred } from '../../src/platform/deferred.ts';
import { makeLog } from '../../src/platform/log.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { type Sessions, type SignedIn, sessionLayer } from '../../src/platform/web/session.ts';
import { loadViews, sendPage } from '../../src/platform/web/views.ts';
import { builtAssets } from '../builders/site.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const page = { title: 'Essai', description: null, noindex: true, section: null };
const rights = { strong: false, rightsVersion: 1 };

describe('sessions', () => {
  let database: TestDatabase;
  let connection: Connection;
  let sessions: Sessions<string>;
  let version = 1;
  let clock = new Date();

  before(async () => {
    database = await testDatabase();
    connection = await mongoose.createConnection(database.uri, { autoIndex: false, autoCreate: false }).asPromise();
  });
  after(async () => {
    await connection.close();
    await database.drop();
  });
  beforeEach(async () => {
    version = 1;
    clock = new Date();
    await connection.collection('sessions').deleteMany({});
  });

  /** Signs in whoever is named, without a password: what is tested is the session. */
  function anApp(options: { secure?: boolean } = {}) {
    const assetsDirectory = builtAssets();
    const views = loadViews('views', {
      sections: [],
      contact: false,
      demo: false,
      assets: readAssets(assetsDirectory),
    });
    sessions = sessionLayer<string>({
      connection,
      secret: 'a secret of the tests',
      secure: options.secure ?? false,
      views,
      log: makeLog('silent'),
      withoutToken: ['/calculer'],
      load: async ({ accountId, rightsVersion }: SignedIn) => (rightsVersion === version ? accountId : null),
      now: () => clock,
    });
    const router = Router();
    router.use(...sessions.middleware);
    router.get('/lire', (_request, response) => {
      sendPage(response, views, 'errors/error', { ...page, status: 200, message: 'Lu', wayOut: null } as typeof page);
    });
    router.get('/formulaire', (_request, response) => {
      response.send(String(response.locals.shell.csrf));
    });
    router.get('/moi', (asked, response) => {
      response.json({ person: sessions.personOf(asked), note: sessions.noted(asked, 'a') ?? null });
    });
    router.post(['/calculer', '/calculer/fin', '/calculerait'], (asked, response) => {
      response.json(asked.body);
    });
    router.post('/noter', async (asked, response) => {
      await sessions.note(asked, 'a', 'kept');
      response.json(asked.body);
    });
    router.post('/entrer/:id', async (asked, response) => {
      await sessions.signIn(asked, asked.params.id, { ...rights, rightsVersion: version });
      response.sendStatus(204);
    });
    router.post('/sortir', async (asked, response) => {
      await sessions.signOut(asked, response);
      response.sendStatus(204);
    });
    const publicUrl = options.secure === true ? 'https://exemple.fr' : null;
    const settings = {
      publicUrl,
      trustProxy: options.secure === true ? 1 : 0,
      rateLimitPerMinute: 1_000,
      assetsDirectory,
    };
    return makeWebApp({ routers: [router], views, settings, log: makeLog('silent') });
  }

  const tokenOf = async (agent: ReturnType<typeof request.agent>) => (await agent.get('/formulaire').expect(200)).text;
  const post = async (agent: ReturnType<typeof request.agent>, path: string, fields: Record<string, string> = {}) => {
    // Before the request is made: an agent takes its cookies at that moment.
    const _csrf = await tokenOf(agent);
    return agent
      .post(path)
      .type('form')
      .send({ _csrf, ...fields });
  };
  const cookiesOf = (answer: { headers: Record<string, unknown> }) =>
    [answer.headers['set-cookie'] ?? []].flat().map(String);
  const stored = () => connection.collection('sessions').countDocuments();

  async function signedIn(app = anApp(), id = 'ada') {
    const agent = request.agent(app);
    expect((await post(agent, `/entrer/${id}`)).status).to.equal(204);
    return agent;
  }

  it('reading sets no cookie and keeps nothing', async () => {
    expect(cookiesOf(await request(anApp()).get('/lire').expect(200))).to.deep.equal([]);
    expect(await stored()).to.equal(0);
  });

  it('a form that keeps nothing needs no token and sets no cookie; its neighbours do', async () => {
    const app = anApp();
    for (const path of ['/calculer', '/calculer/fin']) {
      const answer = await request(app).post(path).type('form').send({ solde: '3000' }).expect(200);
      expect(answer.body).to.deep.equal({ solde: '3000' });
      expect(cookiesOf(answer)).to.deep.equal([]);
    }
    await request(app).post('/calculerait').type('form').send({ solde: '3000' }).expect(403);
    await request(app).post('/noter').type('form').send({}).expect(403);
    expect(await stored()).to.equal(0);
  });

  it('a form begins a session, closed to scripts and to other sites', async () => {
    const [cookie = ''] = cookiesOf(await request(anApp()).get('/formulaire'));
    expect(cookie)
      .to.match(/^session=/)
      .and.include('HttpOnly')
      .and.include('SameSite=Lax')
      .and.include('Path=/');
    while ((await stored()) === 0) await sleep(5);
    expect(await stored()).to.equal(1);
  });

  it('the token of a form is good before its session is on the disk; what a form noted is on it first', async () => {
    const prototype = Object.getPrototypeOf(connection.getClient().db(connection.name).collection('sessions'));
    const { updateOne } = prototype;
    const gate = deferred<void>();
    let held = 0;
    prototype.updateOne = async function (this: unknown, ...given: unknown[]) {
      held += 1;
      await gate.promise;
      return updateOne.apply(this, given);
    };
    const agent = request.agent(anApp());
    try {
      const _csrf = await tokenOf(agent);
      await agent.post('/calculerait').type('form').send({ _csrf, a: '1' }).expect(200);
      await agent
        .post('/calculerait')
        .type('form')
        .send({ _csrf: `${_csrf}x` })
        .expect(403);
      expect([held, await stored()]).to.deep.equal([1, 0]);
      let isNoted = false;
      const noting = agent
        .post('/noter')
        .type('form')
        .send({ _csrf })
        .then((answer) => {
          isNoted = true;
          return answer.status;
        });
      await sleep(50);
      // Nor is it written beside the first, which could be the one that stays.
      expect([isNoted, held]).to.deep.equal([false, 1]);
      gate.resolve();
      expect(await noting).to.equal(200);
    } finally {
      gate.resolve();
      prototype.updateOne = updateOne;
    }
    expect((await agent.get('/moi').expect(200)).body).to.deep.equal({ person: null, note: 'kept' });
    expect(await stored()).to.equal(1);
  });

  it('by https the cookie belongs to this host alone and never travels in clear', async () => {
    const ask = request(anApp({ secure: true }))
      .get('/formulaire')
      .set('Host', 'exemple.fr');
    const [cookie = ''] = cookiesOf(await ask.set('X-Forwarded-Proto', 'https'));
    expect(cookie)
      .to.match(/^__Host-session=/)
      .and.include('Secure')
      .and.include('Path=/')
      .and.not.include('Domain');
    const clear = request(anApp({ secure: true }))
      .get('/formulaire')
      .set('Host', 'exemple.fr');
    expect(cookiesOf(await clear)).to.deep.equal([]);
  });

  it('the database alone does not open a session: the id is stored as a digest', async () => {
    const [cookie = ''] = cookiesOf(await request(anApp()).get('/formulaire'));
    const id = decodeURIComponent(cookie).match(/^session=s:([^.]+)\./)?.[1] ?? '';
    expect(id).to.have.length.greaterThan(20);
    expect(JSON.stringify(await connection.collection('sessions').find().toArray())).not.to.include(id);
  });

  it('the id changes at sign-in: one fixed by somebody else stays outside', async () => {
    const app = anApp();
    const fixed = cookiesOf(await request(app).get('/formulaire'))[0]?.split(';')[0] ?? '';
    const token = (await request(app).get('/formulaire').set('Cookie', fixed)).text;
    const entered = await request(app).post('/entrer/ada').set('Cookie', fixed).type('form').send({ _csrf: token });
    const fresh = cookiesOf(entered)[0]?.split(';')[0] ?? '';
    expect(fresh).not.to.equal('').and.not.to.equal(fixed);
    expect((await request(app).get('/moi').set('Cookie', fixed)).body.person).to.equal(null);
    expect((await request(app).get('/moi').set('Cookie', fresh)).body.person).to.equal('ada');
  });

  it('an id that the server did not give is never adopted', async () => {
    const app = anApp();
    const [cookie = ''] = cookiesOf(
      await request(app).get('/formulaire').set('Cookie', 'session=s%3Achosen.signature'),
    );
    expect(cookie)
      .to.match(/^session=/)
      .and.not.include('chosen');
  });

  it('what was noted before the sign-in is dropped with the old session', async () => {
    const agent = request.agent(anApp());
    await post(agent, '/noter');
    expect((await agent.get('/moi')).body.note).to.equal('kept');
    await post(agent, '/entrer/ada');
    expect((await agent.get('/moi')).body).to.deep.equal({ person: 'ada', note: null });
  });

  it('a session of older rights is over', async () => {
    const agent = await signedIn();
    version = 2;
    expect((await agent.get('/moi')).body.person).to.equal(null);
    version = 1;
    expect((await agent.get('/moi')).body.person, 'over for good').to.equal(null);
  });

  it('a session ends after a week, used or not', async () => {
    const agent = await signedIn();
    clock = new Date(clock.getTime() + 6.9 * 86_400_000);
    expect((await agent.get('/moi')).body.person).to.equal('ada');
    clock = new Date(clock.getTime() + 0.2 * 86_400_000);
    expect((await agent.get('/moi')).body.person).to.equal(null);
  });

  it('after signing out, the old cookie opens nothing', async () => {
    const app = anApp();
    const agent = request.agent(app);
    const cookie = cookiesOf(await post(agent, '/entrer/ada'))[0]?.split(';')[0] ?? '';
    const out = await post(agent, '/sortir');
    expect(cookiesOf(out)[0]).to.match(/^session=;/);
    expect((await request(app).get('/moi').set('Cookie', cookie)).body.person).to.equal(null);
    expect(await stored()).to.equal(0);
  });

  it('lists the sessions of one account, in words, and ends the chosen one', async () => {
    const app = anApp();
    const agent = await signedIn(app);
    const other = request
      .agent(app)
      .set('User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0');
    await post(other, '/entrer/ada');
    await post(request.agent(app), '/entrer/grace');
    const listed = await sessions.list('ada');
    expect(listed.map(({ browser }) => browser).sort()).to.deep.equal(['Firefox, Linux', 'Navigateur inconnu']);
    const chosen = listed.find(({ browser }) => browser === 'Firefox, Linux');
    expect(await sessions.revoke('grace', String(chosen?.id)), 'of somebody else').to.equal(false);
    expect(await sessions.revoke('ada', String(chosen?.id))).to.equal(true);
    expect((await other.get('/moi')).body.person).to.equal(null);
    expect((await agent.get('/moi')).body.person).to.equal('ada');
    await sessions.revokeAll('ada');
    expect((await agent.get('/moi')).body.person).to.equal(null);
    expect(await sessions.list('grace')).to.have.length(1);
  });

  it('no form is taken without the token of its session', async () => {
    const app = anApp();
    const agent = await signedIn(app);
    const foreign = await tokenOf(request.agent(app));
    for (const fields of [{}, { _csrf: '' }, { _csrf: foreign }, { _csrf: 'a'.repeat(64) }]) {
      await agent.post('/noter').type('form').send(fields).expect(403);
    }
    for (const fields of [{}, { _csrf: '' }]) {
      await request(app).post('/noter').type('form').send(fields).expect(403);
    }
    await agent.post('/noter').expect(403);
    await agent.post('/noter').send({ a: '1' }).expect(403);
    await agent.put('/noter').type('form').send({}).expect(403);
    const token = await tokenOf(agent);
    await agent.post('/noter').query({ _csrf: token }).expect(403);
    expect((await agent.get('/moi')).body.note).to.equal(null);
    expect((await post(agent, '/noter')).status).to.equal(200);
    const header = agent.post('/noter').set('X-CSRF-Token', token);
    await header.send({ a: '1' }).expect(200);
  });

  it('an expired form of ours keeps what was typed but passwords; one of another site is refused', async () => {
    const fields = { nom: 'Ada <b>', motDePasse: 'a secret', code: '123456' };
    const send = (site: string) =>
      request(anApp()).post('/noter').set('Sec-Fetch-Site', site).type('form').send(fields).expect(403);
    const own = (await send('same-origin')).text;
    expect(own)
      .to.include('name="nom" value="Ada &lt;b&gt;"')
      .and.include('name="_csrf"')
      .and.include('action="/noter"');
    expect(own).not.to.include('a secret').and.not.to.include('123456');
    expect((await send('cross-site')).text).not.to.include('<form method="post" action="/noter">');
  });

  it('a body larger than any form of ours is refused', async () => {
    const agent = request.agent(anApp());
    const _csrf = await tokenOf(agent);
    await agent
      .post('/noter')
      .type('form')
      .send({ _csrf, a: 'x'.repeat(30_000) })
      .expect(200);
    await agent
      .post('/noter')
      .type('form')
      .send({ _csrf, a: 'x'.repeat(40_000) })
      .expect(413);
    await agent
      .post('/noter')
      .set('X-CSRF-Token', _csrf)
      .send({ a: 'x'.repeat(40_000) })
      .expect(413);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a${index}`, '1']));
    await agent
      .post('/noter')
      .type('form')
      .send({ _csrf, ...many })
      .expect(413);
  });

  it('a form gives texts, never an object', async () => {
    const agent = request.agent(anApp());
    const token = await tokenOf(agent);
    const body = `_csrf=${token}&email[$gt]=&a.b=1&__proto__[x]=1`;
    const answer = await agent.post('/noter').type('form').send(body).expect(200);
    expect(answer.body).to.include({ 'email[$gt]': '', 'a.b': '1' });
    expect(Object.values(answer.body).every((value) => typeof value === 'string')).to.equal(true);
  });
});
