/** `harvest`, `jobs`: what partners send, when, and how it went. */
import type { Command } from 'commander';
import { type App, openApp } from '../app.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { counterNames, type HarvestRun } from '../harvest/model.ts';
import { sentenceOf, statusWords } from '../harvest/words.ts';
import { discoverJobs } from '../jobs.ts';
import { makeLog } from '../platform/log.ts';
import { makeScheduler } from '../platform/schedule.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

/** Opens the platform for one command, and closes it whatever happens. */
export async function withApp<Result>(
  config: Config,
  print: Printer,
  act: (app: App) => Promise<Result>,
): Promise<Result> {
  let told = 0;
  const app = await openApp(config, makeLog(config.logLevel === 'info' ? 'warn' : config.logLevel), {
    runsIn: 'this-thread',
    onHarvest: ({ sourceId, received }) => {
      if (Date.now() - told < 2_000) return;
      told = Date.now();
      print.progress(`${sourceId} : ${received} fiches lues`);
    },
  });
  try {
    return await act(app);
  } finally {
    await app.close();
  }
}

const date = (value: Date | null) => value?.toISOString() ?? 'jamais';
const succeeded = (run: HarvestRun) => run.status === 'done' || run.status === 'done-with-rejections';

const runColumns = [
  { title: 'source', of: (run: HarvestRun) => run.sourceId },
  { title: 'collecte', of: (run: HarvestRun) => run.id },
  { title: 'état', of: (run: HarvestRun) => statusWords[run.status] },
  { title: 'fin', of: (run: HarvestRun) => date(run.endedAt) },
  ...counterNames.map((name) => ({ title: name, of: (run: HarvestRun) => String(run.counters[name]) })),
  { title: 'phrase', of: (run: HarvestRun) => sentenceOf(run) },
];
const noRun = 'Aucune collecte n’a encore eu lieu.';
/** A list that a person reads; the held run says the total. */
const listedConcerned = 10_000;

export function harvestCommands(program: Command, config: () => Config): void {
  const harvest = program.command('harvest').description('harvest runs');

  commandOf(harvest, 'run [source]', 'harvests a source, or all active ones with --all')
    .option('--all', 'every active source', false)
    .option('--everything', 'ask the source for its whole listing, unconditionally', false)
    .action(async (options: { all: boolean; everything: boolean }, print: Printer, source?: string) => {
      if ((source === undefined) === !options.all) {
        throw new AppError('invalid', 'WHICH_SOURCE', 'Nommez une source (voir « sources list »), ou demandez --all.');
      }
      await withApp(config(), print, async ({ useCases }) => {
        const ids =
          source === undefined
            ? (await useCases.sources.list()).filter(({ state }) => state === 'active').map(({ id }) => id)
            : [source];
        const runs = await useCases.collect(ids, 'manual', { everything: options.everything });
        print.list(runs, runColumns, 'Aucune source n’est active : voir « sources list ».');
        if (!runs.every(succeeded)) process.exitCode = 1;
      });
    });

  commandOf(harvest, 'status', 'the last run of each source').action(async (_options, print: Printer) => {
    await withApp(config(), print, async ({ useCases }) =>
      print.list(await useCases.harvest.status(), runColumns, noRun),
    );
  });

  commandOf(
    harvest,
    'decide <run>',
    'answers a run held by its guards: --keep changes nothing, --apply does what it held',
  )
    .option('--apply', 'make its courses absent, withdraw declared deletions, publish the waiting ones', false)
    .option('--keep', 'leave the catalogue as it is', false)
    .option('--reason <text>', 'why (required by --apply): the provider reads it', '')
    .option('--dry-run', 'list the courses that --apply would take away', false)
    .action(
      async (
        options: { apply: boolean; keep: boolean; reason: string; dryRun: boolean },
        print: Printer,
        id: string,
      ) => {
        const { apply, keep, reason, dryRun } = options;
        if ([apply, keep, dryRun].filter(Boolean).length !== 1) {
          throw new AppError('invalid', 'WHICH_DECISION', 'Choisissez une réponse : --keep, --apply ou --dry-run.');
        }
        await withApp(config(), print, async ({ useCases }) => {
          if (dryRun) {
            const concerned = await useCases.held.concerned(id, { skip: 0, limit: listedConcerned });
            print.list(
              concerned,
              [
                { title: 'cours', of: ({ courseId }) => courseId },
                { title: 'identifiant', of: ({ remoteId }) => remoteId },
                { title: 'pourquoi', of: ({ why }) => (why === 'absent' ? 'absent' : 'déclaré retiré') },
              ],
              'Aucun cours ne serait retiré.',
            );
            return;
          }
          const run = await useCases.held.decide(id, { kind: apply ? 'applied' : 'kept', by: "l'exploitant", reason });
          await useCases.pathways.rebuild();
          print.list([run], runColumns, noRun);
        });
      },
    );

  commandOf(harvest, 'stop <run>', 'ends a run that goes on, in whichever process; nothing is withdrawn').action(
    async (_options, print: Printer, id: string) => {
      await withApp(config(), print, async ({ useCases }) => {
        await useCases.harvest.stop(id, "l'exploitant");
        print.thing({ id, stop: 'asked' }, ['La collecte s’arrête à son prochain signe de vie (quelques secondes).']);
      });
    },
  );

  commandOf(harvest, 'replay <source>', 'the raw records of a source again, without asking the partner').action(
    async (_options, print: Printer, source: string) => {
      await withApp(config(), print, async ({ useCases }) => {
        const run = await (await useCases.harvest.replay(source)).ended;
        await useCases.pathways.rebuild();
        print.list([run], runColumns, noRun);
        if (!succeeded(run)) process.exitCode = 1;
      });
    },
  );

  const jobs = program.command('jobs').description('scheduled jobs');
  const schedulerOf = async ({ useCases, database, log }: App) =>
    makeScheduler({ jobs: await discoverJobs(), useCases, connection: database.connection, log });

  commandOf(jobs, 'status', 'last start, last success, last error').action(async (_options, print: Printer) => {
    await withApp(config(), print, async (app) =>
      print.list(
        await (await schedulerOf(app)).status(),
        [
          { title: 'travail', of: ({ name }) => name },
          { title: 'horaire', of: ({ schedule }) => schedule },
          { title: 'dernier départ', of: ({ lastStart }) => date(lastStart) },
          { title: 'dernière réussite', of: ({ lastSuccess }) => date(lastSuccess) },
          { title: 'en retard depuis', of: ({ lateSince }) => (lateSince === null ? '' : date(lateSince)) },
          { title: 'dernière erreur', of: ({ lastError }) => lastError?.message ?? '' },
        ],
        'Aucun travail.',
      ),
    );
  });

  commandOf(jobs, 'run <name>', 'one job now').action(async (_options, print: Printer, name: string) => {
    await withApp(config(), print, async (app) => {
      const ended = await (await schedulerOf(app)).run(name);
      print.thing({ name, ...ended }, [`${name} : ${ended.outcome} ${JSON.stringify(ended.result)}`]);
      if (ended.outcome !== 'succeeded') process.exitCode = 1;
    });
  });
}
