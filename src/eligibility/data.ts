/** Reads the dated rules and the worked cases beside this file: a mistake in the data stops the start, not a visitor. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type RuleSet, readRules } from './model/rule-set.ts';

/** Throws an Error that names every wrong rule and version. The version is the day of the data and a digest of its text. */
export function loadRules(text = readFileSync(new URL('./rules.data.json', import.meta.url), 'utf8')): RuleSet {
  const raw: unknown = JSON.parse(text);
  const digest = createHash('sha256').update(JSON.stringify(raw)).digest('hex').slice(0, 12);
  const read = readRules(raw, digest);
  if (!read.ok) throw new Error(`Règles refusées :\n${read.problems.join('\n')}`);
  return { ...read.rules, version: `${read.rules.asOf}.${digest}` };
}

const casesSchema = z.object({
  cas: z.array(
    z.object({
      id: z.string().min(1),
      titre: z.string().min(1),
      /** The rules that the case shows. */
      illustre: z.array(z.string()).min(1),
      /** A dossier as a visitor of the API would send it. */
      entree: z.unknown(),
      attendu: z.record(z.string(), z.unknown()),
    }),
  ),
});

export type WorkedCase = z.output<typeof casesSchema>['cas'][number];

/** What the rules answer, derived by hand; shown with each rule. Throws a ZodError on wrong data. */
export function readCases(): readonly WorkedCase[] {
  return casesSchema.parse(JSON.parse(readFileSync(new URL('./cases.data.json', import.meta.url), 'utf8'))).cas;
}
