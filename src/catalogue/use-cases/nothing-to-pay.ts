/** « Rien à payer pour moi »: of some courses, those on which the verdict leaves nothing to pay to the person who answered. */
import { type Answers, personOf, readAnswers } from '../../eligibility/model/answers.ts';
import { assess } from '../../eligibility/model/assess.ts';
import { readDossier } from '../../eligibility/model/dossier.ts';
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import type { Acces } from '../../eligibility/model/verdict.ts';
import { isoDay } from '../../platform/web/format.ts';
import { zeroPossibleValue } from '../model/cpf.ts';
import type { CourseId } from '../model.ts';
import type { Filters } from '../search/course-index.ts';
import type { CourseStore } from '../store.ts';
import type { Aims } from './aims.ts';

/** @param answers as the links of « Mes droits » hold them (`r=`) */
export type NothingToPay = (ids: readonly CourseId[], answers: string) => Promise<ReadonlySet<CourseId>>;

const nothing: ReadonlySet<Acces> = new Set(['gratuit_pour_tous', 'gratuit_demandeur_emploi', 'sans_reste_a_charge']);
const batchSize = 100;

export function makeNothingToPay(parts: {
  readonly courses: Pick<CourseStore, 'byIds'>;
  readonly aims: Pick<Aims, 'actionsOf'>;
  rules(): RuleSet;
  now(): Date;
}): NothingToPay {
  const { courses, aims, rules, now } = parts;
  return async (ids, r) => {
    const read = readAnswers(r);
    const found = new Set<CourseId>();
    if (!read.ok) return found;
    const date = isoDay(now());
    const told = personOf(read.answers);
    for (let at = 0; at < ids.length; at += batchSize) {
      const actions = await aims.actionsOf(await courses.byIds(ids.slice(at, at + batchSize)), date);
      for (const [id, { action, organisme }] of actions) {
        const reading = readDossier({ date, ...told, action, organisme });
        // A value that no dossier accepts is a value that is not known: never free.
        if (reading.ok && nothing.has(assess(reading.dossier, date, rules()).acces)) found.add(id);
      }
    }
    return found;
  };
}

/**
 * Only these courses can leave nothing to pay; no filter when any may: granted aid pays whatever the course. Without the balance
 * among the answers, the account pays none of them in full.
 */
export function mayCostNothing(r: string): Filters {
  const read = readAnswers(r);
  if (read.ok && hasAid(read.answers)) return {};
  return { access: ['free-for-all', ...(tellsBalance(r) ? [zeroPossibleValue] : [])] };
}

/** The person ticked to have the balance among the answers. */
export function tellsBalance(r: string): boolean {
  const read = readAnswers(r);
  return read.ok && typeof read.answers.solde === 'number';
}

const hasAid = ({ aides }: Answers): boolean =>
  (aides ?? []).some(({ accorde, montant }) => accorde === true && (montant ?? 0) > 0);
