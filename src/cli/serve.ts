/** `serve`: the web server and the jobs, until it is told to stop. */
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { type App, openApp } from '../app.ts';
import type { Config } from '../config.ts';
import { statusWords } from '../harvest/words.ts';
import { makeLog } from '../platform/log.ts';
import { assertProductionIsSafe } from '../production.ts';
import { serve } from '../serve.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function serveCommand(program: Command, config: () => Config): void {
  commandOf(program, 'serve', 'the web server and the jobs').action(async (_options, print: Printer) => {
    const settings = config();
    assertProductionIsSafe(settings);
    // On a large machine V8 lets a heap grow fourfold between two full collections: a server that runs for months on a small
    // share of one had better collect more often. Of every thread of the process.
    setFlagsFromString('--heap-growing-percent=40');
    // People read steps on a terminal; JSON lines are for what comes after.
    const log = makeLog(settings.logLevel);
    const started = Date.now();
    const received = new Map<string, number>();
    const app = await openApp(settings, log, {
      runsIn: 'worker',
      onStep: print.progress,
      onHarvest: (report) => {
        received.set(report.sourceId, report.received);
      },
    });
    try {
      if (!settings.demo) await eraseDemonstration(app, print);
      const seen = new Set((await app.useCases.harvest.status()).map(({ sourceId }) => sourceId));
      const first = (await app.useCases.dueSources()).filter(({ id }) => !seen.has(id));
      if (first.length > 0) {
        print.progress(`Première collecte de ${first.length} sources…`);
        const tick = setInterval(() => print.progress(`  … ${sum(received)} fiches lues`), 2_000);
        try {
          const runs = await app.useCases.collect(
            first.map(({ id }) => id),
            'start',
          );
          for (const run of runs) {
            const { created, updated, quarantined, outOfScope } = run.counters;
            print.progress(
              `  ${run.sourceTitle} : ${statusWords[run.status]}, ${created} cours ajoutés, ${updated} modifiés, ${quarantined} en quarantaine, ${outOfScope} hors périmètre.`,
            );
          }
        } finally {
          clearInterval(tick);
        }
      } else if ((await app.useCases.pathways.list()).length === 0) {
        await app.useCases.pathways.rebuild();
      }
      const { demoAccounts, personalData } = await app.people();
      // An erasure that a stop cut short does not wait for the night.
      await personalData.finishErasures();
      if (settings.demo) await demoAccounts.plant();
      else await demoAccounts.eraseAll();
      const server = await serve(app);
      const pathways = (await app.useCases.pathways.list()).length;
      const seconds = ((Date.now() - started) / 1_000).toFixed(1);
      const line = `École numérique au carré : ${server.url} — ${server.courses} cours, ${pathways} parcours, prêt en ${seconds} s. Arrêter : Ctrl+C.`;
      print.thing({ url: server.url, courses: server.courses, pathways }, [line]);
      await toldToStop();
      print.progress('Arrêt…');
      await server.close();
    } finally {
      await app.close();
    }
  });
}

/** What came from fictional partners does not outlive the demonstration. */
async function eraseDemonstration({ useCases }: App, print: Printer): Promise<void> {
  const erased = await useCases.sources.eraseDemo();
  await useCases.providerFacts.eraseDemo();
  if (erased === 0) return;
  print.progress(`Démonstration arrêtée : ${erased} cours fictifs effacés.`);
  await useCases.pathways.rebuild();
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((total, count) => total + count, 0);

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
