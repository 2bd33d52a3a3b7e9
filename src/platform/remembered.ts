/** Reads whose answer may be some moments old. */

/** Questions remembered at once. */
const most = 1_000;

/**
 * The answer to each question, never older than so many milliseconds; who asks meanwhile gets the same object, which must not
 * be changed. In the second half of that time the first who asks has it read again, and nobody waits for it. A question is
 * plain JSON. A failure is not remembered: the next who asks reads again.
 */
export function remembered<Question extends readonly unknown[], Value>(
  ask: (...question: Question) => Promise<Value>,
  ms: number,
  now: () => number = Date.now,
): (...question: Question) => Promise<Value> {
  interface Known {
    readonly value: Promise<Value>;
    readonly askedAt: number;
    renewing: boolean;
  }
  // Those asked first come first.
  const known = new Map<string, Known>();

  function keep(key: string, answer: Known): void {
    known.delete(key);
    for (const [other, { askedAt }] of known) {
      if (answer.askedAt < askedAt + ms && known.size < most) break;
      known.delete(other);
    }
    known.set(key, answer);
  }

  return (...question) => {
    const key = JSON.stringify(question);
    const at = now();
    const read = (): Known => ({ value: ask(...question), askedAt: at, renewing: false });
    const kept = known.get(key);
    if (kept === undefined || at >= kept.askedAt + ms) {
      const first = read();
      keep(key, first);
      first.value.catch(() => {
        if (known.get(key) === first) known.delete(key);
      });
      return first.value;
    }
    if (!kept.renewing && at >= kept.askedAt + ms / 2) {
      kept.renewing = true;
      const next = read();
      next.value.then(
        () => {
          if (known.get(key) === kept) keep(key, next);
        },
        () => {
          kept.renewing = false;
        },
      );
    }
    return kept.value;
  };
}
