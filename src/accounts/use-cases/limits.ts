/** How many times somebody may try: per account and per address of the network (defaults of the architecture document). */
import { AppError } from '../../errors.ts';
import type { AttemptStore, Counted } from '../store/attempts.ts';

const perAccount = 5;
const perAddress = 30;

/** What is counted of an account, whether it exists or not. */
export const countedAccount = (act: string, key: string): Counted => ({ what: `${act} ${key}`, limit: perAccount });

export const countedAddress = (act: string, address: string): Counted => ({
  what: `${act} address ${address}`,
  limit: perAddress,
});

/** Everything that is counted of one person: erased with the account. An act that is counted elsewhere comes here too. */
export const countedOfAccount = (accountId: string): readonly Counted[] =>
  ['password', 'code', 'change-email'].map((act) => countedAccount(act, accountId));
export const countedOfAddress = (key: string): readonly Counted[] =>
  ['sign-in', 'register', 'reset'].map((act) => countedAccount(act, key));

/** @returns the attempt's id. @throws AppError `too-many` with the moment when it is allowed again */
export async function beginAttempt(attempts: AttemptStore, counted: readonly Counted[], now: Date): Promise<string> {
  const attempt = await attempts.begin(counted, now);
  if (attempt.allowed) return attempt.id;
  const details = { until: attempt.until };
  throw new AppError('too-many', 'TROP_DE_DEMANDES', 'Trop de demandes. Revenez plus tard.', { details });
}
