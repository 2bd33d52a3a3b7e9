/** The mails that wait, for whoever develops without a mail server. Their links open accounts: never in production. */
import { Router } from 'express';
import type { Mail, WaitingMail } from '../mail.ts';
import { clock, longDate } from './format.ts';
import { type PageModel, sendPage, type Views } from './views.ts';

/** @param parts.shown false in production and with a mail server: the page then does not exist */
export function devMailRoutes(parts: {
  readonly mail: Pick<Mail, 'pending'>;
  readonly views: Views;
  readonly shown: boolean;
}): Router {
  const { mail, views, shown } = parts;
  const router = Router();
  if (!shown) return router;
  router.get('/dev/courriels', async (_request, response) => {
    const page: PageModel = { title: 'Courriels en attente', description: null, noindex: true, section: null };
    const model = { ...page, waiting: (await mail.pending()).map(modelOf) };
    response.set('Cache-Control', 'no-store');
    sendPage(response, views, 'pages/dev-mail', model);
  });
  return router;
}

function modelOf({ to, subject, text, since }: WaitingMail) {
  return { to, subject, since: `${longDate(since)} à ${clock(since)}`, parts: linked(text) };
}

/** The text cut at its web addresses, so that one click follows them. */
function linked(text: string): readonly { readonly text: string; readonly href: string | null }[] {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part) => ({ text: part, href: /^https?:\/\//.test(part) ? part : null }))
    .filter((part) => part.text !== '');
}
