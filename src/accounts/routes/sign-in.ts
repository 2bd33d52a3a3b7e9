/** /connexion, its second step, and /deconnexion. */
import { type Request, type Response, Router } from 'express';
import { Strategy as LocalStrategy } from 'passport-local';
import { z } from 'zod';
import { localPath } from '../../platform/web/address.ts';
import { from, queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { Sessions } from '../../platform/web/session.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { needsCode } from '../use-cases/actor.ts';
import { pendingSchema, type SignedInAs, type SignInOutcome } from '../use-cases/sign-in.ts';
import type { Accounts } from '../use-cases.ts';
import { codeModel, type SignInExtras, signInModel, wrongCredentials } from '../view-models/sign-in.ts';

export const ownSpace = '/mon-espace';
const pendingNote = 'pendingSignIn';
const signInSchema = z.object({ email: text, password: text, suite: text });
const codeSchema = z.object({ code: text });

export interface PendingSignIn {
  readonly accountId: string;
  readonly rightsVersion: number;
  readonly next: string;
}

export interface SignInRoutes {
  readonly router: Router;
  /** The first step succeeded: keeps that for ten minutes and asks for the code. */
  askCode(request: Request, response: Response, pending: PendingSignIn): Promise<void>;
}

export function signInRoutes(parts: {
  readonly accounts: Pick<Accounts, 'signIn' | 'actorFor'>;
  readonly sessions: Pick<Sessions<Actor>, 'passport' | 'signIn' | 'signOut' | 'note' | 'noted' | 'personOf'>;
  readonly views: Views;
  /** Other ways to sign in, for the page. */
  extras(next: string): Promise<SignInExtras>;
  /** Called before the sign-out; a function it gives answers the request after it. */
  beforeSignOut(request: Request): Promise<((response: Response) => void) | null>;
  now(): Date;
}): SignInRoutes {
  const { accounts, sessions, views, extras, beforeSignOut, now } = parts;
  const router = Router();

  sessions.passport.use(
    new LocalStrategy({ usernameField: 'email', passReqToCallback: true }, (request, email, password, done) => {
      accounts.signIn
        .withPassword({ email, password }, from(request))
        .then((outcome) => done(null, false, outcome as unknown as { message: string }), done);
    }),
  );

  router.use(['/connexion', '/deconnexion'], unkept);

  async function sendSignIn(request: Request, response: Response, email: string, next: string, isWrong: boolean) {
    const errors = isWrong ? { email: wrongCredentials } : {};
    const model = signInModel({ email, next }, await extras(next), errors, queryText(request, 'fait'));
    sendPage(response, views, 'accounts/sign-in', model, isWrong ? 422 : 200);
  }

  async function open(request: Request, response: Response, signedIn: SignedInAs, next: string): Promise<void> {
    const { accountId, strong, rightsVersion } = signedIn;
    await sessions.signIn(request, accountId, { strong, rightsVersion });
    const actor = await accounts.actorFor(signedIn);
    // A role that asks for a code is closed until it is set up: that comes first.
    response.redirect(303, actor !== null && needsCode(actor) ? '/mon-espace/securite/code' : next);
  }

  async function askCode(
    request: Request,
    response: Response,
    { accountId, rightsVersion, next }: PendingSignIn,
  ): Promise<void> {
    const pending: z.infer<typeof pendingSchema> = { accountId, rightsVersion, next, at: now().getTime() };
    await sessions.note(request, pendingNote, pending);
    response.redirect(303, '/connexion/code');
  }

  router.get('/connexion', async (request, response) => {
    const next = localPath(request.query.suite, ownSpace);
    if (sessions.personOf(request) !== null) return response.redirect(303, next);
    await sendSignIn(request, response, '', next, false);
  });

  router.post('/connexion', async (request, response) => {
    const { email, password, suite } = textsOf(signInSchema, request);
    const next = localPath(suite, ownSpace);
    const outcome =
      email.trim() === '' || password === ''
        ? ({ kind: 'refused' } as const)
        : await authenticate(sessions.passport, request, response);
    if (outcome.kind === 'refused') return sendSignIn(request, response, email, next, true);
    if (outcome.kind === 'code-needed') return askCode(request, response, { ...outcome, next });
    await open(request, response, outcome, next);
  });

  const pendingOf = (request: Request) => pendingSchema.safeParse(sessions.noted(request, pendingNote)).data ?? null;

  router.get('/connexion/code', (request, response) => {
    if (pendingOf(request) === null) return response.redirect(303, '/connexion');
    sendPage(response, views, 'accounts/code', codeModel());
  });

  router.post('/connexion/code', async (request, response) => {
    const pending = pendingOf(request);
    if (pending === null) return response.redirect(303, '/connexion');
    const { code } = textsOf(codeSchema, request);
    const outcome = await accounts.signIn.withCode(pending, code, from(request));
    if (outcome.kind === 'expired') {
      await sessions.note(request, pendingNote, null);
      return response.redirect(303, `/connexion?suite=${encodeURIComponent(localPath(pending.next, ownSpace))}`);
    }
    if (outcome.kind === 'refused') {
      const errors = { code: 'Ce code ne convient pas, ou il a déjà servi. Attendez le suivant.' };
      return sendPage(response, views, 'accounts/code', codeModel(errors), 422);
    }
    await open(request, response, outcome, localPath(pending.next, ownSpace));
  });

  router.post('/deconnexion', async (request, response) => {
    const after = await beforeSignOut(request);
    await sessions.signOut(request, response);
    if (after === null) response.redirect(303, '/connexion?fait=deconnecte');
    else after(response);
  });

  return { router, askCode };
}

/** What the local strategy answered. */
function authenticate(
  passport: Sessions<Actor>['passport'],
  request: Request,
  response: Response,
): Promise<SignInOutcome> {
  return new Promise((resolve, reject) => {
    const end = (error: unknown, _user: unknown, outcome: SignInOutcome) => (error ? reject(error) : resolve(outcome));
    passport.authenticate('local', { session: false }, end)(request, response, reject);
  });
}
