import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Account } from '../../src/accounts/model.ts';
import type { OidcProviderSettings } from '../../src/platform/oidc-settings.ts';
import { visitor } from '../../src/rights.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-identity-provider.ts';
import { everyAccount, type IdentitySite, startIdentitySite, visitorOf } from '../support/identity-site.ts';

const email = 'camille@exemple.fr';

function settingsOf(fake: FakeProvider, change: Partial<OidcProviderSettings>): OidcProviderSettings {
  return {
    id: 'citoyen',
    title: 'Citoyen Connect',
    kind: 'citizen',
    issuer: fake.issuer,
    endpoints: null,
    clientId: 'client',
    clientSecret: fake.clientSecret,
    clientAuthentication: 'post',
    scopes: 'openid email',
    acrValues: null,
    signingAlgorithm: 'ES256',
    userinfo: 'json',
    familyNameClaim: 'family_name',
    logoutReturnParameter: 'post_logout_redirect_uri',
    status: null,
    ...change,
  };
}

function aPerson(change: Partial<Account> = {}): Account {
  return {
    id: randomUUID(),
    email: { address: email, verifiedAt: new Date() },
    displayName: null,
    passwordHash: 'of another test',
    identities: [],
    roles: ['learner'],
    oneTimeCode: null,
    consents: [],
    rightsVersion: 1,
    demo: false,
    createdAt: new Date(),
    lastSignInAt: null,
    ...change,
  };
}

describe('identities of elsewhere', function () {
  this.timeout(30_000);
  let citizen: FakeProvider;
  let professional: FakeProvider;
  let site: IdentitySite;
  const browser = () => visitorOf(site.origin);

  before(async () => {
    citizen = await startFakeProvider();
    professional = await startFakeProvider({ claims: { sub: 'personne-1', usual_name: 'Moreau' } });
    site = await startIdentitySite([
      settingsOf(citizen, {}),
      settingsOf(professional, {
        id: 'pro',
        title: 'Pro Connect',
        kind: 'professional',
        familyNameClaim: 'usual_name',
      }),
    ]);
  });
  after(async () => {
    await site.close();
    await citizen.close();
    await professional.close();
  });
  beforeEach(async () => {
    for (const provider of [citizen, professional]) {
      provider.lies = {};
      provider.requests.length = 0;
    }
    site.audited.length = 0;
    site.askedForCode.length = 0;
    await site.connection.collection('accounts').deleteMany({});
    await site.connection.collection('sessions').deleteMany({});
  });
  const gives = (claims: Readonly<Record<string, unknown>>) => ({
    userinfo: (honest: Readonly<Record<string, unknown>>) => ({ ...honest, ...claims }),
  });

  describe('the first sign-in', () => {
    it('makes an account and asks nothing more, even without an e-mail', async () => {
      const person = browser();
      const back = await person.signIn('citoyen', { suite: '/parcours?page=2' });
      expect(back.status).to.equal(303);
      expect(back.headers.get('location')).to.equal('/parcours?page=2');
      const [account, ...others] = await everyAccount(site);
      expect(others).to.deep.equal([]);
      expect(account).to.deep.include({ email: null, displayName: 'Camille Moreau', passwordHash: null });
      expect(account?.roles).to.deep.equal(['learner']);
      expect(account?.lastSignInAt).to.be.an.instanceOf(Date);
      expect(account?.identities[0]).to.deep.include({ provider: 'citoyen', kind: 'citizen', subject: 'personne-1' });
      expect(await person.accountId()).to.equal(account?.id);
      expect(site.audited.map(({ act }) => act)).to.deep.equal(['account.registered', 'session.opened']);
      expect(JSON.stringify(site.audited)).to.not.match(/Camille|Moreau|personne-1/);
    });

    it('keeps an address that the provider checked, and only that', async () => {
      citizen.lies = gives({ email });
      await browser().signIn('citoyen');
      expect((await everyAccount(site))[0]?.email).to.equal(null);
      await site.connection.collection('accounts').deleteMany({});
      citizen.lies = gives({ email, email_verified: true });
      await browser().signIn('citoyen');
      const [account] = await everyAccount(site);
      expect(account?.email?.address).to.equal(email);
      expect(account?.email?.verifiedAt).to.be.an.instanceOf(Date);
    });

    it('keeps a name only as the profile would accept it', async () => {
      for (const names of [
        { given_name: '<script>alert(1)</script>', family_name: 'Moreau' },
        { given_name: 'x'.repeat(60), family_name: 'y'.repeat(60) },
      ]) {
        await site.connection.collection('accounts').deleteMany({});
        citizen.lies = gives(names);
        await browser().signIn('citoyen');
        expect((await everyAccount(site)).map(({ displayName }) => displayName)).to.deep.equal([null]);
      }
    });

    it('of one person in two tabs at once makes one account', async () => {
      const attempts = await Promise.all(
        [0, 1].map(() => site.identities.begin({ provider: 'citoyen', link: false, next: '/' }, visitor)),
      );
      const ends = await Promise.all(
        attempts.map(async (begun) => {
          if (begun.outcome === 'refused') throw new Error(begun.detail);
          const { url, attempt } = begun;
          const callbackUrl = await browser().authorize(url);
          return site.identities.finish({ provider: 'citoyen', attempt, callbackUrl }, visitor);
        }),
      );
      expect(ends.map(({ outcome }) => outcome)).to.deep.equal(['signed-in', 'signed-in']);
      expect(await everyAccount(site)).to.have.length(1);
    });
  });

  it('the next sign-in opens the same account, under a new session id', async () => {
    await browser().signIn('citoyen');
    const person = browser();
    await person.token();
    const before = person.cookies.get('session');
    await person.signIn('citoyen');
    expect(before).to.be.a('string');
    expect(person.cookies.get('session')).to.not.equal(before);
    const accounts = await everyAccount(site);
    expect(accounts).to.have.length(1);
    expect(await person.accountId()).to.equal(accounts[0]?.id);
  });

  describe('never by e-mail alone', () => {
    it('an address that the provider did not check opens no account, and tells nothing of one', async () => {
      const known = aPerson();
      await site.accounts.create(known);
      citizen.lies = gives({ email });
      const person = browser();
      const answer = await person.signIn('citoyen');
      expect(answer.status).to.equal(303);
      expect(await person.accountId()).to.not.equal(known.id);
      expect(await site.accounts.byId(known.id)).to.deep.equal(known);
      const created = (await everyAccount(site)).find(({ id }) => id !== known.id);
      expect(created?.email).to.equal(null);
    });

    it('a checked address of a password account is refused in words, and nothing is written', async () => {
      const known = aPerson();
      await site.accounts.create(known);
      citizen.lies = gives({ email: 'CAMILLE@exemple.fr', email_verified: true });
      const person = browser();
      const answer = await person.signIn('citoyen');
      expect(answer.status).to.equal(409);
      expect(answer.text).to.include(
        'Connectez-vous à ce compte, puis reliez-le à Citoyen Connect dans «\u00a0Ma sécurité',
      );
      expect(await person.accountId()).to.equal(null);
      expect(await everyAccount(site)).to.deep.equal([known]);
      expect(site.audited).to.deep.equal([]);
    });

    it('a professional with the address and the subject of a citizen is somebody else', async () => {
      citizen.lies = gives({ email, email_verified: true });
      await browser().signIn('citoyen');
      const [first] = await everyAccount(site);
      professional.lies = gives({ email, email_verified: true });
      const worker = browser();
      expect((await worker.signIn('pro')).status).to.equal(409);
      expect(await worker.accountId()).to.equal(null);
      professional.lies = gives({ email });
      expect((await worker.signIn('pro')).status).to.equal(303);
      expect(await worker.accountId())
        .to.be.a('string')
        .and.not.equal(first?.id);
      const kinds = (await everyAccount(site)).map(({ identities }) => identities.map(({ kind }) => kind));
      expect(kinds.sort()).to.deep.equal([['citizen'], ['professional']]);
    });

    it('an address that somebody typed and never proved neither blocks its owner nor opens their account', async () => {
      const squatter = aPerson({ email: { address: email, verifiedAt: null } });
      await site.accounts.create(squatter);
      citizen.lies = gives({ email, email_verified: true });
      const person = browser();
      expect((await person.signIn('citoyen')).status).to.equal(303);
      expect(await person.accountId())
        .to.be.a('string')
        .and.not.equal(squatter.id);
      expect(await site.accounts.byId(squatter.id)).to.deep.equal(squatter);
    });
  });

  describe('linking', () => {
    async function signedIn(known: Account) {
      await site.accounts.create(known);
      const person = browser();
      await person.post(`/entrer/${known.id}`);
      return person;
    }
    const linkPath = '/mon-espace/profil/identites/citoyen';

    it('an identity linked by the person opens the account, whatever the kinds', async () => {
      const known = aPerson();
      const person = await signedIn(known);
      const back = await person.ask('GET', await person.authorize(await person.leave(linkPath)));
      expect(back.status).to.equal(303);
      expect(back.headers.get('location')).to.equal('/mon-espace/profil/identites?fait=relie');
      const own = await person.ask('GET', '/mon-espace/profil/identites?fait=relie');
      expect(own.text)
        .to.match(/<strong>Citoyen Connect<\/strong><br><span class="en-petit">Relié le \d+/)
        .and.include('Le lien est fait.');
      expect(await person.accountId()).to.equal(known.id);
      await person.ask('GET', await person.authorize(await person.leave('/mon-espace/profil/identites/pro')));
      expect(site.audited.map(({ act, target }) => [act, target])).to.deep.equal([
        ['account.identity-linked', known.id],
        ['account.identity-linked', known.id],
      ]);
      for (const provider of ['citoyen', 'pro']) {
        const later = browser();
        await later.signIn(provider);
        expect(await later.accountId()).to.equal(known.id);
      }
      expect(await everyAccount(site)).to.have.length(1);
    });

    it('twice gives one link', async () => {
      const known = aPerson();
      const person = await signedIn(known);
      for (let time = 0; time < 2; time++) {
        const back = await person.ask('GET', await person.authorize(await person.leave(linkPath)));
        expect(back.status).to.equal(303);
      }
      expect((await site.accounts.byId(known.id))?.identities).to.have.length(1);
    });

    it('an identity that opens another account is refused in words', async () => {
      await browser().signIn('citoyen');
      const known = aPerson();
      const person = await signedIn(known);
      const answer = await person.ask('GET', await person.authorize(await person.leave(linkPath)));
      expect(answer.status).to.equal(409);
      expect(answer.text).to.include('Cette identité ouvre déjà un autre compte.');
      expect((await site.accounts.byId(known.id))?.identities).to.deep.equal([]);
    });

    it('needs an account', async () => {
      expect((await browser().post(linkPath)).status).to.equal(401);
      expect((await browser().ask('GET', '/mon-espace/profil/identites')).status).to.equal(401);
    });

    it('begun by one person is not finished by another', async () => {
      const victim = aPerson();
      const thief = aPerson({ email: null });
      await site.accounts.create(victim);
      await site.accounts.create(thief);
      const actor = (accountId: string) => ({ ...visitor, accountId, roles: ['learner'] as const });
      const begun = await site.identities.begin({ provider: 'citoyen', link: true, next: '/' }, actor(thief.id));
      if (begun.outcome === 'refused') throw new Error(begun.detail);
      const callbackUrl = await browser().authorize(begun.url);
      for (const other of [actor(victim.id), visitor]) {
        const end = await site.identities.finish({ provider: 'citoyen', attempt: begun.attempt, callbackUrl }, other);
        expect(end).to.include({ outcome: 'refused', reason: 'expired' });
      }
      expect((await everyAccount(site)).flatMap(({ identities }) => identities)).to.deep.equal([]);
    });

    it('a sign-in in between ends the link that was begun', async () => {
      const known = aPerson();
      const person = await signedIn(known);
      const callback = await person.authorize(await person.leave(linkPath));
      const other = aPerson({ email: null });
      await site.accounts.create(other);
      await person.post(`/entrer/${other.id}`);
      expect((await person.ask('GET', callback)).status).to.equal(400);
      expect((await everyAccount(site)).flatMap(({ identities }) => identities)).to.deep.equal([]);
    });
  });

  describe('unlinking', () => {
    const identitiesPath = '/mon-espace/profil/identites';
    const linked = (provider: string, subject: string, minutes: number) => ({
      provider,
      kind: provider === 'pro' ? ('professional' as const) : ('citizen' as const),
      subject,
      linkedAt: new Date(Date.UTC(2026, 0, 1, 0, minutes)),
    });
    const citizenIdentity = linked('citoyen', 'personne-1', 1);
    const proIdentity = linked('pro', 'personne-1', 2);
    const pathOf = ({ provider, linkedAt }: { provider: string; linkedAt: Date }) =>
      `${identitiesPath}/${provider}/${linkedAt.getTime()}/retirer`;
    async function signedIn(change: Partial<Account>) {
      const known = aPerson(change);
      await site.accounts.create(known);
      const person = browser();
      await person.post(`/entrer/${known.id}`);
      return { known, person };
    }
    const left = async ({ id }: Account) =>
      (await site.accounts.byId(id))?.identities.map(({ provider, subject }) => `${provider} ${subject}`);

    it('asks first, then takes that one, ends every session, and is in the trail', async () => {
      const { known, person } = await signedIn({ identities: [citizenIdentity, proIdentity] });
      const elsewhere = browser();
      await elsewhere.signIn('citoyen');
      expect(await elsewhere.accountId()).to.equal(known.id);
      site.audited.length = 0;
      const own = await person.ask('GET', identitiesPath);
      expect(own.text).to.include(`href="${pathOf(citizenIdentity)}"`);
      const question = await person.ask('GET', pathOf(citizenIdentity));
      expect(question.text)
        .to.include('Retirer Citoyen Connect de votre compte')
        .and.include('Toutes vos connexions seront fermées');
      expect(await left(known)).to.have.length(2);
      const done = await person.post(pathOf(citizenIdentity));
      expect(done.headers.get('location')).to.equal('/connexion?fait=service-retire');
      expect(await left(known)).to.deep.equal(['pro personne-1']);
      for (const each of [person, elsewhere]) expect(await each.accountId()).to.equal(null);
      expect(await site.connection.collection('sessions').countDocuments({ accountId: known.id })).to.equal(0);
      expect(site.audited).to.deep.equal([
        {
          actor: known.id,
          act: 'account.identity-unlinked',
          target: known.id,
          details: { provider: 'citoyen' },
        },
      ]);
      const later = browser();
      await later.signIn('citoyen');
      expect(await later.accountId())
        .to.be.a('string')
        .and.not.equal(known.id);
      const other = browser();
      await other.signIn('pro');
      expect(await other.accountId()).to.equal(known.id);
    });

    it('of two of one service takes the one that was chosen', async () => {
      const second = linked('pro', 'personne-2', 3);
      const { known, person } = await signedIn({ identities: [proIdentity, second] });
      await person.post(pathOf(second));
      expect(await left(known)).to.deep.equal(['pro personne-1']);
    });

    it('takes the last one of an account with a password; another account without any is not in its way', async () => {
      for (const address of ['une@exemple.fr', 'deux@exemple.fr']) {
        const identity = linked('citoyen', address, 1);
        const email = { address, verifiedAt: new Date() };
        const { known, person } = await signedIn({ email, identities: [identity] });
        expect((await person.post(pathOf(identity))).status).to.equal(303);
        expect(await left(known)).to.deep.equal([]);
      }
    });

    it('never takes the last way in: an unproved password or a service that is gone is none', async () => {
      for (const [name, change] of Object.entries({
        'no password': { passwordHash: null },
        'an address nobody proved': { email: { address: email, verifiedAt: null } },
        'no address': { email: null },
        'a service that this site has no more': {
          passwordHash: null,
          identities: [citizenIdentity, linked('ancien', 'personne-9', 4)],
        },
      } satisfies Record<string, Partial<Account>>)) {
        await site.connection.collection('accounts').deleteMany({});
        const { known, person } = await signedIn({ identities: [citizenIdentity], ...change });
        const question = await person.ask('GET', pathOf(citizenIdentity));
        expect(question.text, name).to.include('est le seul moyen d&#x27;ouvrir votre compte');
        expect(question.text, name).to.not.include(`action="${pathOf(citizenIdentity)}"`);
        expect((await person.post(pathOf(citizenIdentity))).status, name).to.equal(409);
        expect(await left(known), name).to.include('citoyen personne-1');
        expect(await person.accountId(), name).to.equal(known.id);
      }
      expect(site.audited).to.deep.equal([]);
    });

    it('of both in two tabs at once leaves one', async () => {
      const { known } = await signedIn({ passwordHash: null, identities: [citizenIdentity, proIdentity] });
      const actor = { ...visitor, accountId: known.id, roles: ['learner'] as const };
      const ends = await Promise.allSettled(
        [citizenIdentity, proIdentity].map(({ provider, linkedAt }) =>
          site.identities.unlink(actor, { provider, linkedAt: linkedAt.getTime() }),
        ),
      );
      expect(ends.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      expect(await left(known)).to.have.length(1);
    });

    it('is for the own account, with the token of the form', async () => {
      const { known } = await signedIn({ identities: [citizenIdentity] });
      const { person: stranger } = await signedIn({ email: null });
      for (const path of [pathOf(citizenIdentity), `${identitiesPath}/citoyen/x/retirer`]) {
        expect((await stranger.ask('GET', path)).status).to.equal(404);
        expect((await stranger.post(path)).status).to.equal(404);
        expect((await browser().post(path)).status).to.equal(401);
      }
      const owner = browser();
      await owner.post(`/entrer/${known.id}`);
      expect((await owner.ask('POST', pathOf(citizenIdentity), { _csrf: 'x' })).status).to.equal(403);
      expect(await left(known)).to.have.length(1);
    });
  });

  describe('a forged start or return', () => {
    it('another site starts neither a sign-in nor a link: the form needs its token', async () => {
      const person = browser();
      await person.token();
      for (const path of ['/connexion/citoyen', '/mon-espace/profil/identites/citoyen']) {
        const answer = await person.ask('POST', path, { _csrf: 'x' });
        expect(answer.status).to.equal(403);
        expect(answer.headers.get('refresh')).to.equal(null);
        expect((await person.ask('GET', path)).status).to.equal(404);
      }
    });

    it('the return link of somebody else signs nobody in: one does not end up in their account', async () => {
      const thief = browser();
      const callback = await thief.authorize(await thief.leave('/connexion/citoyen'));
      const victim = browser();
      const fresh = await victim.ask('GET', callback);
      expect(fresh.status).to.equal(400);
      await victim.leave('/connexion/citoyen');
      const started = await victim.ask('GET', callback);
      expect(started.status).to.equal(400);
      expect(started.text).to.include('Vous n&#x27;êtes pas connecté');
      expect(await victim.accountId()).to.equal(null);
      expect(await everyAccount(site)).to.deep.equal([]);
    });

    it('a return serves once', async () => {
      const person = browser();
      const callback = await person.authorize(await person.leave('/connexion/citoyen'));
      expect((await person.ask('GET', callback)).status).to.equal(303);
      const again = await person.ask('GET', callback);
      expect(again.status).to.equal(400);
      expect(again.text).to.include('n&#x27;est plus valable');
    });

    it('a return that failed does not serve either', async () => {
      const person = browser();
      const callback = await person.authorize(await person.leave('/connexion/citoyen'));
      expect((await person.ask('GET', callback.replace(/state=[^&]+/, 'state=x'))).status).to.equal(400);
      expect((await person.ask('GET', callback)).status).to.equal(400);
    });

    it('a return at the address of another provider is refused', async () => {
      const person = browser();
      const callback = await person.authorize(await person.leave('/connexion/citoyen'));
      const answer = await person.ask('GET', callback.replace('/citoyen/', '/pro/'));
      expect(answer.status).to.equal(400);
      expect(professional.requests.filter(({ line }) => line.startsWith('POST'))).to.deep.equal([]);
    });

    it('a return after a quarter of an hour is refused', async () => {
      const person = browser();
      const callback = await person.authorize(await person.leave('/connexion/citoyen'));
      site.advance(15 * 60_000 + 1_000);
      const answer = await person.ask('GET', callback);
      site.advance(-(15 * 60_000 + 1_000));
      expect(answer.status).to.equal(400);
      expect(await everyAccount(site)).to.deep.equal([]);
    });

    it('leads nowhere else in the end', async () => {
      for (const suite of [
        'https://autre.exemple.fr/',
        '//autre.exemple.fr',
        '/\\autre.exemple.fr',
        'javascript:alert(1)',
      ]) {
        const back = await browser().signIn('citoyen', { suite });
        expect(back.headers.get('location'), suite).to.equal('/mon-espace');
      }
    });

    it('the address given to the provider is that of the site, whatever the request says', async () => {
      const person = browser();
      const token = await person.token();
      const answer = await person.ask('POST', '/connexion/citoyen', { _csrf: token }, 'autre.exemple.fr');
      const url = new URL((answer.headers.get('refresh') ?? '').slice('0;url='.length));
      expect(url.searchParams.get('redirect_uri')).to.equal(`${site.origin}/connexion/citoyen/retour`);
    });

    it('a provider that is not configured has no page', async () => {
      expect((await browser().post('/connexion/inconnu')).status).to.equal(404);
      expect((await browser().ask('GET', '/connexion/inconnu/retour?code=a&state=b')).status).to.equal(404);
      expect((await browser().ask('GET', '/connexion/constructor/retour')).status).to.equal(404);
    });

    it('an operator object in the form or in the return is only text', async () => {
      const person = browser();
      const url = await person.leave('/connexion/citoyen', { 'suite[$ne]': 'x', 'provider[$gt]': '' });
      const callback = await person.authorize(url);
      const answer = await person.ask('GET', callback.replace('code=', 'code[$gt]='));
      expect(answer.status).to.equal(400);
      expect(await everyAccount(site)).to.deep.equal([]);
    });
  });

  describe('in words', () => {
    it('a person who does not agree is told that nothing was recorded', async () => {
      citizen.lies = { authorizationError: 'access_denied' };
      const person = browser();
      const answer = await person.signIn('citoyen');
      expect(answer.status).to.equal(200);
      expect(answer.text).to.match(
        /<p class="en-intro">Vous n&#x27;avez pas donné votre accord\. Rien n&#x27;a été enregistré\.<\/p>/,
      );
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      expect(await everyAccount(site)).to.deep.equal([]);
      expect(await person.accountId()).to.equal(null);
    });

    it('a provider that is down is said to be, at the start and at the return', async () => {
      const person = browser();
      const url = await person.leave('/connexion/pro');
      const callback = await person.authorize(url);
      professional.lies = { path: '/token', answer: 'failure' };
      const answer = await person.ask('GET', callback);
      expect(answer.status).to.equal(503);
      expect(answer.text).to.include('Pro Connect ne répond pas pour le moment.');
    });

    it('a false answer signs nobody in', async () => {
      citizen.lies = { idTokenSignature: 'wrong-key' };
      const person = browser();
      const answer = await person.signIn('citoyen');
      expect(answer.status).to.equal(400);
      expect(answer.text).to.include('n&#x27;a pas pu être vérifiée');
      expect(await everyAccount(site)).to.deep.equal([]);
      expect(await person.accountId()).to.equal(null);
    });
  });

  it('an account with a one-time code is not opened before the code', async () => {
    const oneTimeCode = { seed: 'sealed', confirmedAt: new Date(), lastStep: null, recoveryCodes: [] };
    const identity = { provider: 'citoyen', kind: 'citizen', subject: 'personne-1', linkedAt: new Date() } as const;
    const known = aPerson({ oneTimeCode, identities: [identity] });
    await site.accounts.create(known);
    const person = browser();
    const answer = await person.signIn('citoyen', { suite: '/parcours' });
    expect(answer.headers.get('location')).to.equal('/connexion/code?suite=%2Fparcours');
    expect(site.askedForCode).to.deep.equal([known.id]);
    expect(await person.accountId()).to.equal(null);
    expect(site.audited).to.deep.equal([]);
  });

  describe('signing out', () => {
    it('is done here, then offered at the provider', async () => {
      const person = browser();
      await person.signIn('citoyen');
      const answer = await person.post('/deconnexion');
      expect(answer.status).to.equal(200);
      expect(answer.text).to.include('Vous êtes déconnecté ici.').and.not.include('Se déconnecter');
      const url = new URL((answer.headers.get('refresh') ?? '').slice('0;url='.length));
      expect(url.origin + url.pathname).to.equal(`${citizen.issuer}/logout`);
      expect([...url.searchParams.keys()].sort()).to.deep.equal(['id_token_hint', 'post_logout_redirect_uri', 'state']);
      expect(citizen.secrets).to.include(url.searchParams.get('id_token_hint'));
      expect(url.searchParams.get('post_logout_redirect_uri')).to.equal(`${site.origin}/deconnexion/retour`);
      expect((url.searchParams.get('state') ?? '').length).to.be.at.least(32);
      expect(await person.accountId()).to.equal(null);
      const home = await person.ask('GET', '/deconnexion/retour?state=x&suite=https://autre.exemple.fr');
      expect(home.headers.get('location')).to.equal('/connexion?fait=deconnecte');
    });

    it('of somebody who signed in with a password leads home', async () => {
      const known = aPerson();
      await site.accounts.create(known);
      const person = browser();
      await person.post(`/entrer/${known.id}`);
      expect((await person.post('/deconnexion')).headers.get('location')).to.equal('/');
    });
  });

  it('no code, token, secret or name is in a log line, and no token is readable in the database', async () => {
    const secrets = new Set<string>([citizen.clientSecret]);
    site.logged.length = 0;
    for (const lies of [
      {},
      { idTokenSignature: 'wrong-key' },
      { idTokenSignature: 'hs256' },
      { idToken: () => ({ sub: 'autre' }) },
      { userinfo: () => ({ sub: 'autre', email }) },
      { path: '/userinfo', answer: 'challenge' },
      { path: '/token', answer: 'html' },
      { path: '/token', answer: 'failure' },
      { authorizationError: 'invalid_scope' },
    ] as const) {
      citizen.lies = lies;
      const person = browser();
      const url = await person.leave('/connexion/citoyen');
      const callback = await person.authorize(url);
      for (const address of [url, `${site.origin}${callback}`]) {
        for (const name of ['state', 'nonce', 'code', 'code_challenge']) {
          const value = new URL(address).searchParams.get(name);
          if (value !== null) secrets.add(value);
        }
      }
      await person.ask('GET', callback);
      await person.ask('GET', callback);
    }
    for (const secret of citizen.secrets) secrets.add(secret);
    const logged = site.logged.join('');
    expect(logged).to.include('identity refused').and.include('OAUTH_');
    expect(secrets.size).to.be.greaterThan(30);
    const words = [...secrets, 'Camille', 'Moreau', email, 'personne-1'];
    expect(words.filter((word) => logged.includes(word))).to.deep.equal([]);
    const stored = JSON.stringify(await site.connection.collection('sessions').find().toArray());
    expect(stored).to.include('sealedToken');
    expect(citizen.secrets.filter((secret) => stored.includes(secret))).to.deep.equal([]);
  });
});
