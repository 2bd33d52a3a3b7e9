/** The site with the pages of a person: real stores and use cases, and a session that believes what the test says. */
import express, { type Express, Router } from 'express';
import type { CourseEvent } from '../../src/catalogue/model/history.ts';
import type { Course } from '../../src/catalogue/model.ts';
import { enrolmentRoutes } from '../../src/pathways/routes/enrolment.ts';
import { makeEnrolmentStore } from '../../src/pathways/store/enrolments.ts';
import { makeKeptStore } from '../../src/pathways/store/kept-courses.ts';
import { makeEnrolments } from '../../src/pathways/use-cases/enrolment.ts';
import { makeKeeping } from '../../src/pathways/use-cases/keeping.ts';
import type { Database } from '../../src/platform/mongo.ts';
import { type Actor, visitor } from '../../src/rights.ts';
import { manyPathways, special } from './catalogue.ts';
import { aPathway, aStep, aStepCourse } from './pathway.ts';
import { aSite } from './site.ts';

export const formToken = 'jeton-de-ce-formulaire';

const hostilePathway = aPathway({
  slug: 'hostile',
  title: '<script>alert(1)</script>',
  steps: [
    aStep({
      title: '"><img src=x>',
      main: aStepCourse({
        id: special.hostile.id,
        slug: special.hostile.slug,
        title: special.hostile.draft.title,
        provider: special.hostile.draft.provider.name,
      }),
    }),
  ],
});

export interface PersonSite {
  readonly site: Express;
  /** Who asks from now on; null is a visitor, as at the start. */
  signIn(accountId: string | null): void;
}

/**
 * @param courses read again at each request: a test may withdraw one
 * @param events of the courses, newest first; read again too
 */
export async function aPersonSite(
  database: Database,
  courses: readonly Course[],
  events: readonly (CourseEvent & { readonly courseId: string })[] = [],
): Promise<PersonSite> {
  let person: string | null = null;
  let drawn = 0;
  const enrolments = makeEnrolmentStore(database.connection);
  const kept = makeKeptStore(database.connection);
  await Promise.all([enrolments.ensureIndexes(), kept.ensureIndexes()]);
  const site = await aSite({
    courses,
    pathways: [...manyPathways, hostilePathway],
    facts: { contact: { email: 'aide@exemple.fr', url: null } },
    before: ({ views, pathways, courses: reading, now }) => {
      const session = Router();
      session.use(express.urlencoded({ extended: false }), (_request, response, next) => {
        Object.assign(response.locals.shell, { signedIn: person !== null, csrf: formToken });
        next();
      });
      const shared = { courses: reading, pathways, audit: { record: async () => {} }, now };
      const history = { ofCourse: async (id: string) => events.filter(({ courseId }) => courseId === id) };
      const newId = () => {
        drawn += 1;
        return `inscription-${drawn}`;
      };
      return [
        session,
        enrolmentRoutes({
          enrolments: makeEnrolments({ ...shared, history, enrolments, newId }),
          keeping: makeKeeping({ ...shared, kept }),
          views,
          space: [
            { label: 'Mes parcours', href: '/mon-espace' },
            { label: 'Gardés pour plus tard', href: '/mon-espace/gardes' },
          ],
          actorOf: async (): Promise<Actor> =>
            person === null ? visitor : { accountId: person, roles: ['learner'], memberships: [], strong: false },
          now,
        }),
      ];
    },
  });
  return {
    site,
    signIn(accountId) {
      person = accountId;
    },
  };
}
