/**
 * The code of a receipt: `V-` and ten characters of an alphabet without I, L, O and U, the last one a check. Nine characters
 * carry 45 bits. The check is a sum over GF(32) in which each place has a weight of its own, so that one wrong character, or
 * two that changed places, never give another valid code.
 */

export const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const carried = 9;

/** What people read and type for a character that the alphabet does not have. */
const lookAlikes: Readonly<Record<string, string>> = { I: '1', L: '1', O: '0', U: 'V' };

/** Multiplied by x modulo x⁵ + x² + 1. */
const shifted = (value: number): number => ((value << 1) ^ (value & 16 ? 0b100101 : 0)) & 31;

/** 0 for the ten characters of a code. */
function remainder(values: readonly number[]): number {
  return values.reduce((sum, value) => shifted(sum) ^ value, 0);
}

/**
 * @param bytes six at least, random or derived; the first 45 bits count
 * @returns `V-7K4MQ9TDXR`
 */
export function codeOf(bytes: Uint8Array): string {
  const bits = [...bytes.subarray(0, 6)].reduce((all, byte) => (all << 8n) | BigInt(byte), 0n) >> 3n;
  const values = Array.from({ length: carried }, (_, at) => Number((bits >> BigInt(5 * (carried - 1 - at))) & 31n));
  const written = [...values, shifted(remainder(values))].map((value) => codeAlphabet.charAt(value));
  return `V-${written.join('')}`;
}

export type CodeReading =
  | { readonly kind: 'code'; readonly code: string }
  /** Not of the shape of a code. */
  | { readonly kind: 'unreadable' }
  /** Ten characters, and the last one is not the check of the others: a typing error. */
  | { readonly kind: 'mistyped' };

/** In any case, with or without its `V-`, with spaces, hyphens and look-alikes. */
export function readCode(typed: string): CodeReading {
  if (typed.length > 100) return { kind: 'unreadable' };
  const characters = [...typed.normalize('NFKC').toUpperCase()]
    .filter((character) => !/[\s\p{Pd}._]/u.test(character))
    .map((character) => lookAlikes[character] ?? character);
  const ten = characters.length === carried + 2 && characters[0] === 'V' ? characters.slice(1) : characters;
  const values = ten.map((character) => codeAlphabet.indexOf(character));
  if (values.length !== carried + 1 || values.includes(-1)) return { kind: 'unreadable' };
  return remainder(values) === 0 ? { kind: 'code', code: `V-${ten.join('')}` } : { kind: 'mistyped' };
}
