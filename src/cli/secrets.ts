/** `secrets rotate`: after a change of SECRET_KEY, everything sealed at rest goes under the new key. */
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

export function secretCommands(program: Command, config: () => Config): void {
  const group = program.command('secrets').description('the key of the installation');

  commandOf(
    group,
    'rotate',
    'seals again what former keys sealed (set SECRET_KEY to the new key, OLD_SECRET_KEYS to the former)',
  ).action(async (_options, print: Printer) => {
    await withApp(config(), print, async (app) => {
      const rotated = await (await app.people()).rotateSecrets();
      print.thing(rotated, [
        `Clé ${rotated.keyId} : ${rotated.codes} codes à usage unique, les courriels en attente et le journal sont scellés avec elle.`,
        'Les connexions ouvertes sont finies. Les anciennes clés peuvent être oubliées.',
      ]);
    });
  });
}
