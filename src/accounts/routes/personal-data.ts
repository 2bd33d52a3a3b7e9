/** `/mon-espace/donnees`: what is kept, its download, consents, and the erasure of the account. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { SpaceLink } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { PersonalData } from '../use-cases/personal-data.ts';
import { termsPurpose } from '../use-cases/registration.ts';
import { erasedModel, erasureModel, personalDataModel } from '../view-models/personal-data.ts';

const consentForm = z.object({ purpose: text, at: text });
const passwordForm = z.object({ password: text });

const page = '/mon-espace/donnees';

export function personalDataRoutes(parts: {
  readonly personalData: PersonalData;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
  /** Start of the session; null for a visitor. */
  signedInAt(request: Request): Date | null;
  signOut(request: Request, response: Response): Promise<void>;
  /** The bar of the own space. */
  readonly spaceLinks: readonly SpaceLink[];
}): Router {
  const { personalData, views, spaceLinks: space, actorOf, signedInAt, signOut } = parts;
  const router = Router();
  router.use(page, unkept);

  router.get(page, async (request, response) => {
    const actor = await actorOf(request);
    const [held, consents] = await Promise.all([personalData.held(actor), personalData.consents(actor)]);
    sendPage(response, views, 'mon-espace/donnees', personalDataModel(held, consents, { termsPurpose, space }));
  });

  router.get(`${page}/telecharger`, async (request, response) => {
    const { fileName, content } = await personalData.download(await actorOf(request));
    response
      .attachment(fileName)
      .type('application/json')
      .send(`${JSON.stringify(content, null, 2)}\n`);
  });

  router.post(`${page}/accords`, async (request, response) => {
    const actor = await actorOf(request);
    const { purpose, at } = textsOf(consentForm, request);
    await personalData.withdrawConsent(actor, purpose, new Date(at));
    response.redirect(303, `${page}#accords`);
  });

  async function sendErasure(request: Request, response: Response, error: string | null): Promise<void> {
    const effect = await personalData.effect(await actorOf(request), signedInAt(request));
    sendPage(response, views, 'mon-espace/effacer', erasureModel(effect, { error, space }), error === null ? 200 : 422);
  }

  router.get(`${page}/effacer`, (request, response) => sendErasure(request, response, null));

  router.post(`${page}/effacer`, async (request, response) => {
    const actor = await actorOf(request);
    const { password } = textsOf(passwordForm, request);
    if (!(await personalData.eraseOwn(actor, { password, signedInAt: signedInAt(request) }))) {
      const error = password !== '' ? "Ce n'est pas votre mot de passe." : 'Tapez votre mot de passe.';
      await sendErasure(request, response, error);
      return;
    }
    await signOut(request, response);
    response.redirect(303, '/compte-efface');
  });

  router.get('/compte-efface', (_request, response) => {
    sendPage(response, views, 'accounts/erased', erasedModel);
  });

  return router;
}
