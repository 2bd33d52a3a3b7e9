/** « À savoir »: what the law may ask that no fact of the dossier answers. It changes no verdict. */
import type { IsoDate } from './dates.ts';
import type { Dossier } from './dossier.ts';
import type { RuleSet, RuleVersion } from './rule-set.ts';

export interface Notice {
  readonly ruleId: 'T-05' | 'T-06' | 'A-04b';
  /** The sentence of the rule, and the same easy to read. */
  readonly text: string;
  readonly plain: string;
  /** The version in force: its reference, its certainty, its dates. */
  readonly version: RuleVersion;
}

/**
 * The notices for a dossier on a day, in the order T, A.
 * @param sessionStart first day of the session, when it is known: a session that starts after the certification ended (A-04b)
 */
export function notices(
  { action: { type, certification } }: Dossier,
  date: IsoDate,
  rules: RuleSet,
  sessionStart: IsoDate | null = null,
): Notice[] {
  if (type !== 'certification' && type !== 'bloc') return [];
  const end = certification?.finEnregistrement ?? null;
  const startsLate = end !== null && sessionStart !== null && sessionStart > end;
  const ids: readonly Notice['ruleId'][] = ['T-05', 'T-06', ...(startsLate ? (['A-04b'] as const) : [])];
  return ids.flatMap((ruleId) => {
    const rule = rules.byId.get(ruleId);
    const version = rule?.versions.find(({ from, to }) => from <= date && (to === null || date <= to));
    const [text] = rule?.reasons ?? [];
    return rule === undefined || version === undefined || text === undefined
      ? []
      : [{ ruleId, text, plain: rule.plain, version }];
  });
}
