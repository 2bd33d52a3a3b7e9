/** What an error code of a report means, and where its page is (P9). */
import { z } from 'zod';

const sentence = z.string().trim().min(1);
export const problemHelpSchema = z.strictObject({
  code: z.string().regex(/^(E|AV)_[A-Z_]+$/),
  title: sentence,
  /** quarantine: the record waits; warning: it is published, the value is shown as unknown; stop: the reading ends there. */
  effect: z.enum(['quarantine', 'warning', 'stop']),
  meaning: sentence,
  todo: sentence,
  wrong: sentence,
  right: sentence,
});
export type ProblemHelp = z.output<typeof problemHelpSchema>;

export const problemsPath = '/aide/erreurs';
export const problemPath = (code: string) => `${problemsPath}/${encodeURIComponent(code)}`;
