/** /admin, /admin/travaux, /admin/courriels: the platform as its operator sees it. */
import { type Request, Router } from 'express';
import { queryText, unkept } from '../platform/web/answers.ts';
import { sendPage, type Views } from '../platform/web/views.ts';
import type { Actor } from '../rights.ts';
import type { Operations } from './use-cases.ts';
import { dashboardModel } from './view-models/dashboard.ts';
import { jobModel, jobsModel, launchModel } from './view-models/jobs.ts';
import { mailsModel } from './view-models/mails.ts';
import { dashboardPath, jobPath, jobsPath, mailsPath } from './view-models/words.ts';

export function operationsRoutes(parts: {
  readonly operations: Operations;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
  now(): Date;
}): Router {
  const { operations, views, actorOf, now } = parts;
  const router = Router();
  router.use('/admin', unkept);

  router.get(dashboardPath, async (request, response) => {
    const found = await operations.dashboard(await actorOf(request));
    sendPage(response, views, 'admin/tableau', dashboardModel(found));
  });

  router.get(jobsPath, async (request, response) => {
    const jobs = await operations.jobs(await actorOf(request));
    sendPage(response, views, 'admin/travaux', jobsModel(jobs, now()));
  });

  router.get(`${jobsPath}/:name`, async (request, response) => {
    const found = await operations.job(await actorOf(request), request.params.name);
    sendPage(response, views, 'admin/travail', jobModel(found, queryText(request, 'fait'), now()));
  });

  router.get(`${jobsPath}/:name/lancer`, async (request, response) => {
    const found = await operations.job(await actorOf(request), request.params.name);
    sendPage(response, views, 'admin/travail-lancer', launchModel(found));
  });

  router.post(`${jobsPath}/:name/lancer`, async (request, response) => {
    const { name } = request.params;
    const outcome = await operations.launch(await actorOf(request), name);
    response.redirect(303, `${jobPath(name)}?fait=${outcome === 'begun' ? 'lance' : 'pris'}`);
  });

  router.get(mailsPath, async (request, response) => {
    const mails = await operations.mails(await actorOf(request));
    sendPage(response, views, 'admin/courriels', mailsModel(mails));
  });

  return router;
}
