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

export const databaseName = 'ecole-numerique';

export async function openDatabase(options: { mongodbUri: string | null; dataDir: string }): Promise<Database> {
  if (options.mongodbUri !== null) return connectTo(options.mongodbUri, 'mongodb', async () => {});
  const { startEmbeddedDatabase } = await import('../embedded-db/start.ts');
  const engine = await startEmbeddedDatabase({ dataDir: options.dataDir });
  return connectTo(engine.uri(databaseName), 'embedded', () => engine.close());
}

/** Joins a database that is already served, from a worker thread. */
export async function connectTo(
  uri: string,
  kind: Database['kind'],
  stopEngine: () => Promise<void> = async () => {},
): Promise<Database> {
  const connection = mongoose.createConnection(uri, {
    // Indexes are made once at start by `syncIndexes` of each store, never behind a page's back.
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
