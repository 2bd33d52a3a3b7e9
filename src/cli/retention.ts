/** `retention enforce`: what is past its time, erased by hand; the job does it every night. */
import type { Command } from 'commander';
import type { RetentionResult } from '../accounts/use-cases/retention.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function retentionCommands(program: Command, config: () => Config): void {
  const group = program.command('retention').description('how long things are kept');

  commandOf(group, 'enforce', 'erases what is past its time, by the table of durations')
    .option('--dry-run', 'only say what would be erased', false)
    .option('--yes', 'erase', false)
    .action(async ({ dryRun, yes }: { dryRun: boolean; yes: boolean }, print: Printer) => {
      if (dryRun === yes) {
        const message = 'Demandez --dry-run pour voir ce qui serait effacé, ou --yes pour effacer.';
        throw new AppError('invalid', 'DRY_RUN_OR_YES', message);
      }
      const results = await withApp(config(), print, ({ useCases }) => useCases.retention.enforce({ dryRun }));
      print.list(
        results,
        [
          { title: 'quoi', of: ({ title }: RetentionResult) => title },
          { title: 'jours', of: ({ days }) => String(days) },
          { title: 'avant', of: ({ before }) => before.toISOString() },
          { title: dryRun ? 'à effacer' : 'effacés', of: ({ count }) => String(count) },
        ],
        'Rien n’a de durée.',
      );
    });
}
