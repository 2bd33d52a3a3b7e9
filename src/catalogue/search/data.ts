/** The word lists of text analysis: read once, checked, and versioned, since a change makes every index stale. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const expression = z.string().trim().min(1);

const analysisSchema = z.strictObject({
  /** Raised with every change of a list. */
  version: z.int().positive(),
  /** Kept whole, signs included. */
  protected: z.array(expression),
  /** Two words of one job or act that the stemmer separates; both take the stem of the first. */
  pairs: z.array(z.tuple([expression, expression])),
  /** Expressions of one meaning, one word or several. */
  synonyms: z.array(z.array(expression).min(2)),
  stopWords: z.strictObject({ french: z.array(expression), english: z.array(expression) }),
});
export type AnalysisData = z.infer<typeof analysisSchema>;

/** @throws z.ZodError, at start, when the file is not as described. */
export function readAnalysisData(): AnalysisData {
  return analysisSchema.parse(JSON.parse(readFileSync(new URL('analysis.data.json', import.meta.url), 'utf8')));
}
