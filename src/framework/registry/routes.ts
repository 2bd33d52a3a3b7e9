/** The public pages of certifications. */
import { Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Framework } from '../model.ts';
import { type LookUps, readAsked } from './use-cases/look-up.ts';
import {
  type CertificationOffer,
  certificationAddress,
  certificationModel,
  choiceModel,
  listModel,
  unknownModel,
} from './view-models.ts';

const one = z.union([z.string(), z.array(z.string()).transform((values) => values[0] ?? '')]).catch('');
const searchSchema = z.object({
  q: one.transform((text) => [...text.trim().replace(/\s+/g, ' ')].slice(0, 100).join('')),
  page: one.transform((text) => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1)),
});

export function certificationRoutes(parts: {
  readonly lookUps: LookUps;
  readonly framework: Pick<Framework, 'occupations' | 'occupationParents'>;
  /** What the catalogue and the training account say of a certification, by the query of the address. */
  offer(code: string, query: unknown): Promise<CertificationOffer>;
  readonly views: Views;
  now(): Date;
}): Router {
  const { lookUps, framework, offer, views, now } = parts;
  const router = Router();

  router.get('/certifications', async (request, response) => {
    const { q, page } = searchSchema.parse(request.query);
    const reading = readAsked(q);
    if (reading.kind === 'code') {
      response.redirect(302, certificationAddress(reading.code));
      return;
    }
    if (reading.kind === 'ambiguous') {
      const known = await lookUps.certifications(reading.candidates);
      sendPage(response, views, 'certifications/choice', choiceModel(reading.candidates, known));
      return;
    }
    const [found, dates] = await Promise.all([
      lookUps.search({ q, page }),
      Promise.all(['RNCP', 'RS'].map((register) => lookUps.dateOf(register))),
    ]);
    // What the whole list can promise is the older of the two.
    const known = dates.flatMap((date) => (date === null ? [] : [date])).sort();
    sendPage(response, views, 'certifications/list', listModel(found, q, known[0] ?? null, now()));
  });

  router.get('/certifications/:code', async (request, response) => {
    const asked = request.params.code;
    const reading = readAsked(asked);
    if (reading.kind === 'unreadable') {
      throw new AppError(
        'not-found',
        'PAGE_INCONNUE',
        'Ce n’est pas un numéro de certification : RNCP ou RS, puis des chiffres.',
      );
    }
    if (reading.kind === 'ambiguous') {
      const known = await lookUps.certifications(reading.candidates);
      sendPage(response, views, 'certifications/choice', choiceModel(reading.candidates, known));
      return;
    }
    const { code } = reading;
    if (asked !== code) {
      response.redirect(301, certificationAddress(code));
      return;
    }
    const offered = await offer(code, request.query);
    const known = await lookUps.certifications([code]);
    if (!known.has(code)) {
      const model = unknownModel(code, await lookUps.dateOf(code), offered);
      sendPage(response, views, 'certifications/unknown', model);
      return;
    }
    const sheet = await lookUps.lookUp({ text: code });
    const others = await lookUps.certifications([...sheet.successors.codes, ...sheet.record.replaces]);
    const model = certificationModel(sheet, {
      offer: offered,
      others,
      occupations: framework.occupations,
      parents: framework.occupationParents,
      now: now(),
    });
    sendPage(response, views, 'certifications/certification', model);
  });

  return router;
}
