/** What one can ask of pathways: compute them again, list them, read one. */
import { AppError } from '../errors.ts';
import type { Framework } from '../framework/model.ts';
import { endsOfLife } from '../framework/registry/end-of-life.ts';
import type { Register } from '../framework/registry/model.ts';
import { isoDay } from '../platform/web/format.ts';
import { assemble, makeShortlist } from './model/build.ts';
import {
  keepUncoveredDates,
  type Pathway,
  type PathwayCourse,
  type PathwayDefinition,
  retire,
  targetHasEnded,
} from './model.ts';
import type { PathwayStore } from './store.ts';

/** Every published or missing course, in any order. */
export interface PathwayCourseReader {
  published(): AsyncIterable<PathwayCourse>;
}

export interface RebuildReport {
  readonly living: number;
  readonly written: number;
  readonly retired: readonly string[];
  /** Steps without a course, as `slug/step`. */
  readonly uncovered: readonly string[];
}

/**
 * Computes every pathway from one reading of the catalogue. A pathway whose definition is gone, or whose target has
 * ended, is retired; one that comes back lives again at the same address.
 */
export function makeRebuildPathways(dependencies: {
  courses: PathwayCourseReader;
  pathways: Pick<PathwayStore, 'all' | 'replaceAll'>;
  definitions: readonly PathwayDefinition[];
  framework: Framework;
  register: Pick<Register, 'certifications' | 'successors' | 'state'>;
  now: () => Date;
}): () => Promise<RebuildReport> {
  const { courses, pathways, definitions, framework, register, now } = dependencies;
  return async () => {
    const at = now();
    const targets = definitions.flatMap(({ target }) => target.certification ?? []);
    const lives = await endsOfLife(register, targets, isoDay(at));
    const lifeOf = ({ target }: PathwayDefinition) =>
      target.certification === null ? null : (lives.get(target.certification) ?? null);
    const drafts = definitions
      .filter((definition) => lifeOf(definition)?.state !== 'ended' && !targetHasEnded(definition, framework, at))
      .map((definition) => ({ definition, shortlist: makeShortlist(definition, framework, at) }));
    for await (const course of courses.published()) {
      for (const { shortlist } of drafts) shortlist.consider(course);
    }
    const stored = new Map((await pathways.all()).map((pathway) => [pathway.slug, pathway]));
    const living = drafts.map(({ definition, shortlist }) =>
      keepUncoveredDates(
        stored.get(definition.slug) ?? null,
        assemble(definition, shortlist.candidates(), at, lifeOf(definition)),
      ),
    );
    const retired = [...stored.values()]
      .filter(({ slug, retired: already }) => already === null && !living.some((one) => one.slug === slug))
      .map((pathway) => {
        const defined = definitions.some(({ slug }) => slug === pathway.slug);
        return retire(pathway, defined ? 'certification-ended' : 'definition-removed', living, at);
      });
    const { written } = await pathways.replaceAll([...living, ...retired]);
    return {
      living: living.length,
      written,
      retired: retired.map(({ slug }) => slug),
      uncovered: living.flatMap(({ slug, uncovered }) => uncovered.map((step) => `${slug}/${step}`)),
    };
  };
}

/** Living pathways, by title. */
export function makeListPathways(dependencies: { pathways: Pick<PathwayStore, 'all'> }): () => Promise<Pathway[]> {
  return async () => {
    const all = await dependencies.pathways.all();
    return all
      .filter(({ retired }) => retired === null)
      .sort((one, other) => one.title.localeCompare(other.title, 'fr'));
  };
}

/** A retired pathway is found too: its page says so (410). Throws an AppError `not-found`. */
export function makePathwayBySlug(dependencies: {
  pathways: Pick<PathwayStore, 'bySlug'>;
}): (slug: string) => Promise<Pathway> {
  return async (slug) => {
    const pathway = await dependencies.pathways.bySlug(slug);
    if (pathway === null) throw new AppError('not-found', 'E_PARCOURS', 'Ce parcours n’existe pas.');
    return pathway;
  };
}
