/** An OpenID Connect provider that lies on request: for what a real one cannot do wrong. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

type Claims = Readonly<Record<string, unknown>>;

/** What it does wrong; empty, it behaves. */
export interface Lies {
  /** Instead of a code. */
  authorizationError?: string;
  /** Instead of the state it was given. */
  state?: string;
  idToken?: (claims: Claims) => Claims;
  idTokenSignature?: 'wrong-key' | 'hs256' | 'none' | 'cut' | 'not-base64url';
  userinfo?: (claims: Claims) => Claims;
  userinfoSignature?: 'wrong-key' | 'unsigned-json';
  /** Of the status call; null for no such call. */
  status?: { readonly code?: number; readonly body: string } | null;
  /** Answers to this path: a redirect elsewhere, a failure, silence, a flood. */
  path?: string;
  answer?: 'redirect' | 'failure' | 'silence' | 'flood' | 'html' | 'challenge';
  redirectTo?: string;
}

export interface FakeProvider {
  readonly issuer: string;
  readonly clientSecret: string;
  lies: Lies;
  readonly requests: { readonly line: string; readonly body: string; readonly authorization: string | undefined }[];
  /** Every code and token it gave. */
  readonly secrets: string[];
  close(): Promise<void>;
}

export interface FakeProviderOptions {
  readonly signedUserinfo?: boolean;
  readonly claims?: Claims;
}

export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const clientSecret = 'secret-du-client-0123456789abcdef';
  const right = await generateKeyPair('ES256');
  const wrong = await generateKeyPair('ES256');
  const publicKey = { ...(await exportJWK(right.publicKey)), alg: 'ES256', use: 'sig', kid: 'k1' };
  const codes = new Map<string, { nonce: string; challenge: string; clientId: string }>();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claims: Claims = options.claims ?? { sub: 'personne-1', given_name: 'Camille', family_name: 'Moreau' };
  const provider: FakeProvider = {
    issuer,
    clientSecret,
    lies: {},
    requests: [],
    secrets: [],
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  const keep = (secret: string) => {
    provider.secrets.push(secret);
    return secret;
  };
  const sign = (payload: Claims, key: CryptoKey) =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(key);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  async function idToken(payload: Claims): Promise<string> {
    const signature = provider.lies.idTokenSignature;
    if (signature === 'hs256') {
      const text = `${part({ alg: 'HS256' })}.${part(payload)}`;
      return `${text}.${createHmac('sha256', clientSecret).update(text).digest('base64url')}`;
    }
    if (signature === 'none') return `${part({ alg: 'none' })}.${part(payload)}.`;
    const token = await sign(payload, signature === 'wrong-key' ? wrong.privateKey : right.privateKey);
    if (signature === 'cut') return token.slice(0, token.lastIndexOf('.') - 5);
    if (signature === 'not-base64url') return `${token.slice(0, token.lastIndexOf('.'))}.é%%%`;
    return token;
  }

  function json(response: ServerResponse, body: unknown, status = 200): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async function token(response: ServerResponse, form: URLSearchParams, clientId: string): Promise<void> {
    const code = form.get('code') ?? '';
    const known = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (form.get('client_secret') !== clientSecret) return json(response, { error: 'invalid_client' }, 400);
    if (known === undefined || known.challenge !== challenge || known.clientId !== clientId) {
      return json(response, { error: 'invalid_grant', error_description: `code ${code} is gone` }, 400);
    }
    const now = Math.floor(Date.now() / 1_000);
    const honest = { iss: issuer, aud: clientId, sub: claims.sub, nonce: known.nonce, iat: now, exp: now + 60 };
    json(response, {
      access_token: keep(`acces-${randomBytes(12).toString('hex')}`),
      token_type: 'Bearer',
      expires_in: 5,
      id_token: keep(await idToken(provider.lies.idToken?.(honest) ?? honest)),
    });
  }

  async function userinfo(response: ServerResponse): Promise<void> {
    const said = provider.lies.userinfo?.(claims) ?? claims;
    if (options.signedUserinfo !== true || provider.lies.userinfoSignature === 'unsigned-json')
      return json(response, said);
    const key = provider.lies.userinfoSignature === 'wrong-key' ? wrong.privateKey : right.privateKey;
    const jwt = await sign({ iss: issuer, aud: 'client', ...said }, key);
    response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwt);
  }

  function misbehave(response: ServerResponse): void {
    const { answer, redirectTo = '' } = provider.lies;
    if (answer === 'redirect') response.writeHead(307, { location: redirectTo }).end();
    else if (answer === 'failure') response.writeHead(503).end('down');
    else if (answer === 'html') response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Bonjour</p>');
    else if (answer === 'challenge')
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
    else if (answer === 'flood') {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(`"${'x'.repeat(65_000)}",`));
        response.once('drain', more);
      };
      more();
    }
  }

  server.on('request', async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', issuer);
    const { authorization } = request.headers;
    provider.requests.push({ line: `${request.method} ${url.pathname}${url.search}`, body, authorization });
    const { lies } = provider;
    if (lies.answer !== undefined && lies.path === url.pathname) return misbehave(response);
    if (url.pathname === '/.well-known/openid-configuration') {
      const at = (path: string) => `${issuer}${path}`;
      json(response, {
        issuer,
        authorization_endpoint: at('/authorize'),
        token_endpoint: at('/token'),
        userinfo_endpoint: at('/userinfo'),
        jwks_uri: at('/jwks'),
        end_session_endpoint: at('/logout'),
      });
    } else if (url.pathname === '/authorize') {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('state', lies.state ?? url.searchParams.get('state') ?? '');
      if (lies.authorizationError !== undefined) back.searchParams.set('error', lies.authorizationError);
      else {
        const code = keep(randomBytes(16).toString('hex'));
        codes.set(code, {
          nonce: url.searchParams.get('nonce') ?? '',
          challenge: url.searchParams.get('code_challenge') ?? '',
          clientId: url.searchParams.get('client_id') ?? '',
        });
        back.searchParams.set('code', code);
      }
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname === '/token') await token(response, new URLSearchParams(body), 'client');
    else if (url.pathname === '/userinfo') await userinfo(response);
    else if (url.pathname === '/jwks') json(response, { keys: [publicKey] });
    else if (url.pathname === '/status' && lies.status !== null && lies.status !== undefined) {
      response.writeHead(lies.status.code ?? 200, { 'content-type': 'application/json' }).end(lies.status.body);
    } else if (url.pathname === '/logout')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Au revoir</p>');
    else response.writeHead(404).end();
  });
  return provider;
}
