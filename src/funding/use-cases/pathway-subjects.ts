/** The steps of a pathway as a receipt judges them, and what it keeps of the course of each. */
import { courseAddress } from '../../catalogue/model/addresses.ts';
import type { AimedAction } from '../../eligibility/model/aim.ts';
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type { Register } from '../../framework/registry/model.ts';
import type { OfferedStep } from '../../pathways/model/verdict.ts';
import type { FindOfferedPathway } from '../../pathways/use-cases/aim.ts';
import type { StepSubject } from '../model/pathway-receipt.ts';
import { certificationAsItIs, courseAsItIs } from './subjects.ts';

export interface JudgedPathway {
  readonly label: string;
  readonly href: string;
  readonly steps: readonly OfferedStep[];
  subjectOf(action: AimedAction): StepSubject;
}

/** Null: unknown, no longer offered, or without any course. */
export type FindJudgedPathway = (ref: string, on: IsoDate) => Promise<JudgedPathway | null>;

export function makeFindJudgedPathway(parts: {
  readonly offered: FindOfferedPathway;
  readonly register: Pick<Register, 'certification'>;
  readonly now: () => Date;
}): FindJudgedPathway {
  const { offered, register, now } = parts;
  return async (ref, on) => {
    const pathway = await offered(ref, on);
    if (pathway === null) return null;
    const { label, href, steps, courses } = pathway;
    const byAddress = new Map([...courses.values()].map((course) => [courseAddress(course.slug), course]));
    const actions = steps.flatMap(({ offers }) => offers);
    const codes = [...new Set(actions.flatMap(({ action }) => action.certification?.code ?? []))];
    const certifications = new Map(
      await Promise.all(codes.map(async (code) => [code, await certificationAsItIs(register, code, on)] as const)),
    );
    return {
      label,
      href,
      steps,
      subjectOf({ href: address, action }) {
        const course = byAddress.get(address ?? '');
        return {
          course: course === undefined ? null : courseAsItIs(course, now()),
          certification: certifications.get(action.certification?.code ?? '') ?? null,
        };
      },
    };
  };
}
