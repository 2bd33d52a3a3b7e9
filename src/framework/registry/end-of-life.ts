/** Ends of life of certifications, from the register, each asked once. */
import { type EndOfLife, endOfLifeOf } from '../model/end-of-life.ts';
import type { IsoDate, Register } from './model.ts';

/** By the code asked, those the register does not hold included. */
export async function endsOfLife(
  register: Pick<Register, 'certifications' | 'successors' | 'state'>,
  codes: readonly string[],
  on: IsoDate,
): Promise<ReadonlyMap<string, EndOfLife>> {
  const asked = [...new Set(codes)];
  if (asked.length === 0) return new Map();
  const [records, { date }] = await Promise.all([register.certifications(asked), register.state()]);
  const lives = await Promise.all(
    asked.map(async (code) => {
      const record = records.get(code) ?? null;
      const successors = record === null ? null : await register.successors(code);
      return [code, endOfLifeOf(code, record, successors, on, date)] as const;
    }),
  );
  return new Map(lives);
}
