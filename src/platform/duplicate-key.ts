/** MongoDB's answer 11000: somebody was there first. For many writes it is an expected alternative, not a fault. */

export function isDuplicateKey(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 11_000;
}

/** Of an unordered bulk write: nothing else went wrong than keys already taken. */
export function areDuplicateKeys(error: unknown): error is { writeErrors: readonly { readonly index: number }[] } {
  return (
    typeof error === 'object' &&
    error !== null &&
    'writeErrors' in error &&
    Array.isArray(error.writeErrors) &&
    error.writeErrors.length > 0 &&
    error.writeErrors.every((each) => each.code === 11000)
  );
}
