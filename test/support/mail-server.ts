/** A mail server of this machine that keeps what it accepts, and answers as the test asks. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail extends Email {
  readonly raw: string;
  readonly envelopeTo: readonly string[];
}

export interface MailServer {
  readonly url: string;
  readonly received: ReceivedMail[];
  /** What is answered to a recipient, or to the content; nothing: accepted. */
  refuse: { recipient?: number; content?: number };
  /** Called with the content, before it is accepted; the answer waits for it. */
  beforeAccepting: () => Promise<void>;
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly responseCode: number;
  constructor(responseCode: number) {
    super('refused by the test, for lea.martin@exemple.fr');
    this.responseCode = responseCode;
  }
}

export async function startMailServer(): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo(_address, _session, callback) {
      const { recipient } = mailServer.refuse;
      callback(recipient === undefined ? null : new Refusal(recipient));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        await mailServer.beforeAccepting();
        const { content } = mailServer.refuse;
        if (content !== undefined) return callback(new Refusal(content));
        const bytes = Buffer.concat(chunks);
        const email = await PostalMime.parse(bytes);
        const envelopeTo = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ ...email, raw: bytes.toString('latin1'), envelopeTo });
        callback();
      });
    },
  });
  // A client that is killed resets its connection.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const mailServer: MailServer = {
    url: `smtp://127.0.0.1:${port}`,
    received,
    refuse: {},
    beforeAccepting: async () => {},
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mailServer;
}
