/** /admin/regles: a version of a rule is prepared, compared, and published by a second person. */
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { queryText } from '../../platform/web/answers.ts';
import { isoDay } from '../../platform/web/format.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import { csvMark, csvRow, csvType } from '../../platform/write-csv.ts';
import type { Actor } from '../../rights.ts';
import type { DraftForm } from '../model/draft.ts';
import { flipsPerPage } from '../use-cases/flips.ts';
import type { RuleEditor } from '../use-cases/rule-editor.ts';
import {
  draftModel,
  draftPath,
  draftsPath,
  editorHomeModel,
  editorPath,
  flipColumns,
  flipRow,
  reasonField,
  ruleFormModel,
  withdrawModel,
} from '../view-models/rule-editor.ts';

/** A field is one text, or the texts of several boxes. */
const formSchema = z.record(z.string().max(80), z.union([z.string().max(2_000), z.array(z.string().max(200)).max(30)]));

export function ruleEditorRoutes(parts: {
  readonly editor: RuleEditor;
  readonly views: Views;
  actorOf(request: Request): Promise<Actor>;
  now(): Date;
}): Router {
  const { editor, views, actorOf, now } = parts;
  const router = Router();

  function formOf(request: Request): DraftForm {
    const parsed = formSchema.safeParse(request.body ?? {});
    if (!parsed.success) throw new AppError('invalid', 'FORMULAIRE_ILLISIBLE', 'Cette demande est mal formée.');
    return parsed.data;
  }

  function pageOf(request: Request): number {
    const asked = queryText(request, 'page');
    return /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
  }

  router.get(editorPath, async (request, response) => {
    const home = await editor.home(await actorOf(request));
    sendPage(response, views, 'admin/rules', editorHomeModel(home, isoDay(now()), queryText(request, 'fait')));
  });

  async function sendDraft(
    request: Request,
    response: Response,
    id: string,
    typed: Readonly<Record<string, string>> = {},
    errors: FieldErrors = {},
  ): Promise<void> {
    const page = await editor.draft(await actorOf(request), id, pageOf(request));
    const model = draftModel(page, { done: queryText(request, 'fait'), errors, typed, perPage: flipsPerPage });
    sendPage(response, views, 'admin/rule-draft', model, Object.keys(errors).length === 0 ? 200 : 422);
  }

  router.get(`${draftsPath}/:id`, (request, response) => sendDraft(request, response, request.params.id));

  router.get(`${draftsPath}/:id/changer`, async (request, response) => {
    const { id } = request.params;
    const page = await editor.draftForm(await actorOf(request), id);
    sendPage(response, views, 'admin/rule-form', ruleFormModel(page, id));
  });

  router.post(`${draftsPath}/:id/changer`, async (request, response) => {
    const { id } = request.params;
    const saved = await editor.rewrite(await actorOf(request), id, formOf(request));
    if (saved.ok) return response.redirect(303, `${draftPath(id)}?fait=prepare`);
    sendPage(response, views, 'admin/rule-form', ruleFormModel(saved.page, id), 422);
  });

  router.post(`${draftsPath}/:id/cas`, async (request, response) => {
    const { id } = request.params;
    const typed = Object.fromEntries(
      Object.entries(formOf(request)).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    const prefix = reasonField('');
    const reasons = Object.fromEntries(
      Object.entries(typed).flatMap(([name, value]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
      ),
    );
    const refused = await editor.explainCases(await actorOf(request), id, reasons);
    const errors = Object.fromEntries(Object.entries(refused).map(([caseId, text]) => [reasonField(caseId), text]));
    if (Object.keys(errors).length > 0) return sendDraft(request, response, id, typed, errors);
    response.redirect(303, `${draftPath(id)}?fait=cas`);
  });

  router.post(`${draftsPath}/:id/liste`, async (request, response) => {
    const { id } = request.params;
    await editor.listAgain(await actorOf(request), id);
    response.redirect(303, `${draftPath(id)}?fait=liste`);
  });

  router.get(`${draftsPath}/:id/verdicts.csv`, async (request, response) => {
    const list = await editor.flipList(await actorOf(request), request.params.id);
    if (list === null) throw new AppError('not-found', 'LISTE_A_FAIRE', "Cette liste n'est pas encore prête.");
    response
      .set({ 'Content-Type': csvType, 'Cache-Control': 'no-store' })
      .attachment(`verdicts-${list.draft.ruleId}-${list.draft.version.from}.csv`);
    response.write(`${csvMark}${csvRow(flipColumns)}`);
    for await (const flip of list.flips) {
      if (response.destroyed) return;
      if (!response.write(csvRow(flipRow(flip)))) await drained(response);
    }
    response.end();
  });

  router.get(`${draftsPath}/:id/retirer`, async (request, response) => {
    const { draft } = await editor.draft(await actorOf(request), request.params.id);
    sendPage(response, views, 'admin/rule-withdraw', withdrawModel(draft));
  });

  router.post(`${draftsPath}/:id/retirer`, async (request, response) => {
    await editor.withdraw(await actorOf(request), request.params.id);
    response.redirect(303, `${editorPath}?fait=retire`);
  });

  router.post(`${draftsPath}/:id/publier`, async (request, response) => {
    const { id } = request.params;
    const revision = Number(formOf(request).revision);
    await editor.publish(await actorOf(request), id, Number.isInteger(revision) ? revision : 0);
    response.redirect(303, `${draftPath(id)}?fait=publie`);
  });

  router.get(`${editorPath}/:id`, async (request, response) => {
    const page = await editor.form(await actorOf(request), request.params.id);
    sendPage(response, views, 'admin/rule-form', ruleFormModel(page, null));
  });

  router.post(`${editorPath}/:id`, async (request, response) => {
    const { id } = request.params;
    const saved = await editor.prepare(await actorOf(request), id, formOf(request));
    if (saved.ok) return response.redirect(303, `${draftPath(saved.id)}?fait=prepare`);
    sendPage(response, views, 'admin/rule-form', ruleFormModel(saved.page, null), 422);
  });

  return router;
}

/** Until the reader took what was sent, or left. */
function drained(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
