/**
 * Sessions: who is signed in on this browser, kept in MongoDB under a digest of the cookie. A visitor who only reads has
 * none; one begins with a form that needs a token or with a sign-in, and its id changes at each sign-in.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import MongoStore from 'connect-mongo';
import { csrfSync } from 'csrf-sync';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import session from 'express-session';
import type { Connection } from 'mongoose';
import passport from 'passport';
import { AppError } from '../../errors.ts';
import { deferred } from '../deferred.ts';
import { ensureIndex } from '../indexes.ts';
import { joinedFind } from '../joined-reads.ts';
import type { Log } from '../log.ts';
import { browserOf } from './browser.ts';
import { uploadReader } from './upload.ts';
import { sendPage, type Views } from './views.ts';

/** Who signed in, as the session keeps it. */
export interface SignedIn {
  readonly accountId: string;
  /** Number of the account at sign-in: the session is over when the account has another one. */
  readonly rightsVersion: number;
  /** A one-time code was given. */
  readonly strong: boolean;
  readonly since: Date;
  /** « Firefox, Linux »: so that the person knows which session is which. */
  readonly browser: string;
}

export interface ListedSession {
  /** Digest of the cookie's id: says which session, does not open it. */
  readonly id: string;
  readonly since: Date;
  readonly lastSeen: Date;
  readonly browser: string;
  readonly strong: boolean;
}

declare global {
  namespace Express {
    interface User extends SignedIn {}
  }
}

declare module 'express-session' {
  interface SessionData {
    passport?: { user?: SignedIn };
    /** What a form in several pages needs from one to the next. */
    notes?: Record<string, unknown>;
  }
}

interface StoredSession {
  _id: string;
  session: session.SessionData;
  expires: Date;
  lastModified?: Date;
}

export interface SessionLayerParts<Person> {
  readonly connection: Connection;
  readonly secret: string;
  /** The site is reached by https only. */
  readonly secure: boolean;
  readonly views: Views;
  readonly log: Pick<Log, 'warn'>;
  /** Paths of forms that keep nothing: sent without a token, so that asking sets no cookie. None unless told. */
  readonly withoutToken?: readonly string[];
  /** Who this is now, or null when the session is over (account gone, rights changed). */
  load(signedIn: SignedIn): Promise<Person | null>;
  now(): Date;
}

export interface Sessions<Person> {
  /** Session, person, body of forms, check of their token; in this order, before the routes. */
  readonly middleware: readonly RequestHandler[];
  /** For strategies. */
  readonly passport: passport.Authenticator;
  ensureIndexes(): Promise<void>;
  /** Who asks, or null for a visitor. */
  personOf(request: Request): Person | null;
  /** Opens a session under a new id; what the former one held is dropped. */
  signIn(
    request: Request,
    accountId: string,
    rights: { readonly strong: boolean; readonly rightsVersion: number },
  ): Promise<void>;
  signOut(request: Request, response: Response): Promise<void>;
  /** Id of this request's session, as in `list`. */
  idOf(request: Request): string;
  list(accountId: string): Promise<readonly ListedSession[]>;
  /** Answers whether there was one. */
  revoke(accountId: string, sessionId: string): Promise<boolean>;
  revokeAll(accountId: string, except?: string): Promise<void>;
  /** Keeps a plain value for the next page of a form in several pages; gone at sign-in. */
  note(request: Request, name: string, value: unknown): Promise<void>;
  noted(request: Request, name: string): unknown;
}

const hour = 3_600_000;
/** Without a request. */
const idleSeconds = 12 * 3_600;
/** Whatever happens. */
const longest = 7 * 24 * hour;
/** Of a session that a form began and nothing else. */
const fieldsOfToken = ['cookie', 'csrfToken', 'lastModified'];
/** More than that, and visitors wait for their own: a queue would only grow longer. */
const mostArriving = 50;
const formBytes = 32 * 1_024;
const formFields = 200;
export const csrfField = '_csrf';

const tokenOf = ({ body, headers }: Request): string | undefined => {
  const header = headers['x-csrf-token'];
  const field: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, csrfField) : undefined;
  return typeof field === 'string' ? field : typeof header === 'string' ? header : undefined;
};

const { generateToken, getTokenFromState } = csrfSync({ size: 32, getTokenFromRequest: tokenOf });

/** The library's own comparison takes longer the more of the token is right. */
function hasToken(request: Request): boolean {
  const [kept, sent] = [getTokenFromState(request), tokenOf(request)].map((token) => Buffer.from(token ?? ''));
  return (
    kept !== undefined &&
    sent !== undefined &&
    kept.length > 0 &&
    kept.length === sent.length &&
    timingSafeEqual(kept, sent)
  );
}

const storedId = (id: string) => createHash('sha256').update(id).digest('hex');

/** Goes before every route that may know a person; a visitor who only reads gets no cookie from it. */
export function behindSession(sessions: Pick<Sessions<unknown>, 'middleware'>): Router {
  const router = Router();
  router.use(...sessions.middleware);
  return router;
}

export function sessionLayer<Person>(parts: SessionLayerParts<Person>): Sessions<Person> {
  const { connection, secret, secure, views, log, load, now } = parts;
  const name = secure ? '__Host-session' : 'session';
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  const collectionName = 'sessions';
  const collection = () => connection.collection<StoredSession>(collectionName);
  const store = MongoStore.create({
    client: connection.getClient(),
    dbName: connection.name,
    collectionName,
    // A document and not a text: sessions are found by account.
    stringify: false,
    ttl: idleSeconds,
    touchAfter: 300,
    autoRemove: 'disabled',
    transformId: storedId,
  });
  // Read by every request that has a cookie: those of one moment in one command.
  const read = joinedFind('_id', (ids) =>
    collection()
      // By the clock that express-session and connect-mongo write it with.
      .find({ _id: { $in: [...ids] }, expires: { $gt: new Date() } })
      .toArray(),
  );
  const openOf = joinedFind('session.passport.user.accountId', (accountIds) =>
    collection()
      .find({ 'session.passport.user.accountId': { $in: [...accountIds] }, expires: { $gt: now() } })
      .toArray(),
  );
  /** By stored id, as JSON: sessions that hold a form's token and nothing else, while they are written. A visitor waits for no disk. */
  const arriving = new Map<string, { readonly text: string; readonly written: Promise<void> }>();
  store.get = (id, callback) => {
    const coming = arriving.get(storedId(id));
    // Dated already: the store does not look for it to date it.
    if (coming !== undefined) return callback(null, { ...JSON.parse(coming.text), lastModified: new Date() });
    read(storedId(id)).then(([found]) => {
      if (found === undefined) return callback(null, null);
      // Of this request alone: what it notes is its own until it is written.
      const { session: kept, lastModified } = structuredClone(found);
      callback(null, Object.assign(kept, lastModified === undefined ? {} : { lastModified }));
    }, callback);
  };
  const write = store.set.bind(store);
  store.set = (id, given, callback = () => {}) => {
    const kept = storedId(id);
    const before = arriving.get(kept);
    const holdsMore = Object.keys(given).some((field) => !fieldsOfToken.includes(field));
    if (holdsMore || before !== undefined || arriving.size >= mostArriving) {
      // Not while the first is on its way: it could be the one that stays.
      (before?.written ?? Promise.resolve()).then(() => write(id, given, callback));
      return;
    }
    const { promise: written, resolve } = deferred<void>();
    arriving.set(kept, { text: JSON.stringify(given), written });
    write(id, given, (err) => {
      arriving.delete(kept);
      resolve();
      if (err) log.warn({ err }, 'the token of a form could not be kept: it will be told as expired');
    });
    callback(null);
  };
  const people = new WeakMap<object, Person>();
  const authenticator = new passport.Passport();
  authenticator.serializeUser((user, done) => done(null, user));
  authenticator.deserializeUser(
    (request: object, user: SignedIn, done: (error: unknown, user?: SignedIn | false) => void) => {
      const late = now().getTime() - new Date(user.since).getTime() > longest;
      (late ? Promise.resolve(null) : load(user)).then((person) => {
        if (person !== null) people.set(request, person);
        done(null, person === null ? false : user);
      }, done);
    },
  );

  const sessions = session({
    name,
    secret,
    cookie,
    store,
    resave: false,
    saveUninitialized: false,
    rolling: false,
    unset: 'destroy',
  });

  const personFor = (request: Request) => people.get(request) ?? null;

  const isWithoutToken = (path: string) =>
    (parts.withoutToken ?? []).some((free) => path === free || path.startsWith(`${free}/`));

  /** The token is made when a page prints it, not before: reading sets no cookie. */
  const shellOfPerson: RequestHandler = (request, response, next) => {
    const shell = response.locals.shell as object;
    Object.defineProperties(shell, {
      csrf: { enumerable: true, get: () => generateToken(request) },
      // Read when the page is printed: after a sign-out there is nobody.
      signedIn: { enumerable: true, get: () => personFor(request) !== null },
    });
    next();
  };

  const checkToken: RequestHandler = (request, response, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return next();
    if (isWithoutToken(request.path) || hasToken(request)) return next();
    // Only a page of ours may be sent again by a click: another site's form must not become one of ours.
    if (request.is('urlencoded') && request.get('sec-fetch-site') === 'same-origin') {
      sendPage(response, views, 'errors/expired', expiredModel(request), 403);
      return;
    }
    throw new AppError('forbidden', 'FORMULAIRE_EXPIRE', 'Ce formulaire a expiré. Rouvrez la page et renvoyez-le.');
  };

  return {
    middleware: [
      sessions,
      authenticator.session(),
      express.urlencoded({ extended: false, limit: formBytes, parameterLimit: formFields }),
      express.json({ limit: formBytes }),
      uploadReader(csrfField),
      shellOfPerson,
      checkToken,
    ],
    passport: authenticator,

    async ensureIndexes() {
      await ensureIndex(collection(), { expires: 1 }, { expireAfterSeconds: 0 });
      await ensureIndex(collection(), { 'session.passport.user.accountId': 1 });
    },

    personOf: personFor,

    async signIn(request, accountId, { strong, rightsVersion }) {
      const browser = browserOf(request.get('user-agent'));
      const user: SignedIn = { accountId, rightsVersion, strong, since: now(), browser };
      await new Promise<void>((resolve, reject) => {
        request.logIn(user, (error: unknown) => (error ? reject(error) : resolve()));
      });
    },

    async signOut(request, response) {
      await promisify(request.session.destroy.bind(request.session))();
      people.delete(request);
      response.clearCookie(name, cookie);
    },

    idOf: (request) => storedId(request.sessionID),

    async list(accountId) {
      return (await openOf(accountId))
        .flatMap(({ _id, session: { passport: kept }, lastModified }) => {
          if (kept?.user === undefined) return [];
          const { since, browser, strong } = kept.user;
          return [{ id: _id, since, lastSeen: lastModified ?? since, browser, strong }];
        })
        .sort((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime());
    },

    async revoke(accountId, sessionId) {
      const filter = { _id: sessionId, 'session.passport.user.accountId': accountId };
      return (await collection().deleteOne(filter)).deletedCount === 1;
    },

    async revokeAll(accountId, except) {
      await collection().deleteMany({
        'session.passport.user.accountId': accountId,
        ...(except === undefined ? {} : { _id: { $ne: except } }),
      });
    },

    async note(request, noteName, value) {
      request.session.notes = { ...request.session.notes, [noteName]: value };
      // Now and not at the end of the answer: a browser follows a redirect as soon as it has read its head.
      await promisify(request.session.save.bind(request.session))();
    },

    noted: (request, noteName) => {
      const notes = request.session.notes ?? {};
      return Object.hasOwn(notes, noteName) ? notes[noteName] : undefined;
    },
  };
}

/** What was typed, to be sent again in one click; never a password nor a code. */
function expiredModel(request: Request) {
  const body: unknown = request.body;
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const title = 'Ce formulaire a expiré';
  return {
    title,
    description: null,
    noindex: true,
    section: null,
    action: request.originalUrl,
    fields: fields
      .filter(([field]) => field !== csrfField && !/passe|code|jeton/i.test(field))
      .flatMap(([field, value]) => [value].flat().map((one) => ({ name: field, value: String(one) }))),
  };
}
