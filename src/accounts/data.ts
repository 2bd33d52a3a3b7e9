/** Reads the table of durations beside this file and checks it: a mistake stops the start. */
import { readFileSync } from 'node:fs';
import { type RetentionRule, retentionSchema } from './model/retention.ts';

/** @throws ZodError on wrong data */
export function loadRetention(): readonly RetentionRule[] {
  return retentionSchema.parse(JSON.parse(readFileSync(new URL('./retention.data.json', import.meta.url), 'utf8')))
    .rules;
}
