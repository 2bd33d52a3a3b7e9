/**
 * The pages of a person's own pathways: enrolling, /mon-espace, and what is kept for later. Mounted before the pages of
 * the catalogue, which print « Garder pour plus tard ».
 */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { Shell } from '../../platform/web/server.ts';
import { sendPage, type Views } from '../../platform/web/views.ts';
import { type Actor, can } from '../../rights.ts';
import { declaredStates } from '../model/enrolment.ts';
import type { EnrolmentResult } from '../model/enrolment-pages.ts';
import { type KeptKind, mostKept } from '../model/kept.ts';
import { consentWords, type Enrolments } from '../use-cases/enrolment.ts';
import type { Keeping, KeptTarget } from '../use-cases/keeping.ts';
import { consentModel, retiredWhileOpen } from '../view-models/consent.ts';
import { enrolmentAddress, enrolmentPageModel, spaceModel } from '../view-models/enrolment.ts';
import { keptFields, keptModel } from '../view-models/kept.ts';
import type { SpaceLink } from '../view-models/space.ts';
import { retiredModel } from '../view-models.ts';

export interface EnrolmentRouteParts {
  readonly enrolments: Enrolments;
  readonly keeping: Keeping;
  readonly views: Views;
  /** Entries of the bar of the own space, `/mon-espace` and `/mon-espace/gardes` among them. */
  readonly space: readonly SpaceLink[];
  /** From the session; a visitor has an actor too. */
  actorOf(request: Request): Promise<Actor>;
  now(): Date;
}

/** Whatever was sent, a repeated or structured field counts as absent. */
const text = z.string().max(4_000).catch('');
const enrolmentForm = z.object({ accord: text, choix: text }).catch({ accord: '', choix: '' });
const stepForm = z.object({ etat: z.enum(declaredStates) });
const keepForm = z.union([
  z.object({ cours: z.string().regex(/^[0-9a-z]{8}$/) }).transform(({ cours }) => target('course', cours)),
  z.object({ parcours: z.string().regex(/^[a-z0-9-]{1,100}$/) }).transform((sent) => target('pathway', sent.parcours)),
]);

/** On the page of the own space; the others are on a page of their own. */
const keptShown = 5;
const consentView = 'pathways/enrolment/consent';

export function enrolmentRoutes(parts: EnrolmentRouteParts): Router {
  const { enrolments, keeping, views, space, actorOf, now } = parts;
  const router = Router();

  router.use(keptOfPerson(parts));

  router.get('/parcours/:slug/inscription', async (request, response) => {
    const { slug } = request.params;
    answer(response, await enrolments.form(await actorOf(request), slug));
  });

  router.post('/parcours/:slug/inscription', async (request, response) => {
    const { slug } = request.params;
    const { accord, choix } = enrolmentForm.parse(request.body);
    const sent = { agreed: accord === 'oui', choices: choix };
    answer(response, await enrolments.enrol(await actorOf(request), slug, sent), true);
  });

  function answer(response: Response, result: EnrolmentResult, sent = false): void {
    switch (result.kind) {
      case 'enrolled':
        response.redirect(303, enrolmentAddress(result.id));
        return;
      case 'already':
        response.redirect(303, `${enrolmentAddress(result.id)}?deja=1`);
        return;
      case 'retired': {
        const { pathway, living } = result;
        const model = retiredModel(pathway, living, now());
        const reason = sent ? `${model.reason} ${retiredWhileOpen(pathway)}` : model.reason;
        const page = { ...model, reason };
        sendPage(response, views, 'pathways/retired', page, 410);
        return;
      }
      case 'open':
        sendPage(response, views, consentView, consentModel(result.offer, consentWords, { error: null, gone: null }));
        return;
      case 'consent-missing': {
        const error = 'Votre accord exprès est obligatoire.';
        sendPage(response, views, consentView, consentModel(result.offer, consentWords, { error, gone: null }), 422);
        return;
      }
      case 'changed': {
        const model = consentModel(result.offer, consentWords, { error: null, gone: result.gone });
        sendPage(response, views, consentView, model, 409);
      }
    }
  }

  router.get('/mon-espace', async (request, response) => {
    const actor = await actorOf(request);
    const [own, kept] = await Promise.all([enrolments.space(actor), keeping.list(actor, keptShown)]);
    const model = spaceModel(own, kept, request.query.arretes === '1', space, now());
    sendPage(response, views, 'mon-espace/espace', model);
  });

  router.get('/mon-espace/gardes', async (request, response) => {
    const list = await keeping.list(await actorOf(request), mostKept);
    sendPage(response, views, 'mon-espace/gardes', keptModel(list, space));
  });

  router.get('/mon-espace/parcours/:id', async (request, response) => {
    const page = await enrolments.one(await actorOf(request), request.params.id);
    const model = enrolmentPageModel(page, request.query.deja === '1', space, now());
    sendPage(response, views, 'mon-espace/parcours', model);
  });

  router.post('/mon-espace/parcours/:id/etapes/:step', async (request, response) => {
    const { id, step } = request.params;
    const actor = await actorOf(request);
    const form = stepForm.safeParse(request.body);
    if (!form.success) throw new AppError('invalid', 'ETAT_INCONNU', "Cet état d'étape n'existe pas.");
    await enrolments.declare(actor, id, step, form.data.etat);
    response.redirect(303, `${enrolmentAddress(id)}#etape-${encodeURIComponent(step)}`);
  });

  router.post('/mon-espace/parcours/:id/arreter', async (request, response) => {
    await enrolments.stop(await actorOf(request), request.params.id);
    response.redirect(303, enrolmentAddress(request.params.id));
  });

  router.post('/mon-espace/parcours/:id/reprendre', async (request, response) => {
    await enrolments.resume(await actorOf(request), request.params.id);
    response.redirect(303, enrolmentAddress(request.params.id));
  });

  router.post('/garder', async (request, response) => {
    const actor = await actorOf(request);
    const asked = keepTargetOf(request);
    await keeping.keep(actor, asked);
    response.redirect(303, returnTo(response, asked));
  });

  router.post('/garder/retirer', async (request, response) => {
    const actor = await actorOf(request);
    const asked = keepTargetOf(request);
    await keeping.unkeep(actor, asked);
    response.redirect(303, returnTo(response, asked));
  });

  return router;
}

/** For the buttons « Garder pour plus tard » of every page: what the person keeps already. */
/** Pages of work, where no course is offered to be kept. */
const withoutCards = /^\/(?:mon-espace|admin|fournisseur|financeur)(?:\/|$)/;

function keptOfPerson({ keeping, actorOf }: Pick<EnrolmentRouteParts, 'keeping' | 'actorOf'>): RequestHandler {
  return async (request, response, next) => {
    const shell = shellOf(response);
    if (request.method === 'GET' && shell.signedIn && !withoutCards.test(request.path)) {
      const actor = await actorOf(request);
      const targets = can(actor, 'account:own') ? await keeping.targets(actor) : [];
      shell.kept = Object.fromEntries(targets.map((one) => [keyOf(one), true]));
    }
    next();
  };
}

function shellOf(response: Response): Pick<Shell, 'back' | 'signedIn'> & { kept?: Readonly<Record<string, true>> } {
  return response.locals.shell;
}

function keepTargetOf(request: Request): KeptTarget {
  const form = keepForm.safeParse(request.body);
  if (!form.success) throw new AppError('invalid', 'GARDE_INCONNU', "Ce cours ou ce parcours n'existe pas.");
  return form.data;
}

function target(kind: KeptKind, value: string): KeptTarget {
  return { kind, target: value };
}

/** As in `Keep.key`. */
function keyOf({ kind, target: value }: KeptTarget): string {
  return `${keptFields[kind]}-${value}`;
}

/** The page the button was on. */
function returnTo(response: Response, asked: KeptTarget): string {
  return `${shellOf(response).back}#garder-${keyOf(asked)}`;
}
