/**
 * What an operator says of an OpenID Connect provider. No provider is known to the code: each is a group of variables
 * `OIDC_<NAME>_…`, and `<NAME>` in lower case with hyphens is its id. Values for the known ones: docs/identity-providers.md.
 */
import { z } from 'zod';

export interface OidcProviderSettings {
  /** In addresses, in stored identities: never changed once people have signed in. */
  readonly id: string;
  /** What people read. */
  readonly title: string;
  readonly kind: 'citizen' | 'professional';
  /** `iss` of every token. */
  readonly issuer: string;
  /** Null: read from the issuer's discovery document. A query written in an address is kept in every request. */
  readonly endpoints: {
    readonly authorization: string;
    readonly token: string;
    readonly userinfo: string;
    /** Null: the signature of id_tokens is not checked, they come straight from the token endpoint. */
    readonly jwks: string | null;
    readonly endSession: string | null;
  } | null;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The secret in the body of the request, or in its Authorization header. */
  readonly clientAuthentication: 'post' | 'basic';
  /** Separated by spaces. */
  readonly scopes: string;
  readonly acrValues: string | null;
  /** Of id_tokens, and of signed userinfo. A shared-secret signature (HS256) is not accepted. */
  readonly signingAlgorithm: 'RS256' | 'ES256';
  readonly userinfo: 'json' | 'signed';
  readonly familyNameClaim: string;
  /** Name of the parameter that holds our address at sign-out. */
  readonly logoutReturnParameter: 'post_logout_redirect_uri' | 'redirect_uri';
  /** Where the provider says whether the person is a registered job seeker. */
  readonly status: { readonly endpoint: string; readonly scopes: string; readonly field: string } | null;
}

/** Plain http is for a provider on this machine: tests and development. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

/** @returns whether secrets and tokens may travel to this address. */
export function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

const address = z.string().refine(isSafe, 'une adresse https:// sans fragment ni mot de passe');
const scopes = z.string().regex(/^\S+( \S+)*$/, 'des mots séparés par une espace');

const variables = z
  .strictObject({
    TITLE: z.string().min(1).max(60),
    KIND: z.enum(['citizen', 'professional']),
    ISSUER: address,
    AUTHORIZATION_ENDPOINT: address.optional(),
    TOKEN_ENDPOINT: address.optional(),
    USERINFO_ENDPOINT: address.optional(),
    JWKS_URI: address.optional(),
    END_SESSION_ENDPOINT: address.optional(),
    CLIENT_ID: z.string().min(1),
    CLIENT_SECRET: z.string().min(1),
    CLIENT_AUTHENTICATION: z.enum(['post', 'basic']).default('post'),
    SCOPES: scopes.refine((value) => value.split(' ').includes('openid'), 'openid doit y être'),
    ACR_VALUES: scopes.optional(),
    SIGNING_ALGORITHM: z.enum(['RS256', 'ES256']).default('RS256'),
    USERINFO: z.enum(['json', 'signed']).default('json'),
    FAMILY_NAME_CLAIM: z.string().min(1).default('family_name'),
    LOGOUT_RETURN_PARAMETER: z.enum(['post_logout_redirect_uri', 'redirect_uri']).default('post_logout_redirect_uri'),
    STATUS_ENDPOINT: address.optional(),
    STATUS_SCOPES: scopes.optional(),
    STATUS_FIELD: z.string().min(1).optional(),
  })
  .superRefine((given, context) => {
    const together = (names: readonly (keyof typeof given)[]) => {
      if (names.every((name) => given[name] === undefined)) return;
      for (const name of names) {
        if (given[name] !== undefined) continue;
        context.addIssue({ code: 'custom', path: [name], message: `va avec ${names.join(', ')}` });
      }
    };
    together(['AUTHORIZATION_ENDPOINT', 'TOKEN_ENDPOINT', 'USERINFO_ENDPOINT']);
    together(['STATUS_ENDPOINT', 'STATUS_SCOPES', 'STATUS_FIELD']);
    if (given.AUTHORIZATION_ENDPOINT === undefined) {
      for (const name of ['JWKS_URI', 'END_SESSION_ENDPOINT'] as const) {
        if (given[name] === undefined) continue;
        context.addIssue({ code: 'custom', path: [name], message: 'va avec AUTHORIZATION_ENDPOINT' });
      }
    } else if (given.USERINFO === 'signed' && given.JWKS_URI === undefined) {
      context.addIssue({ code: 'custom', path: ['JWKS_URI'], message: 'va avec USERINFO=signed' });
    }
  });

const prefix = 'OIDC_';

function settingsOf(id: string, given: z.infer<typeof variables>): OidcProviderSettings {
  const { AUTHORIZATION_ENDPOINT: authorization, TOKEN_ENDPOINT: token, USERINFO_ENDPOINT: userinfo } = given;
  const { STATUS_ENDPOINT: endpoint, STATUS_SCOPES: statusScopes, STATUS_FIELD: field } = given;
  const explicit = authorization !== undefined && token !== undefined && userinfo !== undefined;
  const withStatus = endpoint !== undefined && statusScopes !== undefined && field !== undefined;
  return {
    id,
    title: given.TITLE,
    kind: given.KIND,
    issuer: given.ISSUER,
    endpoints: explicit
      ? {
          authorization,
          token,
          userinfo,
          jwks: given.JWKS_URI ?? null,
          endSession: given.END_SESSION_ENDPOINT ?? null,
        }
      : null,
    clientId: given.CLIENT_ID,
    clientSecret: given.CLIENT_SECRET,
    clientAuthentication: given.CLIENT_AUTHENTICATION,
    scopes: given.SCOPES,
    acrValues: given.ACR_VALUES ?? null,
    signingAlgorithm: given.SIGNING_ALGORITHM,
    userinfo: given.USERINFO,
    familyNameClaim: given.FAMILY_NAME_CLAIM,
    logoutReturnParameter: given.LOGOUT_RETURN_PARAMETER,
    status: withStatus ? { endpoint, scopes: statusScopes, field } : null,
  };
}

/**
 * Every variable that starts with `OIDC_` belongs to a provider; one that fits none is a problem, so that a misspelt name
 * is not a setting silently left out. A problem names the variable, never its value.
 */
export function readOidcProviders(environment: Readonly<Record<string, string | undefined>>): {
  readonly providers: readonly OidcProviderSettings[];
  readonly problems: readonly string[];
} {
  const given = Object.entries(environment).filter(
    ([name, value]) => name.startsWith(prefix) && value !== undefined && value !== '',
  );
  const names = given.flatMap(([name]) => /^OIDC_([A-Z][A-Z0-9_]*)_CLIENT_ID$/.exec(name)?.[1] ?? []);
  // The longest name first: FRANCE_TRAVAIL is not FRANCE with a setting TRAVAIL_….
  names.sort((a, b) => b.length - a.length);
  const groups = new Map(names.map((name) => [name, {} as Record<string, string>]));
  const problems: string[] = [];
  for (const [variable, value] of given) {
    const name = names.find((candidate) => variable.startsWith(`${prefix}${candidate}_`));
    const group = name === undefined ? undefined : groups.get(name);
    if (name === undefined || group === undefined)
      problems.push(`${variable} : aucun fournisseur de ce nom (CLIENT_ID)`);
    else group[variable.slice(prefix.length + name.length + 1)] = value ?? '';
  }
  const providers: OidcProviderSettings[] = [];
  for (const [name, group] of groups) {
    const parsed = variables.safeParse(group);
    if (parsed.success) providers.push(settingsOf(name.toLowerCase().replaceAll('_', '-'), parsed.data));
    for (const issue of parsed.error?.issues ?? []) {
      const at = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')];
      const message = issue.code === 'unrecognized_keys' ? 'réglage inconnu' : issue.message;
      for (const setting of at) problems.push(`${prefix}${name}_${setting} : ${message}`);
    }
  }
  providers.sort((a, b) => a.id.localeCompare(b.id, 'fr'));
  return { providers, problems };
}
