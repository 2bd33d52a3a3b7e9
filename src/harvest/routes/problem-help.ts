/** The pages of the error codes: public, since a report may be read by anybody it is sent to. */
import { Router } from 'express';
import { AppError } from '../../errors.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import { type ProblemHelp, problemsPath } from '../model/problem-help.ts';
import { problemModel, problemsModel } from '../view-models/problem-help.ts';

export function problemHelpRoutes(parts: {
  readonly helps: ReadonlyMap<string, ProblemHelp>;
  readonly views: Views;
}): Router {
  const { helps, views } = parts;
  const router = Router();

  router.get(problemsPath, (_request, response) => {
    sendPage(response, views, 'aide/erreurs', problemsModel(helps.values()));
  });

  router.get(`${problemsPath}/:code`, (request, response) => {
    const help = helps.get(request.params.code.toUpperCase());
    if (help === undefined) throw new AppError('not-found', 'PAGE_INCONNUE', "Cette page n'existe pas.");
    sendPage(response, views, 'aide/erreur', problemModel(help));
  });

  return router;
}
