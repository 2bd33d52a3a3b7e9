/** The check of a funder organisation: what its owner sends, and /admin/organismes where an operator decides. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import { sendAttachment } from '../../platform/web/attachment.ts';
import type { FieldErrors, SpaceLink } from '../../platform/web/forms.ts';
import { readUpload, refusalOf } from '../../platform/web/upload.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { type Approvals, proofBytes } from '../use-cases/organisation-approval.ts';
import {
  type ApplicationFields,
  applicationModel,
  approvalsModel,
  approvalsPath,
  decisionModel,
} from '../view-models/organisation-approval.ts';
import { organisationPath, organisationsPath } from '../view-models/organisations.ts';

/** Longer than a line: its use case says how long it may be. */
const longText = z.string().default('');
const applicationForm = z.object({ name: text, siret: text, statement: longText });
const refusalForm = z.object({ reason: longText });

export interface OrganisationApprovalRoutes {
  readonly router: Router;
  /** The page of an organisation that may not act yet. @returns false, without an answer, for one that may */
  sendApplication(request: Request, response: Response, id: string): Promise<boolean>;
}

export function organisationApprovalRoutes(parts: {
  readonly approvals: Approvals;
  readonly views: Views;
  /** Entries of the bar of the own space. */
  readonly spaceLinks: readonly SpaceLink[];
  actorOf(request: Request): Promise<Actor>;
}): OrganisationApprovalRoutes {
  const { approvals, views, spaceLinks, actorOf } = parts;
  const router = Router();
  router.use(approvalsPath, unkept);

  async function sendApplication(
    request: Request,
    response: Response,
    id: string,
    refused: { readonly typed: ApplicationFields; readonly errors: FieldErrors } | null = null,
  ): Promise<boolean> {
    const pending = await approvals.pending(await actorOf(request), id);
    if (pending === null) return false;
    const page = { space: spaceLinks, done: queryText(request, 'fait') };
    const model = applicationModel(pending, refused?.typed ?? null, refused?.errors ?? {}, page);
    sendPage(response, views, 'organisations/application', model, refused === null ? 200 : 422);
    return true;
  }

  router.post(`${organisationsPath}/:id/demande`, async (request, response) => {
    const { id } = request.params;
    const actor = await actorOf(request);
    await approvals.requireOpen(actor, id);
    const { fields, file } = await readUpload(request, { maxBytes: proofBytes, maxFields: 3 });
    const typed = textsOf(applicationForm, { body: fields });
    let errors: FieldErrors;
    try {
      const outcome = await approvals.apply(actor, id, typed, file);
      if (outcome.kind === 'done') return response.redirect(303, `${organisationPath(id)}?fait=demande`);
      errors = outcome.refusals;
    } catch (error) {
      errors = { document: await refusalOf(request, error) };
    }
    await sendApplication(request, response, id, { typed, errors });
  });

  router.get(approvalsPath, async (request, response) => {
    const asked = queryText(request, 'page');
    const page = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
    const list = await approvals.waiting(await actorOf(request), page);
    sendPage(response, views, 'admin/organisations', approvalsModel(list, queryText(request, 'fait')));
  });

  async function sendDecision(
    request: Request,
    response: Response,
    id: string,
    refused: { readonly typed: string; readonly errors: FieldErrors } | null,
  ) {
    const view = await approvals.application(await actorOf(request), id);
    const model = decisionModel(view, refused?.typed ?? '', refused?.errors ?? {});
    sendPage(response, views, 'admin/organisation', model, refused === null ? 200 : 422);
  }

  router.get(`${approvalsPath}/:id`, (request, response) => sendDecision(request, response, request.params.id, null));

  router.get(`${approvalsPath}/:id/justificatif`, async (request, response) => {
    await sendAttachment(response, await approvals.document(await actorOf(request), request.params.id));
  });

  router.post(`${approvalsPath}/:id/accepter`, async (request, response) => {
    await approvals.accept(await actorOf(request), request.params.id);
    response.redirect(303, `${approvalsPath}?fait=accepte`);
  });

  router.post(`${approvalsPath}/:id/refuser`, async (request, response) => {
    const { id } = request.params;
    const { reason } = textsOf(refusalForm, request);
    const outcome = await approvals.refuse(await actorOf(request), id, reason);
    if (outcome.kind === 'done') return response.redirect(303, `${approvalsPath}?fait=refuse`);
    await sendDecision(request, response, id, { typed: reason, errors: outcome.refusals });
  });

  return { router, sendApplication };
}
