import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Doc } from './bson-codec.ts';
import type { Engine } from './commands/arguments.ts';
import { dispatch } from './commands/dispatch.ts';
import { Cursors } from './cursors.ts';
import { MongoError } from './mongo-error.ts';
import { Store } from './store.ts';
import { sweepExpired } from './ttl.ts';
import { serveConnection, type WireRequest } from './wire.ts';

/** Where clients connect: a Unix socket, or a port of 127.0.0.1 (0 lets the system choose). */
export type Address = { readonly path: string } | { readonly port: number };

export interface RunningEngine {
  /** With the real port number. */
  readonly address: Address;
  /**
   * Accepts nobody new, waits a moment for open cursors to be read to their end, then finishes the commands in hand and
   * refuses the others with 91 ShutdownInProgress, which tells their senders that nothing was done: drivers ask again what
   * only reads, as soon as another process serves. Then flushes and closes.
   */
  close(): Promise<void>;
}

const TTL_INTERVAL_MS = 60_000;
/** For cursors that nobody reads to the end, and clients that do not take their last reply. */
const CLOSE_MS = 1_000;
const CLOSE_POLL_MS = 1;
/** So that clients at work learn by a refusal that this engine ends, and not by a connection cut under a command. */
const REFUSE_MS = 300;

/**
 * Opens the data in `directory` and answers clients at `address`. `id` tells this engine from any other program that
 * may one day listen at the same address.
 */
export async function runEngine(options: {
  directory: string;
  address: Address;
  id: string;
  onInternalError: (error: unknown) => void;
}): Promise<RunningEngine> {
  const store = new Store(options.directory);
  const engine: Engine = { store, cursors: new Cursors(), startedAt: new Date(), id: options.id };
  const sockets = new Set<Socket>();
  let connections = 0;
  let closing = false;
  let inHand = 0;

  async function handle(request: WireRequest): Promise<Doc | Buffer> {
    if (closing) throw new MongoError(91, 'the embedded database is shutting down');
    inHand += 1;
    try {
      return await dispatch(engine, request);
    } finally {
      inHand -= 1;
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveConnection(socket, ++connections, handle, options.onInternalError);
  });
  try {
    await listen(server, options.address);
  } catch (error) {
    engine.cursors.close();
    await store.close();
    throw error;
  }
  const sweep = setInterval(() => void sweepExpired(store, new Date()).catch(options.onInternalError), TTL_INTERVAL_MS);
  sweep.unref();
  const bound = server.address();
  return {
    address: bound !== null && typeof bound === 'object' ? { port: bound.port } : options.address,
    async close() {
      clearInterval(sweep);
      // Its socket is gone from here on: nobody new comes.
      server.close();
      const until = Date.now() + CLOSE_MS;
      while (engine.cursors.size > 0 && Date.now() < until) await sleep(CLOSE_POLL_MS);
      closing = true;
      while (inHand > 0) await sleep(CLOSE_POLL_MS);
      engine.cursors.close();
      await store.close();
      if (sockets.size > 0) await sleep(REFUSE_MS);
      const ended = [...sockets].map((socket) => new Promise((resolve) => socket.end(() => resolve(undefined))));
      await Promise.race([Promise.all(ended), sleep(CLOSE_MS, undefined, { ref: false })]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('path' in address ? { path: address.path } : { port: address.port, host: '127.0.0.1' }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
