/** `accounts`: who has which role. On a fresh installation, the first operator is made here. */
import type { Command } from 'commander';
import type { Account } from '../accounts/model.ts';
import { type Administration, grantableRoles, isGrantable } from '../accounts/use-cases/administration.ts';
import { AppError } from '../errors.ts';
import type { Actor } from '../rights.ts';
import type { Printer } from './output.ts';
import { commandOf, countOption } from './program.ts';

/** Whoever runs commands on the machine holds its keys and its database already. In the trail: the platform itself. */
export const commandLine: Actor = { accountId: null, roles: ['operator'], memberships: [], strong: true };

type Use = Pick<Administration, 'list' | 'find' | 'grant' | 'account'>;

const shown = ({ id, email, roles, createdAt, lastSignInAt, demo }: Account) => ({
  id,
  email: email?.address ?? null,
  verified: email !== null && email.verifiedAt !== null,
  roles,
  createdAt,
  lastSignInAt,
  demo,
});
type Shown = ReturnType<typeof shown>;

/** @param withAdministration opens the platform for one command, and closes it whatever happens */
export function accountCommands(
  program: Command,
  withAdministration: (print: Printer, act: (administration: Use) => Promise<void>) => Promise<void>,
): void {
  const group = program.command('accounts').description('people and their roles');

  commandOf(group, 'list', 'accounts by fifty, the most recent first')
    .option('--page <n>', 'page, from 1', countOption, 1)
    .action(async ({ page }: { page: number }, print: Printer) => {
      await withAdministration(print, async (administration) => {
        const { accounts, more } = await administration.list(commandLine, page);
        print.list(
          accounts.map(shown),
          [
            { title: 'compte', of: ({ id }: Shown) => id },
            { title: 'adresse', of: ({ email, verified }) => `${email ?? '-'}${verified ? '' : ' (non confirmée)'}` },
            { title: 'rôles', of: ({ roles }) => roles.join(', ') },
            { title: 'créé', of: ({ createdAt }) => createdAt.toISOString() },
          ],
          "Aucun compte. Créez-en un sur la page d'inscription.",
        );
        if (more) print.progress(`Suite : accounts list --page ${page + 1}`);
      });
    });

  commandOf(group, 'grant <email> <role>', `gives a role to a person: ${grantableRoles.join(', ')}`).action(
    async (_options: object, print: Printer, email = '', role = '') => {
      if (!isGrantable(role)) {
        const message = `Le rôle ${role} ne se donne pas ici. Choisissez : ${grantableRoles.join(', ')}.`;
        throw new AppError('invalid', 'UNKNOWN_ROLE', message);
      }
      await withAdministration(print, async (administration) => {
        const id = await administration.find(commandLine, email);
        if (id === null) {
          const message = "Aucun compte n'a cette adresse. La personne s'inscrit d'abord sur le site.";
          throw new AppError('not-found', 'UNKNOWN_ACCOUNT', message);
        }
        await administration.grant(commandLine, id, role);
        const { account, codeMissing } = await administration.account(commandLine, id);
        const code = 'Ce rôle s’ouvre avec un code à usage unique, à mettre en place dans /mon-espace/securite/code.';
        print.thing(shown(account), [
          `Rôles de ce compte : ${account.roles.join(', ')}.`,
          ...(codeMissing ? [code] : []),
        ]);
      });
    },
  );
}
