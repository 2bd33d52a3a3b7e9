/** `providers facts import | show`: proofs about schools that decide what the training account pays. */
import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { proofOn } from '../catalogue/model/provider-facts.ts';
import { factRows } from '../catalogue/model/provider-facts-words.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { readCsvRows } from '../platform/read-csv.ts';
import { count, isoDay } from '../platform/web/format.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function providerCommands(program: Command, config: () => Config): void {
  const facts = program
    .command('providers')
    .description('schools, and what is known of them')
    .command('facts')
    .description('declaration, Qualiopi, offers and habilitations, with their proofs');

  commandOf(
    facts,
    'import <file>',
    'takes a CSV file: siret;fait;valeur;certification;preuve;source;date;du;au',
  ).action(async (_options, print: Printer, file: string) => {
    await withApp(config(), print, async ({ useCases }) => {
      const report = await useCases.providerFacts.import(readCsvRows(bytesOf(file)));
      const { changed } = await useCases.assessing.refresh();
      if (changed > 0) await useCases.pathways.rebuild();
      print.thing({ ...report, coursesChanged: changed }, [
        ...report.refusals.map(({ line, problems }) => `Ligne ${line} refusée : ${problems.join(' ')}`),
        `${count(report.taken, 'fait pris', 'faits pris')} sur ${count(report.providers, 'organisme')}, ${count(report.refused, 'ligne refusée', 'lignes refusées')}.`,
        `${count(changed, 'cours a changé de réponse', 'cours ont changé de réponse')}.`,
      ]);
      if (report.refused > 0) process.exitCode = 1;
    });
  });

  commandOf(facts, 'show <siret>', 'what is known of a school, with the state of each proof').action(
    async (_options, print: Printer, siret: string) => {
      await withApp(config(), print, async ({ useCases }) => {
        const known = await useCases.providerFacts.show(siret.replace(/\s/g, ''));
        if (known === null) throw new AppError('not-found', 'NO_FACTS', `Nous ne savons rien de l'organisme ${siret}.`);
        const today = isoDay(new Date());
        const rows = factRows(known, today);
        print.thing(
          { ...known, states: Object.fromEntries(rows.map(({ key, fact }) => [key, proofOn(fact, today)])) },
          rows.map(({ label, text }) => `${label} : ${text}`),
        );
      });
    },
  );
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new AppError('invalid', 'FILE', `Le fichier ${file} ne peut pas être lu.`, { cause });
  }
}
