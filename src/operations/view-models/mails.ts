/** Words of /admin/courriels: mails that did not leave, without their address or their words, which are not kept. */
import { count, french } from '../../platform/web/format.ts';
import { formPage } from '../../platform/web/forms.ts';
import type { UndeliveredMail } from '../model.ts';
import { shortMoment } from './words.ts';

/** A code of `platform/mail.ts`, or of the mail server (RFC 5321). */
function reasonWords(reason: string | null): string {
  const code = /^(RCPT|DATA)-(\d{3})$/.exec(reason ?? '');
  if (code?.[1] === 'RCPT') return `adresse refusée par son serveur (${code[2]})`;
  if (code?.[1] === 'DATA') return `message refusé par le serveur (${code[2]})`;
  const known: Readonly<Record<string, string>> = {
    ECONNECTION: 'serveur de courriel injoignable',
    ETIMEDOUT: 'le serveur de courriel ne répond pas à temps',
    EAUTH: 'le serveur de courriel refuse notre mot de passe',
    EDNS: 'nom du serveur de courriel introuvable',
    ESOCKET: 'connexion coupée par le serveur de courriel',
  };
  return known[reason ?? ''] ?? (reason === null ? 'raison inconnue' : `raison ${reason}`);
}

export function mailsModel(mails: readonly UndeliveredMail[]) {
  return {
    ...formPage('Courriels non partis'),
    mails: mails.map(({ template, state, since, endedAt, attempts, reason, account }) => ({
      template,
      since: french(shortMoment(since)),
      badge:
        state === 'failed'
          ? { tone: 'non', icon: 'croix', text: french(`Abandonné le ${shortMoment(endedAt ?? since)}`) }
          : { tone: 'att', icon: 'horloge', text: 'Sera essayé à nouveau' },
      attempts: french(count(attempts, 'essai')),
      reason: french(reasonWords(reason)),
      account: account === null ? null : { id: account, href: `/admin/comptes/${encodeURIComponent(account)}` },
    })),
  };
}
