/** The identity of a content: the same record gives the same text whatever the order of its fields. */
import { hash } from 'node:crypto';

/** JSON with sorted keys. @throws TypeError or RangeError on what JSON cannot hold (a cycle, a bottomless tree). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(isCanonical(value) ? value : sorted(value)) ?? 'null';
}

/** Whether JSON can be written as it is: readers that build records in this order spare a copy of each. */
function isCanonical(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isCanonical);
  // Anything but a plain object may have a JSON of its own.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  let before = '';
  // Without lists of names and values: this looks at each element of each record.
  for (const name in value) {
    if (name < before || name === 'toJSON' || !isCanonical((value as Record<string, unknown>)[name])) return false;
    before = name;
  }
  return true;
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
  for (let at = 1; at < names.length; at += 1) if ((names[at - 1] ?? '') > (names[at] ?? '')) return false;
  return true;
}

export function sha256(...parts: readonly string[]): string {
  return hash('sha256', `${parts.join('\n')}\n`, 'base64url');
}
