/** What `framework align` does: one JSON line in, one JSON line out, in the same order. */
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { align } from './model/alignment.ts';
import type { Alignable, Alignment, Framework } from './model.ts';

export const alignInputSchema = z.object({
  id: z.union([z.string().min(1).max(500), z.number()]),
  title: z.string().trim().min(1).max(2_000),
  description: z.string().max(200_000).nullish(),
  /** A tag (`fr`, `fr-FR`) or a name (`French`, `français`). */
  language: z.string().max(60).nullish(),
  provider: z.string().max(1_000).nullish(),
});
export type AlignInput = z.infer<typeof alignInputSchema>;

export interface AlignedLine {
  readonly id: AlignInput['id'];
  readonly digital: boolean | null;
  readonly competences: readonly Pick<Alignment['competences'][number], 'code' | 'score' | 'evidence'>[];
  readonly level: Alignment['level'];
  readonly threshold: number;
}

/** Throws an AppError `invalid` when the input is not a course. */
export function alignLine(input: unknown, framework: Framework): AlignedLine {
  const parsed = alignInputSchema.safeParse(input);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'ligne').join(', ');
    throw new AppError('invalid', 'E_LIGNE', `ligne refusée, à corriger : ${fields}`, { cause: parsed.error });
  }
  const { id, ...course } = parsed.data;
  const { digital, competences, level, threshold } = align(alignableOf(course), framework);
  return {
    id,
    digital,
    competences: competences.map(({ code, score, evidence }) => ({ code, score, evidence })),
    level,
    threshold,
  };
}

/** One output line per input line; a line that cannot be read says so and the next ones go on. Lines count from 1. */
export async function* alignLines(lines: AsyncIterable<string>, framework: Framework): AsyncIterable<string> {
  let line = 0;
  for await (const text of lines) {
    line += 1;
    yield JSON.stringify(answerTo(text, line, framework));
  }
}

function answerTo(text: string, line: number, framework: Framework): AlignedLine | { error: string; line: number } {
  let input: unknown;
  try {
    input = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { error: 'ligne illisible : ce n’est pas du JSON', line };
  }
  try {
    return alignLine(input, framework);
  } catch (error) {
    if (error instanceof AppError) return { error: error.publicMessage, line };
    throw error;
  }
}

/** Names that catalogues write instead of a tag. */
const languageNames: Readonly<Record<string, string>> = {
  french: 'fr',
  français: 'fr',
  francais: 'fr',
  english: 'en',
  anglais: 'en',
};

function alignableOf(course: Omit<AlignInput, 'id'>): Alignable {
  const language = (course.language ?? '').trim().toLowerCase();
  const tag = languageNames[language] ?? language.split(/[-_]/)[0] ?? '';
  return {
    title: course.title,
    description: course.description ?? '',
    objectives: [],
    languages: tag === '' || tag === 'und' ? [] : [tag],
    provider: course.provider ?? null,
    level: { label: null, eqf: null },
    competences: [],
    subjects: [],
    certifications: [],
  };
}
