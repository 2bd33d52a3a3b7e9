/** Which addresses a partner may make us connect to: public ones, checked on the very address that is dialled. */
import dns from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { SourceError } from '../errors.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Every address of a name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface AddressRules {
  /** Exact origins (`http://127.0.0.1:4100`) that may be on this machine: demonstration sources only. */
  readonly allowedOrigins: readonly string[];
  /** Previews run by an operator only: any address. */
  readonly allowPrivate: boolean;
}

export const resolveWithSystem: Resolve = async (hostname) => {
  const found = await dns.lookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** The address without its query, which may hold a partner's key. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function refusal(url: URL, reason: string): SourceError {
  return new SourceError('refused', `Adresse refusée : ${reason}`, { url: shownUrl(url) });
}

/** Global unicast is 2000::/3 only: anything else is local, special, or hides an IPv4 address. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');

function isPublic(address: string): boolean {
  // `process` turns an IPv4-mapped IPv6 address into the IPv4 address that it reaches.
  const ip = ipaddr.process(address);
  if (ip.range() !== 'unicast') return false;
  return ip.kind() === 'ipv4' || ip.match(globalIpv6);
}

function isLoopback(address: string): boolean {
  return ipaddr.process(address).range() === 'loopback';
}

/** Names that resolve on the local network whatever the public DNS says. */
const localName = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home\.arpa)$/;

function mayReach(address: string, origin: string, rules: AddressRules): boolean {
  if (rules.allowPrivate || isPublic(address)) return true;
  return rules.allowedOrigins.includes(origin) && isLoopback(address);
}

/**
 * @returns the parsed address, when nothing in its text is against the rules; names are checked again once resolved.
 * @throws SourceError refused
 */
export function checkedUrl(text: string, rules: AddressRules, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new SourceError('refused', 'Adresse refusée : elle est illisible');
  // WHATWG parsing writes decimal, octal and hexadecimal spellings of an IPv4 address as four numbers.
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refusal(url, 'seules les adresses http et https sont lues');
  }
  if (url.username !== '' || url.password !== '') throw refusal(url, "elle contient un nom d'utilisateur");
  if (rules.allowPrivate || rules.allowedOrigins.includes(url.origin)) return url;
  // Below 1024 live mail, file and directory services, which must not be made to read our requests.
  const port = url.port === '' ? 80 : Number(url.port);
  if (port !== 80 && port !== 443 && port < 1024) throw refusal(url, `le port ${port} n'est pas un port web`);
  const name = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (ipaddr.isValid(name)) {
    if (!isPublic(name)) throw refusal(url, `${name} n'est pas une adresse publique`);
  } else if (localName.test(name) || !name.includes('.')) {
    throw refusal(url, `${name} est un nom de réseau local`);
  }
  return url;
}

/**
 * DNS for one connection: what it answers is what is dialled, so a name cannot change between check and connection.
 * One private address among several refuses them all.
 */
export function guardedLookup(url: URL, rules: AddressRules, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const hidden = addresses.find(({ address }) => !mayReach(address, url.origin, rules));
        if (hidden !== undefined) {
          callback(refusal(url, `${hostname} mène à ${hidden.address}, qui n'est pas une adresse publique`), '');
          return;
        }
        const [first] = addresses;
        if (first === undefined) callback(new Error(`${hostname} has no address`), '');
        else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };
}
