/** `db serve | stats | check`: the embedded engine alone. With MONGODB_URI set there is nothing here to look after. */
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { checkEmbeddedDatabase, embeddedDatabaseStats, serveEmbedded } from '../platform/mongo.ts';
import type { Printer } from './output.ts';
import { commandOf, countOption } from './program.ts';

export function databaseCommands(program: Command, config: () => Config): void {
  const group = program.command('db').description('the embedded database');
  const dataDir = (asked: string | undefined) => {
    const { mongodbUri, dataDir: configured } = config();
    if (asked === undefined && mongodbUri !== null) {
      const message =
        'MONGODB_URI est défini : la base embarquée ne sert pas ici. Donnez --data DOSSIER pour en regarder une.';
      throw new AppError('invalid', 'NOT_EMBEDDED', message);
    }
    return asked ?? configured;
  };

  commandOf(group, 'serve', 'serves a data directory to MongoDB drivers')
    .option('--data <dir>', 'data directory; by default the one of the configuration')
    .option('--socket <path>', 'Unix socket to listen on; its name ends in .sock')
    .option('--port <n>', 'port of 127.0.0.1 to listen on', countOption)
    .action(async (options: { data?: string; socket?: string; port?: number }, print: Printer) => {
      const { socket, port } = options;
      if ((socket === undefined) === (port === undefined)) {
        throw new AppError('invalid', 'WHERE_TO_LISTEN', 'Donnez --socket CHEMIN.sock ou --port N, l’un des deux.');
      }
      const where = socket === undefined ? { port: port ?? 0 } : { socketPath: socket };
      const engine = await serveEmbedded(dataDir(options.data), where);
      print.thing({ uri: engine.uri }, [`Base embarquée : ${engine.uri}. Arrêter : Ctrl+C.`]);
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
      });
      await engine.close();
    });

  commandOf(group, 'stats', 'collections, documents, sizes')
    .option('--data <dir>', 'data directory; by default the one of the configuration')
    .action(async (options: { data?: string }, print: Printer) => {
      const stats = await embeddedDatabaseStats(dataDir(options.data));
      if (print.json) return print.thing(stats, []);
      print.list(
        stats.collections,
        [
          { title: 'collection', of: ({ database, collection }) => `${database}.${collection}` },
          { title: 'documents', of: ({ documents }) => String(documents) },
          { title: 'octets', of: ({ bytes }) => String(bytes) },
          { title: 'index', of: ({ indexes }) => String(indexes) },
        ],
        'La base est vide.',
      );
      print.progress(`Fichier : ${(stats.fileBytes / 1_048_576).toFixed(1)} Mio`);
    });

  commandOf(group, 'check', 'every index against the documents it is made of')
    .option('--data <dir>', 'data directory; by default the one of the configuration')
    .action(async (options: { data?: string }, print: Printer) => {
      const check = await checkEmbeddedDatabase(dataDir(options.data));
      const sound = check.problems.length === 0;
      print.thing(check, [
        `${check.collections} collections, ${check.documents} documents, ${check.indexEntries} entrées d’index.`,
        ...(sound ? ['Tout est cohérent.'] : check.problems),
      ]);
      if (!sound) process.exitCode = 1;
    });
}
