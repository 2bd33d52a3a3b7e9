/** What a new password must be: long. Nothing is asked of its characters. */
import { emailKey } from '../model.ts';

export const shortestPassword = 12;
export const longestPassword = 128;

export type PasswordFault = 'too-short' | 'too-long' | 'common' | 'own-address';

/** Why a new password is refused, or null. Lengths in characters as people count them. */
export function passwordFault(
  password: string,
  context: { readonly email: string | null; readonly common: ReadonlySet<string> },
): PasswordFault | null {
  const characters = [...password.normalize('NFKC')].length;
  if (characters < shortestPassword) return 'too-short';
  if (characters > longestPassword) return 'too-long';
  const key = emailKey(password);
  if (context.common.has(key)) return 'common';
  if (context.email !== null && key === emailKey(context.email)) return 'own-address';
  return null;
}
