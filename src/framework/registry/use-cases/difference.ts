/** Two exports of each register, compared. */
import { AppError } from '../../../errors.ts';
import { type Difference, differenceOf } from '../model/difference.ts';
import { type IsoDate, type RegisterName, type RegisterRecord, registerNames } from '../model.ts';
import type { RegistryStore } from '../store.ts';

export interface RegisterDifference extends Difference {
  readonly register: RegisterName;
  readonly from: IsoDate;
  readonly to: IsoDate;
}

const batch = 500;

/**
 * Without dates, the last two exports of each register. With them, the exports in force on those days; a register that had
 * none on the first day is left out.
 *
 * @throws AppError `not-found` when no register has two exports to compare
 */
export async function compareExports(
  store: RegistryStore,
  asked: { readonly from?: IsoDate; readonly to?: IsoDate },
): Promise<readonly RegisterDifference[]> {
  const differences: RegisterDifference[] = [];
  for (const register of registerNames) {
    const held = (await store.exports(register)).map(({ date }) => date);
    const to = held.find((date) => asked.to === undefined || date <= asked.to);
    const from = held.find((date) => (asked.from === undefined ? to !== undefined && date < to : date <= asked.from));
    if (from === undefined || to === undefined || from > to) continue;
    const codes = await store.touched(register, from, to);
    const [before, after] = await Promise.all(
      [from, to].map(async (date) => ({ date, records: await recordsAt(store, codes, register, date) })),
    );
    if (before === undefined || after === undefined) continue;
    differences.push({ register, from, to, ...differenceOf(codes, before, after) });
  }
  if (differences.length === 0) {
    const message =
      'Il faut deux exports du registre pour les comparer : voir « registry import ». Un export n’est connu qu’à partir de sa date.';
    throw new AppError('not-found', 'E_REGISTRE_SANS_HISTOIRE', message);
  }
  return differences;
}

async function recordsAt(store: RegistryStore, codes: readonly string[], register: RegisterName, date: IsoDate) {
  const records = new Map<string, RegisterRecord>();
  for (let at = 0; at < codes.length; at += batch) {
    const found = await store.records(codes.slice(at, at + batch), [{ register, date }]);
    for (const [code, record] of found) records.set(code, record);
  }
  return records;
}
