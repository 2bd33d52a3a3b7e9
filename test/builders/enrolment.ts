import { type Enrolment, frozenPathway, newEnrolment } from '../../src/pathways/model/enrolment.ts';
import type { Pathway } from '../../src/pathways/model.ts';
import { testNow } from './course.ts';
import { aPathway } from './pathway.ts';

/** Of `anna`, begun at `testNow`, with every course offered. */
export function anEnrolment(changes: Partial<Enrolment> = {}, pathway: Pathway = aPathway()): Enrolment {
  return {
    ...newEnrolment({
      id: 'e1',
      accountId: 'anna',
      pathwaySlug: pathway.slug,
      pathway: frozenPathway(pathway, () => true),
      words: "J'accepte.",
      now: testNow,
    }),
    ...changes,
  };
}
