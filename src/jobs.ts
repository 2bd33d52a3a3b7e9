/** Finds the jobs: every file of `jobs/` is one; there is no list to edit. */
import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import type { UseCases } from './app.ts';
import type { Job } from './platform/schedule.ts';

/** @throws Error when a file is not a job or has another name than its own: a silently missing job is missed for months. */
export async function discoverJobs(): Promise<readonly Job<UseCases>[]> {
  const folder = new URL('../jobs/', import.meta.url);
  const ending = extname(import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  return Promise.all(
    files.map(async (file) => {
      const { default: job } = (await import(new URL(file, folder).href)) as { default?: Job<UseCases> };
      if (job === undefined || `${job.name}${ending}` !== file)
        throw new Error(`jobs/${file} does not export the job of its name`);
      return job;
    }),
  );
}
