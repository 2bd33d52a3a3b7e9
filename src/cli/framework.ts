/** `framework align`: courses in JSON lines, aligned on the shared framework; no database, no network. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { AppError } from '../errors.ts';
import { loadFramework } from '../framework/data.ts';
import { alignLines } from '../framework/use-cases.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function frameworkCommands(program: Command): void {
  const group = program.command('framework').description('the shared digital-skills framework');

  commandOf(group, 'align', 'aligns courses given as JSON lines {id,title,description?,language?,provider?}')
    .option('--in <path>', 'JSON lines to read')
    .option('--out <path>', 'JSON lines to write, one per line read, in order')
    .action(async (options: { in?: string; out?: string }, print: Printer) => {
      if (options.in === undefined || options.out === undefined) {
        throw new AppError('invalid', 'ALIGN_FILES', 'Donnez --in FICHIER.jsonl et --out FICHIER.jsonl.');
      }
      const input = await open(options.in).catch((cause: unknown) => {
        throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${options.in} est introuvable ou illisible.`, {
          cause,
        });
      });
      const out = await open(options.out, 'w').catch((cause: unknown) => {
        throw new AppError('invalid', 'FILE_UNWRITABLE', `Le fichier ${options.out} ne peut pas être écrit.`, {
          cause,
        });
      });
      let lines = 0;
      let refused = 0;
      try {
        const stream = createReadStream('', { fd: input.fd, autoClose: false });
        const texts = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
        let told = Date.now();
        for await (const line of alignLines(texts, loadFramework())) {
          await out.write(`${line}\n`);
          lines += 1;
          if (line.startsWith('{"error"')) refused += 1;
          if (Date.now() - told > 2_000) {
            told = Date.now();
            print.progress(`${lines} lignes`);
          }
        }
      } finally {
        await Promise.all([input.close(), out.close()]);
      }
      print.thing({ lines, refused }, [`${lines} lignes alignées, dont ${refused} illisibles.`]);
      if (refused > 0) process.exitCode = 1;
    });
}
