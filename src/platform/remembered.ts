/** Reads whose answer may be some seconds old. */

/** Keys remembered at once. */
const most = 1_000;

/** The answer of `read` for each key, for so many milliseconds. A failure is not remembered: the next who asks reads again. */
export function remembered<Value>(
  read: (key: string) => Promise<Value>,
  ms: number,
  now: () => number = Date.now,
): (key?: string) => Promise<Value> {
  const known = new Map<string, { readonly value: Promise<Value>; readonly until: number }>();
  return (key = '') => {
    const at = now();
    const kept = known.get(key);
    if (kept !== undefined && at < kept.until) return kept.value;
    if (known.size >= most) known.clear();
    const asked = { value: read(key), until: at + ms };
    known.set(key, asked);
    asked.value.catch(() => {
      if (known.get(key) === asked) known.delete(key);
    });
    return asked.value;
  };
}
