/** /verdicts: receipts for anybody who has their code, and the keys that verify them without us. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import type { Told, WholeCost } from '../../eligibility/model/aim.ts';
import { personOf, readAnswers } from '../../eligibility/model/answers.ts';
import { isDay } from '../../eligibility/model/dates.ts';
import { type Dossier, readDossier } from '../../eligibility/model/dossier.ts';
import { wireVerdict } from '../../eligibility/model/verdict.ts';
import { verdictBlock } from '../../eligibility/view-models/verdict.ts';
import { AppError } from '../../errors.ts';
import type { PathwayVerdict } from '../../pathways/model/verdict.ts';
import { queryText, text, textsOf, unkept, unnamed } from '../../platform/web/answers.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { pathwayAnswerOf } from '../model/pathway-receipt.ts';
import type {
  AtItsDate,
  PathwayReceiptPage,
  PathwayToday,
  ReceiptPage,
  ReceiptReading,
  Receipts,
  Today,
} from '../use-cases/receipts.ts';
import type { FindJudgedAim } from '../use-cases/subjects.ts';
import { pathwayReceiptModel } from '../view-models/pathway-receipt.ts';
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
  /** The verdict of a pathway, ready to print. */
  readonly printPathway: (verdict: PathwayVerdict, date: string) => WholeCost;
  readonly views: Views;
  /** Whom to ask for a person's look; null when the site has no contact. */
  readonly contact: string | null;
  actorOf(request: Request): Promise<Actor>;
}

export function receiptRoutes(parts: ReceiptRouteParts): Router {
  const { receipts, aimOf, printPathway, views, contact, actorOf } = parts;
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
    const day = isDay(form.date) ? form.date : null;
    const person = personOf(told.answers, form.solde === '' ? null : Number(form.solde));
    const balanceIncluded = form.inclureSolde !== '';
    const { accountId: by } = await actorOf(request);
    const code = form.but.startsWith('parcours:')
      ? await ofPathway({ ref: form.but, day, told: person, balanceIncluded, by })
      : await ofAction({ ref: form.but, day, told: person, balanceIncluded, by });
    response.redirect(303, receiptPath(code));
  });

  interface Asked {
    readonly ref: string;
    readonly day: string | null;
    readonly told: Told;
    readonly balanceIncluded: boolean;
    readonly by: string | null;
  }

  async function ofAction({ ref, day, told, balanceIncluded, by }: Asked): Promise<string> {
    const about = day === null ? null : await aimOf(ref, day);
    if (about === null || day === null) throw nothingToProve();
    const dossier = dossierOf({ date: day, ...told, action: about.action, organisme: about.organisme });
    return (await receipts.issue({ dossier, about, balanceIncluded, by })).code;
  }

  async function ofPathway({ ref, day, told, balanceIncluded, by }: Asked): Promise<string> {
    if (day === null) throw nothingToProve();
    // What was told is read first: a wrong field is said before anything is looked for.
    dossierOf({ date: day, ...told, action: { type: 'vae' } });
    const receipt = await receipts.issuePathway({ ref, date: day, told, balanceIncluded, by });
    if (receipt === null) throw nothingToProve();
    return receipt.code;
  }

  router.get(`${receiptsPath}/:code`, async (request, response) => {
    const { code } = request.params;
    const typed = code.replace(/\.json$/i, '');
    const wantsJson = typed !== code || request.accepts(['html', 'json']) === 'json';
    const reading = await receipts.read(typed);
    const asked = queryText(request, 'recalcul');
    if (reading.kind === 'pathway') return sendPathway(response, reading.page, asked, { wantsJson, code });
    if (reading.kind !== 'receipt') return sendNone(response, reading, wantsJson);
    const { page } = reading;
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

  async function sendPathway(
    response: Response,
    page: PathwayReceiptPage,
    asked: string,
    { wantsJson, code }: { readonly wantsJson: boolean; readonly code: string },
  ) {
    const { receipt } = page;
    const again = asked === 'recu' ? await receipts.recomputePathwayAtItsDate(page) : null;
    const today = asked === 'aujourdhui' ? await receipts.recomputePathwayToday(page) : null;
    const atItsDate = again === null ? null : atItsDateJson(again);
    if (wantsJson) {
      const recomputed = {
        ...(atItsDate === null ? {} : { atItsDate }),
        ...(today === null ? {} : { today: pathwayTodayJson(today) }),
      };
      return response.json(receiptJson(page, recomputed));
    }
    if (code !== receipt.code) return response.redirect(301, receiptPath(receipt.code));
    const model = pathwayReceiptModel({
      ...page,
      whole: printPathway(page.verdict, receipt.date),
      verdict: feetOf(page, contact),
      atItsDate,
      today: today === null ? null : pathwayTodayShown(today, printPathway),
    });
    sendPage(response, views, 'funding/pathway-receipt', model);
  }

  function sendNone(
    response: Response,
    reading: Exclude<ReceiptReading, { kind: 'receipt' | 'pathway' }>,
    asJson: boolean,
  ) {
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

const nothingToProve = () =>
  new AppError(
    'not-found',
    'BUT_INCONNU',
    "Ce cours, ce parcours ou cette certification n'est plus proposé : il n'y a pas de reçu à donner.",
  );

/** @throws AppError that names every wrong field */
function dossierOf(input: object): Dossier {
  const read = readDossier(input);
  if (read.ok) return read.dossier;
  const wrong = read.errors.map(({ path, message }) => `${path} : ${message}`);
  throw new AppError('invalid', 'DOSSIER_REFUSE', `Ce dossier ne peut pas être lu. ${wrong.join(' ')}`);
}

/** The days at the foot are those of a step that the register tells of; the sentences are of any verdict. */
function feetOf({ receipt, verdict, rules }: PathwayReceiptPage, contact: string | null) {
  const judged = verdict.steps.flatMap(({ chosen }) => chosen ?? []);
  const shown = judged.find(({ action }) => action.dates.register !== null) ?? judged[0];
  if (shown === undefined) throw new Error(`a receipt of a pathway without a course: ${receipt.code}`);
  return verdictBlock(shown.verdict, shown.dossier, {
    about: null,
    rules,
    dates: { ...shown.action.dates, register: receipt.dates.register ?? shown.action.dates.register },
    supposed: null,
    receipt: receipt.code,
    contact,
  });
}

function pathwayTodayJson(today: PathwayToday) {
  if (today.kind === 'gone') return { kind: 'gone' as const };
  const { verdict, date, same, changes, rules } = today;
  const { steps, total } = pathwayAnswerOf(verdict);
  return {
    kind: 'judged' as const,
    date,
    same,
    steps: steps.map(({ id, answer }) => ({ id, verdict: answer?.verdict ?? null })),
    total,
    rulesVersion: rules.version,
    changes,
  };
}

function pathwayTodayShown(today: PathwayToday, print: ReceiptRouteParts['printPathway']): TodayShown {
  if (today.kind === 'gone') return today;
  const { date, verdict, same, changes } = today;
  const { heading, lines } = print(verdict, date);
  return { kind: 'judged', date, heading, lines, same, changes: changes.map(({ text: sentence }) => sentence) };
}

function blockOf({ receipt, dossier, verdict, rules }: ReceiptPage, contact: string | null) {
  return verdictBlock(verdict, dossier, {
    about: receipt.subject?.label ?? null,
    rules,
    dates: receipt.dates,
    sessionStart: receipt.sessionStart,
    blocksDeclared: receipt.blocksDeclared ?? null,
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
