/** Corrections in place: /fournisseur/fiches/:id for the people of an organisation, /admin/fiches/:id for the operator. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { CourseEvent } from '../../catalogue/model/history.ts';
import type { Course } from '../../catalogue/model.ts';
import { AppError } from '../../errors.ts';
import { queryText, unkept } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { type Forecast, type RecordRef, readRecordKey } from '../model/correcting.ts';
import type { Reader } from '../model/report.ts';
import { type Correcting, type ThirdValueChoice, thirdValueChoices } from '../use-cases/correcting.ts';
import { type CorrectionForm, correctionsModel, recordModel, untouched } from '../view-models/correcting.ts';
import type { PreviewCard } from '../view-models/preview.ts';
import { recordPath } from '../view-models/words.ts';

/** Texts of a whole record; the platform refuses a larger form. */
const formSchema = z.record(z.string().max(100), z.string().max(40_000));
/** Of a page, not of a record. */
const notFields = ['_csrf', 'pourquoi', 'action'];
const longestId = 1_000;

/** The texts of the form. @throws AppError invalid for anything else */
function textsOf(request: Request): Record<string, string> {
  const parsed = formSchema.safeParse(request.body ?? {});
  if (!parsed.success) throw new AppError('invalid', 'FORMULAIRE_ILLISIBLE', 'Cette demande est mal formée.');
  return parsed.data;
}

/** The sentences of a form that was refused, by field. @throws anything else */
function refusalsOf(error: unknown): FieldErrors {
  if (!(error instanceof AppError) || error.code !== 'CORRECTION_REFUSEE') throw error;
  return z.record(z.string(), z.string()).parse(error.details);
}

export function correctingRoutes(parts: {
  readonly correcting: Correcting;
  readonly views: Views;
  /** A course that is not published, as a list would show it. */
  cardOf(read: Pick<Course, 'draft' | 'alignment' | 'corrections'>, source: { readonly title: string }): PreviewCard;
  historyOf(
    course: Course,
    events: readonly CourseEvent[],
  ): readonly { readonly date: string; readonly what: string; readonly lines: readonly string[] }[];
  actorOf(request: Request): Promise<Actor>;
}): Router {
  const { correcting, views, cardOf, historyOf, actorOf } = parts;
  const router = Router();
  router.use(['/admin', '/fournisseur'], unkept);

  function refOf(id: string): RecordRef {
    const ref = readRecordKey(id.slice(0, longestId * 4));
    if (ref === null) throw new AppError('not-found', 'FICHE_INCONNUE', "Cette page n'existe pas.");
    return ref;
  }

  async function sendRecord(request: Request, response: Response, ref: RecordRef, form: Form = untouched) {
    const record = await correcting.record(await actorOf(request), ref);
    const { course, source } = record;
    const history = course === null ? [] : historyOf(course, record.events);
    const said = form.forecast;
    const card = said === null || said.course === null ? null : cardOf(said.course, source);
    const shown: CorrectionForm = { ...form, forecast: said === null ? null : { said, card } };
    const model = recordModel(record, history, { done: queryText(request, 'fait'), form: shown });
    sendPage(response, views, 'fournisseur/fiche', model, Object.keys(form.errors).length === 0 ? 200 : 422);
  }

  async function correct(request: Request, response: Response, reader: Reader, ref: RecordRef): Promise<void> {
    const texts = textsOf(request);
    const { pourquoi: why = '', action = '' } = texts;
    const typed = Object.fromEntries(Object.entries(texts).filter(([name]) => !notFields.includes(name)));
    const form: Form = { ...untouched, typed, why };
    const actor = await actorOf(request);
    try {
      if (action === 'enregistrer') {
        await correcting.save(actor, ref, typed, why);
        response.redirect(303, `${recordPath(ref, reader)}?fait=corrigee`);
        return;
      }
      await sendRecord(request, response, ref, { ...form, forecast: await correcting.check(actor, ref, typed) });
    } catch (error) {
      const errors = refusalsOf(error);
      // Only the reason is missing: what the correction gives stays on the page.
      const only = Object.keys(errors).every((name) => name === 'pourquoi');
      const forecast = only ? await correcting.check(actor, ref, typed) : null;
      await sendRecord(request, response, ref, { ...form, errors, forecast });
    }
  }

  const revisionOf = (text = '') => (/^\d{1,9}$/.test(text) ? Number(text) : -1);

  async function choose(request: Request, response: Response, reader: Reader, ref: RecordRef): Promise<void> {
    const texts = textsOf(request);
    const field = texts.champ ?? '';
    const choice = thirdValueChoices.find((one): one is ThirdValueChoice => one === texts[`choix-${field}`]) ?? null;
    const value = texts[`valeur-${field}`] ?? '';
    try {
      const revision = revisionOf(texts.version);
      await correcting.choose(await actorOf(request), ref, { field, revision, choice, value });
    } catch (error) {
      const typed = { choix: choice ?? '', valeur: value };
      return sendRecord(request, response, ref, { ...untouched, typed, errors: refusalsOf(error), choosing: field });
    }
    response.redirect(303, `${recordPath(ref, reader)}?fait=choix`);
  }

  async function withdraw(request: Request, response: Response, reader: Reader, ref: RecordRef): Promise<void> {
    const { champ: field = '', version } = textsOf(request);
    await correcting.withdraw(await actorOf(request), ref, { field, revision: revisionOf(version) });
    response.redirect(303, `${recordPath(ref, reader)}?fait=retiree`);
  }

  async function sendList(request: Request, response: Response, id: string, reader: Reader): Promise<void> {
    const actor = await actorOf(request);
    const asked = queryText(request, 'fiche');
    let errors: FieldErrors = {};
    if (asked !== '') {
      try {
        response.redirect(303, recordPath(await correcting.find(actor, id, asked), reader));
        return;
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
        errors = { fiche: error.publicMessage };
      }
    }
    const list = await correcting.list(actor, id, queryText(request, 'apres').slice(0, longestId) || null);
    const model = correctionsModel(list, asked, errors);
    sendPage(response, views, 'fournisseur/corrections', model, asked === '' ? 200 : 422);
  }

  for (const [space, reader] of [
    ['/fournisseur', 'organisation'],
    ['/admin', 'operator'],
  ] as const) {
    const record = `${space}/fiches/:id` as const;
    router.get(record, (request, response) => sendRecord(request, response, refOf(request.params.id)));
    router.post(record, (request, response) => correct(request, response, reader, refOf(request.params.id)));
    router.post(`${record}/choix`, (request, response) => choose(request, response, reader, refOf(request.params.id)));
    router.post(`${record}/retrait`, (request, response) =>
      withdraw(request, response, reader, refOf(request.params.id)),
    );
    router.get(`${space}/sources/:id/corrections`, (request, response) =>
      sendList(request, response, request.params.id, reader),
    );
  }

  return router;
}

type Form = Omit<CorrectionForm, 'forecast'> & { readonly forecast: Forecast | null };
