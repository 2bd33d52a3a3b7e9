/** Addresses a visitor hands us: the Host header, where to go after a form. None is believed. */
import type { RequestHandler } from 'express';
import { AppError } from '../../errors.ts';

const longestPath = 1_000;
const longestCookies = 8_192;
/** Watched by programs that know a machine and not a site; they print no address. */
const probes: readonly string[] = ['/healthz', '/readyz'];

/** A path of this site with its query, or `fallback`: a link never leads a visitor elsewhere. */
export function localPath(value: unknown, fallback = '/'): string {
  if (typeof value !== 'string' || value.length > longestPath || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(value)) {
    return fallback;
  }
  const base = 'http://site.invalid';
  if (!URL.canParse(value, base)) return fallback;
  const url = new URL(value, base);
  // "/.//elsewhere" is a local address whose path alone is not one.
  return url.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : fallback;
}

/** Refuses a request for another host than that of `publicUrl`, when it is known, and cookies larger than any we set. */
export function refuseForged(publicUrl: string | null): RequestHandler {
  const expected = publicUrl === null ? null : new URL(publicUrl);
  return (request, _response, next) => {
    if (expected !== null && !probes.includes(request.path) && !isHostOf(request.host, expected)) {
      throw new AppError('invalid', 'HOTE_INCONNU', "Ce site ne répond pas à l'adresse demandée.");
    }
    if ((request.headers.cookie ?? '').length > longestCookies) {
      throw new AppError('invalid', 'COOKIES_TROP_GRANDS', 'Cette demande est trop grande.');
    }
    next();
  };
}

function isHostOf(host: string | undefined, expected: URL): boolean {
  const asked = `${expected.protocol}//${host ?? ''}`;
  if (host === undefined || !/^[\w.[\]:-]+$/.test(host) || !URL.canParse(asked)) return false;
  return new URL(asked).host === expected.host;
}
