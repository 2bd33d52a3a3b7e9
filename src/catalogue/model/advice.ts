/** What the training account lacks to pay a course, in the terms of the school that gives it (product N10). */
import { dayAfter, frenchDate } from '../../eligibility/model/dates.ts';
import { frenchFact } from '../../eligibility/model/paths.ts';
import { type EndOfLife, replacementText } from '../../framework/model/end-of-life.ts';
import { french, listed } from '../../platform/web/format.ts';
import type { CpfSummary } from './cpf.ts';

/**
 * One sentence or two, in French; null when nothing is to be done: the account pays, or nobody looked yet.
 *
 * @param lives of the certifications that the course prepares, in the order of its source
 * @param reasonOf the sentence of a rule that refuses
 */
export function adviceOf(
  cpf: CpfSummary | null,
  lives: readonly EndOfLife[],
  reasonOf: (ruleId: string) => string | null,
): string | null {
  if (cpf === null || cpf.answer === 'oui') return null;
  if (cpf.answer === 'indecidable') return french(`À vérifier : il manque ${listed(cpf.missing.map(frenchFact))}.`);
  const ended = lives.filter(({ state }) => state === 'ended');
  const refusals = cpf.rules.flatMap((rule) => {
    if (rule === 'A-04' && ended.length > 0) return ended.map(endedText);
    return reasonOf(rule) ?? [];
  });
  return refusals.length === 0 ? null : french(`Non finançable : ${refusals.join(' ')}`);
}

function endedText(life: EndOfLife): string {
  const since = life.end === null ? '' : ` depuis le ${frenchDate(dayAfter(life.end))}`;
  // A reading older than the end cannot know of a prolongation (T18).
  const doubt =
    life.end !== null && life.registerDate !== null && life.registerDate < life.end
      ? ` Notre registre date du ${frenchDate(life.registerDate)}, avant cette fin : une prolongation est possible. Vérifiez auprès de France compétences.`
      : '';
  return `${life.code} n'est plus active${since}. ${replacementText(life)}${doubt}`;
}
