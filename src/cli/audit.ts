/** `audit verify`: finds an altered, removed or reordered entry of the audit trail. */
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function auditCommands(program: Command, config: () => Config): void {
  const group = program.command('audit').description('the audit trail');

  commandOf(group, 'verify', 'finds an altered, removed or reordered entry').action(
    async (_options, print: Printer) => {
      await withApp(config(), print, async (app) => {
        const verified = await (await app.people()).audit.verify();
        const { entries, sound, faults } = verified;
        const lines = sound
          ? [`${entries} entrées vérifiées : le journal est intact.`]
          : [
              `${entries} entrées vérifiées : le journal a été modifié.`,
              ...faults.map((fault) => JSON.stringify(fault)),
            ];
        print.thing(verified, lines);
        if (!sound) process.exitCode = 1;
      });
    },
  );
}
