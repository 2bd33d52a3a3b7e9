/** What a new version would change: the verdict of a course or of a pathway, before and after. */
import { sortedText } from './publication.ts';
import type { Verdict } from './verdict.ts';

/** A verdict of a course alone, as far as rules can change it; amounts in integer cents. */
export type FlipAnswer = Pick<Verdict, 'cpf' | 'regles' | 'manquants' | 'plafond' | 'acces'> & {
  /** What the answer depends on, in words. */
  readonly conditions: readonly string[];
};

export interface FlipSubject {
  readonly kind: 'cours' | 'parcours';
  readonly title: string;
  /** Who gives it; null for a pathway. */
  readonly provider: string | null;
  /** Address of its page. */
  readonly href: string;
}

export interface Flip extends FlipSubject {
  readonly before: FlipAnswer;
  readonly after: FlipAnswer;
}

const answerOf = ({ cpf, regles, manquants, plafond, acces, conditions }: Verdict): FlipAnswer => ({
  cpf,
  regles: [...regles],
  manquants: [...manquants],
  plafond,
  acces,
  conditions: conditions.map(({ text }) => text),
});

/** null: nothing that people read changes. */
export function flipOf(subject: FlipSubject, old: Verdict, now: Verdict): Flip | null {
  const before = answerOf(old);
  const after = answerOf(now);
  return sortedText(before) === sortedText(after) ? null : { ...subject, before, after };
}

/** `oui → non`: what the counts are made of. */
export const turnOf = ({ before, after }: Pick<Flip, 'before' | 'after'>): string => `${before.cpf} → ${after.cpf}`;
