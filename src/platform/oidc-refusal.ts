/**
 * Why a sign-in at a provider did not succeed, in words. The library's errors carry codes, tokens and claims as their
 * cause: they stop here, and what goes on holds a reason and one machine-readable word.
 */
import * as oidc from 'openid-client';

/**
 * consent: the person said no; unavailable: no answer, or the provider says it is not able to; expired: too late, or used
 * already; unverified: an answer that cannot be trusted; rejected: the provider does not accept our request or our settings.
 */
export type OidcRefusalReason = 'consent' | 'unavailable' | 'expired' | 'unverified' | 'rejected';

export interface OidcRefusal {
  readonly outcome: 'refused';
  readonly reason: OidcRefusalReason;
  /** French; what the person reads. */
  readonly message: string;
  /** For the log: a code of the protocol or of the library; no value of the provider's answer. */
  readonly detail: string;
}

const sentences: Readonly<Record<OidcRefusalReason, (title: string) => string>> = {
  consent: () => "Vous n'avez pas donné votre accord. Rien n'a été enregistré.",
  unavailable: (title) => `${title} ne répond pas pour le moment. Rien n'a été enregistré.`,
  expired: () => "Cette tentative de connexion n'est plus valable. Rien n'a été enregistré.",
  unverified: (title) => `La réponse du service ${title} n'a pas pu être vérifiée. Rien n'a été enregistré.`,
  rejected: (title) => `${title} n'accepte pas notre demande. Ce n'est pas votre faute. Rien n'a été enregistré.`,
};

export function oidcRefusal(title: string, reason: OidcRefusalReason, detail: string): OidcRefusal {
  return { outcome: 'refused', reason, message: sentences[reason](title), detail };
}

/** Thrown inside the fetch of platform/oidc.ts; its message holds nothing of the answer. */
export class ProviderUnavailable extends Error {
  readonly detail: string;

  constructor(detail: string) {
    super(`the identity provider is not available: ${detail}`);
    this.name = 'ProviderUnavailable';
    this.detail = detail;
  }
}

/** The codes of the protocol we tell apart; any other word of a provider is not repeated. */
const reasonOfCode: Readonly<Record<string, OidcRefusalReason>> = {
  access_denied: 'consent',
  server_error: 'unavailable',
  temporarily_unavailable: 'unavailable',
  invalid_grant: 'expired',
  invalid_token: 'expired',
  invalid_scope: 'rejected',
  invalid_request: 'rejected',
  invalid_client: 'rejected',
  unauthorized_client: 'rejected',
  unsupported_response_type: 'rejected',
  unsupported_grant_type: 'rejected',
  insufficient_scope: 'rejected',
};

/** @returns null for an error that is no answer of a provider: it is ours, and goes on as it is */
export function refusalOf(error: unknown, title: string): OidcRefusal | null {
  if (error instanceof ProviderUnavailable) return oidcRefusal(title, 'unavailable', error.detail);
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    return ofCode(error.error, title);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) {
    const code = error.cause.map(({ parameters }) => parameters.error).find((value) => value !== undefined);
    // Without a code: a protected address does not know the token, or the token endpoint does not know us.
    const bearer = error.cause.some(({ scheme }) => scheme === 'bearer');
    return ofCode(code ?? (bearer ? 'invalid_token' : 'invalid_client'), title);
  }
  if (error instanceof oidc.ClientError) {
    if (error.cause instanceof ProviderUnavailable) return refusalOf(error.cause, title);
    return oidcRefusal(title, 'unverified', error.code ?? 'unreadable');
  }
  // How the library says that a part of a token is not base64url; what we hand it ourselves is well formed.
  if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE') {
    return oidcRefusal(title, 'unverified', 'unreadable');
  }
  return null;
}

function ofCode(code: string, title: string): OidcRefusal {
  const reason = Object.hasOwn(reasonOfCode, code) ? reasonOfCode[code] : undefined;
  return reason === undefined ? oidcRefusal(title, 'rejected', 'unknown_code') : oidcRefusal(title, reason, code);
}
