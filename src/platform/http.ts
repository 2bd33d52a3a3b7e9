/**
 * The guarded fetch: the only way out to a partner's server. A partner address is hostile until proved otherwise:
 * public addresses only, at every redirect and on the very address dialled; caps on size and time; polite retries.
 */
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios from 'axios';
import { SourceError } from '../errors.ts';
import {
  type AddressRules,
  checkedUrl,
  guardedLookup,
  type Resolve,
  resolveWithSystem,
  shownUrl,
} from './http-address.ts';
import { type BodyLimits, bodyBytes, timedOut, tooLarge } from './http-body.ts';
import { type HostTurns, makeHostTurns, retryAfterSeconds, sleepUnlessAborted } from './http-pace.ts';

/** What makes a next request conditional. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface OpenOptions extends Validators {
  /** POST only to read (OAI-PMH, Moodle, a token): retried like GET. HEAD: an answer without bytes. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Form-encoded body of a POST. */
  readonly form?: Readonly<Record<string, string>>;
}

export type Download =
  | {
      readonly status: 'ok';
      /** The final address, after redirects. */
      readonly url: string;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly contentType: string;
      readonly bytes: AsyncIterable<Uint8Array>;
      readonly validators: Validators;
    }
  | { readonly status: 'not-modified'; readonly url: string; readonly validators: Validators };

export interface GuardedHttp {
  /** @throws SourceError on anything outside 2xx and 304, on a refused address, and over a cap. */
  open(url: string, options?: OpenOptions): Promise<Download>;
}

export interface HttpLimits extends BodyLimits {
  /** From the call of `open` to the last byte, waits and retries included. */
  readonly seconds: number;
  readonly redirects: number;
}

export const defaultHttpLimits: HttpLimits = {
  wireBytes: 200_000_000,
  decodedBytes: 2_000_000_000,
  seconds: 3_600,
  redirects: 5,
  timeoutMs: 30_000,
};

export interface Retry {
  readonly url: string;
  /** 1 after the first failure. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: SourceError;
}

export interface GuardedHttpOptions extends Partial<AddressRules> {
  readonly limits?: Partial<HttpLimits>;
  /** `<name>/<version> (+contact URL)`. */
  readonly userAgent: string;
  /** Ends waiting, requests and bodies with its reason. */
  readonly signal?: AbortSignal;
  /** In all, the first one included; 4 by default. */
  readonly tries?: number;
  /** Between the starts of two requests to one host. */
  readonly minDelayMs?: number;
  /** Shared by all that should queue together for one host; its own by default. */
  readonly turns?: HostTurns;
  readonly resolve?: Resolve;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly onRetry?: (retry: Retry) => void;
}

const defaultTries = 4;
/** A partner that asks for more than this is left alone: the error carries its delay, the schedule tries again later. */
const longestWaitSeconds = 120;
/** Sent on when a redirect changes the origin; any other header may be a secret of the first one. */
const harmlessHeaders = new Set(['accept', 'accept-language', 'if-none-match', 'if-modified-since']);

interface Request {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>> | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

export function makeSourceHttp(options: GuardedHttpOptions): GuardedHttp {
  const limits: HttpLimits = { ...defaultHttpLimits, ...options.limits };
  const rules: AddressRules = {
    allowedOrigins: options.allowedOrigins ?? [],
    allowPrivate: options.allowPrivate ?? false,
  };
  const clock = options.clock ?? Date.now;
  const sleep = options.sleep ?? sleepUnlessAborted;
  const resolve = options.resolve ?? resolveWithSystem;
  const turns = options.turns ?? makeHostTurns({ clock, sleep });
  const minDelayMs = options.minDelayMs ?? 500;
  const tries = options.tries ?? defaultTries;

  async function send(request: Request, stop: AbortSignal): Promise<Answer> {
    const leave = await turns.enter(request.url.host, minDelayMs, stop);
    const shown = shownUrl(request.url);
    const slow = new AbortController();
    const timer = setTimeout(() => slow.abort(), limits.timeoutMs);
    const agentOptions = { lookup: guardedLookup(request.url, rules, resolve), keepAlive: false };
    try {
      const response = await axios.request<Readable>({
        url: request.url.href,
        method: request.method,
        headers: { ...request.headers, 'user-agent': options.userAgent, 'accept-encoding': 'gzip, deflate, br' },
        ...(request.form === undefined ? {} : { data: new URLSearchParams(request.form).toString() }),
        responseType: 'stream',
        decompress: false,
        maxRedirects: 0,
        maxContentLength: -1,
        // A proxy of the environment would resolve names itself, out of reach of the guard.
        proxy: false,
        httpAgent: new http.Agent(agentOptions),
        httpsAgent: new https.Agent(agentOptions),
        signal: AbortSignal.any([stop, slow.signal]),
        validateStatus: null,
      });
      return { status: response.status, headers: flatHeaders(response.headers), body: response.data };
    } catch (error) {
      if (stop.aborted) throw stop.reason;
      if (slow.signal.aborted) throw timedOut(limits.timeoutMs, shown);
      throw requestFault(error, shown);
    } finally {
      clearTimeout(timer);
      leave();
    }
  }

  /** One answer that is not a redirect. */
  async function follow(first: Request, stop: AbortSignal): Promise<{ answer: Answer; request: Request }> {
    let request = first;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await send(request, stop);
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return { answer, request };
      answer.body.destroy();
      if (redirects === limits.redirects) {
        const message = `Adresse refusée : plus de ${limits.redirects} redirections (réglage redirects)`;
        throw new SourceError('refused', message, { url: shownUrl(request.url) });
      }
      request = redirected(request, answer.status, checkedUrl(location, rules, request.url));
    }
  }

  async function attempt(request: Request, conditional: Validators, stop: AbortSignal, done: () => void) {
    const { answer, request: last } = await follow(request, stop);
    const download = downloadOf(answer, last.url, conditional);
    if (download !== null) {
      answer.body.destroy();
      done();
      return download;
    }
    const { headers } = answer;
    const shown = shownUrl(last.url);
    // What a HEAD announces is not sent.
    const announced = last.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
    if (announced > limits.wireBytes) {
      answer.body.destroy();
      throw tooLarge('wireBytes', limits.wireBytes, shown);
    }
    let bytes: AsyncIterable<Uint8Array>;
    try {
      bytes = bodyBytes(answer.body, headers['content-encoding'] ?? '', shown, limits, stop, done);
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
    return {
      status: 'ok' as const,
      url: last.url.href,
      headers,
      contentType: headers['content-type'] ?? '',
      bytes,
      validators: validatorsOf(headers),
    };
  }

  /** Outside 2xx it throws; null is an answer with a body to read. */
  function downloadOf(answer: Answer, url: URL, conditional: Validators): Download | null {
    const isConditional = conditional.etag !== undefined || conditional.lastModified !== undefined;
    if (answer.status === 304 && isConditional) {
      return { status: 'not-modified', url: url.href, validators: { ...conditional, ...validatorsOf(answer.headers) } };
    }
    if (answer.status >= 200 && answer.status < 300 && answer.status !== 206) return null;
    answer.body.destroy();
    throw statusFault(answer, shownUrl(url), clock());
  }

  async function open(text: string, asked: OpenOptions = {}): Promise<Download> {
    options.signal?.throwIfAborted();
    const url = checkedUrl(text, rules);
    const conditional = conditionalOf(asked);
    const request: Request = { url, method: asked.method ?? 'GET', headers: headersOf(asked), form: asked.form };
    const stopping = new AbortController();
    const stop = stopping.signal;
    const deadline = setTimeout(
      () => stopping.abort(timedOut(limits.seconds * 1000, shownUrl(url))),
      limits.seconds * 1000,
    );
    const onAbort = (): void => stopping.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const done = (): void => {
      clearTimeout(deadline);
      options.signal?.removeEventListener('abort', onAbort);
    };
    try {
      for (let attempts = 1; ; attempts += 1) {
        try {
          return await attempt(request, conditional, stop, done);
        } catch (error) {
          if (stop.aborted || !(error instanceof SourceError) || !error.retryable || attempts === tries) throw error;
          const asked = error.retryAfter ?? 0;
          if (asked > longestWaitSeconds) throw error;
          // Jitter keeps many sources of one failing server from coming back together.
          const waitMs = Math.max(asked * 1000, 1000 * 2 ** (attempts - 1) * (0.5 + Math.random()));
          options.onRetry?.({ url: shownUrl(url), attempt: attempts, waitMs, error });
          await sleep(waitMs, stop);
        }
      }
    } catch (error) {
      done();
      throw error;
    }
  }

  return { open };
}

function conditionalOf({ etag, lastModified }: OpenOptions): Validators {
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

function headersOf(asked: OpenOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(asked.headers ?? {})) headers[name.toLowerCase()] = value;
  if (asked.form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (asked.etag !== undefined) headers['if-none-match'] = asked.etag;
  if (asked.lastModified !== undefined) headers['if-modified-since'] = asked.lastModified;
  return headers;
}

/** As browsers do, a POST becomes a GET, save after 307 and 308. What may be secret stays with its origin. */
function redirected(request: Request, status: number, url: URL): Request {
  const elsewhere = url.origin !== request.url.origin;
  const keepsForm = status === 307 || status === 308;
  if (keepsForm && elsewhere && request.form !== undefined) {
    const message = 'Adresse refusée : la source redirige un formulaire vers un autre site';
    throw new SourceError('refused', message, { url: shownUrl(url) });
  }
  const kept = Object.entries(request.headers).filter(
    ([name]) => (!elsewhere || harmlessHeaders.has(name)) && (keepsForm || name !== 'content-type'),
  );
  const headers = Object.fromEntries(kept);
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  return keepsForm ? { ...request, url, headers } : { url, method, headers, form: undefined };
}

function flatHeaders(headers: object): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return flat;
}

function validatorsOf(headers: Readonly<Record<string, string>>): Validators {
  const { etag, 'last-modified': lastModified } = headers;
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) };
}

/** Why no answer came. The guard's own refusals travel inside the connection error. */
function requestFault(error: unknown, url: string): SourceError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof SourceError) return cause;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_')) return new SourceError('malformed', 'Réponse illisible', { url, cause: error });
  return new SourceError('unreachable', 'Source injoignable', { url, retryable: true, cause: error });
}

function statusFault({ status, headers }: Answer, url: string, now: number): SourceError {
  const retryAfter = retryAfterSeconds(headers['retry-after'], now);
  const options = { url, httpStatus: status, ...(retryAfter === null ? {} : { retryAfter }) };
  if (status >= 500) {
    const message = `Source injoignable : son serveur est en erreur (${status})`;
    return new SourceError('unreachable', message, { ...options, retryable: true });
  }
  if (status === 429) {
    const message = 'Accès refusé par la source : trop de demandes (429)';
    return new SourceError('refused', message, { ...options, retryable: true });
  }
  if (status === 304 || status === 206) {
    // Taken as the whole listing, either would make every absent course look withdrawn.
    const message = `Réponse illisible : la source envoie un code ${status} qui n'était pas demandé`;
    return new SourceError('malformed', message, options);
  }
  const absent = status === 404 || status === 410;
  return new SourceError(
    'refused',
    `Accès refusé par la source${absent ? ' : adresse absente' : ''} (${status})`,
    options,
  );
}
