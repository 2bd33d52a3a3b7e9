/** `duplicates find | list`: one course that several sources give. Decisions are taken on `/admin/revue`, by a person with an account. */
import type { Command } from 'commander';
import { pairIdOf } from '../catalogue/model/duplicates.ts';
import { basisWords } from '../catalogue/view-models/history.ts';
import type { Config } from '../config.ts';
import { count } from '../platform/web/format.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf, countOption } from './program.ts';

export function duplicateCommands(program: Command, config: () => Config): void {
  const duplicates = program.command('duplicates').description('the same course in several sources');

  commandOf(duplicates, 'find', 'compares all courses, merges the sure ones, queues the others for a person')
    .option('--dry-run', 'say what would be done, do nothing')
    .action<{ dryRun?: boolean }>(async ({ dryRun = false }, print: Printer) => {
      await withApp(config(), print, async ({ useCases }) => {
        const report = await useCases.duplicates.find({ dryRun });
        if (!dryRun && report.merged.length > 0) await useCases.pathways.rebuild();
        const { compared, merged, proposed, notQueued, leftAlone } = report;
        print.thing(report, [
          ...merged.map(
            (pair) =>
              `${dryRun ? 'à réunir' : 'réunis'} : ${pairIdOf(pair.courses)} (${pair.basis === null ? '' : basisWords[pair.basis]})`,
          ),
          ...proposed.map((pair) => `à revoir : ${pairIdOf(pair.courses)} (${Math.round(pair.score * 100)} sur 100)`),
          `${count(compared, 'cours comparé', 'cours comparés')} : ${count(merged.length, 'réunion')}, ${count(proposed.length, 'proposition')}, ${count(leftAlone, 'laissée', 'laissées')} à cause d'une décision ou d'une autre certification.`,
          ...(notQueued === 0
            ? []
            : [
                `${count(notQueued, 'autre ressemblance plus faible', 'autres ressemblances plus faibles')} : à la prochaine recherche.`,
              ]),
          ...(dryRun ? ["Rien n'a été modifié."] : []),
        ]);
      });
    });

  commandOf(duplicates, 'list', 'proposals that wait for a person, the most probable first')
    .option('--limit <n>', 'how many', countOption, 20)
    .action<{ limit: number }>(async ({ limit }, print: Printer) => {
      await withApp(config(), print, async ({ duplicates: { duplicates: store }, courses }) => {
        const { total, pairs } = await store.proposed({ skip: 0, limit });
        const found = new Map((await courses.byIds(pairs.flatMap((pair) => pair.courses))).map((one) => [one.id, one]));
        const nameOf = (id: string) => {
          const course = found.get(id);
          return course === undefined ? `${id} (effacé)` : `« ${course.draft.title} », ${course.draft.provider.name}`;
        };
        print.thing({ total, pairs }, [
          ...pairs.map(
            (pair) => `${pair.id} ${Math.round(pair.score * 100)} sur 100 : ${pair.courses.map(nameOf).join(' et ')}`,
          ),
          `${count(total, 'proposition')} en attente.`,
        ]);
      });
    });
}
