/** /fournisseur/sources/:id/liens and /admin/sources/:id/liens: courses whose link to the school is dead. */
import { type Request, Router } from 'express';
import { queryText, unkept } from '../../platform/web/answers.ts';
import { sendCsv } from '../../platform/web/send-csv.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { DeadLinks } from '../use-cases/dead-links.ts';
import { deadLinkColumns, deadLinkRow, deadLinksModel } from '../view-models/dead-links.ts';

export function deadLinkRoutes(parts: {
  readonly deadLinks: DeadLinks;
  readonly views: Views;
  /** Address of the platform, for files that are read elsewhere. */
  readonly site: string;
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { deadLinks, views, site, actorOf } = parts;
  const router = Router();
  router.use(['/admin', '/fournisseur'], unkept);
  for (const space of ['/fournisseur/sources', '/admin/sources'] as const) {
    router.get(`${space}/:id/liens`, async (request, response) => {
      const after = queryText(request, 'apres').slice(0, 40) || null;
      const page = await deadLinks.page(await actorOf(request), request.params.id, after);
      sendPage(response, views, 'fournisseur/liens', deadLinksModel(page));
    });

    router.get(`${space}/:id/liens.csv`, async (request, response) => {
      const { id } = request.params;
      const lists = await deadLinks.every(await actorOf(request), id);
      await sendCsv(response, `liens-${id}.csv`, deadLinkColumns, async function* () {
        for await (const list of lists) yield list.map((link) => deadLinkRow(link, site));
      });
    });
  }
  return router;
}
