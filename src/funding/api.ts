/** /api/v1: the answers of the pages, for programs. No session, no cookie, no key; limits by address, said in headers. */
import { once } from 'node:events';
import compression from 'compression';
import express, { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { assess } from '../eligibility/model/assess.ts';
import { readDossier } from '../eligibility/model/dossier.ts';
import type { RuleSet } from '../eligibility/model/rule-set.ts';
import { wireVerdict } from '../eligibility/model/verdict.ts';
import { AppError, httpStatusOf } from '../errors.ts';
import type { Log } from '../platform/log.ts';
import { refuseForged } from '../platform/web/address.ts';
import { clock } from '../platform/web/format.ts';
import { apiDescription } from './api-description.ts';
import type { ListAnswer } from './model/list-answer.ts';
import { type LineTools, noCells, readLine } from './model/list-line.ts';
import { sentencesUnder } from './model/receipt.ts';
import { batchEnvelopeSchema, cellsOf, type ProblemBody, wireAnswer } from './model/wire.ts';
import type { ListedLine } from './store/lists.ts';
import type { JudgeLines } from './use-cases/judging.ts';

export interface ApiParts {
  readonly rules: () => RuleSet;
  readonly registerDate: () => Promise<string | null>;
  readonly judge: JudgeLines;
  /** Answers of judged lines, each with its receipt. */
  readonly withReceipts: (judged: Awaited<ReturnType<JudgeLines>>) => Promise<readonly ListAnswer[]>;
  readonly parseSiret: LineTools['parseSiret'];
  readonly publicUrl: string | null;
  readonly version: string;
  /** Requests of one address in a minute. */
  readonly perMinute: number;
  readonly batchesPerMinute: number;
  readonly log: Log;
  readonly today: () => string;
}

const dossierBytes = 256 * 1_024;
const batchBytes = 8 * 1_048_576;
/** Answered together, then sent: no more of a list is in memory, and other requests come in between. */
const piece = 250;

const paths = { one: '/api/v1/eligibility', batch: '/api/v1/eligibility/batch', description: '/api/v1/openapi.json' };

export function apiRoutes(parts: ApiParts): Router {
  const { rules, registerDate, judge, withReceipts, log, today } = parts;
  const router = Router();
  const known = Object.values(paths);
  const forged = refuseForged(parts.publicUrl);
  router.use((request, response, next) => {
    if (!known.includes(request.path)) return next();
    response.setHeader('Cache-Control', 'no-store');
    return forged(request, response, next);
  });

  const description = apiDescription({ server: parts.publicUrl ?? '/', version: parts.version });
  router.get(paths.description, limited(parts.perMinute), compression(), (_request, response) => {
    response.json(description);
  });

  router.post(paths.one, limited(parts.perMinute), jsonBody(dossierBytes), async (request, response) => {
    const read = readDossier(request.body);
    if (!read.ok) {
      const detail = 'Ce dossier a des champs faux : rien n’a été calculé.';
      return sendProblem(response, { status: 422, code: 'DOSSIER_REFUSE', detail, errors: [...read.errors] });
    }
    const set = rules();
    const verdict = assess(read.dossier, read.dossier.date, set);
    const register = await registerDate();
    const answer = {
      verdict: wireVerdict(verdict),
      conditions: verdict.conditions,
      trace: verdict.trace,
      date: verdict.date,
      regles: { version: set.version, au: set.asOf },
      registre: { au: register },
      mentions: sentencesUnder(verdict.date, register),
    };
    // Not `json`: it digests the body for an ETag, of which an answer that is never kept has no use.
    const body = JSON.stringify(answer);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
  });

  const underWay = new Set<string>();
  router.post(
    paths.batch,
    limited(parts.batchesPerMinute),
    compression(),
    jsonBody(batchBytes),
    async (request, response) => {
      const envelope = batchEnvelopeSchema.safeParse(request.body);
      if (!envelope.success) {
        const errors = envelope.error.issues.map(({ path, message }) => ({
          path: path.join('.') || 'lignes',
          message,
        }));
        return sendProblem(response, {
          status: 422,
          code: 'LISTE_REFUSEE',
          detail: 'Cette liste ne peut pas être lue.',
          errors,
        });
      }
      const address = request.ip ?? '';
      if (underWay.has(address)) {
        const detail = 'Une liste de cette adresse est déjà en cours : attendez sa réponse.';
        return sendProblem(response, { status: 409, code: 'LISTE_EN_COURS', detail });
      }
      underWay.add(address);
      try {
        const { date, recus, lignes } = envelope.data;
        const tools = { parseSiret: parts.parseSiret, defaultDate: date ?? today(), today: today() };
        const lines = lignes.map((line, at) => lineOf(line, at + 1, tools));
        response.type('application/json');
        await send(
          response,
          `{"mentions":${JSON.stringify(sentencesUnder(tools.defaultDate, await registerDate()))},"reponses":[`,
        );
        for (let at = 0; at < lines.length && !response.destroyed; at += piece) {
          const judged = await judge(lines.slice(at, at + piece));
          const answers = recus === true ? await withReceipts(judged) : judged.map(({ answer }) => answer);
          await send(
            response,
            `${at === 0 ? '' : ','}${answers.map((one) => JSON.stringify(wireAnswer(one))).join(',')}`,
          );
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        response.end(']}');
      } finally {
        underWay.delete(address);
      }
    },
  );

  router.use(errorsAsProblems(log, known));
  return router;
}

function lineOf(line: unknown, number: number, tools: LineTools): ListedLine {
  const cells = cellsOf(line);
  if (cells !== null) return readLine(number, cells, tools);
  const text = 'Une ligne est un objet { code, siret, date, prix, reference } de textes courts ou de nombres.';
  return { number, typed: noCells.code, reference: '', error: { code: 'E_FORMAT_CHAMP', text } };
}

async function send(response: Response, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  // Whoever left will never drain.
  await Promise.race([once(response, 'drain'), once(response, 'close')]);
}

function jsonBody(limit: number): express.RequestHandler {
  const parse = express.json({ limit, strict: true, type: () => true });
  return (request, response, next) => {
    if (request.is('json')) return parse(request, response, next);
    const detail = 'Envoyez du JSON, avec Content-Type: application/json.';
    sendProblem(response, { status: 415, code: 'PAS_DU_JSON', detail });
  };
}

function limited(limit: number): express.RequestHandler {
  const windowMs = 60_000;
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    validate: { xForwardedForHeader: false },
    handler: (_request, response) => {
      const seconds = Number(response.getHeader('Retry-After'));
      const wait = Number.isFinite(seconds) && seconds > 0 ? seconds : windowMs / 1_000;
      response.set('Retry-After', String(wait));
      const until = clock(new Date(Date.now() + wait * 1_000));
      sendProblem(response, { status: 429, code: 'TROP_DE_DEMANDES', detail: `Trop de demandes. Revenez à ${until}.` });
    },
  });
}

const titles: Readonly<Record<number, string>> = {
  400: 'Demande mal formée',
  404: 'Introuvable',
  409: 'Déjà en cours',
  413: 'Demande trop grande',
  415: 'Format non lu',
  422: 'Contenu refusé',
  429: 'Trop de demandes',
  500: 'Erreur',
  503: 'Service arrêté',
};

function sendProblem(response: Response, problem: Omit<ProblemBody, 'type' | 'title'>): void {
  const { status } = problem;
  const body: ProblemBody = { type: 'about:blank', title: titles[status] ?? 'Erreur', ...problem };
  response.status(status).type('application/problem+json').send(JSON.stringify(body));
}

/** For the routes above; what is not theirs goes on. */
function errorsAsProblems(log: Log, known: readonly string[]): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next) => {
    if (!known.includes(request.path) || response.headersSent) return next(error);
    if (error instanceof AppError)
      return sendProblem(response, { status: httpStatusOf[error.kind], code: error.code, detail: error.publicMessage });
    const status = typeof error === 'object' && error !== null ? Number(Reflect.get(error, 'status')) : Number.NaN;
    if (status === 413) {
      const most = request.path === paths.batch ? batchBytes : dossierBytes;
      const detail = `Ce corps est trop grand : ${Math.floor(most / 1_024)} Kio au plus. Coupez la liste en plusieurs envois.`;
      return sendProblem(response, { status, code: 'CORPS_TROP_GRAND', detail });
    }
    if (status >= 400 && status < 500)
      return sendProblem(response, {
        status: 400,
        code: 'JSON_ILLISIBLE',
        detail: 'Ce corps n’est pas du JSON lisible.',
      });
    log.error({ err: error, requestId: request.id }, 'request failed');
    const detail = `Une erreur est survenue. Ce n'est pas votre faute. Numéro à donner : ${request.id}.`;
    sendProblem(response, { status: 500, code: 'ERREUR', detail });
  };
}
