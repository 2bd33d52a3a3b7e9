/** Addresses that partners give for courses, schools and images. */

export type ParsedUrl =
  | { readonly kind: 'url'; readonly url: string }
  /** Nothing, or `-`. */
  | { readonly kind: 'unknown' }
  /** Another scheme (`javascript:`, `data:`, `ftp:`), credentials, a private network, or no address at all. */
  | { readonly kind: 'refused' };

const tracking = /^(?:utm_|mtm_|pk_)|^(?:fbclid|gclid|msclkid)$/i;
const bareWww = /^www\d*\./i;
const bareHost = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::\d{1,5})?(?:[/?#]|$)/i;
const maxLength = 2_000;

/**
 * A complete http(s) address: resolved against `base`, `http://` added to `www…` (and to any bare host name when there is
 * no base), campaign parameters (UTM and the like) removed.
 */
export function parseUrl(value: unknown, base?: string): ParsedUrl {
  if (value === null || value === undefined) return { kind: 'unknown' };
  if (typeof value !== 'string') return { kind: 'refused' };
  const text = value.trim();
  if (text === '' || text === '-') return { kind: 'unknown' };
  if (text.length > maxLength) return { kind: 'refused' };
  const isBare = bareWww.test(text) || (base === undefined && bareHost.test(text));
  const complete = isBare ? `http://${text}` : text;
  if (!URL.canParse(complete, base)) return { kind: 'refused' };
  const url = new URL(complete, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { kind: 'refused' };
  if (url.username !== '' || url.password !== '' || isPrivate(url.hostname)) return { kind: 'refused' };
  if (url.search !== '') {
    for (const name of [...url.searchParams.keys()]) if (tracking.test(name)) url.searchParams.delete(name);
  }
  return url.href.length > maxLength ? { kind: 'refused' } : { kind: 'url', url: url.href };
}

/** The address, or null when it is unknown or refused: for an image or a school, which a course can do without. */
export function urlOrNull(value: unknown, base?: string): string | null {
  const parsed = parseUrl(value, base);
  return parsed.kind === 'url' ? parsed.url : null;
}

/**
 * Networks that only exist around the visitor. Loopback is left: it reaches nothing but the visitor's own machine, and
 * the demonstration partners publish there. The URL parser has already normalised `0x0a.1` and the like.
 */
function isPrivate(host: string): boolean {
  if (host === 'localhost' || host.startsWith('127.') || host === '[::1]') return false;
  if (host.startsWith('[')) return /^\[(?:f[cde]|::)/i.test(host);
  return !host.includes('.') || /^(?:0|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./.test(host);
}
