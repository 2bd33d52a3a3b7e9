import { compareValues, type StringOrder } from './bson-values.ts';
import { valueKey } from './index-keys.ts';

/**
 * A map from BSON values, in which values that MongoDB calls equal are one key. Without a collation a hash; with one,
 * where equal texts have no common hash, a sorted list. Values come out in the order of their first `set`.
 */
export class ValueMap<T> {
  readonly #order: StringOrder | undefined;
  readonly #byKey = new Map<string, T>();
  readonly #sorted: { key: unknown; value: T }[] = [];
  readonly #arrivals: { key: unknown; value: T }[] = [];

  constructor(order?: StringOrder) {
    this.#order = order;
  }

  get size(): number {
    return this.#order ? this.#sorted.length : this.#byKey.size;
  }

  #find(key: unknown): { at: number; found: boolean } {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareValues(this.#sorted[middle]?.key, key, this.#order);
      if (order === 0) return { at: middle, found: true };
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return { at: low, found: false };
  }

  get(key: unknown): T | undefined {
    if (!this.#order) return this.#byKey.get(valueKey(key));
    const { at, found } = this.#find(key);
    return found ? this.#sorted[at]?.value : undefined;
  }

  has(key: unknown): boolean {
    return this.#order ? this.#find(key).found : this.#byKey.has(valueKey(key));
  }

  set(key: unknown, value: T): void {
    if (!this.#order) {
      this.#byKey.set(valueKey(key), value);
      return;
    }
    const { at, found } = this.#find(key);
    const entry = this.#sorted[at];
    if (found && entry) {
      entry.value = value;
      return;
    }
    const added = { key, value };
    this.#sorted.splice(at, 0, added);
    this.#arrivals.push(added);
  }

  *values(): Generator<T> {
    if (!this.#order) yield* this.#byKey.values();
    else for (const { value } of this.#arrivals) yield value;
  }
}
