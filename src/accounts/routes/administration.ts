/** /admin/comptes and /admin/journal: what an operator sees of accounts and of the audit trail. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { AuditVerification } from '../../platform/audit.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import type { Sessions } from '../../platform/web/session.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { type Administration, type GrantableRole, isGrantable, type OwnRights } from '../use-cases/administration.ts';
import {
  accountModel,
  accountPath,
  accountsModel,
  accountsPath,
  disableCodeModel,
  endSessionsModel,
  takeBackModel,
  trailModel,
  trailPath,
} from '../view-models/administration.ts';

const searchForm = z.object({ q: text });
const confirmView = 'admin/confirm';

/** Past this page, an account is found by its address. */
const lastPage = 100_000;

export function administrationRoutes(parts: {
  readonly administration: Administration;
  readonly sessions: Pick<Sessions<unknown>, 'signIn'>;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { administration, sessions, views, actorOf } = parts;
  const router = Router();
  router.use('/admin', unkept);

  function pageOf(request: Request): number {
    const asked = queryText(request, 'page');
    return /^[1-9]\d{0,5}$/.test(asked) ? Math.min(Number(asked), lastPage) : 1;
  }

  async function sendList(request: Request, response: Response, form = { typed: '', errors: {} as FieldErrors }) {
    const list = await administration.list(await actorOf(request), pageOf(request));
    const status = Object.keys(form.errors).length === 0 ? 200 : 422;
    sendPage(response, views, 'admin/accounts', accountsModel(list, form), status);
  }

  router.get(accountsPath, (request, response) => sendList(request, response));

  // By POST: an address of a person has no place in an address of a page.
  router.post(accountsPath, async (request, response) => {
    const { q } = textsOf(searchForm, request);
    const found = await administration.find(await actorOf(request), q);
    if (found !== null) return response.redirect(303, accountPath(found));
    await sendList(request, response, { typed: q, errors: { q: 'Aucun compte ne correspond exactement.' } });
  });

  router.get(`${accountsPath}/:id`, async (request, response) => {
    const page = await administration.account(await actorOf(request), request.params.id);
    sendPage(response, views, 'admin/account', accountModel(page, queryText(request, 'fait')));
  });

  function roleOf(name: string): GrantableRole {
    if (isGrantable(name)) return name;
    throw new AppError('not-found', 'ROLE_INCONNU', "Cette page n'existe pas.");
  }

  /** After a change of the own rights, the session goes on under a new id. */
  async function goOn(request: Request, { accountId, strong }: Actor, { rightsVersion }: OwnRights): Promise<void> {
    if (accountId !== null && rightsVersion !== null)
      await sessions.signIn(request, accountId, { strong, rightsVersion });
  }

  router.post(`${accountsPath}/:id/roles/:role/donner`, async (request, response) => {
    const { id, role } = request.params;
    const actor = await actorOf(request);
    await goOn(request, actor, await administration.grant(actor, id, roleOf(role)));
    response.redirect(303, `${accountPath(id)}?fait=donne`);
  });

  router.get(`${accountsPath}/:id/roles/:role/retirer`, async (request, response) => {
    const { id, role } = request.params;
    const { account } = await administration.account(await actorOf(request), id);
    sendPage(response, views, confirmView, takeBackModel(account, roleOf(role)));
  });

  router.post(`${accountsPath}/:id/roles/:role/retirer`, async (request, response) => {
    const { id, role } = request.params;
    const actor = await actorOf(request);
    const name = roleOf(role);
    await goOn(request, actor, await administration.takeBack(actor, id, name));
    // Without the own role of operator, these pages are closed.
    const closed = name === 'operator' && id === actor.accountId;
    response.redirect(303, closed ? '/mon-espace' : `${accountPath(id)}?fait=retire`);
  });

  router.get(`${accountsPath}/:id/connexions`, async (request, response) => {
    const { account } = await administration.account(await actorOf(request), request.params.id);
    sendPage(response, views, confirmView, endSessionsModel(account));
  });

  router.post(`${accountsPath}/:id/connexions`, async (request, response) => {
    const { id } = request.params;
    await administration.endSessions(await actorOf(request), id);
    response.redirect(303, `${accountPath(id)}?fait=connexions`);
  });

  router.get(`${accountsPath}/:id/code`, async (request, response) => {
    const { account } = await administration.account(await actorOf(request), request.params.id);
    sendPage(response, views, confirmView, disableCodeModel(account));
  });

  router.post(`${accountsPath}/:id/code`, async (request, response) => {
    const { id } = request.params;
    await administration.disableOneTimeCode(await actorOf(request), id);
    response.redirect(303, `${accountPath(id)}?fait=code`);
  });

  async function sendTrail(
    request: Request,
    response: Response,
    verification: AuditVerification | null,
  ): Promise<void> {
    const about = queryText(request, 'compte').trim();
    const before = queryText(request, 'avant');
    const trail = await administration.trail(await actorOf(request), {
      ...(about === '' ? {} : { about }),
      ...(/^[1-9]\d{0,14}$/.test(before) ? { before: Number(before) } : {}),
    });
    // Somebody looks for a person with what names the person: the trail does not know it.
    const errors: FieldErrors = about.includes('@')
      ? { compte: 'Le journal ne connaît pas les adresses : donnez le numéro du compte.' }
      : {};
    sendPage(response, views, 'admin/trail', trailModel(trail, { about, errors, verification }));
  }

  router.get(trailPath, (request, response) => sendTrail(request, response, null));

  // It reads the whole trail: by POST, so that no program that follows links starts it.
  router.post(`${trailPath}/verification`, async (request, response) => {
    await sendTrail(request, response, await administration.verifyTrail(await actorOf(request)));
  });

  return router;
}
