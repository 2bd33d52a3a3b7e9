/** /admin/revue: reviewers and operators answer what programs could not. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { DuplicateReview } from '../use-cases/duplicates.ts';
import { mergedModel, mergedPath, pairModel, queueModel, reviewPath, separationModel } from '../view-models/review.ts';

const reasonForm = z.object({ motif: text });

export function reviewRoutes(parts: {
  readonly duplicates: DuplicateReview;
  /** Other queues, with pages of their own: identifiers that name another course now, and courses that two sources give. */
  countOthers(actor: Actor): Promise<{ readonly reused: number; readonly claimed: number }>;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
  now(): Date;
}): Router {
  const { duplicates, countOthers, views, actorOf, now } = parts;
  const router = Router();
  router.use(reviewPath, unkept);

  const pageOf = (request: Request) => {
    const asked = queryText(request, 'page');
    return /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
  };

  router.get(reviewPath, async (request, response) => {
    const actor = await actorOf(request);
    const [list, merged, others] = await Promise.all([
      duplicates.proposed(actor, pageOf(request)),
      duplicates.merged(actor, 1),
      countOthers(actor),
    ]);
    const counts = { merged: merged.total, ...others };
    sendPage(response, views, 'admin/revue', queueModel(list, counts, queryText(request, 'fait')));
  });

  router.get(mergedPath, async (request, response) => {
    const list = await duplicates.merged(await actorOf(request), pageOf(request));
    sendPage(response, views, 'admin/revue-reunis', mergedModel(list, queryText(request, 'fait')));
  });

  async function sendPair(request: Request, response: Response, id: string, typed = '', errors: FieldErrors = {}) {
    const shown = await duplicates.pair(await actorOf(request), id);
    const status = Object.keys(errors).length === 0 ? 200 : 422;
    sendPage(response, views, 'admin/revue-doublon', pairModel(shown, now(), typed, errors), status);
  }

  router.get(`${reviewPath}/doublons/:id`, (request, response) => sendPair(request, response, request.params.id));

  for (const [path, decide, said] of [
    ['reunir', duplicates.merge, 'reuni'],
    ['refuser', duplicates.refuse, 'refuse'],
  ] as const) {
    router.post(`${reviewPath}/doublons/:id/${path}`, async (request, response) => {
      const { id } = request.params;
      const { motif } = textsOf(reasonForm, request);
      try {
        await decide(await actorOf(request), id, motif);
      } catch (error) {
        return sendPair(request, response, id, motif, { motif: refusalOf(error) });
      }
      response.redirect(303, `${reviewPath}?fait=${said}`);
    });
  }

  router.post(`${reviewPath}/doublons/:id/doute`, async (request, response) => {
    await duplicates.doubt(await actorOf(request), request.params.id);
    response.redirect(303, `${reviewPath}?fait=doute`);
  });

  async function sendSeparation(
    request: Request,
    response: Response,
    id: string,
    typed = '',
    errors: FieldErrors = {},
  ) {
    const { course, others } = await duplicates.separation(await actorOf(request), id);
    const status = Object.keys(errors).length === 0 ? 200 : 422;
    sendPage(response, views, 'admin/source-fermer', separationModel(course, others, typed, errors), status);
  }

  router.get(`${mergedPath}/:id/separer`, (request, response) => sendSeparation(request, response, request.params.id));

  router.post(`${mergedPath}/:id/separer`, async (request, response) => {
    const { id } = request.params;
    const { motif } = textsOf(reasonForm, request);
    try {
      await duplicates.separate(await actorOf(request), id, motif);
    } catch (error) {
      return sendSeparation(request, response, id, motif, { motif: refusalOf(error) });
    }
    response.redirect(303, `${mergedPath}?fait=separe`);
  });

  return router;
}

/** What is wrong with the reason, or stands against the decision, is said under its field. @throws any other error */
function refusalOf(error: unknown): string {
  if (error instanceof AppError && (error.kind === 'invalid' || explained.has(error.code))) return error.publicMessage;
  throw error;
}

const explained: ReadonlySet<string> = new Set([
  'COURS_RETIRE',
  'COURS_SEPARES',
  'CERTIFICATIONS_DIFFERENTES',
  'DOUBLONS_OCCUPES',
]);
