/**
 * Social security numbers (NIR): the platform has no use for one, so what looks like one is refused before it is stored (T21).
 *
 * Thirteen characters: sex, year, month, department (2A and 2B in Corsica), commune, order; then, often, a key of two digits.
 * Refused: the thirteen alone, written in one go or cut between its own groups; or the fifteen with a right key, however
 * they are cut. A run of another length (a SIRET has 14 digits) is something else.
 */
import { z } from 'zod';

export const nirRefusal = 'Ne donnez pas votre numéro de sécurité sociale.';

/** Between two characters of a number, as people write it. */
const gap = '[\\s.\\-–—/_]{0,3}';
const sex = '[123478]';
const year = '\\d\\d';
/** Past 12: births whose month is not known. */
const month = '(?:0[1-9]|1[0-2]|[235-9]\\d|4[0-2])';
const department = '(?:2[AB]|(?!00)\\d\\d)';
const commune = '(?!000)\\d{3}';
const order = '(?!000)\\d{3}';

const alone = new RegExp(`(?<![A-Z\\d])${[sex, year, month, department, commune, order].join(gap)}(?![A-Z\\d])`);
/** Overlapping: what starts with a house number may go on with the number we look for. */
const fifteen = new RegExp(
  `(?<![A-Z\\d])(?=(${sex}(?:${gap}\\d){4}${gap}(?:2${gap}[AB]|\\d${gap}\\d)(?:${gap}\\d){8})(?![A-Z\\d]))`,
  'g',
);
const shape = new RegExp(`^${[sex, year, month, department, commune, order].join('')}\\d\\d$`);

export function looksLikeNir(text: string): boolean {
  // Full-width digits and no-break spaces count as the ordinary ones.
  const plain = text.normalize('NFKC').toUpperCase();
  if (alone.test(plain)) return true;
  for (const [, written = ''] of plain.matchAll(fifteen)) {
    const number = written.replace(/[^\dAB]/g, '');
    if (shape.test(number) && hasRightKey(number)) return true;
  }
  return false;
}

/** Corsica counts as 19 (2A) and 18 (2B). */
function hasRightKey(number: string): boolean {
  const digits = number.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return 97 - (Number(digits) % 97) === Number(number.slice(13));
}

/** A line or a text that a person types freely. */
export function freeText(options: { readonly max: number }) {
  return z
    .string()
    .trim()
    .max(options.max, `${options.max} caractères au plus.`)
    .refine((text) => !looksLikeNir(text), nirRefusal);
}
