/** The advice of N10 for courses, with what the register says of their certifications, each asked once. */
import type { RuleSet } from '../../eligibility/model/rule-set.ts';
import { endsOfLife } from '../../framework/registry/end-of-life.ts';
import type { Register } from '../../framework/registry/model.ts';
import { isoDay } from '../../platform/web/format.ts';
import { adviceOf } from '../model/advice.ts';
import { preparedCodes, recordCodeOf } from '../model/dossier.ts';
import type { Course, CourseId } from '../model.ts';

/** By course; one for which there is nothing to do is absent. */
export type AdviceFor = (
  courses: readonly Pick<Course, 'id' | 'cpf' | 'draft' | 'alignment'>[],
) => Promise<ReadonlyMap<CourseId, string>>;

export function makeAdvice(parts: {
  readonly register: Pick<Register, 'certifications' | 'successors' | 'state'>;
  readonly rules: () => RuleSet;
  now(): Date;
}): AdviceFor {
  return async (courses) => {
    const codesOf = (course: Parameters<AdviceFor>[0][number]) => preparedCodes(course).map(recordCodeOf);
    const lives = await endsOfLife(parts.register, courses.flatMap(codesOf), isoDay(parts.now()));
    const { byId } = parts.rules();
    const reasonOf = (rule: string) => byId.get(rule)?.reasons[0] ?? null;
    return new Map(
      courses.flatMap((course) => {
        const own = codesOf(course).flatMap((code) => lives.get(code) ?? []);
        const advice = adviceOf(course.cpf, own, reasonOf);
        return advice === null ? [] : [[course.id, advice] as const];
      }),
    );
  };
}
