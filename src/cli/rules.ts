/** `eligibility flips`: what a draft of a rule would change in what is published. */
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { frenchDate } from '../eligibility/model/dates.ts';
import type { Flip, FlipAnswer } from '../eligibility/model/flip.ts';
import { flipAnswerText } from '../eligibility/view-models/rule-editor.ts';
import { AppError } from '../errors.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

/** A list that a person reads; the whole one is on the page of the draft, as CSV. */
const listedFlips = 10_000;

/** @param group the commands of `eligibility` */
export function flipsCommand(group: Command, config: () => Config): void {
  commandOf(group, 'flips', 'the published courses and pathways whose verdict a draft of a rule would change')
    .option('--draft <id>', 'number of the draft, as in the address of its page')
    .action(async ({ draft: id }: { draft?: string }, print: Printer) => {
      if (id === undefined) throw new AppError('invalid', 'WHICH_DRAFT', 'Donnez --draft NUMÉRO.');
      await withApp(config(), print, async ({ ruleEditing: { drafts, flips } }) => {
        const draft = await drafts.byId(id);
        if (draft === null) throw new AppError('not-found', 'BROUILLON_INCONNU', `Il n'y a pas de brouillon ${id}.`);
        if (draft.state === 'open') await (await flips.start(draft)).ended;
        const run = await flips.of(id);
        if (run?.state !== 'done')
          throw new AppError(
            'unavailable',
            'LISTE_A_FAIRE',
            "La liste n'est pas prête : un autre processus la fait, ou ce brouillon a un défaut que sa page montre.",
          );
        const listed: Flip[] = [];
        for await (const flip of flips.all(run)) {
          if (listed.length === listedFlips) break;
          listed.push(flip);
        }
        const { courses, pathways, turns, date } = run;
        const wire = (answer: FlipAnswer) => ({
          ...answer,
          plafond: answer.plafond === null ? null : answer.plafond / 100,
        });
        const items = listed.map((flip) => ({ ...flip, before: wire(flip.before), after: wire(flip.after) }));
        print.thing(
          { draft: id, rule: draft.ruleId, date, courses, pathways, changed: run.flips, turns, flips: items },
          [
            run.flips === 0
              ? `Aucun verdict ne change sur ${courses} cours.`
              : `${run.flips} verdicts changent sur ${courses} cours et ${pathways} parcours, le ${frenchDate(date)}.`,
            ...turns.map(({ turn, count }) => `  ${turn} : ${count}`),
            ...listed.map(
              ({ kind, title, before, after }) =>
                `${kind} ${title} : ${flipAnswerText(before)} → ${flipAnswerText(after)}`,
            ),
          ],
        );
      });
    });
}
