/** The identity of a content: the same record gives the same text whatever the order of its fields. */
import { createHash } from 'node:crypto';

/** JSON with sorted keys. @throws TypeError or RangeError on what JSON cannot hold (a cycle, a bottomless tree). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(sorted);
  // An ordinary object, because one without prototype is several times slower to fill and to write.
  const copy: Record<string, unknown> = {};
  const names = Object.keys(value);
  if (!isSorted(names)) names.sort();
  for (const name of names) {
    const field = sorted(Reflect.get(value, name));
    if (name === '__proto__') Object.defineProperty(copy, name, { value: field, enumerable: true });
    else copy[name] = field;
  }
  return copy;
}

function isSorted(names: readonly string[]): boolean {
  return names.every((name, at) => at === 0 || (names[at - 1] ?? '') <= name);
}

export function sha256(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('base64url');
}
