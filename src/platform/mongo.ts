/**
 * The only door to MongoDB. With an address, connect there; without one, start the embedded engine (or join the
 * process that already serves the data directory) and connect to it exactly as to a server. The engine is imported
 * dynamically, so that it is never loaded when a server is configured.
 */
import mongoose, { type Connection } from 'mongoose';

export interface Database {
  readonly connection: Connection;
  readonly kind: 'embedded' | 'mongodb';
  /** Another thread or process connects here. Holds credentials when the configured address does: never log it. */
  readonly uri: string;
  close(): Promise<void>;
}

/** Ten times what a harvest of 100,000 records needs: a command that asks for more is a mistake of ours, not of a visitor. */
const engineHeapMb = 512;

export const databaseName = 'ecole-numerique';

export async function openDatabase(options: { mongodbUri: string | null; dataDir: string }): Promise<Database> {
  if (options.mongodbUri !== null) return connectTo(options.mongodbUri, 'mongodb', async () => {});
  const { startEmbeddedDatabase } = await import('../embedded-db/start.ts');
  const engine = await startEmbeddedDatabase({ dataDir: options.dataDir, maxHeapMb: engineHeapMb });
  return connectTo(engine.uri(databaseName), 'embedded', () => engine.close());
}

/** Joins a database that is already served, from a worker thread. */
export async function connectTo(
  uri: string,
  kind: Database['kind'],
  stopEngine: () => Promise<void> = async () => {},
): Promise<Database> {
  const connection = mongoose.createConnection(uri, {
    // Indexes are made once at start (platform/indexes.ts), never behind a page's back.
    autoIndex: false,
    autoCreate: false,
    serverSelectionTimeoutMS: 10_000,
    maxPoolSize: 20,
  });
  try {
    await connection.asPromise();
  } catch (error) {
    await stopEngine();
    throw error;
  }
  return {
    connection,
    kind,
    uri,
    async close() {
      await connection.close();
      await stopEngine();
    },
  };
}

export type Bucket = InstanceType<typeof mongoose.mongo.GridFSBucket>;

/** Files in chunks, in the collections `<name>.files` and `<name>.chunks`. @throws when the connection is not open */
export function openBucket({ db }: Connection, name: string): Bucket {
  if (db === undefined) throw new Error('the connection is not open');
  return new mongoose.mongo.GridFSBucket(db, { bucketName: name });
}

/** Serves a data directory to drivers until `close`; refused when another process serves it. */
export async function serveEmbedded(
  dataDir: string,
  where: { readonly socketPath: string } | { readonly port: number },
): Promise<{ readonly uri: string; close(): Promise<void> }> {
  const { serveEmbeddedDatabase } = await import('../embedded-db/start.ts');
  const engine = await serveEmbeddedDatabase({ dataDir, ...where });
  return { uri: engine.uri(databaseName), close: () => engine.close() };
}

/** Collections of a data directory with their sizes, whoever serves it now. */
export async function embeddedDatabaseStats(dataDir: string) {
  const { databaseStats } = await import('../embedded-db/inspect.ts');
  return databaseStats({ dataDir });
}

/** Every index of a data directory against the documents it is made of. */
export async function checkEmbeddedDatabase(dataDir: string) {
  const { checkDatabase } = await import('../embedded-db/inspect.ts');
  return checkDatabase({ dataDir });
}
