import { closeTestDatabases } from './database.ts';

/** Root hooks of every run of the tests. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await closeTestDatabases();
  },
};
