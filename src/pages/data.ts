/** The acronyms of the site, with their words and the same easy to read. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const lexiconSchema = z.object({
  entries: z.array(
    z.strictObject({
      term: z.string().trim().min(1),
      /** What the letters stand for. */
      words: z.string().trim().min(1),
      plain: z.string().trim().min(1),
    }),
  ),
});

export type LexiconEntry = z.output<typeof lexiconSchema>['entries'][number];

/** In the order of the alphabet. Throws a ZodError on wrong data. */
export function loadLexicon(): readonly LexiconEntry[] {
  const { entries } = lexiconSchema.parse(
    JSON.parse(readFileSync(new URL('./lexicon.data.json', import.meta.url), 'utf8')),
  );
  return entries.sort((one, other) => one.term.localeCompare(other.term, 'fr'));
}
