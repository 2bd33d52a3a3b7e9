/** « Télécharger mes réponses »: the answers as a file that the person keeps, and whatever of ours they bring back. */
import { z } from 'zod';
import { type Answers, answersOf, readAnswers } from './answers.ts';
import type { IsoDate } from './dates.ts';

const format = 'ecole-numerique-au-carre/reponses';

const fileSchema = z.strictObject({
  format: z.literal(format),
  but: z.string().max(200),
  date: z.iso.date(),
  reponses: z.unknown(),
});

export interface Resumed {
  /** Of the aim; '' for none. */
  readonly ref: string;
  /** The day of the answer; null: the day it is opened. */
  readonly date: IsoDate | null;
  readonly answers: Answers;
}

export function answersFile({ ref, date, answers }: Resumed & { readonly date: IsoDate }): string {
  return `${JSON.stringify({ format, but: ref, date, reponses: answers }, null, 2)}\n`;
}

/** null: not such a file, or one that was changed into something we cannot read. */
export function readAnswersFile(text: string): Resumed | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
  const file = fileSchema.safeParse(value);
  const read = file.success ? answersOf(file.data.reponses) : null;
  return file.success && read?.ok === true ? { ref: file.data.but, date: file.data.date, answers: read.answers } : null;
}

/** A link of a result, whatever the site's name in it, or the text of a file. */
export function readPasted(text: string): Resumed | null {
  const pasted = text.trim();
  if (pasted.startsWith('{')) return readAnswersFile(pasted);
  if (!URL.canParse(pasted, 'http://site.invalid') || pasted.length > 4_000) return null;
  const { pathname, searchParams } = new URL(pasted, 'http://site.invalid');
  const read = pathname.startsWith('/eligibilite') ? readAnswers(searchParams.get('r') ?? '') : null;
  if (read?.ok !== true) return null;
  const date = z.iso.date().safeParse(searchParams.get('date'));
  return { ref: searchParams.get('but') ?? '', date: date.success ? date.data : null, answers: read.answers };
}
