/** Courses that two sources give: the queue, and the answer on a page of the record. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { type RecordRef, readRecordKey } from '../model/correcting.ts';
import type { Conflicts } from '../use-cases/conflicts.ts';
import { conflictModel, conflictPath, conflictsModel, conflictsPath } from '../view-models/conflicts.ts';
import { type IdentifierForm, unanswered } from '../view-models/identifiers.ts';

const answerForm = z.object({ reponse: text, motif: text, cours: text });
const longestKey = 4_000;

export function conflictRoutes(parts: {
  readonly conflicts: Conflicts;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { conflicts, views, actorOf } = parts;
  const router = Router();
  router.use('/admin', unkept);

  router.get(conflictsPath, async (request, response) => {
    const asked = queryText(request, 'page');
    const page = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
    sendPage(
      response,
      views,
      'admin/revue-conflits',
      conflictsModel(await conflicts.waiting(await actorOf(request), page)),
    );
  });

  function refOf(key: string): RecordRef {
    const ref = readRecordKey(key.slice(0, longestKey));
    if (ref === null) throw new AppError('not-found', 'FICHE_INCONNUE', "Cette page n'existe pas.");
    return ref;
  }

  async function sendConflict(request: Request, response: Response, ref: RecordRef, form: IdentifierForm = unanswered) {
    const one = await conflicts.conflict(await actorOf(request), ref);
    const model = conflictModel(one, queryText(request, 'fait') === 'reponse', form);
    sendPage(response, views, 'admin/revue-conflit', model, form === unanswered ? 200 : 422);
  }

  router.get('/admin/fiches/:id/conflit', (request, response) =>
    sendConflict(request, response, refOf(request.params.id)),
  );

  router.post('/admin/fiches/:id/conflit', async (request, response) => {
    const ref = refOf(request.params.id);
    const { reponse: choice, motif: reason, cours: courseId } = textsOf(answerForm, request);
    try {
      await conflicts.decide(await actorOf(request), ref, { choice, courseId, reason });
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
      const errors = { [error.code === 'CHOIX_MANQUANT' ? 'reponse' : 'motif']: error.publicMessage };
      return sendConflict(request, response, ref, { choice, reason, errors });
    }
    response.redirect(303, `${conflictPath(ref)}?fait=reponse`);
  });

  return router;
}
