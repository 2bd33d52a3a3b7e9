import { createServer, type Server, type Socket } from 'node:net';
import type { Engine } from './commands/arguments.ts';
import { dispatch } from './commands/dispatch.ts';
import { Cursors } from './cursors.ts';
import { Store } from './store.ts';
import { sweepExpired } from './ttl.ts';
import { serveConnection } from './wire.ts';

/** Where clients connect: a Unix socket, or a port of 127.0.0.1 (0 lets the system choose). */
export type Address = { readonly path: string } | { readonly port: number };

export interface RunningEngine {
  /** With the real port number. */
  readonly address: Address;
  /** Stops accepting, finishes the writes in hand, flushes and closes. */
  close(): Promise<void>;
}

const TTL_INTERVAL_MS = 60_000;

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
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveConnection(socket, ++connections, (request) => dispatch(engine, request), options.onInternalError);
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
      server.close();
      engine.cursors.close();
      await store.close();
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
