/** /regles and /donnees: the rules as anybody reads them, and as open data. */
import { Router } from 'express';
import { isoDay } from '../../platform/web/format.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { IsoDate } from '../model/dates.ts';
import { isDay } from '../model/dates.ts';
import { ruleFields, rulesLicence } from '../use-cases/open-rules.ts';
import type { PublishedRules } from '../use-cases/published-rules.ts';
import { openDataModel, openRulesPath, ruleModel, rulesModel, rulesPath } from '../view-models/rules.ts';

export function ruleRoutes(parts: { readonly rules: PublishedRules; readonly views: Views; now(): Date }): Router {
  const { rules, views, now } = parts;
  const router = Router();

  /** The day asked for; today without one, and what was typed when it is none. */
  function dayOf(asked: unknown): { readonly date: IsoDate; readonly today: IsoDate; readonly typed: string | null } {
    const today = isoDay(now());
    if (asked === undefined || asked === '') return { date: today, today, typed: null };
    if (typeof asked === 'string' && isDay(asked)) return { date: asked, today, typed: null };
    return { date: today, today, typed: typeof asked === 'string' ? asked.slice(0, 40) : '' };
  }

  router.get(rulesPath, (request, response) => {
    const { date, today, typed } = dayOf(request.query.date);
    sendPage(response, views, 'rules/list', rulesModel(rules.all(), date, today, typed), typed === null ? 200 : 422);
  });

  router.get(`${rulesPath}/:id`, (request, response) => {
    const { date, today } = dayOf(request.query.date);
    sendPage(response, views, 'rules/rule', ruleModel(rules.byId(request.params.id), date, today));
  });

  router.get('/donnees', (_request, response) => {
    sendPage(response, views, 'rules/open-data', openDataModel(rules.openData(), rulesLicence, ruleFields));
  });

  router.get(openRulesPath, (_request, response) => {
    const { text, digest } = rules.openData();
    response
      .set({ ETag: `"${digest}"`, 'Cache-Control': 'public, max-age=300', 'Access-Control-Allow-Origin': '*' })
      .type('application/json')
      .send(text);
  });

  return router;
}
