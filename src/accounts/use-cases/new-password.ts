/** A new password: judged, then hashed. */
import { AppError } from '../../errors.ts';
import { type PasswordFault, passwordFault } from '../model/password.ts';
import type { AccountParts } from '../use-cases.ts';

/** Callers that have a form ask `judge` first and say the fault under its field. */
export function makeNewPassword({ passwords, commonPasswords }: Pick<AccountParts, 'passwords' | 'commonPasswords'>) {
  const judge = (password: string, email: string | null): PasswordFault | null =>
    passwordFault(password, { email, common: commonPasswords });
  return {
    judge,
    /** @throws AppError `invalid` for a refused password, `too-many` when too many wait for a hash */
    async hash(password: string, email: string | null): Promise<string> {
      if (judge(password, email) !== null) {
        throw new AppError('invalid', 'MOT_DE_PASSE_REFUSE', "Ce mot de passe n'est pas accepté.");
      }
      return passwords.hash(password);
    },
  };
}
