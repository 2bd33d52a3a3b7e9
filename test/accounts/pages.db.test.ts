/** The pages of accounts over the real stores and sessions: what a person sees, and what an attacker gets. */
import { expect } from 'chai';
import type { Express } from 'express';
import request from 'supertest';
import { codeAt } from '../../src/platform/one-time-code.ts';
import type { Sessions } from '../../src/platform/web/session.ts';
import type { Actor } from '../../src/rights.ts';
import { type AccountsWorld, email, openAccountsWorld, password } from '../builders/accounts.ts';
import { anAccountsSite } from '../builders/accounts-site.ts';

type Agent = ReturnType<typeof request.agent>;
const fresh = 'a password made after';
const plain = (html: string) => html.replaceAll('\u00a0', ' ').replaceAll('&#x27;', "'");

describe('pages of accounts', () => {
  let world: AccountsWorld;
  let sessions: Sessions<Actor>;
  let app: Express;

  before(async () => {
    world = await openAccountsWorld();
    ({ app, sessions } = await anAccountsSite(world));
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.clear();
    await world.connection.collection('sessions').deleteMany({});
  });

  async function tokenOf(agent: Agent): Promise<string> {
    const { text } = await agent.get('/mot-de-passe-oublie');
    return /name="_csrf" value="([0-9a-f]+)"/.exec(text)?.[1] ?? '';
  }

  async function post(agent: Agent, path: string, fields: Record<string, unknown> | string) {
    const _csrf = await tokenOf(agent);
    const body = typeof fields === 'string' ? `_csrf=${_csrf}&${fields}` : { _csrf, ...fields };
    return agent.post(path).type('form').send(body);
  }

  const signIn = (agent: Agent, fields: Record<string, unknown> = {}) =>
    post(agent, '/connexion', { email, password, suite: '', ...fields });
  const whoIs = async (agent: Agent): Promise<Actor | null> => (await agent.get('/mon-espace')).body;

  async function signedIn(change: Parameters<AccountsWorld['person']>[0] = {}): Promise<Agent> {
    await world.person(change);
    const agent = request.agent(app);
    expect((await signIn(agent)).status).to.equal(303);
    return agent;
  }

  const linkOf = () => {
    const values = world.mails.at(-1)?.values ?? { link: '' };
    return values.link.replace('https://exemple.fr', '');
  };

  it('from registration to sign-out, without JavaScript', async () => {
    const agent = request.agent(app);
    const registered = await post(agent, '/inscription', { email, password, displayName: 'Ada', terms: 'oui' });
    expect(registered.headers.location).to.equal('/inscription/envoye');
    await agent.get('/inscription/envoye').expect(200);
    const page = await agent.get(linkOf()).expect(200);
    expect(page.text).to.include('Confirmer mon adresse');
    const verified = await post(agent, '/inscription/verifier', { jeton: world.lastToken() });
    expect(plain((await agent.get(String(verified.headers.location))).text)).to.include('Votre adresse est confirmée');
    const entered = await signIn(agent, { suite: '/parcours?page=2' });
    expect(entered.headers.location).to.equal('/parcours?page=2');
    const actor = await whoIs(agent);
    expect(actor).to.deep.include({ roles: ['learner'], memberships: [], strong: false });
    const own = await agent.get('/mon-espace/profil').expect(200);
    expect(own.text).to.include('Se déconnecter').and.include(email).and.include('value="Ada"');
    await post(agent, '/deconnexion', {});
    expect(await whoIs(agent)).to.equal(null);
    await agent.get('/mon-espace/profil').expect(401);
  });

  it('a wrong form says so on top and under each field, and keeps what was typed but the password', async () => {
    const typed = { email: 'not an address', password: 'short', displayName: '<b>Ada</b>' };
    const answer = await post(request.agent(app), '/inscription', typed);
    expect(answer.status).to.equal(422);
    const html = plain(answer.text);
    for (const id of ['email', 'password', 'displayName', 'terms']) {
      expect(html, id).to.include(`href="#${id}"`).and.include(`id="${id}-erreur"`);
    }
    expect(html).to.include('value="not an address"').and.include('value="&lt;b&gt;Ada&lt;/b&gt;"');
    expect(html).not.to.include('short').and.not.to.include('<b>Ada');
    expect(world.mails).to.have.length(0);
  });

  it('an unknown address, a wrong password and an unproved address give one page', async () => {
    await world.person();
    await world.person({ id: 'b', email: { address: 'grace@exemple.fr', verifiedAt: null } });
    const pages: string[] = [];
    for (const fields of [{ email: 'nobody@exemple.fr' }, { password: 'wrong' }, { email: 'grace@exemple.fr' }]) {
      const answer = await signIn(request.agent(app), fields);
      expect(answer.status).to.equal(422);
      pages.push(answer.text.replace(/[0-9a-f]{64}/g, '').replace(/[a-z]+@exemple.fr/g, ''));
    }
    expect(new Set(pages).size).to.equal(1);
  });

  it('registering or resetting an address says the same whether it has an account', async () => {
    await world.person();
    for (const address of [email, 'nobody@exemple.fr']) {
      const fields = { email: address, password: fresh, displayName: '', terms: 'oui' };
      expect((await post(request.agent(app), '/inscription', fields)).headers.location).to.equal('/inscription/envoye');
      const reset = await post(request.agent(app), '/mot-de-passe-oublie', { email: address });
      expect(reset.headers.location).to.equal('/mot-de-passe-oublie/envoye');
    }
  });

  it('an operator of the database is not a password: in a form or in JSON nobody enters', async () => {
    await world.person();
    for (const body of [
      'email[$gt]=&password[$gt]=',
      `email=${email}&password[$ne]=x`,
      `email=${email}&email=b&password=x`,
    ]) {
      const agent = request.agent(app);
      expect((await post(agent, '/connexion', body)).status, body).to.be.oneOf([400, 422]);
      expect(await whoIs(agent)).to.equal(null);
    }
    for (const body of [
      { email: { $gt: '' }, password: { $gt: '' } },
      { email, password: { $ne: '' } },
      { email: [email], password },
    ]) {
      const agent = request.agent(app);
      const token = await tokenOf(agent);
      await agent.post('/connexion').set('X-CSRF-Token', token).send(body).expect(400);
      expect(await whoIs(agent)).to.equal(null);
    }
    const agent = request.agent(app);
    const token = await tokenOf(agent);
    await agent
      .post('/inscription/verifier')
      .set('X-CSRF-Token', token)
      .send({ jeton: { $gt: '' } })
      .expect(400);
    await agent
      .post('/mot-de-passe/nouveau')
      .set('X-CSRF-Token', token)
      .send({ jeton: { $gt: '' }, password })
      .expect(400);
    await agent.get('/mot-de-passe/nouveau?jeton[$gt]=').expect(410);
  });

  it('a registration form cannot give itself a role', async () => {
    const fields =
      'displayName=&terms=oui&roles=operator&roles[]=operator&rightsVersion=9&demo=true&email.verifiedAt=1';
    await post(request.agent(app), '/inscription', `email=${email}&password=${encodeURIComponent(password)}&${fields}`);
    const account = await world.store.byEmail(email);
    expect(account).to.deep.include({ roles: ['learner'], rightsVersion: 1, demo: false });
    expect(account?.email?.verifiedAt).to.equal(null);
  });

  it('a profile form changes the name and nothing else', async () => {
    const agent = await signedIn();
    await post(
      agent,
      '/mon-espace/profil/nom',
      'displayName=Grace&roles=operator&passwordHash=x&email=other@exemple.fr',
    );
    const account = await world.store.byEmail(email);
    expect(account).to.deep.include({ displayName: 'Grace', roles: ['learner'] });
  });

  for (const suite of [
    'https://elsewhere.example',
    '//elsewhere.example',
    '/\\elsewhere.example',
    '/.//elsewhere.example',
  ]) {
    it(`signing in never leads to ${suite}`, async () => {
      await world.person();
      const agent = request.agent(app);
      const page = await agent.get('/connexion').query({ suite });
      expect(page.text).to.include('name="suite" value="/mon-espace"');
      expect((await signIn(agent, { suite })).headers.location).to.equal('/mon-espace');
      expect((await agent.get('/connexion').query({ suite })).headers.location, 'already signed in').to.equal(
        '/mon-espace',
      );
    });
  }

  it('no form of accounts is taken without its token', async () => {
    const agent = await signedIn();
    const forms = ['/connexion', '/connexion/code', '/deconnexion', '/inscription', '/inscription/verifier'];
    const own = [
      'profil/nom',
      'profil/adresse',
      'profil/adresse/confirmer',
      'securite/mot-de-passe',
      'securite/sessions',
    ];
    const more = ['securite/sessions/autres', 'securite/code', 'securite/code/retirer'].concat(own);
    for (const path of [
      ...forms,
      '/mot-de-passe-oublie',
      '/mot-de-passe/nouveau',
      ...more.map((end) => `/mon-espace/${end}`),
    ]) {
      await agent.post(path).type('form').send({ displayName: 'Mallory', email, password }).expect(403);
    }
    expect((await whoIs(agent))?.accountId, 'still signed in').to.be.a('string');
    expect((await world.store.byEmail(email))?.displayName).to.equal('Ada');
  });

  it('a session fixed before the sign-in stays outside', async () => {
    await world.person();
    const agent = request.agent(app);
    const first = await agent.get('/connexion');
    const fixed = String([first.headers['set-cookie']].flat()[0]).split(';')[0] ?? '';
    await signIn(agent);
    expect((await whoIs(agent))?.accountId).to.be.a('string');
    expect((await request(app).get('/mon-espace').set('Cookie', fixed)).body).to.equal(null);
  });

  it('a change of rights ends the sessions opened before it', async () => {
    const agent = await signedIn();
    const id = (await whoIs(agent))?.accountId ?? '';
    await world.store.update(id, { roles: ['learner', 'reviewer'] }, { endsSessions: true });
    expect(await whoIs(agent)).to.equal(null);
    await signIn(agent);
    expect((await whoIs(agent))?.roles).to.deep.equal(['learner', 'reviewer']);
    await world.store.remove(id);
    expect(await whoIs(agent), 'of an account that is gone').to.equal(null);
  });

  it('five wrong passwords answer 429 with when to come back', async () => {
    await world.person();
    const agent = request.agent(app);
    for (let count = 0; count < 5; count += 1)
      expect((await signIn(agent, { password: 'wrong' })).status).to.equal(422);
    const refused = await signIn(agent);
    expect(refused.status).to.equal(429);
    expect(plain(refused.text)).to.match(/Trop de demandes\. Revenez à \d+ h \d\d\./);
    expect(Number(refused.headers['retry-after'])).to.be.within(800, 900);
  });

  it('the address of the network is the one the proxy saw', async () => {
    for (let count = 0; count < 30; count += 1) {
      const agent = request.agent(app).set('X-Forwarded-For', `198.51.100.${count}, 203.0.113.9`);
      await signIn(agent, { email: `p${count}@exemple.fr` });
    }
    const same = request.agent(app).set('X-Forwarded-For', '203.0.113.9');
    expect((await signIn(same)).status).to.equal(429);
    const other = request.agent(app).set('X-Forwarded-For', '203.0.113.10');
    expect((await signIn(other)).status).to.equal(422);
  });

  it('looking at a link of a mail uses nothing; pressing its button twice works once', async () => {
    const agent = request.agent(app);
    await post(agent, '/inscription', { email, password, displayName: '', terms: 'oui' });
    const link = linkOf();
    const jeton = world.lastToken();
    for (let count = 0; count < 3; count += 1) await request(app).get(link).expect(200);
    await request(app).head(link).expect(200);
    expect((await world.store.byEmail(email))?.email?.verifiedAt).to.equal(null);
    expect((await post(agent, '/inscription/verifier', { jeton })).status).to.equal(303);
    expect((await post(agent, '/inscription/verifier', { jeton })).status).to.equal(410);
    await agent.get(link).expect(410);
  });

  it('a page with a link of a mail stays in no cache and names itself to no other page', async () => {
    await world.person();
    const agent = request.agent(app);
    await post(agent, '/mot-de-passe-oublie', { email });
    const { headers, text } = await agent.get(linkOf()).expect(200);
    expect(headers['cache-control']).to.equal('no-store');
    expect(headers['content-type']).to.equal('text/html; charset=utf-8');
    expect(headers).not.to.have.property('etag');
    expect(text).to.match(/<\/html>\s*$/);
    expect(headers['referrer-policy']).to.equal('no-referrer');
  });

  it('a new password by mail closes every session, and its link serves once', async () => {
    const agent = await signedIn();
    const elsewhere = request.agent(app);
    await post(elsewhere, '/mot-de-passe-oublie', { email });
    const jeton = world.lastToken();
    const short = await post(elsewhere, '/mot-de-passe/nouveau', { jeton, password: 'short' });
    expect(short.status).to.equal(422);
    expect(short.text).to.include(`value="${jeton}"`);
    expect((await post(elsewhere, '/mot-de-passe/nouveau', { jeton, password: fresh })).status).to.equal(303);
    expect(await whoIs(agent)).to.equal(null);
    expect((await post(elsewhere, '/mot-de-passe/nouveau', { jeton, password })).status).to.equal(410);
    expect((await signIn(elsewhere)).status).to.equal(422);
    expect((await signIn(elsewhere, { password: fresh })).status).to.equal(303);
  });

  it('changing the password needs the present one, keeps this session under a new id and closes the others', async () => {
    const agent = await signedIn();
    const other = request.agent(app);
    await signIn(other);
    const change = (current: string, next: string) =>
      post(agent, '/mon-espace/securite/mot-de-passe', { current, next });
    const wrong = await change('not this one', fresh);
    expect(wrong.status).to.equal(422);
    expect(wrong.text).to.include('href="#current"');
    expect((await change(password, 'short')).status).to.equal(422);
    const changed = await change(password, fresh);
    expect(changed.headers.location).to.equal('/mon-espace/securite?fait=mot-de-passe');
    expect(changed.headers['set-cookie'], 'a new id').to.have.length(1);
    expect((await whoIs(agent))?.accountId).to.be.a('string');
    expect(await whoIs(other)).to.equal(null);
  });

  it('lists the open sessions and closes one, or all others', async () => {
    const agent = await signedIn();
    const others = [request.agent(app), request.agent(app)] as const;
    for (const other of others) await signIn(other.set('User-Agent', 'Mozilla/5.0 (iPhone) Safari/605'));
    const page = (await agent.get('/mon-espace/securite').expect(200)).text;
    const ids = [...page.matchAll(/name="session" value="([0-9a-f]{64})"/g)].map(([, id]) => id);
    expect(ids).to.have.length(3);
    expect(page.match(/Safari, iOS/g)).to.have.length.at.least(2);
    expect(page.match(/\(ici\)/g)).to.have.length(1);
    await post(agent, '/mon-espace/securite/sessions/autres', {});
    for (const other of others) expect(await whoIs(other)).to.equal(null);
    expect((await whoIs(agent))?.accountId).to.be.a('string');
    await world.person({ id: 'b', email: { address: 'grace@exemple.fr', verifiedAt: world.clock } });
    const grace = request.agent(app);
    await signIn(grace, { email: 'grace@exemple.fr' });
    const [own] = await sessions.list((await whoIs(agent))?.accountId ?? '');
    expect((await post(grace, '/mon-espace/securite/sessions', { session: own?.id })).status).to.equal(404);
    await post(agent, '/mon-espace/securite/sessions', { session: own?.id });
    expect(await whoIs(agent)).to.equal(null);
  });

  it('leads to the services that open the account; without any, and none to link, says nothing of them', async () => {
    const agent = await signedIn();
    const page = async () => (await agent.get('/mon-espace/securite').expect(200)).text;
    expect(await page()).to.not.include('/mon-espace/profil/identites');
    const id = (await whoIs(agent))?.accountId ?? '';
    const identity = { provider: 'citoyen', kind: 'citizen', subject: 'personne-1', linkedAt: world.clock } as const;
    await world.store.addIdentity(id, identity);
    expect(await page())
      .to.include('Un autre service ouvre votre compte.')
      .and.include('<a href="/mon-espace/profil/identites">');
  });

  it('the address changes once the new mailbox answers; one that is taken is told by mail alone', async () => {
    const agent = await signedIn();
    await world.person({ id: 'b', email: { address: 'taken@exemple.fr', verifiedAt: world.clock } });
    const ask = (address: string, secret = password) =>
      post(agent, '/mon-espace/profil/adresse', { email: address, password: secret });
    expect((await ask('new@exemple.fr', 'wrong')).status).to.equal(422);
    for (const address of ['taken@exemple.fr', 'new@exemple.fr']) {
      expect((await ask(address)).headers.location).to.equal('/mon-espace/profil?fait=adresse-demandee');
    }
    expect(world.mails.map(({ to, template }) => [to, template])).to.deep.equal([
      ['taken@exemple.fr', 'already-registered'],
      ['new@exemple.fr', 'address-change'],
    ]);
    expect((await world.store.byEmail('new@exemple.fr'))?.id).to.equal(undefined);
    const jeton = world.lastToken();
    await request(app).get(linkOf()).expect(401);
    const stranger = request.agent(app);
    await signIn(stranger, { email: 'taken@exemple.fr' });
    await stranger.get(linkOf()).expect(410);
    expect((await post(stranger, '/mon-espace/profil/adresse/confirmer', { jeton })).status).to.equal(410);
    await agent.get(linkOf()).expect(200);
    expect((await post(agent, '/mon-espace/profil/adresse/confirmer', { jeton })).status).to.equal(303);
    expect((await post(agent, '/mon-espace/profil/adresse/confirmer', { jeton })).status).to.equal(410);
    expect(await world.store.byEmail(email)).to.equal(null);
    expect(world.mails.at(-1)).to.deep.include({ to: email, template: 'address-changed' });
  });

  describe('one-time code', () => {
    async function setUp(agent: Agent) {
      const page = (await agent.get('/mon-espace/securite/code').expect(200)).text;
      const seed = (/en-cle">([A-Z2-7 ]+)</.exec(page)?.[1] ?? '').replaceAll(' ', '');
      expect(page).to.include('otpauth://totp/');
      const done = await post(agent, '/mon-espace/securite/code', { code: codeAt(seed, world.clock) });
      const recovery = [...done.text.matchAll(/en-code">([a-z0-9]{5}-[a-z0-9]{5})</g)].map(([, code]) => code ?? '');
      return { seed, recovery };
    }

    it('an operator is led to set it up at first sign-in, and has no right of an operator before', async () => {
      await world.person({ roles: ['learner', 'operator'] });
      const agent = request.agent(app);
      expect((await signIn(agent, { suite: '/parcours' })).headers.location).to.equal('/mon-espace/securite/code');
      const { can } = await import('../../src/rights.ts');
      const before = await whoIs(agent);
      expect(before !== null && can(before, 'users:manage')).to.equal(false);
      const { recovery } = await setUp(agent);
      expect(new Set(recovery).size).to.equal(10);
      const after = await whoIs(agent);
      expect(after !== null && can(after, 'users:manage')).to.equal(true);
      expect((await post(agent, '/mon-espace/securite/code/retirer', { codePassword: password })).status).to.equal(403);
    });

    it('after it, a password alone opens nothing; each code opens once', async () => {
      const agent = await signedIn();
      const { seed } = await setUp(agent);
      world.later(2);
      const other = request.agent(app);
      expect((await signIn(other, { suite: '/parcours' })).headers.location).to.equal('/connexion/code');
      expect(await whoIs(other), 'between the two steps').to.equal(null);
      expect((await post(other, '/connexion/code', { code: '000000' })).status).to.equal(422);
      const code = codeAt(seed, world.clock);
      expect((await post(other, '/connexion/code', { code })).headers.location).to.equal('/parcours');
      expect((await whoIs(other))?.strong).to.equal(true);
      const third = request.agent(app);
      await signIn(third);
      expect((await post(third, '/connexion/code', { code })).status, 'replayed').to.equal(422);
      world.later(0.5);
      expect((await post(third, '/connexion/code', { code: codeAt(seed, world.clock) })).status).to.equal(303);
    });

    it('the code that set it up does not open a session too; one of the step before or after does, none further', async () => {
      const agent = await signedIn();
      const { seed } = await setUp(agent);
      const first = codeAt(seed, world.clock);
      const other = request.agent(app);
      await signIn(other);
      expect((await post(other, '/connexion/code', { code: first })).status).to.equal(422);
      world.later(5);
      const at = (steps: number) => codeAt(seed, new Date(world.clock.getTime() + steps * 30_000));
      await signIn(other);
      expect((await post(other, '/connexion/code', { code: at(-2) })).status).to.equal(422);
      expect((await post(other, '/connexion/code', { code: at(2) })).status).to.equal(422);
      expect((await post(other, '/connexion/code', { code: at(-1) })).status).to.equal(303);
      const third = request.agent(app);
      await signIn(third);
      expect((await post(third, '/connexion/code', { code: at(1) })).status).to.equal(303);
      const fourth = request.agent(app);
      await signIn(fourth);
      expect((await post(fourth, '/connexion/code', { code: at(0) })).status, 'an older step').to.equal(422);
    });

    it('guesses are counted, and the first step is forgotten after ten minutes', async () => {
      const { seed } = await setUp(await signedIn());
      const agent = request.agent(app);
      await signIn(agent);
      for (let count = 0; count < 5; count += 1) {
        expect((await post(agent, '/connexion/code', { code: '000000' })).status).to.equal(422);
      }
      expect((await post(agent, '/connexion/code', { code: codeAt(seed, world.clock) })).status).to.equal(429);
      world.later(20);
      const late = await post(agent, '/connexion/code', { code: codeAt(seed, world.clock) });
      expect(late.headers.location).to.match(/^\/connexion\?/);
      expect(await whoIs(agent)).to.equal(null);
    });

    it('a recovery code opens once, and is stored as a digest; the seed is sealed', async () => {
      const { seed, recovery } = await setUp(await signedIn());
      const stored = JSON.stringify(await world.connection.collection('accounts').find().toArray());
      expect(stored)
        .not.to.include(seed)
        .and.not.to.include(recovery[0] ?? '');
      const code = ` ${recovery[3]?.toUpperCase().replace('-', ' ')} `;
      const agent = request.agent(app);
      await signIn(agent);
      expect((await post(agent, '/connexion/code', { code })).status).to.equal(303);
      expect((await agent.get('/mon-espace/securite')).text).to.match(/9\u00a0codes de secours/);
      const again = request.agent(app);
      await signIn(again);
      expect((await post(again, '/connexion/code', { code })).status).to.equal(422);
    });

    it('a page opened twice shows one key; once confirmed it is shown no more', async () => {
      const agent = await signedIn();
      const keyOf = async () => /en-cle">([A-Z2-7 ]+)</.exec((await agent.get('/mon-espace/securite/code')).text)?.[1];
      const key = await keyOf();
      expect(key).to.match(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
      expect(await keyOf()).to.equal(key);
      expect((await post(agent, '/mon-espace/securite/code', { code: '000000' })).status).to.equal(422);
      await setUp(agent);
      await agent.get('/mon-espace/securite/code').expect(409);
    });

    it('setting it up or removing it closes the other sessions; removing it needs the password', async () => {
      const agent = await signedIn();
      const other = request.agent(app);
      await signIn(other);
      const { seed } = await setUp(agent);
      expect(await whoIs(other)).to.equal(null);
      expect((await whoIs(agent))?.strong).to.equal(true);
      world.later(2);
      await signIn(other);
      await post(other, '/connexion/code', { code: codeAt(seed, world.clock) });
      const remove = (codePassword: string) => post(agent, '/mon-espace/securite/code/retirer', { codePassword });
      expect((await remove('wrong')).status).to.equal(422);
      expect((await remove(password)).status).to.equal(303);
      expect(await whoIs(other)).to.equal(null);
      expect((await whoIs(agent))?.strong).to.equal(false);
      expect((await signIn(request.agent(app))).headers.location).to.equal('/mon-espace');
    });
  });
});
