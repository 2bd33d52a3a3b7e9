/** /fournisseur: the sources of the organisations a person acts for. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { Drafting } from '../use-cases/drafting.ts';
import type { Own } from '../use-cases/own.ts';
import { closeModel, homeModel, sourceModel, sourcePath } from '../view-models/own.ts';
import { homePath } from '../view-models/space.ts';

const reasonForm = z.object({ reason: text });

/** The sentence of a written reason that is missing or too long. @throws anything else */
export function reasonRefusal(error: unknown): string {
  if (error instanceof AppError && error.kind === 'invalid') return error.publicMessage;
  throw error;
}

export function ownSourceRoutes(parts: {
  readonly own: Own;
  readonly drafting: Pick<Drafting, 'draft'>;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { own, drafting, views, actorOf } = parts;
  const router = Router();
  router.use(homePath, unkept);

  router.get(homePath, async (request, response) => {
    const home = await own.home(await actorOf(request));
    sendPage(response, views, 'fournisseur/accueil', homeModel(home, queryText(request, 'fait')));
  });

  async function sendSource(request: Request, response: Response, id: string, errors: FieldErrors = {}) {
    const actor = await actorOf(request);
    const page = await own.page(actor, id);
    const model = sourceModel(page, await drafting.draft(actor, id), { done: queryText(request, 'fait'), errors });
    sendPage(response, views, 'fournisseur/source', model, Object.keys(errors).length === 0 ? 200 : 422);
  }

  router.get('/fournisseur/sources/:id', (request, response) => sendSource(request, response, request.params.id));

  router.post('/fournisseur/sources/:id/collectes', async (request, response) => {
    const { id } = request.params;
    await own.run(await actorOf(request), id);
    response.redirect(303, `${sourcePath(id)}?fait=collecte`);
  });

  router.post('/fournisseur/sources/:id/pause', async (request, response) => {
    const { id } = request.params;
    try {
      await own.pause(await actorOf(request), id, textsOf(reasonForm, request).reason);
    } catch (error) {
      return sendSource(request, response, id, { reason: reasonRefusal(error) });
    }
    response.redirect(303, `${sourcePath(id)}?fait=pause`);
  });

  router.post('/fournisseur/sources/:id/reprise', async (request, response) => {
    const { id } = request.params;
    await own.resume(await actorOf(request), id);
    response.redirect(303, `${sourcePath(id)}?fait=reprise`);
  });

  async function askToClose(request: Request, response: Response, id: string, errors: FieldErrors = {}) {
    const model = closeModel(await own.closing(await actorOf(request), id), errors);
    sendPage(response, views, 'fournisseur/fermer', model, Object.keys(errors).length === 0 ? 200 : 422);
  }

  router.get('/fournisseur/sources/:id/fermer', (request, response) =>
    askToClose(request, response, request.params.id),
  );

  router.post('/fournisseur/sources/:id/fermer', async (request, response) => {
    const { id } = request.params;
    try {
      await own.close(await actorOf(request), id, textsOf(reasonForm, request).reason);
    } catch (error) {
      return askToClose(request, response, id, { reason: reasonRefusal(error) });
    }
    response.redirect(303, `${sourcePath(id)}?fait=fermee`);
  });

  return router;
}
