/** Reports of runs: /fournisseur/collectes/:id for the people of an organisation, /admin/collectes for the operator. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import { sendCsv } from '../../platform/web/send-csv.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { Reports } from '../use-cases/reports.ts';
import {
  type Refused,
  reportColumns,
  reportModel,
  reportRows,
  runColumns,
  runRow,
  runsModel,
} from '../view-models/reports.ts';
import { operatedRunsPath, runPath } from '../view-models/words.ts';

const applyForm = z.object({ nombre: text, motif: text });
/** Of a partner's record, or of a run. */
const longestId = 600;

export function reportRoutes(parts: {
  readonly reports: Reports;
  readonly views: Views;
  /** Address of the platform, for files that are read elsewhere. */
  readonly site: string;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { reports, views, site, actorOf } = parts;
  const router = Router();
  router.use(['/admin', '/fournisseur'], unkept);

  const place = (request: Request, name: string) => queryText(request, name).slice(0, longestId) || null;

  router.get(operatedRunsPath, async (request, response) => {
    const list = await reports.list(await actorOf(request), place(request, 'avant'));
    sendPage(response, views, 'admin/collectes', runsModel(list));
  });

  router.get(`${operatedRunsPath}.csv`, async (request, response) => {
    const actor = await actorOf(request);
    let page = await reports.list(actor, null);
    await sendCsv(response, 'collectes.csv', runColumns, async function* () {
      for (;;) {
        yield page.runs.map(runRow);
        if (page.next === null) return;
        page = await reports.list(actor, page.next);
      }
    });
  });

  async function sendReport(request: Request, response: Response, id: string, refused?: Refused): Promise<void> {
    const report = await reports.report(await actorOf(request), id, place(request, 'apres'));
    const model = reportModel(report, queryText(request, 'fait'), refused);
    sendPage(response, views, 'fournisseur/collecte', model, refused === undefined ? 200 : 422);
  }

  for (const space of ['/fournisseur/collectes', operatedRunsPath] as const) {
    router.get(`${space}/:id.csv`, async (request, response) => {
      const { id } = request.params;
      const lines = await reports.everyLine(await actorOf(request), id);
      await sendCsv(response, `collecte-${id}.csv`, reportColumns, async function* () {
        for await (const page of lines) yield page.flatMap((line) => reportRows(line, site));
      });
    });

    router.get(`${space}/:id`, (request, response) => sendReport(request, response, request.params.id));
  }

  router.get(`${operatedRunsPath}/:id/concernes.csv`, async (request, response) => {
    const { id } = request.params;
    const lines = await reports.everyConcerned(await actorOf(request), id);
    const header = ['identifiant', 'titre', 'pourquoi', 'page'];
    await sendCsv(response, `collecte-${id}-concernes.csv`, header, async function* () {
      for await (const page of lines)
        yield page.map(({ remoteId, title, why, slug }) => [
          remoteId,
          title,
          why === 'absent' ? 'absent de la liste' : 'déclaré retiré',
          new URL(`/cours/${slug}`, site).href,
        ]);
    });
  });

  router.post(`${operatedRunsPath}/:id/garder`, async (request, response) => {
    const { id } = request.params;
    await reports.keep(await actorOf(request), id);
    response.redirect(303, `${runPath(id, 'operator')}?fait=gardee`);
  });

  router.post(`${operatedRunsPath}/:id/appliquer`, async (request, response) => {
    const { id } = request.params;
    const { nombre, motif } = textsOf(applyForm, request);
    try {
      await reports.apply(await actorOf(request), id, { number: nombre, reason: motif });
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
      const errors = { [error.code === 'NOMBRE_DIFFERENT' ? 'nombre' : 'motif']: error.publicMessage };
      return sendReport(request, response, id, { number: nombre, reason: motif, errors });
    }
    response.redirect(303, `${runPath(id, 'operator')}?fait=appliquee`);
  });

  router.post(`${operatedRunsPath}/:id/refaire`, async (request, response) => {
    const run = await reports.again(await actorOf(request), request.params.id);
    response.redirect(303, `${runPath(run.id, 'operator')}?fait=relancee`);
  });

  router.post(`${operatedRunsPath}/:id/arret`, async (request, response) => {
    const { id } = request.params;
    await reports.stop(await actorOf(request), id);
    response.redirect(303, `${runPath(id, 'operator')}?fait=arret`);
  });

  return router;
}
