/** « À savoir »: what the law may ask that no fact of the dossier answers. It changes no verdict. */
import type { IsoDate } from './dates.ts';
import { type Dossier, registerOf } from './dossier.ts';
import type { RuleSet, RuleVersion } from './rule-set.ts';

export interface Notice {
  readonly ruleId: 'T-05' | 'T-06' | 'A-04b' | 'P-06';
  /** The sentence of the rule, and the same easy to read. */
  readonly text: string;
  readonly plain: string;
  /** The version in force: its reference, its certainty, its dates. */
  readonly version: RuleVersion;
}

/** What is known beside the dossier; left out or null: not known. */
export interface Beside {
  /** First day of the session: one that starts after the certification ended (A-04b). */
  readonly sessionStart?: IsoDate | null;
  /** The offer names the blocks of its RNCP certification: false only where somebody saw that it does not (P-06). */
  readonly blocksDeclared?: boolean | null;
}

/** The notices for a dossier on a day, in the order T, A, P. */
export function notices(
  { action: { type, certification } }: Dossier,
  date: IsoDate,
  rules: RuleSet,
  { sessionStart = null, blocksDeclared = null }: Beside = {},
): Notice[] {
  if (type !== 'certification' && type !== 'bloc') return [];
  const end = certification?.finEnregistrement ?? null;
  const startsLate = end !== null && sessionStart !== null && sessionStart > end;
  const lacksBlocks = blocksDeclared === false && certification !== null && registerOf(certification) === 'RNCP';
  const ids: readonly Notice['ruleId'][] = [
    'T-05',
    'T-06',
    ...(startsLate ? (['A-04b'] as const) : []),
    ...(lacksBlocks ? (['P-06'] as const) : []),
  ];
  return ids.flatMap((ruleId) => {
    const rule = rules.byId.get(ruleId);
    const version = rule?.versions.find(({ from, to }) => from <= date && (to === null || date <= to));
    const [text] = rule?.reasons ?? [];
    return rule === undefined || version === undefined || text === undefined
      ? []
      : [{ ruleId, text, plain: rule.plain, version }];
  });
}
