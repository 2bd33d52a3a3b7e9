/** The part of the composition root that changes rules: drafts, and what each would change in what is published. */
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { offerDossierOf } from './catalogue/model/dossier.ts';
import type { CourseStore } from './catalogue/store.ts';
import type { Funding } from './catalogue/use-cases/funding.ts';
import { judgedCourses } from './catalogue/use-cases/judged-courses.ts';
import type { IsoDate } from './eligibility/model/dates.ts';
import { makeDraftStore } from './eligibility/store/drafts.ts';
import { type JudgedSubject, makeFlips } from './eligibility/use-cases/flips.ts';
import type { Rules } from './eligibility/use-cases/rules.ts';
import type { Pathway } from './pathways/model.ts';
import type { Log } from './platform/log.ts';

export type RuleEditing = Awaited<ReturnType<typeof openRuleEditing>>;

export interface RuleEditingParts {
  readonly connection: Connection;
  readonly rules: Rules;
  readonly courses: Pick<CourseStore, 'published'>;
  readonly funding: Pick<Funding, 'fundingFacts' | 'manyFacts'>;
  readonly pathways: { list(): Promise<readonly Pathway[]> };
  readonly log: Log;
}

export async function openRuleEditing({ connection, rules, courses, funding, pathways, log }: RuleEditingParts) {
  const drafts = makeDraftStore(connection);
  await drafts.ensureIndexes();

  /** A pathway is judged by its certification, which no school in particular gives. */
  async function judgedPathways(on: IsoDate): Promise<readonly JudgedSubject[]> {
    const offers = (await pathways.list()).flatMap(({ title, slug, target: { certification } }) =>
      certification === null
        ? []
        : [{ title, slug, code: certification, siret: null, activityNumber: null, price: null }],
    );
    const facts = await funding.manyFacts(offers, on);
    return offers.flatMap((offer, at) => {
      const known = facts[at];
      if (known === undefined) return [];
      const { title, slug } = offer;
      const dossier = offerDossierOf(offer, known, { date: on });
      return [{ kind: 'parcours' as const, title, provider: null, href: `/parcours/${slug}`, dossier }];
    });
  }

  const flips = makeFlips({
    rules,
    drafts,
    async *subjects(on) {
      yield await judgedPathways(on);
      for await (const batch of judgedCourses({ courses, funding }, on)) {
        yield batch.map(({ course: { title, provider, slug }, dossier }) => ({
          kind: 'cours' as const,
          title,
          provider,
          href: `/cours/${slug}`,
          dossier,
        }));
      }
    },
    log,
    newId: randomUUID,
    now: () => new Date(),
  });
  return { drafts, flips };
}
