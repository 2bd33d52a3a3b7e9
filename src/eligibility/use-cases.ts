/** What people ask of the engine: a file of cases, answered one by one. */
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { assess } from './model/assess.ts';
import { type Dossier, type DossierError, readDossier } from './model/dossier.ts';
import { sortedText } from './model/publication.ts';
import type { RuleSet } from './model/rule-set.ts';
import { type Verdict, type WireVerdict, wireVerdict } from './model/verdict.ts';

const casesSchema = z.object({ cas: z.array(z.unknown()) });
const caseSchema = z.object({
  id: z.union([z.string().min(1).max(500), z.number()]),
  entree: z.unknown().optional(),
  attendu: z.record(z.string(), z.unknown()).nullish().catch(null),
});

export type AssessedCase =
  | {
      readonly id: string | number;
      readonly dossier: Dossier;
      readonly verdict: Verdict;
      /** The keys of `attendu` whose value differs; null when the case expects nothing. */
      readonly differences: readonly string[] | null;
    }
  | { readonly id: string | number; readonly errors: readonly DossierError[] };

/** Each dossier at its own date. Throws an AppError `invalid` when the input is not `{"cas":[…]}`. */
export function assessCases(input: unknown, rules: RuleSet): AssessedCase[] {
  const file = casesSchema.safeParse(input);
  if (!file.success)
    throw new AppError('invalid', 'CASES_FILE', 'Un fichier de cas est un objet {"cas":[{"id","entree"}]}.', {
      cause: file.error,
    });
  return file.data.cas.map((one, at) => {
    const read = caseSchema.safeParse(one);
    if (!read.success) return { id: `cas[${at}]`, errors: errorsOfCase(one, read.error) };
    const { id, entree, attendu } = read.data;
    const reading = readDossier(entree);
    if (!reading.ok) return { id, errors: reading.errors };
    const verdict = assess(reading.dossier, reading.dossier.date, rules);
    const differences = attendu === null || attendu === undefined ? null : differing(wireVerdict(verdict), attendu);
    return { id, dossier: reading.dossier, verdict, differences };
  });
}

/** A case without a name is refused, and told all the same what is wrong in its dossier. */
function errorsOfCase(one: unknown, { issues }: z.ZodError): DossierError[] {
  const path = issues[0]?.path.join('.') || 'cas';
  const named = { path, message: 'Un cas est un objet avec « id » et « entree ».' };
  const dossier = path === 'id' ? readDossier((one as { entree?: unknown }).entree) : null;
  return [named, ...(dossier?.ok === false ? dossier.errors : [])];
}

export type CheckedCase =
  | { readonly id: string | number; readonly verdict: WireVerdict }
  | { readonly id: string | number; readonly errors: readonly DossierError[] };

/** What `eligibility check --json` prints: amounts in euros; a refused dossier has its errors, the others are answered. */
export function checkCases(input: unknown, rules: RuleSet): { readonly results: readonly CheckedCase[] } {
  return {
    results: assessCases(input, rules).map((one) =>
      'errors' in one ? one : { id: one.id, verdict: wireVerdict(one.verdict) },
    ),
  };
}

function differing(verdict: WireVerdict, expected: Readonly<Record<string, unknown>>): string[] {
  const given: Readonly<Record<string, unknown>> = { ...verdict };
  return Object.keys(expected).filter((key) => sortedText(given[key]) !== sortedText(expected[key]));
}
