/** `/changements`: the public log of the catalogue, whole or of one source, as a page, Atom and JSON. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { ChangesRequest, ListChanges } from '../use-cases/changes.ts';
import { atomModel, changesModel, jsonFeed } from '../view-models/changes.ts';

const instant = z
  .string()
  .max(40)
  .refine((text) => /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text)))
  .transform((text) => new Date(text));
/** `<instant> <id>`: an identifier of a course, or of one of its events. */
const place = z
  .string()
  .max(120)
  .regex(/^\S+ [0-9a-z]{8}(\/[0-9a-f-]{36})?$/)
  .transform((text) => text.split(' '))
  .pipe(z.tuple([instant, z.string()]))
  .transform(([at, id]) => ({ at, id }));

interface Asked {
  readonly request: ChangesRequest;
  readonly since: string;
  /** The date cannot be read: everything is shown, and it is said. */
  readonly problem: boolean;
}

function read({ query, params }: Request): Asked {
  const given = typeof query.depuis === 'string' ? query.depuis.trim() : '';
  const since = instant.safeParse(given);
  const before = place.safeParse(query.avant);
  const source = typeof params.source === 'string' ? params.source : null;
  return {
    request: { source, since: since.success ? since.data : null, before: before.success ? before.data : null },
    since: since.success ? given.slice(0, 10) : given.slice(0, 40),
    problem: given !== '' && !since.success,
  };
}

export function changesRoutes(parts: {
  readonly changes: ListChanges;
  readonly views: Views;
  /** Address of the site, for what is read elsewhere than on it. */
  readonly site: string;
  now(): Date;
}): Router {
  const { changes, views, site, now } = parts;
  const router = Router();

  async function answer(request: Request, response: Response, format: 'page' | 'atom' | 'json'): Promise<void> {
    const asked = read(request);
    const page = await changes(asked.request);
    if (format === 'page') {
      sendPage(response, views, 'catalogue/changes', changesModel(page, asked));
      return;
    }
    response.set('Access-Control-Allow-Origin', '*');
    if (format === 'json') response.type('application/feed+json').json(jsonFeed(page, site));
    else {
      response.type('application/atom+xml');
      sendPage(response, views, 'catalogue/changes-atom', atomModel(page, site, now()));
    }
  }

  for (const path of ['/changements', '/changements/:source'] as const) {
    router.get(`${path}.atom`, (request, response) => answer(request, response, 'atom'));
    router.get(`${path}.json`, (request, response) => answer(request, response, 'json'));
    router.get(path, (request, response) => answer(request, response, 'page'));
  }
  return router;
}
