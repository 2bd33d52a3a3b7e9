/** The chain of replacements of a certification: it may be broken, go round, or cross from RNCP to RS. */
import { certificationState } from '../../model/certification.ts';
import type { RegisterRecord, Successors } from '../model.ts';

/** Longer is no chain of five-year registrations. */
const longest = 50;

/**
 * Breadth first, each certification once; the shortest way to a living one wins.
 *
 * @param read those asked that the register holds
 */
export async function successorsOf(
  code: string,
  read: (codes: readonly string[]) => Promise<ReadonlyMap<string, RegisterRecord>>,
  on: Date,
): Promise<Successors> {
  const visited = new Set([code]);
  /** Ways that lead to what is looked at next. */
  let ways: readonly (readonly string[])[] = [[code]];
  let longestWay: readonly string[] = [];
  let worst: Successors['end'] = 'none-known';
  for (let step = 0; step <= longest && ways.length > 0; step += 1) {
    const ends = ways.map((way) => way.at(-1) ?? code);
    const records = await read(ends);
    const next: string[][] = [];
    for (const way of ways) {
      const at = way.at(-1) ?? code;
      const record = records.get(at);
      if (record === undefined) {
        if (worst === 'none-known') worst = 'broken';
        continue;
      }
      if (way.length > longestWay.length) longestWay = way;
      if (step > 0 && certificationState(record, on) === 'active') return { codes: way.slice(1), end: 'living' };
      for (const successor of record.replacedBy) {
        if (visited.has(successor)) {
          if (way.includes(successor)) worst = 'cycle';
          continue;
        }
        visited.add(successor);
        next.push([...way, successor]);
      }
    }
    ways = next;
  }
  return { codes: longestWay.slice(1), end: worst };
}
