/** What one rule says of one dossier. */
import type { IsoDate } from './dates.ts';
import type { Dossier } from './dossier.ts';
import type { FactPath } from './paths.ts';
import type { EvaluatedRule, ParametersOf, RuleSet } from './rule-set.ts';

export type Finding =
  | { readonly result: 'met' }
  | {
      readonly result: 'not-met';
      /** What the dossier says, what the rule asks for, in French. */
      readonly received: string;
      readonly expected: string;
      /** The sentence of the rule, as the public reads it. */
      readonly reason: string;
      /** The legal reference of the version used. */
      readonly reference: string;
      /** Only facts of the person refuse: another person could have another answer for this course. */
      readonly personal: boolean;
    }
  | { readonly result: 'unknown'; readonly missing: readonly FactPath[] };

/** Whether the person counts as a job seeker (D-01): `unproven` covers unknown, declared only, stale, undated. */
export type Registration = 'proved' | 'unregistered' | 'unproven';

/** What a rule may look at. */
export interface Facts {
  readonly dossier: Dossier;
  /** The day that counts. */
  readonly date: IsoDate;
  readonly rules: RuleSet;
  readonly registration: Registration;
}

export interface Refusal {
  readonly received: string;
  readonly expected: string;
  /** Refused by a fact of the person; by the course or the provider unless told. */
  readonly personal?: true;
  /** Which sentence of the rule; the first unless told. */
  readonly reason?: number;
  /** Fills the sentence, beside the parameters. */
  readonly values?: Readonly<Record<string, string>>;
}

/** What a rule finds, before its sentence and reference are added. Refusals win over missing facts. */
export interface Judgement {
  readonly refusals: readonly Refusal[];
  readonly missing: readonly FactPath[];
}

export const met: Judgement = { refusals: [], missing: [] };
export const refused = (...refusals: readonly Refusal[]): Judgement => ({ refusals, missing: [] });
export const unknown = (...missing: readonly FactPath[]): Judgement => ({ refusals: [], missing });

/** A rule that can refuse an action or leave it undecided. */
export interface DecisionRule<Id extends EvaluatedRule = EvaluatedRule> {
  readonly id: Id;
  /** Whether the rule is about this dossier at all. */
  applies(facts: Facts): boolean;
  judge(facts: Facts, values: ParametersOf<Id>): Judgement;
}
