/** The pages of identities alone, over the real store, sessions and audit trail, with providers on this machine. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { type Request, Router } from 'express';
import mongoose, { type Connection } from 'mongoose';
import pino from 'pino';
import { z } from 'zod';
import type { Account } from '../../src/accounts/model.ts';
import { identityRoutes } from '../../src/accounts/routes/identity.ts';
import { type AccountStore, makeAccountStore } from '../../src/accounts/store.ts';
import { makeActors } from '../../src/accounts/use-cases/actor.ts';
import { type Identities, makeIdentities } from '../../src/accounts/use-cases/identity.ts';
import { identityButtons } from '../../src/accounts/view-models/identity.ts';
import { makeLog } from '../../src/platform/log.ts';
import { makeOidcProvider } from '../../src/platform/oidc.ts';
import type { OidcProviderSettings } from '../../src/platform/oidc-settings.ts';
import { makeSecrets } from '../../src/platform/secrets.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { sessionLayer } from '../../src/platform/web/session.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { builtAssets } from '../builders/site.ts';
import { testDatabase } from './database.ts';

export interface AuditLine {
  readonly actor: string | null;
  readonly act: string;
  readonly target: string | null;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface IdentitySite {
  readonly origin: string;
  readonly connection: Connection;
  readonly accounts: AccountStore;
  readonly identities: Identities;
  readonly audited: AuditLine[];
  /** Everything the log wrote. */
  readonly logged: string[];
  /** Who was sent to the page that asks for a one-time code. */
  readonly askedForCode: string[];
  /** Moves the clock of the use cases. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
}

const page = { description: null, noindex: true, section: null };

export async function startIdentitySite(settings: readonly OidcProviderSettings[]): Promise<IdentitySite> {
  const database = await testDatabase();
  const connection = await mongoose.createConnection(database.uri, { autoIndex: false, autoCreate: false }).asPromise();
  const accounts = makeAccountStore(connection);
  await accounts.ensureIndexes();
  const assetsDirectory = builtAssets();
  const views = loadViews('views', {
    sections: [],
    contact: false,
    demo: false,
    assets: readAssets(assetsDirectory),
  });
  const audited: AuditLine[] = [];
  const logged: string[] = [];
  const askedForCode: string[] = [];
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk));
        done();
      },
    }),
  );
  let late = 0;
  const now = () => new Date(Date.now() + late);
  const { actorFor } = makeActors({ accounts, membershipsOf: async () => [] });
  const sessions = sessionLayer<Actor>({
    connection,
    secret: 'a secret of the tests',
    secure: false,
    views,
    log: makeLog('silent'),
    load: actorFor,
    now: () => new Date(),
  });
  await sessions.ensureIndexes();
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const identities = makeIdentities({
    providers: settings.map((each) => makeOidcProvider(each, { timeoutSeconds: 2 })),
    accounts,
    sessions,
    audit: {
      record: async (entry) => {
        audited.push(entry);
      },
    },
    addressOf: (path) => `${origin}${path}`,
    newId: randomUUID,
    now,
  });
  const { router: identity, beforeSignOut } = identityRoutes({
    identities,
    sessions,
    secrets: makeSecrets(randomBytes(32)),
    views,
    log,
    spaceLinks: [{ label: 'Mon profil', href: '/mon-espace/profil' }],
    actorOf: async (request) => sessions.personOf(request) ?? visitor,
    async askCode(_request, response, { accountId, next }) {
      askedForCode.push(accountId);
      response.redirect(303, `/connexion/code?suite=${encodeURIComponent(next)}`);
    },
  });
  const router = Router();
  router.use(...sessions.middleware);
  router.get('/formulaire', (_request, response) => {
    response.send(String(response.locals.shell.csrf));
  });
  router.get('/moi', (request, response) => {
    response.json({ accountId: sessions.personOf(request)?.accountId ?? null });
  });
  router.get(['/connexion', '/mon-espace'], (request, response) => {
    const person = sessions.personOf(request);
    const message = person === null ? 'Visiteur' : 'Connecté';
    const choices = identityButtons(identities.choices, '/mon-espace');
    const model = { ...page, title: message, identities: choices, shell: response.locals.shell };
    const buttons = views.render('partials/identites', model);
    response.send(`<!DOCTYPE html><html lang="fr"><title>${message}</title><h1>${message}</h1>${buttons}</html>`);
  });
  router.post('/entrer/:id', async (request, response) => {
    const account = await accounts.byId(request.params.id);
    if (account === null) throw new Error('no such account');
    await sessions.signIn(request, account.id, { strong: false, rightsVersion: account.rightsVersion });
    response.sendStatus(204);
  });
  router.post('/deconnexion', async (request: Request, response) => {
    const after = await beforeSignOut(request);
    await sessions.signOut(request, response);
    if (after === null) response.redirect(303, '/');
    else after(response);
  });
  router.use(identity);
  const web = makeWebApp({
    routers: [router],
    views,
    settings: { publicUrl: null, trustProxy: 0, rateLimitPerMinute: 100_000, assetsDirectory },
    log,
  });
  server.on('request', web);
  return {
    origin,
    connection,
    accounts,
    identities,
    audited,
    logged,
    askedForCode,
    advance(milliseconds) {
      late += milliseconds;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await connection.close();
      await database.drop();
    },
  };
}

const refreshSchema = z.string().regex(/^0;url=https?:/);

/** A browser without JavaScript that keeps its cookies and follows what it is told to. */
export function visitorOf(origin: string) {
  const jar = new Map<string, string>();

  async function ask(method: 'GET' | 'POST', path: string, form: Readonly<Record<string, string>> = {}, host?: string) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, origin), {
      method,
      redirect: 'manual',
      headers: { ...(cookie === '' ? {} : { cookie }), ...(host === undefined ? {} : { 'x-forwarded-host': host }) },
      ...(method === 'POST' ? { body: new URLSearchParams(form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const cut = pair.indexOf('=');
      jar.set(pair.slice(0, cut), pair.slice(cut + 1));
    }
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  const self = {
    ask,
    cookies: jar,
    async token(): Promise<string> {
      return (await ask('GET', '/formulaire')).text;
    },
    async post(path: string, form: Readonly<Record<string, string>> = {}) {
      return ask('POST', path, { _csrf: await self.token(), ...form });
    },
    /** Presses a button that leads to a provider; where the browser goes. */
    async leave(path: string, form: Readonly<Record<string, string>> = {}): Promise<string> {
      const { headers } = await self.post(path, form);
      return refreshSchema.parse(headers.get('refresh')).slice('0;url='.length);
    },
    /** Where the provider sends the browser back, as a path of the site. */
    async authorize(url: string): Promise<string> {
      const response = await fetch(url, { redirect: 'manual' });
      const back = new URL(response.headers.get('location') ?? '');
      return `${back.pathname}${back.search}`;
    },
    async signIn(provider: string, form: Readonly<Record<string, string>> = {}) {
      return ask('GET', await self.authorize(await self.leave(`/connexion/${provider}`, form)));
    },
    async accountId(): Promise<string | null> {
      return z.object({ accountId: z.string().nullable() }).parse(JSON.parse((await ask('GET', '/moi')).text))
        .accountId;
    },
  };
  return self;
}

export async function everyAccount(site: IdentitySite): Promise<readonly Account[]> {
  return site.accounts.list({ skip: 0, limit: 100 });
}
