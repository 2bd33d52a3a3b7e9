/** Reads the dated rules beside this file and checks them: a mistake in the data stops the start, not a visitor. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RuleSet, readRules } from './model/rule-set.ts';

/** Throws an Error that names every wrong rule and version. The version is the day of the data and a digest of its text. */
export function loadRules(text = readFileSync(new URL('./rules.data.json', import.meta.url), 'utf8')): RuleSet {
  const raw: unknown = JSON.parse(text);
  const digest = createHash('sha256').update(JSON.stringify(raw)).digest('hex').slice(0, 12);
  const read = readRules(raw, digest);
  if (!read.ok) throw new Error(`Règles refusées :\n${read.problems.join('\n')}`);
  return { ...read.rules, version: `${read.rules.asOf}.${digest}` };
}
