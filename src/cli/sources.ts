/** `sources`: catalogues of partners and organisations, and what an operator decides about them. */
import type { Command } from 'commander';
import type { App } from '../app.ts';
import type { Config } from '../config.ts';
import { type Patch, patchState } from '../harvest/model/patch.ts';
import type { Partners } from '../partners.ts';
import type { Source } from '../providers/model.ts';
import { commandLine } from './accounts.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

/** Settings are left out: an address may hold a key of the partner. */
const shown = ({ config: _config, sealed, ...source }: Source) => ({ ...source, secrets: Object.keys(sealed) });

const date = (value: Date | null) => value?.toISOString() ?? '';

export function sourceCommands(program: Command, config: () => Config): void {
  const group = program.command('sources').description('catalogues of partners and organisations');
  const operate = (print: Printer, act: (operating: Partners['operating'], app: App) => Promise<void>) =>
    withApp(config(), print, async (app) => act((await app.partners()).operating, app));

  commandOf(group, 'list', 'every source with its state, those that wait for an answer first').action(
    async (_options, print: Printer) => {
      await operate(print, async (operating, { useCases }) => {
        const all = await operating.list(commandLine);
        const open = await useCases.openBreakers(all.map(({ source }) => source.id));
        print.list(
          all.map(({ source, organisation, lastRun }) => ({
            ...shown(source),
            organisation,
            lastRun: lastRun?.status ?? null,
            breaker: open.get(source.id) ?? null,
          })),
          [
            { title: 'source', of: ({ id }) => id },
            { title: 'titre', of: ({ title }) => title },
            { title: 'organisme', of: ({ organisation }) => organisation ?? '' },
            { title: 'format', of: ({ connector }) => connector },
            { title: 'état', of: ({ state }) => state },
            { title: 'depuis', of: ({ stateSince }) => date(stateSince) },
            { title: 'rythme', of: ({ rhythm }) => rhythm },
            { title: 'raison', of: ({ stateReason }) => stateReason ?? '' },
            { title: 'prochain essai', of: ({ breaker }) => date(breaker?.until ?? null) },
          ],
          'Aucune source.',
        );
      });
    },
  );

  commandOf(group, 'show <source>', 'one source: state and history, records, last runs').action(
    async (_options, print: Printer, id: string) => {
      await operate(print, async (operating) => {
        const page = await operating.page(commandLine, id);
        const { source, organisation, presence, quarantined, runs } = page;
        print.thing({ ...page, source: shown(source) }, [
          `${source.title} (${source.id}), format ${source.connector}, ${organisation ?? 'sans organisme'}`,
          `État : ${source.state} depuis ${date(source.stateSince)}. ${source.stateReason ?? ''}`.trim(),
          `Fiches : ${presence.published} publiées, ${presence.pending} en attente, ${presence.missing} absentes, ${quarantined} en quarantaine.`,
          ...source.history.map(({ at, state, by, reason }) =>
            `  ${date(at)}  ${state} (${by}) ${reason ?? ''}`.trimEnd(),
          ),
          ...runs.map(({ id: run, status, endedAt }) => `  collecte ${run}  ${status}  ${date(endedAt)}`),
        ]);
      });
    },
  );

  commandOf(group, 'patches <source>', 'corrections in place of its records, the ended ones too').action(
    async (_options, print: Printer, id: string) => {
      await withApp(config(), print, async (app) => {
        const { correcting } = await app.partners();
        const patches: Patch[] = [];
        for (let after: string | null = null; ; ) {
          const page = await correcting.list(commandLine, id, after);
          patches.push(...page.patches);
          after = page.next;
          if (after === null) break;
        }
        print.list(
          patches.map((patch) => ({ ...patch, state: patchState(patch) })),
          [
            { title: 'fiche', of: ({ remoteId }) => remoteId },
            { title: 'champ', of: ({ field }) => field },
            { title: 'état', of: ({ state }) => state },
            { title: 'la source dit', of: ({ seen }) => seen.value.text },
            { title: 'correction', of: ({ value }) => value },
            { title: 'par', of: ({ by }) => by },
            { title: 'le', of: ({ at }) => date(at) },
            { title: 'pourquoi', of: ({ why }) => why },
          ],
          'Aucune correction.',
        );
      });
    },
  );

  const change = (
    name: string,
    description: string,
    said: string,
    act: (operating: Partners['operating'], id: string) => Promise<Source>,
  ) =>
    commandOf(group, `${name} <source>`, description).action(async (_options, print: Printer, id: string) => {
      await operate(print, async (operating) => {
        const source = await act(operating, id);
        print.thing(shown(source), [`${source.title} ${said}.`]);
      });
    });

  change('accept', 'says yes to a source that was sent', 'est acceptée', (operating, id) =>
    operating.accept(commandLine, id),
  );
  change('activate', 'harvests it from now on', 'est active', (operating, id) => operating.activate(commandLine, id));

  const withReason = (
    name: string,
    description: string,
    said: string,
    act: (operating: Partners['operating'], id: string, reason: string) => Promise<Source>,
  ) =>
    commandOf(group, `${name} <source>`, description)
      .option('--reason <text>', 'why (required): the provider reads it')
      .action(async ({ reason }: { reason?: string }, print: Printer, id: string) => {
        await operate(print, async (operating) => {
          const source = await act(operating, id, reason ?? '');
          print.thing(shown(source), [`${source.title} ${said}.`]);
        });
      });

  withReason('refuse', 'says no to a source that was sent', 'est refusée', (operating, id, reason) =>
    operating.refuse(commandLine, id, reason),
  );
  withReason('pause', 'stops harvesting it; its courses stay', 'est en pause', (operating, id, reason) =>
    operating.pause(commandLine, id, reason),
  );

  commandOf(group, 'close <source>', 'for good: its courses are withdrawn')
    .option('--reason <text>', 'why (required): the provider reads it')
    .option('--dry-run', 'say what would be withdrawn, and change nothing', false)
    .option('--yes', 'do it', false)
    .action(async (options: { reason?: string; dryRun: boolean; yes: boolean }, print: Printer, id: string) => {
      await operate(print, async (operating) => {
        const { source, effect } = await operating.closing(commandLine, id);
        const effects = `${effect.courses} cours seront retirés`;
        if (options.dryRun || !options.yes) {
          const how = options.dryRun ? 'Rien n’a été changé.' : 'Rien n’a été changé : ajoutez --yes pour fermer.';
          print.thing({ source: shown(source), withdrawn: effect.courses, done: false }, [
            `${source.title} : ${effects}. ${how}`,
          ]);
          if (!options.dryRun) process.exitCode = 2;
          return;
        }
        const closed = await operating.close(commandLine, id, options.reason ?? '');
        print.thing({ source: shown(closed), withdrawn: effect.courses, done: true }, [
          `${closed.title} est fermée. ${effect.courses} cours retirés.`,
        ]);
      });
    });
}
