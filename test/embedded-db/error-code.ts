import { MongoError } from '../../src/embedded-db/mongo-error.ts';

/** The MongoDB code with which an action fails; `undefined` when it does not. */
export function codeOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof MongoError) return error.code;
    throw error;
  }
  return undefined;
}
