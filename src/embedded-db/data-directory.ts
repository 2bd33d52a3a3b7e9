import { userInfo } from 'node:os';

/** Turns what the system says about an unusable directory into a sentence that says what to do. */
export function unusable(dataDir: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || /permission denied|read-only file/i.test(text)) {
    return new Error(
      `The data directory ${dataDir} cannot be written by the user ${userInfo().username}. Give that user the right to write there, choose another directory, or set MONGODB_URI to use a MongoDB server.`,
      { cause: error },
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left|disk quota/i.test(text)) {
    return new Error(`The disk that holds the data directory ${dataDir} is full. Free some space and start again.`, {
      cause: error,
    });
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new Error(`The data directory ${dataDir} cannot be made: a file of that name is in the way.`, {
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(text);
}
