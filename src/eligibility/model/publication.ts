/** What rule editors published after the file of rules: one dated version each, in one row without hole. */
import { z } from 'zod';
import { dayBefore, type IsoDate } from './dates.ts';
import { type RulesFile, type RuleVersion, versionSchema } from './rule-set.ts';

export const caseChangeSchema = z.strictObject({
  id: z.string().min(1),
  /** The whole answer expected from now on, with the keys of `attendu`; amounts in euros. */
  attendu: z.record(z.string(), z.unknown()),
  /** Why the new version changes it. */
  reason: z.string().trim().min(1),
});
export type CaseChange = z.output<typeof caseChangeSchema>;

export const publicationSchema = z.strictObject({
  /** From 1, without hole: its place in the row. */
  sequence: z.int().min(1),
  ruleId: z.string(),
  version: versionSchema,
  /** Why the value changes, as published. */
  why: z.string().min(1),
  caseChanges: z.array(caseChangeSchema),
  /** The draft that it was; each draft is published once. */
  draftId: z.string(),
  /** The day of publication, Europe/Paris. */
  publishedOn: z.iso.date(),
});
export type Publication = z.output<typeof publicationSchema>;

/** A version that was published, with what it took the place of. */
export interface Change {
  readonly publication: Publication;
  /** The version in force or known before for these days, as it was; null: no value was known. */
  readonly before: RuleVersion | null;
}

export type VersionAdded =
  | { readonly ok: true; readonly file: RulesFile; readonly before: RuleVersion | null }
  | { readonly ok: false; readonly problem: string };

/** Two versions that say the same. */
export const sameVersion = (one: RuleVersion, other: RuleVersion): boolean =>
  one.from === other.from &&
  one.to === other.to &&
  sortedText(one.parameters) === sortedText(other.parameters) &&
  sortedText(one.legalBasis) === sortedText(other.legalBasis);

/** JSON with the keys of every object in one order: the same value gives the same text. */
export function sortedText(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
  return text ?? 'undefined';
}

/**
 * The rules with one more version. The version before it is closed the day before it starts; one that starts the same day
 * and is not in force yet gives its place. Overlaps and holes are left in, for `readRules` to name.
 * @param on the day of the act: what is in force then is never replaced
 */
export function withVersion(file: RulesFile, ruleId: string, version: RuleVersion, on: IsoDate): VersionAdded {
  const rule = file.rules.find(({ id }) => id === ruleId);
  if (rule === undefined) return { ok: false, problem: `${ruleId} : cette règle n'existe pas.` };
  // The file took the version over in the meantime.
  if (rule.versions.some((one) => sameVersion(one, version))) return { ok: true, file, before: null };
  const replaced = rule.versions.find(({ from }) => from === version.from && from > on) ?? null;
  const kept = rule.versions.filter((one) => one !== replaced);
  const previous = kept
    .filter(({ from }) => from < version.from)
    .reduce<RuleVersion | null>((last, one) => (last === null || one.from > last.from ? one : last), null);
  const closes = previous !== null && (previous.to === null || previous.to >= version.from);
  const versions = kept.map((one) => (closes && one === previous ? { ...one, to: dayBefore(version.from) } : one));
  const rules = file.rules.map((one) =>
    one === rule ? { ...rule, versions: [...versions, version].sort((a, b) => (a.from < b.from ? -1 : 1)) } : one,
  );
  const { checkedOn } = version.legalBasis;
  const meta = checkedOn > file._meta.asOf ? { ...file._meta, asOf: checkedOn } : file._meta;
  return {
    ok: true,
    file: { ...file, _meta: meta, rules },
    before: replaced ?? (closes ? previous : null),
  };
}
