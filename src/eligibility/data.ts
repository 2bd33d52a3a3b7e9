/** Reads the dated rules and the worked cases beside this file: a mistake in the data stops the start, not a visitor. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { sortedText } from './model/publication.ts';
import { type RuleSet, type RuleSetReading, type RulesFile, readRules } from './model/rule-set.ts';

/**
 * Checks rules given as data and names them: the version is the day of the state of knowledge and a digest of the data, so
 * that the same name is always the same rules.
 */
export function ruleSetOf(input: unknown): RuleSetReading {
  const read = readRules(input, '');
  if (!read.ok) return read;
  const digest = createHash('sha256').update(sortedText(read.file)).digest('hex').slice(0, 12);
  return { ...read, rules: { ...read.rules, version: `${read.rules.asOf}.${digest}` } };
}

const ownText = () => readFileSync(new URL('./rules.data.json', import.meta.url), 'utf8');

function checked(text: string) {
  const read = ruleSetOf(JSON.parse(text));
  if (!read.ok) throw new Error(`Règles refusées :\n${read.problems.join('\n')}`);
  return read;
}

/** Throws an Error that names every wrong rule and version. */
export function loadRules(text = ownText()): RuleSet {
  return checked(text).rules;
}

/** The same as data: what published versions are added to. Throws as `loadRules`. */
export function loadRulesFile(): RulesFile {
  return checked(ownText()).file;
}

const casesSchema = z.object({
  cas: z.array(
    z.object({
      id: z.string().min(1),
      titre: z.string().min(1),
      /** The rules that the case shows. */
      illustre: z.array(z.string()).min(1),
      /** How the expected answer follows from the rules, where it takes a computation. */
      pourquoi: z.string().min(1).optional(),
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
