/** `audit verify`: whether any entry of the audit trail was altered, removed, added or put elsewhere. */
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { type AuditFault, type AuditFaultKind, faultsKept } from '../platform/audit.ts';
import { withApp } from './harvest.ts';
import type { Printer } from './output.ts';
import { commandOf } from './program.ts';

const words: Readonly<Record<AuditFaultKind, string>> = {
  altered: 'altérée',
  removed: 'retirée',
  'broken-link': 'ne suit pas la précédente',
  added: 'ajoutée par une autre main',
  head: 'tête de la piste absente, altérée, ou signée avec une clé qui n’est pas ici',
};

export function auditCommands(program: Command, config: () => Config): void {
  const group = program.command('audit').description('the audit trail');

  commandOf(
    group,
    'verify',
    'finds any altered, removed, added or reordered entry; ends with 1 when there is one',
  ).action(async (_options, print: Printer) => {
    await withApp(config(), print, async ({ people }) => {
      const { audit } = await people();
      const verification = await audit.verify();
      const { entries, sound, faults, head } = verification;
      print.thing(verification, [
        `${entries} entrées.`,
        ...(head === null ? [] : [`Dernière : n° ${head.sequence}, empreinte ${head.hash}`]),
        ...(sound ? ["La piste d'audit est intacte."] : faults.map(sentenceOf)),
        ...(faults.length === faultsKept ? ["D'autres défauts ne sont pas montrés."] : []),
      ]);
      if (!sound) process.exitCode = 1;
    });
  });
}

function sentenceOf({ kind, sequence, count }: AuditFault): string {
  if (sequence === null) return kind === 'head' ? `Défaut : ${words.head}.` : `Entrée sans numéro : ${words[kind]}.`;
  // Only places that are empty are counted in a row.
  if (count > 1) return `Entrées ${sequence} à ${sequence + count - 1} : retirées.`;
  return `Entrée ${sequence} : ${words[kind]}.`;
}
