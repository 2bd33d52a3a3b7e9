/** `/connexion/:provider`: signing in with an identity of elsewhere, linking one from the profile, signing out there too. */
import { randomBytes } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Secrets } from '../../platform/secrets.ts';
import { localPath } from '../../platform/web/address.ts';
import { queryText } from '../../platform/web/answers.ts';
import { inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Sessions } from '../../platform/web/session.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import {
  attemptSchema,
  callbackPath,
  type Identities,
  type IdentityEnd,
  type IdentityRefusal,
  signedOutPath,
} from '../use-cases/identity.ts';
import { awayModel, identitiesModel, refusalModel, unlinkingConfirmation } from '../view-models/identity.ts';
import { confirmationModel } from '../view-models/organisations.ts';
import { identitiesPath, securityPath } from '../view-models/security.ts';

const attemptNote = 'identityAttempt';
const openedNote = 'identityOpened';
/** Who opened this session: what the provider needs to sign the person out there. The token holds personal data: sealed. */
const openedSchema = z.object({ provider: z.string(), title: z.string(), sealedToken: z.string() });

const statusOf: Readonly<Record<IdentityRefusal['reason'], number>> = {
  // The person decided; nothing went wrong.
  consent: 200,
  expired: 400,
  unverified: 400,
  taken: 409,
  'address-known': 409,
  rejected: 503,
  unavailable: 503,
};

export interface IdentityRouteParts {
  readonly identities: Identities;
  readonly sessions: Pick<Sessions<unknown>, 'note' | 'noted' | 'signIn' | 'signOut'>;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  readonly views: Views;
  readonly log: Log;
  /** Entries of the bar of the own space. */
  readonly spaceLinks: readonly SpaceLink[];
  actorOf(request: Request): Promise<Actor>;
  /** Keeps that the first step succeeded, and answers with the page that asks for the one-time code. */
  askCode(
    request: Request,
    response: Response,
    pending: { readonly accountId: string; readonly rightsVersion: number; readonly next: string },
  ): Promise<void>;
}

export interface IdentityRoutes {
  readonly router: Router;
  /**
   * Before our own sign-out, which drops what it reads. Answers what then leads the browser to the provider's sign-out; null
   * when the session was not opened by a provider, or when that one offers none.
   */
  beforeSignOut(request: Request): Promise<((response: Response) => void) | null>;
}

/**
 * A page that leads to another site at once. Not a redirect: browsers apply the policy on forms (`form-action 'self'`) to
 * every redirect that follows one, and a provider may redirect to sites that nobody can list.
 */
function sendAway(
  response: Response,
  views: Views,
  away: { readonly url: string; readonly title: string; readonly purpose: 'sign-in' | 'sign-out' },
): void {
  response.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', Refresh: `0;url=${away.url}` });
  sendPage(response, views, 'accounts/identity-away', awayModel(away));
}

export function identityRoutes(parts: IdentityRouteParts): IdentityRoutes {
  const { identities, sessions, secrets, views, log, spaceLinks, actorOf, askCode } = parts;
  const router = Router();
  const titleOf = (id: string) => identities.choices.find((choice) => choice.id === id)?.title ?? null;

  function sendRefusal(response: Response, provider: string, refusal: IdentityRefusal, linking: boolean): void {
    const { reason, detail } = refusal;
    // Our settings may be wrong, or somebody may be trying: both are worth a line. No value of the provider's answer.
    if (reason !== 'consent') log.warn({ provider, reason, detail }, 'identity refused');
    response.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    sendPage(response, views, 'accounts/identity-refused', refusalModel(refusal, linking), statusOf[reason]);
  }

  /** A POST with our token: another site must not start a sign-in, even less a link, in a visitor's name. */
  async function begin(request: Request<{ provider: string }>, response: Response, link: boolean): Promise<void> {
    const { provider } = request.params;
    const body: unknown = request.body;
    const asked = typeof body === 'object' && body !== null ? Reflect.get(body, 'suite') : undefined;
    const next = link ? `${identitiesPath}?fait=relie` : localPath(asked, '/mon-espace');
    const begun = await identities.begin({ provider, link, next }, await actorOf(request));
    if (begun.outcome === 'refused') {
      sendRefusal(response, provider, begun, link);
      return;
    }
    await sessions.note(request, attemptNote, begun.attempt);
    sendAway(response, views, { url: begun.url, title: titleOf(provider) ?? '', purpose: 'sign-in' });
  }

  router.post('/connexion/:provider', async (request, response, next) => {
    // Other forms live beside: /connexion/code.
    if (titleOf(request.params.provider) === null) return next();
    await begin(request, response, false);
  });

  router.get(identitiesPath, async (request, response) => {
    const linked = await identities.ownIdentities(await actorOf(request));
    const model = identitiesModel(identities.choices, linked, spaceLinks, queryText(request, 'fait'));
    sendPage(response, views, 'accounts/identities', model);
  });

  const named = ({ provider, linkedAt }: { readonly provider: string; readonly linkedAt: string }) => ({
    provider,
    linkedAt: Number(linkedAt),
  });
  const unlinkRoute = `${identitiesPath}/:provider/:linkedAt/retirer`;

  router.get(unlinkRoute, async (request, response) => {
    const unlinking = await identities.unlinking(await actorOf(request), named(request.params));
    const confirmation = unlinkingConfirmation(identities.choices, unlinking);
    sendPage(response, views, 'accounts/unlink', confirmationModel(confirmation, inSpace(spaceLinks, securityPath)));
  });

  router.post(unlinkRoute, async (request, response) => {
    await identities.unlink(await actorOf(request), named(request.params));
    await sessions.signOut(request, response);
    response.redirect(303, '/connexion?fait=service-retire');
  });

  router.post(`${identitiesPath}/:provider`, (request: Request<{ provider: string }>, response) =>
    begin(request, response, true),
  );

  router.get(callbackPath(':provider'), async (request: Request<{ provider: string }>, response) => {
    const { provider } = request.params;
    const kept = attemptSchema
      .nullable()
      .catch(null)
      .parse(sessions.noted(request, attemptNote) ?? null);
    // Taken out before anything else: an attempt serves once.
    if (kept !== null) await sessions.note(request, attemptNote, null);
    const actor = await actorOf(request);
    const end: IdentityEnd = await identities.finish(
      { provider, attempt: kept, callbackUrl: request.originalUrl },
      actor,
    );
    if (end.outcome === 'refused') {
      sendRefusal(response, provider, end, kept?.linkTo != null);
      return;
    }
    response.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    if (end.outcome === 'code-needed') {
      const { id: accountId, rightsVersion } = end.account;
      await askCode(request, response, { accountId, rightsVersion, next: end.next });
      return;
    }
    if (end.outcome === 'signed-in') {
      const { id, rightsVersion } = end.account;
      await sessions.signIn(request, id, { strong: false, rightsVersion });
      const sealedToken = secrets.seal(end.idToken);
      await sessions.note(request, openedNote, { provider, title: titleOf(provider) ?? '', sealedToken });
    }
    response.redirect(303, end.next);
  });

  // Where providers send the browser after a sign-out. Nothing is done here, so nothing of the address is read.
  router.get(signedOutPath, (_request, response) => response.redirect(303, '/connexion?fait=deconnecte'));

  return {
    router,
    async beforeSignOut(request) {
      const opened = openedSchema.safeParse(sessions.noted(request, openedNote));
      if (!opened.success) return null;
      const { provider, title, sealedToken } = opened.data;
      let idToken: string;
      try {
        idToken = secrets.open(sealedToken);
      } catch (error) {
        // The key was changed since: the person still signs out here.
        if (error instanceof AppError && error.kind === 'unavailable') return null;
        throw error;
      }
      const url = await identities.logoutUrl({ provider, idToken, state: randomBytes(32).toString('base64url') });
      return url === null ? null : (response) => sendAway(response, views, { url, title, purpose: 'sign-out' });
    },
  };
}
