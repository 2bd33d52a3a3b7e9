/** Published courses with the dossier that the rules judge when nobody in particular asks. */
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type { DossierInput } from '../../eligibility/model/dossier.ts';
import { dossierOf } from '../model/dossier.ts';
import type { Course } from '../model.ts';
import type { CourseStore } from '../store.ts';
import type { Funding } from './funding.ts';

export interface JudgedCourse {
  readonly course: Pick<Course, 'id' | 'slug'> & { readonly title: string; readonly provider: string };
  readonly dossier: DossierInput;
}

const batchSize = 200;

/** Batch by batch: the catalogue is never whole in memory. */
export async function* judgedCourses(
  parts: { readonly courses: Pick<CourseStore, 'published'>; readonly funding: Pick<Funding, 'fundingFacts'> },
  on: IsoDate,
): AsyncIterable<readonly JudgedCourse[]> {
  let batch: Course[] = [];
  for await (const course of parts.courses.published()) {
    batch.push(course);
    if (batch.length < batchSize) continue;
    yield await judged(batch);
    batch = [];
  }
  if (batch.length > 0) yield await judged(batch);

  async function judged(courses: readonly Course[]): Promise<readonly JudgedCourse[]> {
    const facts = await parts.funding.fundingFacts(courses, on);
    return courses.flatMap((course) => {
      const known = facts.get(course.id);
      if (known === undefined) return [];
      const { id, slug, draft } = course;
      return [
        {
          course: { id, slug, title: draft.title, provider: draft.provider.name },
          dossier: dossierOf(course, known, { date: on }),
        },
      ];
    });
  }
}
