/** What the catalogue covers (N13): per source, when it was last read, what it fills in, what waits in quarantine. */
import type { CourseStore } from '../../catalogue/store.ts';
import type { Harvest } from '../../harvest/use-cases.ts';
import { remembered } from '../../platform/remembered.ts';
import type { SourceCoverage } from '../model/coverage.ts';
import type { Source } from '../model.ts';
import type { SourceStore } from '../store.ts';

export interface CoverageDependencies {
  readonly sources: Pick<SourceStore, 'list'>;
  readonly courses: Pick<CourseStore, 'filledBySource'>;
  readonly harvest: Pick<Harvest, 'runsOf'>;
  readonly now: () => Date;
}

/** Everybody may ask for this page, and it counts the whole catalogue: one count serves a minute. */
const keptMs = 60_000;
/** Enough to find the last success of a source that has been failing for a while. */
const runsLookedAt = 30;
const public_ = new Set<Source['state']>(['active', 'paused']);

export function makeCoverage({ sources, courses, harvest, now }: CoverageDependencies) {
  async function measure(): Promise<readonly SourceCoverage[]> {
    const [all, filled] = await Promise.all([sources.list(), courses.filledBySource()]);
    const shown = all.filter(({ id, state }) => public_.has(state) || filled.has(id));
    return Promise.all(
      shown.map(async (source) => {
        const runs = (await harvest.runsOf(source.id, runsLookedAt)).filter(({ status }) => status !== 'skipped');
        const success = runs.find(({ status }) => status === 'done' || status === 'done-with-rejections');
        // « Not modified » says nothing of the records: those of the run before still stand.
        const judged = runs.find(
          ({ endedAt, notModified, counters }) => endedAt !== null && !notModified && counters.received > 0,
        );
        const [last] = runs;
        return {
          source,
          filled: filled.get(source.id) ?? null,
          lastSuccess: success?.endedAt ?? null,
          lastRun: last ?? null,
          causes: judged?.causes ?? [],
          quarantined: judged?.counters.quarantined ?? 0,
        };
      }),
    );
  }

  const kept = remembered(measure, keptMs, () => now().getTime());
  return (): Promise<readonly SourceCoverage[]> => kept();
}

export type Coverage = ReturnType<typeof makeCoverage>;
