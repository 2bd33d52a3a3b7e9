/** /admin/sources: what an operator decides about sources. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { Operating } from '../use-cases/operating.ts';
import {
  operatedClosingModel,
  operatedPath,
  operatedSourceModel,
  operatedSourcePath,
  sourcesModel,
} from '../view-models/operating.ts';
import { reasonRefusal } from './own.ts';

const reasonsForm = z.object({ 'reason-refuse': text, 'reason-pause': text, reason: text });

export function operatingRoutes(parts: {
  readonly operating: Operating;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { operating, views, actorOf } = parts;
  const router = Router();
  router.use('/admin', unkept);

  router.get(operatedPath, async (request, response) => {
    const asked = queryText(request, 'page');
    const page = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
    const all = await operating.list(await actorOf(request));
    sendPage(response, views, 'admin/sources', sourcesModel(all, page, queryText(request, 'fait')));
  });

  async function sendSource(
    request: Request,
    response: Response,
    id: string,
    refused: { readonly act: string; readonly typed: string; readonly errors: FieldErrors } = {
      act: '',
      typed: '',
      errors: {},
    },
  ) {
    const page = await operating.page(await actorOf(request), id);
    const model = operatedSourceModel(page, { done: queryText(request, 'fait'), ...refused });
    sendPage(response, views, 'admin/source', model, refused.act === '' ? 200 : 422);
  }

  router.get('/admin/sources/:id', (request, response) => sendSource(request, response, request.params.id));

  router.post('/admin/sources/:id/accepter', async (request, response) => {
    const { id } = request.params;
    await operating.accept(await actorOf(request), id);
    response.redirect(303, `${operatedSourcePath(id)}?fait=acceptee`);
  });

  router.post('/admin/sources/:id/activer', async (request, response) => {
    const { id } = request.params;
    await operating.activate(await actorOf(request), id);
    response.redirect(303, `${operatedSourcePath(id)}?fait=active`);
  });

  router.post('/admin/sources/:id/refuser', async (request, response) => {
    const { id } = request.params;
    const typed = textsOf(reasonsForm, request)['reason-refuse'];
    try {
      await operating.refuse(await actorOf(request), id, typed);
    } catch (error) {
      const errors = { 'reason-refuse': reasonRefusal(error) };
      return sendSource(request, response, id, { act: 'refuse', typed, errors });
    }
    response.redirect(303, `${operatedSourcePath(id)}?fait=refusee`);
  });

  router.post('/admin/sources/:id/pause', async (request, response) => {
    const { id } = request.params;
    const typed = textsOf(reasonsForm, request)['reason-pause'];
    try {
      await operating.pause(await actorOf(request), id, typed);
    } catch (error) {
      const errors = { 'reason-pause': reasonRefusal(error) };
      return sendSource(request, response, id, { act: 'pause', typed, errors });
    }
    response.redirect(303, `${operatedSourcePath(id)}?fait=pause`);
  });

  async function askToClose(request: Request, response: Response, id: string, typed = '', errors: FieldErrors = {}) {
    const model = operatedClosingModel(await operating.closing(await actorOf(request), id), typed, errors);
    sendPage(response, views, 'admin/source-fermer', model, Object.keys(errors).length === 0 ? 200 : 422);
  }

  router.get('/admin/sources/:id/fermer', (request, response) => askToClose(request, response, request.params.id));

  router.post('/admin/sources/:id/fermer', async (request, response) => {
    const { id } = request.params;
    const { reason } = textsOf(reasonsForm, request);
    try {
      await operating.close(await actorOf(request), id, reason);
    } catch (error) {
      return askToClose(request, response, id, reason, { reason: reasonRefusal(error) });
    }
    response.redirect(303, `${operatedSourcePath(id)}?fait=fermee`);
  });

  return router;
}
