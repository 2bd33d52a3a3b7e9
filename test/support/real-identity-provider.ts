/** A real OpenID Connect provider on this machine (oidc-provider), with one person who agrees, or refuses, at once. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { type Context, Provider } from 'oidc-provider';

export interface RealProviderOptions {
  readonly clientAuthentication: 'client_secret_post' | 'client_secret_basic';
  readonly algorithm: 'RS256' | 'ES256';
  readonly signedUserinfo: boolean;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Claims of the person beside `sub`, by scope. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly person: Readonly<Record<string, unknown>>;
  readonly acrValues?: readonly string[];
  readonly codeSeconds?: number;
}

export interface RealProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Requests received, as `METHOD /path?query`. */
  readonly requests: string[];
  /** The person's next answers. */
  consent: boolean;
  close(): Promise<void>;
}

export async function startRealProvider(options: RealProviderOptions): Promise<RealProvider> {
  const clientId = 'ecole-numerique';
  const clientSecret = 'un-secret-de-client-assez-long-pour-etre-cherche';
  const { privateKey } = await generateKeyPair(options.algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: options.algorithm, use: 'sig', kid: 'signature' };
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: RealProvider = {
    issuer,
    clientId,
    clientSecret,
    requests: [],
    consent: true,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  // The package prints advice for production, and that this version of Node is not its favourite.
  const { info, warn } = console;
  console.info = console.warn = () => {};
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        token_endpoint_auth_method: options.clientAuthentication,
        redirect_uris: options.redirectUris,
        scope: ['openid', ...Object.keys(options.claims)].join(' '),
        post_logout_redirect_uris: options.postLogoutRedirectUris ?? [],
        id_token_signed_response_alg: options.algorithm,
        ...(options.signedUserinfo ? { userinfo_signed_response_alg: options.algorithm } : {}),
      },
    ],
    jwks: { keys: [jwk] },
    cookies: { keys: ['cookies'] },
    claims: { openid: ['sub'], ...options.claims },
    scopes: ['openid', 'reserve', ...Object.keys(options.claims)],
    acrValues: options.acrValues ?? [],
    pkce: { required: () => true },
    ttl: {
      AuthorizationCode: options.codeSeconds ?? 60,
      AccessToken: 60,
      IdToken: 60,
      Interaction: 60,
      Session: 60,
      Grant: 60,
    },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    interactions: { url: () => '/interaction' },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...options.person }),
    }),
    loadExistingGrant: async ({ oidc }: Context) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope(oidc.params.scope ?? '');
      await grant.save();
      return grant;
    },
  });
  Object.assign(console, { info, warn });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    state.requests.push(`${request.method} ${request.url}`);
    if (request.url === '/interaction') {
      const result = state.consent
        ? {
            login: {
              accountId: 'personne-1',
              ...(options.acrValues === undefined ? {} : { acr: options.acrValues[0] }),
            },
          }
        : { error: 'access_denied', error_description: 'the person said no' };
      void provider.interactionFinished(request, response, result);
    } else void answer(request, response);
  });
  return state;
}

/** A browser that follows redirects and keeps cookies, until it would leave `origin`; what it would open then. */
export async function browse(start: string): Promise<URL> {
  const { origin } = new URL(start);
  const jar = new Map<string, string>();
  let at = new URL(start);
  for (let hop = 0; hop < 10; hop++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const cut = pair.indexOf('=');
      jar.set(pair.slice(0, cut), pair.slice(cut + 1));
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
    at = new URL(location, at);
    if (at.origin !== origin) return at;
  }
  throw new Error('too many redirects');
}
