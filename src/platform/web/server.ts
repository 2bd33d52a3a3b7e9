/** The web server: security headers, static files, the visitor's display choice, limits, error pages, and the routers. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import compression from 'compression';
import express, { type RequestHandler, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { z } from 'zod';
import type { Log } from '../log.ts';
import { refuseForged } from './address.ts';
import { errorPages, notFound, tooManyRequests } from './errors.ts';
import type { MessageClasses } from './listener.ts';
import type { Site, Views } from './views.ts';

declare global {
  namespace Express {
    interface Request {
      /** In the log, and on the page of an error. */
      id: string;
    }
  }
}

export interface WebSettings {
  /** Where visitors reach the site, when it is known; `https:` turns on the headers that need it. */
  readonly publicUrl: string | null;
  /** Number of reverse proxies in front, for the visitor's address. */
  readonly trustProxy: number;
  /** Per address, static files apart. */
  readonly rateLimitPerMinute: number;
  /** Folder written by scripts/build-assets.mjs. */
  readonly assetsDirectory: string;
}

/** What layouts print of one request. */
export interface Shell {
  /** Value of `data-fr-theme`, or null to follow the system. */
  readonly theme: 'light' | 'dark' | null;
  /** Links of the footer that choose the display. */
  readonly displays: readonly { readonly label: string; readonly href: string; readonly current: boolean }[];
  /** Address of this page, when the public address is known. */
  readonly canonical: string | null;
  readonly path: string;
  /** The page of this site the visitor comes from, else the home page. */
  readonly back: string;
  /** Set by platform/web/session.ts, which also gives `csrf`, the token of forms. */
  readonly signedIn: boolean;
  /** Links of the bar of /admin that this person may follow; set by accounts/routes/administration-bar.ts. */
  readonly administration: readonly { readonly label: string; readonly href: string; readonly current: boolean }[];
  /** Spaces of the organisations this person acts for; as `administration`. */
  readonly spaces: Shell['administration'];
}

const displays = { systeme: 'Système', cahier: 'Clair', ardoise: 'Sombre' } as const;
type Display = keyof typeof displays;
const themes: Readonly<Record<Display, Shell['theme']>> = { systeme: null, cahier: 'light', ardoise: 'dark' };
const cookieName = 'affichage';
const yearInSeconds = 31_536_000;

const manifestSchema = z
  .object({
    'ecole.css': z.string(),
    'figtree-latin-wght-normal.woff2': z.string(),
    'icons.svg': z.string(),
    'logo-en2.svg': z.string(),
  })
  .transform((names) => ({
    css: names['ecole.css'],
    font: names['figtree-latin-wght-normal.woff2'],
    icons: names['icons.svg'],
    logo: names['logo-en2.svg'],
  }));

/** Published names of the files of /assets. @throws when scripts/build-assets.mjs has not run */
export function readAssets(assetsDirectory: string): Site['assets'] {
  return manifestSchema.parse(JSON.parse(readFileSync(join(assetsDirectory, 'manifest.json'), 'utf8')));
}

export function makeWebApp(parts: {
  /** For programs: before what only pages need (session, display, limits of visitors); they answer their own errors. */
  readonly programs?: readonly Router[];
  readonly routers: readonly Router[];
  readonly views: Views;
  readonly settings: WebSettings;
  readonly log: Log;
}): express.Express {
  const { programs = [], routers, views, settings, log } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', settings.trustProxy);
  app.set('query parser', 'simple');
  app.use(everyRequest(log, securityHeadersOf(settings)));
  // Before compression too: a short answer costs more to wrap than to send, long ones ask for it themselves.
  for (const router of programs) app.use(router);
  app.use(compression());
  const assets = express.static(settings.assetsDirectory, {
    // Names carry a digest of the content.
    immutable: true,
    maxAge: yearInSeconds * 1_000,
    index: false,
    redirect: false,
  });
  app.use('/assets', assets, notFoundAsset);
  app.use(shellOf(settings), refuseForged(settings.publicUrl), limiter(settings, views), rememberDisplay(settings));
  app.use(flattened(routers));
  app.use(notFound);
  app.use(errorPages(views, log));
  return app;
}

/**
 * Requests and answers that are born with the prototypes of the app. Express gives each its prototype when it arrives: to
 * change that of an object costs as much as all else that express does, and what refers to it then outlives every young
 * collection (node 20.20, express 5.2, measured 2026-11-28: 44 % of what a request allocates, against 1 %).
 */
export function messagesOf(app: express.Express): MessageClasses {
  class AppRequest extends IncomingMessage {}
  class AppResponse<From extends IncomingMessage = IncomingMessage> extends ServerResponse<From> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}

/** The routes of all of them in one: to enter and leave each router costs a request more than to look at its paths. */
function flattened(routers: readonly Router[]): Router {
  const all = express.Router();
  for (const { stack } of routers) all.stack.push(...stack);
  return all;
}

/**
 * What every request has: a number, the security headers, and one line in the log. No query string there (a search says
 * something of a person), no token of a link, no address, no header.
 */
function everyRequest(log: Log, headers: ReadonlyMap<string, string>): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID();
    request.id = id;
    response.setHeader('X-Request-Id', id);
    for (const [name, value] of headers) response.setHeader(name, value);
    const { method, originalUrl } = request;
    const begun = performance.now();
    // Not « finish »: who leaves before the end is told too.
    response.once('close', () => {
      const { statusCode: status, writableFinished } = response;
      const level = status >= 500 ? 'error' : 'info';
      if (!log.isLevelEnabled(level)) return;
      const responseTime = Math.round(performance.now() - begun);
      const req = { id, method, path: loggedPath(originalUrl) };
      log[level]({ req, res: { status }, responseTime }, writableFinished ? 'request completed' : 'request aborted');
    });
    next();
  };
}

function securityHeadersOf(settings: WebSettings): ReadonlyMap<string, string> {
  const secure = settings.publicUrl?.startsWith('https:') === true;
  const helmetHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': ["'self'"],
        'font-src': ["'self'"],
        // data: is for the arrows drawn inside the style sheet of the design system.
        'img-src': ["'self'", 'data:'],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
        ...(secure ? { 'upgrade-insecure-requests': [] } : {}),
      },
    },
    strictTransportSecurity: secure ? { maxAge: yearInSeconds } : false,
    // Inside the site, « Retour » needs the page one comes from; other sites learn nothing.
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  return headersSetBy(helmetHeaders);
}

/** The same for every request, so that helmet writes them once. */
function headersSetBy(handler: ReturnType<typeof helmet>): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  let failure: unknown;
  handler(request, response, (error) => {
    failure = error;
  });
  if (failure !== undefined) throw failure;
  for (const [name, value] of Object.entries(response.getHeaders())) headers.set(name, String(value));
  return headers;
}

const notFoundAsset: RequestHandler = (_request, response) => {
  response.status(404).type('text/plain').send('Not found');
};

function limiter(settings: WebSettings, views: Views): RequestHandler {
  const windowMs = 60_000;
  return rateLimit({
    windowMs,
    limit: settings.rateLimitPerMinute,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    // Without a declared proxy the header is not read at all, which is what we want.
    validate: { xForwardedForHeader: false },
    handler: (request, response) => {
      const seconds = Number(response.getHeader('Retry-After'));
      const wait = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : windowMs;
      tooManyRequests(request, response, views, new Date(Date.now() + wait));
    },
  });
}

function shellOf(settings: WebSettings): RequestHandler {
  return (request, response, next) => {
    // The same address gives another page after a choice of display, and « Retour » depends on where one comes from.
    response.set({ 'Cache-Control': 'private, no-cache', Vary: 'Cookie, Accept' });
    const chosen = displayOf(cookieOf(request.headers.cookie)) ?? 'systeme';
    const { pathname, searchParams } = localAddress(request.originalUrl);
    const links = Object.entries(displays).map(([value, label]) => {
      const query = new URLSearchParams(searchParams);
      query.set(cookieName, value);
      return { label, href: `${pathname}?${query}`, current: value === chosen };
    });
    const shell: Shell = {
      theme: themes[chosen],
      displays: links,
      canonical: settings.publicUrl === null ? null : new URL(pathname, settings.publicUrl).href,
      path: pathname,
      back: cameFrom(request.get('referer'), request.get('host'), pathname) ?? '/',
      signedIn: false,
      administration: [],
      spaces: [],
    };
    response.locals.shell = shell;
    next();
  };
}

/** `?affichage=`: keep the choice in a cookie, then show the same page under its clean address. */
function rememberDisplay(settings: WebSettings): RequestHandler {
  return (request, response, next) => {
    const asked = request.query[cookieName];
    if (asked === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return next();
    const display = displayOf(asked);
    if (display === 'systeme') response.clearCookie(cookieName, { path: '/' });
    else if (display !== null) {
      response.cookie(cookieName, display, {
        path: '/',
        maxAge: yearInSeconds * 1_000,
        httpOnly: true,
        sameSite: 'lax',
        secure: settings.publicUrl?.startsWith('https:') === true,
      });
    }
    const { pathname, searchParams } = localAddress(request.originalUrl);
    searchParams.delete(cookieName);
    const query = searchParams.toString();
    response.redirect(303, query === '' ? pathname : `${pathname}?${query}`);
  };
}

function displayOf(value: unknown): Display | null {
  return typeof value === 'string' && Object.hasOwn(displays, value) ? (value as Display) : null;
}

function cookieOf(header: string | undefined): string | null {
  const pair = (header ?? '').split(';').find((part) => part.trim().startsWith(`${cookieName}=`));
  return pair === undefined ? null : pair.trim().slice(cookieName.length + 1);
}

/** Path and query of an address of ours. A path such as `//example.org` would send a browser away: it is cut to one slash. */
function localAddress(originalUrl: string): { pathname: string; searchParams: URLSearchParams } {
  const url = URL.canParse(originalUrl, 'http://local') ? new URL(originalUrl, 'http://local') : null;
  if (url === null) return { pathname: '/', searchParams: new URLSearchParams() };
  return { pathname: url.pathname.replace(/^\/+/, '/'), searchParams: url.searchParams };
}

/** A part of the path with the length and the capitals of a token of ours (32 bytes in base64url) opens something. */
function loggedPath(originalUrl: string): string {
  const [path = '/'] = originalUrl.split('?', 1);
  return path.replace(/(?<=\/)(?=[\w-]*[A-Z])[\w-]{43}(?=\/|$)/g, '…');
}

/** The address of this site one comes from; null for another site, or for the page itself. */
function cameFrom(referer: string | undefined, host: string | undefined, here: string): string | null {
  if (referer === undefined || host === undefined || !URL.canParse(referer)) return null;
  const url = new URL(referer);
  if (url.host !== host || url.pathname === here) return null;
  return `${url.pathname.replace(/^\/+/, '/')}${url.search}`;
}
