/** /verdicts: receipts for anybody who has their code, and the keys that verify them without us. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { personOf, readAnswers } from '../../eligibility/model/answers.ts';
import { readDossier } from '../../eligibility/model/dossier.ts';
import { wireVerdict } from '../../eligibility/model/verdict.ts';
import { verdictBlock } from '../../eligibility/view-models/verdict.ts';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept, unnamed } from '../../platform/web/answers.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import type { AtItsDate, ReceiptPage, ReceiptReading, Receipts, Today } from '../use-cases/receipts.ts';
import type { FindJudgedAim } from '../use-cases/subjects.ts';
import {
  codeFormModel,
  incidentsModel,
  incidentsPath,
  noReceiptModel,
  receiptModel,
  receiptPath,
  receiptsPath,
  type TodayShown,
} from '../view-models/receipt.ts';
import { type RecomputedJson, receiptJson } from '../view-models/receipt-json.ts';

const requestForm = z.object({ but: text, date: text, r: text, solde: text, inclureSolde: text });

/** Receipts that one address may ask for in a minute. */
const perMinute = 20;

export interface ReceiptRouteParts {
  readonly receipts: Receipts;
  readonly aimOf: FindJudgedAim;
  readonly views: Views;
  /** Whom to ask for a person's look; null when the site has no contact. */
  readonly contact: string | null;
  actorOf(request: Request): Promise<Actor>;
}

export function receiptRoutes(parts: ReceiptRouteParts): Router {
  const { receipts, aimOf, views, contact, actorOf } = parts;
  const router = Router();
  // A code opens the answers of a person: it is named to nobody and kept in no cache.
  router.use(receiptsPath, unnamed);

  router.get('/.well-known/jwks.json', async (_request, response) => {
    response.set('Cache-Control', 'public, max-age=300').json(await receipts.jwks());
  });

  router.get(receiptsPath, (request, response) => {
    const typed = queryText(request, 'code').trim();
    if (typed !== '') return response.redirect(303, receiptPath(typed));
    sendPage(response, views, 'funding/receipts', codeFormModel('', null));
  });

  router.post(receiptsPath, limited(), async (request, response) => {
    const form = textsOf(requestForm, request);
    const told = readAnswers(form.r);
    if (!told.ok) {
      const message = 'Ce lien est incomplet. Recommencez, ou demandez-le de nouveau.';
      throw new AppError('invalid', 'LIEN_INCOMPLET', message);
    }
    const about = /^\d{4}-\d{2}-\d{2}$/.test(form.date) ? await aimOf(form.but, form.date) : null;
    if (about === null) {
      const message = "Ce cours ou cette certification n'est plus proposé : il n'y a pas de reçu à donner.";
      throw new AppError('not-found', 'BUT_INCONNU', message);
    }
    const read = readDossier({
      date: form.date,
      ...personOf(told.answers, form.solde === '' ? null : Number(form.solde)),
      action: about.action,
      organisme: about.organisme,
    });
    if (!read.ok) {
      const wrong = read.errors.map(({ path, message }) => `${path} : ${message}`);
      throw new AppError('invalid', 'DOSSIER_REFUSE', `Ce dossier ne peut pas être lu. ${wrong.join(' ')}`);
    }
    const { accountId } = await actorOf(request);
    const balanceIncluded = form.inclureSolde !== '';
    const receipt = await receipts.issue({ dossier: read.dossier, about, balanceIncluded, by: accountId });
    response.redirect(303, receiptPath(receipt.code));
  });

  router.get(`${receiptsPath}/:code`, async (request, response) => {
    const { code } = request.params;
    const typed = code.replace(/\.json$/i, '');
    const wantsJson = typed !== code || request.accepts(['html', 'json']) === 'json';
    const reading = await receipts.read(typed);
    if (reading.kind !== 'receipt') return sendNone(response, reading, wantsJson);
    const { page } = reading;
    const asked = queryText(request, 'recalcul');
    const atItsDate = asked === 'recu' ? await receipts.recomputeAtItsDate(page) : null;
    const today = asked === 'aujourdhui' ? await receipts.recomputeToday(page) : null;
    if (wantsJson) return response.json(receiptJson(page, recomputedJson(atItsDate, today)));
    // One address per receipt, whatever was typed.
    if (code !== page.receipt.code) return response.redirect(301, receiptPath(page.receipt.code));
    const model = receiptModel({
      ...page,
      verdict: blockOf(page, contact),
      atItsDate: atItsDate === null ? null : atItsDateJson(atItsDate),
      today: today === null ? null : todayShown(today),
    });
    sendPage(response, views, 'funding/receipt', model);
  });

  function sendNone(response: Response, reading: Exclude<ReceiptReading, { kind: 'receipt' }>, asJson: boolean) {
    const status = { unknown: 404, erased: 410, broken: 503 }[reading.kind];
    const shown = reading.kind === 'broken' ? { ...reading, incident: reading.incident.number } : reading;
    const model = noReceiptModel(shown);
    if (asJson) {
      const code = { unknown: 'RECU_INCONNU', erased: 'RECU_EFFACE', broken: 'RECU_ALTERE' }[reading.kind];
      return response.status(status).json({ error: { code, message: model.title } });
    }
    sendPage(response, views, 'funding/no-receipt', model, status);
  }

  router.get(incidentsPath, unkept, async (request, response) => {
    const asked = queryText(request, 'page');
    const page = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
    const found = await receipts.incidents(await actorOf(request), page);
    sendPage(response, views, 'funding/incidents', incidentsModel(found, page));
  });

  return router;
}

function limited(): RequestHandler {
  const windowMs = 60_000;
  return rateLimit({
    windowMs,
    limit: perMinute,
    standardHeaders: false,
    legacyHeaders: false,
    validate: { xForwardedForHeader: false },
    handler: (_request, _response, next) => {
      const until = new Date(Date.now() + windowMs);
      next(new AppError('too-many', 'TROP_DE_RECUS', 'Trop de reçus demandés.', { details: { until } }));
    },
  });
}

function blockOf({ receipt, dossier, verdict, rules }: ReceiptPage, contact: string | null) {
  return verdictBlock(verdict, dossier, {
    about: receipt.subject?.label ?? null,
    rules,
    dates: receipt.dates,
    sessionStart: receipt.sessionStart,
    supposed: receipt.supposed,
    receipt: receipt.code,
    contact,
  });
}

function atItsDateJson(found: AtItsDate) {
  return { same: found.same, incident: found.same ? null : found.incident.number };
}

function recomputedJson(atItsDate: AtItsDate | null, today: Today | null): RecomputedJson {
  return {
    ...(atItsDate === null ? {} : { atItsDate: atItsDateJson(atItsDate) }),
    ...(today === null ? {} : { today: today.kind === 'gone' ? { kind: 'gone' } : todayJson(today) }),
  };
}

function todayJson({ verdict, same, changes, rules }: Extract<Today, { kind: 'judged' }>) {
  return {
    kind: 'judged' as const,
    date: verdict.date,
    same,
    verdict: wireVerdict(verdict),
    rulesVersion: rules.version,
    changes,
  };
}

function todayShown(today: Today): TodayShown {
  if (today.kind === 'gone') return today;
  const { verdict, dossier, rules, about, same, changes } = today;
  const { heading, lines, refusals } = verdictBlock(verdict, dossier, {
    about: null,
    rules,
    dates: about?.dates ?? { register: null, provider: null, price: null },
    supposed: about?.supposed ?? null,
  });
  return {
    kind: 'judged',
    date: verdict.date,
    heading,
    lines: [...lines, ...refusals.map(({ reason }) => reason)],
    same,
    changes: changes.map(({ text: sentence }) => sentence),
  };
}
