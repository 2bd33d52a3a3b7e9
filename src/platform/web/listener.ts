/** An HTTP server that stops in order: whoever was being answered is answered before what the answers need goes away. */
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { inTurn } from './turns.ts';

/** What was asked and not read yet when the server stops has this long to be read. */
const readingMs = 100;

/** A busy process may be late: once more, what has arrived is read before the next line. */
async function unreadIsRead(): Promise<void> {
  await sleep(readingMs);
  await nextTurn();
}

export interface Listener {
  readonly port: number;
  /**
   * Accepts no new connection. What is asked on the open ones is still answered, with `Connection: close`: a visitor or a proxy
   * that keeps its connection does not keep the server alive. What is not answered after `graceMs` is cut.
   * @returns how many answers were cut
   */
  stop(graceMs: number): Promise<number>;
}

/** Of what requests and answers are made; those of node unless told. */
export type MessageClasses = Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>;

/** @throws the error of the system when the port cannot be opened */
export async function listen(
  handler: RequestListener,
  { port, host }: { readonly port: number; readonly host: string },
  messages: MessageClasses = {},
): Promise<Listener> {
  const open = new Set<ServerResponse>();
  let stopping = false;

  const server = createServer(messages, (request, response) => {
    open.add(response);
    if (stopping) response.setHeader('Connection', 'close');
    response.once('close', () => {
      open.delete(response);
      if (stopping) void endSilent();
    });
    inTurn(() => handler(request, response));
  });
  /** Connections on which nobody waits: kept ones, and those that browsers open before they ask for anything. */
  async function endSilent(): Promise<void> {
    await unreadIsRead();
    if (open.size === 0) server.closeAllConnections();
  }
  server.listen(port, host);
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    async stop(graceMs) {
      stopping = true;
      let cut = 0;
      for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
      // It closes kept connections at once, also those with a question that nobody read yet.
      await unreadIsRead();
      const closed = once(server, 'close');
      server.close();
      void endSilent();
      const late = setTimeout(() => {
        cut = open.size;
        server.closeAllConnections();
      }, graceMs);
      await closed;
      clearTimeout(late);
      return cut;
    },
  };
}
