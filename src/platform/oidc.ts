/**
 * Signing in at an OpenID Connect provider: the code flow with PKCE, state and nonce, for any provider that its settings
 * describe. What a provider answers is checked (issuer, audience, nonce, dates, signature, subject) before it is believed.
 */
import * as oidc from 'openid-client';
import { z } from 'zod';
import { type OidcRefusal, oidcRefusal, ProviderUnavailable, refusalOf } from './oidc-refusal.ts';
import { isSafe, type OidcProviderSettings } from './oidc-settings.ts';

export interface OidcBeginning {
  readonly outcome: 'begun';
  /** Where the browser goes. */
  readonly url: string;
  /** The three values to keep in the session, and to hand to `finish` once. 43 characters each. */
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface OidcPerson {
  readonly outcome: 'signed-in';
  /** The provider's identifier of the person; means nothing at another provider. */
  readonly subject: string;
  /** Null when the provider gives none, or nothing that is an address. */
  readonly email: string | null;
  /** The provider says that it checked the address. */
  readonly emailVerified: boolean;
  readonly givenName: string | null;
  readonly familyName: string | null;
  /** To be kept for `logoutUrl`; holds personal data. */
  readonly idToken: string;
  /** Lives for seconds: for `jobSeekerStatus` at once, never stored. */
  readonly accessToken: string;
}

export interface OidcProvider extends Pick<OidcProviderSettings, 'id' | 'title' | 'kind'> {
  /** @param request `withStatus` also asks for what `jobSeekerStatus` needs, where the provider has it */
  begin(request: { readonly redirectUri: string; readonly withStatus?: boolean }): Promise<OidcBeginning | OidcRefusal>;
  /**
   * @param answer `callbackUrl`: where the browser came back; only its query is read, so that a Host header decides nothing.
   * `redirectUri`, `state`, `nonce`, `codeVerifier`: those of `begin`
   */
  finish(answer: {
    readonly callbackUrl: string;
    readonly redirectUri: string;
    readonly state: string;
    readonly nonce: string;
    readonly codeVerifier: string;
  }): Promise<OidcPerson | OidcRefusal>;
  /** Where the browser goes to sign out there too; null when the provider offers nothing, or does not answer. */
  logoutUrl(request: {
    readonly idToken: string;
    readonly returnTo: string;
    readonly state: string;
  }): Promise<string | null>;
  /** Registered job seeker or not; null is unknown: no such call, no answer, or one we do not know. Never assumed. */
  jobSeekerStatus(accessToken: string): Promise<boolean | null>;
}

export interface OidcOptions {
  /** For one request to the provider. */
  readonly timeoutSeconds?: number;
  /** Of one answer of the provider. */
  readonly maxBytes?: number;
}

const defaults = { timeoutSeconds: 10, maxBytes: 1_000_000 };
const bodiless = [204, 205, 304];

/** Follows no redirect (the library asks for that), reads no more than it is told, and sends nothing in clear. */
function boundedFetch(maxBytes: number): oidc.CustomFetch {
  return async (url, { body, headers, method, redirect, signal }) => {
    if (!isSafe(url)) throw new ProviderUnavailable('unsafe_address');
    const request = { body: body ?? null, headers, method, redirect, ...(signal === undefined ? {} : { signal }) };
    let response: Response;
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      response = await fetch(url, request);
      for await (const chunk of response.body ?? []) {
        length += chunk.byteLength;
        if (length > maxBytes) break;
        chunks.push(chunk);
      }
    } catch {
      // The cause names the address asked, and some addresses hold parameters.
      throw new ProviderUnavailable(signal?.aborted === true ? 'timed_out' : 'unreachable');
    }
    if (length > maxBytes) throw new ProviderUnavailable('too_large');
    if (response.status >= 500) throw new ProviderUnavailable('server_failure');
    const { status, headers: given } = response;
    return new Response(bodiless.includes(status) ? null : Buffer.concat(chunks), { status, headers: given });
  };
}

/** What a provider says is text of somebody else: one line, bounded, or nothing. */
const nameSchema = z
  .string()
  .transform((text) =>
    text
      .normalize('NFC')
      .replace(/[\p{C}\s]+/gu, ' ')
      .trim(),
  )
  .pipe(z.string().min(1).max(100))
  .nullable()
  .catch(null);
const emailSchema = z.string().trim().max(254).pipe(z.email()).nullable().catch(null);
const subjectSchema = z.string().min(1).max(255);

/** A text of a JSON object; null when it is not there, is no text, or nothing of this is JSON. */
function textField(json: string, field: string): string | null {
  try {
    const said: unknown = JSON.parse(json);
    const value = z.record(z.string(), z.unknown()).catch({}).parse(said)[field];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** One provider. Nothing is asked of it before somebody signs in: it may be down when the server starts. */
export function makeOidcProvider(settings: OidcProviderSettings, options: OidcOptions = {}): OidcProvider {
  const { id, title, kind, clientId, endpoints, status } = settings;
  const timeout = options.timeoutSeconds ?? defaults.timeoutSeconds;
  const fetcher = boundedFetch(options.maxBytes ?? defaults.maxBytes);
  let known: Promise<oidc.Configuration> | null = null;

  async function configure(): Promise<oidc.Configuration> {
    const metadata: Partial<oidc.ClientMetadata> = {
      id_token_signed_response_alg: settings.signingAlgorithm,
      ...(settings.userinfo === 'signed' ? { userinfo_signed_response_alg: settings.signingAlgorithm } : {}),
    };
    const { clientSecret } = settings;
    const authentication =
      settings.clientAuthentication === 'post'
        ? oidc.ClientSecretPost(clientSecret)
        : oidc.ClientSecretBasic(clientSecret);
    // Plain http passes boundedFetch for this machine only.
    const execute = settings.issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
    if (endpoints === null) {
      const configuration = await oidc.discovery(new URL(settings.issuer), clientId, metadata, authentication, {
        [oidc.customFetch]: fetcher,
        timeout,
        execute: [...execute, oidc.enableNonRepudiationChecks],
      });
      const { authorization_endpoint: authorization, end_session_endpoint: endSession } =
        configuration.serverMetadata();
      // The two the browser is sent to; the others pass through boundedFetch.
      if (![authorization, endSession].every((at) => at === undefined || isSafe(at))) {
        throw new ProviderUnavailable('unsafe_address');
      }
      return configuration;
    }
    const server: oidc.ServerMetadata = {
      issuer: settings.issuer,
      authorization_endpoint: endpoints.authorization,
      token_endpoint: endpoints.token,
      userinfo_endpoint: endpoints.userinfo,
      ...(endpoints.jwks === null ? {} : { jwks_uri: endpoints.jwks }),
      ...(endpoints.endSession === null ? {} : { end_session_endpoint: endpoints.endSession }),
    };
    const configuration = new oidc.Configuration(server, clientId, metadata, authentication);
    configuration[oidc.customFetch] = fetcher;
    configuration.timeout = timeout;
    for (const apply of execute) apply(configuration);
    if (endpoints.jwks !== null) oidc.enableNonRepudiationChecks(configuration);
    return configuration;
  }

  function configuration(): Promise<oidc.Configuration> {
    known ??= configure().catch((error: unknown) => {
      // A provider that was down is asked again by the next person.
      known = null;
      throw error;
    });
    return known;
  }

  async function orRefusal<T>(work: () => Promise<T>): Promise<T | OidcRefusal> {
    try {
      return await work();
    } catch (error) {
      const refusal = refusalOf(error, title);
      if (refusal === null) throw error;
      return refusal;
    }
  }

  return {
    id,
    title,
    kind,

    begin: ({ redirectUri, withStatus = false }) =>
      orRefusal(async () => {
        const config = await configuration();
        const state = oidc.randomState();
        const nonce = oidc.randomNonce();
        const codeVerifier = oidc.randomPKCECodeVerifier();
        const { acrValues } = settings;
        const scope = withStatus && status !== null ? `${settings.scopes} ${status.scopes}` : settings.scopes;
        // Nothing more than this: some providers refuse a parameter they do not know.
        const url = oidc.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope,
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
          ...(acrValues === null ? {} : { acr_values: acrValues }),
        });
        return { outcome: 'begun', url: url.href, state, nonce, codeVerifier };
      }),

    finish: ({ callbackUrl, redirectUri, state, nonce, codeVerifier }) =>
      orRefusal(async () => {
        const config = await configuration();
        const current = new URL(redirectUri);
        current.search = new URL(callbackUrl, redirectUri).search;
        const tokens = await oidc.authorizationCodeGrant(config, current, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const subject = subjectSchema.safeParse(tokens.claims()?.sub);
        if (!subject.success || tokens.id_token === undefined) return oidcRefusal(title, 'unverified', 'no_subject');
        // At once: some access tokens live five seconds. A userinfo of another subject is refused.
        const said = await oidc.fetchUserInfo(config, tokens.access_token, subject.data);
        const email = emailSchema.parse(said.email ?? null);
        return {
          outcome: 'signed-in',
          subject: subject.data,
          email,
          emailVerified: email !== null && said.email_verified === true,
          givenName: nameSchema.parse(said.given_name ?? null),
          familyName: nameSchema.parse(said[settings.familyNameClaim] ?? null),
          idToken: tokens.id_token,
          accessToken: tokens.access_token,
        };
      }),

    async logoutUrl({ idToken, returnTo, state }) {
      const found = await orRefusal(configuration);
      if ('outcome' in found) return null;
      const endpoint = found.serverMetadata().end_session_endpoint;
      if (endpoint === undefined) return null;
      // Not the library's builder: it adds client_id, which some providers refuse.
      const url = new URL(endpoint);
      url.searchParams.set('id_token_hint', idToken);
      url.searchParams.set(settings.logoutReturnParameter, returnTo);
      if (settings.logoutReturnParameter === 'post_logout_redirect_uri') url.searchParams.set('state', state);
      return url.href;
    },

    async jobSeekerStatus(accessToken) {
      if (status === null) return null;
      const answer = await orRefusal(async () => {
        const response = await oidc.fetchProtectedResource(
          await configuration(),
          accessToken,
          new URL(status.endpoint),
          'GET',
        );
        const code = response.status === 200 ? textField(await response.text(), status.field) : null;
        return { outcome: 'read' as const, code };
      });
      if (answer.outcome === 'refused') return null;
      // Texts, not numbers; nothing else is an answer.
      return answer.code === '1' ? true : answer.code === '0' ? false : null;
    },
  };
}
