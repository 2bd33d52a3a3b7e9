/**
 * The rules as dated data. A rule has versions, [from, to] with both ends inclusive; a change in the law adds a version and
 * never edits one, so that a verdict of the past stays the same.
 */
import { z } from 'zod';
import { dayAfter, type IsoDate } from './dates.ts';

const cents = z
  .number()
  .min(0)
  .refine((euros) => Math.round(euros * 100) / 100 === euros)
  .transform((euros) => Math.round(euros * 100));
const count = z.int().min(0);
const none = z.strictObject({});
const codes = z.array(z.string().min(1)).min(1);

/** The rules that the engine evaluates, and the values that each takes from its versions (amounts in cents once read). */
export const parameterSchemas = {
  'T-01': z.strictObject({ ageMinimum: count, ageApprenti: count }),
  'T-02': none,
  'T-04': none,
  'T-10': none,
  'A-01': none,
  'A-02': none,
  'A-03': none,
  'A-04': none,
  'A-05': none,
  'A-06': none,
  'A-07': z.strictObject({ heures: count, annees: count }),
  'A-08': z.strictObject({ aideMinimale: cents }),
  'A-09': none,
  'A-10': none,
  'P-01': z.strictObject({ chiffres: count }),
  'P-02': z.strictObject({ bilan: z.string(), vae: z.string(), autres: z.string() }),
  'P-03': none,
  'P-04': z.strictObject({ habilitationsRefusees: codes }),
  'P-05': z.strictObject({ contratsDepuis: z.iso.date(), chiffres: count }),
  'P-07': none,
  'F-02': z.strictObject({ certificationRs: cents, bilan: cents, permisLeger: cents }),
  'F-03': z.strictObject({ montant: cents }),
  'F-04': z.strictObject({ financeurs: codes }),
  'F-06': none,
  'F-07': none,
  'D-01': z.strictObject({ sources: codes, joursMaximum: count }),
  'D-02': z.strictObject({ categories: codes }),
} as const;

export type EvaluatedRule = keyof typeof parameterSchemas;
export type ParametersOf<Id extends EvaluatedRule> = z.output<(typeof parameterSchemas)[Id]>;
export const evaluatedRules = Object.keys(parameterSchemas) as readonly EvaluatedRule[];
export const isEvaluated = (id: string): id is EvaluatedRule => Object.hasOwn(parameterSchemas, id);

export const versionSchema = z.strictObject({
  from: z.iso.date(),
  /** null: still valid, as far as is known on `checkedOn`. */
  to: z.iso.date().nullable(),
  /** Amounts in euros, as people read and edit them. */
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.array(z.string())])),
  legalBasis: z.strictObject({
    reference: z.string().trim().min(1),
    /** Only once somebody has opened it. */
    url: z.url().nullable(),
    /** Where the text was read, when it was not read itself: French, for people. */
    sources: z.array(z.string().trim().min(1)).optional(),
    checkedOn: z.iso.date(),
    /** H: several sources or an official page; M: one good source; L: one weak source; K: general law. */
    certainty: z.enum(['H', 'M', 'L', 'K']),
  }),
  /** Why no version covers the days before this one, when another version exists before. */
  gapBefore: z.string().min(1).optional(),
});
export type RuleVersion = z.output<typeof versionSchema>;

const ruleSchema = z.strictObject({
  id: z.string().regex(/^[TAPFD]-\d{2}[a-z]?$/),
  /** What the rule does to a verdict; `information` and `warning` rules that the engine does not evaluate are for pages. */
  role: z.enum(['refusal', 'outside', 'missing', 'ground', 'amount', 'warning', 'information']),
  /** The name under `parametres.` when no version covers the date. */
  parameter: z.string().optional(),
  condition: z.string().min(1),
  /** The exact sentences shown; `{name}` is filled with a parameter or with what the rule found. */
  reasons: z.array(z.string().min(1)),
  /** The same, easy to read. */
  plain: z.string().min(1),
  /** What would change a refusal; null: nothing would, for this course. */
  remedy: z.string().min(1).nullable(),
  versions: z.array(versionSchema).min(1),
});
export type Rule = z.output<typeof ruleSchema>;

export const rulesFileSchema = z.strictObject({
  _meta: z.strictObject({
    asOf: z.iso.date(),
    what: z.string(),
    sources: z.array(z.string()),
    gaps: z.array(z.string()),
  }),
  rules: z.array(ruleSchema),
});
/** All rules as data, as the file beside `data.ts` holds them: amounts in euros. */
export type RulesFile = z.output<typeof rulesFileSchema>;

interface DatedValues {
  readonly version: RuleVersion;
  readonly values: unknown;
}

export interface RuleSet {
  /** Names the data exactly: receipts store it. */
  readonly version: string;
  /** The day of the state of knowledge. */
  readonly asOf: IsoDate;
  /** In the order T, A, P, F, D, each by number. */
  readonly rules: readonly Rule[];
  readonly byId: ReadonlyMap<string, Rule>;
  readonly dated: ReadonlyMap<string, readonly DatedValues[]>;
}

export type RuleSetReading =
  | { readonly ok: true; readonly rules: RuleSet; readonly file: RulesFile }
  /** French sentences, each naming the rule and the versions concerned. */
  | { readonly ok: false; readonly problems: readonly string[] };

export const periodOf = ({ from, to }: RuleVersion): string => `${from} → ${to ?? 'sans fin connue'}`;

function datesProblems({ id, versions }: Rule): string[] {
  const problems = versions
    .filter(({ from, to }) => to !== null && to < from)
    .map((version) => `${id} : la version « ${periodOf(version)} » finit avant de commencer.`);
  const sorted = [...versions].sort((one, other) => (one.from < other.from ? -1 : 1));
  for (const [at, next] of sorted.entries()) {
    const before = sorted[at - 1];
    if (before === undefined) continue;
    const both = `les versions « ${periodOf(before)} » et « ${periodOf(next)} »`;
    if (before.to === null || next.from <= before.to) problems.push(`${id} : ${both} se chevauchent.`);
    else if (next.from > dayAfter(before.to) && next.gapBefore === undefined)
      problems.push(`${id} : ${both} laissent un vide sans explication.`);
  }
  return problems;
}

function valuesProblems(rule: Rule): string[] {
  const { id } = rule;
  if (!isEvaluated(id)) return [];
  return rule.versions.flatMap((version) => {
    const parsed = parameterSchemas[id].safeParse(version.parameters);
    if (parsed.success) return [];
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'valeurs'} (${message})`);
    return [`${id} : la version « ${periodOf(version)} » a des valeurs fausses : ${wrong.join(', ')}.`];
  });
}

const tables = 'TAPFD';
const keyOf = ({ id }: Rule): string => `${tables.indexOf(id.charAt(0))}${id.slice(1)}`;

/**
 * Checks the data of a file or of a form: references, values, no overlap, no unexplained gap, every evaluated rule present.
 * @param version names the data in verdicts and receipts
 */
export function readRules(input: unknown, version: string): RuleSetReading {
  const parsed = rulesFileSchema.safeParse(input);
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')} : ${message}`) };
  const rules = [...parsed.data.rules].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const problems = [
    ...rules.filter((rule) => byId.get(rule.id) !== rule).map(({ id }) => `${id} : la règle est écrite deux fois.`),
    ...evaluatedRules.filter((id) => !byId.has(id)).map((id) => `${id} : la règle manque.`),
    ...rules.flatMap((rule) => [...datesProblems(rule), ...valuesProblems(rule)]),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const dated = new Map(
    rules.map(({ id, versions }) => [
      id,
      [...versions]
        .sort((one, other) => (one.from < other.from ? -1 : 1))
        .map((one) => ({
          version: one,
          values: isEvaluated(id) ? parameterSchemas[id].parse(one.parameters) : one.parameters,
        })),
    ]),
  );
  return {
    ok: true,
    rules: { version, asOf: parsed.data._meta.asOf, rules, byId, dated },
    file: { ...parsed.data, rules },
  };
}

/** `before`: the rule does not exist yet on that day; `unknown`: no value is known for that day any more. */
export type InForce<Id extends EvaluatedRule> =
  | { readonly state: 'valid'; readonly version: RuleVersion; readonly values: ParametersOf<Id> }
  | { readonly state: 'before' }
  | { readonly state: 'unknown' };

const before = { state: 'before' } as const;
const unknown = { state: 'unknown' } as const;

/** What a rule says on a day. A value is never used outside its dates. */
export function inForce<Id extends EvaluatedRule>(rules: RuleSet, id: Id, date: IsoDate): InForce<Id> {
  const versions = rules.dated.get(id) ?? [];
  let started = false;
  for (const { version, values } of versions) {
    if (version.from > date) break;
    started = true;
    // readRules has read the values with the schema of this very rule.
    if (version.to === null || date <= version.to)
      return { state: 'valid', version, values: values as ParametersOf<Id> };
  }
  return started ? unknown : before;
}

/** The path of `manquants` for a rule without a value on the date. */
export function parameterPath(rules: RuleSet, id: EvaluatedRule): string {
  return `parametres.${rules.byId.get(id)?.parameter ?? id}`;
}
