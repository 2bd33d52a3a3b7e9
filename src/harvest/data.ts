/** Reads what each error code of a record means: a mistake in the data stops the start, not a visitor. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ProblemHelp, problemHelpSchema } from './model/problem-help.ts';

const fileSchema = z.object({ problems: z.array(problemHelpSchema) });

/** By code, in the order of the file. @throws ZodError on wrong data */
export function loadProblemHelp(): ReadonlyMap<string, ProblemHelp> {
  const text = readFileSync(new URL('./problems.data.json', import.meta.url), 'utf8');
  return new Map(fileSchema.parse(JSON.parse(text)).problems.map((help) => [help.code, help]));
}
