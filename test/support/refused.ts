import { MongoServerError } from 'mongodb';

/** The error of a refused command, and a failure of the test when it is accepted. */
export async function refused(work: Promise<unknown>): Promise<MongoServerError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MongoServerError) return error;
    throw error;
  }
  throw new Error('the command was accepted');
}
