/** Full code flows with a real provider, in the three shapes of docs/identity-providers.md, configured as an operator does. */
import { expect } from 'chai';
import { makeOidcProvider, type OidcProvider } from '../../src/platform/oidc.ts';
import { readOidcProviders } from '../../src/platform/oidc-settings.ts';
import {
  browse,
  type RealProvider,
  type RealProviderOptions,
  startRealProvider,
} from '../support/real-identity-provider.ts';

const redirectUri = 'http://127.0.0.1:9/connexion/essai/retour';
const returnTo = 'http://127.0.0.1:9/deconnexion/retour';

const common = {
  redirectUris: [redirectUri],
  postLogoutRedirectUris: [returnTo],
  clientAuthentication: 'client_secret_post',
} as const;

/** The variables an operator writes, over the addresses of the local provider. */
type Variables = (provider: RealProvider) => Readonly<Record<string, string>>;

const explicit: Variables = ({ issuer }) => ({
  AUTHORIZATION_ENDPOINT: `${issuer}/auth`,
  TOKEN_ENDPOINT: `${issuer}/token`,
  USERINFO_ENDPOINT: `${issuer}/me`,
  JWKS_URI: `${issuer}/jwks`,
  END_SESSION_ENDPOINT: `${issuer}/session/end`,
});

const shapes: Readonly<Record<string, { readonly provider: RealProviderOptions; readonly variables: Variables }>> = {
  'explicit endpoints, realm parameters, JSON userinfo, no e-mail': {
    provider: {
      ...common,
      algorithm: 'RS256',
      signedUserinfo: false,
      claims: { profile: ['given_name', 'family_name'], email: ['email'] },
      person: { given_name: 'Camille', family_name: 'Moreau' },
    },
    variables: ({ issuer }) => ({
      TITLE: 'France Travail',
      KIND: 'citizen',
      SCOPES: 'openid email profile',
      LOGOUT_RETURN_PARAMETER: 'redirect_uri',
      AUTHORIZATION_ENDPOINT: `${issuer}/auth?realm=/individu`,
      TOKEN_ENDPOINT: `${issuer}/token?realm=/individu`,
      USERINFO_ENDPOINT: `${issuer}/me?schema=openid`,
      END_SESSION_ENDPOINT: `${issuer}/session/end`,
    }),
  },
  'explicit endpoints, ES256 signed userinfo': {
    provider: {
      ...common,
      algorithm: 'ES256',
      signedUserinfo: true,
      acrValues: ['eidas1'],
      claims: { given_name: ['given_name'], family_name: ['family_name'], email: ['email'] },
      person: { given_name: 'Camille', family_name: 'Moreau', email: 'camille@exemple.fr' },
    },
    variables: (provider) => ({
      ...explicit(provider),
      TITLE: 'FranceConnect',
      KIND: 'citizen',
      SCOPES: 'openid given_name family_name email',
      ACR_VALUES: 'eidas1',
      SIGNING_ALGORITHM: 'ES256',
      USERINFO: 'signed',
    }),
  },
  'discovery, professional, usual_name, secret in the header': {
    provider: {
      ...common,
      clientAuthentication: 'client_secret_basic',
      algorithm: 'ES256',
      signedUserinfo: true,
      acrValues: ['eidas1'],
      claims: { given_name: ['given_name'], usual_name: ['usual_name'], email: ['email', 'email_verified'] },
      person: { given_name: 'Awa', usual_name: 'Diallo', email: 'awa@organisme.fr', email_verified: true },
    },
    variables: () => ({
      TITLE: 'ProConnect',
      KIND: 'professional',
      SCOPES: 'openid given_name usual_name email',
      ACR_VALUES: 'eidas1',
      CLIENT_AUTHENTICATION: 'basic',
      SIGNING_ALGORITHM: 'ES256',
      USERINFO: 'signed',
      FAMILY_NAME_CLAIM: 'usual_name',
    }),
  },
};

const expected: Readonly<Record<string, unknown>> = {
  'France Travail': { email: null, emailVerified: false, givenName: 'Camille', familyName: 'Moreau' },
  FranceConnect: { email: 'camille@exemple.fr', emailVerified: false, givenName: 'Camille', familyName: 'Moreau' },
  ProConnect: { email: 'awa@organisme.fr', emailVerified: true, givenName: 'Awa', familyName: 'Diallo' },
};

const opened: RealProvider[] = [];

async function world(shape: { readonly provider: RealProviderOptions; readonly variables: Variables }) {
  const real = await startRealProvider(shape.provider);
  opened.push(real);
  const given = {
    ...shape.variables(real),
    ISSUER: real.issuer,
    CLIENT_ID: real.clientId,
    CLIENT_SECRET: real.clientSecret,
  };
  const environment = Object.fromEntries(Object.entries(given).map(([name, value]) => [`OIDC_ESSAI_${name}`, value]));
  const { providers, problems } = readOidcProviders(environment);
  expect(problems).to.deep.equal([]);
  const [settings] = providers;
  if (settings === undefined) throw new Error('no provider');
  return { real, settings, provider: makeOidcProvider(settings) };
}

async function begin(provider: OidcProvider) {
  const begun = await provider.begin({ redirectUri });
  if (begun.outcome === 'refused') throw new Error(`not begun: ${begun.detail}`);
  return begun;
}

describe('signing in at a real provider', function () {
  this.timeout(30_000);
  afterEach(async () => {
    for (const real of opened.splice(0)) await real.close();
  });

  for (const [name, shape] of Object.entries(shapes)) {
    describe(name, () => {
      it('signs in, reads who it is, signs out there too', async () => {
        const { real, settings, provider } = await world(shape);
        const { url, ...kept } = await begin(provider);
        const callbackUrl = (await browse(url)).href;
        const person = await provider.finish({ ...kept, redirectUri, callbackUrl });
        if (person.outcome === 'refused') throw new Error(`refused: ${person.reason} ${person.detail}`);
        const { outcome: _, subject, idToken, accessToken, ...known } = person;
        expect(subject).to.equal('personne-1');
        expect(known).to.deep.equal(expected[settings.title]);
        const out = await provider.logoutUrl({ idToken, returnTo, state: 'x'.repeat(43) });
        expect(out).to.match(/\/session\/end\?id_token_hint=/);
        const page = await fetch(out ?? '');
        expect(page.status, await page.text()).to.equal(200);
        expect(accessToken).to.not.equal('');
        expect(real.requests.some((line) => line.startsWith('POST /token'))).to.equal(true);
      });

      it('a person who does not agree is told so', async () => {
        const { real, provider } = await world(shape);
        real.consent = false;
        const { url, ...kept } = await begin(provider);
        const callbackUrl = (await browse(url)).href;
        expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({
          reason: 'consent',
          message: "Vous n'avez pas donné votre accord. Rien n'a été enregistré.",
        });
        expect(real.requests.filter((line) => line.startsWith('POST /token'))).to.deep.equal([]);
      });

      it('a code that was used is refused', async () => {
        const { provider } = await world(shape);
        const { url, ...kept } = await begin(provider);
        const callbackUrl = (await browse(url)).href;
        expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({ outcome: 'signed-in' });
        expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({ reason: 'expired' });
      });

      it('a verifier, a nonce or a state of another attempt is refused', async () => {
        const { provider } = await world(shape);
        const other = await begin(provider);
        for (const [name, reason] of [
          ['codeVerifier', 'expired'],
          ['nonce', 'unverified'],
          ['state', 'unverified'],
        ] as const) {
          const { url, ...kept } = await begin(provider);
          const callbackUrl = (await browse(url)).href;
          const answer = await provider.finish({ ...kept, [name]: other[name], redirectUri, callbackUrl });
          expect(answer, name).to.include({ outcome: 'refused', reason });
        }
      });
    });
  }

  const citizen = shapes['explicit endpoints, ES256 signed userinfo'];
  if (citizen === undefined) throw new Error('no such shape');

  it('a code that is too old is refused', async () => {
    const { provider } = await world({ ...citizen, provider: { ...citizen.provider, codeSeconds: 1 } });
    const { url, ...kept } = await begin(provider);
    const callbackUrl = (await browse(url)).href;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({ reason: 'expired' });
  });

  it('a scope that we may not ask for is refused in words', async () => {
    const { settings } = await world(citizen);
    const provider = makeOidcProvider({ ...settings, scopes: 'openid reserve' });
    const { url, ...kept } = await begin(provider);
    const callbackUrl = (await browse(url)).href;
    expect(await provider.finish({ ...kept, redirectUri, callbackUrl })).to.include({
      reason: 'rejected',
      detail: 'invalid_scope',
    });
  });
});

describe('settings of identity providers', () => {
  const least = {
    OIDC_PRO_CONNECT_TITLE: 'ProConnect',
    OIDC_PRO_CONNECT_KIND: 'professional',
    OIDC_PRO_CONNECT_ISSUER: 'https://pro.exemple.fr/api/v2',
    OIDC_PRO_CONNECT_CLIENT_ID: 'client',
    OIDC_PRO_CONNECT_CLIENT_SECRET: 'tres-secret',
    OIDC_PRO_CONNECT_SCOPES: 'openid email',
  };
  const problemsWith = (change: Readonly<Record<string, string>>) =>
    readOidcProviders({ ...least, ...change }).problems;

  it('six variables make a provider, found by discovery; without any there is none', () => {
    const { providers, problems } = readOidcProviders({ ...least, PORT: '3000' });
    expect(problems).to.deep.equal([]);
    expect(providers).to.deep.equal([
      {
        id: 'pro-connect',
        title: 'ProConnect',
        kind: 'professional',
        issuer: 'https://pro.exemple.fr/api/v2',
        endpoints: null,
        clientId: 'client',
        clientSecret: 'tres-secret',
        clientAuthentication: 'post',
        scopes: 'openid email',
        acrValues: null,
        signingAlgorithm: 'RS256',
        userinfo: 'json',
        familyNameClaim: 'family_name',
        logoutReturnParameter: 'post_logout_redirect_uri',
        status: null,
      },
    ]);
    expect(readOidcProviders({})).to.deep.equal({ providers: [], problems: [] });
  });

  it('every missing variable is named at once', () => {
    const { problems } = readOidcProviders({ OIDC_A_CLIENT_ID: 'x' });
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).to.deep.equal([
      'OIDC_A_CLIENT_SECRET',
      'OIDC_A_ISSUER',
      'OIDC_A_KIND',
      'OIDC_A_SCOPES',
      'OIDC_A_TITLE',
    ]);
  });

  it('a misspelt variable is a problem, not a setting left out', () => {
    expect(problemsWith({ OIDC_PRO_CONNECT_USER_INFO: 'signed' })).to.deep.equal([
      'OIDC_PRO_CONNECT_USER_INFO : réglage inconnu',
    ]);
    expect(problemsWith({ OIDC_PROCONNECT_USERINFO: 'signed' })).to.deep.equal([
      'OIDC_PROCONNECT_USERINFO : aucun fournisseur de ce nom (CLIENT_ID)',
    ]);
  });

  it('a name that begins with another name is another provider', () => {
    const second = Object.fromEntries(
      Object.entries(least).map(([name, value]) => [name.replace('OIDC_PRO_CONNECT_', 'OIDC_PRO_'), value]),
    );
    const { providers, problems } = readOidcProviders({ ...second, ...least });
    expect(problems).to.deep.equal([]);
    expect(providers.map(({ id }) => id).sort()).to.deep.equal(['pro', 'pro-connect']);
  });

  it('refuses what would travel in clear, half of a group, HS256, and never repeats a value', () => {
    for (const change of [
      { OIDC_PRO_CONNECT_ISSUER: 'http://pro.exemple.fr' },
      { OIDC_PRO_CONNECT_ISSUER: 'https://nom:tres-secret@pro.exemple.fr' },
      { OIDC_PRO_CONNECT_ISSUER: 'tres-secret' },
      { OIDC_PRO_CONNECT_SIGNING_ALGORITHM: 'HS256' },
      { OIDC_PRO_CONNECT_SCOPES: 'email tres-secret' },
      { OIDC_PRO_CONNECT_TOKEN_ENDPOINT: 'https://pro.exemple.fr/tres-secret' },
      { OIDC_PRO_CONNECT_STATUS_FIELD: 'tres-secret' },
      { OIDC_PRO_CONNECT_JWKS_URI: 'https://pro.exemple.fr/tres-secret' },
    ]) {
      const problems = problemsWith(change);
      expect(problems, JSON.stringify(change)).to.have.length.greaterThan(0);
      expect(problems.join()).to.not.include('tres-secret');
    }
  });

  it('signed userinfo at explicit endpoints needs the keys', () => {
    const endpoints = {
      OIDC_PRO_CONNECT_AUTHORIZATION_ENDPOINT: 'https://pro.exemple.fr/a',
      OIDC_PRO_CONNECT_TOKEN_ENDPOINT: 'https://pro.exemple.fr/t',
      OIDC_PRO_CONNECT_USERINFO_ENDPOINT: 'https://pro.exemple.fr/u',
    };
    expect(problemsWith(endpoints)).to.deep.equal([]);
    expect(problemsWith({ ...endpoints, OIDC_PRO_CONNECT_USERINFO: 'signed' })).to.deep.equal([
      'OIDC_PRO_CONNECT_JWKS_URI : va avec USERINFO=signed',
    ]);
  });
});
