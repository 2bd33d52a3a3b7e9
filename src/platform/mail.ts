/**
 * Mail. A message is rendered and put in an outbox; `deliver` sends what waits. Each mail is claimed before it is sent and
 * the claim of a process that died ends by itself, so that no mail is lost. SMTP cannot tell a mail that was accepted just
 * before a kill from one that was not: that mail leaves once more, under the same Message-ID.
 *
 * Address and words are sealed while they wait, since they hold links that open things, and erased once they have left.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { createTransport, type Transporter } from 'nodemailer';
import type { Options as SmtpOptions } from 'nodemailer/lib/smtp-transport';
import { AppError } from '../errors.ts';
import { isDuplicateKey } from './duplicate-key.ts';
import { ensureIndex } from './indexes.ts';
import { joinedFind } from './joined-reads.ts';
import type { Log } from './log.ts';
import type { Secrets } from './secrets.ts';
import type { MailValue, MailValues, MailViews, RenderedMail } from './web/mail-views.ts';

export interface Message {
  /** One address. */
  readonly to: string;
  /** A name of `views/mail`. */
  readonly template: string;
  /** What the template names, each text on one line. `link`, `resetLink`…: web addresses; no other text may hold one. */
  readonly values: MailValues;
  /** Opaque. The same key is one mail, however often it is asked for, until its record goes (`recordDays`). */
  readonly key: string;
  /** Opaque id of the account it is about, so that it is erased with it. */
  readonly account?: string;
}

export interface MailSettings {
  readonly views: MailViews;
  readonly secrets: Pick<Secrets, 'seal' | 'open' | 'reseal'>;
  /** Null: mails wait. */
  readonly smtp: {
    /** `smtp://user:password@host:587`, `smtps://…`: read by `smtpOptions`. */
    readonly url: string;
    readonly from: { readonly name: string; readonly address: string };
  } | null;
  readonly now: () => Date;
  readonly log: Log;
  /** How long a mail stays with a process that no longer says it is sending it; two minutes unless told. */
  readonly claimMs?: number;
}

export interface WaitingMail extends RenderedMail {
  readonly to: string;
  readonly since: Date;
  readonly state: 'waiting' | 'sending';
  readonly attempts: number;
}

export interface MailRecord {
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  readonly template: string;
  readonly since: Date;
  readonly endedAt: Date | null;
}

/** A mail that did not leave: given up, or tried in vain up to now. Without address or words. */
export interface Undelivered {
  readonly state: 'failed' | 'waiting';
  readonly template: string;
  readonly since: Date;
  readonly endedAt: Date | null;
  readonly attempts: number;
  /** Code of the last failure; no address. */
  readonly reason: string | null;
  readonly account: string | null;
}

export interface Delivery {
  readonly sent: number;
  /** Tried without success; tried again later. */
  readonly postponed: number;
  /** Refused for good, or tried for five days. */
  readonly failed: number;
  /** Left in the outbox. */
  readonly waiting: number;
}

export interface Mail {
  ensureIndexes(): Promise<void>;
  /** Puts the message in the outbox. @throws AppError `invalid` for an address or a value that cannot be in a mail */
  send(message: Message): Promise<void>;
  /** Sends what is due, one at a time; stops between two mails when the signal says so. Several processes may. */
  deliver(signal?: AbortSignal): Promise<Delivery>;
  /** What has not left, newest first, at most 100. */
  pending(): Promise<readonly WaitingMail[]>;
  /** Given up, or tried at least once in vain: newest first, at most `limit`. */
  undelivered(limit: number): Promise<readonly Undelivered[]>;
  /** Records of the mails about an account, without their words. */
  of(account: string): Promise<readonly MailRecord[]>;
  /** Removes the mails about an account, sent or not, and those that wait for its address. @returns how many */
  erase(account: string, address: string | null): Promise<number>;
  /** Seals what waits with the current key, after a change of key. */
  reseal(): Promise<void>;
}

interface OutboxDocument {
  _id: string;
  state: MailRecord['state'];
  template: string;
  account: string | null;
  messageId: string;
  createdAt: Date;
  attempts: number;
  /** Address, subject, text and HTML; absent once it has left. */
  sealed?: string;
  /** When it may be taken: the next try, or the end of the claim of who is sending it. Absent once it has ended. */
  dueAt?: Date;
  /** Who is sending it; null when nobody is. */
  claim: string | null;
  endedAt?: Date;
  /** Code of the last failure; no address. */
  reason?: string;
}

/** How long the record of an ended mail is kept, without address or words. */
export const recordDays = 90;
const dayMs = 86_400_000;
/** What mail servers do with a mail that cannot be delivered. */
const giveUpMs = 5 * dayMs;
const longestPauseMs = 3_600_000;

/** @throws AppError `invalid` when the settings cannot be used */
export function makeMail(connection: Connection, settings: MailSettings): Mail {
  const { views, secrets, smtp, now, log, claimMs = 120_000 } = settings;
  const outbox = connection.collection<OutboxDocument>('outbox');
  const ofAccounts = joinedFind('account', (accounts) =>
    outbox
      .find({ account: { $in: [...accounts] } })
      .sort({ createdAt: -1 })
      .toArray(),
  );
  const transport = smtp === null ? null : createTransport(smtpOptions(smtp.url));
  const unsent = { dueAt: { $exists: true } } as const;

  const contentOf = (sealed: string | undefined): RenderedMail & { to: string } =>
    JSON.parse(secrets.open(sealed ?? ''));

  /** Empty when the key is not here: nobody can read that mail, and it must not stop an erasure. */
  function addressOf(sealed: string | undefined): string {
    try {
      return contentOf(sealed).to;
    } catch (error) {
      if (error instanceof AppError) return '';
      throw error;
    }
  }

  /** Takes the mail that is due for the longest time; the one condition is atomic, whoever else asks. */
  function claim(): Promise<OutboxDocument | null> {
    const at = now();
    return outbox.findOneAndUpdate(
      { dueAt: { $lte: at } },
      { $set: { state: 'sending', claim: randomUUID(), dueAt: later(at, claimMs) }, $inc: { attempts: 1 } },
      { sort: { dueAt: 1 }, returnDocument: 'after' },
    );
  }

  async function finish({ _id, claim }: OutboxDocument, state: 'sent' | 'failed', reason?: string): Promise<void> {
    await outbox.updateOne(
      { _id, claim },
      {
        $set: { state, claim: null, endedAt: now(), ...(reason === undefined ? {} : { reason }) },
        $unset: { sealed: '', dueAt: '' },
      },
    );
  }

  async function sendOne(mail: OutboxDocument, by: Transporter, from: { name: string; address: string }) {
    const { _id, claim } = mail;
    const renewal = setInterval(() => {
      outbox
        .updateOne({ _id, claim }, { $set: { dueAt: later(now(), claimMs) } })
        .catch((err: unknown) => log.warn({ err }, 'mail claim not renewed'));
    }, claimMs / 4);
    try {
      const { to, subject, text, html } = contentOf(mail.sealed);
      await by.sendMail({
        from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId: `<${mail.messageId}@${from.address.split('@')[1]}>`,
        date: mail.createdAt,
        // Answering machines leave such mails alone.
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
    } catch (error) {
      return await postpone(mail, refusalOf(error));
    } finally {
      clearInterval(renewal);
    }
    await finish(mail, 'sent');
    return { outcome: 'sent', goOn: true } as const;
  }

  async function postpone(mail: OutboxDocument, { reason, forGood, goOn }: Refusal) {
    // The key is ours and opaque; the server's own words may repeat the address.
    log.warn({ key: mail._id, reason, attempts: mail.attempts }, 'mail not sent');
    if (forGood || now().getTime() - mail.createdAt.getTime() > giveUpMs) {
      await finish(mail, 'failed', reason);
      return { outcome: 'failed', goOn } as const;
    }
    const pause = Math.min(60_000 * 2 ** Math.min(mail.attempts - 1, 10), longestPauseMs);
    await outbox.updateOne(
      { _id: mail._id, claim: mail.claim },
      { $set: { state: 'waiting', claim: null, dueAt: later(now(), pause), reason } },
    );
    return { outcome: 'postponed', goOn } as const;
  }

  return {
    async ensureIndexes() {
      await ensureIndex(outbox, { dueAt: 1 });
      await ensureIndex(outbox, { account: 1 });
      await ensureIndex(outbox, { state: 1, createdAt: -1 });
      await ensureIndex(outbox, { endedAt: 1 }, { expireAfterSeconds: recordDays * (dayMs / 1_000) });
    },

    async send({ to, template, values, key, account = null }) {
      if (!isAddress(to)) throw new AppError('invalid', 'ADRESSE_INVALIDE', "Cette adresse e-mail n'est pas valable.");
      if (!keyPattern.test(key)) throw new TypeError('mail: the key is not opaque');
      for (const [name, value] of Object.entries(values)) checkValue(name, value);
      const content = { to, ...views.render(template, values) };
      const at = now();
      try {
        await outbox.insertOne({
          _id: key,
          state: 'waiting',
          template,
          account,
          messageId: createHash('sha256').update(key).digest('hex').slice(0, 40),
          createdAt: at,
          attempts: 0,
          sealed: secrets.seal(JSON.stringify(content)),
          dueAt: at,
          claim: null,
        });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    async deliver(signal) {
      const done = { sent: 0, postponed: 0, failed: 0 };
      while (transport !== null && smtp !== null && signal?.aborted !== true) {
        const mail = await claim();
        if (mail === null) break;
        const { outcome, goOn } = await sendOne(mail, transport, smtp.from);
        done[outcome] += 1;
        if (!goOn) break;
      }
      return { ...done, waiting: await outbox.countDocuments(unsent) };
    },

    async pending() {
      const found = await outbox.find(unsent).sort({ createdAt: -1 }).limit(100).toArray();
      return found.map(({ createdAt, state, attempts, sealed }) => ({
        ...contentOf(sealed),
        since: createdAt,
        state: state === 'sending' ? state : 'waiting',
        attempts,
      }));
    },

    async undelivered(limit) {
      const list = (state: 'failed' | 'waiting') =>
        outbox
          .find({ state, attempts: { $gt: 0 } })
          .sort({ createdAt: -1 })
          .limit(limit)
          .toArray();
      const found = [...(await list('failed')), ...(await list('waiting'))];
      found.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
      return found.slice(0, limit).map(({ state, template, createdAt, endedAt, attempts, reason, account }) => ({
        ...{ state: state === 'failed' ? state : 'waiting', template, since: createdAt },
        ...{ endedAt: endedAt ?? null, attempts, reason: reason ?? null, account },
      }));
    },

    async of(account) {
      return (await ofAccounts(account)).map(({ state, template, createdAt, endedAt }) => ({
        state,
        template,
        since: createdAt,
        endedAt: endedAt ?? null,
      }));
    },

    async erase(account, address) {
      let { deletedCount: erased } = await outbox.deleteMany({ account });
      if (address === null) return erased;
      const same = (one: string) => one.trim().toLowerCase() === address.trim().toLowerCase();
      for await (const { _id, sealed } of outbox.find(unsent)) {
        if (same(addressOf(sealed))) erased += (await outbox.deleteOne({ _id })).deletedCount;
      }
      return erased;
    },

    async reseal() {
      for await (const { _id, sealed } of outbox.find(unsent)) {
        if (sealed === undefined) continue;
        // Only where it still stands: it may have left meanwhile.
        await outbox.updateOne({ _id, sealed }, { $set: { sealed: secrets.reseal(sealed) } });
      }
    },
  };
}

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

interface Refusal {
  /** A code without address: `RCPT-550`, `ECONNECTION`. */
  readonly reason: string;
  /** The recipient or the mail was refused; trying again would be a nuisance. */
  readonly forGood: boolean;
  /** The server itself answered about this mail: the next one may leave. */
  readonly goOn: boolean;
}

/** What nodemailer puts on its errors: `code`, `command` of the dialogue, `responseCode` of the server. */
function refusalOf(error: unknown): Refusal {
  const field = (name: string) => (typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined);
  const status = Number(field('responseCode'));
  const command = String(field('command') ?? '');
  const aboutThisMail = command === 'RCPT TO' || command === 'DATA';
  if (aboutThisMail && status >= 400) {
    return { reason: `${command.slice(0, 4)}-${status}`, forGood: status >= 500, goOn: true };
  }
  const code = field('code');
  return { reason: typeof code === 'string' ? code : 'UNKNOWN', forGood: false, goOn: error instanceof AppError };
}

/**
 * How to reach the server that an address names. Without `smtps:`, the connection is upgraded before anything is said,
 * or given up, except to this machine.
 * @throws AppError `invalid`, without the address: it holds a password
 */
export function smtpOptions(address: string): SmtpOptions {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    const message = 'SMTP_URL n’est pas une adresse smtp:// ou smtps://, par exemple smtps://nom:secret@hote:465.';
    throw new AppError('invalid', 'SMTP_URL_INVALID', message);
  }
  const secure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !['localhost', '127.0.0.1', '::1'].includes(host),
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  };
}

/** Control characters end a header; characters that are not seen turn a text round. */
const hidden = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const keyPattern = /^[A-Za-z0-9 :_-]{1,200}$/;
const longestValue = 2_000;

/** One address, without display name: nothing in it can be read as a second one, or as a header. */
function isAddress(text: string): boolean {
  return text.length <= 254 && !hidden.test(text) && /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/.test(text);
}

/** A value that `send` takes as it is: what partners write may hold what a mail may not. */
export function isMailText(text: string): boolean {
  return text.length <= longestValue && !hidden.test(text) && !/:\/\/|\bwww\./i.test(text);
}

function checkValue(name: string, value: MailValue): void {
  if (typeof value !== 'string') {
    for (const [key, inside] of Object.entries(value)) checkValue(Array.isArray(value) ? name : key, inside);
    return;
  }
  const isLink = /(^l|L)ink$/.test(name);
  const webAddress = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  const fine = isLink ? value.length <= longestValue && !hidden.test(value) && webAddress : isMailText(value);
  if (fine) return;
  throw new AppError('invalid', 'COURRIEL_REFUSE', 'Ce texte ne peut pas être envoyé dans un courriel.', {
    details: { value: name },
  });
}
