/** `eligibility refresh`: what the training account says of each course, computed again where it is due. */
import type { Command } from 'commander';
import type { UseCases } from '../app.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { count } from '../platform/web/format.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

/** @param eligibility the group that the command joins */
export function assessingCommand(eligibility: Command, config: () => Config): void {
  commandOf(eligibility, 'refresh', 'computes again what the training account (CPF) says of courses')
    .option('--all', 'every course, also those assessed today', false)
    .option('--dry-run', 'counts what would change, writes nothing', false)
    .action(async (options: { all: boolean; dryRun: boolean }, print: Printer) => {
      await withApp(config(), print, async ({ useCases }) => {
        let told = 0;
        const { all: everything, dryRun } = options;
        const onProgress = (assessed: number) => {
          if (Date.now() - told < 2_000) return;
          told = Date.now();
          print.progress(`${count(assessed, 'cours recalculé', 'cours recalculés')}`);
        };
        const report = dryRun
          ? await useCases.assessing.refresh({ everything, dryRun, onProgress })
          : await useCases.reassessing.reassess({ everything, onProgress });
        if (report === null) throw reassessedElsewhere();
        const { assessed, changed, answers, zeroPossible, seconds } = report;
        print.thing({ ...report, dryRun }, [
          `${count(assessed, 'cours recalculé', 'cours recalculés')} en ${seconds.toFixed(1)} s.`,
          `Finançable CPF : ${answers.oui} oui, ${answers.non} non, ${answers.indecidable} à vérifier ; 0 € possible : ${zeroPossible}.`,
          dryRun
            ? `${count(changed, 'réponse changerait', 'réponses changeraient')} ; rien n’a été écrit.`
            : `${count(changed, 'réponse a changé', 'réponses ont changé')}.`,
        ]);
      });
    });
}

function reassessedElsewhere(): AppError {
  return new AppError(
    'conflict',
    'REASSESSING',
    'Un autre processus recalcule en ce moment. Recommencez dans une minute.',
  );
}

/** After a command that changed the register or the proofs: the answers follow at once. @returns lines to print */
export async function followChange({ reassessing }: Pick<UseCases, 'reassessing'>): Promise<string[]> {
  const report = await reassessing.reassess();
  if (report === null) return ['Un autre processus recalcule ce que le CPF peut payer.'];
  const { assessed, changed } = report;
  return [
    `${count(assessed, 'cours recalculé', 'cours recalculés')}, ${count(changed, 'réponse a changé', 'réponses ont changé')}.`,
  ];
}
