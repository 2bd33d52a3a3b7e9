/** What a visitor reads when a page cannot be given: one page, or JSON when that is what was asked. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { AppError, httpStatusOf } from '../../errors.ts';
import type { Log } from '../log.ts';
import { clock } from './format.ts';
import { sendPage, type Views } from './views.ts';

interface Problem {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  readonly message: string;
}

/** Wording of product 3.7. */
const sentences: Readonly<Record<number, string>> = {
  400: 'Cette demande est mal formée.',
  401: 'Cette page demande un compte.',
  403: "Cette page n'est pas ouverte à votre compte.",
  404: "Cette page n'existe pas.",
  405: "Cette page ne s'ouvre pas de cette façon.",
  413: 'Cette demande est trop grande.',
};

export const notFound: RequestHandler = () => {
  throw new AppError('not-found', 'PAGE_INCONNUE', "Cette page n'existe pas.");
};

/** For the rate limiter: it knows when the visitor may come back. */
export function tooManyRequests(request: Request, response: Response, views: Views, until: Date): void {
  const message = `Trop de demandes. Revenez à ${clock(until)}.`;
  answer(request, response, views, { status: 429, code: 'TROP_DE_DEMANDES', message });
}

export function errorPages(views: Views, log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = problemOf(error, request.id);
    // The visitor left, or the stop of the server cut the connection: nobody reads an answer.
    if (request.socket.destroyed) {
      if (problem.status >= 500)
        log.warn({ err: error, requestId: request.id }, 'request failed after its connection ended');
      return;
    }
    if (response.headersSent) return next(error);
    if (problem.status >= 500) log.error({ err: error, requestId: request.id }, 'request failed');
    const until = error instanceof AppError && error.kind === 'too-many' ? untilOf(error.details) : null;
    if (until !== null) {
      const seconds = Math.ceil((until.getTime() - Date.now()) / 1_000);
      response.set('Retry-After', String(Math.max(1, seconds)));
      return tooManyRequests(request, response, views, until);
    }
    answer(request, response, views, problem);
  };
}

function untilOf(details: unknown): Date | null {
  const until: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, 'until') : null;
  return until instanceof Date ? until : null;
}

function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof AppError) {
    return { status: httpStatusOf[error.kind], code: error.code, message: error.publicMessage };
  }
  const status = statusOf(error);
  const known = status === null ? undefined : sentences[status];
  if (status !== null && known !== undefined) return { status, code: 'DEMANDE_REFUSEE', message: known };
  const message = `Une erreur est survenue. Ce n'est pas votre faute. Numéro à donner : ${requestId}.`;
  return { status: 500, code: 'ERREUR', message };
}

/** Express and its parsers put the status on the error (an address that cannot be decoded, a body too large). */
function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  return typeof error.status === 'number' ? error.status : null;
}

function answer(request: Request, response: Response, views: Views, problem: Problem): void {
  if (request.accepts(['html', 'json']) === 'json') {
    response.status(problem.status).json({ error: { code: problem.code, message: problem.message } });
    return;
  }
  const model = {
    title: problem.message,
    description: null,
    noindex: true,
    section: null,
    status: problem.status,
    message: problem.message,
    wayOut: wayOutOf(request, problem),
  };
  sendPage(response, views, 'errors/error', model, problem.status);
}

/** A page that asks for an account comes back after the sign-in; a form that was sent does not. */
function wayOutOf(request: Request, { status, code }: Problem): { label: string; href: string } | null {
  if (code === 'CODE_REQUIS')
    return { label: 'Mettre en place le code à usage unique', href: '/mon-espace/securite/code' };
  if (status !== 401) return null;
  const back = request.method === 'GET' ? `?suite=${encodeURIComponent(request.originalUrl)}` : '';
  return { label: 'Se connecter', href: `/connexion${back}` };
}
