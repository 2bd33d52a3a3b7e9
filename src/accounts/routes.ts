/** The pages of accounts, put together. */
import { type Request, type Response, Router } from 'express';
import type { SpaceLink } from '../platform/web/forms.ts';
import type { Sessions } from '../platform/web/session.ts';
import type { Views } from '../platform/web/views.ts';
import { type Actor, visitor } from '../rights.ts';
import { ownAccountRoutes } from './routes/own.ts';
import { registrationRoutes } from './routes/registration.ts';
import { type SignInRoutes, signInRoutes } from './routes/sign-in.ts';
import type { Accounts } from './use-cases.ts';
import type { SignInExtras } from './view-models/sign-in.ts';

export interface AccountRouteParts {
  readonly accounts: Accounts;
  readonly sessions: Sessions<Actor>;
  readonly views: Views;
  /** Entries of the bar of the own space; those of a page of ours are `/mon-espace/profil` and `/mon-espace/securite`. */
  readonly spaceLinks: readonly SpaceLink[];
  /** Identity providers and demonstration accounts of the sign-in page. */
  extras(next: string): Promise<SignInExtras>;
  /** Whether the site has identity providers: an account can be linked to one. */
  readonly identitiesOffered: boolean;
  /** Called before the sign-out; a function it gives answers the request after it. */
  beforeSignOut(request: Request): Promise<((response: Response) => void) | null>;
  now(): Date;
}

/** Who acts, for every route of the platform; a visitor without session, or with one that is over. */
export function makeActorOf(sessions: Pick<Sessions<Actor>, 'personOf'>) {
  return async (request: Request): Promise<Actor> => sessions.personOf(request) ?? visitor;
}

export function accountRoutes(parts: AccountRouteParts): SignInRoutes {
  const { accounts, sessions, views, spaceLinks, extras, identitiesOffered, beforeSignOut, now } = parts;
  const actorOf = makeActorOf(sessions);
  const signIn = signInRoutes({ accounts, sessions, views, extras, beforeSignOut, now });
  const router = Router();
  router.use(signIn.router);
  router.use(registrationRoutes({ accounts, views }));
  router.use(ownAccountRoutes({ accounts, sessions, views, spaceLinks, identitiesOffered, actorOf }));
  return { router, askCode: signIn.askCode };
}
