/**
 * Passwords are stored as argon2id hashes. Hashing takes memory and a core on purpose: a bounded queue keeps a crowd (or
 * an attacker) from taking the whole machine.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash, type Options, parseOptions, verify } from '@node-rs/argon2';
import { AppError } from '../errors.ts';

export interface PasswordHasher {
  /** @throws AppError `too-many` when too many wait */
  hash(password: string): Promise<string>;
  /** With null (no such account) does the same work and answers false. @throws AppError `too-many` */
  verify(stored: string | null, password: string): Promise<boolean>;
  /** Whether the hash was made with other settings than today's. */
  isOutdated(stored: string): boolean;
}

export interface HashSettings {
  /** KiB and passes: the least OWASP advises for argon2id (Password Storage Cheat Sheet, read 2026). */
  readonly memoryCost: number;
  readonly timeCost: number;
  /** Hashes at once. */
  readonly atOnce: number;
  /** Hashes that wait for their turn; one more is refused. */
  readonly waiting: number;
}

// Never more than two per core; and one thread of the pool that also reads files (four of them) stays free.
const atOnce = Math.min(2 * availableParallelism(), 3);
const defaults: HashSettings = { memoryCost: 19_456, timeCost: 2, atOnce, waiting: 100 };
const patience = 5_000;
/** `Algorithm.Argon2id`: a const enum has no value of its own at run time. */
const argon2id = 2;

export async function makePasswordHasher(
  given: Partial<HashSettings> = {},
  /** The two that cost; replaced by tests that count the work. */
  argon: { hash: typeof hash; verify: typeof verify } = { hash, verify },
): Promise<PasswordHasher> {
  const settings = { ...defaults, ...given };
  const options: Options = {
    algorithm: argon2id,
    memoryCost: settings.memoryCost,
    timeCost: settings.timeCost,
    parallelism: 1,
  };
  // Nobody's password: compared with when there is no account, so that the answer takes as long.
  const decoy = await hash(randomBytes(32), options);
  const turns: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= settings.atOnce) {
      if (turns.length >= settings.waiting) {
        const details = { until: new Date(Date.now() + patience) };
        throw new AppError('too-many', 'TROP_DE_DEMANDES', 'Trop de demandes. Revenez dans un instant.', { details });
      }
      // The turn is handed over: `running` does not move.
      await new Promise<void>((resolve) => turns.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = turns.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  // One text typed on two keyboards is one password.
  const bytesOf = (password: string) => password.normalize('NFKC');

  return {
    hash: (password) => inTurn(() => argon.hash(bytesOf(password), options)),

    async verify(stored, password) {
      const same = await inTurn(() => argon.verify(stored ?? decoy, bytesOf(password)));
      return same && stored !== null;
    },

    isOutdated(stored) {
      const { memoryCost, timeCost, parallelism, algorithm } = parseOptions(stored);
      return (
        algorithm !== options.algorithm ||
        memoryCost !== options.memoryCost ||
        timeCost !== options.timeCost ||
        parallelism !== options.parallelism
      );
    },
  };
}
