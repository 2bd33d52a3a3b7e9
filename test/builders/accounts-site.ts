/** The pages of accounts alone, over a world of accounts, with real sessions. */
import { type Express, Router } from 'express';
import { accountRoutes } from '../../src/accounts/routes.ts';
import { type Accounts, makeAccounts } from '../../src/accounts/use-cases.ts';
import type { SignInExtras } from '../../src/accounts/view-models/sign-in.ts';
import { makeLog } from '../../src/platform/log.ts';
import { makeWebApp, readAssets } from '../../src/platform/web/server.ts';
import { type Sessions, sessionLayer } from '../../src/platform/web/session.ts';
import { loadViews } from '../../src/platform/web/views.ts';
import type { Actor } from '../../src/rights.ts';
import type { AccountsWorld } from './accounts.ts';
import { builtAssets } from './site.ts';

export interface AccountsSite {
  readonly app: Express;
  readonly sessions: Sessions<Actor>;
}

const noExtras: SignInExtras = { identities: [], demoAccounts: [] };

/** `/mon-espace` answers who is signed in, as JSON. */
export async function anAccountsSite(world: AccountsWorld, extras: SignInExtras = noExtras): Promise<AccountsSite> {
  const assetsDirectory = builtAssets();
  const assets = readAssets(assetsDirectory);
  const views = loadViews('views', { sections: [], contact: false, demo: false, assets });
  let accounts: Accounts | null = null;
  const sessions = sessionLayer<Actor>({
    connection: world.connection,
    secret: 'a secret of the tests',
    secure: false,
    views,
    log: makeLog('silent'),
    load: async (signedIn) => accounts?.actorFor(signedIn) ?? null,
    now: () => world.clock,
  });
  await sessions.ensureIndexes();
  accounts = makeAccounts({ ...world.parts, sessions });
  const router = Router();
  router.use(...sessions.middleware);
  router.use(
    accountRoutes({
      accounts,
      sessions,
      views,
      spaceLinks: [
        { label: 'Mon profil', href: '/mon-espace/profil' },
        { label: 'Ma sécurité', href: '/mon-espace/securite' },
      ],
      extras: async () => extras,
      identitiesOffered: false,
      beforeSignOut: async () => null,
      now: () => world.clock,
    }).router,
  );
  router.get('/mon-espace', (asked, response) => {
    response.json(sessions.personOf(asked));
  });
  const settings = { publicUrl: null, trustProxy: 1, rateLimitPerMinute: 100_000, assetsDirectory };
  return { app: makeWebApp({ routers: [router], views, settings, log: makeLog('silent') }), sessions };
}
