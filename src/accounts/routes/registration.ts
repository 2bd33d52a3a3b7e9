/** /inscription and the forgotten password: what is done without being signed in. */
import { Router } from 'express';
import { z } from 'zod';
import { from, queryText, text, textsOf, unkept, unnamed } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import { emailSchema } from '../model.ts';
import { displayNameSchema } from '../use-cases/profile.ts';
import { termsWords } from '../use-cases/registration.ts';
import type { Accounts } from '../use-cases.ts';
import { passwordSentences } from '../view-models/forms.ts';
import {
  forgottenModel,
  linkModel,
  messageModel,
  newPasswordModel,
  refusedEmail,
  registrationModel,
} from '../view-models/sign-in.ts';

const registrationSchema = z.object({ email: text, password: text, displayName: text, terms: text });
const emailForm = z.object({ email: text });
const tokenForm = z.object({ jeton: text });
const passwordForm = z.object({ jeton: text, password: text });

const closedLink = messageModel(
  'Ce lien ne marche plus',
  'Il a déjà servi, il est trop ancien, ou il a été coupé. Vous pouvez en demander un autre.',
  { label: 'Demander un nouveau lien', href: '/mot-de-passe-oublie' },
);

export function registrationRoutes(parts: {
  readonly accounts: Pick<Accounts, 'registration' | 'reset'>;
  readonly views: Views;
}): Router {
  const { accounts, views } = parts;
  const { registration, reset } = accounts;
  const router = Router();
  router.use(['/inscription', '/mot-de-passe-oublie'], unkept);
  router.use(['/inscription/verifier', '/mot-de-passe/nouveau'], unnamed);

  router.get('/inscription', (_request, response) => {
    const typed = { email: '', displayName: '', terms: false };
    sendPage(response, views, 'accounts/registration', registrationModel(typed, termsWords));
  });

  router.post('/inscription', async (request, response) => {
    const { email, password, displayName, terms } = textsOf(registrationSchema, request);
    const address = emailSchema.safeParse(email);
    const name = displayNameSchema.safeParse(displayName);
    const fault = registration.judgePassword(password, email);
    const errors: FieldErrors = {
      ...(address.success ? {} : refusedEmail),
      ...(fault === null ? {} : { password: passwordSentences[fault] }),
      ...(name.success ? {} : { displayName: 'Écrivez un nom de 80 caractères au plus, sans signe < ni >.' }),
      ...(terms === 'oui' ? {} : { terms: 'Sans cet accord, un compte ne peut pas être ouvert.' }),
    };
    if (!address.success || !name.success || Object.keys(errors).length > 0) {
      const model = registrationModel({ email, displayName, terms: terms === 'oui' }, termsWords, errors);
      return sendPage(response, views, 'accounts/registration', model, 422);
    }
    await registration.register({ email: address.data, password, displayName: name.data }, from(request));
    response.redirect(303, '/inscription/envoye');
  });

  router.get('/inscription/envoye', (_request, response) => {
    const text =
      'Un courriel est parti. Ouvrez son lien pour confirmer votre adresse : il sert une fois, pendant un jour.';
    const model = messageModel('Regardez vos courriels', text, { label: 'Se connecter', href: '/connexion' });
    sendPage(response, views, 'accounts/message', model);
  });

  router.get('/inscription/verifier', async (request, response) => {
    const token = queryText(request, 'jeton');
    if (!(await registration.isOpen(token))) {
      return sendPage(response, views, 'accounts/message', closedLink, 410);
    }
    const words = 'Appuyez sur le bouton pour confirmer que cette adresse est la vôtre.';
    const model = linkModel('Confirmer mon adresse', words, '/inscription/verifier', 'Confirmer mon adresse', token);
    sendPage(response, views, 'accounts/link', model);
  });

  router.post('/inscription/verifier', async (request, response) => {
    const { jeton } = textsOf(tokenForm, request);
    if (await registration.verify(jeton)) return response.redirect(303, '/connexion?fait=adresse-confirmee');
    sendPage(response, views, 'accounts/message', closedLink, 410);
  });

  router.get('/mot-de-passe-oublie', (_request, response) => {
    sendPage(response, views, 'accounts/forgotten', forgottenModel());
  });

  router.post('/mot-de-passe-oublie', async (request, response) => {
    const { email } = textsOf(emailForm, request);
    const address = emailSchema.safeParse(email);
    if (!address.success) {
      return sendPage(response, views, 'accounts/forgotten', forgottenModel(email, refusedEmail), 422);
    }
    await reset.request(address.data, from(request));
    response.redirect(303, '/mot-de-passe-oublie/envoye');
  });

  router.get('/mot-de-passe-oublie/envoye', (_request, response) => {
    const text =
      'Un courriel est parti à cette adresse. Il contient un lien, ou il dit pourquoi il ne peut pas en donner.';
    const model = messageModel('Regardez vos courriels', text, { label: 'Se connecter', href: '/connexion' });
    sendPage(response, views, 'accounts/message', model);
  });

  router.get('/mot-de-passe/nouveau', async (request, response) => {
    const token = queryText(request, 'jeton');
    if (!(await reset.isOpen(token))) return sendPage(response, views, 'accounts/message', closedLink, 410);
    sendPage(response, views, 'accounts/new-password', newPasswordModel(token));
  });

  router.post('/mot-de-passe/nouveau', async (request, response) => {
    const { jeton, password } = textsOf(passwordForm, request);
    const outcome = await reset.choose(jeton, password);
    if (outcome.kind === 'done') return response.redirect(303, '/connexion?fait=mot-de-passe');
    if (outcome.kind === 'closed') return sendPage(response, views, 'accounts/message', closedLink, 410);
    const model = newPasswordModel(jeton, { password: passwordSentences[outcome.password] });
    sendPage(response, views, 'accounts/new-password', model, 422);
  });

  return router;
}
