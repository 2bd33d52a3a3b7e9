import { expect } from 'chai';
import { makeOidcProvider, type OidcOptions, type OidcProvider } from '../../src/platform/oidc.ts';
import type { OidcRefusal } from '../../src/platform/oidc-refusal.ts';
import type { OidcProviderSettings } from '../../src/platform/oidc-settings.ts';
import {
  type FakeProvider,
  type FakeProviderOptions,
  type Lies,
  startFakeProvider,
} from '../support/fake-identity-provider.ts';

const redirectUri = 'https://ecole.exemple.fr/connexion/essai/retour';

/** A citizen provider with explicit endpoints, as the fake one is. */
function settingsOf(fake: FakeProvider, change: Partial<OidcProviderSettings> = {}): OidcProviderSettings {
  return {
    id: 'essai',
    title: 'Essai Connect',
    kind: 'citizen',
    issuer: fake.issuer,
    endpoints: {
      authorization: `${fake.issuer}/authorize`,
      token: `${fake.issuer}/token`,
      userinfo: `${fake.issuer}/userinfo`,
      jwks: `${fake.issuer}/jwks`,
      endSession: `${fake.issuer}/logout`,
    },
    clientId: 'client',
    clientSecret: fake.clientSecret,
    clientAuthentication: 'post',
    scopes: 'openid email',
    acrValues: null,
    signingAlgorithm: 'ES256',
    userinfo: 'json',
    familyNameClaim: 'family_name',
    logoutReturnParameter: 'post_logout_redirect_uri',
    status: { endpoint: `${fake.issuer}/status`, scopes: 'statut', field: 'codeStatutIndividu' },
    ...change,
  };
}

type Begun = { readonly url: string; readonly state: string; readonly nonce: string; readonly codeVerifier: string };

async function begin(provider: OidcProvider): Promise<Begun> {
  const begun = await provider.begin({ redirectUri });
  if (begun.outcome === 'refused') throw new Error(`not begun: ${begun.reason} ${begun.detail}`);
  return begun;
}

/** Where the provider sends the browser back. */
async function authorize(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' });
  return response.headers.get('location') ?? '';
}

async function signIn(provider: OidcProvider) {
  const { url, ...kept } = await begin(provider);
  return provider.finish({ ...kept, redirectUri, callbackUrl: await authorize(url) });
}

async function refused(provider: OidcProvider): Promise<OidcRefusal> {
  const answer = await signIn(provider);
  if (answer.outcome !== 'refused') throw new Error('the sign-in was accepted');
  return answer;
}

async function person(provider: OidcProvider) {
  const answer = await signIn(provider);
  if (answer.outcome !== 'signed-in') throw new Error(`refused: ${answer.reason} ${answer.detail}`);
  return answer;
}

describe('signing in at a provider that lies', () => {
  const opened: FakeProvider[] = [];
  afterEach(async () => {
    for (const fake of opened.splice(0)) await fake.close();
  });
  async function world(
    options: FakeProviderOptions & { lies?: Lies; settings?: Partial<OidcProviderSettings>; client?: OidcOptions } = {},
  ) {
    const fake = await startFakeProvider(options);
    opened.push(fake);
    fake.lies = options.lies ?? {};
    const signed = options.signedUserinfo === true ? { userinfo: 'signed' as const } : {};
    const settings = settingsOf(fake, { ...signed, ...options.settings });
    return { fake, provider: makeOidcProvider(settings, options.client) };
  }

  it('signs in when the provider behaves, JSON or signed userinfo, explicit endpoints or discovery', async () => {
    for (const signedUserinfo of [false, true]) {
      for (const settings of [{}, { endpoints: null }]) {
        const { provider } = await world({ signedUserinfo, settings });
        const { subject, givenName, familyName } = await person(provider);
        expect({ subject, givenName, familyName }).to.deep.equal({
          subject: 'personne-1',
          givenName: 'Camille',
          familyName: 'Moreau',
        });
      }
    }
  });

  it('sends the parameters of the code flow and nothing more, with fresh long values each time', async () => {
    const { provider } = await world({ settings: { acrValues: 'eidas1' } });
    const one = await begin(provider);
    const other = await begin(provider);
    const sent = new URL(one.url).searchParams;
    expect([...sent.keys()].sort()).to.deep.equal([
      'acr_values',
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'nonce',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ]);
    expect(sent.get('code_challenge_method')).to.equal('S256');
    expect(sent.get('code_challenge')).to.not.equal(one.codeVerifier);
    for (const name of ['state', 'nonce', 'codeVerifier'] as const) {
      expect(one[name].length).to.be.at.least(32);
      expect(one[name]).to.not.equal(other[name]);
    }
  });

  it('keeps the query written in an endpoint: realm, schema', async () => {
    const fake = await startFakeProvider();
    opened.push(fake);
    const provider = makeOidcProvider(
      settingsOf(fake, {
        endpoints: {
          authorization: `${fake.issuer}/authorize?realm=/individu`,
          token: `${fake.issuer}/token?realm=/individu`,
          userinfo: `${fake.issuer}/userinfo?schema=openid`,
          jwks: null,
          endSession: null,
        },
      }),
    );
    await person(provider);
    const lines = fake.requests.map(({ line }) => decodeURIComponent(line));
    expect(lines.some((line) => line.startsWith('GET /authorize?realm=/individu&'))).to.equal(true);
    expect(lines).to.include('POST /token?realm=/individu');
    expect(lines).to.include('GET /userinfo?schema=openid');
  });

  it('says in words that the person did not agree', async () => {
    const { provider } = await world({ lies: { authorizationError: 'access_denied' } });
    expect(await refused(provider)).to.deep.equal({
      outcome: 'refused',
      reason: 'consent',
      message: "Vous n'avez pas donné votre accord. Rien n'a été enregistré.",
      detail: 'access_denied',
    });
  });

  for (const [code, reason] of [
    ['server_error', 'unavailable'],
    ['temporarily_unavailable', 'unavailable'],
    ['invalid_scope', 'rejected'],
    ['invalid_request', 'rejected'],
    ['Y000400', 'rejected'],
    ['constructor', 'rejected'],
  ] as const) {
    it(`the answer ${code} is refused in words (${reason})`, async () => {
      const { provider } = await world({ lies: { authorizationError: code } });
      const refusal = await refused(provider);
      expect(refusal.reason).to.equal(reason);
      expect(refusal.message).to.match(/Essai Connect .+ Rien n'a été enregistré\.$/);
    });
  }

  it('a refusal whose state is not ours is not believed', async () => {
    const { provider } = await world({ lies: { authorizationError: 'access_denied', state: 'x'.repeat(43) } });
    expect((await refused(provider)).reason).to.equal('unverified');
  });

  it('a wrong state, an absent one or two of them are refused before the provider is asked anything', async () => {
    const { fake, provider } = await world();
    for (const change of [
      (url: URL) => url.searchParams.set('state', 'x'.repeat(43)),
      (url: URL) => url.searchParams.delete('state'),
      (url: URL) => url.searchParams.append('state', 'x'.repeat(43)),
    ]) {
      const { url, ...kept } = await begin(provider);
      const back = new URL(await authorize(url));
      change(back);
      const answer = await provider.finish({ ...kept, redirectUri, callbackUrl: back.href });
      expect(answer).to.include({ outcome: 'refused', reason: 'unverified' });
    }
    expect(fake.requests.filter(({ line }) => line.startsWith('POST'))).to.deep.equal([]);
  });

  it('an answer that names another issuer is refused', async () => {
    const { provider } = await world();
    const { url, ...kept } = await begin(provider);
    const callbackUrl = `${await authorize(url)}&iss=https%3A%2F%2Fautre.exemple.fr`;
    expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({ reason: 'unverified' });
  });

  it('B32 an expired, replayed or invented code is refused in words', async () => {
    const { provider } = await world();
    const { url, ...kept } = await begin(provider);
    const callbackUrl = await authorize(url);
    expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({ outcome: 'signed-in' });
    const again = await provider.finish({ ...kept, redirectUri, callbackUrl });
    expect(again).to.include({
      outcome: 'refused',
      reason: 'expired',
      message: "Cette tentative de connexion n'est plus valable. Rien n'a été enregistré.",
    });
    const invented = `${redirectUri}?code=invente&state=${kept.state}`;
    expect(await provider.finish({ ...kept, redirectUri, callbackUrl: invented })).to.include({ reason: 'expired' });
    const without = `${redirectUri}?state=${kept.state}`;
    expect(await provider.finish({ ...kept, redirectUri, callbackUrl: without })).to.include({ reason: 'unverified' });
  });

  it('a code stolen from another browser is useless: the verifier is not the one of its challenge', async () => {
    const { provider } = await world();
    const victim = await begin(provider);
    const code = new URL(await authorize(victim.url)).searchParams.get('code') ?? '';
    const { url: _, ...thief } = await begin(provider);
    const callbackUrl = `${redirectUri}?code=${code}&state=${thief.state}`;
    expect(await provider.finish({ ...thief, redirectUri, callbackUrl })).to.include({ reason: 'expired' });
  });

  const hourAgo = () => Math.floor(Date.now() / 1_000) - 3_600;
  const tokenLies: Readonly<Record<string, Lies>> = {
    'another nonce': { idToken: (claims) => ({ ...claims, nonce: 'x'.repeat(43) }) },
    'no nonce': { idToken: ({ nonce: _, ...claims }) => claims },
    'another audience': { idToken: (claims) => ({ ...claims, aud: 'autre-client' }) },
    'another issuer': { idToken: (claims) => ({ ...claims, iss: 'https://autre.exemple.fr' }) },
    'a past end': { idToken: (claims) => ({ ...claims, exp: hourAgo() }) },
    'an empty subject': { idToken: (claims) => ({ ...claims, sub: '' }) },
    'the signature of another key': { idTokenSignature: 'wrong-key' },
    'a signature with our shared secret (HS256)': { idTokenSignature: 'hs256' },
    'no signature (none)': { idTokenSignature: 'none' },
    'a cut signature': { idTokenSignature: 'cut' },
    'a signature that is not base64url': { idTokenSignature: 'not-base64url' },
  };
  for (const [what, lies] of Object.entries(tokenLies)) {
    it(`an id_token with ${what} is refused`, async () => {
      const { provider } = await world({ lies });
      expect(await refused(provider)).to.include({
        reason: 'unverified',
        message: "La réponse du service Essai Connect n'a pas pu être vérifiée. Rien n'a été enregistré.",
      });
    });
  }

  it('HS256 is refused even where the signature is not checked', async () => {
    const { fake } = await world();
    fake.lies = { idTokenSignature: 'hs256' };
    const at = (path: string) => `${fake.issuer}${path}`;
    const provider = makeOidcProvider(
      settingsOf(fake, {
        endpoints: {
          authorization: at('/authorize'),
          token: at('/token'),
          userinfo: at('/userinfo'),
          jwks: null,
          endSession: null,
        },
      }),
    );
    expect((await refused(provider)).reason).to.equal('unverified');
  });

  const userinfoLies: Readonly<Record<string, Lies>> = {
    'the signature of another key': { userinfoSignature: 'wrong-key' },
    'no signature': { userinfoSignature: 'unsigned-json' },
    'another subject': { userinfo: (claims) => ({ ...claims, sub: 'personne-2' }) },
    'another audience': { userinfo: (claims) => ({ ...claims, aud: 'autre-client' }) },
    'another issuer': { userinfo: (claims) => ({ ...claims, iss: 'https://autre.exemple.fr' }) },
  };
  for (const [what, lies] of Object.entries(userinfoLies)) {
    it(`a signed userinfo with ${what} is refused`, async () => {
      const { provider } = await world({ signedUserinfo: true, lies });
      expect((await refused(provider)).reason).to.equal('unverified');
    });
  }

  it('a JSON userinfo of another subject is refused', async () => {
    const { provider } = await world({ lies: { userinfo: () => ({ sub: 'personne-2' }) } });
    expect((await refused(provider)).reason).to.equal('unverified');
  });

  it('reads what the person is called, and nothing that is no text', async () => {
    const read = async (claims: Record<string, unknown>, settings: Partial<OidcProviderSettings> = {}) => {
      const { provider } = await world({ claims: { sub: 'p', ...claims }, settings });
      const { email, emailVerified, givenName, familyName } = await person(provider);
      return { email, emailVerified, givenName, familyName };
    };
    const nothing = { email: null, emailVerified: false, givenName: null, familyName: null };
    expect(await read({})).to.deep.equal(nothing);
    expect(await read({ email: '', given_name: ' ', family_name: 12, email_verified: true })).to.deep.equal(nothing);
    expect(await read({ email: { $gt: '' }, given_name: ['a'], email_verified: 'true' })).to.deep.equal(nothing);
    expect(await read({ email: 'a@exemple.fr', email_verified: 'true' })).to.deep.equal({
      ...nothing,
      email: 'a@exemple.fr',
    });
    expect(
      await read({ email: 'a@exemple.fr', email_verified: true, given_name: ' Zo\u0065\u0308\n\u202ePaul ' }),
    ).to.deep.equal({
      ...nothing,
      email: 'a@exemple.fr',
      emailVerified: true,
      givenName: 'Zoë Paul',
    });
    expect(await read({ given_name: 'x'.repeat(101) })).to.deep.equal(nothing);
    const professional = { familyNameClaim: 'usual_name' };
    expect(await read({ usual_name: 'Diallo', family_name: 'Autre' }, professional)).to.deep.equal({
      ...nothing,
      familyName: 'Diallo',
    });
  });

  for (const path of ['/token', '/jwks', '/userinfo', '/status']) {
    it(`${path} that redirects to another host sends it neither secret nor token`, async () => {
      const other = await startFakeProvider();
      opened.push(other);
      const { provider } = await world({
        lies: { path, answer: 'redirect', redirectTo: `${other.issuer}${path}`, status: null },
      });
      if (path === '/status') {
        const { accessToken } = await person(provider);
        expect(await provider.jobSeekerStatus(accessToken)).to.equal(null);
      } else expect((await refused(provider)).reason).to.equal('unverified');
      expect(other.requests).to.deep.equal([]);
    });
  }

  for (const path of ['/token', '/jwks', '/userinfo']) {
    for (const [answer, detail] of [
      ['failure', 'server_failure'],
      ['silence', 'timed_out'],
      ['flood', 'too_large'],
    ] as const) {
      it(`${path} that answers with ${answer} makes the provider unavailable, in words`, async () => {
        const { provider } = await world({
          lies: { path, answer },
          client: answer === 'silence' ? { timeoutSeconds: 0.2 } : {},
        });
        const refusal = await refused(provider);
        expect(refusal).to.include({ reason: 'unavailable', detail });
        expect(refusal.message).to.equal("Essai Connect ne répond pas pour le moment. Rien n'a été enregistré.");
      });
    }
    it(`${path} that answers with a page is not believed`, async () => {
      const { provider } = await world({ lies: { path, answer: 'html' } });
      expect((await refused(provider)).reason).to.equal('unverified');
    });
  }

  it('an access token that expired before userinfo was asked is refused in words', async () => {
    const { provider } = await world({ lies: { path: '/userinfo', answer: 'challenge' } });
    expect((await refused(provider)).reason).to.equal('expired');
  });

  it('a wrong client secret is our fault, and the page says so', async () => {
    const { provider } = await world({ settings: { clientSecret: 'autre' } });
    const refusal = await refused(provider);
    expect(refusal.reason).to.equal('rejected');
    expect(refusal.message).to.include("Ce n'est pas votre faute");
  });

  it('a provider that is down when somebody signs in is asked again by the next person', async () => {
    const { fake, provider } = await world({ settings: { endpoints: null } });
    fake.lies = { path: '/.well-known/openid-configuration', answer: 'failure' };
    expect(await provider.begin({ redirectUri })).to.include({ outcome: 'refused', reason: 'unavailable' });
    fake.lies = {};
    expect((await person(provider)).subject).to.equal('personne-1');
  });

  it('a provider that does not exist is unavailable', async () => {
    const fake = await startFakeProvider();
    await fake.close();
    const provider = makeOidcProvider(settingsOf(fake, { endpoints: null }));
    expect(await provider.begin({ redirectUri })).to.include({ outcome: 'refused', reason: 'unavailable' });
    expect(await provider.logoutUrl({ idToken: 'x', returnTo: redirectUri, state: 'x' })).to.equal(null);
  });

  it('nothing is sent in clear beyond this machine', async () => {
    const { fake } = await world();
    const settings = settingsOf(fake);
    const endpoints = settings.endpoints === null ? null : { ...settings.endpoints, token: 'http://192.0.2.1/token' };
    const provider = makeOidcProvider({ ...settings, endpoints });
    expect(await refused(provider)).to.include({ reason: 'unavailable', detail: 'unsafe_address' });
  });

  describe('registered job seeker', () => {
    async function statusOf(status: Lies['status'], settings: Partial<OidcProviderSettings> = {}) {
      const { provider } = await world({ lies: { status: status ?? null }, settings });
      const { accessToken } = await person(provider);
      return provider.jobSeekerStatus(accessToken);
    }
    const said = (value: unknown) => ({ body: JSON.stringify({ codeStatutIndividu: value }) });

    it('« 1 » is yes, « 0 » is no', async () => {
      expect(await statusOf(said('1'))).to.equal(true);
      expect(await statusOf(said('0'))).to.equal(false);
    });

    for (const [what, status] of [
      ['« 2 »', said('2')],
      ['the number 1', said(1)],
      ['the number 0', said(0)],
      ['an empty text', said('')],
      ['null', said(null)],
      ['a field that is absent', { body: '{}' }],
      ['an inherited name', { body: '{"__proto__":{"codeStatutIndividu":"1"}}' }],
      ['a list', { body: '["1"]' }],
      ['something that is not JSON', { body: '1' }],
      ['an empty answer', { body: '' }],
      ['a yes with an error status', { code: 403, ...said('1') }],
      ['a failure', { code: 500, ...said('1') }],
      ['an absent call', null],
    ] as const) {
      it(`B32 a status of ${what} is unknown, never assumed`, async () => {
        expect(await statusOf(status)).to.equal(null);
      });
    }

    it('a provider without such a call is never asked', async () => {
      expect(await statusOf(said('1'), { status: null })).to.equal(null);
    });

    it('its scope is asked for only when a free access is claimed', async () => {
      const { provider } = await world();
      const scopeOf = async (withStatus: boolean) => {
        const begun = await provider.begin({ redirectUri, withStatus });
        return begun.outcome === 'begun' ? new URL(begun.url).searchParams.get('scope') : null;
      };
      expect(await scopeOf(false)).to.equal('openid email');
      expect(await scopeOf(true)).to.equal('openid email statut');
    });
  });

  describe('signing out there too', () => {
    const returnTo = 'https://ecole.exemple.fr/deconnexion/retour';
    it('the address holds the three parameters, and no other', async () => {
      const { fake, provider } = await world();
      const url = new URL((await provider.logoutUrl({ idToken: 'jeton', returnTo, state: 's' })) ?? '');
      expect(url.origin + url.pathname).to.equal(`${fake.issuer}/logout`);
      expect(Object.fromEntries(url.searchParams)).to.deep.equal({
        id_token_hint: 'jeton',
        post_logout_redirect_uri: returnTo,
        state: 's',
      });
    });

    it('the other shape names the return redirect_uri and sends no state', async () => {
      const { provider } = await world({ settings: { logoutReturnParameter: 'redirect_uri' } });
      const url = new URL((await provider.logoutUrl({ idToken: 'jeton', returnTo, state: 's' })) ?? '');
      expect(Object.fromEntries(url.searchParams)).to.deep.equal({ id_token_hint: 'jeton', redirect_uri: returnTo });
    });
  });

  it('no refusal holds a code, a token or a secret', async () => {
    const refusals: OidcRefusal[] = [];
    const secrets: string[] = [];
    for (const lies of [...Object.values(tokenLies), { path: '/userinfo', answer: 'challenge' } as const]) {
      const { fake, provider } = await world({ lies });
      refusals.push(await refused(provider));
      secrets.push(fake.clientSecret, ...fake.secrets);
    }
    const { fake, provider } = await world();
    const { url, ...kept } = await begin(provider);
    await authorize(url);
    // The provider repeats the code in its description.
    const callbackUrl = `${redirectUri}?code=un-code-secret&state=${kept.state}`;
    const answer = await provider.finish({ ...kept, redirectUri, callbackUrl });
    refusals.push(answer as OidcRefusal);
    secrets.push('un-code-secret', kept.codeVerifier, kept.nonce, ...fake.secrets);
    const text = JSON.stringify(refusals);
    expect(refusals.length).to.be.greaterThan(10);
    expect(secrets.filter((secret) => text.includes(secret))).to.deep.equal([]);
  });
});
