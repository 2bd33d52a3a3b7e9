/** Reused identifiers: the answer on a page of the record, and, for those who review, all that wait. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { type RecordRef, readRecordKey } from '../model/correcting.ts';
import type { Identifiers } from '../use-cases/identifiers.ts';
import {
  type IdentifierForm,
  identifierModel,
  identifierPath,
  unanswered,
  waitingModel,
  waitingPath,
} from '../view-models/identifiers.ts';

const answerForm = z.object({ reponse: text, motif: text, version: text });
const longestKey = 4_000;

export function identifierRoutes(parts: {
  readonly identifiers: Identifiers;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { identifiers, views, actorOf } = parts;
  const router = Router();
  router.use(['/admin', '/fournisseur'], unkept);

  router.get(waitingPath, async (request, response) => {
    const asked = queryText(request, 'page');
    const page = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
    const list = await identifiers.waiting(await actorOf(request), page);
    sendPage(response, views, 'admin/revue-identifiants', waitingModel(list));
  });

  function refOf(key: string): RecordRef {
    const ref = readRecordKey(key.slice(0, longestKey));
    if (ref === null) throw new AppError('not-found', 'FICHE_INCONNUE', "Cette page n'existe pas.");
    return ref;
  }

  async function sendRecord(request: Request, response: Response, ref: RecordRef, form: IdentifierForm = unanswered) {
    const record = await identifiers.record(await actorOf(request), ref);
    const model = identifierModel(record, queryText(request, 'fait') === 'reponse', form);
    sendPage(response, views, 'fournisseur/identifiant', model, form === unanswered ? 200 : 422);
  }

  for (const [space, reader] of [
    ['/fournisseur', 'organisation'],
    ['/admin', 'operator'],
  ] as const) {
    router.get(`${space}/fiches/:id/identifiant`, (request, response) =>
      sendRecord(request, response, refOf(request.params.id)),
    );

    router.post(`${space}/fiches/:id/identifiant`, async (request, response) => {
      const ref = refOf(request.params.id);
      const { reponse: choice, motif: reason, version: claim } = textsOf(answerForm, request);
      try {
        await identifiers.decide(await actorOf(request), ref, { choice, claim, reason });
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
        const errors = { [error.code === 'CHOIX_MANQUANT' ? 'reponse' : 'motif']: error.publicMessage };
        return sendRecord(request, response, ref, { choice, reason, errors });
      }
      response.redirect(303, `${identifierPath(ref, reader)}?fait=reponse`);
    });
  }

  return router;
}
