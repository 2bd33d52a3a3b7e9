/**
 * « Savoir ce que cela me coûte »: one question per page, without account, script or cookie. Answers are in the address; the
 * balance in the body of a form, until its owner ticks to have it in the address too. Nothing is stored, so that a form needs no token: a forged one changes nothing.
 */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { contentDisposition } from '../../platform/web/attachment.ts';
import { isoDay } from '../../platform/web/format.ts';
import { readUpload, refusalOf } from '../../platform/web/upload.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import { type Aim, anyCourse, type FindAim } from '../model/aim.ts';
import { type AnswerName, answerNames, readAnswers } from '../model/answers.ts';
import { answersFile, type Resumed, readAnswersFile, readPasted } from '../model/answers-file.ts';
import { firstDay } from '../model/dossier.ts';
import { askNext, judge, readAnswer, readDay, readEuros, type Telling } from '../model/journey.ts';
import type { RuleSet } from '../model/rule-set.ts';
import { questionModel, type Refused } from '../view-models/journey.ts';
import { resultModel } from '../view-models/result.ts';
import {
  addressOf,
  balanceField,
  balanceInLinkField,
  filePath,
  questionPath,
  resultPath,
  type Way,
} from '../view-models/way.ts';

const resumePath = `${questionPath}/reprendre`;

export interface JourneyParts {
  readonly findAim: FindAim;
  rules(): RuleSet;
  readonly views: Views;
  /** Where visitors reach the site; null: as they asked. */
  readonly publicUrl: string | null;
  readonly contact: string | null;
  /** Receipts can be asked for. */
  readonly receipts: boolean;
  now(): Date;
}

const text = (longest: number) => z.string().max(longest).catch('');
/** Of an address: one that is there but cannot be read is not one that is absent. */
const part = z.string().default('').catch('?');
const placeSchema = z.object({ but: part, r: part, date: part, facile: text(1) });
const formSchema = z
  .object({
    q: text(40),
    reponse: text(60),
    /** The button « je ne sais pas », beside a field. */
    inconnu: text(1),
    jour: text(20),
    par: text(20),
    montant: text(40),
    [balanceField]: text(40),
    [balanceInLinkField]: text(3),
  })
  .transform((form) => (form.inconnu === '' ? form : { ...form, reponse: 'inconnu' }));
type Form = z.output<typeof formSchema>;

/** A day in the far future is no day on which somebody commits. */
const latestYears = 2;

export function journeyRoutes(parts: JourneyParts): Router {
  const { views, rules } = parts;
  const router = Router();

  /** @throws AppError `not-found` for an aim that does not exist, or no longer */
  async function aimOf(ref: string, date: string): Promise<Aim> {
    const aim = ref === '' ? anyCourse : await parts.findAim(ref, date);
    if (aim === null)
      throw new AppError(
        'not-found',
        'BUT_INCONNU',
        "Ce cours, ce parcours ou cette certification n'est plus proposé.",
      );
    return aim;
  }

  /** What the address says; null after having told that it is incomplete. */
  async function wayOf(request: Request, response: Response, source: unknown = request.query): Promise<Way | null> {
    const place = placeSchema.parse(source);
    const today = isoDay(parts.now());
    const date = place.date === '' ? today : readDay(place.date);
    const read = readAnswers(place.r);
    const latest = `${Number(today.slice(0, 4)) + latestYears}${today.slice(4)}`;
    if (!read.ok || date === null || date < firstDay || date > latest) {
      sendBroken(response, place.but);
      return null;
    }
    const telling: Telling = { answers: read.answers, balance: null };
    return { aim: await aimOf(place.but, date), telling, date, today, simple: place.facile === '1' };
  }

  function sendBroken(response: Response, ref: string): void {
    const model = {
      title: 'Ce lien est incomplet',
      description: null,
      noindex: true,
      section: questionPath,
      restart: ref === '' ? questionPath : `${questionPath}?${new URLSearchParams({ but: ref })}`,
    };
    sendPage(response, views, 'eligibility/broken', model, 400);
  }

  function sendQuestion(response: Response, way: Way, refused: Refused | null): boolean {
    const asked = askNext(way.aim, way.telling, way.date, rules());
    if (asked === null) return false;
    const model = questionModel(asked, way, rules(), refused);
    sendPage(response, views, 'eligibility/question', model, refused === null ? 200 : 422);
    return true;
  }

  function sendResult(request: Request, response: Response, way: Way): void {
    const judged = way.aim.actions.map((action) => judge(action, way.telling, way.date, rules()));
    const asked = askNext(way.aim, way.telling, way.date, rules());
    const origin = (parts.publicUrl ?? `${request.protocol}://${request.get('host') ?? ''}`).replace(/\/$/, '');
    const { contact, receipts } = parts;
    const model = resultModel(way, judged, asked, { rules: rules(), origin, contact, receipts });
    sendPage(response, views, 'eligibility/result', model);
  }

  /** A form without a balance: its answer goes to an address of its own. */
  async function answered(request: Request, response: Response, way: Way, form: Form): Promise<void> {
    const name = nameOf(form);
    if (name === null || name === 'solde') return response.redirect(303, addressOf(questionPath, way));
    const read = readAnswer(name, form, way.telling, way.date);
    if (read.ok) return response.redirect(303, addressOf(questionPath, { ...way, telling: read.telling }));
    if (!sendQuestion(response, way, { typed: form, errors: read.errors })) sendResult(request, response, way);
  }

  router.use(questionPath, quiet);

  router.get(questionPath, async (request, response) => {
    const way = await wayOf(request, response);
    if (way === null) return;
    const form = formSchema.parse(request.query);
    if (form.q !== '') return answered(request, response, way, form);
    if (!sendQuestion(response, way, null)) response.redirect(303, addressOf(resultPath, way));
  });

  router.get(resultPath, async (request, response) => {
    const way = await wayOf(request, response);
    if (way !== null) sendResult(request, response, way);
  });

  /** With a balance in the body: what it gives is shown at once, and no address holds it unless that was ticked. */
  const withBalance: RequestHandler = async (request, response) => {
    const way = await wayOf(request, response);
    if (way === null) return;
    const form = formSchema.parse(request.body ?? {});
    const kept = form[balanceField] === '' ? null : readEuros(form[balanceField]);
    const carrying: Way = { ...way, telling: { ...way.telling, balance: kept } };
    if (form[balanceInLinkField] !== '' && kept !== null) {
      const telling: Telling = { answers: { ...way.telling.answers, solde: kept }, balance: null };
      return response.redirect(303, addressOf(resultPath, { ...way, telling }));
    }
    const name = nameOf(form);
    const read = name === null ? null : readAnswer(name, form, carrying.telling, way.date);
    if (read !== null && !read.ok) {
      const asking: Way = name === 'solde' ? way : carrying;
      if (sendQuestion(response, asking, { typed: form, errors: read.errors })) return;
    }
    const told: Way = read?.ok === true ? { ...carrying, telling: read.telling } : carrying;
    if (told.telling.balance === null) return response.redirect(303, addressOf(questionPath, told));
    const changing = name === null && request.path === questionPath;
    if ((name !== null || changing) && sendQuestion(response, told, null)) return;
    sendResult(request, response, told);
  };
  router.post(questionPath, withBalance);
  router.post(resultPath, withBalance);

  router.get(filePath, async (request, response) => {
    const way = await wayOf(request, response);
    if (way === null) return;
    response.set('Content-Disposition', contentDisposition(`mes-reponses-${way.date}.json`));
    response
      .type('application/json')
      .send(answersFile({ ref: way.aim.ref, date: way.date, answers: way.telling.answers }));
  });

  // Whoever opens the address of the form again.
  router.get(resumePath, (_request, response) => response.redirect(303, questionPath));

  router.post(resumePath, async (request, response) => {
    const { fields, file } = await readUpload(request, { maxBytes: 16_384, maxFields: 2 });
    const resumed = file === null ? readPasted(fields.texte ?? '') : await readSent(request, file.bytes);
    if (resumed === null) return sendBroken(response, '');
    const today = isoDay(parts.now());
    const telling: Telling = { answers: resumed.answers, balance: null };
    const aim = await aimOf(resumed.ref, resumed.date ?? today);
    response.redirect(303, addressOf(resultPath, { aim, telling, date: resumed.date ?? today, today, simple: false }));
  });

  return router;
}

/** Pages that say something of a person: no address of theirs is told to the next page, and nobody keeps them. */
const quiet: RequestHandler = (_request, response, next) => {
  response.set({ 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'private, no-store', 'X-Robots-Tag': 'noindex' });
  next();
};

function nameOf({ q }: Form): AnswerName | null {
  return answerNames.find((name) => name === q) ?? null;
}

/** null: too large, cut, or not such a file. */
async function readSent(request: Request, bytes: AsyncIterable<Uint8Array>): Promise<Resumed | null> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of bytes) pieces.push(piece);
  } catch (error) {
    await refusalOf(request, error);
    return null;
  }
  return readAnswersFile(Buffer.concat(pieces).toString('utf8'));
}
