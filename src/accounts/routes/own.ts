/** /mon-espace/profil and /mon-espace/securite. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { queryText, text, textsOf, unkept, unnamed } from '../../platform/web/answers.ts';
import type { FieldErrors, SpaceLink } from '../../platform/web/forms.ts';
import type { Sessions } from '../../platform/web/session.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { emailSchema } from '../model.ts';
import { displayNameSchema } from '../use-cases/profile.ts';
import type { Accounts } from '../use-cases.ts';
import { emailSentence, passwordSentences } from '../view-models/forms.ts';
import {
  codeSetUpModel,
  profileModel,
  profilePath,
  recoveryCodesModel,
  securityModel,
  securityPath,
  type TypedProfile,
} from '../view-models/security.ts';
import { linkModel, messageModel } from '../view-models/sign-in.ts';

const nameForm = z.object({ displayName: text });
const addressForm = z.object({ email: text, password: text });
const tokenForm = z.object({ jeton: text });
const passwordForm = z.object({ current: text, next: text });
const sessionForm = z.object({ session: text });
const codeForm = z.object({ code: text });
const removalForm = z.object({ codePassword: text });

const notYours = 'Ce mot de passe ne convient pas.';
const codePath = `${securityPath}/code`;
const addressPath = `${profilePath}/adresse`;

export function ownAccountRoutes(parts: {
  readonly accounts: Pick<Accounts, 'profile' | 'sessions' | 'codes'>;
  readonly sessions: Pick<Sessions<Actor>, 'signIn' | 'idOf'>;
  readonly views: Views;
  /** Entries of the bar of the own space. */
  readonly spaceLinks: readonly SpaceLink[];
  readonly identitiesOffered: boolean;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { accounts, sessions, views, spaceLinks, identitiesOffered, actorOf } = parts;
  const router = Router();
  router.use([profilePath, securityPath], unkept);
  router.use(addressPath, unnamed);

  async function sendProfile(
    request: Request,
    response: Response,
    options: { readonly typed?: TypedProfile; readonly errors?: FieldErrors } = {},
  ): Promise<void> {
    const account = await accounts.profile.read(await actorOf(request));
    const model = profileModel(account, spaceLinks, { ...options, done: queryText(request, 'fait') });
    sendPage(response, views, 'accounts/profile', model, options.errors === undefined ? 200 : 422);
  }

  router.get(profilePath, (request, response) => sendProfile(request, response));

  router.post(`${profilePath}/nom`, async (request, response) => {
    const { displayName } = textsOf(nameForm, request);
    const name = displayNameSchema.safeParse(displayName);
    if (!name.success) {
      const errors = { displayName: 'Écrivez un nom de 80 caractères au plus, sans signe < ni >.' };
      return sendProfile(request, response, { typed: { displayName, email: '' }, errors });
    }
    await accounts.profile.rename(await actorOf(request), name.data);
    response.redirect(303, `${profilePath}?fait=nom`);
  });

  router.post(addressPath, async (request, response) => {
    const { email, password } = textsOf(addressForm, request);
    const actor = await actorOf(request);
    const { displayName } = await accounts.profile.read(actor);
    const refuse = (errors: FieldErrors) =>
      sendProfile(request, response, { typed: { displayName: displayName ?? '', email }, errors });
    const address = emailSchema.safeParse(email);
    if (!address.success) return refuse({ email: emailSentence });
    if (!(await accounts.profile.requestEmail(actor, address.data, password))) return refuse({ password: notYours });
    response.redirect(303, `${profilePath}?fait=adresse-demandee`);
  });

  const closedLink = messageModel(
    'Ce lien ne marche plus',
    'Il a déjà servi, il est trop ancien, ou il est fait pour un autre compte. Votre adresse ne change pas.',
    { label: 'Mon profil', href: profilePath },
  );

  router.get(`${addressPath}/confirmer`, async (request, response) => {
    const token = queryText(request, 'jeton');
    if (!(await accounts.profile.isEmailLinkOpen(await actorOf(request), token))) {
      return sendPage(response, views, 'accounts/message', closedLink, 410);
    }
    const words = 'Appuyez sur le bouton pour que votre compte utilise cette adresse.';
    const action = `${addressPath}/confirmer`;
    sendPage(
      response,
      views,
      'accounts/link',
      linkModel('Changer mon adresse', words, action, 'Changer mon adresse', token),
    );
  });

  router.post(`${addressPath}/confirmer`, async (request, response) => {
    const { jeton } = textsOf(tokenForm, request);
    if (await accounts.profile.confirmEmail(await actorOf(request), jeton)) {
      return response.redirect(303, `${profilePath}?fait=adresse`);
    }
    sendPage(response, views, 'accounts/message', closedLink, 410);
  });

  async function sendSecurity(request: Request, response: Response, errors?: FieldErrors): Promise<void> {
    const actor = await actorOf(request);
    const [account, open, code] = await Promise.all([
      accounts.profile.read(actor),
      accounts.sessions.list(actor),
      accounts.codes.state(actor),
    ]);
    const state = {
      sessions: open,
      currentId: sessions.idOf(request),
      hasPassword: account.passwordHash !== null,
      identities: { linked: account.identities.length, offered: identitiesOffered },
      code,
    };
    const options = { done: queryText(request, 'fait'), ...(errors === undefined ? {} : { errors }) };
    sendPage(
      response,
      views,
      'accounts/security',
      securityModel(state, spaceLinks, options),
      errors === undefined ? 200 : 422,
    );
  }

  /** Rights changed: the others' sessions are over, this one goes on under a new id. */
  async function goOn(request: Request, { accountId, strong }: Actor, rightsVersion: number): Promise<void> {
    if (accountId !== null) await sessions.signIn(request, accountId, { strong, rightsVersion });
  }

  router.get(securityPath, (request, response) => sendSecurity(request, response));

  router.post(`${securityPath}/mot-de-passe`, async (request, response) => {
    const { current, next } = textsOf(passwordForm, request);
    const actor = await actorOf(request);
    const outcome = await accounts.profile.changePassword(actor, current, next);
    if (outcome.kind === 'wrong-password') return sendSecurity(request, response, { current: notYours });
    if (outcome.kind === 'refused') {
      return sendSecurity(request, response, { next: passwordSentences[outcome.password] });
    }
    await goOn(request, actor, outcome.rightsVersion);
    response.redirect(303, `${securityPath}?fait=mot-de-passe`);
  });

  router.post(`${securityPath}/sessions`, async (request, response) => {
    const { session } = textsOf(sessionForm, request);
    await accounts.sessions.revoke(await actorOf(request), session);
    response.redirect(
      303,
      session === sessions.idOf(request) ? '/connexion?fait=deconnecte' : `${securityPath}?fait=session`,
    );
  });

  router.post(`${securityPath}/sessions/autres`, async (request, response) => {
    await accounts.sessions.revokeOthers(await actorOf(request), sessions.idOf(request));
    response.redirect(303, `${securityPath}?fait=sessions`);
  });

  async function sendSetUp(request: Request, response: Response, errors?: FieldErrors): Promise<void> {
    const actor = await actorOf(request);
    const [setUp, { required }] = [await accounts.codes.setUp(actor), await accounts.codes.state(actor)];
    const model = codeSetUpModel(setUp, spaceLinks, required, errors);
    sendPage(response, views, 'accounts/code-set-up', model, errors === undefined ? 200 : 422);
  }

  router.get(codePath, (request, response) => sendSetUp(request, response));

  router.post(codePath, async (request, response) => {
    const { code } = textsOf(codeForm, request);
    const actor = await actorOf(request);
    const outcome = await accounts.codes.confirm(actor, code);
    if (outcome.kind === 'refused') {
      return sendSetUp(request, response, {
        code: "Ce code ne convient pas. Vérifiez la clé et l'heure du téléphone.",
      });
    }
    await goOn(request, { ...actor, strong: true }, outcome.rightsVersion);
    // Not a redirect: these codes are shown once and kept nowhere.
    sendPage(response, views, 'accounts/recovery-codes', recoveryCodesModel(outcome.recoveryCodes, spaceLinks));
  });

  router.post(`${codePath}/retirer`, async (request, response) => {
    const { codePassword } = textsOf(removalForm, request);
    const actor = await actorOf(request);
    const outcome = await accounts.codes.remove(actor, codePassword);
    if (outcome.kind === 'refused') return sendSecurity(request, response, { codePassword: notYours });
    await goOn(request, { ...actor, strong: false }, outcome.rightsVersion);
    response.redirect(303, `${securityPath}?fait=sans-code`);
  });

  return router;
}
