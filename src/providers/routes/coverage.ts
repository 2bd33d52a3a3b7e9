/** /couverture: public. */
import { Router } from 'express';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Coverage } from '../use-cases/coverage.ts';
import { coverageModel } from '../view-models/coverage.ts';

export function coverageRoutes(parts: { readonly coverage: Coverage; readonly views: Views; now(): Date }): Router {
  const { coverage, views, now } = parts;
  const router = Router();
  router.get('/couverture', async (_request, response) => {
    sendPage(response, views, 'catalogue/couverture', coverageModel(await coverage(), now()));
  });
  return router;
}
