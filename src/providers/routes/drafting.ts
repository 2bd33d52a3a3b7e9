/** /fournisseur/inscription and the steps of a source; /fournisseur/verifier, the passport of any catalogue. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import type { Course } from '../../catalogue/model.ts';
import { AppError } from '../../errors.ts';
import type { Examination } from '../../harvest/examine.ts';
import { queryText, text, textsOf, unkept } from '../../platform/web/answers.ts';
import type { FieldErrors } from '../../platform/web/forms.ts';
import { discardRest, readUpload, refusalOf, type UploadedFile } from '../../platform/web/upload.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import type { Actor } from '../../rights.ts';
import { catalogueBytes, type Drafting, type Refusals } from '../use-cases/drafting.ts';
import type { Own } from '../use-cases/own.ts';
import {
  choicesModel,
  identityModel,
  noWayIn,
  sendingModel,
  settingsModel,
  type WayInTyped,
  wayInModel,
} from '../view-models/drafting.ts';
import { sourcePath } from '../view-models/own.ts';
import { checkModel, type PreviewCard, type PreviewReport, previewModel } from '../view-models/preview.ts';
import { checkPath, homePath, registrationPath, wayInPath } from '../view-models/space.ts';

const identityForm = z.object({ organisation: text, name: text, siret: text });
const choicesForm = z.object({ rhythm: text, publishing: text, mails: text });

/** Previews a minute, of one account. */
const previewsPerMinute = 10;
const minute = 60_000;

export interface DraftingRouteParts {
  readonly drafting: Drafting;
  readonly own: Pick<Own, 'home'>;
  readonly views: Views;
  /** Registers a training provider; the session goes on with the new rights. */
  declareOrganisation(
    request: Request,
    actor: Actor,
    asked: { readonly name: string; readonly siret: string },
  ): Promise<
    { readonly kind: 'done'; readonly id: string } | { readonly kind: 'refused'; readonly refusals: Refusals }
  >;
  cardOf(read: Pick<Course, 'draft' | 'alignment' | 'corrections'>, source: { readonly title: string }): PreviewCard;
  actorOf(request: Request): Promise<Actor>;
  now(): Date;
}

export function draftingRoutes(parts: DraftingRouteParts): Router {
  const { drafting, own, views, declareOrganisation, cardOf, actorOf, now } = parts;
  const router = Router();
  router.use(homePath, unkept);
  const limited = previewLimit(now);
  const statusOf = (errors: FieldErrors) => (Object.keys(errors).length === 0 ? 200 : 422);

  // 1. Whose it is.

  async function sendIdentity(
    request: Request,
    response: Response,
    typed = { organisation: '', name: '', siret: '' },
    errors: FieldErrors = {},
  ) {
    const { organisations } = await own.home(await actorOf(request));
    const chosen = typed.organisation === '' ? (organisations[0]?.id ?? '') : typed.organisation;
    const model = identityModel(organisations, { ...typed, organisation: chosen }, errors);
    sendPage(response, views, 'fournisseur/organisme', model, statusOf(errors));
  }

  router.get(registrationPath, (request, response) => sendIdentity(request, response));

  router.post(registrationPath, async (request, response) => {
    const actor = await actorOf(request);
    const { organisations } = await own.home(actor);
    const typed = textsOf(identityForm, request);
    const known = organisations.find(({ id }) => id === typed.organisation);
    const toWayIn = (id: string) => response.redirect(303, `${wayInPath}?organisme=${encodeURIComponent(id)}`);
    if (known !== undefined) return toWayIn(known.id);
    if (organisations.length > 0 && typed.organisation !== 'autre') {
      return sendIdentity(request, response, typed, { organisation: 'Choisissez un organisme.' });
    }
    const outcome = await declareOrganisation(request, actor, typed);
    if (outcome.kind === 'refused') return sendIdentity(request, response, typed, outcome.refusals);
    toWayIn(outcome.id);
  });

  // 2. The way in.

  async function sendWayIn(
    request: Request,
    response: Response,
    organisationId: string,
    typed: WayInTyped = noWayIn,
    errors: FieldErrors = {},
  ) {
    const actor = await actorOf(request);
    await drafting.mayDeclare(actor, organisationId);
    const { organisations } = await own.home(actor);
    const organisation = organisations.find(({ id }) => id === organisationId);
    if (organisation === undefined) return response.redirect(303, registrationPath);
    const model = wayInModel(organisation, drafting.formats(), typed, errors);
    sendPage(response, views, 'fournisseur/acces', model, statusOf(errors));
  }

  router.get(wayInPath, async (request, response) => {
    const organisation = queryText(request, 'organisme');
    if (organisation === '') {
      // Whoever comes here without one begins at the beginning.
      await own.home(await actorOf(request));
      return response.redirect(303, registrationPath);
    }
    await sendWayIn(request, response, organisation);
  });

  router.post(wayInPath, async (request, response) => {
    const actor = await actorOf(request);
    await own.home(actor);
    const { fields, file } = await readUpload(request, { maxBytes: catalogueBytes });
    const organisation = fields.organisme ?? '';
    await drafting.mayDeclare(actor, organisation);
    const of = (name: string) => (fields[name] ?? '').slice(0, 2_000);
    const typed = {
      title: of('title'),
      homepage: of('homepage'),
      way: of('way'),
      url: of('url'),
      connector: of('connector'),
    };
    await limited(request, response);
    const outcome = await drafting.declare(actor, organisation, typed, typed.way === 'file' ? file : null);
    if (outcome.kind === 'refused') {
      await discardRest(request);
      return sendWayIn(request, response, organisation, typed, outcome.refusals);
    }
    response.redirect(303, `${sourcePath(outcome.id)}/reglages`);
  });

  // 3. Settings.

  type TypedSettings = Readonly<Record<string, string | readonly string[]>>;

  async function sendSettings(
    request: Request,
    response: Response,
    id: string,
    typed: TypedSettings | null = null,
    errors: FieldErrors = {},
  ) {
    const model = settingsModel(await drafting.draft(await actorOf(request), id), typed, errors);
    sendPage(response, views, 'fournisseur/reglages', model, statusOf(errors));
  }

  router.get('/fournisseur/sources/:id/reglages', (request, response) =>
    sendSettings(request, response, request.params.id),
  );

  router.post('/fournisseur/sources/:id/reglages', async (request, response) => {
    const { id } = request.params;
    const actor = await actorOf(request);
    const { source } = await drafting.draft(actor, id);
    const typed = settingsTyped(request);
    const outcome = await drafting.saveSettings(actor, id, typed);
    if (outcome.kind === 'refused') return sendSettings(request, response, id, typed, outcome.refusals);
    const isSent = ['approved', 'active', 'paused'].includes(source.state);
    response.redirect(303, isSent ? `${sourcePath(id)}?fait=reglages` : `${sourcePath(id)}/apercu`);
  });

  router.post('/fournisseur/sources/:id/fichier', async (request, response) => {
    const { id } = request.params;
    const actor = await actorOf(request);
    await drafting.draft(actor, id);
    const { file } = await readUpload(request, { maxBytes: catalogueBytes });
    const outcome = await drafting.replaceFile(actor, id, file);
    if (outcome.kind === 'refused') {
      await discardRest(request);
      return sendSettings(request, response, id, null, outcome.refusals);
    }
    response.redirect(303, `${sourcePath(id)}?fait=fichier`);
  });

  // 4. Preview.

  function reportOf(report: Examination, source: { readonly title: string }): PreviewReport {
    return {
      ...report,
      records: report.records.map(({ course, ...record }) => ({
        ...record,
        card: course === null ? null : cardOf({ ...course, corrections: record.corrections }, source),
      })),
    };
  }

  router.get('/fournisseur/sources/:id/apercu', async (request, response) => {
    const { id } = request.params;
    const actor = await actorOf(request);
    await drafting.draft(actor, id);
    await limited(request, response);
    const { source, found, refusal } = await drafting.preview(actor, id);
    const report = found === null ? null : reportOf(found.report, source);
    sendPage(response, views, 'fournisseur/apercu', previewModel({ source, report, refusal }, now()));
  });

  // 5. Choices.

  router.get('/fournisseur/sources/:id/choix', async (request, response) => {
    const { source } = await drafting.draft(await actorOf(request), request.params.id);
    sendPage(response, views, 'fournisseur/choix', choicesModel(source, null, {}));
  });

  router.post('/fournisseur/sources/:id/choix', async (request, response) => {
    const { id } = request.params;
    const actor = await actorOf(request);
    const typed = textsOf(choicesForm, request);
    const outcome = await drafting.saveChoices(actor, id, typed);
    const { source } = await drafting.draft(actor, id);
    if (outcome.kind === 'refused') {
      return sendPage(response, views, 'fournisseur/choix', choicesModel(source, typed, outcome.refusals), 422);
    }
    const isDraft = ['draft', 'previewed', 'refused'].includes(source.state);
    response.redirect(303, isDraft ? `${sourcePath(id)}/envoi` : `${sourcePath(id)}?fait=choix`);
  });

  // 6. Sending.

  router.get('/fournisseur/sources/:id/envoi', async (request, response) => {
    const { source, format } = await drafting.draft(await actorOf(request), request.params.id);
    sendPage(response, views, 'fournisseur/envoi', sendingModel(source, format));
  });

  router.post('/fournisseur/sources/:id/envoi', async (request, response) => {
    const { id } = request.params;
    await drafting.submit(await actorOf(request), id);
    response.redirect(303, `${sourcePath(id)}?fait=envoyee`);
  });

  router.post('/fournisseur/sources/:id/corriger', async (request, response) => {
    const { id } = request.params;
    await drafting.correct(await actorOf(request), id);
    response.redirect(303, `${sourcePath(id)}/reglages`);
  });

  // The passport.

  router.get(checkPath, async (request, response) => {
    await drafting.mayCheck(await actorOf(request));
    sendPage(response, views, 'fournisseur/verifier', checkModel({ url: '' }, {}, null));
  });

  router.post(checkPath, async (request, response) => {
    const actor = await actorOf(request);
    await drafting.mayCheck(actor);
    const { fields, file } = await readUpload(request, { maxBytes: catalogueBytes });
    const url = (fields.url ?? '').trim().slice(0, 2_000);
    const refuse = (errors: FieldErrors) =>
      sendPage(response, views, 'fournisseur/verifier', checkModel({ url }, errors, null), 422);
    if ((url === '') === (file === null)) {
      return refuse({ url: 'Donnez une adresse, ou un fichier : l’un des deux.' });
    }
    await limited(request, response);
    const outcome =
      file === null
        ? await drafting.check(actor, { url })
        : await withTemporary(request, file, (path) => drafting.check(actor, { path }));
    if (outcome.kind === 'refused') return refuse(outcome.refusals);
    const { title, report } = outcome.found;
    const found = { format: title, report: reportOf(report, { title: 'votre catalogue' }), at: now() };
    sendPage(response, views, 'fournisseur/verifier', checkModel({ url }, {}, found));
  });

  return router;
}

/** Repeated fields are the boxes of a setting with several values. */
function settingsTyped(request: Request): Readonly<Record<string, string | readonly string[]>> {
  const one = z.string().max(10_000);
  const parsed = z.record(z.string().max(100), z.union([one, z.array(one).max(100)])).safeParse(request.body ?? {});
  if (!parsed.success) throw new AppError('invalid', 'FORMULAIRE_ILLISIBLE', 'Cette demande est mal formée.');
  const { _csrf, ...typed } = parsed.data;
  return typed;
}

/** The file on this machine while `read` reads it; whatever happens, it is gone after. */
async function withTemporary<Done>(
  request: Request,
  file: UploadedFile,
  read: (path: string) => Promise<Done>,
): Promise<Done | { readonly kind: 'refused'; readonly refusals: Refusals }> {
  const folder = await mkdtemp(join(tmpdir(), 'en2-verifier-'));
  try {
    const path = join(folder, 'catalogue');
    try {
      await pipeline(file.bytes, createWriteStream(path, { mode: 0o600 }));
    } catch (error) {
      return { kind: 'refused', refusals: { file: await refusalOf(request, error) } };
    }
    return await read(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Previews read the sites of others: ten a minute for one account. Called where the right is known to be there.
 * @throws AppError `too-many`
 */
function previewLimit(now: () => Date): (request: Request, response: Response) => Promise<void> {
  const limiter: RequestHandler = rateLimit({
    windowMs: minute,
    limit: previewsPerMinute,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: (request) => request.user?.accountId ?? 'nobody',
    validate: { xForwardedForHeader: false },
    handler: (_request, _response, next) => {
      const until = new Date(now().getTime() + minute);
      next(new AppError('too-many', 'TROP_D_APERCUS', 'Trop de demandes.', { details: { until } }));
    },
  });
  return (request, response) =>
    new Promise((resolve, reject) => {
      void limiter(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
}
