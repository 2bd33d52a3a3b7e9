/** The identity of a content: the same record gives the same text whatever the order of its fields. */
import { createHash } from 'node:crypto';

/** JSON with sorted keys. @throws TypeError or RangeError on what JSON cannot hold (a cycle, a bottomless tree). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  // A null prototype, so that a field called `__proto__` is a field like any other.
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, field] of fields) copy[name] = sorted(field);
  return copy;
}

export function sha256(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('base64url');
}
