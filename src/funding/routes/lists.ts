/** /financeur: one thing or a list to check, the answers, the last checks. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { personOf, readAnswers } from '../../eligibility/model/answers.ts';
import { assess } from '../../eligibility/model/assess.ts';
import { readDossier } from '../../eligibility/model/dossier.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { verdictBlock } from '../../eligibility/view-models/verdict.ts';
import { AppError } from '../../errors.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import { contentDisposition } from '../../platform/web/attachment.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { readUpload } from '../../platform/web/upload.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import { csvType } from '../../platform/write-csv.ts';
import { type Actor, requireRight } from '../../rights.ts';
import { answerOfVerdict, type ListAnswer } from '../model/list-answer.ts';
import { type Line, type LineTools, noCells, readLine } from '../model/list-line.ts';
import { sentencesUnder } from '../model/receipt.ts';
import { offerRef } from '../use-cases/judging.ts';
import { csvOf } from '../use-cases/list-csv.ts';
import type { Lists } from '../use-cases/lists.ts';
import type { Receipts } from '../use-cases/receipts.ts';
import type { FindJudgedAim, JudgedAim } from '../use-cases/subjects.ts';
import {
  checkedModel,
  checkFormModel,
  checkPath,
  funderModel,
  funderPath,
  type ListTyped,
  listModel,
  listPath,
  noListTyped,
  noneTyped,
  type OneTyped,
  perPage,
  verdictOfValue,
} from '../view-models/lists.ts';
import { receiptPath } from '../view-models/receipt.ts';

const oneForm = z.object({ code: text, siret: text, date: text, prix: text, situation: text, recu: text });

/** A file of 100,000 lines with every column has a third of this. */
const mostBytes = 20 * 1_048_576;

export interface ListRouteParts {
  readonly lists: Lists;
  readonly receipts: Pick<Receipts, 'issue' | 'mine'>;
  readonly aimOf: FindJudgedAim;
  readonly rules: () => RuleSet;
  readonly registerDate: () => Promise<string | null>;
  readonly parseSiret: LineTools['parseSiret'];
  readonly views: Views;
  /** Whom to ask for a person's look; null when the site has no contact. */
  readonly contact: string | null;
  actorOf(request: Request): Promise<Actor>;
  today(): string;
}

export function listRoutes(parts: ListRouteParts): Router {
  const { lists, receipts, aimOf, rules, views, actorOf, today } = parts;
  const router = Router();
  router.use(funderPath, unkept);

  router.get(funderPath, async (request, response) => {
    const actor = await actorOf(request);
    const [sent, codes] = await Promise.all([lists.mine(actor), receipts.mine(actor)]);
    sendPage(response, views, 'funding/funder', funderModel(sent, codes));
  });

  function sendForm(
    response: Response,
    one: { typed: OneTyped; errors: FieldErrors } = { typed: noneTyped, errors: {} },
    list: { typed: ListTyped; errors: FieldErrors } = { typed: noListTyped, errors: {} },
  ) {
    const wrong = Object.keys(one.errors).length + Object.keys(list.errors).length > 0;
    sendPage(response, views, 'funding/check', checkFormModel(one, list, today()), wrong ? 422 : 200);
  }

  router.get(checkPath, async (request, response) => {
    requireRight(await actorOf(request), 'verdicts:check');
    sendForm(response);
  });

  router.post(checkPath, async (request, response) => {
    const actor = await actorOf(request);
    requireRight(actor, 'verdicts:check');
    const { recu, ...texts } = textsOf(oneForm, request);
    const typed: OneTyped = { ...texts, recu: recu !== '' };
    const refuse = (errors: FieldErrors) => sendForm(response, { typed, errors });
    const tools = { parseSiret: parts.parseSiret, defaultDate: today(), today: today() };
    const { code, siret, date, prix } = typed;
    const line = readLine(1, { ...noCells, code, siret, date, prix }, tools);
    if ('error' in line) return refuse({ [fieldOf(line.error.code)]: line.error.text });
    const told = readAnswers(answersIn(typed.situation));
    if (!told.ok) return refuse({ situation: 'Ce lien est incomplet. Recommencez, ou demandez-le de nouveau.' });
    const about = await aimOf(refOf(line), line.date);
    if (about === null)
      return refuse({ code: "Aucun cours du catalogue n'a cette adresse, ou il n'est plus proposé." });
    const read = readDossier({
      date: line.date,
      ...personOf(told.answers),
      action: withPrice(about, line),
      organisme: about.organisme,
    });
    if (!read.ok) throw new Error(`a line that was read is refused: ${JSON.stringify(read.errors)}`);
    if (typed.recu) {
      const by = actor.accountId;
      const receipt = await receipts.issue({ dossier: read.dossier, about, balanceIncluded: false, by });
      return response.redirect(303, receiptPath(receipt.code));
    }
    const set = rules();
    const verdict = assess(read.dossier, line.date, set);
    const register = await parts.registerDate();
    const { reason, kept } = answerOfVerdict(line, read.dossier, verdict, { rules: set, registerDate: register });
    const block = verdictBlock(verdict, read.dossier, {
      about: about.subject.label,
      rules: set,
      dates: { ...about.dates, register: register ?? about.dates.register },
      sessionStart: about.sessionStart,
      blocksDeclared: about.blocksDeclared ?? null,
      supposed: about.supposed,
      contact: parts.contact,
    });
    const model = checkedModel({ verdict: block, about: about.subject.label, code: kept, reason });
    sendPage(response, views, 'funding/checked', model);
  });

  router.post(`${checkPath}/liste`, async (request, response) => {
    const actor = await actorOf(request);
    requireRight(actor, 'verdicts:check');
    const { fields, file } = await readUpload(request, { maxBytes: mostBytes });
    const typed: ListTyped = {
      lignes: fields.lignes ?? '',
      jour: fields.jour ?? '',
      recus: (fields.recus ?? '') !== '',
    };
    const refuse = (errors: FieldErrors) => sendForm(response, undefined, { typed, errors });
    const pasted = typed.lignes.trim() !== '';
    if (pasted === (file !== null)) {
      const sentence = pasted
        ? 'Collez des lignes ou choisissez un fichier, pas les deux.'
        : 'Collez des lignes, ou choisissez un fichier.';
      return refuse({ lignes: sentence });
    }
    const tools = { parseSiret: parts.parseSiret, defaultDate: today(), today: today() };
    const day = readLine(1, { ...noCells, code: 'RNCP1', date: typed.jour }, tools);
    if ('error' in day) return refuse({ jour: day.error.text });
    const bytes = file === null ? bytesOf(typed.lignes) : file.bytes;
    try {
      const id = await lists.submit(actor, { bytes, pasted, date: day.date, receipts: typed.recus });
      response.redirect(303, listPath(id));
    } catch (error) {
      // A refused list is said under its field, and nothing of it was kept.
      if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
      refuse({ [pasted ? 'lignes' : 'fichier']: error.publicMessage });
    }
  });

  router.get(`${checkPath}/:id`, async (request, response) => {
    const actor = await actorOf(request);
    const { id } = request.params;
    if (id.endsWith('.csv')) return sendCsv(response, await lists.everyAnswer(actor, id.slice(0, -4)));
    const typed = { verdict: queryText(request, 'reponse'), reason: queryText(request, 'raison') };
    const filter = { verdict: verdictOfValue(typed.verdict), reason: typed.reason === '' ? null : typed.reason };
    const asked = queryText(request, 'page');
    const page = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
    const state = await lists.state(actor, id);
    const found = await lists.page(actor, id, { filter, page, perPage });
    sendPage(
      response,
      views,
      'funding/list',
      listModel(state, found, typed, sentencesUnder(today(), await parts.registerDate())),
    );
  });

  async function sendCsv(response: Response, answers: AsyncIterable<ListAnswer>) {
    const register = await parts.registerDate();
    response.set({ 'Content-Type': csvType, 'Content-Disposition': contentDisposition('verification.csv') });
    try {
      await pipeline(Readable.from(csvOf(answers, today(), register)), response);
    } catch (error) {
      // Nothing can be answered any more to whoever left.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
    }
  }

  return router;
}

async function* bytesOf(typed: string) {
  yield new TextEncoder().encode(typed);
}

function refOf({ target, siret }: Line): string {
  if (target.kind === 'course') return `cours:${target.id}`;
  const code = target.kind === 'certification' ? target.code : null;
  const activityNumber = target.kind === 'provider' ? target.activityNumber : null;
  return offerRef({ code, siret, activityNumber });
}

function withPrice({ action }: JudgedAim, { price }: Line) {
  return price === null ? action : { ...action, prix: price };
}

/** The link of a result, or the text of its `r=` alone. */
function answersIn(situation: string): string {
  const typed = situation.trim();
  return /[?&]r=([^&#\s]*)/.exec(typed)?.[1] ?? typed;
}

/** Under which field a refusal belongs. */
function fieldOf(code: string): keyof OneTyped {
  if (code === 'E_DATE_ILLISIBLE') return 'date';
  if (code === 'E_PRIX_ILLISIBLE') return 'prix';
  return code === 'E_SIRET_INVALIDE' ? 'siret' : 'code';
}
