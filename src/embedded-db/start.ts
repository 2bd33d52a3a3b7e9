import { mkdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { unusable } from './data-directory.ts';
import type { Address } from './engine.ts';
import type { EngineWorkerData, EngineWorkerMessage } from './engine-worker.ts';
import { addressText, listenAddress, uriOf } from './listen-address.ts';
import { liveOwner, newEngineId, removeLock, whileStarting, writeLock } from './lock.ts';

export interface EmbeddedDatabase {
  /** The address for a driver, of the named database. */
  uri(database: string): string;
  /** `client` while another process serves the directory; it becomes `server` when that one ends. */
  readonly role: 'server' | 'client';
  /** Path of the socket, or `127.0.0.1:port`. */
  readonly socketPath: string;
  readonly address: Address;
  /** Stops serving, once what was being written is on the disk; a client just lets go. */
  close(): Promise<void>;
}

export interface EmbeddedDatabaseOptions {
  readonly dataDir: string;
  /** Heap of the engine's thread in MiB; Node's own limit when not given. */
  readonly maxHeapMb?: number;
  /** Refuse to start when another process serves the directory, instead of joining it. */
  readonly exclusive?: boolean;
  /** Errors inside the engine that a client only sees as "internal error". Written to stderr when not given. */
  readonly onInternalError?: (text: string) => void;
}

interface Serving {
  readonly address: Address;
  close(): Promise<void>;
}

/** What a command needs dies with it: a nursery half as large as usual spares memory, and costs nothing that can be measured. */
const youngMb = 24;

/**
 * Serves the data directory in a worker thread, or joins the process that already does.
 * Throws an error with a sentence for the operator when the directory cannot be used.
 */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  return open(options, undefined);
}

/** Serves the directory at an address of the operator's choice; refused when another process serves it. */
export async function serveEmbeddedDatabase(
  options: EmbeddedDatabaseOptions & ({ readonly socketPath: string } | { readonly port: number }),
): Promise<EmbeddedDatabase> {
  const address = 'socketPath' in options ? { path: options.socketPath } : { port: options.port };
  if ('path' in address && !address.path.endsWith('.sock')) {
    throw new Error(`The path of the socket must end in .sock: drivers take ${address.path} for a host name.`);
  }
  return open({ ...options, exclusive: true }, address);
}

async function open(options: EmbeddedDatabaseOptions, wanted: Address | undefined): Promise<EmbeddedDatabase> {
  const { dataDir } = options;
  try {
    mkdirSync(join(dataDir, 'database'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(dataDir, error);
  }
  let serving: Serving | undefined;
  let watched: Socket | undefined;
  let address: Address | undefined;
  let closing = false;

  /** Serves, or finds who does; then follows that process, to serve in its place when it ends. */
  async function serveOrJoin(): Promise<void> {
    const owner = await liveOwner(dataDir);
    if (owner) return follow(owner.pid, owner.address);
    await whileStarting(dataDir, async () => {
      const other = await liveOwner(dataDir);
      if (other) return follow(other.pid, other.address);
      serving = await serve(options, wanted ?? address ?? listenAddress(dataDir), wanted !== undefined);
      address = serving.address;
    });
  }

  function follow(pid: number, at: Address): void {
    if (options.exclusive) {
      throw new Error(
        `The data directory ${dataDir} is already served by the process ${pid} at ${addressText(at)}. Stop that process first, or connect to it.`,
      );
    }
    address = at;
    watched = connect('path' in at ? { path: at.path } : { port: at.port, host: '127.0.0.1' });
    watched.unref();
    watched.on('error', () => undefined);
    watched.on('close', () => {
      if (!closing) void serveOrJoin().catch((error: unknown) => report(options, error));
    });
  }

  try {
    await serveOrJoin();
  } catch (error) {
    throw unusable(dataDir, error);
  }
  const at = (): Address => address as Address;
  return {
    uri: (database) => uriOf(at(), database),
    get role() {
      return serving ? 'server' : 'client';
    },
    get socketPath() {
      return addressText(at());
    },
    get address() {
      return at();
    },
    async close() {
      closing = true;
      watched?.destroy();
      await serving?.close();
    },
  };
}

function report(options: EmbeddedDatabaseOptions, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  (options.onInternalError ?? ((line) => process.stderr.write(`embedded database: ${line}\n`)))(text);
}

async function serve(options: EmbeddedDatabaseOptions, address: Address, keepsAlive: boolean): Promise<Serving> {
  const { dataDir } = options;
  const id = newEngineId();
  // Nobody answers there any more: the file was left by a process that was killed.
  if ('path' in address) rmSync(address.path, { force: true });
  const worker = engineThread(
    { directory: join(dataDir, 'database'), address, id },
    options.maxHeapMb === undefined
      ? {}
      : { resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb, maxYoungGenerationSizeMb: youngMb } },
  );
  let closing = false;
  const bound = await new Promise<Address>((resolve, reject) => {
    worker.on('message', (message: EngineWorkerMessage) => {
      if (message.type === 'listening') resolve(message.address);
      else if (message.type === 'failed') reject(Object.assign(new Error(message.message), { code: message.code }));
      else if (message.type === 'internal-error') report(options, message.message);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread of the embedded database ended (${code})`)));
  });
  // From here on nothing works without it: better a process that ends, and is started again, than one that cannot answer.
  worker.on('error', (error) => {
    throw error;
  });
  worker.on('exit', (code) => {
    removeLock(dataDir, id);
    if (!closing) throw new Error(`the thread of the embedded database ended unexpectedly (${code})`);
  });
  // A process with other work decides itself when it ends; one that only serves stays.
  if (!keepsAlive) worker.unref();
  writeLock(dataDir, { pid: process.pid, address: bound, id, startedAt: new Date().toISOString() });
  return {
    address: bound,
    async close() {
      closing = true;
      worker.ref();
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage('close');
      await ended;
      // The socket went with the engine; one that is there by now is of the process that took over.
      removeLock(dataDir, id);
    },
  };
}

/** The thread from compiled code, or from the sources: a worker thread does not inherit the TypeScript loader. */
function engineThread(data: EngineWorkerData, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./engine-worker.js', import.meta.url), { ...options, workerData: data });
  }
  const loader = import.meta.resolve('tsx/esm/api');
  const entry = new URL('./engine-worker.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); })`;
  return new Worker(script, { ...options, eval: true, workerData: data });
}
