/** How long each kind of thing is kept: a table that people read and that a job enforces. */
import { z } from 'zod';

export const retentionRuleSchema = z.strictObject({
  /** Names what enforces it. */
  what: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  /** French. */
  title: z.string().min(1),
  days: z.number().int().min(1).max(3_650),
  /** French; what the days are counted from: « de l'envoi ». */
  since: z.string().min(1),
  /** French. */
  why: z.string().min(1),
});
export type RetentionRule = z.output<typeof retentionRuleSchema>;

export const retentionSchema = z
  .strictObject({ rules: z.array(retentionRuleSchema).min(1) })
  .refine(({ rules }) => new Set(rules.map(({ what }) => what)).size === rules.length, 'each thing once');

const dayMs = 86_400_000;

/** What is older than this is not kept. */
export function keptSince(rule: Pick<RetentionRule, 'days'>, now: Date): Date {
  return new Date(now.getTime() - rule.days * dayMs);
}
