/** /mon-espace/organisations: the organisations a person acts for; /invitations: the links that lead into one. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { queryText, text, textsOf, unkept, unnamed } from '../../platform/web/answers.ts';
import { type FieldErrors, inSpace, type SpaceLink } from '../../platform/web/forms.ts';
import type { Sessions } from '../../platform/web/session.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { Organisations } from '../use-cases/organisations.ts';
import type { NewRights } from '../use-cases.ts';
import {
  type Confirmation,
  confirmationModel,
  givingOwnership,
  invitationModel,
  leaving,
  newOrganisationModel,
  noOrganisation,
  organisationModel,
  organisationPath,
  organisationsModel,
  organisationsPath,
  removing,
} from '../view-models/organisations.ts';
import type { OrganisationApprovalRoutes } from './organisation-approval.ts';

const creationForm = z.object({ kind: text, name: text, siret: text });
const invitationForm = z.object({ email: text, owner: text });
const noForm = { email: '', owner: false, errors: {} as FieldErrors };

export function organisationRoutes(parts: {
  readonly organisations: Organisations;
  readonly sessions: Pick<Sessions<unknown>, 'signIn'>;
  readonly views: Views;
  /** Entries of the bar of the own space; ours is `/mon-espace/organisations`. */
  readonly spaceLinks: readonly SpaceLink[];
  /** The page of an organisation that waits for an operator. */
  readonly sendApplication: OrganisationApprovalRoutes['sendApplication'];
  actorOf(request: Request): Promise<Actor>;
  now(): Date;
}): Router {
  const { organisations, sessions, views, spaceLinks, sendApplication, actorOf, now } = parts;
  const router = Router();
  router.use(organisationsPath, unkept);
  // The address of an invitation opens it: no cache, no referrer.
  router.use('/invitations', unnamed);

  /** Rights changed: the person's other sessions are over, this one goes on under a new id. */
  async function goOn(request: Request, { accountId, strong }: Actor, { rightsVersion }: NewRights): Promise<void> {
    if (accountId !== null) await sessions.signIn(request, accountId, { strong, rightsVersion });
  }

  function ask(response: Response, confirmation: Confirmation): void {
    const model = confirmationModel(confirmation, inSpace(spaceLinks, organisationsPath));
    sendPage(response, views, 'organisations/confirm', model);
  }

  router.get(organisationsPath, async (request, response) => {
    const actor = await actorOf(request);
    const mine = await organisations.mine(actor);
    const page = { space: spaceLinks, strong: actor.strong, done: queryText(request, 'fait') };
    sendPage(response, views, 'organisations/list', organisationsModel(mine, page));
  });

  router.get(`${organisationsPath}/nouveau`, async (request, response) => {
    await organisations.mine(await actorOf(request));
    sendPage(response, views, 'organisations/new', newOrganisationModel(noOrganisation, {}, spaceLinks));
  });

  router.post(organisationsPath, async (request, response) => {
    const actor = await actorOf(request);
    const typed = textsOf(creationForm, request);
    const outcome = await organisations.create(actor, typed);
    if (outcome.kind === 'refused') {
      return sendPage(
        response,
        views,
        'organisations/new',
        newOrganisationModel(typed, outcome.refusals, spaceLinks),
        422,
      );
    }
    await goOn(request, actor, outcome);
    // A funder has something left to do.
    const place = typed.kind === 'funder' ? organisationPath(outcome.id) : organisationsPath;
    response.redirect(303, `${place}?fait=inscrit`);
  });

  async function sendOrganisation(request: Request, response: Response, id: string, form = noForm): Promise<void> {
    const page = await organisations.page(await actorOf(request), id);
    const model = organisationModel(page, form, { space: spaceLinks, done: queryText(request, 'fait'), now: now() });
    sendPage(response, views, 'organisations/organisation', model, form === noForm ? 200 : 422);
  }

  router.get(`${organisationsPath}/:id`, async (request, response) => {
    const { id } = request.params;
    if (!(await sendApplication(request, response, id))) await sendOrganisation(request, response, id);
  });

  router.post(`${organisationsPath}/:id/invitations`, async (request, response) => {
    const { id } = request.params;
    const { email, owner } = textsOf(invitationForm, request);
    const asked = { email, owner: owner === 'oui' };
    const outcome = await organisations.invite(await actorOf(request), id, asked);
    if (outcome.kind === 'refused')
      return sendOrganisation(request, response, id, { ...asked, errors: outcome.refusals });
    response.redirect(303, `${organisationPath(id)}?fait=invite`);
  });

  router.post(`${organisationsPath}/:id/invitations/:invitation/annuler`, async (request, response) => {
    const { id, invitation } = request.params;
    await organisations.withdrawInvitation(await actorOf(request), id, invitation);
    response.redirect(303, `${organisationPath(id)}?fait=annulee`);
  });

  const memberPath = `${organisationsPath}/:id/membres/:member` as const;

  router.get(`${memberPath}/retirer`, async (request, response) => {
    const { id, member } = request.params;
    const page = await organisations.member(await actorOf(request), id, member);
    ask(response, removing(page.organisation, page.member));
  });

  router.post(`${memberPath}/retirer`, async (request, response) => {
    const { id, member } = request.params;
    await organisations.removeMember(await actorOf(request), id, member);
    response.redirect(303, `${organisationPath(id)}?fait=retire`);
  });

  router.get(`${memberPath}/proprietaire`, async (request, response) => {
    const { id, member } = request.params;
    const page = await organisations.member(await actorOf(request), id, member);
    ask(response, givingOwnership(page.organisation, page.member));
  });

  router.post(`${memberPath}/proprietaire`, async (request, response) => {
    const { id, member } = request.params;
    const actor = await actorOf(request);
    await goOn(request, actor, await organisations.giveOwnership(actor, id, member));
    response.redirect(303, `${organisationPath(id)}?fait=transmis`);
  });

  router.get(`${organisationsPath}/:id/quitter`, async (request, response) => {
    const { organisation, me } = await organisations.toLeave(await actorOf(request), request.params.id);
    ask(response, leaving(organisation, me));
  });

  router.post(`${organisationsPath}/:id/quitter`, async (request, response) => {
    const actor = await actorOf(request);
    await goOn(request, actor, await organisations.leave(actor, request.params.id));
    response.redirect(303, `${organisationsPath}?fait=quitte`);
  });

  router.get('/invitations/:token', async (request, response) => {
    const page = await organisations.invitation(await actorOf(request), request.params.token);
    sendPage(response, views, 'organisations/invitation', invitationModel(page, request.path));
  });

  router.post('/invitations/:token', async (request, response) => {
    const actor = await actorOf(request);
    await goOn(request, actor, await organisations.accept(actor, request.params.token));
    response.redirect(303, `${organisationsPath}?fait=rejoint`);
  });

  return router;
}
