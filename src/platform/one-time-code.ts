/** One-time codes of an authenticator application (RFC 6238: SHA-1, 6 digits, 30 seconds) and recovery codes. */
import { createHash, randomInt } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

const period = 30;
const shape = { algorithm: 'SHA1', digits: 6, period } as const;
const issuer = 'École numérique au carré';
// Without letters and digits that look alike.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A new seed, base32. */
export function newSeed(): string {
  return new Secret({ size: 20 }).base32;
}

/** `otpauth://` address that an application opens. */
export function seedAddress(seed: string, label: string): string {
  return new TOTP({ ...shape, issuer, label, secret: Secret.fromBase32(seed) }).toString();
}

/** The code at a date, for tests and demonstrations. */
export function codeAt(seed: string, date: Date): string {
  return TOTP.generate({ ...shape, secret: Secret.fromBase32(seed), timestamp: date.getTime() });
}

/** Number of the step a code belongs to, the present one or one on either side, or null. */
export function stepOf(seed: string, code: string, now: Date): number | null {
  const timestamp = now.getTime();
  const delta = TOTP.validate({ ...shape, token: code, secret: Secret.fromBase32(seed), timestamp, window: 1 });
  return delta === null ? null : TOTP.counter({ period, timestamp }) + delta;
}

/** Ten codes of 49 bits, each for one use when the telephone is lost: « k3m9x-7ab2c ». */
export function newRecoveryCodes(): readonly string[] {
  const word = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return Array.from({ length: 10 }, () => `${word()}-${word()}`);
}

/** What is stored of a recovery code; drawn at random, it needs no slow hash. */
export function recoveryHash(code: string): string {
  return createHash('sha256')
    .update(code.toLowerCase().replace(/[^a-z0-9]/g, ''))
    .digest('hex');
}
